\ Copyright (c) 2026 The libmnemos authors
\ SPDX-License-Identifier: MIT OR Apache-2.0

\ Cells in memory: sorting by exchanging neighbours.

2000 constant length
create numbers length cells allot
variable seed

: random  ( -- n )  seed @ 1103515245 * 12345 + 2147483647 and dup seed ! ;
: scatter  ( -- )  length 0 do  random 65535 and numbers i cells + !  loop ;
: order  ( addr -- )  dup @ over cell+ @ 2dup > if  rot dup >r ! r> cell+ !  else  2drop drop  then ;
: pass  ( n -- )  0 do  numbers i cells + order  loop ;
: sort  ( -- )  1 length 1- do  i pass  -1 +loop ;
: sorted?  ( -- flag )
  true  length 1- 0 do  numbers i cells + dup @ swap cell+ @ > if  drop false leave  then  loop ;

: main  ( -- )  7 seed !  4 0 do  scatter sort  sorted? 0= if ." wrong" cr then  loop ;
main bye
