#!/usr/bin/python3
# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""mnemos-forth from the outside: files in order, errors, standard input, and the file words."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MNEMOS_BIN", ROOT / "build" / "host" / "bin"))
LIMIT = 20.0  # far longer than anything takes


class MnemosForth(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name)

    def file(self, name, text):
        (self.path / name).write_text(text, encoding="utf-8")

    def run_forth(self, *files, text=""):
        done = subprocess.run([BIN / "mnemos-forth", *files], input=text.encode(), timeout=LIMIT,
                              cwd=self.path, capture_output=True, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def expect(self, program, output, text=""):
        """What a file prints; it ends without an error."""
        self.file("main.f", program)
        self.assertEqual((0, output, ""), self.run_forth("main.f", text=text))

    def fails(self, program, message, output=""):
        self.file("main.f", program)
        self.assertEqual((1, output, message), self.run_forth("main.f"))

    # The command line

    def test_files_in_order(self):
        self.file("a.f", ": greet .\" hello \" ;\n1\n")
        self.file("b.f", "greet 1+ .\n")
        self.assertEqual((0, "hello 2 ", ""), self.run_forth("a.f", "b.f"))

    def test_standard_input(self):
        self.assertEqual((0, "4 ok.\nok.\n", ""), self.run_forth(text="2 2 + .\n\n"))
        self.file("a.f", ": two 2 ;\n")
        self.assertEqual((0, "2 ", ""), self.run_forth("a.f", "-", text="two .\n"))

    def test_a_last_line_without_an_end(self):
        self.expect("1 .\n2 .", "1 2 ")
        self.assertEqual((0, "7 ok.\n", ""), self.run_forth(text="7 ."))

    def test_bye_ends_everything(self):
        self.file("a.f", "1 . bye 2 .\n")
        self.file("b.f", "3 .\n")
        self.assertEqual((0, "1 ", ""), self.run_forth("a.f", "b.f"))

    def test_first_error_ends_everything(self):
        self.file("a.f", "1 .\n\n  2 nonsense\n3 .\n")
        self.file("b.f", "4 .\n")
        self.assertEqual((1, "1 ", "a.f:3: undefined word: nonsense\n"),
                         self.run_forth("a.f", "b.f"))

    def test_error_on_standard_input(self):
        status, _, message = self.run_forth(text="1 .\n1 0 /\n2 .\n")
        self.assertEqual((1, "stdin:2: division by zero: /\n"), (status, message))

    def test_missing_file(self):
        self.assertEqual((1, "", "mnemos-forth: cannot open none.f\n"), self.run_forth("none.f"))

    def test_an_exception_of_the_program(self):
        self.fails("77 throw\n", "main.f:1: exception 77: throw\n")

    def test_errors_name_the_innermost_file(self):
        self.file("inner.f", "1\ndrop drop\n")
        self.fails("\ninclude inner.f\n", "inner.f:2: stack underflow: drop\n")

    def test_errors_in_strings_name_the_file(self):
        self.fails('\n\ns" 1 oops" evaluate\n', "main.f:3: undefined word: oops\n")

    def test_errors_after_an_included_file(self):
        self.file("inner.f", "1\n2\n3\n")
        self.fails("include inner.f\nwrong\n", "main.f:2: undefined word: wrong\n")

    def test_a_line_too_long(self):
        self.fails("1\n" + "x" * 5000 + "\n", "main.f:2: line too long\n")

    # Sources

    def test_definitions_and_comments_over_several_lines(self):
        self.expect(": f\n1 ( a comment\nover lines ) 2\n; f . .\n", "2 1 ")

    def test_conditions_over_several_lines(self):
        self.expect("0 [if]\n1 .\n[else]\n2 .\n[then]\n1 [if] 3 . [then]\n", "2 3 ")

    def test_nested_files(self):
        self.file("c.f", "3 .\n")
        self.file("b.f", "2 . include c.f 4 .\n5 .\n")
        self.expect('1 . s" b.f" included 6 .\n7 .\n', "1 2 3 4 5 6 7 ")

    def test_required_only_once(self):
        self.file("a.f", "1 .\n")
        self.expect('require a.f require a.f s" a.f" required include a.f\n', "1 1 ")

    def test_include_file(self):
        self.file("a.f", "1 .\nsource-id 0> .\n")
        self.expect('s" a.f" r/o open-file throw include-file source-id 0> .\n', "1 -1 -1 ")

    def test_include_errors_can_be_caught(self):
        self.file("a.f", "1 2 3\n4 throw\n")
        self.expect(': f s" a.f" included ; \' f catch . depth .\n'
                    ': g s" none" included ; \' g catch .\n'
                    ': h 99 include-file ; \' h catch .\n', "4 0 -38 -37 ")

    def test_files_that_fail_are_closed(self):
        self.file("a.f", "1 throw\n")
        self.expect(': f s" a.f" included ; : g 200 0 do [\'] f catch 1 <> if i . then loop ; g\n'
                    'unused 1000 u> .\n', "-1 ")

    def test_files_including_themselves_end_in_an_error(self):
        self.file("a.f", "include a.f\n")
        status, _, message = self.run_forth("a.f")
        self.assertEqual((1, "a.f:1: no such file: a.f\n"), (status, message))

    def test_refill_and_source(self):
        self.expect("refill\n. 5 .\n"
                    ": next-line refill drop source type 0 parse 2drop ; next-line\nthe line\n7 .\n",
                    "-1 5 the line7 ")

    def test_restore_an_earlier_line(self):
        self.expect("variable n\n"
                    "create place 6 cells allot : mark save-input place 6 0 do tuck ! cell+ loop drop ;\n"
                    ": again place 5 cells + 6 0 do dup @ swap 1 cells - loop drop"
                    " restore-input ;\n"
                    "mark 1 n +! n @ .\n"
                    "n @ 3 < [if] again . [then]\n", "1 2 3 ")

    # Keys

    def test_keys(self):
        self.expect("key? . key . key emit key . key? . key .\n", "-1 97 b10 0 -1 ", text="ab\n")

    def test_keys_and_lines_share_the_input(self):
        status, output, _ = self.run_forth(text="key key emit emit\nxy\n")
        self.assertEqual((0, "yxok.\nok.\n"), (status, output))

    def test_accept(self):
        self.expect("create b 20 allot b 20 accept b over type . b 3 accept b over type .\n",
                    "hello5 abc3 ", text="hello\nabcdef\n")

    def test_time(self):
        self.expect("1 ms time&date 2024 > . 1 13 within . 1 32 within . 2drop drop\n",
                    "-1 -1 -1 ")

    def test_screen(self):
        self.expect("page 3 4 at-xy\n", "\x1b[2J\x1b[H\x1b[5;4H")

    # Files

    def test_write_and_read_lines(self):
        self.expect('s" t" w/o create-file throw constant f\n'
                    's" one" f write-line . s" two" f write-line . s" end" f write-file .\n'
                    'f close-file .\n'
                    's" t" r/o open-file throw constant g create b 80 allot\n'
                    ': line b 80 g read-line throw . b swap type space ; line line line line\n'
                    'g close-file . g close-file .\n',
                    "0 0 0 0 -1 one -1 two -1 end 0  0 -62 ")
        self.assertEqual("one\ntwo\nend", (self.path / "t").read_text(encoding="utf-8"))

    def test_read_line_in_pieces(self):
        self.file("t", "abcdef\n")
        self.expect('s" t" r/o open-file throw constant f create b 80 allot\n'
                    ': piece b 4 f read-line . . b swap type space ; piece piece piece\n',
                    "0 -1 abcd 0 -1 ef 0 0  ")

    def test_positions_and_sizes(self):
        self.file("t", "0123456789")
        self.expect('s" t" r/w bin open-file throw constant f create b 80 allot\n'
                    'f file-size . d. f file-position . d.\n'
                    '4. f reposition-file . b 3 f read-file . b swap type space f file-position . d.\n'
                    's" xy" f write-file . 3. f reposition-file . b 80 f read-file . b swap type\n'
                    ' 5. f resize-file . f file-size . d. f flush-file . f close-file .\n',
                    "0 10 0 0 0 0 456 0 7 0 0 0 3456xy90 0 5 0 0 ")
        self.assertEqual("01234", (self.path / "t").read_text(encoding="utf-8"))

    def test_rename_delete_status(self):
        self.file("t", "123")
        self.expect('s" t" s" u" rename-file . s" t" file-status nip . s" u" file-status . .\n'
                    's" u" delete-file . s" u" delete-file . s" u" s" v" rename-file .\n',
                    "0 -67 0 3 0 -64 -72 ")

    def test_what_does_not_work(self):
        self.file("t", "123")
        self.expect('s" none" r/o open-file nip . s" none/x" r/w create-file nip .\n'
                    's" ." r/o open-file nip . s" " r/o open-file nip .\n'
                    ': all 0 file-size nip nip . 7 file-position nip nip . 0. 9 reposition-file .\n'
                    '0. -1 resize-file . 65 flush-file . pad 1 0 read-file nip .\n'
                    'pad 1 0 read-line nip nip . pad 1 0 write-file . pad 1 0 write-line . ; all\n'
                    's" t" r/o open-file throw constant f pad 1 f write-file f flush-file or 0= .\n',
                    "-69 -63 -69 -69 -66 -65 -73 -74 -68 -70 -71 -75 -76 0 ")

    def test_addresses_are_checked(self):
        self.file("t", "123")
        self.expect('s" t" r/w open-file throw constant f\n'
                    ": a 0 3 f read-file ; ' a catch . : b 0 3 f write-file ; ' b catch .\n"
                    ": c 0. f reposition-file drop -8 3 f read-line ; ' c catch . : d 0 3 r/o open-file nip . ; d\n",
                    "-9 -9 -9 -69 ")

    def test_all_files_open(self):
        self.file("t", "")
        self.expect(': f 100 0 do s" t" r/o open-file nip 0= + loop ; 0 f 0 swap - 30 100 within .\n',
                    "-1 ")


if __name__ == "__main__":
    unittest.main()
