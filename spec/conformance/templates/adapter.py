#!/usr/bin/env python3
"""A template of an adapter (PROTOCOL.md). Replace `play`; name what it can do in FEATURES, no more."""
import json
import sys

FEATURES = []  # of FEATURES.md, as they come


def play(scenario):
    """The events of level P (spec/scenario/README.md, section 4) of a scenario. This one knows main, `return` and `now` at time 0."""
    events = [{"ev": "spawn", "task": 1, "by": 0, "scope": 0}, {"ev": "run"}, {"ev": "step", "task": 1, "now": "0", "with": "start"}]
    value = "0"
    for statement in scenario["routines"][0]["body"]:
        if statement["do"] == "return":
            value = str(statement["value"])
            events.append({"ev": "did", "task": 1, "verb": "return", "arg": value, "result": "ok"})
            break
        if statement["do"] != "now":
            raise NotImplementedError(statement["do"])
        events.append({"ev": "did", "task": 1, "verb": "now", "arg": "", "result": "0"})
    events.append({"ev": "end", "task": 1, "outcome": "value", "value": value})
    return events + [{"ev": "exit", "verdict": "completed", "pending": []}]


def answer(request):
    if request["do"] == "hello":
        return {"re": "hello", "protocol": 1, "name": "my-loop", "version": "0", "language": "Python", "loop": "my loop",
                "features": FEATURES, "levels": "P", "parameters": {"R": "any", "B": "any", "b": "any"}, "relaxations": []}
    scenario, same = request["scenario"], {"re": "run", "id": request["id"]}
    header = {"galley_trace": 1, "R": str(scenario.get("resolution", 1)), "B": int(scenario.get("ask_every", 1)),
              "budget": int(scenario.get("budget", 16)), "features": ["P"]}
    try:
        return same | {"outcome": "ran", "trace": [header, *play(scenario)]}
    except NotImplementedError as lacking:
        return same | {"outcome": "skipped", "reason": f"not yet: {lacking}"}
    except Exception as wrong:
        return same | {"outcome": "errored", "reason": repr(wrong)}


for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "stop":
        break
    print(json.dumps(answer(asked)), flush=True)
