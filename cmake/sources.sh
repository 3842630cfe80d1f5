#!/bin/sh
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# usage: sources.sh EXTENSION…
# Print the project's files with these extensions, relative to its root: what git knows, or where
# there is no git checkout all but the build folders.
set -eu
cd "$(dirname "$0")/.."
if [ -e .git ] && git ls-files >/dev/null 2>&1; then
    list() { git ls-files; }
else
    list() { find . -path ./build -prune -o -path ./.git -prune -o -type f -print | sed 's,^\./,,'; }
fi
pattern=$(printf '%s|' "$@")
# A file that is deleted but not yet committed is no longer there to check.
list | grep -E "\.(${pattern%|})\$" | sort | while read -r file; do
    if [ -e "$file" ]; then printf '%s\n' "$file"; fi
done
