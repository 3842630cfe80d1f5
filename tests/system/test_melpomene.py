#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""Melpomene from outside: its serial line over TCP, its terminal, its options."""

import random
import re
import signal
import socket
import time
import unittest

from melpomene import BIN, Board, TerminalBoard, run
from sermux import LIMIT, frame

FORTH = (10, 11, 12, 13)
HELLO = bytes.fromhex("02 01 08 68 65 6c 6c 6f 0d 0a 00")


class Wire(unittest.TestCase):
    """What a client of the serial line sees."""

    def setUp(self):
        self.board = Board()
        self.addCleanup(self.board.close)

    def connect(self, **kwargs):
        client = self.board.connect(**kwargs)
        self.addCleanup(client.close)
        return client

    def check_forth(self, client):
        """All four shells answer, to questions that are under way at the same time."""
        for port in FORTH:
            client.send(port, b"%d 1000 + .\n" % port)
        for port in FORTH:
            client.wait_for(port, b"%d ok.\n" % (port + 1000))

    def test_loopback_sends_back_every_byte(self):
        client = self.connect()
        client.send(0, bytes(range(256)))
        client.wait_for(0, bytes(range(256)))
        client.send(0, bytes(100))
        client.wait_for(0, bytes(100))

    def test_loopback_of_every_length(self):
        client = self.connect()
        numbers = random.Random(1)
        for length in range(1, 507):
            data = numbers.randbytes(length)
            client.forget(0)
            client.send(0, data)
            client.receive_until(lambda: len(client.got(0)) >= length, f"{length} bytes")
            self.assertEqual(client.got(0), data)

    def test_hello_once_a_second_byte_for_byte(self):
        client = self.connect()
        times = []
        while len(times) < 3:
            client.receive()
            for raw in client.raw:
                if raw.startswith(HELLO[:2]):  # from port 1
                    self.assertEqual(raw, HELLO)
                    times.append(time.monotonic())
            client.raw.clear()
        # The line may deliver late, but never early.
        self.assertGreater(times[2] - times[0], 1.5)

    def test_forth_on_four_ports_at_once(self):
        self.check_forth(self.connect())

    def test_forth_shells_are_independent(self):
        client = self.connect()
        for port in FORTH:
            client.ask(port, f": who {port} ;", b"ok.\n")
        for port in FORTH:
            client.send(port, b"who 7 * .\n")
        for port in FORTH:
            client.wait_for(port, b"%d ok.\n" % (port * 7))
        client.ask(10, "frobnicate", b"? undefined word: frobnicate\n")
        client.ask(11, "5 .", b"5 ok.\n")

    def test_forth_after_megabytes_of_noise(self):
        client = self.connect()
        numbers = random.Random(2)
        for _ in range(64):
            client.send_raw(numbers.randbytes(65536))
            # Some of it may be a frame by chance; nothing may be left standing in the socket.
            client.socket.setblocking(False)
            try:
                while client.socket.recv(65536):
                    pass
            except BlockingIOError:
                pass
        client.send_raw(b"\0")
        self.check_forth(client)
        client.send(0, b"still here")
        client.wait_for(0, b"still here")

    def test_runaway_word_is_stopped_and_others_go_on(self):
        client = self.connect()
        client.ask(10, ": x begin again ; 42 .", b"42 ok.\n")
        client.send(10, b"x\n")
        for _ in range(20):
            client.ask(11, "6 7 * .", b"42 ok.\n")
            client.send(0, b"echo")
            client.wait_for(0, b"echo")
        self.assertEqual(client.got(10), b"")
        client.send(10, b"\x03")
        client.wait_for(10, b"? ")
        client.ask(10, "1 2 + .", b"3 ok.\n")

    def test_flooding_word_is_stopped(self):
        client = self.connect()
        client.ask(12, ': y begin ." wolf " again ; 42 .', b"42 ok.\n")
        client.send(12, b"y\n")
        client.wait_for(12, b"wolf " * 1000)
        client.ask(13, "6 7 * .", b"42 ok.\n")
        client.send(12, b"\x03")
        client.wait_for(12, b"? ")
        client.ask(12, "1 2 + .", b"3 ok.\n")

    def test_bad_lines_are_refused_and_the_next_works(self):
        client = self.connect()
        bad = {
            b"1 " * 400: b"? line too long",
            b"caf\xe9 \xff": b"? ",
            b"\xc3": b"? ",
            b"drop": b"? stack underflow",
        }
        for line, answer in bad.items():
            # In frames that the port has room for, each after the last was taken from there.
            for at in range(0, len(line), 200):
                client.send(10, line[at:at + 200])
                client.send(0, b"echo")
                client.wait_for(0, b"echo")
            client.send(10, b"\n")
            client.wait_for(10, answer)
            client.ask(10, "3 4 + .", b"7 ok.\n")

    def test_frames_for_nobody_do_no_harm(self):
        client = self.connect()
        client.send_raw(frame(4711, b"nobody") + frame(0, b"") + b"\0\0\x05\1\0" + b"\xff" * 5000)
        client.send_raw(b"\0")
        self.check_forth(client)

    def test_second_client_is_refused_politely(self):
        first = self.connect()
        first.send(0, b"first")
        first.wait_for(0, b"first")
        for _ in range(3):
            second = self.connect()
            second.send(0, b"me too")
            while second.receive():
                pass
            self.assertEqual(second.texts,
                             [b"melpomene: another client has this port\r\n"])
            self.assertEqual(second.ports, {})
        first.send(0, b"still first")
        first.wait_for(0, b"still first")


