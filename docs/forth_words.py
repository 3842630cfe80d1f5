#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""Every Forth word, with its help line, from the tables in the C sources that define the words.

usage: forth_words.py FILE      write the page of the book
       forth_words.py --tsv     where, set, name and help, one word a line
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STRING = r'"((?:[^"\\]|\\.)*)"'
TABLE = re.compile(r"static const mn_forth_word_t (\w+)\[\] = \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
SET = re.compile(r"^(?:static )?const mn_forth_words_t (\w+) = \{(\w+),[^,]*,\s*(\d+),\s*" + STRING,
                 re.MULTILINE)
WORD = re.compile(r"(?:MN_FORTH_WORD|FNF?|OPW|WORD)\(\s*" + STRING + r"[^\"]*?,\s*((?:" + STRING + r"\s*)+)\)")
OP = re.compile(r"X\(\w+, " + STRING + r", .*?, " + STRING + r"\)")

PLACES = [
    ("core", "Every VM", "libmnemos/forth",
     "These words are in every VM, but the floating-point words only where the host has added them, "
     "as mnemos-forth has. `forth3` is a word list of its own; see @ref forth_dialect."),
    ("kernel", "Programs of a kernel", "libmnemos/services",
     "These words are in every VM that runs as a program of a kernel, Melpomene's for example."),
    ("desktop", "mnemos-forth", "examples/mnemos-forth", "These words are in mnemos-forth only."),
]


def unquote(text):
    return re.sub(r"\\(.)", r"\1", text)


def joined(text):
    """A C string that may be in several pieces."""
    return unquote("".join(re.findall(STRING, text)))


def operations():
    """The words that are instructions."""
    text = (ROOT / "libmnemos/forth/ops.h").read_text(encoding="utf-8")
    named = text[text.index("#define MN__FORTH_NAMED_OPS"):text.index("#define MN__FORTH_OPS")]
    return [(unquote(name), unquote(help_line)) for name, help_line in OP.findall(named)]


def sets_of(path):
    """(C name, title, words) of each set of words that a source file defines."""
    text = path.read_text(encoding="utf-8")
    tables = {name: [(unquote(word[0]), joined(word[1])) for word in WORD.findall(body)]
              for name, body in TABLE.findall(text)}
    for c_name, table, _, title in SET.findall(text):
        if c_name == "mn__forth_ops":
            yield c_name, title, operations()
        elif table in tables:
            # `words` and `help` do not know the ones in parentheses either.
            yield c_name, title, [word for word in tables[table]
                                  if not re.fullmatch(r"\(.+\)", word[0])]
        else:
            raise SystemExit(f"{path}: no table {table}")


def words_of(folder):
    """Title to words. Sets with the same title are one; they come in the order of the core."""
    core = (ROOT / "libmnemos/forth/vm.c").read_text(encoding="utf-8")
    order = re.findall(r"&(mn__forth_\w+)\b", core)
    found = [entry for path in sorted((ROOT / folder).glob("*.c")) for entry in sets_of(path)]
    found.sort(key=lambda entry: order.index(entry[0]) if entry[0] in order else len(order))
    words = collections.OrderedDict()
    for _, title, table in found:
        words.setdefault(title, []).extend(table)
    return words


def page():
    """The lines of the page."""
    yield "# Forth words {#book_forth_words}\n"
    yield ("Every word with its stack effect, from the tables that define the words: what `help` "
          "says at the prompt.\n\n[TOC]")
    for key, heading, folder, text in PLACES:
        sets = words_of(folder)
        if not sets:
            continue
        yield f"\n## {heading} {{#words_{key}}}\n\n{text}"
        for title, words in sets.items():
            width = max(len(name) for name, _ in words) + 2
            heading = title[0].upper() + title[1:] if title != "forth3" else title
            anchor = re.sub(r"\W", "_", title)
            yield f"\n### {heading} {{#words_{key}_{anchor}}}\n\n~~~~~{{.txt}}"
            for name, help_line in sorted(words):
                yield f"{name:{width}}{help_line}"
            yield "~~~~~"


def main():
    if sys.argv[1:] == ["--tsv"]:
        for key, _, folder, _ in PLACES:
            for title, words in words_of(folder).items():
                for name, help_line in words:
                    print(f"{key}\t{title}\t{name}\t{help_line}")
    elif len(sys.argv) == 2 and sys.argv[1][0] != "-":
        pathlib.Path(sys.argv[1]).write_text("\n".join(page()) + "\n", encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
