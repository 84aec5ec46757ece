# SPDX-License-Identifier: BSL-1.0
"""What has been seen to catch a fault, tie by tie.

A tie is a claim: "this would notice". It counts only if it has noticed: if the artefact that it names was seen to fail under a
fault that breaks the tie's rule. Where that is recorded depends on the artefact:

    a property of a model   spec/model/catalogue.toml: the faults that break it; `spec/model/check` fails if one does not
    a theorem               the wrong wheels in the proof, each of which must be refuted; the proof fails if one is not
    a predicate of the      tests/check_cases.txt: broken traces, each beside the same trace unbroken; `check_test` fails if not this
    rule checker            predicate alone objects to the broken one, or anybody to the other. And seen.json, as everything else
    everything else         seen.json: runs under the mutants of tests/mutants, written by `spec/ledger/gather`

A predicate judges the traces of any loop, so it works if it refuses what a loop may not do, whether or not a fault of galley's own
brings that about. The two are counted apart.
"""

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from ledger.rules import ID, ROOT, all_rules, source

SEEN = ROOT / "spec" / "ledger" / "seen.json"
MODELS = ROOT / "spec" / "model"
PROOF = "spec/proofs/wheel_proof.cpp"
PREDICATES = "spec/stage/check/check_predicates.cpp"
BROKEN_TRACES = "tests/check_cases.txt"
PROPERTY_FILES = ("tests/properties/table.cpp", "tests/property_test.cpp")
KINDS = ("model", "proof", "property", "test", "checker", "oracle", "of the oracle")


@dataclass
class Tie:
    kind: str
    file: str
    name: str
    caught: list = field(default_factory=list)  # faults or mutants of the rule
    refused: int = 0  # broken traces, for a predicate

    @property
    def text(self):
        return f"{self.file}:{self.name}" if self.name else self.file

    @property
    def counts(self):
        return bool(self.caught or self.refused)


def kind_of(file):
    if file in ("check", "oracle"):
        return {"check": "checker", "oracle": "oracle"}[file]
    if file in PROPERTY_FILES:
        return "property"
    for beginning, kind in (("spec/model/", "model"), ("spec/proofs/", "proof"), ("tests/", "test")):
        if file.startswith(beginning):
            return kind
    return "of the oracle"  # its own tests: they examine a judge, not a loop


@cache
def model_catalogue():
    with open(MODELS / "catalogue.toml", "rb") as file:
        return tomllib.load(file)


@cache
def stated_by_models():
    """(model, property): the rules that its line in PROPERTIES names. Claims of liveness name none."""
    stated = {}
    for model in model_catalogue():
        body = re.search(r"#define PROPERTIES\(X\)((?:.*\\\n)*.*)", source(f"spec/model/{model}.pml"))[1]
        for name, comment in re.findall(r"X\((\w+)\)(.*)", body):
            stated[model, name] = set(ID.findall(comment))
    return stated


def faults_of_model(file, name):
    model = file.removeprefix("spec/model/").removesuffix(".pml")
    return [fault["plant"] for fault in model_catalogue()[model].get("fault", []) if name in fault["breaks"]]


@cache
def theorems():
    """name: the rules that it is a part of."""
    found = re.findall(r'\{"(\w+)",\s*"([A-Z0-9, -]+)",', source(PROOF))
    return {name: set(ID.findall(rules)) for name, rules in found}


@cache
def predicates():
    """name: the rule that it is of; TRACE and BOXES for the form of a trace."""
    return {name: rule for rule, name in re.findall(r'^ +\{"([A-Z]+(?:-\d+)?)", "(\w+)", [pl],', source(PREDICATES), re.M)}


@cache
def refused():
    """predicate: how many broken traces it objects to."""
    return Counter(re.findall(r"^== (\w+)$", source(BROKEN_TRACES), re.M))


@cache
def seen():
    return json.loads(SEEN.read_text())


def caught_by(rule, kind, file, name):
    if kind == "model":
        return faults_of_model(file, name)
    if kind == "proof":
        return ["wrong wheels"] if name in theorems() else []
    if kind == "of the oracle":
        return []
    text = file if kind == "oracle" else f"{file}:{name}"  # the oracle is one judge, whatever it says where
    return seen()["caught"].get(rule, {}).get(text, [])


def ties_of(rule):
    ties = []
    for file, name in rule.ties("Checked by"):
        kind = kind_of(file)
        ties.append(Tie(kind, file, name, caught_by(rule.id, kind, file, name), refused()[name] if kind == "checker" else 0))
    return ties


def misnamed():
    """Ties to a model's property or a theorem that does not speak of the rule."""
    for rule in all_rules():
        for file, name in rule.ties("Checked by"):
            kind = kind_of(file)
            if kind == "model":
                stated = stated_by_models().get((file.removeprefix("spec/model/").removesuffix(".pml"), name))
                if stated is None or rule.id not in stated:
                    yield f"{rule.id}: {file}:{name} states {', '.join(sorted(stated or ())) or 'no rule'}"
            elif kind == "proof" and rule.id not in theorems().get(name, ()):
                yield f"{rule.id}: {file} has no theorem {name} of this rule"


def untied_statements():
    """Properties of models and theorems that name a rule which is not tied to them."""
    tied = {(rule.id, file, name) for rule in all_rules() for file, name in rule.ties("Checked by")}
    for (model, name), rules in stated_by_models().items():
        for rule in sorted(rules):
            if (rule, f"spec/model/{model}.pml", name) not in tied:
                yield f"{rule}: spec/model/{model}.pml:{name}"
    for name, rules in theorems().items():
        for rule in sorted(rules):
            if (rule, PROOF, name) not in tied:
                yield f"{rule}: {PROOF}:{name}"
