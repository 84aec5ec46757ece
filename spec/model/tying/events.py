# SPDX-License-Identifier: BSL-1.0
"""What can be seen of a model, as its file in this folder lists it, and the words in it: events (name, number, number)."""
import pathlib
import re

MODEL = pathlib.Path(__file__).resolve().parent.parent


class Language:
    """The events of a model, and their numbers for its checker."""

    def __init__(self, header, words=(), spoken=None):
        self.names = re.findall(r"^    X\((\w+)\)", (MODEL / "tying" / header).read_text(), re.M)
        self._number = {name: number for number, name in enumerate(self.names)}
        self._words = {family: {word: int(number) for kind, word, number in words if kind == family}
                       for family, _, _ in words}
        self._spoken = spoken or {}
        # All that can be said: that no event and no word is only in the tables is looked at.
        self.all = frozenset(self.names) | {f"{kind} {word}" for kind, word, _ in words}

    def words(self, family):
        return self._words[family]

    def _word(self, event, place):
        """The family and the word of one of an event's numbers, or None."""
        family = self._spoken.get(event[0], (None, None))[place]
        for word, number in self._words.get(family, {}).items():
            if number == event[1 + place]:
                return family, word
        return None

    def text(self, event):
        """An event for people."""
        found = [self._word(event, place) for place in (0, 1)]
        return f"{event[0]}({', '.join(word[1] if word else str(number) for word, number in zip(found, event[1:]))})"

    def texts(self, events):
        return " ".join(map(self.text, events))

    def said(self, events):
        """What of all that can be said is in the events."""
        said = set()
        for event in set(events):
            said |= {event[0], *(" ".join(found) for place in (0, 1) if (found := self._word(event, place)))}
        return said

    def encode(self, events):
        """A line for a checker."""
        return " ".join(f"{self._number[name]} {a} {b}" for name, a, b in events)

    def decode(self, numbers):
        """Events of the numbers that a checker prints."""
        return [(self.names[numbers[i]], numbers[i + 1], numbers[i + 2]) for i in range(0, len(numbers), 3)]


# What stands for a callback, nobody and never in an event: as in loop.pml.
CALLBACK, NOBODY, NEVER = (int(re.search(rf"^#define {name} (\d+)", (MODEL / "loop.pml").read_text(), re.M)[1])
                           for name in ("CALLBACK", "NOBODY", "NEVER"))
_WORDS = r"^#define (box|with|on|by|said)_(\w+) (\d+)"
LOOP = Language("loop_events.h", re.findall(_WORDS, (MODEL / "loop_observed.pml").read_text(), re.M),
                {"box": ("box", None), "exit": ("said", None), "left": (None, "on"), "ready": (None, "by"),
                 "with": (None, "with"), "await": (None, "on"), "spawn": (None, None)})
BOX, WITH, ON, BY, SAID = map(LOOP.words, ("box", "with", "on", "by", "said"))
WHEEL = Language("wheel_events.h")
