#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""What the README and the book show and claim, tried.

A line `<!-- check: WHAT -->` stands before a block of code or a table that is tested here:

- session: commands behind `$ `, and what they print. PORT stands for any number;
- prompt: lines typed behind `> ` at Melpomene's prompt, and the answers;
- wire, client: programs that are started, and one that talks to them;
- cmake, program FILE, output: a project, its source file, and what the program prints;
- ports: the table of mux ports, against the list in sermux.h;
- figures: values that mnemos-bench prints; sizes: of types, which the compilers confirm;
  instructions: against the baseline of the benchmarks.

The tables of frames are tested by tests/unit/test_book_wire.c, a size by test_book_memory.c, and the code that the book includes
with \\snippet and \\include is part of the tests and examples it is included from.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import sermux

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MNEMOS_BIN", ROOT / "build" / "host" / "bin"))
BOOK = ROOT / "docs" / "book"
PAGES = [ROOT / "README.md", *sorted(BOOK.glob("*.md"))]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
LIMIT = 60

CHECK = re.compile(r"^<!-- check: ([\w ]+?)(?: ([\w.]+\.c))? -->\n(?:```\w*\n(.*?)^```$|((?:\|[^\n]*\n)+))",
                   re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^<!-- check: ", re.MULTILINE)

sys.path.insert(0, str(ROOT / "docs"))
import filter as doxygen_filter  # noqa: E402


def checks(kind):
    """(page, file name, block) of each check of that kind."""
    for page in PAGES:
        for found, name, code, table in CHECK.findall(page.read_text(encoding="utf-8")):
            if found == kind:
                yield page, name, code or table


def rows(table):
    """The cells of a table's rows, without its head, marks of code, and links."""
    for line in table.splitlines()[2:]:
        yield [cell.strip().replace("`", "").removeprefix("::") for cell in
               line.strip().strip("|").split("|")]


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, cwd=ROOT,
                          check=False, **options)


