#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""crowtty against a target that is a few lines of Python: a TCP server, or a pseudo-terminal."""

import os
import pathlib
import pty
import random
import re
import select
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MNEMOS_BIN", ROOT / "build" / "host" / "bin"))
CROWTTY = BIN / "crowtty"

# Far longer than anything takes, so that only a real failure gets there.
LIMIT = 20.0
PORTS = {0: "loopback", 1: "hello", 2: "keyboard", 5: "user",
         10: "forth-0", 11: "forth-1", 12: "forth-2", 13: "forth-3"}
TAG = re.compile(r"^\[( |\d+) \+\d{4,}\.\d{9}s\] (UART| TCP) (TEXT| MUX|DMUX|CONN|KEYB) (.*)$")


def cobs_encode(data):
    """The definition, not the library's way."""
    out = bytearray()
    for index, group in enumerate(data.split(b"\0")):
        while len(group) >= 254:
            out += b"\xff" + group[:254]
            group = group[254:]
        out += bytes([len(group) + 1]) + group
    return bytes(out)


def cobs_decode(data):
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        group = data[at + 1:at + code]
        if code == 0 or len(group) != code - 1:
            raise ValueError("not COBS")
        out += group
        at += code
        if code < 255 and at < len(data):
            out += b"\0"
    return bytes(out)


def frame(port, payload):
    return cobs_encode(port.to_bytes(2, "little") + payload) + b"\0"


def remaining(deadline):
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("nothing happened in time")
    return left


class Target:
    """What crowtty connects to. Keeps what it has received, frame by frame."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.line = None
        self.forget()

    def forget(self):
        self.pending = b""
        self.frames = []

    def accept(self):
        self.server.settimeout(LIMIT)
        self.line, _ = self.server.accept()
        self.line.settimeout(LIMIT)
        self.forget()

    def hang_up(self):
        self.line.close()
        self.line = None

    def close(self):
        if self.line is not None:
            self.line.close()
        self.server.close()

    def send(self, data):
        self.line.sendall(data)

    def recv(self, timeout):
        self.line.settimeout(timeout)
        return self.line.recv(65536)

    def next_frame(self):
        """(port, payload); zero bytes between frames are skipped."""
        deadline = time.monotonic() + LIMIT
        while True:
            while not self.frames:
                data = self.recv(remaining(deadline))
                if not data:
                    raise EOFError("crowtty hung up")
                *done, self.pending = (self.pending + data).split(b"\0")
                self.frames += [cobs_decode(chunk) for chunk in done if chunk]
            chunk = self.frames.pop(0)
            return int.from_bytes(chunk[:2], "little"), chunk[2:]


class PtyTarget(Target):
    """The same at the other end of a serial line, which is found under a name of its own."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "ttyTEST")
        self.master = -1
        self.forget()

    def plug(self):
        self.master, slave = pty.openpty()
        name = os.ttyname(slave)
        # The slave stays open, so that the line does not look unplugged before it is used.
        self.slave = slave
        if os.path.lexists(self.path):
            os.unlink(self.path)
        os.symlink(name, self.path)
        self.forget()

    def unplug(self):
        os.unlink(self.path)
        os.close(self.slave)
        os.close(self.master)
        self.master = -1

    def close(self):
        if self.master >= 0:
            self.unplug()

    def send(self, data):
        while data:
            data = data[os.write(self.master, data):]

    def recv(self, timeout):
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            raise TimeoutError("nothing came over the serial line")
        return os.read(self.master, 65536)


def free_base():
    """A base for which all ports are free right now."""
    for _ in range(200):
        base = random.randrange(20000, 30000)
        held = []
        try:
            for port in PORTS:
                held.append(socket.create_server(("127.0.0.1", base + port)))
            return base
        except OSError:
            continue
        finally:
            for sock in held:
                sock.close()
    raise RuntimeError("no free range of TCP ports")


