#!/bin/sh
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# usage: test.sh [--quick | --list | STEP…]
# Install what is missing, then build and run every test. With --quick the unit tests on this
# computer only; with names of steps only those. Stops at the first step that fails.
# Safe to repeat, and from any directory.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

# In the order they run: the fast ones first. A step is a function step_NAME below, which fails as
# soon as one of its commands does. Its output is shown if it fails, else only the last line.
all_steps='format licence layers host asan clang noassert fuzz tidy cppcheck docs'

jobs=$(nproc)
python=/usr/bin/python3
logs=$root/build/log
passed=0
failed=0
not_run=

c_files() {
    sh cmake/sources.sh c h
}

# --- steps ---

step_format() { # clang-format leaves every C file as it is
    c_files | xargs clang-format --dry-run -Werror
    echo "$(c_files | wc -l) files"
}

step_licence() { # every source file starts with the licence header
    sh cmake/check_licence.sh
}

step_layers() { # no include points to a higher module
    $python -B cmake/check_layers.py .
}

step_quick() { # optimised build, unit tests
    build_and_test host -L unit
}

step_host() { # optimised build, all tests
    build_and_test host
}

step_asan() { # address and undefined-behaviour sanitizers, all tests
    build_and_test asan
}

step_clang() { # clang, unit tests
    build_and_test clang -L unit
}

step_noassert() { # assertions left out, unit tests
    build_and_test noassert -L unit
}

step_fuzz() { # each fuzzer for a bounded time
    build_and_test fuzz -L fuzz
}

step_tidy() { # clang-tidy finds nothing
    tidy fuzz 'tests/fuzz'
    tidy clang 'libmnemos|bsp|firmware|examples|tests'
}

step_cppcheck() { # cppcheck finds nothing
    cmake --preset host -DMNEMOS_BUILD_TESTS=ON
    # It does not see that MN_ASSERT ends a path, so of null pointers clang-tidy is the judge.
    cppcheck --project=build/host/compile_commands.json -ibuild -j "$jobs" \
        -D__cppcheck__=1 --enable=warning,performance,portability --suppress=nullPointerRedundantCheck \
        --std=c11 --quiet --error-exitcode=1
    echo "nothing found"
}

step_docs() { # the book and the reference of the API, without a warning
    cmake --preset docs
    cmake --build build/docs --target docs
    echo "$(find build/docs/html -name '*.html' | wc -l) pages in build/docs/html"
}

# --- how they run ---

# build_and_test PRESET [ctest options]
build_and_test() {
    preset=$1
    shift
    cmake --preset "$preset" -DMNEMOS_BUILD_TESTS=ON
    cmake --build --preset "$preset" -j "$jobs"
    ctest --preset "$preset" -j "$jobs" --no-tests=error "$@"
}

# tidy PRESET FOLDERS: what the preset compiles of these folders, which leaves out what the build
# generates and imports.
tidy() {
    cmake --preset "$1" -DMNEMOS_BUILD_TESTS=ON
    here=$(printf '%s' "$root" | sed 's/[][\.*^$+?(){}|,]/\\&/g')
    sed -nE "s,^ *\"file\": \"($here/($2)/.*)\"\$,\1,p" "build/$1/compile_commands.json" >"$logs/tidy.files"
    xargs -r -d '\n' -P "$jobs" -n 1 clang-tidy --quiet -p "build/$1" <"$logs/tidy.files"
    echo "nothing found in the $(wc -l <"$logs/tidy.files") files of the preset $1"
}

# To be called by a step that cannot run on this machine: cannot "why". It is named at the end, and
# where nobody watches, with CI in the environment, it is a failure.
cannot() {
    echo "$1" >"$logs/cannot"
    exit 0
}

# "100% tests passed, 0 tests failed out of 12" in a log gives 0 failed and 12 in all.
count_tests() {
    sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' "$1" |
        awk '{ failed += $1; all += $2 } END { print failed + 0, all + 0 }'
}

total() {
    if [ -n "$not_run" ]; then
        printf 'Not run:%s\n' "$not_run"
        printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$(echo "$not_run" | wc -w)"
    else
        printf '%d passed, %d failed\n' "$passed" "$failed"
    fi
}

run_step() {
    name=$1
    log=$logs/$name.log
    title=$(sed -n "s/^step_$name() { # //p" cmake/test.sh)
    echo "== $name: $title"
    rm -f "$logs/cannot"
    begin=$(date +%s)
    # A shell of its own, so that set -e holds inside the step: as a condition it would not.
    status=0
    sh -eu cmake/test.sh --inside "$name" >"$log" 2>&1 </dev/null || status=$?
    seconds=$(($(date +%s) - begin))
    set -- $(count_tests "$log")
    passed=$((passed + $2 - $1))
    failed=$((failed + $1))
    if [ -e "$logs/cannot" ]; then
        echo "   cannot run here: $(cat "$logs/cannot")"
        not_run="$not_run $name"
        [ -z "${CI-}" ] || status=1
    fi
    if [ "$status" -ne 0 ]; then
        cat "$log"
        echo "== $name FAILED after ${seconds} s: $title"
        echo "   again: sh cmake/test.sh $name      its output: build/log/$name.log"
        [ "$failed" -gt 0 ] || failed=1
        total
        exit 1
    fi
    if [ -e "$logs/cannot" ]; then
        :
    elif [ "$2" -gt 0 ]; then
        echo "   ok, $2 tests, $seconds s"
    else
        echo "   ok, $(tail -n 1 "$log"), $seconds s"
    fi
}

# --- what was asked for ---

sets='run unit test'
steps=$all_steps
case ${1-} in
--inside)
    "step_$2"
    exit
    ;;
--list)
    sed -n 's/^step_\([a-z_]*\)() { # /\1: /p' cmake/test.sh
    exit
    ;;
--quick)
    sets='run unit'
    steps=quick
    ;;
-*)
    echo "usage: test.sh [--quick | --list | STEP…], steps: $all_steps" >&2
    exit 2
    ;;
?*)
    steps=$*
    for step in $steps; do
        case " $all_steps quick " in
        *" $step "*) ;;
        *)
            echo "test.sh: there is no step $step; steps: $all_steps" >&2
            exit 2
            ;;
        esac
    done
    ;;
esac

mkdir -p "$logs"
echo "== packages: $sets"
sh cmake/install-deps.sh $sets
for step in $steps; do
    run_step "$step"
done
total
