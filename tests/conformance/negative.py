#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""spec/conformance/negative: traces of vectors that a runner must reject, and legal ones that differ, which it must accept.

    negative.py make GALLEY       writes them, from the faults of sabotaged.py
    negative.py replay NUMBER     an adapter that answers with one of them
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE.parents[1] / "spec/conformance/negative/traces.jsonl"
ALL = ["timer_ties", "ready_order", "rounds"]
LEGAL = {"takes_the_latest_first": "ready_order", "fires_equal_deadlines_in_reverse": "timer_ties",
         "runs_what_becomes_ready_in_the_same_round": "rounds"}


def results(galley, fault, relaxations):
    """What `galley conform` says of a faulty port of level P."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([galley, "conform", "--json", out.name, "--", sys.executable, HERE / "sabotaged.py", fault], stdout=subprocess.DEVNULL,
                       env=os.environ | {"GALLEY_LEVELS": "P", "GALLEY_RELAXATIONS": " ".join(relaxations)})
        return json.loads(pathlib.Path(out.name).read_text())["vectors"]


def wrong_ones(vectors):
    return [one for one in vectors if one.get("kind") == "wrong"]


def make(galley):
    listed = subprocess.run([sys.executable, HERE / "sabotaged.py", "--list"], capture_output=True, text=True, check=True).stdout
    entries = []
    for fault in (line.split()[0] for line in listed.splitlines()):
        exact = wrong_ones(results(galley, fault, []))
        for one in exact[:2]:
            entries.append({"vector": one["id"], "relaxations": [], "judgement": "reject", "origin": fault, "trace": one["actual"]})
        if fault in LEGAL:  # the very traces that were rejected
            for one in exact[:8]:
                entries.append({"vector": one["id"], "relaxations": [LEGAL[fault]], "judgement": "accept", "origin": fault, "trace": one["actual"]})
        for one in wrong_ones(results(galley, fault, ALL))[:1]:
            entries.append({"vector": one["id"], "relaxations": ALL, "judgement": "reject", "origin": fault, "trace": one["actual"]})
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in entries))
    print(len(entries), "traces,", sum(one["judgement"] == "accept" for one in entries), "of them legal")


def replay(number):
    entry = json.loads(FILE.read_text().splitlines()[number])
    import sabotaged
    hello = sabotaged.HELLO | {"levels": "P", "relaxations": entry["relaxations"]}
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "stop":
            break
        answer = hello if request["do"] == "hello" else {"re": "run", "id": request["id"], "outcome": "ran", "trace": entry["trace"]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    make(sys.argv[2]) if sys.argv[1] == "make" else replay(int(sys.argv[2]))
