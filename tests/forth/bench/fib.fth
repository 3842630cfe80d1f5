\ Copyright (c) 2026 The libmnemos authors
\ SPDX-License-Identifier: MIT OR Apache-2.0

\ Calls: Fibonacci numbers by plain recursion.

: fib  ( n -- f )  dup 2 < if exit then  dup 1- recurse  swap 2 - recurse  + ;

: main  ( -- )  34 fib 5702887 <> if ." wrong" cr then ;
main bye