class Reconnect(unittest.TestCase):
    """A client that goes takes nothing with it."""

    def setUp(self):
        self.board = Board()
        self.addCleanup(self.board.close)

    def freeze(self):
        self.board.process.send_signal(signal.SIGSTOP)
        # It is stopped when its parent can see so.
        with open(f"/proc/{self.board.process.pid}/stat", encoding="ascii") as stat:
            deadline = time.monotonic() + LIMIT
            while stat.read().rsplit(")", 1)[1].split()[0] != "T":
                self.assertLess(time.monotonic(), deadline)
                stat.seek(0)

    def thaw(self):
        self.board.process.send_signal(signal.SIGCONT)

    def test_answers_wait_for_the_next_client(self):
        with self.board.connect() as client:
            client.ask(10, ": count 100 0 do i . loop ;", b"ok.\n")
            self.freeze()
            client.send(10, b"count\n")
            client.send(11, b"6 7 * .\n")
        self.thaw()
        with self.board.connect() as client:
            client.wait_for(10, b"".join(b"%d " % i for i in range(100)) + b"ok.\n")
            client.wait_for(11, b"42 ok.\n")

    def test_many_connections_in_a_row(self):
        for i in range(50):
            with self.board.connect() as client:
                client.ask(10, f"{i} .", b"%d ok.\n" % i)

    def test_half_a_frame_does_not_spoil_the_next_client(self):
        for cut in (1, 3, 8):
            with self.board.connect() as client:
                client.send_raw(frame(10, b"1 2 + .\n")[:cut])
            with self.board.connect() as client:
                client.send(0, b"first frame")
                client.wait_for(0, b"first frame")

    def test_whole_frames_after_a_cut_in_the_middle(self):
        # A client that reads a little of much, and leaves. What its socket had taken is gone with
        # it; the next one gets whole frames from there, and every one of them.
        numbers = random.Random(3)
        with self.board.connect() as client:
            client.ask(10, ": lines 0 do i 1000000 + . cr loop ;", b"ok.\n")
            client.send(10, b"400000 lines\n")
        read = 0
        for _ in range(8):
            with self.board.connect(receive_buffer=4096) as client:
                for _ in range(numbers.randrange(1, 20)):
                    client.receive(most=numbers.randrange(1, 3000))
                self.assertEqual(client.texts, [])
                read = self.check_sequence(client, read)
        with self.board.connect() as client:
            client.receive_until(lambda: b"ok.\n" in client.got(10), "the end")
            self.assertEqual(client.texts, [])
            self.assertEqual(self.check_sequence(client, read), 400000)

    def check_sequence(self, client, begin):
        """The numbers that a client got go up by one; the number after the last."""
        # A number may be on both sides of a frame's end, so of the first line only the end counts.
        found = [int(n) - 1000000 for n in re.findall(rb"(?<=\n)(1\d{6}) \n", client.got(10))]
        if not found:
            return begin
        self.assertGreaterEqual(found[0], begin)
        self.assertEqual(found, list(range(found[0], found[0] + len(found))))
        return found[-1] + 1

    def test_without_a_client_the_senders_wait(self):
        with self.board.connect() as client:
            client.ask(10, ": lines 0 do i . cr loop ;", b"ok.\n")
            self.freeze()
            client.send(10, b"20000 lines\n")
        self.thaw()
        # Far more than fits anywhere on the way.
        with self.board.connect() as client:
            client.wait_for(10, b"".join(b"%d \n" % i for i in range(20000)) + b"ok.\n")


