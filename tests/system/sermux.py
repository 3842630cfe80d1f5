# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""The serial mux's wire format, written from its definition and not from the library, and a client
that speaks it over TCP."""

import socket
import time

# Far longer than anything takes, so that only a real failure gets there.
LIMIT = 20.0


def cobs_encode(data):
    out = bytearray()
    for group in data.split(b"\0"):
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


class Client:
    """The other end of a board's serial line. Everything received is sorted: `ports[n]` has the
    bytes that came from port n, `texts` what stood between frames, `raw` the frames as they came.
    """

    def __init__(self, address, receive_buffer=None):
        self.ports = {}
        self.texts = []
        self.raw = []
        self.pending = b""
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(LIMIT)
        self.socket.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, port, payload):
        self.socket.sendall(frame(port, payload))

    def send_raw(self, data):
        self.socket.settimeout(LIMIT)
        self.socket.sendall(data)

    def got(self, port):
        return bytes(self.ports.get(port, b""))

    def forget(self, port):
        self.ports.pop(port, None)

    def receive(self, timeout=LIMIT, most=65536):
        """Take what comes next. False at the end of the connection."""
        self.socket.settimeout(timeout)
        data = self.socket.recv(most)
        *frames, self.pending = (self.pending + data).split(b"\0")
        for raw in frames:
            self.sort(raw)
        return bool(data)

    def sort(self, raw):
        if not raw:
            return
        self.raw.append(raw + b"\0")
        try:
            decoded = cobs_decode(raw)
        except ValueError:
            self.texts.append(raw)
            return
        port = int.from_bytes(decoded[:2], "little")
        self.ports.setdefault(port, bytearray()).extend(decoded[2:])

    def receive_until(self, condition, what, limit=LIMIT):
        """Receive until condition() is true."""
        deadline = time.monotonic() + limit
        while not condition():
            try:
                if not self.receive(remaining(deadline)):
                    raise EOFError(f"the board hung up before {what}")
            except TimeoutError:
                raise TimeoutError(f"waited in vain for {what}; got {self.ports}, "
                                   f"{self.texts}") from None

    def wait_for(self, port, expected):
        """Receive until `expected` is in what came from the port; forget all up to its end."""
        self.receive_until(lambda: expected in self.got(port), f"{expected!r} from port {port}")
        buffer = self.ports[port]
        del buffer[:buffer.index(expected) + len(expected)]

    def ask(self, port, line, expected):
        """Send a line to a Forth shell and wait for (the end of) its answer."""
        self.send(port, line.encode() + b"\n")
        self.wait_for(port, expected)
