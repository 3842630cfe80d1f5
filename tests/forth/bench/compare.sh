#!/bin/sh
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# compare.sh [MNEMOS-FORTH]: times the benchmark programs here under mnemos-forth, gforth and pforth,
# whichever are there: the best of five runs each, interleaved, in seconds of processor time.

set -eu
here=$(dirname "$0")
engines=""
for engine in "${1:-mnemos-forth}" gforth gforth-fast pforth; do
    if command -v "$engine" >/dev/null 2>&1; then
        engines="$engines $engine"
    fi
done

# seconds ENGINE FILE: processor time; what the engines print does not matter
seconds() {
    bash -c 'TIMEFORMAT=%U; { time "$1" "$2" >/dev/null 2>&1 </dev/null; } 2>&1' time "$1" "$2"
}

for program in fib sieve bubble matrix strings; do
    line=$program
    results=""
    for _ in 1 2 3 4 5; do
        for engine in $engines; do
            results="$results
$engine $(seconds "$engine" "$here/$program.fth")"
        done
    done
    for engine in $engines; do
        best=$(printf '%s\n' "$results" | awk -v e="$engine" '$1 == e && (b == "" || $2 < b) { b = $2 } END { print b }')
        line="$line  $(basename "$engine") $best"
    done
    printf '%s\n' "$line"
done
