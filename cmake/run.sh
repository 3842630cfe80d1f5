#!/bin/sh
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# usage: run.sh [melpomene options]
# Install what is missing, build Melpomene, the board that is this computer, and start it in this
# terminal. Safe to repeat, and from any directory.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

# Run a command quietly; show all it said only if it fails.
quietly() {
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        echo "run.sh: this failed: $*" >&2
        exit 1
    fi
    rm -f "$log"
}

echo "== packages" >&2
sh "$root/cmake/install-deps.sh" run >&2

# What the user is in now stays the directory of Melpomene, so that relative paths in the options
# mean what they say.
echo "== build (build/host)" >&2
# The tests need more packages than this; a tree that test.sh has set up keeps them.
tests=-DMNEMOS_BUILD_TESTS=OFF
if grep -qs '^MNEMOS_BUILD_TESTS:BOOL=ON$' "$root/build/host/CMakeCache.txt"; then
    tests=-DMNEMOS_BUILD_TESTS=ON
fi
quietly cmake -S "$root" --preset host "$tests"
quietly cmake --build "$root/build/host" --target melpomene

echo "== melpomene $*" >&2
exec "$root/build/host/bin/melpomene" "$@"
