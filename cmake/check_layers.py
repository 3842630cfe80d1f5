# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Check that includes inside the library point to the same module or a lower one.

Also: what makes up a library of its own for host tools (sermux, trace, forth) reaches nothing but
base, public headers reach only public headers, examples use the public API only, and the library
includes no header of a platform.

usage: check_layers.py [ROOT]
"""

import pathlib
import re
import sys

# Lowest first.
MODULES = ["base", "kernel", "comms", "registry", "sermux", "trace", "forth", "services", "config"]

# A public header belongs to the module that has a source file of the same name, else to the one
# whose name it starts with ("forth_host"). For these neither is so.
HEADERS = {
    "daemons": "services",
    "heap": "kernel",
    "list": "base",
    "memory": "kernel",
    "port": "base",
    "service": "registry",
    "span": "base",
    "util": "base",
    "task": "kernel",
    "wait": "kernel",
}

# Parts that are also built without the kernel, for host tools.
ALONE = ["sermux", "trace", "forth"]

# What a freestanding-minded library may use of the C library, and what it is built on.
SYSTEM = {
    "cbor.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h", "stdatomic.h",
    "stdbool.h", "stddef.h", "stdint.h", "stdnoreturn.h", "string.h",
}

# Converting floating-point numbers to and from text exactly is work for the C library. The words
# that need it are a set of their own, which an image without floats does not link.
ALSO = {
    "forth/float.c": {"stdio.h", "stdlib.h"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


class Checker:
    """Reads the tree once and collects what is wrong with it."""

    def __init__(self, root):
        self.public = root / "include"
        self.library = root / "libmnemos"
        self.root = root
        self.errors = []

    def error(self, path, text):
        self.errors.append(f"{path.relative_to(self.root)}: {text}")

    def module_of(self, path):
        """The module of a file of the library, public headers included; None if unknown."""
        if self.library in path.parents:
            return path.relative_to(self.library).parts[0]
        name = path.stem
        if name in HEADERS:
            return HEADERS[name]
        homes = {p.parent.name for p in self.library.glob(f"*/{name}.c")}
        if len(homes) == 1:
            return homes.pop()
        prefix = name.split("_")[0]
        return prefix if prefix in MODULES else None

    def includes(self, path):
        """The files of the library that a file includes; reports what it may not include."""
        found = []
        for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if kind == "<" and not name.startswith("mnemos/"):
                also = ALSO.get(str(path.relative_to(self.library)), set()) \
                    if self.library in path.parents else set()
                if name not in SYSTEM | also and not name.startswith("cbor/"):
                    self.error(path, f"includes <{name}>: the library is portable C")
                continue
            places = [self.public / name] if kind == "<" else [path.parent / name,
                                                              self.library / name]
            target = next((p.resolve() for p in places if p.exists()), None)
            if target is None:
                self.error(path, f"includes {name}, which is not in the library")
            else:
                found.append(target)
        return found

    def check_file(self, path):
        module = self.module_of(path)
        if module not in MODULES:
            self.error(path, "belongs to no module: give it a source file of the same name, or "
                             "add it to HEADERS in cmake/check_layers.py")
            return
        for target in self.includes(path):
            other = self.module_of(target)
            if other in MODULES and MODULES.index(other) > MODULES.index(module):
                self.error(path, f"{module} includes {target.relative_to(self.root)} of {other}, "
                                 "which is above it")
            if self.public in path.parents and self.public not in target.parents:
                self.error(path, f"a public header includes {target.relative_to(self.root)}, "
                                 "which is not public")

    def check_example(self, path):
        """An example is what a user copies: its own files and the public API."""
        for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            examples = self.root / "examples"
            target = (path.parent / name).resolve()
            if kind == '"' and not (target.exists() and examples in target.parents):
                self.error(path, f"includes {name}, which is not in examples/")

    def check_alone(self, module):
        """All that is reached from the sources before KERNEL is the module's own or base."""
        folder = self.library / module
        text = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
        text = re.sub(r"#.*", "", text)
        for call in re.findall(rf"mnemos_module\(\s*{module}\b([^)]*)\)", text):
            sources = re.split(r"\bKERNEL\b", call)[0].split()
            for source in sources:
                path = folder / source
                if path.exists():
                    self.check_reach(path, {"base", module})

    def check_reach(self, start, allowed):
        seen, todo = {start}, [(start, [])]
        while todo:
            path, chain = todo.pop()
            for target in self.includes_quiet(path):
                if target in seen:
                    continue
                seen.add(target)
                steps = chain + [target.relative_to(self.root).as_posix()]
                if self.module_of(target) in allowed:
                    todo.append((target, steps))
                else:
                    self.error(start, "is built for host tools with base alone, but reaches "
                                      + " -> ".join(steps))

    def includes_quiet(self, path):
        before = len(self.errors)
        found = self.includes(path)
        del self.errors[before:]
        return found

    def run(self):
        files = sorted(self.public.glob("mnemos/**/*.h"))
        files += sorted(self.library.glob("*/**/*.[ch]"))
        for path in files:
            self.check_file(path)
        examples = sorted((self.root / "examples").glob("**/*.[ch]"))
        for path in examples:
            self.check_example(path)
        for module in ALONE:
            self.check_alone(module)
        return len(files) + len(examples)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    checker = Checker(root)
    count = checker.run()
    for line in checker.errors:
        print(line)
    if checker.errors:
        print(f"The order of the modules, lowest first: {' '.join(MODULES)}")
        return 1
    print(f"{count} files keep to the layers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
