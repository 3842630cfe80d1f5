\ Copyright (c) 2026 The libmnemos authors
\ SPDX-License-Identifier: MIT OR Apache-2.0

\ Bytes and loops: primes by crossing out multiples.

10000 constant limit
create sieve limit allot

: cross-out  ( step -- )
  dup dup +  begin  dup limit <  while  0 over sieve + c!  over +  repeat  2drop ;
: primes  ( -- n )
  sieve limit 1 fill
  0  limit 2 do  sieve i + c@ if  i cross-out 1+  then  loop ;

: main  ( -- )  0  400 0 do  drop primes  loop  1229 <> if ." wrong" cr then ;
main bye
