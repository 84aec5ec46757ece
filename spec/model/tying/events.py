# SPDX-License-Identifier: BSL-1.0
"""The observable events of loop.pml, and the words in them, as observe.h and observe.pml number them."""
import pathlib
import re

MODEL = pathlib.Path(__file__).resolve().parent.parent

# What stands for a callback, nobody and never in an event: as in loop.pml.
CALLBACK, NOBODY, NEVER = (int(re.search(rf"^#define {name} (\d+)", (MODEL / "loop.pml").read_text(), re.M)[1])
                           for name in ("CALLBACK", "NOBODY", "NEVER"))

NAMES = re.findall(r"^    X\((\w+)\)", (MODEL / "tying" / "observe.h").read_text(), re.M)
NUMBER = {name: number for number, name in enumerate(NAMES)}

_WORDS = re.findall(r"^#define (box|with|on|by|said)_(\w+) (\d+)", (MODEL / "observe.pml").read_text(), re.M)


def _words(family):
    return {word: int(number) for kind, word, number in _WORDS if kind == family}


BOX, WITH, ON, BY, SAID = map(_words, ("box", "with", "on", "by", "said"))
# Which event has which words: first and second number.
_SPOKEN = {"box": (BOX, None), "exit": (SAID, None), "left": (None, ON), "ready": (None, BY), "with": (None, WITH),
           "await": (None, ON)}
# All that can be said: that no event and no word is only in the tables is looked at.
VOCABULARY = frozenset(NAMES) | {f"{kind} {word}" for kind, word, _ in _WORDS}
_FAMILY = {id(BOX): "box", id(WITH): "with", id(ON): "on", id(BY): "by", id(SAID): "said"}


def vocabulary(events):
    """What of the vocabulary is in the events."""
    said = set()
    for event in set(events):
        said.add(event[0])
        for number, family in zip(event[1:], _SPOKEN.get(event[0], (None, None))):
            if family:
                said |= {f"{_FAMILY[id(family)]} {word}" for word, value in family.items() if value == number}
    return said | ({"on sleep"} if "sleep" in said else set())  # it has an event of its own


def text(event):
    """An event for people."""
    name, *numbers = event
    words = []
    for number, family in zip(numbers, _SPOKEN.get(name, (None, None))):
        words.append(next((word for word, value in (family or {}).items() if value == number), str(number)))
    return f"{name}({', '.join(words)})"


def encode(events):
    """A line for a checker."""
    return " ".join(f"{NUMBER[name]} {a} {b}" for name, a, b in events)


def decode(numbers):
    """Events of the numbers that a checker prints."""
    return [(NAMES[numbers[i]], numbers[i + 1], numbers[i + 2]) for i in range(0, len(numbers), 3)]
