\ Copyright (c) 2026 The libmnemos authors
\ SPDX-License-Identifier: MIT OR Apache-2.0

\ Multiplication and addresses: the product of two matrices of integers.

40 constant side
side cells constant row
create a side row * allot
create b side row * allot
create c side row * allot

: set-up  ( addr step -- )  side side * 0 do  i over * 31 and  2 pick i cells + !  loop 2drop ;
: dot  ( a b -- n )  0 side 0 do  >r over @ over @ * r> + >r  row + swap cell+ swap r>  loop nip nip ;
: product  ( -- )
  side 0 do  side 0 do
    a j row * +  b i cells +  dot  c j row * + i cells + !
  loop loop ;

: main  ( -- )  a 7 set-up  b 3 set-up  250 0 do  product  loop
  c @  0 side 0 do  a i cells + @  b i row * + @ * +  loop  <> if ." wrong" cr then ;
main bye