class Marks(unittest.TestCase):
    def test_every_mark_is_understood(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            with self.subTest(page=page.name):
                self.assertEqual(len(MARK.findall(text)), len(CHECK.findall(text)))

    def test_no_code_is_shown_that_nobody_tries(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            with self.subTest(page=page.name):
                fences = re.findall(r"(.*)\n```(?:c|sh|cmake)\n", text)
                self.assertEqual([line for line in fences if not line.startswith("<!-- check")], [])


class Sessions(unittest.TestCase):
    def play(self, block):
        parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
        self.assertEqual(parts[0], "")
        for part in parts[1:]:
            command, _, expected = part.partition("\n")
            command = command.replace("build/host/bin/", f"{BIN}/")
            result = run(["bash", "-c", command], stdin=subprocess.DEVNULL)
            pattern = re.escape(expected).replace("PORT", r"\d+")
            self.assertRegex(result.stdout + result.stderr, "^" + pattern + r"\Z")
            self.assertEqual(result.returncode, 0)

    def test_prompt(self):
        (_, _, block), = checks("prompt")
        typed = re.findall(r"^> (.*\n)", block, re.MULTILINE)
        result = run([BIN / "melpomene", "--serial-addr", "127.0.0.1:0"], input="".join(typed))
        self.assertEqual(result.returncode, 0, result.stderr)
        _, greeting, *answers = result.stdout.splitlines()
        self.assertEqual(greeting, "ok.")
        self.assertEqual(answers, [line for line in block.splitlines() if line[:2] != "> "])

    def test_sessions(self):
        count = 0
        for page, _, block in checks("session"):
            with self.subTest(page=page.name):
                self.play(block)
            count += 1
        self.assertGreaterEqual(count, 2)


class Wire(unittest.TestCase):
    """The getting-started chapter's programs, on ports that are free, and its claims about them."""

    def start(self, command, pattern):
        program = subprocess.Popen(command.removesuffix(" &").split(), text=True, cwd=ROOT,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.terminate)
        for line in program.stdout:
            found = re.search(pattern, line)
            if found:
                return found[1]
        return self.fail(f"{command} has not printed {pattern}")

    def test_client(self):
        (_, _, programs), = checks("wire")
        (_, _, client), = checks("client")
        melpomene, crowtty = programs.replace("build/host/bin/", f"{BIN}/").splitlines()
        base = 20000 + os.getpid() % 20000
        address = self.start(melpomene.replace(" &", " --serial-addr 127.0.0.1:0"),
                             r"listening on (\S+)")
        crowtty = crowtty.replace("127.0.0.1:9999", address)
        self.start(crowtty.replace("--no-keyboard", f"--no-keyboard --tcp-port-base {base}"),
                   r"forth-1 .* on (\S+)")
        result = run(["bash", "-c", client.replace("10011", str(base + 11))])
        self.assertIn("\n42 ok.\n", "\n" + result.stdout)

    def test_ports_that_answer(self):
        page = (BOOK / "getting-started.md").read_text(encoding="utf-8")
        claimed = re.search(r"something answers on these: ([\d, ]+)\.", page)[1]
        (_, _, ports), = checks("ports")
        address = self.start(f"{BIN}/melpomene --headless --serial-addr 127.0.0.1:0",
                             r"listening on (\S+)")
        host, _, port = address.rpartition(":")
        status_request = sermux.cobs_encode(b"\x81\x01") + b"\0"
        with sermux.Client((host, int(port))) as client:
            for row in rows(ports):
                # Where nobody listens to lines, somebody may be asked for the system's status.
                client.send(int(row[0]), status_request if row[1] == "status" else b"1 .\n")
            expected = [int(number) for number in claimed.split(",")]
            client.receive_until(lambda: set(expected) <= set(client.ports), "the ports")
            until = time.monotonic() + 1.5  # what comes once a second would have come
            while time.monotonic() < until:
                client.receive(timeout=sermux.LIMIT)
            self.assertEqual(sorted(client.ports), expected)


class Project(unittest.TestCase):
    """The project of the getting-started chapter, built with CMake and run."""

    def test_project(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "libmnemos").symlink_to(ROOT)
            (_, _, cmake), = checks("cmake")
            (_, name, source), = checks("program")
            (_, _, output), = checks("output")
            (folder / "CMakeLists.txt").write_text(cmake, encoding="utf-8")
            (folder / name).write_text(source, encoding="utf-8")
            build = folder / "build"
            for command in (
                    ["cmake", "-S", folder, "-B", build, "-G", "Ninja",
                     "-DCMAKE_C_FLAGS=" + " ".join(WARNINGS)],
                    ["cmake", "--build", build, "-j", "2", "--target", "first"]):
                result = run(command)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            result = run([build / "first"])
            self.assertEqual(result.stdout, output)
            self.assertEqual(result.returncode, 0)


class Tables(unittest.TestCase):
    DIRECTIONS = {"BOTH": "both", "TO_HOST": "to the host", "TO_TARGET": "to the target"}
    KINDS = {"STREAM": "bytes", "MESSAGES": "messages"}

    def test_ports(self):
        header = (ROOT / "include/mnemos/sermux.h").read_text(encoding="utf-8")
        expected = [[number, name.strip('"'), self.DIRECTIONS[direction], self.KINDS[kind],
                     meaning.strip('"')]
                    for _, number, name, direction, kind, meaning
                    in doxygen_filter.lists(header)["MN_SERMUX_PORT_LIST"]]
        (_, _, table), = checks("ports")
        self.assertEqual(list(rows(table)), expected)

    def test_figures(self):
        expected = {name: float(value) for _, _, table in checks("figures")
                    for _, name, value in rows(table)}
        result = run([BIN / "mnemos-bench", "--json", *expected])
        self.assertEqual(result.returncode, 0, result.stderr)
        measured = [json.loads(line) for line in result.stdout.splitlines()]
        for figure in measured:
            with self.subTest(figure=figure["name"]):
                if not figure.get("value"):
                    continue  # there is no compiler for that machine
                # What is made of many parts may move a little, as the page says.
                value = expected[figure["name"]]
                whole = not figure["name"].startswith(("ram_task", "ram_timers"))
                self.assertAlmostEqual(figure["value"], value, delta=0.05 * value if whole else 0)

    def test_sizes(self):
        (_, _, table), = checks("sizes")
        headers = sorted(path.name for path in (ROOT / "include/mnemos").glob("*.h"))
        include = "".join(f"#include <mnemos/{name}>\n" for name in headers)
        targets = [(["cc"], 1)]
        if shutil.which("clang"):
            targets.append((["clang", "--target=riscv32-unknown-elf", "-march=rv32imc",
                             "-mabi=ilp32", "-ffreestanding"], 2))
        for compiler, column in targets:
            source = include + "".join(
                f'_Static_assert(sizeof({row[0].split(",")[0]}) == {row[column]}, "");\n'
                for row in rows(table))
            result = run([*compiler, "-std=c11", "-fsyntax-only", "-Iinclude", "-x", "c", "-"],
                         input=source)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_instructions(self):
        baseline = ROOT / "tests/bench/baseline.txt"
        if not baseline.exists():
            self.skipTest("there is no baseline")
        figures = dict(line.split(" ", 1) for line in baseline.read_text().splitlines()
                       if line and line[0] != "#")
        (_, _, table), = checks("instructions")
        for _, name, value in rows(table):
            with self.subTest(name=name):
                self.assertAlmostEqual(float(figures[name]), float(value), delta=0.02 * float(value))


class Names(unittest.TestCase):
    def test_programs_and_files_exist(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            for program in re.findall(r"build/host/bin/([\w-]+)", text):
                with self.subTest(page=page.name, program=program):
                    self.assertTrue((BIN / program).exists())
            for name in re.findall(r"[`( ]((?:cmake|docs|examples|firmware|bsp|include|tests)/"
                                   r"[\w./-]*\w)", text):
                with self.subTest(page=page.name, file=name):
                    self.assertTrue((ROOT / name).exists())

    def test_every_chapter_is_in_the_book(self):
        index = (BOOK / "index.md").read_text(encoding="utf-8")
        listed = re.findall(r"\\subpage (\w+)", index)
        chapters = [re.search(r"\{#(\w+)\}", page.read_text(encoding="utf-8"))[1]
                    for page in BOOK.glob("*.md") if page.name != "index.md"]
        self.assertEqual(sorted(listed), sorted(chapters))


class Reference(unittest.TestCase):
    """What docs/modules.dox and docs/filter.py repeat of the headers."""

    def test_every_header_is_in_a_module(self):
        modules = (ROOT / "docs/modules.dox").read_text(encoding="utf-8")
        listed = re.findall(r"^/// @addtogroup (\w+)\n/// @ingroup m_\w+$", modules, re.MULTILINE)
        groups = []
        for header in [*(ROOT / "include/mnemos").glob("*.h"), ROOT / "bsp/board.h"]:
            groups += re.findall(r"^/// @defgroup (\w+)", header.read_text(encoding="utf-8"),
                                 re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(groups),
                         "each header's group goes into a module in docs/modules.dox")

    def test_the_compiler_agrees_with_the_documented_prototypes(self):
        count = 0
        for header in sorted((ROOT / "include/mnemos").glob("*.h")):
            prototypes = "\n".join(doxygen_filter.prototypes(header.read_text(encoding="utf-8")))
            if not prototypes:
                continue
            count += 1
            source = f"#include <mnemos/{header.name}>\n{prototypes}\n"
            result = run(["cc", "-std=c11", "-fsyntax-only", "-Wredundant-decls", "-Iinclude",
                          "-x", "c", "-"], input=source)
            self.assertEqual(result.returncode, 0, result.stderr)
            # Each is a second declaration of what the header declares.
            self.assertEqual(result.stderr.count("[-Wredundant-decls]"), prototypes.count("\n") + 1)
        self.assertGreaterEqual(count, 2)

    def test_every_function_of_a_service_is_documented(self):
        header = (ROOT / "include/mnemos/service.h").read_text(encoding="utf-8")
        defined = re.findall(r"\bname##_([a-z]\w*)\([^;]*?\) *\{", header.replace("\\\n", ""))
        documented = [function[1] for function in doxygen_filter.FUNCTIONS]
        self.assertEqual(sorted(set(defined)), sorted(documented))


if __name__ == "__main__":
    unittest.main()
