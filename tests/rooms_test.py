#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Which room of the sources may include which: include/galley/README.md says it in words. And no two headers need each other."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INCLUDE = re.compile(r"^#include <(galley/[^>]+)>", re.MULTILINE)

#: What each room may include besides itself.
BELOW = {
    "contract": set(),
    "kernel": {"contract"},
    "vocabulary": {"kernel", "contract"},
    "fast": {"kernel", "contract"},
    "ref": {"kernel", "contract"},
    "testing": {"vocabulary", "fast", "kernel", "contract"},
}
#: A loop holds its tasks by value, so that a step finds them without a load; and what tasks do needs the loop.
EXCEPTIONS = {("galley/contract/loop.hpp", "galley/kernel/tasks.hpp")}


def sources():
    """Every source of the library, by the name that others include it by."""
    for folder, name in (("include/galley", "galley"), ("fast", "galley/fast"), ("ref", "galley/ref")):
        for file in (ROOT / folder).rglob("*.[ch]pp"):
            yield f"{name}/{file.relative_to(ROOT / folder)}", INCLUDE.findall(file.read_text())


def room(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else "vocabulary"


def cycle(graph):
    """Some cycle, or nothing."""
    done, path = set(), []

    def look(name):
        if name in path:
            return [*path[path.index(name):], name]
        if name in done:
            return []
        done.add(name)
        path.append(name)
        for other in graph.get(name, []):
            if found := look(other):
                return found
        path.pop()
        return []

    return next((found for name in graph if (found := look(name))), [])


class Rooms(unittest.TestCase):
    def setUp(self):
        self.graph = dict(sources())
        self.up = {(name, other) for name, others in self.graph.items() for other in others
                   if room(other) != room(name) and room(other) not in BELOW[room(name)]}

    def test_all_are_looked_at(self):
        self.assertEqual({room(name) for name in self.graph}, set(BELOW))

    def test_include_only_what_is_below(self):
        self.assertEqual(self.up, EXCEPTIONS)

    def test_no_headers_include_each_other(self):
        self.assertEqual(cycle(self.graph), [])

    def test_a_cycle_is_found(self):
        self.assertEqual(cycle({"a": ["b", "c"], "b": [], "c": ["d"], "d": ["c"]}), ["c", "d", "c"])


if __name__ == "__main__":
    unittest.main()
