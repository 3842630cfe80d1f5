#!/usr/bin/env python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""Count the instructions of each operation of mnemos-bench, and compare with the baseline.

Each operation runs under valgrind for two numbers of iterations; the difference, divided by the
difference of the numbers, is what one iteration takes, without start and set-up. That repeats to a
fraction of an instruction. A change of more than 2 % in either direction is an error: one that is
meant goes into the baseline with --update, in the same commit.

The instructions depend on the compiler. With another version than the baseline's they are shown,
but not judged.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

TOLERANCE = 0.02
AIMS = {"yield": 45, "heap_worst_alloc": 200, "heap_worst_free": 160}
HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.txt"
# The C library picks its copying functions by processor; take those that every x86-64 has.
ENVIRONMENT = dict(
    os.environ,
    GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-AVX2,-AVX,"
                   "-ERMS,-FSRM,-SSSE3",
)


def instructions(program, name, iterations):
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no",
               "--cachegrind-out-file=/dev/null", program, "--count", name, str(iterations)]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)} failed:\n{run.stdout}{run.stderr}")
    return int(found.group(1).replace(",", ""))


def per_iteration(program, name, count):
    few, many = count, 3 * count
    return (instructions(program, name, many) - instructions(program, name, few)) / (many - few)


def measure(program, name, count, before):
    cost = per_iteration(program, name, count)
    return cost - per_iteration(program, name + "-", count) if before else cost


def operations(program):
    """The program's compiler, and (name, iterations, whether something goes before each)."""
    lines = subprocess.run([program, "--list"], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    rows = [line.split() for line in lines[1:]]
    return lines[0].removeprefix("compiler "), [(row[0], int(row[1]), "before" in row[2:])
                                                for row in rows]


def read_baseline():
    compiler, figures = None, {}
    if BASELINE.exists():
        for line in BASELINE.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "compiler":
                compiler = value
            elif key and key != "#":
                figures[key] = float(value)
    return compiler, figures


def write_baseline(compiler, figures):
    lines = ["# Instructions of one iteration, written by count.py --update.",
             f"compiler {compiler}"]
    lines += [f"{name} {value:.2f}" for name, value in figures.items()]
    BASELINE.write_text("\n".join(lines) + "\n")


def judge(names, figures, baseline):
    """What differs from the baseline, as lines of text."""
    wrong = []
    for name in names:
        new, old = figures[name], baseline.get(name)
        if old is None:
            wrong.append(f"{name}: {new:.2f}, not in the baseline")
        elif abs(new - old) > TOLERANCE * old:
            wrong.append(f"{name}: {old:.2f} -> {new:.2f} ({(new / old - 1) * 100:+.1f} %)")
    gone = set(baseline) - set(names)
    return wrong + [f"{name}: in the baseline, but no longer measured" for name in sorted(gone)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/host/bin/mnemos-bench")
    parser.add_argument("--update", action="store_true", help="make this the baseline")
    parser.add_argument("names", nargs="*", help="only these, and only shown")
    options = parser.parse_args()

    compiler, rows = operations(options.program)
    if options.names:
        rows = [row for row in rows if row[0] in options.names]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        counted = pool.map(lambda row: measure(options.program, *row), rows)
        figures = dict(zip((row[0] for row in rows), counted))
    base_compiler, baseline = read_baseline()
    for name, value in figures.items():
        beside = f"baseline {baseline[name]:.2f}" if name in baseline else ""
        beside += f"  aim {AIMS[name]}" if name in AIMS else ""
        print(f"{name:22} {value:10.2f} Ir  {beside}".rstrip())
    if options.names:
        return 0
    if options.update:
        write_baseline(compiler, figures)
        print(f"wrote {BASELINE}")
        return 0
    if compiler != base_compiler:
        print(f"not judged: built with {compiler}, the baseline with {base_compiler}")
        return 0
    wrong = judge(figures.keys(), figures, baseline)
    if wrong:
        print("\nInstructions changed by more than 2 %:")
        print("\n".join("  " + line for line in wrong))
        print("If that is meant, update the baseline and commit it with the change:\n"
              f"  /usr/bin/python3 {HERE / 'count.py'} --program {options.program} --update")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
