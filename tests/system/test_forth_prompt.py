#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""The Forth case files, typed at the prompt of a running Melpomene.

The same cases that test the VM on its own (tests/forth) go through the serial mux to a shell here.
Left out are the cases that need what a prompt does not have: VMs of other sizes, words of the test
program, VMs forked from outside, and input lines that a terminal would cut in two.
"""

import pathlib
import re
import unittest

from melpomene import Board

CASES = pathlib.Path(__file__).resolve().parents[1] / "forth"
PORT = 12
FLOAT = re.compile(rb"[+-]?\d+\.?\d*e[+-]?\d*", re.IGNORECASE)
# Printed after each line's answer, also in the middle of a definition.
MARK = "~end~"


def unescape(text):
    """The bytes of an input or output, see tests/forth/forth3.txt."""
    out = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            at += 1
            continue
        code = text[at + 1]
        if code == "R":
            out += out[-1:] * 300
        else:
            out += {"n": b"\n", "t": b"\t", "r": b"\r", "0": b"\0", "u": b"\xc3\xa9",
                    "b": b"\xff"}.get(code, code.encode())
        at += 2
    return bytes(out)


def read_cases(path):
    """(name, dialect, lines) of each case that a prompt can run; a line is (input, expected)."""
    dialect, name, lines, usable = None, None, [], False
    for text in [*path.read_text(encoding="utf-8").splitlines(), "case end"]:
        if text.startswith("dialect "):
            dialect = text.split()[1]
        elif text.startswith("case "):
            if usable and lines:
                yield name, dialect, lines
            name, *keys = text.split()[1:]
            lines, usable = [], not keys
        elif text.startswith(">"):
            data = unescape(text[2:])
            usable = usable and not set(b"\n\r\0\x03") & set(data) and b"squirrel" not in data \
                and b"counter" not in data
            lines.append([data, None])
        elif text.startswith(("=", "!")):
            lines[-1][1] = text
        elif text.startswith(("fork ", "vm ", "end ")):
            usable = False


class Prompt:
    """One shell of the board."""

    def __init__(self, client):
        self.client = client

    def ask(self, line):
        """The answer to a line, without the mark's."""
        self.client.send(PORT, line + b"\n")
        self.client.send(PORT, b".( " + MARK.encode() + b")\n")
        end = MARK.encode() + b"ok.\n"
        self.client.receive_until(lambda: end in self.client.got(PORT), f"the answer to {line!r}")
        answer = self.client.got(PORT)
        self.client.forget(PORT)
        return answer[:answer.index(end)]

    def start(self, dialect):
        self.client.send(PORT, b"bye\n")
        self.ask(b"")
        if dialect:
            self.ask(dialect.encode())


def matches(expected, answer):
    if expected.startswith("="):
        return answer == unescape(expected[2:])
    _, _, output = expected.partition(" | ")
    before = unescape(output)
    if before and not before.endswith(b"\n"):
        before += b"\n"
    return answer.startswith(before + b"?")


class ForthPrompt(unittest.TestCase):
    def check(self, name):
        count = 0
        with Board() as board, board.connect() as client:
            prompt = Prompt(client)
            for case, dialect, lines in read_cases(CASES / name):
                prompt.start(dialect)
                for line, expected in lines:
                    answer = prompt.ask(line)
                    if expected is None or FLOAT.fullmatch(line):
                        continue
                    count += 1
                    self.assertTrue(matches(expected, answer),
                                    f"{name}: {case}: {line!r} gave {answer!r}, not {expected!r}")
        return count

    def test_core(self):
        self.assertGreater(self.check("core.txt"), 100)

    def test_words(self):
        self.assertGreater(self.check("words.txt"), 40)

    def test_errors(self):
        self.assertGreater(self.check("errors.txt"), 20)

    def test_forth3(self):
        self.assertGreater(self.check("forth3.txt"), 300)


if __name__ == "__main__":
    unittest.main()