class Ending(unittest.TestCase):
    """How it ends, and what it says about options."""

    def check_stops(self, board, number):
        status, errors = board.stop(number)
        self.assertEqual((status, errors), (0, b""))

    def test_signals_end_it_with_status_0(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for terminal in (False, True):
                with self.subTest(number=number, terminal=terminal):
                    with Board(terminal=terminal) as board:
                        self.check_stops(board, number)

    def test_signals_end_it_while_a_word_runs_away(self):
        with Board() as board, board.connect() as client:
            client.ask(10, ": x begin again ;", b"ok.\n")
            client.send(10, b"x\n")
            client.ask(11, "1 .", b"1 ok.\n")
            self.check_stops(board, signal.SIGTERM)

    def test_version_and_help(self):
        for option, expected in (("--version", rb"melpomene \d+\.\d+\.\d+\n"),
                                 ("--help", rb"usage: melpomene (.|\n)*--serial-addr(.|\n)*")):
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertRegex(done.stdout, rb"\A" + expected + rb"\Z")

    def test_a_bad_option_is_named_in_one_line(self):
        cases = {
            ("--frobnicate",): "--frobnicate: unknown option",
            ("file",): "file: unexpected argument",
            ("--headless", "--serial-addr"): "--serial-addr: needs a value",
            ("--headless=yes",): "--headless yes: takes no value",
            ("--display", "wall"): "--display wall: expected window, none or a FILE.png",
            ("--display", "window"): "--display window: not available in this version",
            ("--display", "a.png"): "--display a.png: not available in this version",
            ("--config", "a.toml"): "--config a.toml: not available in this version",
            ("--trace", "loud"): "--trace loud: expected off, error, warn, info, debug or trace",
        }
        for address in ("9999", ":1", "host:", "host:70000", "host:-1", "host:x", "::1:80"):
            cases["--serial-addr", address] = (
                f"--serial-addr {address}: expected HOST:PORT with a port from 0 to 65535")
        for options, expected in cases.items():
            with self.subTest(options=options):
                done = run(*options)
                self.assertEqual((done.returncode, done.stdout, done.stderr.decode()),
                                 (2, b"", f"melpomene: {expected}\n"))

    def test_display_none_is_fine(self):
        with Board("--display", "none") as board:
            self.check_stops(board, signal.SIGTERM)

    def test_an_address_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run("--headless", f"--serial-addr={address}")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertEqual(done.stderr.decode(),
                         f"melpomene: cannot listen on {address}: Address already in use\n")


class Panic(unittest.TestCase):
    """A program that fails an assertion when something arrives on port 99."""

    PROGRAM = str(BIN / "melpomene-panic")
    REPORT = (r"panic: assertion failed: status == MN_EIO{0}"
              r"panic: at \S*melpomene_panic\.c:\d+{0}panic: in task bomb{0}")

    def test_the_report_goes_to_client_and_standard_error(self):
        with Board(program=self.PROGRAM) as board, board.connect() as client:
            client.ask(10, "1 2 + .", b"3 ok.\n")
            client.send(99, b"!")
            while client.receive():
                pass
            self.assertRegex(b"".join(client.texts).decode(),
                             r"\A" + self.REPORT.format(r"\r\n") + r"\Z")
            self.assertTrue(all(len(text) < text[0] for text in client.texts))
            status, errors = board.wait()
        self.assertEqual(status, -signal.SIGABRT)
        self.assertRegex(errors.decode(), r"\A" + self.REPORT.format(r"\n") + r"\Z")

    def test_the_terminal_is_restored_and_shows_the_report(self):
        with TerminalBoard(program=self.PROGRAM) as board:
            board.wait_for("ok.", ">")
            board.type(b"1 2")
            board.wait_for("> 1 2")
            with board.connect() as client:
                client.send(99, b"!")
                self.assertEqual(board.end(), -signal.SIGABRT)
            self.assertEqual(board.settings_now(), board.settings)
            self.assertRegex("\n".join(board.screen.lines()[2:]),
                             r"\A" + self.REPORT.format(r"\n"))


class Pipes(unittest.TestCase):
    """The terminal where nobody types: lines come from a pipe."""

    def answers(self, text):
        done = run("--serial-addr", "127.0.0.1:0", input=text)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = done.stdout.decode().split("\n")
        self.assertRegex(lines[0], r"\Aserial: listening on 127\.0\.0\.1:\d+\Z")
        self.assertEqual(lines[1], "ok.")  # the greeting
        return "\n".join(lines[2:])

    def test_a_line(self):
        self.assertEqual(self.answers(b"2 2 + .\n"), "4 ok.\n")

    def test_a_line_without_an_end(self):
        self.assertEqual(self.answers(b"1 .\n2 2 + ."), "1 ok.\n4 ok.\n")

    def test_nothing(self):
        self.assertEqual(self.answers(b""), "")

    def test_an_error_does_not_end_it(self):
        answer = self.answers(b"frobnicate\n5 .\n")
        self.assertTrue(answer.startswith("? undefined word: frobnicate\n"), answer)
        self.assertTrue(answer.endswith("\n5 ok.\n"), answer)

    def test_many_lines_all_at_once(self):
        lines = "".join(f"{i} {i} * .\n" for i in range(3000))
        self.assertEqual(self.answers(lines.encode()),
                         "".join(f"{i * i} ok.\n" for i in range(3000)))

    def test_a_line_of_every_length_up_to_what_fits(self):
        lengths = range(10, 257)
        lines = [f"{length} .".ljust(length - 3) + "( )" for length in lengths]
        self.assertEqual(self.answers("\n".join(lines + ["\n"]).encode()),
                         "".join(f"{length} ok.\n" for length in lengths) + "ok.\n")

    def test_a_line_that_is_too_long(self):
        answer = self.answers(b"1 " * 3000 + b"\n5 .\n")
        self.assertTrue(answer.startswith("? line too long"), answer)
        self.assertTrue(answer.endswith("\n5 ok.\n"), answer)

    def test_it_waits_for_a_long_calculation(self):
        text = b": slow 0 3000000 0 do i + loop drop ;\nslow 42 .\n"
        self.assertEqual(self.answers(text), "ok.\n42 ok.\n")

    def test_terminal_and_client_share_the_line(self):
        with Board(terminal=True) as board, board.connect() as client:
            board.type(b": shared 77 ;\n")
            board.wait_for(b"ok.\nok.\n")
            client.ask(10, "shared .", b"77 ok.\n")
            board.wait_for(b"77 ok.\n")  # both see what the port says

    def test_a_client_stalled_in_a_frame_does_not_stop_the_terminal(self):
        half = frame(0, b"stalled")
        with Board(terminal=True) as board, board.connect() as client:
            client.ask(11, "1 .", b"1 ok.\n")
            client.send_raw(half[:5])
            board.type(b"6 7 * .\n")
            board.wait_for(b"42 ok.\n")
            # The rest of that frame is dropped; the next one is whole again.
            client.send_raw(half[5:])
            client.send(0, b"well")
            client.wait_for(0, b"well")
            self.assertNotIn(b"stalled", client.got(0))

    def test_frames_of_client_and_terminal_do_not_mix(self):
        numbers = random.Random(4)
        with Board(terminal=True) as board, board.connect() as client:
            sent = b""
            for i in range(200):
                data = numbers.randbytes(numbers.randrange(1, 200))
                raw = frame(0, data)
                cut = numbers.randrange(len(raw))
                client.send_raw(raw[:cut])
                board.type(b"%d .\n" % i)
                client.send_raw(raw[cut:])
                sent += data
                client.receive_until(lambda: len(client.got(0)) >= len(sent), f"frame {i}")
            self.assertEqual(client.got(0), sent)
            board.wait_for(b"199 ok.\n")
            self.assertIn(b"".join(b"%d ok.\n" % i for i in range(200)), board.output)

    def test_terminal_keeps_running_without_a_client(self):
        # Much more output than is kept for a client that may come: it is dropped from the oldest
        # on, and the client is told; to the terminal it all goes.
        with Board(terminal=True) as board:
            board.type(b": lines 0 do i . cr loop ;\n100000 lines\n")
            board.wait_for(b"\n99999 \nok.\n")
            self.assertIn(b"".join(b"%d \n" % i for i in range(100000)), board.output)
            with board.connect() as client:
                client.wait_for(10, b"\n99999 \nok.\n")
                self.assertEqual(len(client.texts), 1)
                self.assertRegex(client.texts[0],
                                 rb"\Amelpomene: \d+ frames dropped while nobody took them\r\n\Z")

    def test_a_client_that_takes_nothing_does_not_stop_the_terminal(self):
        with Board(terminal=True) as board, board.connect(receive_buffer=4096):
            board.type(b": lines 0 do i . cr loop ;\n1000000 lines\n")
            board.wait_for(b"\n999999 \nok.\n")


class Terminal(unittest.TestCase):
    """The terminal where somebody types."""

    def start(self, *options, **kwargs):
        board = TerminalBoard(*options, **kwargs)
        self.addCleanup(board.close)
        board.wait_for("ok.", ">")
        return board

    def check_end(self, board):
        self.assertEqual(board.end(), 0)
        self.assertEqual(board.settings_now(), board.settings)

    def test_a_typed_line(self):
        board = self.start()
        self.assertNotEqual(board.settings_now(), board.settings)
        board.type(b"2 2 + .\r")
        board.wait_for("> 2 2 + .", "4 ok.", ">")
        board.type(b"\x04")
        self.check_end(board)

    def test_editing(self):
        board = self.start()
        left, home, delete = b"\x1b[D", b"\x1b[H", b"\x1b[3~"
        # 1 3 +   ->   1 2 3 +   ->   2 3 + .
        board.type(b"1 3 +" + left * 3 + b"2 " + home + delete * 2 + b"\x05 .x\x7f\r")
        board.wait_for("> 2 3 + .", "5 ok.", ">")
        board.type(b"6 7 wrong\x17* .\r")
        board.wait_for("> 6 7 * .", "42 ok.", ">")

    def test_history(self):
        board = self.start()
        up, down = b"\x1b[A", b"\x1b[B"
        board.type(b"1 .\r")
        board.wait_for("> 1 .", "1 ok.", ">")
        board.type(b"2 .\r")
        board.wait_for("> 2 .", "2 ok.", ">")
        board.type(b"3" + up + up)
        board.wait_for("> 1 .")
        board.type(down + down)
        board.wait_for("> 3")
        board.type(b"\x15" + up + up + b"\r")
        board.wait_for("> 1 .", "1 ok.", ">")

    def test_ctrl_c_stops_a_running_word(self):
        board = self.start()
        board.type(b": x begin again ;\r")
        board.wait_for("> : x begin again ;", "ok.", ">")
        board.type(b"x\r")
        board.wait_for("> x", "")
        board.type(b"\x03")
        board.wait_until(lambda: any(line.startswith("? ") for line in board.screen.lines()),
                         "the error")
        board.type(b"5 .\r")
        board.wait_for("> 5 .", "5 ok.", ">")

    def test_ctrl_c_drops_the_line(self):
        board = self.start()
        board.type(b"1 2 3\x034 .\r")
        board.wait_for("> 1 2 3^C", "> 4 .", "4 ok.", ">")

    def test_ctrl_d_deletes_in_a_line_and_ends_on_an_empty_one(self):
        board = self.start()
        board.type(b"4x .\x1b[D\x1b[D\x1b[D\x04\r")
        board.wait_for("> 4 .", "4 ok.", ">")
        board.type(b"\x04")
        self.check_end(board)

    def test_a_part_of_a_key_does_not_stop_the_board(self):
        board = self.start()
        for part in (b"\x1b", b"\x1b[", b"\x1b[1;", b"\x1bO", b"\xe2\x82", b"\x18"):
            board.type(part)
            with board.connect() as client:
                client.send(0, b"alive")
                client.wait_for(0, b"alive")
            board.type(b"\x15\x7f\x15\r")

    def test_text_that_arrives_does_not_garble_the_line(self):
        board = self.start()
        with board.connect() as client:
            board.type(b"1 2")
            board.wait_for("> 1 2")
            client.ask(10, '3 4 + . cr ." more"', b"ok.\n")
            board.wait_for("ok.", "7", "moreok.", "> 1 2")
            board.type(b" + .\r")
            board.wait_for("7", "moreok.", "> 1 2 + .", "3 ok.", ">")

    def test_unfinished_text_stays_as_it_is(self):
        board = self.start()
        board.type(b': wait ." abc" begin again ;\r')
        board.wait_for('> : wait ." abc" begin again ;', "ok.", ">")
        board.type(b"wait\r")
        board.wait_for("> wait", "abc")
        board.type(b"1 2")
        board.wait_for("> wait", "abc", "> 1 2")
        with board.connect() as client:
            client.send(10, b"\x03")
            board.wait_until(lambda: board.screen.lines()[-1] == "> 1 2" and
                             any(line.startswith("? ") for line in board.screen.lines()),
                             "the error")
        shown = board.screen.lines()
        self.assertRegex(shown[shown.index("abc") + 1], r"\A\? ")

    def test_a_long_line_scrolls(self):
        board = self.start(columns=20)
        board.type(b"1 1 1 1 1 1 1 1 1 1 + + + + + + + + + ")
        board.wait_for(">  + + + + + + + +")
        board.type(b".\r")
        board.wait_for("10 ok.", ">")

    def test_signals_restore_the_terminal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number):
                board = self.start()
                board.process.send_signal(number)
                self.check_end(board)

    def test_a_crash_restores_the_terminal(self):
        board = self.start()
        board.process.send_signal(signal.SIGABRT)
        self.assertEqual(board.end(), -signal.SIGABRT)
        self.assertEqual(board.settings_now(), board.settings)

    def test_suspend_and_continue(self):
        board = self.start()
        board.process.send_signal(signal.SIGSTOP)
        board.process.send_signal(signal.SIGCONT)
        board.type(b"1 .\r")
        board.wait_for("> 1 .", "1 ok.", ">")
        # Without a shell to come back to, Ctrl-Z changes nothing.
        board.type(b"2 .\x1a\r")
        board.wait_for("> 2 .", "2 ok.", ">")
        self.assertNotEqual(board.settings_now(), board.settings)


if __name__ == "__main__":
    unittest.main()
