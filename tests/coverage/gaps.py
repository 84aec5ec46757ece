# SPDX-License-Identifier: BSL-1.0
"""The gaps that are argued, gaps.toml, held against the sources, and against what was measured. README.md says what the fields mean."""

import dataclasses
import pathlib
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
PATH = HERE / "gaps.toml"
KEYS = {"file", "in", "text", "never", "why", "by_chance"}
SIDES = ("true", "false", "entered")


class GapError(Exception):
    """gaps.toml does not fit itself or the sources; the message names the file and the text."""


@dataclasses.dataclass(frozen=True)
class Gap:
    file: str
    text: str
    never: str
    why: str
    by_chance: bool  # threads that meet may cover it, some day; it counts as not covered all the same
    begin: int  # offset in the file of the text, and of its end
    end: int

    def is_of(self, source, place, side):
        """Whether it argues for this side of this place. A body is named by the head that stands before it."""
        if side != self.never:
            return False
        if side == "entered":
            return source.text[self.begin:source.offset(*place[:2])].strip() == self.text
        return (self.begin, self.end) == (source.offset(*place[:2]), source.offset(*place[2:]))

    def __str__(self):
        return f"{self.file}: never {self.never}: {self.text}"


def only_occurrence(file, text, part):
    count = text.count(part)
    if count != 1 or not part:
        raise GapError(f"gaps.toml: this occurs {count} times in {file}, not once: {part!r}")
    return text.index(part)


def gap_of(entry, root):
    wrong = (entry.keys() - KEYS) | (KEYS - {"in", "by_chance"} - entry.keys())
    if wrong or entry["never"] not in SIDES or not entry["why"].strip():
        raise GapError(f"gaps.toml: a gap has file, text, why, perhaps in and by_chance, and never, one of {', '.join(SIDES)}: {entry}")
    path = pathlib.Path(root) / entry["file"]
    if not path.is_file():
        raise GapError(f"gaps.toml: there is no file {entry['file']}")
    text = path.read_text()
    context = entry.get("in", entry["text"])
    begin = only_occurrence(entry["file"], text, context) + only_occurrence(entry["file"], context, entry["text"])
    return Gap(entry["file"], entry["text"], entry["never"], " ".join(entry["why"].split()), entry.get("by_chance", False),
               begin, begin + len(entry["text"]))


def load(root, path=PATH):
    """In the order of the catalogue. Raises GapError if it does not fit the sources."""
    with open(path, "rb") as file:
        try:
            catalogue = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise GapError(f"{path}: {error}") from None
    if catalogue.keys() - {"gap"}:
        raise GapError(f"{path}: a catalogue has [[gap]] and nothing else")
    return [gap_of(entry, root) for entry in catalogue.get("gap", [])]


def leave_to_chance(gaps, files):
    """What threads cover by chance is not covered, so that the figures come again."""
    for gap in gaps:
        if gap.by_chance and gap.file in files:
            file = files[gap.file]
            for place, sides in file.branches.items():
                for index, side in enumerate(("true", "false")):
                    if gap.is_of(file.source, place, side):
                        sides[index] = 0


def judge(gaps, files, strict):
    """What is wrong, as lines. `files`: name -> measure.FileCoverage; `strict`: the folders in which every gap is argued."""
    faults, used = [], set()
    for name, file in files.items():
        for place, side in file.missed():
            argued = [gap for gap in gaps if gap.file == name and gap.is_of(file.source, place, side)]
            used.update(argued)
            if not argued and name.startswith(strict):
                faults.append(f"{describe(name, file, place, side)}: neither covered nor argued")
    for gap in gaps:
        if gap not in used:
            faults.append(f"{gap}: argued in gaps.toml, but it is covered, or no such place")
    return faults


def describe(name, file, place, side):
    text = file.source.head_of(place) if side == "entered" else file.source.text_of(place)
    return f"{name}:{place[0]}: never {side}: {' '.join(text.split())}"
