# SPDX-License-Identifier: BSL-1.0
"""The rules of ../rules.md, each with its ties, of ../ties.md: what keeps it, and what checks it."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "spec" / "rules.md"
TIES = ROOT / "spec" / "ties.md"
NUMBERS = {"LIFE": 8, "READY": 6, "WAIT": 5, "TIME": 9, "IO": 6, "POST": 5, "TASK": 10, "CANCEL": 8, "SYNC": 3,
           "THREAD": 8}
ID = re.compile(r"\b(?:" + "|".join(NUMBERS) + r")-\d+")

# A rule is a paragraph that begins with its number, and items; each may go on over several lines. Its ties are only items.
RULE_LINE = re.compile(r"\*\*([A-Z]+-\d+)\.\*\*(?: \*\(exact\)\*)?(?: (\S.*))?")
REASON, TIED = ("Reason",), ("Kept by", "Checked by")
ITEM_LINE = re.compile(r"- \*(" + "|".join(REASON + TIED) + r"):\* \S")
TIE = re.compile(r"`([^`\s]+?)(?::([A-Za-z_]\w*))?`")


@dataclass
class Rule:
    id: str
    line: int
    text: str
    items: dict = field(default_factory=dict)  # Reason, Kept by, Checked by: text

    def ties(self, item):
        """(file or `check` or `oracle`, name or "") of each tie."""
        return TIE.findall(self.items.get(item, ""))


@cache
def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def begins_with_number(line):
    """As `galley rules` decides where a rule begins."""
    return ID.match(line.lstrip("#*-|> `")) is not None


def read(text, items):
    """The rules in order, and what is wrong with their form: "line N: ...". Each must have just these items."""
    rules, wrong, place = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        if match := RULE_LINE.match(line):
            rules.append(Rule(match[1], number, match[2] or ""))
            place = "text"
        elif line.startswith("#") or not line.strip():
            place = None
        elif begins_with_number(line):
            wrong.append(f"line {number}: begins with a rule's number, but not as `**ID-1.** text`")
        elif rules and place is not None and (match := ITEM_LINE.match(line)):
            place = match[1]
            if place in rules[-1].items:
                wrong.append(f"line {number}: a second item '{place}'")
            rules[-1].items[place] = line
        elif place == "text":
            rules[-1].text += " " + line
        elif place is not None:
            rules[-1].items[place] += " " + line.strip()
    for rule in rules:
        if tuple(rule.items) != items:
            wrong.append(f"line {rule.line}: {rule.id} must have the items {', '.join(items)}, in this order, and no others; it has "
                         + (", ".join(rule.items) or "none"))
    return rules, wrong


def all_rules():
    rules = read(source(RULES), REASON)[0]
    ties = {rule.id: rule.items for rule in read(source(TIES), TIED)[0]}
    for rule in rules:
        rule.items |= ties.get(rule.id, {})
    return rules
