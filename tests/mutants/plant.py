# SPDX-License-Identifier: BSL-1.0
"""Catalogues of mutants, and how their edits get into a copy of the sources. README.md says what the fields mean.

All mutants are planted into one text, each behind a condition that is decided at run time: `$on` in the templates below, while `$new`
and `$old` stand for the two texts. An old text may itself contain the places of other edits, or be the place of several.
"""

import pathlib
import tomllib

FORMS = {  # with line ends, as a text may end in a comment
    "statement": "if ($on) {\n$new\n} else {\n$old\n}",
    "before": "if ($on) {\n$new\n}\n$old",
    "expression": "($on ? ($new\n) : ($old\n))",
}
CUSTOM = "custom"  # the new text is a template of its own, with $on and perhaps $old
OUTERMOST_FIRST = [CUSTOM, *FORMS]
HEADER = "mutant_switch.hpp"
INCLUDE = f"#include <galley/{HEADER}>\n"

REQUIRED_KEYS = {"id", "what", "edit"}
# A mutant without `killed_by` is one that nothing kills: `equivalent` says why nothing can, `unseen` why no suite does yet. Only
# syntactic ones, which have a `kind` and a `key`, are so (mutants_test.py).
SURVIVAL_KEYS = {"equivalent", "unseen"}
MUTANT_KEYS = REQUIRED_KEYS | SURVIVAL_KEYS | {"fault", "rules", "killed_by", "under", "kind", "key"}
EDIT_KEYS = {"file", "in", "old", "new", "as"}


class CatalogueError(Exception):
    """The catalogue does not fit itself or the sources; the message names the mutant, the file and the text."""


class Place:
    """A range of a file's text, with the edits that all replace it and the places inside it."""

    def __init__(self, begin, end):
        self.begin, self.end = begin, end
        self.edits = []  # of (form, mutant id, new text)
        self.inside = []


def load(paths):
    """The mutants of some catalogue files, in order, and the faults that they say cannot be expressed, with the reasons."""
    mutants, unexpressed = [], []
    for path in paths:
        with open(path, "rb") as file:
            try:
                catalogue = tomllib.load(file)
            except tomllib.TOMLDecodeError as error:
                raise CatalogueError(f"{path}: {error}") from None
        unknown = catalogue.keys() - {"mutant", "unexpressed"}
        if unknown:
            raise CatalogueError(f"{path}: unknown: {', '.join(sorted(unknown))}; a catalogue has [[mutant]] and [[unexpressed]]")
        mutants += catalogue.get("mutant", [])
        unexpressed += catalogue.get("unexpressed", [])
    seen = set()
    for mutant in mutants:
        check(mutant)
        if mutant["id"] in seen:
            raise CatalogueError(f"{mutant['id']}: the catalogue has this id twice")
        seen.add(mutant["id"])
    return mutants, unexpressed


def check(mutant):
    name = mutant.get("id", "a mutant without id")
    wrong = (REQUIRED_KEYS - mutant.keys()) | (mutant.keys() - MUTANT_KEYS)
    if wrong:
        raise CatalogueError(f"{name}: missing or unknown: {', '.join(sorted(wrong))}")
    for edit in mutant["edit"]:
        wrong = (EDIT_KEYS - {"in"} - edit.keys()) | (edit.keys() - EDIT_KEYS)
        if wrong:
            raise CatalogueError(f"{name}: in an edit, missing or unknown: {', '.join(sorted(wrong))}")
        if edit["as"] not in OUTERMOST_FIRST:
            raise CatalogueError(f"{name}: 'as' is one of {', '.join(OUTERMOST_FIRST)}, not '{edit['as']}'")
    if all(edit["as"] == CUSTOM and "$on" not in edit["new"] for edit in mutant["edit"]):
        raise CatalogueError(f"{name}: no edit of it has $on, the condition under which the mutant is chosen")


def only_occurrence(mutant, file, text, part, offset=0):
    """Where `part` is in `text`, which must be one place."""
    count = text.count(part)
    if count != 1 or not part:
        raise CatalogueError(f"{mutant}: this occurs {count} times in {file}, not once: {part!r}")
    return offset + text.index(part)


def find(mutant, edit, text):
    """Begin and end of the edit's old text; `in` is a surrounding text that is unique where the old text alone is not."""
    context = edit.get("in", edit["old"])
    begin = only_occurrence(mutant, edit["file"], text, context)
    begin = only_occurrence(mutant, edit["file"], context, edit["old"], begin)
    return begin, begin + len(edit["old"])


def places_of(file, edits, text):
    """The outermost places of a file's (mutant id, edit), in order of the text."""
    places = {}
    for mutant, edit in edits:
        where = find(mutant, edit, text)
        if where not in places:
            places[where] = Place(*where)
        places[where].edits.append((edit["as"], mutant, edit["new"]))
    outermost = []
    stack = []
    for place in sorted(places.values(), key=lambda p: (p.begin, -p.end)):
        while stack and stack[-1].end <= place.begin:
            stack.pop()
        if stack and place.end > stack[-1].end:
            names = [f"{p.edits[0][1]} ({text[p.begin:p.end]!r})" for p in (stack[-1], place)]
            raise CatalogueError(f"{file}: the old texts of {' and '.join(names)} overlap; widen one so that it contains the other, "
                                 "or narrow them")
        (stack[-1].inside if stack else outermost).append(place)
        stack.append(place)
    return outermost


def rendered(begin, end, places, text):
    result = []
    for place in places:
        result += [text[begin:place.begin], replaced(place, text)]
        begin = place.end
    return "".join(result) + text[begin:end]


def number_of(mutant):
    """As mutant_switch.hpp has it: FNV-1a of the name."""
    number = 0xcbf29ce484222325
    for byte in mutant.encode():
        number = (number ^ byte) * 0x100000001b3 % (1 << 64)
    return number


def mutants_in(place):
    return [mutant for _, mutant, _ in place.edits] + [mutant for inside in place.inside for mutant in mutants_in(inside)]


def replaced(place, text):
    result = rendered(place.begin, place.end, place.inside, text)
    planted = [mutant for inside in place.inside for mutant in mutants_in(inside)]
    for form, mutant, new in sorted(place.edits, key=lambda edit: OUTERMOST_FIRST.index(edit[0]), reverse=True):
        if form == CUSTOM and "$old" not in new and planted:
            raise CatalogueError(f"{mutant}: its new text has no $old, so it would leave out what lies in the same place: {', '.join(planted)}")
        planted.append(mutant)
        template = new if form == CUSTOM else FORMS[form].replace("$new", new)
        result = template.replace("$on", f'galley_mutant::on(galley_mutant::number_of("{mutant}"))').replace("$old", result)
    return result


def plant(file, edits, text):
    """The text with all edits, a list of (mutant id, edit), and what they need."""
    planted = rendered(0, len(text), places_of(file, edits, text), text)
    first_include = planted.find("#include ")
    if first_include < 0:
        raise CatalogueError(f"{file}: there is no #include, so no place for one more")
    return planted[:first_include] + INCLUDE + planted[first_include:]


def planted_files(mutants, root):
    """File name -> text, for each file that a mutant edits. Raises CatalogueError if the catalogue does not fit the sources."""
    edits = {}
    for mutant in mutants:
        for edit in mutant["edit"]:
            edits.setdefault(edit["file"], []).append((mutant["id"], edit))
    result = {}
    for file, those in edits.items():
        path = pathlib.Path(root) / file
        if not path.is_file():
            raise CatalogueError(f"{those[0][0]}: there is no file {file}")
        result[file] = plant(file, those, path.read_text())
    return result
