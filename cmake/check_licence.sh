#!/bin/sh
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Check that every source file starts with the two-line licence header (a script after its #! line).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
bad=0
count=0
for file in $(sh cmake/sources.sh c h cpp cmake txt py sh S ld fth yml toml cddl); do
    case $file in
    *.txt) case $file in *CMakeLists.txt) ;; *) continue ;; esac ;;
    tests/fuzz/corpus/*) continue ;;
    esac
    count=$((count + 1))
    head=$(head -n 3 "$file")
    case $head in
    *"Copyright (c) "*" The libmnemos authors"*"SPDX-License-Identifier: MIT OR Apache-2.0"*) ;;
    *)
        echo "$file: does not start with the licence header"
        bad=1
        ;;
    esac
done
[ $bad -eq 0 ] && echo "$count files have the licence header"
exit $bad
