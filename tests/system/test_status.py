#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""The status port: Melpomene's snapshots against docs/status.cddl with another CBOR decoder, and
what `crowtty status` makes of them."""

import ast
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

import cbor2

from cddl import Schema
from melpomene import BIN, ROOT, Board, Screen
from sermux import LIMIT, cobs_decode, cobs_encode, remaining

CROWTTY = str(BIN / "crowtty")
SCHEMA = Schema((ROOT / "docs" / "status.cddl").read_text(encoding="utf-8"))
STATUS = 4
ONCE, EVERY, STOP = 1, 2, 3
HEADER, HEAP, OWNER, TASK, STALL, SERVICE, LINE, PORT, DROPS, TRAILER = range(10)


def request(*items):
    return cobs_encode(cbor2.dumps(list(items))) + b"\0"


def crowtty(*options, **arguments):
    return subprocess.run([CROWTTY, *options], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=LIMIT, check=False, **arguments)


class Format(unittest.TestCase):
    """The vectors that the unit tests use."""

    def vectors(self):
        path = ROOT / "tests" / "unit" / "status_vectors.txt"
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                name, data, value = line.split(" ", 2)
                yield name, bytes.fromhex(data), ast.literal_eval(value)

    def test_another_codec_agrees_with_the_vectors(self):
        names = [name for name, _, _ in self.vectors()]
        self.assertEqual(len(names), 20)
        for name, data, value in self.vectors():
            with self.subTest(name=name):
                self.assertEqual(cbor2.loads(data), value)
                self.assertEqual(cbor2.dumps(value), data)

    def test_the_schema_describes_the_vectors(self):
        for name, data, value in self.vectors():
            with self.subTest(name=name):
                is_request = name in ("once", "every", "every_longest", "stop")
                self.assertTrue(SCHEMA.fits("request" if is_request else "message", value))
                self.assertLessEqual(len(data), 8 if is_request else 96)
                # And nothing shorter, longer, or of another type.
                self.assertFalse(SCHEMA.fits("message", value[:-1] if len(value) > 1 else []))
                self.assertFalse(SCHEMA.fits("message", value + [0]))
                self.assertFalse(SCHEMA.fits("message", value[:-1] + [-1]))


class Snapshots(unittest.TestCase):
    """Melpomene, asked directly."""

    def messages(self, client):
        frames = client.got(STATUS).split(b"\0")
        return [cbor2.loads(cobs_decode(part)) for part in frames[:-1]]

    def snapshot(self, client):
        client.forget(STATUS)
        client.send(STATUS, request(ONCE))
        client.receive_until(
            lambda: any(m[0] == TRAILER for m in self.messages(client)), "a trailer")
        return self.messages(client)

    def rows(self, snapshot, kind):
        return [m for m in snapshot if m[0] == kind]

    def test_a_snapshot_is_what_the_schema_says_and_adds_up(self):
        with Board() as board, board.connect() as client:
            client.ask(10, "2 2 + .", b"4 ok.\n")
            snapshot = self.snapshot(client)
            for message in snapshot:
                self.assertTrue(SCHEMA.fits("message", message), message)
            header, trailer = snapshot[0], snapshot[-1]
            self.assertEqual((header[0], trailer[0]), (HEADER, TRAILER))
            self.assertEqual(trailer[1], header[2])
            self.assertEqual(trailer[2], len(snapshot) - 2)
            self.assertEqual(trailer[3], 0)
            self.assertTrue(header[7])  # times are measured
            # The parts are no more than the whole.
            self.assertEqual(sum(m[2] for m in self.rows(snapshot, OWNER)),
                             self.rows(snapshot, HEAP)[0][2])
            ran = sum(m[6] for m in self.rows(snapshot, TASK))
            self.assertGreater(ran, 0)
            self.assertLess(header[6], header[5])
            services = {m[1] for m in self.rows(snapshot, SERVICE)}
            self.assertLessEqual({"serial mux", "simple serial port", "forth spawn"}, services)
            ports = {m[1] for m in self.rows(snapshot, PORT)}
            self.assertEqual(ports, {0, 1, 3, 4, 10, 11, 12, 13})
            self.assertEqual(len(self.rows(snapshot, DROPS)), 1)
            names = [m[2] for m in self.rows(snapshot, TASK)]
            for name in ("forth-0", "mux input", "status", "hello", "loopback"):
                self.assertIn(name, names)
            self.assertEqual(len({m[1] for m in self.rows(snapshot, TASK)}), len(names))

    def test_programs_appear_and_go(self):
        with Board() as board, board.connect() as client:
            client.ask(10, ": busy begin 10 ms 20000 0 do loop again ;", b"ok.\n")
            before = self.snapshot(client)
            client.forget(10)
            client.ask(10, "' busy spawn ' busy spawn", b"ok.\n")
            during = self.snapshot(client)
            programs = [m for m in self.rows(during, TASK) if m[2] == "program"]
            self.assertEqual(len(programs), 2)
            self.assertGreater(self.rows(during, HEAP)[0][2], self.rows(before, HEAP)[0][2])
            time.sleep(0.1)
            later = self.snapshot(client)
            ran = {m[1]: m[6] for m in self.rows(later, TASK)}
            for program in programs:
                self.assertGreater(ran[program[1]], program[6])
            client.forget(10)
            client.ask(10, "stop stop", b"ok.\n")
            after = self.snapshot(client)
            self.assertEqual([m for m in self.rows(after, TASK) if m[2] == "program"], [])
            self.assertEqual(self.rows(after, HEAP)[0][2], self.rows(before, HEAP)[0][2])

    def test_an_interval_and_nonsense(self):
        with Board() as board, board.connect() as client:
            for part in (b"\0", b"nonsense\0", request(9), request(EVERY, 0), b"x" * 40 + b"\0"):
                client.send(STATUS, part)
                client.forget(0)
                client.send(0, b"taken")  # the port holds little, so one after the other
                client.wait_for(0, b"taken")
            client.send(STATUS, request(EVERY, 100))
            trailers = lambda: [m for m in self.messages(client) if m[0] == TRAILER]
            start = time.monotonic()
            client.receive_until(lambda: len(trailers()) >= 6, "six snapshots")
            self.assertGreater(time.monotonic() - start, 0.4)
            self.assertEqual(trailers()[0][3], 4)
            self.assertEqual([m[1] for m in trailers()[:6]], [1, 2, 3, 4, 5, 6])
            client.send(STATUS, request(STOP))
            client.forget(0)
            client.send(0, b"done")
            client.wait_for(0, b"done")
            client.forget(STATUS)
            time.sleep(0.3)
            client.send(0, b"again")
            client.wait_for(0, b"again")
            self.assertLessEqual(len(trailers()), 1)


class Crowtty(unittest.TestCase):
    """crowtty status."""

    def address(self, board):
        return f"{board.address[0]}:{board.address[1]}"

    def test_once(self):
        with Board(terminal=True) as board:
            board.type(b": x begin 10 ms again ; ' x spawn drop .\" ready\"\n")
            board.wait_for(b"ready")
            done = crowtty("status", "--once", "tcp", self.address(board))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            text = done.stdout.decode()
            self.assertRegex(text, r"\A127\.0\.0\.1:\d+, up 0:00:\d\d, idle \d+\.\d%\nheap: ")
            self.assertRegex(text, r"(?m)^heap: \S+ \S+ of \S+ \S+ in use, peak ")
            self.assertRegex(text, r"(?m)^longest poll: \S+ \S+ by \S+")
            self.assertRegex(text, r"(?m)^program +waiting +\d+\.\d% +\d+ +\d+ +\d+ us$")
            self.assertRegex(text, r"(?m)^status +running ")
            self.assertRegex(text, r"(?m)^serial mux +54c983fa-736f-4223-b90d-c4360a308647 ")
            self.assertRegex(text, r"(?m)^4     status +1 ")
            self.assertLessEqual(max(len(line) for line in text.split("\n")), 79)
            self.assertNotIn("\x1b", text)

    def test_once_as_json(self):
        with Board() as board:
            done = crowtty("status", "--once", "--json", "tcp", self.address(board))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(done.stdout.count(b"\n"), 1)
            status = json.loads(done.stdout)
            self.assertEqual(status["type"], "status")
            self.assertEqual(status["heap"]["in_use"], sum(o["in_use"] for o in status["owners"]))
            self.assertEqual(status["bad_requests"], 0)
            self.assertTrue(0 <= status["idle"] <= 1)
            states = {task["name"]: task["state"] for task in status["tasks"]}
            self.assertEqual(states["status"], "running")
            self.assertEqual(states["forth-3"], "waiting")
            for task in status["tasks"]:
                self.assertTrue(0 <= task["cpu"] <= 1)

    def test_json_again_and_again_with_shares_between(self):
        with Board(terminal=True) as board:
            board.type(b": spin begin again ; ' spin spawn drop .\" ready\"\n")
            board.wait_for(b"ready")
            process = subprocess.Popen([CROWTTY, "status", "--json", "tcp", self.address(board)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            lines = [json.loads(process.stdout.readline()) for _ in range(3)]
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            process.stdout.close()
            self.assertEqual(process.wait(timeout=LIMIT), 0)
            self.assertEqual([line["sequence"] for line in lines], [1, 2, 3])
            share = next(t["cpu"] for t in lines[2]["tasks"] if t["name"] == "program")
            self.assertGreater(share, 0.5)  # the tick has other things to do, too
            self.assertLess(lines[2]["idle"], 0.5)

    def test_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            done = crowtty("status", "--once", "tcp", str(server.getsockname()[1]))
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(done.stderr, rb"\Acrowtty: the target does not answer on mux port 4\n\Z")

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        done = crowtty("status", "tcp", str(port))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rb"\Acrowtty: failed to connect to [^\n]*\n\Z")

    def test_a_target_of_another_version_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = subprocess.Popen(
                [CROWTTY, "status", "--once", "tcp", str(server.getsockname()[1])],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            connection, _ = server.accept()
            with connection:
                message = cobs_encode(cbor2.dumps([0, 2, {"new": "things"}])) + b"\0"
                connection.sendall(cobs_encode(STATUS.to_bytes(2, "little") + message) + b"\0")
                out, err = process.communicate(timeout=LIMIT)
        self.assertEqual((process.returncode, out), (1, b""))
        self.assertEqual(err, b"crowtty: the target speaks another version of the protocol\n")


class Live(unittest.TestCase):
    """crowtty status in a terminal."""

    def start(self, address, columns=100, rows=60):
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(slave)
        self.slave = slave
        self.addCleanup(os.close, slave)
        self.shown = b""
        self.process = subprocess.Popen([CROWTTY, "status", "tcp", address], stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        self.addCleanup(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_until(self, condition, what):
        deadline = time.monotonic() + LIMIT
        while not condition():
            try:
                ready, _, _ = select.select([self.master], [], [], remaining(deadline))
            except TimeoutError as error:
                raise AssertionError(f"no {what} in {self.shown[-3000:]!r}") from error
            if ready:
                self.shown += os.read(self.master, 65536)

    def pages(self):
        return self.shown.split(b"\x1b[H")[1:]

    def check_end(self):
        # What it still writes has to be read, or it cannot end.
        self.wait_until(lambda: b"\x1b[?1049l" in self.shown, "farewell")
        self.assertEqual(self.process.wait(timeout=LIMIT), 0)
        self.assertTrue(self.shown.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"))
        self.assertEqual(termios.tcgetattr(self.slave), self.settings)

    def test_it_is_drawn_in_place_until_q(self):
        with Board() as board:
            self.start(f"{board.address[0]}:{board.address[1]}")
            self.wait_until(lambda: self.shown.count(b"SERVICE ") >= 2, "second snapshot")
            self.assertTrue(self.shown.startswith(b"\x1b[?1049h\x1b[?25l"))
            self.assertNotEqual(termios.tcgetattr(self.slave), self.settings)
            page = self.pages()[-1].decode()
            self.assertRegex(page, r"127\.0\.0\.1:\d+, up ")
            for word in ("TASK", "HEAP OWNER", "forth-3", "idle"):
                self.assertIn(word, page)
            os.write(self.master, b"q")
            self.check_end()

    def test_ctrl_c_and_signals_end_it(self):
        for end in (lambda: os.write(self.master, b"\x03"),
                    lambda: self.process.send_signal(signal.SIGTERM)):
            with self.subTest(), Board() as board:
                self.start(f"{board.address[0]}:{board.address[1]}")
                self.wait_until(lambda: b"SERVICE " in self.shown, "snapshot")
                end()
                self.check_end()

    def test_a_small_terminal_gets_what_fits(self):
        with Board() as board:
            self.start(f"{board.address[0]}:{board.address[1]}", columns=40, rows=12)
            self.wait_until(lambda: b"TASK" in self.shown and len(self.pages()) > 2, "snapshot")
            for page in self.pages()[:-1]:
                lines = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", page).split(b"\r\n")
                self.assertLessEqual(len(lines), 12)
                self.assertLessEqual(max(map(len, lines)), 40)
            self.resize(100, 60)
            self.process.send_signal(signal.SIGWINCH)
            self.wait_until(lambda: b"HEAP OWNER" in self.shown, "larger page")
            os.write(self.master, b"q")
            self.check_end()

    def test_a_target_that_comes_back_is_asked_again(self):
        with Board() as board:
            address = board.address
            self.start(f"{address[0]}:{address[1]}")
            self.wait_until(lambda: b"SERVICE " in self.shown, "snapshot")
        self.wait_until(lambda: b"the connection is lost" in self.shown, "word of the loss")
        self.shown = b""
        with Board("--serial-addr", f"{address[0]}:{address[1]}"):
            self.wait_until(lambda: b"SERVICE " in self.shown, "snapshot of the new one")
            os.write(self.master, b"q")
            self.check_end()


if __name__ == "__main__":
    unittest.main()
