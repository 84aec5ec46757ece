# SPDX-License-Identifier: BSL-1.0
"""The syntax trees of source files, as clang sees it, with places in the text.

`clang++ -ast-dump=json` leaves a location's file out where it is the same as in the location before, so the dump is read in its order.
A place inside a macro is where the macro is named.
"""

import functools
import json
import os
import subprocess

CLANG = "clang++-19"
FLAGS = ["-std=c++20", "-fsyntax-only", "-w", "-x", "c++"]


class TreeError(Exception):
    """clang cannot read a file; the message is its own."""


class Node:
    """One node: its kind, what else the dump says of it (`of`), and [begin, end) in the file `file`, relative to the root."""

    def __init__(self, of, file, begin, end, in_macro):
        self.of, self.file, self.begin, self.end, self.in_macro = of, file, begin, end, in_macro
        self.kind = of.get("kind", "")
        self.children = []

    def within(self):
        """This node and all below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.within()


@functools.cache
def name_in(root, file):
    """A file's one name below the root: the loops' rooms are links in include/galley, and the compiler names a file by the way it took."""
    return os.path.relpath(os.path.realpath(os.path.join(root, file)), os.path.realpath(root))


class Reader:
    """Turns one dump into nodes; knows the file that the latest location named."""

    def __init__(self, root):
        self.root, self.file = root, None

    def place(self, location):
        """(offset, length of the token there, whether a macro is in between), or None."""
        if "file" in location:
            self.file = name_in(self.root, location["file"])
        if "expansionLoc" in location:
            self.place(location["spellingLoc"])
            offset, length, _ = self.place(location["expansionLoc"]) or (None, 0, True)
            return offset, length, True
        return (location["offset"], location["tokLen"], False) if "offset" in location else None

    def node(self, of):
        if "loc" in of:
            self.place(of["loc"])
        span = of.get("range", {})
        begin = self.place(span.get("begin", {}))
        file = self.file
        end = self.place(span.get("end", {}))
        if begin and end and None not in (begin[0], end[0]) and file == self.file:
            result = Node(of, file, begin[0], end[0] + end[1], begin[2] or end[2])
        else:
            result = Node(of, None, 0, 0, True)
        for key, value in of.items():
            if key == "inner":
                result.children = [self.node(child) for child in value]
            elif key not in ("loc", "range"):
                self.skip(value)
        return result

    def skip(self, value):
        """Whatever it is: a location in it counts as the latest."""
        for part in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
            if isinstance(part, dict) and ("offset" in part or "expansionLoc" in part):
                self.place(part)
            else:
                self.skip(part)


def of_unit(root, text):
    """The trees of what a translation unit of this text has in namespace galley. Each declaration comes as it is written: what templates
    become is not in them, if nothing there uses them."""
    command = [CLANG, *FLAGS, "-I", "include", "-I", ".", "-Xclang", "-ast-dump=json", "-Xclang", "-ast-dump-filter=galley", "-"]
    done = subprocess.run(command, cwd=root, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise TreeError(done.stderr)
    decoder, reader = json.JSONDecoder(), Reader(root)
    at, trees = 0, []
    while at < len(done.stdout):
        dumped, at = decoder.raw_decode(done.stdout, at)
        trees.append(reader.node(dumped))
        while at < len(done.stdout) and done.stdout[at].isspace():
            at += 1
    return trees