class Crowtty:
    """A running crowtty, whose output is read line by line with a deadline."""

    def __init__(self, *options, stdin=subprocess.PIPE, env=None, stdout=subprocess.PIPE):
        self.process = subprocess.Popen(
            [CROWTTY, *map(str, options)], stdin=stdin, stdout=stdout,
            stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
        self.unread = b""
        self.lines = []

    def read_line(self, deadline):
        fd = self.process.stdout.fileno()
        while b"\n" not in self.unread:
            ready, _, _ = select.select([fd], [], [], remaining(deadline))
            if ready:
                data = os.read(fd, 65536)
                if not data:
                    raise EOFError(f"crowtty ended after {self.lines[-5:]}")
                self.unread += data
        line, self.unread = self.unread.split(b"\n", 1)
        self.lines.append(line.decode())
        return self.lines[-1]

    def expect(self, pattern):
        """Reads on until a line matches, and returns the match."""
        deadline = time.monotonic() + LIMIT
        seen = []
        try:
            while True:
                seen.append(self.read_line(deadline))
                match = re.search(pattern, seen[-1])
                if match:
                    return match
        except (EOFError, TimeoutError) as error:
            raise AssertionError(f"no line matches {pattern!r} in {seen}") from error

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, (self.unread + (out or b"")).decode(), err.decode()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait(timeout=LIMIT)


class CrowttyTest(unittest.TestCase):
    """Starts targets and crowttys, and ends them whatever happens."""

    def target(self):
        target = Target()
        self.addCleanup(target.close)
        return target

    def crowtty(self, *options, **arguments):
        crowtty = Crowtty(*options, **arguments)
        self.addCleanup(crowtty.end)
        return crowtty

    def connected(self, *options, **arguments):
        """A target with a crowtty that serves its ports."""
        target = self.target()
        base = free_base()
        crowtty = self.crowtty(*options, "--tcp-port-base", base, "tcp", target.port, **arguments)
        target.accept()
        crowtty.expect(r"forth-3 \(mux port 13\)")
        return target, crowtty, base

    def follow(self, crowtty, base, port):
        sock = socket.create_connection(("127.0.0.1", base + port), timeout=LIMIT)
        self.addCleanup(sock.close)
        crowtty.expect(rf"CONN host connected to port {base + port} \(:{port}\)$")
        return sock

    def receive(self, sock, expected):
        sock.settimeout(LIMIT)
        got = b""
        while len(got) < len(expected):
            data = sock.recv(min(65536, len(expected) - len(got)))
            self.assertTrue(data, f"closed after {got[-50:]!r}")
            got += data
        self.assertEqual(got, expected)


class Options(CrowttyTest):
    def run_it(self, *options, **arguments):
        return subprocess.run([CROWTTY, *options], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=LIMIT, check=False, **arguments)

    def test_help_and_version(self):
        result = self.run_it("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for word in ("tcp", "serial", "--baud", "--keyboard-port", "--no-keyboard",
                     "--tcp-port-base", "--verbose", "--version"):
            self.assertIn(word, result.stdout)
        result = self.run_it("--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"^crowtty \d+\.\d+\.\d+\n$")

    def test_bad_command_lines_say_what_is_wrong(self):
        for options, said in [
                ([], "tcp ADDR"),
                (["frobnicate"], "unknown command 'frobnicate'"),
                (["--frobnicate", "tcp"], "unknown option '--frobnicate'"),
                (["-vx", "tcp"], "unknown option '-vx'"),
                (["tcp", "1", "2"], "unexpected argument '2'"),
                (["tcp", "a", "b", "c", "d", "e"], "unexpected argument"),
                (["tcp", "elsewhere"], "'elsewhere' is not an address"),
                (["tcp", "host:"], "'host:' is not an address"),
                (["tcp", ":1"], "':1' is not an address"),
                (["tcp", "1:2:3"], "'1:2:3' is not an address"),
                (["tcp", "0"], "'0' is not an address"),
                (["tcp", "65536"], "'65536' is not an address"),
                (["tcp", "-k"], "-k needs a value"),
                (["-k", "65536", "tcp"], "'65536' is not a mux port"),
                (["--keyboard-port=x", "tcp"], "'x' is not a mux port"),
                (["--tcp-port-base", "0", "tcp"], "'0' is not a TCP port"),
                (["--tcp-port-base", "65523", "tcp"], "65536"),
                (["serial"], "which device"),
                (["--baud", "12345", "serial", "x"], "'12345' is not a speed"),
                (["--baud", "9600", "tcp"], "--baud is for serial lines"),
                (["--once", "tcp"], "--once is for"),
                (["status"], "tcp ADDR"),
                (["status", "--chrome", "f", "tcp"], "--chrome is for"),
                (["status", "status", "tcp"], "unknown command 'status'"),
                (["-t", "loud", "-t", "a=", "tcp"], "'a=' is not a filter"),
                (["--trace=info,kernel=6", "tcp"], "'info,kernel=6' is not a filter"),
                (["-t", "", "tcp"], "'' is not a filter"),
                (["-t", ",".join("abcdefghi"), "tcp"], "at most 8 targets"),
                (["--chrome", "", "tcp"], "--chrome: say which file"),
        ]:
            with self.subTest(options=options):
                result = self.run_it(*options)
                self.assertEqual(result.returncode, 2)
                self.assertEqual(result.stdout, "")
                self.assertRegex(result.stderr, r"^crowtty: [^\n]*\n$")
                self.assertIn(said, result.stderr)

    def test_what_is_not_there_yet_says_so(self):
        for options in (["services", "tcp", "9999"], ["call", "mux", "{}", "tcp", "9999"]):
            with self.subTest(options=options):
                result = self.run_it(*options)
                self.assertEqual(result.returncode, 2)
                self.assertRegex(result.stderr, r"^crowtty: [^\n]*not available in this version")
                self.assertEqual(result.stderr.count("\n"), 1)

    def test_no_target_ends_it_at_once(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        for options in (["tcp", str(port)], ["tcp", f"127.0.0.1:{port}"],
                        ["serial", "/nonexistent/tty"], ["serial", "/dev/null"]):
            with self.subTest(options=options):
                result = self.run_it(*options)
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, r"^crowtty: failed to connect to [^\n]*\n$")
                self.assertEqual(result.stdout, "")

    def test_signals_end_it_with_success(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                _, crowtty, _ = self.connected()
                self.assertEqual(crowtty.stop(number)[0], 0)

    def test_a_pipe_gets_no_colour(self):
        _, crowtty, _ = self.connected()
        _, rest, _ = crowtty.stop()
        self.assertNotIn("\x1b", "".join(crowtty.lines) + rest)

    def test_a_terminal_gets_colour_unless_it_is_declined(self):
        for env, coloured in (({"TERM": "xterm", "NO_COLOR": ""}, True),
                              ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                              ({"TERM": "dumb", "NO_COLOR": ""}, False)):
            with self.subTest(env=env):
                target = self.target()
                master, slave = pty.openpty()
                self.addCleanup(os.close, master)
                self.crowtty("--no-keyboard", "--tcp-port-base", free_base(), "tcp", target.port,
                             stdin=subprocess.DEVNULL, stdout=slave, env=env)
                os.close(slave)
                target.accept()
                shown = b""
                deadline = time.monotonic() + LIMIT
                while b"forth-3" not in shown:
                    select.select([master], [], [], remaining(deadline))
                    shown += os.read(master, 4096)
                self.assertEqual(b"\x1b[" in shown, coloured)


class Ports(CrowttyTest):
    def test_it_says_where_it_listens(self):
        _, crowtty, base = self.connected("--no-keyboard")
        said = {}
        for line in crowtty.lines:
            match = TAG.match(line)
            self.assertTrue(match, line)
            self.assertEqual(match[2], " TCP")
            where = re.fullmatch(r"(\S+) \(mux port (\d+)\) on 127\.0\.0\.1:(\d+)", match[4])
            if where:
                self.assertEqual(match[1], where[2])
                said[int(where[2])] = where[1]
                self.assertEqual(int(where[3]), base + int(where[2]))
        self.assertEqual(said, PORTS)

    def test_each_port_carries_its_bytes_both_ways(self):
        target, crowtty, base = self.connected("--no-keyboard")
        socks = {port: self.follow(crowtty, base, port) for port in PORTS}
        for port, sock in socks.items():
            sent = bytes([0, 1, port, 255]) * 3
            sock.sendall(sent)
            self.assertEqual(target.next_frame(), (port, sent))
            target.send(frame(port, b"to port %d\0" % port))
        for port, sock in socks.items():
            self.receive(sock, b"to port %d\0" % port)

    def test_all_followers_of_a_port_get_all_and_can_send(self):
        target, crowtty, base = self.connected("--no-keyboard")
        socks = [self.follow(crowtty, base, 10) for _ in range(3)]
        other = self.follow(crowtty, base, 11)
        target.send(frame(10, b"for all three") + frame(11, b"not for them"))
        for sock in socks:
            self.receive(sock, b"for all three")
        self.receive(other, b"not for them")
        for index, sock in enumerate(socks):
            sock.sendall(b"from %d" % index)
            self.assertEqual(target.next_frame(), (10, b"from %d" % index))
        socks[0].close()
        crowtty.expect(rf"host disconnected from port {base + 10} \(:10\)")
        target.send(frame(10, b"for two"))
        for sock in socks[1:]:
            self.receive(sock, b"for two")

    def test_a_backlog_waits_for_the_first_follower(self):
        target, crowtty, base = self.connected("-v", "--no-keyboard")
        data = random.Random(1).randbytes(200000)
        for at in range(0, len(data), 250):
            target.send(frame(1, data[at:at + 250]))
        target.send(frame(0, b"last"))
        crowtty.expect(r"^\[0 .*DMUX 4 bytes")
        sock = self.follow(crowtty, base, 1)
        crowtty.expect(rf"CONN {len(data) - 65536} older bytes were dropped")
        self.receive(sock, data[-65536:])
        second = self.follow(crowtty, base, 1)
        target.send(frame(1, b"new"))
        self.receive(sock, b"new")
        self.receive(second, b"new")

    def test_a_follower_that_does_not_read_is_let_go(self):
        target, crowtty, base = self.connected("--no-keyboard")
        with socket.socket() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.connect(("127.0.0.1", base + 1))
            crowtty.expect("host connected")
            eager = self.follow(crowtty, base, 1)
            data = random.Random(2).randbytes(250 * 400)
            burst = b"".join(frame(1, data[at:at + 250]) for at in range(0, len(data), 250))
            # 40 MB at most: far more than the operating system takes for somebody who does not read.
            for _ in range(400):
                target.send(burst)
                self.receive(eager, data)
                ready, _, _ = select.select([crowtty.process.stdout], [], [], 0)
                if ready:
                    break
            crowtty.expect(r"host disconnected .*does not read")
        target.send(frame(1, b"still here"))
        self.receive(eager, b"still here")

    def test_a_port_that_is_taken_is_reported_and_the_others_go_on(self):
        target = self.target()
        base = free_base()
        with socket.create_server(("127.0.0.1", base + 1)):
            crowtty = self.crowtty("--no-keyboard", "--tcp-port-base", base, "tcp", target.port)
            target.accept()
            crowtty.expect(r"forth-3 \(mux port 13\)")
            sock = self.follow(crowtty, base, 0)
            sock.sendall(b"works")
            self.assertEqual(target.next_frame(), (0, b"works"))
            status, _, errors = crowtty.stop()
        self.assertEqual(status, 0)
        self.assertIn(f"hello (mux port 1) cannot be followed at 127.0.0.1:{base + 1}", errors)
        self.assertEqual(errors.count("\n"), 1)

    def test_if_all_are_taken_it_fails(self):
        target = self.target()
        base = free_base()
        held = [socket.create_server(("127.0.0.1", base + port)) for port in PORTS]
        for sock in held:
            self.addCleanup(sock.close)
        crowtty = self.crowtty("--tcp-port-base", base, "tcp", target.port)
        _, errors = crowtty.process.communicate(timeout=LIMIT)
        self.assertEqual(crowtty.process.returncode, 1)
        self.assertEqual(errors.count(b"cannot be followed"), len(PORTS))

    def test_followers_beyond_the_limit_are_refused(self):
        _, crowtty, base = self.connected("--no-keyboard")
        socks = [self.follow(crowtty, base, 5) for _ in range(64)]
        with socket.create_connection(("127.0.0.1", base + 5), timeout=LIMIT) as extra:
            crowtty.expect("refused a host")
            self.assertEqual(extra.recv(1), b"")
        socks[7].close()
        crowtty.expect("host disconnected")
        self.follow(crowtty, base, 5)

    def test_megabytes_pass_in_both_directions(self):
        target, crowtty, base = self.connected("--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        data = random.Random(3).randbytes(500000)
        start = time.monotonic()
        sent = b"".join(frame(0, data[at:at + 256]) for at in range(0, len(data), 256))
        target.send(sent)
        self.receive(sock, data)
        sock.sendall(data)
        got = b""
        while len(got) < len(data):
            port, payload = target.next_frame()
            self.assertEqual(port, 0)
            self.assertLessEqual(len(payload), 128)
            got += payload
        self.assertEqual(got, data)
        # A pause of 10 ms per 256 bytes, as there once was, would take 20 s for half of it.
        self.assertLess(time.monotonic() - start, 10)


class Keyboard(CrowttyTest):
    def type_in(self, crowtty, data):
        crowtty.process.stdin.write(data)
        crowtty.process.stdin.flush()

    def test_each_line_is_a_frame_for_port_2(self):
        target, crowtty, _ = self.connected()
        crowtty.expect(r"KEYB pseudo-keyboard \(mux port 2\) reads standard input")
        self.type_in(crowtty, b"1 2 + .\nwo")
        self.assertEqual(target.next_frame(), (2, b"1 2 + .\n"))
        self.type_in(crowtty, "rds\n\nμ\n".encode())
        self.assertEqual(target.next_frame(), (2, b"words\n"))
        self.assertEqual(target.next_frame(), (2, b"\n"))
        self.assertEqual(target.next_frame(), (2, "μ\n".encode()))

    def test_the_port_can_be_chosen(self):
        for option in (["-k", "10"], ["-k10"], ["--keyboard-port", "10"],
                       ["--keyboard-port=10"]):
            with self.subTest(option=option):
                target, crowtty, _ = self.connected(*option)
                self.type_in(crowtty, b"x\n")
                self.assertEqual(target.next_frame(), (10, b"x\n"))

    def test_long_lines_are_split(self):
        target, crowtty, _ = self.connected()
        line = random.Random(4).randbytes(5000).replace(b"\n", b"\0") + b"\n"
        self.type_in(crowtty, line)
        got = b""
        while len(got) < len(line):
            port, payload = target.next_frame()
            self.assertEqual(port, 2)
            self.assertLessEqual(len(frame(2, payload)), 512)
            got += payload
        self.assertEqual(got, line)

    def test_the_end_of_input_sends_the_rest_and_nothing_more(self):
        target, crowtty, base = self.connected()
        self.type_in(crowtty, b"no newline")
        crowtty.process.stdin.close()
        crowtty.process.stdin = None
        self.assertEqual(target.next_frame(), (2, b"no newline"))
        crowtty.expect("KEYB end of standard input")
        # What comes next is this, and not empty frames.
        sock = self.follow(crowtty, base, 0)
        sock.sendall(b"next")
        self.assertEqual(target.next_frame(), (0, b"next"))
        self.assertEqual(crowtty.stop()[0], 0)

    def test_without_it_standard_input_is_left_alone(self):
        target, crowtty, base = self.connected("--no-keyboard")
        self.type_in(crowtty, b"ignored\n")
        sock = self.follow(crowtty, base, 0)
        sock.sendall(b"only this")
        self.assertEqual(target.next_frame(), (0, b"only this"))
        self.assertFalse(any("KEYB" in line for line in crowtty.lines))


class Text(CrowttyTest):
    def texts(self, crowtty, count):
        return [crowtty.expect(r" TCP TEXT (.*)$")[1] for _ in range(count)]

    def test_text_between_frames_is_shown_by_lines(self):
        target, crowtty, base = self.connected("--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        target.send(frame(0, b"a") + b"\0panic: out of cheese\r\nat line 7\r\n\0" + frame(0, b"b"))
        self.assertEqual(self.texts(crowtty, 2), ["panic: out of cheese", "at line 7"])
        self.receive(sock, b"ab")
        self.assertTrue(TAG.match(crowtty.lines[-1]))
        self.assertTrue(crowtty.lines[-1].startswith("[  +"))

    def test_text_without_any_zero_is_shown_when_the_line_is_quiet(self):
        target, crowtty, _ = self.connected("--no-keyboard")
        target.send("boot: ünïcode ok\r\nno newline yet".encode())
        self.assertEqual(self.texts(crowtty, 2), ["boot: ünïcode ok", "no newline yet"])
        target.send(b"more\n")
        self.assertEqual(self.texts(crowtty, 1), ["more"])

    def test_text_that_is_a_frame_by_chance_is_text(self):
        target, crowtty, base = self.connected("--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        # A space is 32: the code of a group of 31 bytes, which end the text.
        text = b" " + b"x" * 31
        cobs_decode(text)
        target.send(text + b"\0" + frame(0, b"!"))
        self.assertEqual(self.texts(crowtty, 1), [text.decode()])
        self.receive(sock, b"!")

    def test_a_long_text_without_pause_is_shown_whole(self):
        target, crowtty, _ = self.connected("--no-keyboard")
        lines = [f"line {number} of a long boot log" for number in range(6000)]
        target.send("\r\n".join(lines).encode() + b"\r\n\0")
        self.assertEqual(self.texts(crowtty, len(lines)), lines)

    def test_a_line_without_end_is_shown_in_pieces(self):
        target, crowtty, _ = self.connected("--no-keyboard")
        text = "äöü€𝄞" * 1000
        target.send(text.encode() + b"\0")
        shown = ""
        while len(shown) < len(text):
            shown += self.texts(crowtty, 1)[0]
        self.assertEqual(shown, text)

    def test_control_characters_do_not_reach_the_terminal(self):
        target, crowtty, _ = self.connected("--no-keyboard")
        target.send(b"\0\x1b[2Jcolour\ttab\0")
        self.assertEqual(self.texts(crowtty, 1), ["\\x1b[2Jcolour\ttab"])

    def test_what_is_neither_frame_nor_text_is_told(self):
        target, crowtty, base = self.connected("-v", "--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        target.send(b"\x64\x02\x03\0" + b"\x02\x03\x01\0" + b"\xff\xfe\xfd\0" + b"\0\0\0" +
                    frame(0, b"fine"))
        crowtty.expect(r"DMUX ERR! Bad decode!")
        crowtty.expect(r"DMUX ERR! bonus data\? \[0x02, 0x03, 0x01, 0x00\]")
        crowtty.expect(r"DMUX ERR! Bad decode!")
        self.receive(sock, b"fine")
        status, rest, _ = crowtty.stop()
        self.assertEqual(status, 0)
        # The zero bytes alone are not an error.
        self.assertEqual(len([line for line in crowtty.lines if "ERR!" in line]), 3)
        self.assertRegex(rest, r"DMUX 1 frames, 3 flushes; not frames: 2 malformed, 1 without pay")

    def test_frames_for_ports_that_are_not_mapped_are_told_once(self):
        target, crowtty, base = self.connected("--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        target.send(3 * frame(4, b"\x00\x01\x02") + 3 * frame(77, b"\x01") + frame(0, b"!"))
        self.receive(sock, b"!")
        target.send(b"\0the end\0")
        crowtty.expect("TEXT the end")
        said = [line for line in crowtty.lines if "DMUX" in line]
        self.assertEqual(len(said), 2)
        self.assertRegex(said[0], r"^\[4 .*not mapped")
        self.assertRegex(said[1], r"^\[77 .*not mapped")

    def test_megabytes_of_garbage_do_no_harm(self):
        target, crowtty, base = self.connected("--no-keyboard")
        sock = self.follow(crowtty, base, 10)
        rng = random.Random(5)
        for chunk in range(20):
            garbage = rng.randbytes(100000)
            if chunk % 2:
                garbage = garbage.replace(b"\0", b"\1")  # longer than any frame
            end = b"alive %d" % chunk
            target.send(garbage + b"\0" + frame(10, end))
            # Garbage may hold frames for this port by chance, so only the end counts. What crowtty
            # says about it is read as well, or it would wait for us.
            got = b""
            while not got.endswith(end):
                ready, _, _ = select.select([sock, crowtty.process.stdout], [], [], LIMIT)
                self.assertTrue(ready)
                if crowtty.process.stdout in ready:
                    self.assertTrue(os.read(crowtty.process.stdout.fileno(), 65536))
                if sock in ready:
                    data = sock.recv(65536)
                    self.assertTrue(data)
                    got += data


class Reconnect(CrowttyTest):
    def test_followers_stay_while_the_target_comes_and_goes(self):
        target, crowtty, base = self.connected()
        sock = self.follow(crowtty, base, 10)
        for number in range(3):
            target.hang_up()
            crowtty.expect(rf"CONN lost 127\.0\.0\.1:{target.port} .*again")
            sock.sendall(b"while away %d" % number)
            target.accept()
            crowtty.expect(rf"CONN connected to 127\.0\.0\.1:{target.port}")
            self.assertEqual(target.next_frame(), (10, b"while away %d" % number))
            target.send(frame(10, b"back %d" % number))
            self.receive(sock, b"back %d" % number)
        self.assertEqual(crowtty.stop()[0], 0)

    def test_each_connection_begins_with_a_zero_byte(self):
        target, crowtty, base = self.connected("--no-keyboard")
        for _ in range(2):
            # Only then has the target done with what the client before us sent.
            self.assertEqual(target.recv(LIMIT), b"\0")
            target.hang_up()
            target.accept()
        sock = self.follow(crowtty, base, 0)
        sock.sendall(b"!")
        self.assertEqual(target.next_frame(), (0, b"!"))

    def test_half_a_frame_is_forgotten_with_its_connection(self):
        target, crowtty, base = self.connected("--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        target.send(frame(0, b"\1\2\3 never finished")[:-4])
        target.send(b"")
        target.hang_up()
        crowtty.expect("CONN lost")
        target.accept()
        target.send(frame(0, b"whole"))
        self.receive(sock, b"whole")

    def test_a_target_that_is_away_for_long_is_waited_for(self):
        target, crowtty, base = self.connected("-v", "--no-keyboard")
        sock = self.follow(crowtty, base, 0)
        target.server.close()
        target.hang_up()
        crowtty.expect("CONN lost")
        for _ in range(3):
            crowtty.expect("no connection to .*refused")
        target.server = socket.create_server(("127.0.0.1", target.port))
        target.accept()
        sock.sendall(b"hello again")
        self.assertEqual(target.next_frame(), (0, b"hello again"))

    def test_a_target_that_always_hangs_up_is_not_called_too_often(self):
        target, crowtty, _ = self.connected("--no-keyboard")
        times = []
        for _ in range(4):
            target.hang_up()
            target.accept()
            times.append(time.monotonic())
        # 100 ms, doubled each time; the first is not counted.
        self.assertGreater(times[-1] - times[0], 1.0)


class Serial(CrowttyTest):
    def plugged(self, *options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        target = PtyTarget(folder.name)
        self.addCleanup(target.close)
        target.plug()
        base = free_base()
        crowtty = self.crowtty("--no-keyboard", "--tcp-port-base", base, *options,
                               "serial", target.path)
        crowtty.expect(r"UART CONN connected to .*/ttyTEST")
        crowtty.expect(r"forth-3 \(mux port 13\)")
        return target, crowtty, base

    def test_all_byte_values_pass_both_ways(self):
        target, crowtty, base = self.plugged()
        sock = self.follow(crowtty, base, 0)
        every = bytes(range(256)) * 3
        target.send(b"".join(frame(0, every[at:at + 64]) for at in range(0, len(every), 64)))
        self.receive(sock, every)
        sock.sendall(every)
        got = b""
        while len(got) < len(every):
            port, payload = target.next_frame()
            self.assertEqual(port, 0)
            got += payload
        self.assertEqual(got, every)

    def test_the_speed_is_set(self):
        for options, speed in (([], termios.B115200), (["--baud", "9600"], termios.B9600)):
            with self.subTest(options=options):
                target, _, _ = self.plugged(*options)
                attributes = termios.tcgetattr(target.slave)
                self.assertEqual(attributes[4:6], [speed, speed])

    def test_text_is_shown(self):
        target, crowtty, _ = self.plugged()
        target.send(b"U-Boot SPL\r\n")
        crowtty.expect("UART TEXT U-Boot SPL$")

    def test_an_unplugged_line_is_opened_again(self):
        target, crowtty, base = self.plugged()
        sock = self.follow(crowtty, base, 0)
        for number in range(2):
            target.unplug()
            crowtty.expect("CONN lost .*/ttyTEST")
            target.plug()
            crowtty.expect("CONN connected to .*/ttyTEST")
            sock.sendall(b"plugged %d" % number)
            self.assertEqual(target.next_frame(), (0, b"plugged %d" % number))


if __name__ == "__main__":
    unittest.main(verbosity=2)
