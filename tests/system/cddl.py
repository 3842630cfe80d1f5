# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""As much of CDDL (RFC 8610) as docs/status.cddl uses: choices, arrays, ranges, sizes."""

import re

TOKEN = re.compile(r"\s*(?:;[^\n]*\n\s*)*([A-Za-z_][\w]*|\.\.|\.size|\d+|[=/\[\],:()])")


class Schema:
    """Rules by name; see `fits`."""

    def __init__(self, text):
        self.tokens = []
        at, text = 0, re.sub(r";[^\n]*", "", text).rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise ValueError(f"cannot read {text[at:at + 40]!r}")
            self.tokens.append(found[1])
            at = found.end()
        self.rules = {}
        while self.tokens:
            name = self.take()
            self.expect("=")
            self.rules[name] = self.choice()

    def take(self):
        return self.tokens.pop(0)

    def expect(self, token):
        if self.take() != token:
            raise ValueError(f"expected {token} before {self.tokens[:5]}")

    def at(self, token, ahead=0):
        return len(self.tokens) > ahead and self.tokens[ahead] == token

    def choice(self):
        options = [self.type()]
        while self.at("/"):
            self.take()
            options.append(self.type())
        return options[0] if len(options) == 1 else ("choice", options)

    def bounds(self):
        least = most = int(self.take())
        if self.at(".."):
            self.take()
            most = int(self.take())
        return least, most

    def type(self):
        if self.at("["):
            return self.array()
        if self.tokens[0].isdigit():
            return ("range", *self.bounds())
        name = self.take()
        if not self.at(".size"):
            return ("name", name)
        self.take()
        grouped = self.at("(")
        if grouped:
            self.take()
        size = self.bounds()
        if grouped:
            self.expect(")")
        return ("size", name, *size)

    def array(self):
        members = []
        self.expect("[")
        while not self.at("]"):
            if self.at(":", 1):
                self.take()
                self.take()
            members.append(self.choice())
            if self.at(","):
                self.take()
        self.take()
        return ("array", members)

    def fits(self, name, value):
        """Whether a value is what the rule of that name describes."""
        return self.matches(self.rules[name], value)

    def matches(self, rule, value):
        kind = rule[0]
        if kind == "choice":
            return any(self.matches(option, value) for option in rule[1])
        if kind == "array":
            return (isinstance(value, list) and len(value) == len(rule[1]) and
                    all(self.matches(member, item) for member, item in zip(rule[1], value)))
        if kind == "range":
            return type(value) is int and rule[1] <= value <= rule[2]
        if kind == "size":
            size = len(value.encode()) if isinstance(value, str) else \
                len(value) if isinstance(value, bytes) else -1
            return self.primitive(rule[1], value) and rule[2] <= size <= rule[3]
        return self.fits(rule[1], value) if rule[1] in self.rules else \
            self.primitive(rule[1], value)

    @staticmethod
    def primitive(name, value):
        return {"uint": type(value) is int and 0 <= value < 2 ** 64,
                "bool": isinstance(value, bool),
                "tstr": isinstance(value, str),
                "bstr": isinstance(value, bytes)}[name]
