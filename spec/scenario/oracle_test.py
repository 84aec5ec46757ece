#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Tests of the oracle: traces derived by hand from the README, and the errors of invalid scenarios.

Expected traces are written in a shorthand, one event a word group, and expanded to the exact lines before comparing:
`-` is the empty string; `[` is boxes pending, pick, run; `]` is save, check; `>` is continue; `none` is pending, pick,
check (nothing left of the round)."""

import json
import pathlib
import subprocess
import sys
import unittest

import oracle

BOXES = {"[": ("pending", "pick", "run"), "]": ("save", "check"), ">": ("continue",),
         "none": ("pending", "pick", "check")}
FORMS = {
    "run": '{"ev":"run"}',
    "spawn": '{"ev":"spawn","task":%s,"by":%s,"scope":%s}',
    "step": '{"ev":"step","task":%s,"now":"%s","with":"%s"}',
    "await": '{"ev":"await","task":%s,"kind":"%s","arg":"%s"}',
    "did": '{"ev":"did","task":%s,"verb":"%s","arg":"%s","result":"%s"}',
    "open": '{"ev":"scope","task":%s,"id":%s,"do":"open"}',
    "shield": '{"ev":"scope","task":%s,"id":%s,"do":"shield"}',
    "close": '{"ev":"scope","task":%s,"id":%s,"do":"close","outcome":"%s"}',
    "end": '{"ev":"end","task":%s,"outcome":"%s","value":"%s"}',
    "callback": '{"ev":"callback","post":%s}',
    "unobserved": '{"ev":"unobserved","task":%s}',
    "destroyed": '{"ev":"destroyed","task":%s}',
    "refused": '{"ev":"refused","post":%s}',
    "box": '{"ev":"box","name":"%s"}',
    "wait": '{"ev":"wait","until":"%s"}',
    "sample": '{"ev":"sample","now":"%s"}',
    "world": '{"ev":"world","entry":%s}',
    "fire": '{"ev":"fire","timer":%s,"key":"%s"}',
    "complete": '{"ev":"complete","op":%s,"result":"%s"}',
    "ready": '{"ev":"ready","task":%s,"cause":"%s"}',
    "round": '{"ev":"round","n":%s,"count":%s}',
}
LEVEL_L = {"box", "wait", "sample", "world", "fire", "complete", "ready", "round"}


def expand(shorthand):
    """The exact lines of a trace written in the shorthand."""
    lines = []
    for group in shorthand.replace("\n", ";").split(";"):
        word, *rest = group.split() or [""]
        if word in BOXES:
            lines += [FORMS["box"] % box for box in BOXES[word]]
        elif word == "exit":
            pending = ",".join('{"task":%s,"await":"%s"}' % tuple(one.split(":")) for one in rest[1:])
            lines.append('{"ev":"exit","verdict":"%s","pending":[%s]}' % (rest[0], pending))
        elif word:
            lines.append(FORMS[word] % tuple("" if one == "-" else one for one in rest))
    return lines


def statement(words):
    verb, *operands = words.split()
    names = [operand[0] for operand in {**oracle.WORLD, **oracle.STATEMENTS}[verb]]
    if names == ["routines"]:
        return {"do": verb, "routines": [int(one) for one in operands]}
    assert len(names) == len(operands), words
    return {"do": verb} | dict(zip(names, map(int, operands)))


def scenario(*routines, world=(), **fields):
    """Each routine: statements separated by `;`. World: `at verb operands`."""
    bodies = [{"body": [statement(one) for one in routine.split(";") if one.strip()]} for routine in routines]
    entries = [{"at": int(entry.split()[0])} | statement(entry.split(maxsplit=1)[1]) for entry in world]
    return {"galley_scenario": 1, "routines": bodies, "world": entries} | fields


class Traces(unittest.TestCase):
    maxDiff = None

    def check(self, given, shorthand, also=()):
        """Level P, and those events of level L that are named in `also`; or "all"."""
        lines = oracle.derive(json.dumps(given).encode())
        header = '{"galley_trace":1,"R":"%s","B":%s,"budget":%s,"features":["P","L"]}' % (
            given.get("resolution", 1), given.get("ask_every", 1), given.get("budget", 16))
        self.assertEqual(header, lines[0])
        dropped = set() if also == "all" else LEVEL_L - set(also)
        self.assertEqual(expand(shorthand), [line for line in lines[1:] if json.loads(line)["ev"] not in dropped])

    def test_kitchen(self):
        self.check(
            scenario("all 1 2 3", "sleep 300000000000", "yield", "sleep 180000000000", name="kitchen"),
            """spawn 1 0 0; ready 1 spawn; run; box start; none; round 1 1; >
            [; step 1 0 start; open 1 1
               spawn 2 1 1; ready 2 spawn; spawn 3 1 1; ready 3 spawn; spawn 4 1 1; ready 4 spawn
               await 1 all 1,2,3; ]; round 2 3; >
            [; step 2 0 start; await 2 sleep 300000000000; ]; >
            [; step 3 0 start; ready 3 yield; await 3 yield -; ]; >
            [; step 4 0 start; await 4 sleep 180000000000; ]; round 3 1; >
            [; step 3 0 value; did 3 yield - ok; end 3 value 0; ]
               wait 180000000000; sample 180000000000; fire 2 180000000000; ready 4 timer; round 4 1; >
            [; step 4 180000000000 value; did 4 sleep 180000000000 ok; end 4 value 0; ]
               wait 300000000000; sample 300000000000; fire 1 300000000000; ready 2 timer; round 5 1; >
            [; step 2 300000000000 value; did 2 sleep 300000000000 ok; end 2 value 0; ready 1 children; ]
               round 6 1; >
            [; step 1 300000000000 value; close 1 1 value; did 1 all 1,2,3 0,0,0; end 1 value 0; ]; >
            box pending; exit completed""",
            "all")

    def test_yield_ping_pong(self):
        self.check(
            scenario("spawn 1 0; yield; join 0", "yield; return 7"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; await 1 yield -
            step 2 0 start; await 2 yield -
            step 1 0 value; did 1 yield - ok; await 1 join 0
            step 2 0 value; did 2 yield - ok; did 2 return 7 ok; end 2 value 7
            step 1 0 value; did 1 join 0 7; end 1 value 0
            exit completed""")

    def test_timeout(self):
        """Timer 1 is the timeout's: 10 rounded up to R; the sleep's, 2, is withdrawn."""
        self.check(
            scenario("timeout 10 1; now", "sleep 100", resolution=4),
            """spawn 1 0 0; ready 1 spawn; run; box start; none; round 1 1; >
            [; step 1 0 start; open 1 1; await 1 sleep 100; ]
               wait 12; sample 12; fire 1 12; ready 1 cancel; round 2 1; >
            [; step 1 12 cancelled; did 1 sleep 100 cancelled; close 1 1 absorbed; did 1 timeout 10,1 timeout
               did 1 now - 12; end 1 value 0; ]; >
            box pending; exit completed""",
            "all")

    def test_timeout_inside_a_cancelled_scope(self):
        """CANCEL-5: the timeout expires behind a shield; the outer scope wins all the same."""
        self.check(
            scenario("scope 0 1", "cancel_scope 0; timeout 0 2", "shield 3; yield", "sleep 5"),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; did 1 cancel_scope 0 yes; open 1 2; shield 1 3; await 1 sleep 5
            fire 1 0; fire 2 5
            step 1 5 value; did 1 sleep 5 ok; close 1 3 value; did 1 shield 3 0; did 1 yield - cancelled
            close 1 2 cancelled; did 1 timeout 0,2 cancelled; close 1 1 absorbed; did 1 scope 0,1 absorbed
            end 1 value 0
            exit completed""",
            ["fire"])

    def test_timeout_at_an_instant(self):
        """CANCEL-8, TIME-9: the burn does not move it; one that is past lets the body go on until it suspends."""
        self.check(
            scenario("burn 3; timeout_at 6 1; timeout_at 6 2; now", "sleep 9", "now; yield; yield", resolution=4),
            """spawn 1 0 0; run
            step 1 0 start; did 1 burn 3 ok; open 1 1; await 1 sleep 9
            fire 1 8; step 1 8 cancelled; did 1 sleep 9 cancelled; close 1 1 absorbed; did 1 timeout_at 6,1 timeout
            open 1 2; did 1 now - 8; await 1 yield -
            fire 3 8; step 1 8 value; did 1 yield - ok; did 1 yield - cancelled; close 1 2 absorbed
            did 1 timeout_at 6,2 timeout; did 1 now - 8; end 1 value 0
            exit completed""",
            ["fire"])

    def test_deadline_and_outcome_in_one_collect(self):
        """CANCEL-8: an operation is first and stays; a sleep of the same key and a post come after the deadline."""
        self.check(
            scenario("timeout 5 1; timeout_at 10 2; timeout_at 20 3", "read 0 4", "sleep_until 10", "wait 0",
                     channels=[0], events=1, world=["5 data 0 4", "20 post 0"]),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; await 1 read 0,4
            complete 1 4; fire 1 5
            step 1 5 value; did 1 read 0,4 4; close 1 1 value; did 1 timeout 5,1 0; open 1 2; await 1 sleep 10
            fire 2 10
            step 1 10 cancelled; did 1 sleep_until 10 cancelled; close 1 2 absorbed; did 1 timeout_at 10,2 timeout
            open 1 3; await 1 wait 0
            fire 4 20
            step 1 20 cancelled; did 1 wait 0 cancelled; close 1 3 absorbed; did 1 timeout_at 20,3 timeout; end 1 value 0
            callback 1; exit completed""",
            ["fire", "complete"])

    def test_handle_that_goes(self):
        """TASK-8: the task is cancelled, as by `cancel`; a task that has ended is let go."""
        self.check(
            scenario("spawn 1 0; yield; lose 0; lose 0; spawn 2 0; yield; lose 0", "sleep 5", "fail 3"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; await 1 yield -
            step 2 0 start; await 2 sleep 5
            step 1 0 value; did 1 yield - ok; did 1 lose 0 yes; did 1 lose 0 empty; spawn 3 1 0; did 1 spawn 2,0 3
            await 1 yield -
            step 2 0 cancelled; did 2 sleep 5 cancelled; end 2 cancelled -
            step 3 0 start; did 3 fail 3 error:3; end 3 exception 3
            step 1 0 value; did 1 yield - ok; unobserved 3; did 1 lose 0 no; end 1 value 0
            exit completed""")

    def test_failure_that_is_an_answer(self):
        """TASK-10: a failure and a cancellation of the task; one of the join itself is none."""
        self.check(
            scenario("spawn 1 0; try_join 0; spawn 2 0; cancel 0; try_join 0; spawn 3 0; timeout 1 4; now",
                     "fail 7", "", "sleep 9", "try_join 0; now"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; await 1 join 0
            step 2 0 start; did 2 fail 7 error:7; end 2 exception 7
            step 1 0 error; did 1 try_join 0 error:7; spawn 3 1 0; did 1 spawn 2,0 3; did 1 cancel 0 yes; await 1 join 0
            step 3 0 cancelled; end 3 cancelled -
            step 1 0 error; did 1 try_join 0 error:0; spawn 4 1 0; did 1 spawn 3,0 4; open 1 1; await 1 join 0
            step 4 0 start; await 4 sleep 9
            step 1 1 cancelled; did 1 try_join 0 cancelled; close 1 1 absorbed; did 1 timeout 1,4 timeout
            did 1 now - 1; end 1 value 0
            step 4 9 value; did 4 sleep 9 ok; end 4 value 0; exit completed""")

    def test_group_failure(self):
        """TASK-6: the first failure cancels the rest and is the group's; the later one is unobserved."""
        self.check(
            scenario("try 1", "group 0 2", "go 0 4; go 0 5; go 0 3", "fail 5", "sleep 10", "try 6; fail 6", "sleep 20"),
            """spawn 1 0 0; ready 1 spawn; run
            step 1 0 start; open 1 1; spawn 2 1 1; ready 2 spawn; did 1 go 0,4 2; spawn 3 1 1; ready 3 spawn
            did 1 go 0,5 3; spawn 4 1 1; ready 4 spawn; did 1 go 0,3 4; await 1 group 0,2
            step 2 0 start; await 2 sleep 10
            step 3 0 start; await 3 sleep 20
            step 4 0 start; did 4 fail 5 error:5; end 4 exception 5; ready 2 cancel; ready 3 cancel
            step 2 0 cancelled; did 2 sleep 10 cancelled; end 2 cancelled -
            step 3 0 cancelled; did 3 sleep 20 cancelled; did 3 try 6 cancelled; did 3 fail 6 error:6; end 3 exception 6
            unobserved 3; ready 1 children
            step 1 0 error; close 1 1 exception; did 1 group 0,2 error:5; did 1 try 1 error:5; end 1 value 0
            exit completed""",
            ["ready"])

    def test_group_cancelled_by_its_own_child(self):
        self.check(
            scenario("group 0 1; go 0 2", "go 0 2; sleep 50", "cancel_group 0; yield"),
            """spawn 1 0 0; ready 1 spawn; run
            step 1 0 start; open 1 1; spawn 2 1 1; ready 2 spawn; did 1 go 0,2 2; await 1 sleep 50
            step 2 0 start; ready 1 cancel; did 2 cancel_group 0 yes; did 2 yield - cancelled; end 2 cancelled -
            step 1 0 cancelled; did 1 sleep 50 cancelled; close 1 1 absorbed; did 1 group 0,1 absorbed
            did 1 go 0,2 misuse; end 1 value 0
            exit completed""",
            ["ready"])

    def test_any_with_a_loser_that_ends_in_the_same_round(self):
        self.check(
            scenario("any 1 2 3", "sleep 5; return 4", "sleep 5; fail 8", "sleep 9"),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; spawn 2 1 1; spawn 3 1 1; spawn 4 1 1; await 1 any 1,2,3
            step 2 0 start; await 2 sleep 5; step 3 0 start; await 3 sleep 5; step 4 0 start; await 4 sleep 9
            step 2 5 value; did 2 sleep 5 ok; did 2 return 4 ok; end 2 value 4
            step 3 5 value; did 3 sleep 5 ok; did 3 fail 8 error:8; end 3 exception 8; unobserved 3
            step 4 5 cancelled; did 4 sleep 9 cancelled; end 4 cancelled -
            step 1 5 value; close 1 1 value; did 1 any 1,2,3 0:4; end 1 value 0
            exit completed""")

    def test_queue_hand_over(self):
        self.check(
            scenario("spawn 1 0; spawn 2 1; join 0; join 1", "get 0; get 0; get 0",
                     "put 0 11; put 0 22; put 0 33; close_queue 0",
                     queues=[1]),
            """spawn 1 0 0; ready 1 spawn; run
            step 1 0 start; spawn 2 1 0; ready 2 spawn; did 1 spawn 1,0 2; spawn 3 1 0; ready 3 spawn; did 1 spawn 2,1 3
            await 1 join 0
            step 2 0 start; await 2 get 0
            step 3 0 start; ready 2 handover; did 3 put 0,11 ok; did 3 put 0,22 ok; await 3 put 0,33
            step 2 0 value; did 2 get 0 11; ready 3 handover; did 2 get 0 22; did 2 get 0 33; end 2 value 0
            ready 1 join
            step 3 0 value; did 3 put 0,33 ok; did 3 close_queue 0 ok; end 3 value 0
            step 1 0 value; did 1 join 0 0; did 1 join 1 0; end 1 value 0
            exit completed""",
            ["ready"])

    def test_deadlock(self):
        """The failure of task 2 dies in its slot."""
        self.check(
            scenario("spawn 1 0; wait 0", "fail 7", events=1),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; await 1 wait 0
            step 2 0 start; did 2 fail 7 error:7; end 2 exception 7
            exit deadlocked 1:wait; destroyed 1; unobserved 2""")

    def test_stop_in_a_step_and_a_second_run(self):
        self.check(
            scenario("stop; yield", runs=2),
            """spawn 1 0 0; ready 1 spawn; run; box start; none; round 1 1; >
            [; step 1 0 start; did 1 stop - ok; ready 1 yield; await 1 yield -; ]; >
            box pending; exit stopped 1:ready
            run; box start; none; round 2 1; >
            [; step 1 0 value; did 1 yield - ok; end 1 value 0; ]; >
            box pending; exit completed""",
            "all")

    def test_stop_during_a_wait(self):
        """What is collected stays; the post's callback is in the ready queue, and runs in the second run."""
        self.check(
            scenario("sleep 10", world=["5 stop", "5 post 0"], events=1, runs=2),
            """spawn 1 0 0; ready 1 spawn; run; box start; none; round 1 1; >
            [; step 1 0 start; await 1 sleep 10; ]; wait 10; world 0; world 1; sample 5; ready 0 post; >
            box pending; exit stopped 1:sleep
            run; box start; none; round 2 1; >
            [; callback 1; ]; wait 10; sample 10; fire 1 10; ready 1 timer; round 3 1; >
            [; step 1 10 value; did 1 sleep 10 ok; end 1 value 0; ]; >
            box pending; exit completed""",
            "all")

    def test_input_and_output(self):
        self.check(
            scenario("all 1 2", "read 0 8; read 0 8; read 0 8", "write 0 5; write 0 5", channels=[3],
                     world=["4 data 0 10", "4 end 0", "6 break 0 32"]),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; spawn 2 1 1; spawn 3 1 1; await 1 all 1,2
            step 2 0 start; await 2 read 0,8; step 3 0 start; did 3 write 0,5 3; await 3 write 0,5
            wait never; world 0; world 1; sample 4; complete 1 8
            step 2 4 value; did 2 read 0,8 8; did 2 read 0,8 2; did 2 read 0,8 0; end 2 value 0
            wait never; world 2; sample 6; complete 3 errno:32
            step 3 6 value; did 3 write 0,5 errno:32; end 3 value 0
            step 1 6 value; close 1 1 value; did 1 all 1,2 0,0; end 1 value 0
            exit completed""",
            ["wait", "world", "sample", "complete"])

    def test_operations_cancelled_and_closed(self):
        """IO-3: collected later. At the same time reads come before writes, though the write's channel closed first."""
        self.check(
            scenario("spawn 1 0; spawn 2 1; yield; close 0; close 0; cancel 1; cancel 1; join 0",
                     "write 0 1; write 0 1",
                     "read 1 1", channels=[0, 0]),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; spawn 3 1 0; did 1 spawn 2,1 3; await 1 yield -
            step 2 0 start; await 2 write 0,1; step 3 0 start; await 3 read 1,1
            step 1 0 value; did 1 yield - ok; did 1 close 0 ok; did 1 close 0 errno:9
            did 1 cancel 1 yes; did 1 cancel 1 yes; await 1 join 0
            wait never; complete 2 cancelled; complete 1 errno:125
            step 3 0 cancelled; did 3 read 1,1 cancelled; end 3 cancelled -
            step 2 0 value; did 2 write 0,1 errno:125; did 2 write 0,1 errno:9; end 2 value 0
            step 1 0 value; did 1 join 0 0; end 1 value 0
            exit completed""",
            ["wait", "complete"])

    def test_a_peer_goes_to_the_one_that_accepts(self):
        self.check(
            scenario("all 1 2", "connect 0", "accept 0", channels=[0], world=["3 peer 0", "5 peer 0"]),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; spawn 2 1 1; spawn 3 1 1; await 1 all 1,2
            step 2 0 start; await 2 connect 0; step 3 0 start; await 3 accept 0
            world 0; complete 2 ok; step 3 3 value; did 3 accept 0 ok; end 3 value 0
            world 1; complete 1 ok; step 2 5 value; did 2 connect 0 ok; end 2 value 0
            step 1 5 value; close 1 1 value; did 1 all 1,2 0,0; end 1 value 0
            exit completed""",
            ["world", "complete"])

    def test_budget(self):
        """READY-5: the second satisfied await of a step suspends; the exit of a group and an empty `all` are such."""
        self.check(
            scenario("set 0; wait 0; wait 0; group 0 1; all", "", events=1, budget=2),
            """spawn 1 0 0; ready 1 spawn; run
            step 1 0 start; did 1 set 0 ok; did 1 wait 0 ok; ready 1 budget; await 1 budget 0
            step 1 0 value; did 1 wait 0 ok; open 1 1; close 1 1 value; did 1 group 0,1 0; ready 1 budget
            await 1 budget -
            step 1 0 value; did 1 all - -; end 1 value 0
            exit completed""",
            ["ready"])

    def test_budget_at_a_group_exit_a_cancelled_await_and_a_join(self):
        """The group is judged, and takes no more, though its slot is in use until the node is closed."""
        self.check(
            scenario("spawn 1 0; group 0 2; try 3", "go 0 2; group 0 2", "", "join 0; fail 3", budget=1),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; open 1 1; await 1 budget 0,2
            step 2 0 start; did 2 go 0,2 misuse; did 2 group 0,2 misuse; end 2 value 0
            step 1 0 value; close 1 1 value; did 1 group 0,2 0; await 1 budget 0
            step 1 0 value; did 1 join 0 0; did 1 fail 3 error:3; did 1 try 3 error:3; end 1 value 0
            exit completed""")
        self.check(
            scenario("scope 0 1", "cancel_scope 0; yield", budget=1),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; did 1 cancel_scope 0 yes; await 1 budget -
            step 1 0 cancelled; did 1 yield - cancelled; close 1 1 absorbed; did 1 scope 0,1 absorbed; end 1 value 0
            exit completed""")

    def test_cancel_before_the_first_step(self):
        self.check(
            scenario("spawn 1 0; cancel 0; cancel 0; try 2; cancel 0", "now", "join 0"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; did 1 cancel 0 yes; did 1 cancel 0 yes; await 1 join 0
            step 2 0 cancelled; end 2 cancelled -
            step 1 0 error; did 1 join 0 error:0; did 1 try 2 error:0; did 1 cancel 0 empty; end 1 value 0
            exit completed""")

    def test_shield_in_a_cancelled_scope(self):
        self.check(
            scenario("scope 0 1", "cancel_scope 0; shield 2; sleep 1", "sleep 3"),
            """spawn 1 0 0; run
            step 1 0 start; open 1 1; did 1 cancel_scope 0 yes; shield 1 2; await 1 sleep 3
            step 1 3 value; did 1 sleep 3 ok; close 1 2 value; did 1 shield 2 0; did 1 sleep 1 cancelled
            close 1 1 absorbed; did 1 scope 0,1 absorbed; end 1 value 0
            exit completed""")

    def test_cancel_of_a_task_that_waits_behind_a_shield(self):
        """And main's own failure is not unobserved: whoever called run has it."""
        self.check(
            scenario("spawn 1 0; yield; cancel 0; join 0", "shield 2; sleep 1", "sleep 3"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; await 1 yield -
            step 2 0 start; shield 2 1; await 2 sleep 3
            step 1 0 value; did 1 yield - ok; did 1 cancel 0 yes; await 1 join 0
            step 2 3 value; did 2 sleep 3 ok; close 2 1 value; did 2 shield 2 0; did 2 sleep 1 cancelled
            end 2 cancelled -
            step 1 3 error; did 1 join 0 error:0; end 1 exception 0
            exit completed""")

    def test_cancel_walks_in_order_over_tasks_that_took_the_place_of_an_ended_one(self):
        """CANCEL-7: 4 and 5 stand where their spawner 2 stood: before 3."""
        self.check(
            scenario("scope 0 1", "spawn 2 0; spawn 3 3; yield; yield; cancel_scope 0", "spawn 3 1; spawn 3 2",
                     "sleep 9"),
            """spawn 1 0 0; ready 1 spawn; run
            step 1 0 start; open 1 1; spawn 2 1 1; ready 2 spawn; did 1 spawn 2,0 2
            spawn 3 1 1; ready 3 spawn; did 1 spawn 3,3 3; ready 1 yield; await 1 yield -
            step 2 0 start; spawn 4 2 0; ready 4 spawn; did 2 spawn 3,1 4
            spawn 5 2 0; ready 5 spawn; did 2 spawn 3,2 5; end 2 value 0
            step 3 0 start; await 3 sleep 9
            step 1 0 value; did 1 yield - ok; ready 1 yield; await 1 yield -
            step 4 0 start; await 4 sleep 9; step 5 0 start; await 5 sleep 9
            step 1 0 value; did 1 yield - ok; ready 4 cancel; ready 5 cancel; ready 3 cancel; did 1 cancel_scope 0 yes
            close 1 1 value; did 1 scope 0,1 0; end 1 value 0
            step 4 0 cancelled; did 4 sleep 9 cancelled; end 4 cancelled -
            step 5 0 cancelled; did 5 sleep 9 cancelled; end 5 cancelled -
            step 3 0 cancelled; did 3 sleep 9 cancelled; end 3 cancelled -
            exit completed""",
            ["ready"])

    def test_handle_replaced_while_it_is_joined(self):
        """The joiner holds the failure; the slot's new task is still there afterwards."""
        self.check(
            scenario("spawn 1 0; spawn 2 1; try 4; join 0", "yield; fail 4", "spawn 3 0", "return 6", "join 0"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; spawn 3 1 0; did 1 spawn 2,1 3; await 1 join 0
            step 2 0 start; await 2 yield -
            step 3 0 start; spawn 4 3 0; did 3 spawn 3,0 4; end 3 value 0
            step 2 0 value; did 2 yield - ok; did 2 fail 4 error:4; end 2 exception 4
            step 4 0 start; did 4 return 6 ok; end 4 value 6
            step 1 0 error; did 1 join 0 error:4; did 1 try 4 error:4; did 1 join 0 6; end 1 value 0
            exit completed""")

    def test_failures_that_nobody_holds(self):
        """TASK-3: dropped before it fails; dropped after; died with its joiner, which was ready and never resumed."""
        self.check(
            scenario("spawn 1 0; drop 0; spawn 1 1; yield; yield; drop 1; drop 1; spawn 2 2; spawn 3 3; yield; drop 2; "
                     "yield",
                     "fail 1", "yield; stop; fail 2", "join 2"),
            """spawn 1 0 0; run
            step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; did 1 drop 0 ok; spawn 3 1 0; did 1 spawn 1,1 3
            await 1 yield -
            step 2 0 start; did 2 fail 1 error:1; end 2 exception 1; unobserved 2
            step 3 0 start; did 3 fail 1 error:1; end 3 exception 1
            step 1 0 value; did 1 yield - ok; await 1 yield -
            step 1 0 value; did 1 yield - ok; unobserved 3; did 1 drop 1 ok; did 1 drop 1 empty
            spawn 4 1 0; did 1 spawn 2,2 4; spawn 5 1 0; did 1 spawn 3,3 5; await 1 yield -
            step 4 0 start; await 4 yield -; step 5 0 start; await 5 join 2
            step 1 0 value; did 1 yield - ok; did 1 drop 2 ok; await 1 yield -
            step 4 0 value; did 4 yield - ok; did 4 stop - ok; did 4 fail 2 error:2; end 4 exception 2
            step 1 0 value; did 1 yield - ok; end 1 value 0
            exit stopped 5:ready; destroyed 5; unobserved 4""")

    def test_orderly_close_and_refused_posts(self):
        self.check(
            scenario("wait 0", world=["5 stop", "9 post 0", "9 jump 1", "9 wake"], events=1, close="orderly"),
            """spawn 1 0 0; ready 1 spawn; run
            step 1 0 start; await 1 wait 0; exit stopped 1:wait
            ready 1 cancel; run
            step 1 5 cancelled; did 1 wait 0 cancelled; end 1 cancelled -; exit completed
            refused 1; refused 2""",
            ["ready"])

    def test_driver_that_is_not_asked_after_every_round(self):
        """WAIT-4: asked once at the start; again after two steps, and only then the clock is sampled."""
        self.check(
            scenario("burn 5; yield; yield; now", ask_every=2, world=["0 wake", "1 wake"]),
            """spawn 1 0 0; run; world 0
            step 1 0 start; did 1 burn 5 ok; await 1 yield -
            step 1 0 value; did 1 yield - ok; await 1 yield -; world 1; sample 5
            step 1 5 value; did 1 yield - ok; did 1 now - 5; end 1 value 0
            exit completed""",
            ["sample", "world"])

    def test_what_makes_a_deadlock(self):
        """LIFE-1, LIFE-7: a remote or an operation keeps the loop only as long as the driver has something."""
        self.check(scenario("read 0 1", channels=[0]),
                   """spawn 1 0 0; run; step 1 0 start; await 1 read 0,1
                   exit deadlocked 1:read; destroyed 1""")
        self.check(scenario("wait 0", events=1, world=["7 stop"]),
                   """spawn 1 0 0; run; step 1 0 start; await 1 wait 0
                   exit deadlocked 1:wait; destroyed 1""")
        self.check(scenario("hold_remote; wait 0", events=1, world=["7 stop"]),
                   """spawn 1 0 0; run; step 1 0 start; did 1 hold_remote - ok; await 1 wait 0
                   exit stopped 1:wait; destroyed 1""")

    def test_keep_alives_and_remotes(self):
        """LIFE-3: a keep-alive delays completed, so that the callback runs; a remote does not."""
        self.check(scenario("keep_alive; post 0", events=1),
                   """spawn 1 0 0; run; step 1 0 start; did 1 keep_alive - ok; did 1 post 0 ok; end 1 value 0
                   callback 1; exit deadlocked""")
        self.check(scenario("keep_alive; drop_keep_alive; drop_keep_alive; hold_remote; drop_remote; drop_remote; "
                            "hold_remote; post 0", events=1),
                   """spawn 1 0 0; run; step 1 0 start
                   did 1 keep_alive - ok; did 1 drop_keep_alive - ok; did 1 drop_keep_alive - misuse
                   did 1 hold_remote - ok; did 1 drop_remote - ok; did 1 drop_remote - misuse
                   did 1 hold_remote - ok; did 1 post 0 ok; end 1 value 0; exit completed""")

    def test_sleep_of_nothing(self):
        """TIME-6: due at the next collect; its key is the sample, whatever has been burned since."""
        self.check(scenario("burn 5; sleep 0; burn 1; now"),
                   """spawn 1 0 0; run; step 1 0 start; did 1 burn 5 ok; await 1 sleep 0; wait 0; sample 5; fire 1 0
                   step 1 5 value; did 1 sleep 0 ok; did 1 burn 1 ok; did 1 now - 6; end 1 value 0; exit completed""",
                   ["wait", "sample", "fire"])

    def test_timer_of_a_timeout_that_was_left(self):
        self.check(scenario("timeout 10 1; sleep 20", "return 5"),
                   """spawn 1 0 0; run
                   step 1 0 start; open 1 1; did 1 return 5 ok; close 1 1 value; did 1 timeout 10,1 5; await 1 sleep 20
                   wait 20; fire 2 20; step 1 20 value; did 1 sleep 20 ok; end 1 value 0; exit completed""",
                   ["wait", "fire"])

    def test_slots_are_free_again(self):
        self.check(scenario("group 0 1; group 0 1; scope 0 2; scope 0 1; cancel_scope 0", "", "scope 0 3", ""),
                   """spawn 1 0 0; run; step 1 0 start
                   open 1 1; close 1 1 value; did 1 group 0,1 0; open 1 2; close 1 2 value; did 1 group 0,1 0
                   open 1 3; did 1 scope 0,3 misuse; close 1 3 value; did 1 scope 0,2 0
                   open 1 4; close 1 4 value; did 1 scope 0,1 0; did 1 cancel_scope 0 no; end 1 value 0
                   exit completed""")

    def test_mutex(self):
        self.check(scenario("lock 0; spawn 1 0; yield; unlock 0; unlock 0; lock 0", "unlock 0; lock 0; unlock 0",
                            mutexes=1),
                   """spawn 1 0 0; ready 1 spawn; run
                   step 1 0 start; did 1 lock 0 ok; spawn 2 1 0; ready 2 spawn; did 1 spawn 1,0 2; ready 1 yield
                   await 1 yield -
                   step 2 0 start; did 2 unlock 0 misuse; await 2 lock 0
                   step 1 0 value; did 1 yield - ok; ready 2 handover; did 1 unlock 0 ok; did 1 unlock 0 misuse
                   await 1 lock 0
                   step 2 0 value; did 2 lock 0 ok; ready 1 handover; did 2 unlock 0 ok; end 2 value 0
                   step 1 0 value; did 1 lock 0 ok; end 1 value 0
                   exit completed""",
                   ["ready"])

    def test_queue_closed_with_a_putter_waiting(self):
        """SYNC-3: what was stored is still got; the item of the blocked putter is not."""
        self.check(scenario("put 0 1; spawn 1 0; yield; close_queue 0; close_queue 0; join 0; get 0; get 0; put 0 7",
                            "put 0 2",
                            queues=[1]),
                   """spawn 1 0 0; run
                   step 1 0 start; did 1 put 0,1 ok; spawn 2 1 0; did 1 spawn 1,0 2; await 1 yield -
                   step 2 0 start; await 2 put 0,2
                   step 1 0 value; did 1 yield - ok; did 1 close_queue 0 ok; did 1 close_queue 0 ok; await 1 join 0
                   step 2 0 value; did 2 put 0,2 closed; end 2 value 0
                   step 1 0 value; did 1 join 0 0; did 1 get 0 1; did 1 get 0 closed; did 1 put 0,7 closed
                   end 1 value 0
                   exit completed""")

    def test_group_whose_body_fails(self):
        self.check(scenario("group 0 1", "go 0 2; fail 3", "sleep 5"),
                   """spawn 1 0 0; run
                   step 1 0 start; open 1 1; spawn 2 1 1; did 1 go 0,2 2; did 1 fail 3 error:3; await 1 group 0,1
                   step 2 0 cancelled; end 2 cancelled -
                   step 1 0 error; close 1 1 exception; did 1 group 0,1 error:3; end 1 exception 3
                   exit completed""")

    def test_all_with_two_failures(self):
        self.check(scenario("all 1 2", "yield; fail 1", "yield; fail 2"),
                   """spawn 1 0 0; run
                   step 1 0 start; open 1 1; spawn 2 1 1; spawn 3 1 1; await 1 all 1,2
                   step 2 0 start; await 2 yield -; step 3 0 start; await 3 yield -
                   step 2 0 value; did 2 yield - ok; did 2 fail 1 error:1; end 2 exception 1
                   step 3 0 value; did 3 yield - ok; did 3 fail 2 error:2; end 3 exception 2; unobserved 3
                   step 1 0 error; close 1 1 exception; did 1 all 1,2 error:1; end 1 exception 1
                   exit completed""")

    def test_failures_that_die_with_the_owner(self):
        """LIFE-5: innermost first, so the `all`'s (task 4) and then the group's (task 2)."""
        self.check(scenario("group 0 1", "go 0 2; shield 3", "fail 1", "all 5 4", "stop; fail 2", "shield 6",
                            "sleep 9"),
                   """spawn 1 0 0; run
                   step 1 0 start; open 1 1; spawn 2 1 1; did 1 go 0,2 2; shield 1 2; open 1 3
                   spawn 3 1 3; spawn 4 1 3; await 1 all 5,4
                   step 2 0 start; did 2 fail 1 error:1; end 2 exception 1
                   step 3 0 start; shield 3 4; await 3 sleep 9
                   step 4 0 start; did 4 stop - ok; did 4 fail 2 error:2; end 4 exception 2
                   exit stopped 1:all 3:sleep; destroyed 3; destroyed 1; unobserved 4; unobserved 2""")

    def test_join_that_is_withdrawn_and_join_of_a_joined_task(self):
        """CANCEL-1, CANCEL-7: the joined task is left alone, and free to be joined again."""
        self.check(scenario("spawn 1 0; spawn 2 1; yield; join 0; cancel 1; join 0", "sleep 9", "join 0"),
                   """spawn 1 0 0; run
                   step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; spawn 3 1 0; did 1 spawn 2,1 3; await 1 yield -
                   step 2 0 start; await 2 sleep 9; step 3 0 start; await 3 join 0
                   step 1 0 value; did 1 yield - ok; did 1 join 0 misuse; did 1 cancel 1 yes; await 1 join 0
                   step 3 0 cancelled; did 3 join 0 cancelled; end 3 cancelled -
                   step 2 9 value; did 2 sleep 9 ok; end 2 value 0; step 1 9 value; did 1 join 0 0; end 1 value 0
                   exit completed""")

    def test_handle_dropped_between_the_failure_and_the_joiners_step(self):
        self.check(scenario("spawn 1 0; spawn 2 1; yield; yield; drop 0", "yield; fail 3", "try 3", "join 0"),
                   """spawn 1 0 0; run
                   step 1 0 start; spawn 2 1 0; did 1 spawn 1,0 2; spawn 3 1 0; did 1 spawn 2,1 3; await 1 yield -
                   step 2 0 start; await 2 yield -; step 3 0 start; await 3 join 0
                   step 1 0 value; did 1 yield - ok; await 1 yield -
                   step 2 0 value; did 2 yield - ok; did 2 fail 3 error:3; end 2 exception 3
                   step 1 0 value; did 1 yield - ok; did 1 drop 0 ok; end 1 value 0
                   step 3 0 error; did 3 join 0 error:3; did 3 try 3 error:3; end 3 value 0
                   exit completed""")

    def test_task_that_was_spawned_behind_a_shield(self):
        """It hangs, not cancelled, below a cancelled node. A cancel from further out passes that node over; but when
        the node has gone, its parent's cancel reaches the task."""
        self.check(scenario("scope 1 1", "scope 0 2", "shield 3; cancel_scope 1", "spawn 4 0; cancel_scope 0",
                            "sleep 5"),
                   """spawn 1 0 0; run
                   step 1 0 start; open 1 1; open 1 2; shield 1 3; spawn 2 1 3; did 1 spawn 4,0 2
                   did 1 cancel_scope 0 yes
                   close 1 3 value; did 1 shield 3 0; did 1 cancel_scope 1 yes
                   close 1 2 value; did 1 scope 0,2 0; close 1 1 value; did 1 scope 1,1 0; end 1 value 0
                   step 2 0 start; await 2 sleep 5; step 2 5 value; did 2 sleep 5 ok; end 2 value 0
                   exit completed""")
        self.check(scenario("scope 0 1", "spawn 2 0; yield; cancel_scope 0", "cancel 0; shield 3", "spawn 4 1",
                            "sleep 5"),
                   """spawn 1 0 0; run
                   step 1 0 start; open 1 1; spawn 2 1 1; did 1 spawn 2,0 2; await 1 yield -
                   step 2 0 start; did 2 cancel 0 yes; shield 2 2; spawn 3 2 2; did 2 spawn 4,1 3; close 2 2 value
                   did 2 shield 3 0; end 2 value 0
                   step 1 0 value; did 1 yield - ok; did 1 cancel_scope 0 yes; close 1 1 value; did 1 scope 0,1 0
                   end 1 value 0
                   step 3 0 cancelled; end 3 cancelled -
                   exit completed""")

    def test_clock_that_jumps_back_and_time_at_its_end(self):
        self.check(
            scenario("burn 10; now; yield; now", world=["10 jump -8"]),
            """spawn 1 0 0; run
            step 1 0 start; did 1 burn 10 ok; did 1 now - 10; await 1 yield -; world 0; sample 10
            step 1 10 value; did 1 yield - ok; did 1 now - 10; end 1 value 0
            exit completed""",
            ["world", "sample"])
        self.check(
            scenario("burn 9223372036854775807; burn 1; sleep 9223372036854775807", resolution=4),
            """spawn 1 0 0; run
            step 1 0 start; did 1 burn 9223372036854775807 ok; did 1 burn 1 ok; await 1 sleep 9223372036854775807
            wait 9223372036854775804; sample 9223372036854775807; fire 1 9223372036854775804
            step 1 9223372036854775807 value; did 1 sleep 9223372036854775807 ok; end 1 value 0
            exit completed""",
            ["wait", "sample", "fire"])


class Invalid(unittest.TestCase):
    def refuse(self, given, where, expected):
        with self.assertRaises(oracle.Invalid) as caught:
            oracle.derive(given if type(given) is bytes else json.dumps(given).encode())
        self.assertTrue(str(caught.exception).startswith(f"{where}: expected {expected}"), str(caught.exception))

    def test_fields(self):
        whole = scenario("yield")
        self.refuse(b"{", "file", "JSON")
        self.refuse(b'{"name":"\xff"}', "file", "JSON")
        self.refuse(b"[1]", "file", "an object")
        self.refuse({"routines": []}, "galley_scenario", "a value")
        self.refuse({"galley_scenario": 1}, "routines", "a value")
        self.refuse(whole | {"galley_scenario": 2}, "galley_scenario", "an integer from 1 to 1")
        self.refuse(whole | {"colour": 1}, "colour", "no such field")
        self.refuse(whole | {"name": "é" * 101}, "name", "a string of at most 200 bytes")
        self.refuse(whole | {"resolution": 3}, "resolution", "a power of two")
        self.refuse(whole | {"resolution": 2**41}, "resolution", "an integer from 1 to 1099511627776")
        self.refuse(whole | {"budget": 0}, "budget", "an integer from 1 to 1000000")
        self.refuse(whole | {"budget": True}, "budget", "an integer from 1 to 1000000")
        self.refuse(whole | {"budget": 2.0}, "budget", "an integer from 1 to 1000000")
        self.refuse(whole | {"budget": "+2"}, "budget", "an integer from 1 to 1000000")
        self.refuse(whole | {"runs": 5}, "runs", "an integer from 1 to 4")
        self.refuse(whole | {"close": "slam"}, "close", '"destroy" or "orderly"')
        self.refuse(whole | {"semaphores": [0, 1001]}, "semaphores[1]", "an integer from 0 to 1000")
        self.refuse(whole | {"queues": [0]}, "queues[0]", "an integer from 1 to 1000")
        self.refuse(whole | {"channels": [0] * 9}, "channels", "an array of 0 to 8")
        self.refuse(whole | {"routines": []}, "routines", "an array of 1 to 32")
        self.refuse(whole | {"routines": [{}]}, "routines[0].body", "a value")
        self.refuse(scenario(";".join(["yield"] * 65)), "routines[0].body", "an array of 0 to 64")

    def test_statements(self):
        def refuse(one, where, expected):
            self.refuse({"galley_scenario": 1, "routines": [{"body": [{"do": "yield"}, one]}, {"body": []}]},
                        "routines[0].body[1]" + where, expected)
        refuse({"do": "dance"}, ".do", "one of yield, sleep")
        refuse(3, ".do", "one of yield, sleep")
        refuse({"do": "yield", "ns": 1}, ".ns", "no such field")
        refuse({"do": "sleep"}, ".ns", "a value")
        refuse({"do": "sleep", "at": 1}, ".at", "no such field")
        refuse({"do": "sleep", "ns": 2**63}, ".ns", "an integer from 0 to 9223372036854775807")
        refuse({"do": "sleep", "ns": "-1"}, ".ns", "an integer from 0 to 9223372036854775807")
        refuse({"do": "call", "routine": 0}, ".routine", "an integer from 1 to 1")
        refuse({"do": "all", "routines": [1, 2]}, ".routines[1]", "an integer from 1 to 1")
        refuse({"do": "any", "routines": []}, ".routines", "an array of 1 to 8")
        refuse({"do": "join", "handle": 16}, ".handle", "an integer from 0 to 15")
        refuse({"do": "wait", "event": 0}, ".event", "nothing (there is none)")

    def test_world(self):
        whole = scenario("yield", events=1)
        self.refuse(whole | {"world": [{"at": 3, "do": "stop"}, {"at": 2, "do": "wake"}]}, "world[1].at", "at least 3")
        self.refuse(whole | {"world": [{"do": "stop"}]}, "world[0].at", "a value")
        self.refuse(whole | {"world": [{"at": 0, "do": "post", "event": 1}]}, "world[0].event",
                    "an integer from 0 to 0")
        self.refuse(whole | {"world": [{"at": 0, "do": "jump", "ns": -(2**62) - 1}]}, "world[0].ns",
                    "an integer from -")
        self.refuse(whole | {"world": [{"at": 0, "do": "stop"}] * 257}, "world", "an array of 0 to 256")

    def test_cost(self):
        """A level costs 1 + 8 times the next: five levels 4681 + 32768 times the last."""
        levels = [f"all {' '.join([str(n + 1)] * 8)}" for n in range(5)]
        oracle.read_scenario(json.dumps(scenario(*levels, "yield;yield")).encode())  # 70217
        self.refuse(scenario(*levels, "yield;yield;yield"), "routines[0]", "a cost of at most 100000")  # 102985


class Program(unittest.TestCase):
    path = pathlib.Path(oracle.__file__)

    def start(self, *arguments):
        return subprocess.Popen([sys.executable, self.path, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def test_one_file(self):
        with self.start("-") as process:
            out, _ = process.communicate(json.dumps(scenario("yield"), indent=2))
        self.assertEqual(0, process.returncode)
        self.assertEqual(oracle.derive(json.dumps(scenario("yield")).encode()), out.splitlines())

    def test_an_invalid_file(self):
        with self.start("-") as process:
            out, err = process.communicate('{"galley_scenario":1,"routines":7}')
        self.assertEqual((2, ""), (process.returncode, out))
        self.assertEqual("-: routines: expected an array of 1 to 32, found 7\n", err)

    def test_batch_answers_each_line_before_the_next_is_asked(self):
        with self.start("--batch") as process:
            for question in (scenario("yield"), {"galley_scenario": 3}, scenario("now")):
                process.stdin.write(json.dumps(question) + "\n")
                process.stdin.flush()
                answer = list(iter(lambda: process.stdout.readline().rstrip("\n"), ""))
                if "routines" in question:
                    self.assertEqual(oracle.derive(json.dumps(question).encode()), answer)
                else:
                    self.assertEqual(['{"error":"routines: expected a value (the field is required), found none"}'],
                                     answer)
            process.stdin.close()


if __name__ == "__main__":
    unittest.main()
