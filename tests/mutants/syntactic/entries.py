# SPDX-License-Identifier: BSL-1.0
"""Sites as entries of a catalogue, and catalogues as files: the fields are those of tests/mutants/README.md."""

import tomllib

import sites

ORDER = ["id", "kind", "key", "what", "killed_by", "under", "equivalent", "unseen"]


CLEAR = 25  # characters of code that say by themselves what they are


class NoContext(Exception):
    """A text that cannot be told from another one."""


def context_of(text, begin, end):
    """A surrounding text that is in `text` once, and has [begin, end) in it once: the line, if it is so, or else the smallest. None if
    [begin, end) alone will do."""
    old = text[begin:end]
    if text.count(old) == 1:
        return None
    line = line_of(text, begin, end)
    for around in (line, *surroundings(text, begin, end)):
        if around.count(old) == 1 and text.count(around) == 1:
            return around
    raise NoContext(old)


def line_of(text, begin, end):
    return text[text.rfind("\n", 0, begin) + 1:text.find("\n", end)].strip()


def surroundings(text, begin, end):
    """From the smallest on; each ends where words do, for whoever reads it."""
    for more in range(1, 1000):
        for before in (more, more // 2, 0):
            first, last = max(0, begin - before), end + more - before
            around = text[first:last]
            if not is_inside_word(text, first) and not is_inside_word(text, last) and around == around.strip():
                yield around


def is_inside_word(text, at):
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def entry_of(site, choice, text, name, key):
    form, new, what = choice
    line = line_of(text, site.begin, site.end).partition("  //")[0]
    if site.end - site.begin < min(CLEAR, len(line)):
        what += f" in {sites.shortened(line)}"
    what += f", in {site.inside.removeprefix('galley::')}"
    edit = {"file": site.file, "as": form}
    context = context_of(text, site.begin, site.end)
    if context is not None:
        edit["in"] = context
    return {"id": name, "kind": site.kind, "key": key, "what": what,
            "edit": [{**edit, "old": text[site.begin:site.end], "new": new}]}


def written(mutants, header):
    lines = [header]
    for mutant in mutants:
        lines += ["", "[[mutant]]"] + [f"{name} = {quoted(mutant[name])}" for name in ORDER if name in mutant]
        for edit in mutant["edit"]:
            lines += ["[[mutant.edit]]"] + [f"{name} = {quoted(edit[name])}" for name in ("file", "as", "in", "old", "new") if name in edit]
    text = "\n".join(lines) + "\n"
    assert tomllib.loads(text).get("mutant", []) == mutants
    return text


def quoted(text):
    """A TOML string, as it is if that can be."""
    if "'" not in text and "\n" not in text:
        return f"'{text}'" if '"' in text or "\\" in text else f'"{text}"'
    return f"'''\n{text}'''"
