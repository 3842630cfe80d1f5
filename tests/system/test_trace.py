#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""The trace from end to end: Melpomene, crowtty, and an independent CBOR decoder."""

import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import cbor2

from test_crowtty import (BIN, LIMIT, ROOT, Crowtty, cobs_decode, cobs_encode, frame, free_base,
                          remaining)

CROWTTY = BIN / "crowtty"
MELPOMENE = BIN / "melpomene"


def items(message):
    """The items of a CBOR sequence."""
    stream = io.BytesIO(message)
    decoder = cbor2.CBORDecoder(stream)
    found = []
    while stream.tell() < len(message):
        found.append(decoder.decode())
    return found


class Melpomene:
    def __init__(self, port=0, *options):
        self.process = subprocess.Popen(
            [MELPOMENE, "--headless", "--serial-addr", f"127.0.0.1:{port}", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().decode().rsplit(":", 1)[1])

    def kill(self):
        self.process.kill()
        self.process.communicate()


class TraceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def melpomene(self, *arguments):
        target = Melpomene(*arguments)
        self.addCleanup(target.kill)
        return target

    def crowtty(self, target, *options):
        base = free_base()
        crowtty = Crowtty("--no-keyboard", "--tcp-port-base", base, *options, "tcp", target.port)
        self.addCleanup(crowtty.end)
        crowtty.base = base
        return crowtty

    def say(self, crowtty, text):
        """A line for the first Forth shell; waits for the answer."""
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                shell = socket.create_connection(("127.0.0.1", crowtty.base + 10), timeout=LIMIT)
                break
            except ConnectionRefusedError:
                self.assertGreater(remaining(deadline), 0)
                time.sleep(0.05)
        with shell:
            shell.sendall(text.encode() + b'\n." do" ." ne!"\n')
            answer = b""
            while b"done!" not in answer:
                answer += shell.recv(4096)
        return answer


class Wire(TraceTest):
    def test_vectors_are_what_an_independent_encoder_makes(self):
        text = (ROOT / "tests/unit/trace_vectors.txt").read_text(encoding="utf-8")
        vectors = re.findall(r"^items: (.*)\ncbor: (.*)\nframe: (.*)$", text, re.MULTILINE)
        self.assertGreaterEqual(len(vectors), 20)
        for said, cbor, sent in vectors:
            cbor, sent = bytes.fromhex(cbor), bytes.fromhex(sent)
            self.assertEqual(items(cbor), json.loads(said))
            self.assertEqual(sent, cobs_encode(cbor) + b"\0")

    def test_an_independent_decoder_understands_a_target(self):
        target = self.melpomene(0, "--trace", "debug")
        line = socket.create_connection(("127.0.0.1", target.port), timeout=LIMIT)
        self.addCleanup(line.close)
        line.sendall(frame(3, cobs_encode(cbor2.dumps(4) + cbor2.dumps(4711)) + b"\0"))
        sites, tasks, seen, stream, pending = {}, {}, [], b"", b""
        while [-6, 4711] not in seen or [-1, 1] not in [m[:2] for m in seen]:
            *frames, pending = (pending + line.recv(65536)).split(b"\0")
            for chunk in map(cobs_decode, filter(None, frames)):
                if chunk[:2] == b"\3\0":
                    stream += chunk[2:]
            *messages, stream = stream.split(b"\0")
            for message in map(items, map(cobs_decode, filter(None, messages))):
                seen.append(message)
                if message[0] == -2:
                    sites[message[1]] = message
                elif message[0] == -4 and len(message) == 3:
                    tasks[message[1]] = message[2]
                elif message[0] > 0:
                    # Explained before it is used, with a value for each field.
                    fields = sites[message[0]][8]
                    self.assertEqual(len(message) - 2 - (sites[message[0]][2] != 0), len(fields))
        # What happened before anybody listened has been kept.
        self.assertIn("mux commands", tasks.values())
        registered = [m for m in seen if m[0] > 0 and sites[m[0]][5] == "service registered"]
        self.assertIn("serial mux", [m[2] for m in registered])


class Levels(TraceTest):
    def test_the_host_says_what_is_recorded(self):
        target = self.melpomene()
        quiet = self.crowtty(target, "-t", "warn")
        quiet.expect(r"BEAT the target records warn$")
        _, out, _ = quiet.stop()
        self.assertNotIn("INFO", out)
        # Another host, another level, on the same running target.
        loud = self.crowtty(target, "-t", "info,kernel=trace,forth=debug")
        loud.expect(r"BEAT the target records info,kernel=trace,forth=debug$")
        loud.expect(r"TRCE [\d:.]+ \+\S+ \[hello\] kernel: poll took \d")
        self.say(loud, "1 2 + .")
        loud.expect(r"DBUG .* \[forth-0\] line\{bytes=7\}: forth: SPAN \(\d{4}\)$")
        loud.expect(r"DBUG .* \[forth-0\] line\{bytes=7\}: forth:  END \(\d{4}\): [\d.]+[num]?s$")
        self.assertIn(b"frobnicate", self.say(loud, "frobnicate"))
        loud.expect(r'INFO .* line\{bytes=10\}: forth: line failed, reason="MN_EFAILED"$')

    def test_a_late_host_gets_every_call_site(self):
        target = self.melpomene()
        for _ in range(3):
            crowtty = self.crowtty(target, "-t", "kernel=trace")
            crowtty.expect(r"\[hello\] kernel: poll took")
            crowtty.process.send_signal(signal.SIGKILL)
            crowtty.process.wait()
            # What was on its way to the host before is not explained again; what follows is.
            asked = next(at for at, line in enumerate(crowtty.lines) if " BEAT " in line)
            after = [line for line in crowtty.lines[asked:] if "poll took" in line]
            self.assertTrue(after)
            self.assertNotIn("unknown", "".join(crowtty.lines[crowtty.lines.index(after[0]):]))


class Restart(TraceTest):
    def test_a_reset_target_is_noticed(self):
        target = self.melpomene()
        chrome = self.folder / "reset.json"
        crowtty = self.crowtty(target, "-t", "debug", "--chrome", chrome)
        crowtty.expect("BEAT the target records debug")
        # A line that never ends is a span that is open when the target goes.
        shell = socket.create_connection(("127.0.0.1", crowtty.base + 10), timeout=LIMIT)
        self.addCleanup(shell.close)
        shell.sendall(b": forever begin again ; forever\n")
        crowtty.expect(r"\[forth-0\] line\{bytes=31\}: forth: SPAN")
        target.kill()
        crowtty.expect("CONN lost")
        again = self.melpomene(target.port)
        self.assertEqual(again.port, target.port)
        crowtty.expect(r"\[forth-0\] line\{bytes=31\}: forth:  CUT")
        crowtty.expect("BEAT the target was reset")
        crowtty.expect("BEAT the target records debug")
        crowtty.stop(signal.SIGINT)
        check_chrome(self, chrome)


class Export(TraceTest):
    def test_json_lines(self):
        target = self.melpomene(0, "--trace", "debug")
        crowtty = self.crowtty(target, "--json", "-t", "debug")
        crowtty.expect('"type":"heartbeat"')
        self.say(crowtty, "frobnicate")
        crowtty.expect('"message":"line failed"')
        crowtty.expect('"type":"exit"')
        status, rest, err = crowtty.stop(signal.SIGINT)
        self.assertEqual((status, err), (0, ""))
        lines = [json.loads(line) for line in crowtty.lines + rest.splitlines()]
        failed = next(line for line in lines if line.get("message") == "line failed")
        self.assertEqual((failed["level"], failed["target"], failed["task"]),
                         ("info", "forth", "forth-0"))
        self.assertEqual(failed["fields"], {"reason": "MN_EFAILED"})
        self.assertEqual(failed["spans"][0]["name"], "line")
        self.assertEqual(failed["file"], "services/forth_shell.c")
        times = [line["time"] for line in lines if line["type"] != "heartbeat"]
        self.assertEqual(times, sorted(times))

    def test_the_timeline_is_valid_at_any_time(self):
        target = self.melpomene(0, "--trace", "debug")
        chrome = self.folder / "t.json"
        crowtty = self.crowtty(target, "-t", "debug,kernel=trace", "--chrome", chrome)
        crowtty.expect(r"\[hello\] kernel: poll took")
        self.say(crowtty, "1 2 + .")
        crowtty.expect(r"forth:  END")
        for _ in range(20):
            json.loads(chrome.read_text(encoding="utf-8"))
        status, _, _ = crowtty.stop(signal.SIGINT)
        self.assertEqual(status, 0)
        events = check_chrome(self, chrome)
        names = {event["args"]["name"] for event in events if event["ph"] == "M"}
        self.assertLessEqual({"target", "processor", "hello", "forth-0"}, names)
        spans = [event for event in events if event["ph"] == "B" and event["name"] == "line"]
        self.assertEqual(spans[0]["args"]["bytes"], 7)
        polls = [e for e in events if e["ph"] == "B" and e["name"] == "hello"]
        self.assertTrue(polls)

    def test_a_file_that_cannot_be_written(self):
        result = subprocess.run([CROWTTY, "--chrome", "/nonexistent/t.json", "tcp", "1"],
                                capture_output=True, text=True, timeout=LIMIT, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^crowtty: --chrome: cannot write [^\n]*\n$")


def check_chrome(test, path):
    """The rules of the Trace Event Format that matter to its viewers."""
    events = json.loads(path.read_text(encoding="utf-8"))
    test.assertIsInstance(events, list)
    stacks, last = {}, {}
    for event in events:
        test.assertIn(event["ph"], "BEiM")
        test.assertIsInstance(event["pid"], int)
        test.assertIsInstance(event["tid"], int)
        test.assertIsInstance(event["ts"], (int, float))
        thread = event["tid"]
        if event["ph"] == "M":
            test.assertIn(event["name"], ("process_name", "thread_name"))
            test.assertIsInstance(event["args"]["name"], str)
            continue
        test.assertGreaterEqual(event["ts"], last.get(thread, 0))
        last[thread] = event["ts"]
        stack = stacks.setdefault(thread, [])
        if event["ph"] == "B":
            test.assertTrue(event["name"])
            stack.append(event["name"])
        elif event["ph"] == "E":
            test.assertTrue(stack, event)
            begun = stack.pop()
            test.assertEqual(event.get("name", begun), begun)
        else:
            test.assertIn(event["s"], "tgp")
    test.assertFalse(any(stacks.values()), stacks)
    return events


if __name__ == "__main__":
    os.environ.setdefault("TERM", "dumb")
    unittest.main(verbosity=2)
