#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Tests what `tie` is made of, without a checker and without the loops: the refinement map on the oracle's traces, its
inverse, what is in the model's alphabet, and that a trace with something wrong in it is not read as a good one."""
import json
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from tying import corruptions, scenarios
from tying.alphabet import why_outside
from tying.code_to_model import settings_of
from tying.events import LOOP
from tying.loops import traces
from tying.model_to_code import as_a_trace_says_it
from tying.program import scenario_of
from tying.projection import Malformed, project


def oracle(scenario):
    return traces("oracle", [json.dumps(scenario)])[0]


def scenario(*bodies, **more):
    return {"galley_scenario": 1, "routines": [{"body": list(body)} for body in bodies], **more}


def do(verb, **operands):
    return {"do": verb, **operands}


def shown(source):
    """The events of a scenario but boxes, spawns and steps, as text."""
    seen = project(source, oracle(source))
    return [LOOP.text(event) for event in seen if event[0] not in ("box", "spawn", "step", "with", "run", "round")]


def project_all(lines):
    """Pairs of a scenario (a line of JSON) and its events."""
    return [(line, project(json.loads(line), trace)) for line, trace in zip(lines, traces("oracle", lines))]


class TheMap(unittest.TestCase):
    def test_a_timer(self):
        source = scenario([do("sleep", ns=3)], resolution=2)
        self.assertEqual(shown(source), ["ready(0, spawn)", "gone(0, 0)", "sleep(0, 3)", "wait(4, 0)", "sample(4, 0)",
                                         "fire(0, 4)", "ready(0, timer)", "end(0, 0)", "exit(completed, 0)"])

    def test_an_operation_late_and_one_that_is_complete_at_once(self):
        read = do("read", channel=0, bytes=1)
        data = {"do": "data", "channel": 0, "bytes": 1}
        source = scenario([read, read], channels=[0], world=[{"at": 2} | data, {"at": 2} | data])
        self.assertEqual(shown(source)[1:], ["await(0, read)", "wait(255, 0)", "data(0, 2)", "data(0, 2)", "gone(0, 0)",
                                             "sample(2, 0)", "complete(0, 0)", "ready(0, complete)", "at_once(0, 0)",
                                             "end(0, 0)", "exit(completed, 0)"])

    def test_who_hangs_and_a_post_and_a_stop(self):
        source = scenario([do("wait", event=0)], events=1, runs=2,
                          world=[{"at": 0, "do": "stop"}, {"at": 1, "do": "post", "event": 0}])
        self.assertEqual(shown(source)[1:], ["stop(0, 0)", "left(0, start)", "exit(stopped, 0)", "await(0, wait)",
                                             "wait(255, 0)", "post(1, 0)", "gone(0, 0)", "sample(1, 0)",
                                             "ready(3, post)", "callback(0, 0)", "ready(0, handover)", "end(0, 0)",
                                             "exit(completed, 0)"])

    def test_failures_taken_and_unobserved(self):
        fail = [do("fail", value=1)]
        spawns = [do("spawn", routine=1, handle=0), do("try", routine=3), do("spawn", routine=2, handle=0),
                  do("drop", handle=0)]
        source = scenario(spawns, fail, fail, [do("join", handle=0)])
        self.assertEqual([text for text in shown(source) if text.split("(")[0] in ("join", "drop", "unobserved", "end")],
                         ["end(1, 1)", "join(0, 1)", "drop(0, 0)", "end(0, 0)", "end(2, 1)", "unobserved(2, 0)"])

    def test_what_ends_after_its_holder(self):
        source = scenario([do("spawn", routine=1, handle=0), do("drop", handle=0), do("burn", ns=2), do("yield")],
                          [do("fail", value=1)])
        self.assertEqual([text for text in shown(source) if text.split("(")[0] in ("burn", "unobserved", "end")],
                         ["burn(0, 0)", "burn(0, 0)", "end(1, 1)", "unobserved(1, 0)", "end(0, 0)"])

    def test_what_follows_the_last_verdict_is_left_out(self):
        source = scenario([do("yield")], runs=3)
        self.assertEqual([text for text in shown(source) if text.startswith("exit")], ["exit(completed, 0)"])

    def test_what_is_no_trace(self):
        source = scenario([do("sleep", ns=1)])
        good = oracle(source)
        for old, new in (('"n":1', '"n":2'), ('"timer":1', '"timer":2'), ("timer\"}", "moon\"}"), ('"ev":"fire"', '"ev":"far"'),
                         ('"ev":"exit"', '"ev":"wait"'), ("{\"ev\":\"run\"}", "{"), (good.splitlines()[0] + "\n", "")):
            self.assertIn(old, good)
            with self.assertRaises(Malformed, msg=new):
                project(source, good.replace(old, new, 1))


    def test_a_last_run_that_does_not_return(self):
        source = scenario([do("yield")], runs=2, world=[{"at": 0, "do": "stop"}])
        lines = oracle(source).splitlines()
        last = max(n for n, line in enumerate(lines) if '"ev":"exit"' in line)
        self.assertEqual(sum('"ev":"exit"' in line for line in lines), 2)
        with self.assertRaises(Malformed):
            project(source, "\n".join(lines[:last] + lines[last + 1:]))


class TheInverse(unittest.TestCase):
    """A scenario that is made of a trace's events has this trace."""

    def test_random_scenarios(self):
        lines, _ = scenarios.inside([scenarios.random_scenario(seed) for seed in range(200)])
        seen = project_all(lines)
        again = [scenario_of(events, f"TASKS=4 {settings_of(json.loads(line))}") for line, events in seen]
        self.assertGreater(len(again), 150)
        for (line, events), (_, back) in zip(seen, project_all(again)):
            self.assertEqual(as_a_trace_says_it(events), back, line)


class TheAlphabet(unittest.TestCase):
    def test_what_is_in_it_and_what_is_not(self):
        spawn = do("spawn", routine=1, handle=0)
        cases = [
            (scenario([spawn, do("join", handle=0)], [do("fail", value=1)]), None),
            (scenario([spawn], [do("yield")]), None),
            (scenario([spawn], [do("fail", value=1)]), "held when its task ends"),
            (scenario([spawn, spawn], []), "named twice"),
            (scenario([spawn], [do("join", handle=0)]), "of more than one task"),
            (scenario([do("cancel", handle=0)]), "cancel"),
            (scenario([do("sleep", ns="9007199254740993")]), "late"),
            (scenario([do("yield")] * 16), "budget"),
            (scenario([], close="orderly"), "closes"),
            (scenario([], world=[{"at": 1, "do": "jump", "ns": 1}]), "jump"),
        ]
        for source, reason in cases:
            found = why_outside(source)
            self.assertTrue(found is None if reason is None else reason in (found or ""), (source, found))


class TheCorruptions(unittest.TestCase):
    def test_each_changes_one_event(self):
        source = json.loads(scenarios.random_scenario(3))
        lines = oracle(source).splitlines()[1:]
        for kind in corruptions.KINDS:
            made = corruptions.corrupt(lines, kind, random.Random(1))
            self.assertIsNotNone(made, kind)
            self.assertNotEqual(lines, made[0], kind)
            self.assertLessEqual(abs(len(lines) - len(made[0])), 1, kind)


if __name__ == "__main__":
    unittest.main()
