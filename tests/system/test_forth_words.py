#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""The book's page of Forth words has every word of the programs, with what `help` says of it."""

import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MNEMOS_BIN", ROOT / "build" / "host" / "bin"))
LIMIT = 60


def documented():
    """(where, set, name, help) of each word."""
    table = subprocess.run([sys.executable, "-B", ROOT / "docs/forth_words.py", "--tsv"],
                           capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in table.splitlines()]


def answers(program, *arguments, lines):
    result = subprocess.run([BIN / program, *arguments], input="\n".join(lines) + "\n", text=True,
                            capture_output=True, timeout=LIMIT, check=True)
    return result.stdout


class Words(unittest.TestCase):
    def check_help(self, output, words):
        for _, _, name, text in words:
            with self.subTest(word=name):
                self.assertTrue(f"\n{name} {text}\n" in "\n" + output)

    def test_the_desktop_program_has_these_words_and_no_others(self):
        words = [word for word in documented()
                 if word[0] in ("core", "desktop") and word[1] != "forth3"]
        output = answers("mnemos-forth", lines=["words"])
        self.assertEqual(sorted(set(output.split()) - {"ok."}), sorted({word[2] for word in words}))

    def test_help_says_the_same(self):
        # A name that is defined twice is explained by the first set that has it.
        words = list({word[2]: word for word in reversed(documented())
                      if word[0] in ("core", "desktop") and word[1] != "forth3"}.values())
        self.check_help(answers("mnemos-forth", lines=[f"help {word[2]}" for word in words]), words)

    def test_the_kernel_has_these_words(self):
        words = [word for word in documented() if word[0] == "kernel"]
        self.check_help(answers("melpomene", "--serial-addr", "127.0.0.1:0",
                                lines=[f"help {word[2]}" for word in words]), words)


if __name__ == "__main__":
    unittest.main()
