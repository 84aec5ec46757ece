# SPDX-License-Identifier: BSL-1.0
"""What `llvm-cov export` says, by place in the sources: all instantiations of a template count together, in all programs.

A place is (first line, first column, last line, last column), from 1, the end exclusive. What is counted of a file:

    branches   conditions that decide where control goes, and labels of a switch: how often true, how often false. Not:
               that no label of a switch fits; that is no code of ours, as -Wswitch wants a label for each enumerator
    entries    functions, and handlers of exceptions: how often entered. (Clang makes no branch of a handler, so that a
               table of branches alone would hide it.)
    decisions  what && and || join: whether each of its conditions was seen to decide the outcome alone (MC/DC)
    lines      whether any code in the line was run
"""

import dataclasses
import pathlib
import re

CODE = 0  # the kind of a region that is neither a gap, nor skipped, nor a branch
DECISIVE_BRANCH = 6  # the kind of a branch that is a condition of a decision
HANDLER = re.compile(r"\bcatch \([^()]*\)$")


class Source:
    """A file's text, and places in it."""

    def __init__(self, text):
        self.text = text
        self.line_begins = [0]
        for line in text.splitlines(keepends=True):
            self.line_begins.append(self.line_begins[-1] + len(line))

    def offset(self, line, column):
        return self.line_begins[line - 1] + column - 1

    def text_of(self, place):
        return self.text[self.offset(*place[:2]):self.offset(*place[2:])]

    def is_switched_on(self, place):
        return self.text[:self.offset(*place[:2])].endswith("switch (")

    def head_of(self, place):
        """What stands before a body in its line: a function's name and parameters, or `catch (...)`."""
        return self.text[self.line_begins[place[0] - 1]:self.offset(*place[:2])].strip()


@dataclasses.dataclass
class FileCoverage:
    source: Source
    branches: dict = dataclasses.field(default_factory=dict)   # place: [true, false]
    functions: dict = dataclasses.field(default_factory=dict)  # place of the body: entered
    handlers: dict = dataclasses.field(default_factory=dict)   # place of the body: entered
    decisions: dict = dataclasses.field(default_factory=dict)  # place: {place of a condition: whether it decided}
    lines: dict = dataclasses.field(default_factory=dict)      # number: whether it was run

    def missed(self):
        """(place, what was never seen of it: "true", "false" or "entered"), in the order of the text."""
        sides = [(place, side) for place, counts in self.branches.items() for side, n in zip(("true", "false"), counts) if n == 0]
        bodies = [(place, "entered") for place, n in (self.functions | self.handlers).items() if n == 0]
        return sorted(sides + bodies)

    def undecided(self):
        """(place of the decision, place of a condition that was never seen to decide it), in the order of the text."""
        return sorted((decision, condition) for decision, conditions in self.decisions.items()
                      for condition, seen in conditions.items() if not seen)


def add(counts, place, n):
    counts[place] = counts.get(place, 0) + n


def add_function(record, files):
    """One function of the export, which is one instantiation if it is of a template."""
    names = record["filenames"]
    regions = [region for region in record["regions"] if region[7] == CODE]
    body = regions[0]
    if names[body[5]] in files:
        add(files[names[body[5]]].functions, tuple(body[:4]), record["count"])
    for region in regions:
        file = files.get(names[region[5]])
        if file and HANDLER.search(file.source.head_of(region)):
            add(file.handlers, tuple(region[:4]), region[4])
    for branch in record["branches"]:
        file = files.get(names[branch[6]])
        if file and not file.source.is_switched_on(branch):
            sides = file.branches.setdefault(tuple(branch[:4]), [0, 0])
            sides[0] += branch[4]
            sides[1] += branch[5]
    for decision in record["mcdc_records"]:
        file = files.get(names[decision[4]])
        if file:
            add_decision(file.decisions.setdefault(tuple(decision[:4]), {}), decision, record)


def add_decision(conditions, decision, record):
    begin, end, file, decided = decision[:2], decision[2:4], decision[4], decision[6]
    places = sorted(tuple(branch[:4]) for branch in record["branches"]
                    if branch[8] == DECISIVE_BRANCH and branch[6] == file and begin <= branch[:2] and branch[2:4] <= end)
    if len(places) != len(decided):
        raise ValueError(f"{record['filenames'][file]}:{begin[0]}: a decision of {len(decided)} conditions with {len(places)} branches")
    for place, seen in zip(places, decided):
        conditions[place] = conditions.get(place, False) or seen


def lines_of(segments):
    """Number: whether it was run, of lines with code, as llvm-cov counts them: a line counts if code begins in it, or goes
    on from before; by the most that was run of it."""
    in_line = {}
    for segment in segments:
        in_line.setdefault(segment[0], []).append(segment)
    lines, wrapped = {}, None  # wrapped: the segment that goes on from lines before
    for number in range(min(in_line, default=1), max(in_line, default=0) + 1):
        those = in_line.get(number, [])
        skipped = bool(those) and not those[0][3] and those[0][4]
        begun = [segment[2] for segment in those if segment[3] and segment[4] and not segment[5]]
        goes_on = wrapped is not None and wrapped[3]
        if not skipped and (goes_on or begun):
            lines[number] = max(begun + ([wrapped[2]] if wrapped is not None else [])) > 0
        if those:
            wrapped = those[-1]
    return lines


def measure(export, root, folders):
    """File name, relative to the root: FileCoverage; of what is in these folders. `export`: the JSON, read."""
    data, = export["data"]
    files, names = {}, {}
    for file in data["files"]:
        path = pathlib.Path(file["filename"])
        name = str(path.relative_to(root)) if path.is_relative_to(root) else ""
        if name.startswith(folders):
            names[name] = files[str(path)] = FileCoverage(Source(path.read_text()), lines=lines_of(file["segments"]))
    for record in data["functions"]:
        add_function(record, files)
    return {name: names[name] for name in sorted(names)}
