# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""Melpomene as a child process: headless, between pipes, or on a pseudo-terminal."""

import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import termios
import threading
import time

from sermux import LIMIT, Client, remaining

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MNEMOS_BIN", ROOT / "build" / "host" / "bin"))
PROGRAM = str(BIN / "melpomene")
LISTENING = re.compile(rb"serial: listening on 127\.0\.0\.1:(\d+)\r?\n")


def run(*options, **kwargs):
    """Run it to its end."""
    return subprocess.run([PROGRAM, *options], capture_output=True, timeout=LIMIT, check=False,
                          **kwargs)


class Board:
    """A running board. With `terminal` its standard input and output are pipes."""

    def __init__(self, *options, terminal=False, program=PROGRAM):
        mode = [] if terminal else ["--headless"]
        self.process = subprocess.Popen(
            [program, *mode, "--serial-addr", "127.0.0.1:0", *options],
            stdin=subprocess.PIPE if terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = bytearray()
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read_output)
        self.reader.start()
        self.wait_for(b"\n")
        found = LISTENING.match(self.output)
        if not found:
            raise AssertionError(f"unexpected first line: {bytes(self.output)!r}")
        self.address = ("127.0.0.1", int(found[1]))

    def read_output(self):
        while True:
            data = self.process.stdout.read1(65536)
            with self.changed:
                self.output += data
                self.changed.notify_all()
            if not data:
                return

    def wait_for(self, expected):
        """Wait until `expected` is in what it has printed."""
        searched = 0

        def found():
            nonlocal searched
            begin, searched = max(0, searched - len(expected)), len(self.output)
            return self.output.find(expected, begin) >= 0

        with self.changed:
            if not self.changed.wait_for(found, LIMIT):
                raise TimeoutError(f"waited in vain for {expected!r}; got "
                                   f"{bytes(self.output[-2000:])!r}")

    def connect(self, **kwargs):
        return Client(self.address, **kwargs)

    def type(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        """Wait for the end; the status, and what it said on standard error."""
        status = self.process.wait(LIMIT)
        self.reader.join(LIMIT)
        return status, self.process.stderr.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class Screen:
    """As much of a terminal as Melpomene uses: rows of text and a cursor."""

    TOKEN = re.compile(rb"\x1b\[(\d*)([A-Za-z])|[\r\n\b]|[^\x00-\x1f]")

    def __init__(self, columns):
        self.columns = columns
        self.rows = [[]]
        self.row = self.column = 0
        self.pending = b""

    def feed(self, data):
        data = self.pending + data
        at = 0
        while at < len(data):
            found = self.TOKEN.match(data, at)
            if not found:
                break
            self.token(found[0], found[1], found[2])
            at = found.end()
        self.pending = data[at:]

    def token(self, text, number, command):
        if command:
            self.command(int(number or 1), command)
        elif text == b"\r":
            self.column = 0
        elif text == b"\n":
            self.down()
        elif text == b"\b":
            self.column -= 1
        else:
            self.put(text.decode("latin-1"))

    def command(self, number, command):
        if command == b"A":
            self.row = max(0, self.row - number)
        elif command == b"C":
            self.column = min(self.columns - 1, self.column + number)
        elif command == b"K":
            del self.rows[self.row][self.column:]
        elif command == b"H":
            self.row = self.column = 0
        elif command == b"J":
            self.rows = [[]]
        else:
            raise AssertionError(f"unknown sequence {command!r}")

    def down(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])

    def put(self, character):
        if self.column == self.columns:
            self.column = 0
            self.down()
        row = self.rows[self.row]
        row += [" "] * (self.column + 1 - len(row))
        row[self.column] = character
        self.column += 1

    def lines(self):
        return ["".join(row).rstrip() for row in self.rows]


class TerminalBoard:
    """A running board on a pseudo-terminal, and what can be seen there."""

    def __init__(self, *options, columns=80, program=PROGRAM):
        self.ours, theirs = pty.openpty()
        self.theirs = theirs
        termios.tcsetwinsize(theirs, (24, columns))
        self.settings = termios.tcgetattr(theirs)
        self.screen = Screen(columns)
        self.process = subprocess.Popen(
            [program, "--serial-addr", "127.0.0.1:0", *options], stdin=theirs, stdout=theirs,
            stderr=theirs, start_new_session=True, env={**os.environ, "TERM": "xterm"})
        self.raw = b""
        self.wait_until(lambda: LISTENING.search(self.raw), "the first line")
        self.address = ("127.0.0.1", int(LISTENING.search(self.raw)[1]))

    def connect(self):
        return Client(self.address)

    def type(self, data):
        os.write(self.ours, data)

    def receive(self, timeout):
        ready, _, _ = select.select([self.ours], [], [], timeout)
        if ready:
            data = os.read(self.ours, 65536)
            self.raw += data
            self.screen.feed(data)
        return bool(ready)

    def wait_until(self, condition, what):
        deadline = time.monotonic() + LIMIT
        while not condition():
            try:
                self.receive(remaining(deadline))
            except TimeoutError:
                raise TimeoutError(f"waited in vain for {what}; the screen shows "
                                   f"{self.screen.lines()}") from None

    def wait_for(self, *lines):
        """Wait until the last lines of the screen are these."""
        self.wait_until(lambda: self.screen.lines()[-len(lines):] == list(lines), lines)

    def settings_now(self):
        return termios.tcgetattr(self.theirs)

    def end(self):
        """Wait for the end, and take what was written until then; the status."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None:
            self.receive(min(0.05, remaining(deadline)))
        while self.receive(0):
            pass
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()
