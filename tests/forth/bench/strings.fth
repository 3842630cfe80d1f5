\ Copyright (c) 2026 The libmnemos authors
\ SPDX-License-Identifier: MIT OR Apache-2.0

\ Strings and the dictionary: parsing, comparing, and looking words up in interpreted text.

variable hits
create buffer 256 allot

: upper  ( addr n -- )
  0 do  dup i + c@ dup [char] a [char] z 1+ within if  32 -  then  over i + c!  loop drop ;
: reverse  ( addr n -- )
  over + 1-  begin  2dup <  while  over c@ over c@ 3 pick c! 2 pick c!  1- swap 1+ swap  repeat 2drop ;
: work  ( addr n -- )
  tuck buffer swap move  buffer over upper  buffer over reverse
  buffer c@ [char] T = if  1 hits +!  then  drop ;
: strings  ( n -- )
  0 do
    s" the quick brown fox jumps over the lazy cat" work
    s" pack my box with five dozen liquor jugs" work
  loop ;
: add-one  ( -- )  1 hits +! ;
: lookups  ( n -- )  0 do  s" add-one 1 2 + 3 * drop add-one" evaluate  loop ;

: main  ( -- )  0 hits !  10000 strings  20000 lookups  hits @ 50000 <> if ." wrong" cr then ;
main bye
