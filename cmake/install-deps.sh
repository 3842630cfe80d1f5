#!/bin/sh
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# usage: install-deps.sh [--check] SET…
# Install the Debian 12 packages of the given sets that are missing. Where that is not possible, or
# with --check, say which are missing and end with status 1.
set -eu

# One list per set.
packages() {
    case $1 in
    # to build and run Melpomene
    run) echo build-essential cmake ninja-build pkg-config ca-certificates xz-utils ;;
    # to build and run the unit tests
    unit) echo libcmocka-dev ;;
    # to run everything that test.sh has
    test)
        echo clang libclang-rt-14-dev clang-tidy clang-format cppcheck valgrind
        echo python3 python3-cbor2
        echo doxygen graphviz
        ;;
    *)
        echo "install-deps.sh: there is no set $1 (run, unit, test)" >&2
        exit 2
        ;;
    esac
}

check=no
if [ "${1-}" = --check ]; then
    check=yes
    shift
fi
wanted=
for set in "$@"; do
    list=$(packages "$set")
    wanted="$wanted $list"
done

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is not a Debian system, so what is installed cannot be checked. Needed are what" >&2
    echo "Debian 12 calls:" $wanted >&2
    exit 1
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

id=$(. /etc/os-release && echo "${ID-}-${VERSION_ID-}")
reason=
if [ $check = yes ]; then
    reason="not installing them, as asked"
elif [ "$id" != debian-12 ]; then
    reason="this is $id and not debian-12, so they are left to you"
elif [ "$(id -u)" -ne 0 ]; then
    reason="installing them needs root: apt-get install$missing"
fi
if [ -n "$reason" ]; then
    echo "Missing packages:$missing" >&2
    echo "($reason)" >&2
    exit 1
fi

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -q -o DPkg::Lock::Timeout=300 update &&
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing; } \
    >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "Could not install:$missing" >&2
    exit 1
fi
