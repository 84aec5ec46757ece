#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Adapters that are wrong on purpose: the oracle with one fault, or a process that does not behave.

    sabotaged.py NAME     speaks spec/conformance/PROTOCOL.md
    sabotaged.py --list   the faults, each with the rule that it breaks
"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "spec/scenario"))
import oracle
from oracle import CANCELLED, OK, Oracle

FAULTS = {}  # name: (rule, what makes the oracle wrong)
FEATURES = ["tasks", "join", "failure", "cancel", "scope", "group", "all", "any", "event", "semaphore", "mutex", "queue", "channel",
            "post", "keep_alive", "budget", "stop", "rerun", "deadlock", "jump", "destroy", "orderly", "composition"]


def fault(rule):
    """The decorated function plants it."""
    def register(plant):
        FAULTS[plant.__name__] = rule, plant
        return plant
    return register


def instead(name, change):
    """Replaces a method; `change` gets the right one, then what that gets."""
    right = getattr(Oracle, name)
    setattr(Oracle, name, lambda self, *given: change(right, self, *given))
    for verb, function in oracle.DO.items():
        if function is right:
            oracle.DO[verb] = getattr(Oracle, name)
    for verb, function in oracle.AFTER.items():
        if function is right:
            oracle.AFTER[verb] = getattr(Oracle, name)


# --- LIFE


@fault("LIFE-1")
def calls_a_deadlock_completed():
    instead("verdict", lambda right, self: "completed" if right(self) == "deadlocked" else right(self))


@fault("LIFE-1")
def leaves_while_timers_run():
    instead("verdict", lambda right, self: right(self) or ("deadlocked" if not self.ready_queue and not self.inbox and not self.in_flight
                                                           and self.exhausted() else None))


@fault("LIFE-2")
def stops_in_the_middle_of_a_round():
    def turn(right, self, entry):
        right(self, entry)
        if self.stop_requested:
            self.ready_queue.extendleft(reversed(self.round))
            self.round.clear()
    instead("turn", turn)


@fault("LIFE-2")
def overlooks_a_stop_while_collecting():
    def begin_round(right, self):
        requested, self.stop_requested = self.stop_requested, False
        right(self)
        self.stop_requested = requested
    instead("begin_round", begin_round)


@fault("LIFE-3")
def forgets_at_a_stop():
    def exit_(right, self, verdict):
        right(self, verdict)
        if verdict == "stopped":
            self.ready_queue.clear()
    instead("exit", exit_)


@fault("LIFE-5")
def destroys_in_start_order():
    def destroy(right, self):
        self.tasks.reverse()
        right(self)
    instead("destroy", destroy)


@fault("LIFE-6")
def closes_without_cancelling():
    def run(right, self):
        if self.scenario.orderly and self.root.cancelled:
            return
        right(self)
    instead("run", run)


@fault("LIFE-7")
def waits_for_an_exhausted_driver():
    instead("exhausted", lambda right, self: False)


# --- READY


@fault("READY-1")
def takes_the_latest_first():
    def begin_round(right, self):
        right(self)
        self.round.reverse()
        places = [i for i, entry in enumerate(self.round) if not isinstance(entry, oracle.Task)]
        posts = [self.round[i] for i in reversed(places)]  # in their order, which is another rule's (POST-1)
        for i, post in zip(places, posts):
            self.round[i] = post
    instead("begin_round", begin_round)


@fault("READY-2")
def runs_what_becomes_ready_in_the_same_round():
    def turn(right, self, entry):
        right(self, entry)
        self.round.extend(self.ready_queue)
        self.ready_queue.clear()
    instead("turn", turn)


@fault("READY-4")
def resumes_twice():
    def ready(right, self, task, cause, outcome):
        right(self, task, cause, outcome)
        if cause == "handover":
            right(self, task, cause, outcome)
    instead("ready", ready)


@fault("READY-5")
def knows_no_budget():
    instead("satisfied", lambda right, self, task, statement, outcome: self.deliver(task, statement, outcome))


@fault("READY-5")
def goes_on_after_a_yield():
    instead("do_yield", lambda right, self, task, statement: OK)


@fault("READY-6")
def tells_the_joiner_before_the_end():
    def end(right, self, task, outcome):
        at = len(self.out)
        right(self, task, outcome)
        if len(self.out) > at + 1 and '"ready"' in self.out[-1]:
            self.out.insert(at, self.out.pop())
    instead("end", end)


# --- WAIT


@fault("WAIT-1")
def blocks_though_something_is_ready():
    def consult(right, self):
        kept, self.ready_queue = self.ready_queue, type(self.ready_queue)()
        done = right(self)
        self.ready_queue = kept
        return done
    instead("consult", consult)


@fault("WAIT-2")
def polls_instead_of_sleeping():
    def pass_time(right, self, deadline):
        if deadline is not None and self.clock < deadline - 1:
            self.out[-1] = '{"ev":"wait","until":"' + str(deadline - 1) + '"}'
        right(self, deadline)
    instead("pass_time", pass_time)


@fault("WAIT-4")
def starves_input_while_busy():
    instead("consult", lambda right, self: () if self.ready_queue and self.asked else right(self))


# --- TIME


@fault("TIME-1")
def lets_time_go_back():
    def read_clock(right, self):
        self.reading = self.clock
        return self.reading
    instead("read_clock", read_clock)


@fault("TIME-2")
def fires_early():
    instead("start_timer", lambda right, self, key, task, node: right(self, max(key - 1, self.sample), task, node))


@fault("TIME-2")
def rounds_down():
    instead("round_up", lambda right, self, at: self.round_down(at))


@fault("TIME-3")
def fires_one_timer_a_collect():
    def fire_timers(right, self):
        first = self.first_timer()
        others = {number: timer for number, timer in self.timers.items() if timer is not first}
        if first is None:
            return
        self.timers = {first.id: first}
        order, self.timer_order = self.timer_order, [(first.key, first.id)]
        right(self)
        self.timers.update(others)
        self.timer_order = sorted(set(order) | set(self.timer_order))
    instead("fire_timers", fire_timers)


@fault("TIME-4")
def fires_equal_deadlines_in_reverse():
    def start_timer(right, self, key, task, node):
        number = right(self, key, task, node)
        self.timer_order = [(k, -n) for k, n in self.timer_order if n > 0] + [(k, n) for k, n in self.timer_order if n < 0]
        oracle.heapq.heapify(self.timer_order)
        return number

    def first_timer(right, self):
        while self.timer_order and -self.timer_order[0][1] not in self.timers:
            oracle.heapq.heappop(self.timer_order)
        return self.timers[-self.timer_order[0][1]] if self.timer_order else None
    instead("start_timer", start_timer)
    instead("first_timer", first_timer)


@fault("TIME-6")
def does_not_suspend_for_a_sleep_of_nothing():
    instead("do_sleep", lambda right, self, task, statement: right(self, task, statement) if statement.op["ns"] else OK)


@fault("TIME-7")
def overflows_at_the_end_of_time():
    def relative_key(right, self, ns):
        return right(self, ns) if self.read_clock() + ns <= oracle.LAST_NS else self.round_down(self.sample)
    instead("relative_key", relative_key)


@fault("TIME-9")
def counts_from_the_sample():
    def relative_key(right, self, ns):
        return self.round_up(min(self.sample + ns, oracle.LAST_NS)) if ns else right(self, ns)
    instead("relative_key", relative_key)


# --- IO, POST


@fault("IO-1")
def loses_a_completion():
    def complete(right, self, operation, when, result):
        right(self, operation, when, result)
        if operation.id % 2 == 0:
            self.completions.pop()
    instead("complete", complete)


@fault("IO-3")
def cancels_an_operation_at_once():
    def interrupt(right, self, task):
        right(self, task)
        if task.wait == "operation" and self.completions and self.completions[-1][3] is task.subject:
            self.completions.pop()
            self.in_flight -= 1
            task.wait = ""
            self.ready(task, "cancel", CANCELLED)
    instead("interrupt", interrupt)


@fault("IO-4")
def writes_before_it_reads():
    def consult(right, self):
        return sorted(right(self), key=lambda one: (one[0], not one[1], one[2]))
    instead("consult", consult)


@fault("IO-5")
def reports_a_short_transfer_as_whole():
    def attempt(right, self, operation, channel):
        result = right(self, operation, channel)
        return str(operation.bytes) if operation.verb in ("read", "write") and result not in (None, "0") and result.isdigit() else result
    instead("attempt", attempt)


@fault("IO-6")
def forgets_what_is_in_flight_at_a_close():
    def do_close(right, self, task, statement):
        result = right(self, task, statement)
        self.completions = [one for one in self.completions if one[4] != "errno:125"]
        return result
    instead("do_close", do_close)


@fault("POST-1")
def loses_every_second_post():
    def post(right, self, event):
        right(self, event)
        if self.posts % 2 == 0:
            self.inbox.pop()
    instead("post", post)


@fault("POST-3")
def merges_posts():
    def collect(right, self, completions):
        self.inbox = self.inbox[-1:]
        right(self, completions)
    instead("collect", collect)


@fault("POST-4")
def swallows_posts_after_the_end():
    def destroy(right, self):
        self.next_entry = len(self.scenario.world)
        right(self)
    instead("destroy", destroy)


# --- TASK


@fault("TASK-1")
def runs_a_new_task_first():
    def spawn(right, self, *given):
        task = right(self, *given)
        self.ready_queue.rotate(1)
        return task
    instead("spawn", spawn)


@fault("TASK-2")
def lets_two_join_one():
    def do_join(right, self, task, statement):
        target = self.handles[statement.op["handle"]]
        if target is not None and target.joiner is not None:
            target.joiner = None
        return right(self, task, statement)
    instead("do_join", do_join)


@fault("TASK-3")
def is_silent_about_failures():
    instead("unobserved", lambda right, self, task: None)


@fault("TASK-6")
def lets_the_rest_of_a_group_go_on():
    def group_child_ended(right, self, group, child):
        self.cancel_node, kept = (lambda node: None), self.cancel_node
        right(self, group, child)
        del self.cancel_node
    instead("group_child_ended", group_child_ended)


@fault("TASK-7")
def lets_the_last_one_win():
    def any_child_ended(right, self, children, child):
        right(self, children, child)
        children.winner = child
    instead("any_child_ended", any_child_ended)


# --- CANCEL


@fault("CANCEL-1")
def swallows_a_cancellation():
    instead("interrupt", lambda right, self, task: None)


@fault("CANCEL-2")
def starts_a_cancelled_task():
    def step(right, self, task):
        if task.state is oracle.START:
            kept, task.node.cancelled = task.node.cancelled, False
            right(self, task)
            task.node.cancelled = kept
        else:
            right(self, task)
    instead("step", step)


@fault("CANCEL-3")
def cancels_by_edge():
    oracle.GATED.clear()


@fault("CANCEL-4")
def claims_to_have_cancelled_what_has_ended():
    instead("do_cancel", lambda right, self, task, statement: "yes" if right(self, task, statement) == "no" else "ok"
            if self.handles[statement.op["handle"]] is None else "yes")


@fault("CANCEL-5")
def absorbs_the_cancellation_of_others():
    oracle.outer_cancelled = lambda node: False


@fault("CANCEL-7")
def cancels_in_reverse():
    right = oracle.mark_below

    def mark_below(top):
        marked = right(top)
        return [*marked[:1], *reversed(marked[1:])]
    oracle.mark_below = mark_below


# --- SYNC


@fault("SYNC-1")
def serves_the_latest_waiter():
    def serve_first(right, self, line, outcome=OK):
        line.move_to_end(next(reversed(line)), last=False)
        return right(self, line, outcome)
    instead("serve_first", serve_first)


@fault("SYNC-1")
def hands_out_the_latest_item():
    def do_get(right, self, task, statement):
        items = self.queues[statement.op["queue"]].items
        items.rotate(1)
        result = right(self, task, statement)
        items.rotate(-1)
        return result
    instead("do_get", do_get)


@fault("SYNC-2")
def wakes_a_waiter_that_has_left():
    def interrupt(right, self, task):
        line = task.subject if task.wait == "line" and task.state is oracle.WAITING else None
        right(self, task)
        if line and task.state is oracle.READY:  # the ones behind it are held up
            line.popitem(last=False)
    instead("interrupt", interrupt)


@fault("SYNC-3")
def loses_items_at_a_close():
    def do_close_queue(right, self, task, statement):
        self.queues[statement.op["queue"]].items.clear()
        return right(self, task, statement)
    instead("do_close_queue", do_close_queue)


# --- Composition


@fault("TASK-8")
def lets_go_of_what_is_lost():
    def do_lose(right, self, task, statement):
        target = self.handles[statement.op["handle"]]
        answer = "empty" if target is None else "no" if target.state is oracle.ENDED else "yes"
        self.drop_handle(statement.op["handle"])
        return answer
    instead("do_lose", do_lose)


@fault("TASK-10")
def passes_an_answer_on():
    def after_join(right, self, task, statement, outcome):
        def did(*_):
            del self.did
            self.settle(task, statement, outcome)
        if statement.verb == "try_join" and outcome[0] == "error":
            self.did = did
        return right(self, task, statement, outcome)
    instead("after_join", after_join)


@fault("TASK-10")
def takes_its_own_cancellation_for_an_answer():
    def after_join(right, self, task, statement, outcome):
        def settle(*_):
            del self.settle
            self.did(task, statement, "cancelled")
        if statement.verb == "try_join" and outcome[0] == "cancelled":
            self.settle = settle
        return right(self, task, statement, outcome)
    instead("after_join", after_join)


@fault("CANCEL-8")
def counts_an_absolute_deadline_from_the_call():
    instead("do_timeout_at", lambda right, self, task, statement: setattr(
        self.enter_scope(task, statement), "timer", self.start_timer(self.relative_key(statement.op["at"]), None, task.frames[-1].node)))


# --- An adapter, and those that do not behave -------------------------------------------------------------------------

HELLO = {"re": "hello", "protocol": 1, "name": "oracle", "version": "1", "language": "Python", "loop": "the oracle", "features": FEATURES,
         "levels": "PL", "parameters": {"R": "any", "B": "any", "b": "any"}, "relaxations": []}


LEVEL_L = ("box", "wait", "sample", "world", "fire", "complete", "ready", "round")


def settings():
    """What the tests make the port say of itself."""
    HELLO["levels"] = os.environ.get("GALLEY_LEVELS", HELLO["levels"])
    HELLO["relaxations"] = os.environ.get("GALLEY_RELAXATIONS", "").split()
    HELLO["parameters"] = json.loads(os.environ.get("GALLEY_PARAMETERS", json.dumps(HELLO["parameters"])))
    HELLO["features"] = os.environ.get("GALLEY_FEATURES", " ".join(FEATURES)).split()


def answer(request, levels):
    lines = oracle.derive(json.dumps(request["scenario"]).encode())
    if levels == "P":
        lines = [line.replace('["P","L"]', '["P"]') for line in lines if not line.startswith(tuple(f'{{"ev":"{name}"' for name in LEVEL_L))]
    return '{"re":"run","id":' + json.dumps(request["id"]) + ',"outcome":"ran","trace":[' + ",".join(lines) + "]}"


# What the n-th answer to `run` is, given the right one.
def hangs(n, text):
    if n == 2:
        time.sleep(3600)
    return text


def crashes(n, text):
    if n == 2:
        print("something is badly wrong", file=sys.stderr, flush=True)
        sys.exit(7)
    return text


MISBEHAVE = {
    "hangs": hangs,
    "crashes": crashes,
    "dies_of_yields": lambda n, text: sys.exit(7) if '"verb":"yield"' in text else text,
    "silent": lambda n, text: time.sleep(3600),
    "talkative": lambda n, text: text + "\n{}" if n == 2 else text,
    "endless": lambda n, text: "x" * (5 << 20) if n == 2 else text,
    "no_json": lambda n, text: "hello?" if n == 2 else text,
    "unknown_field": lambda n, text: text[:-1] + ',"extra":1}' if n == 2 else text,
    "bad_event": lambda n, text: text.replace('"ev":"spawn"', '"ev":"spwan"', 1) if n == 2 else text,
    "other_id": lambda n, text: text.replace('"id":"', '"id":"X', 1) if n == 2 else text,
    "other_parameters": lambda n, text: text.replace('"budget":', '"budget":9', 1) if n == 2 else text,
}


def main(name):
    if name == "--list":
        print("\n".join(f"{fault} {rule}" for fault, (rule, _) in FAULTS.items()))
        return
    settings()
    if name in FAULTS:
        FAULTS[name][1]()
    misbehave = MISBEHAVE.get(name, lambda n, text: text)
    ran = 0
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "stop":
            break
        if request["do"] == "hello":
            print(json.dumps(HELLO), flush=True)
            continue
        ran += 1
        try:
            text = answer(request, "P" if name == "not_the_levels" and ran == 2 else HELLO["levels"])
        except Exception as wrong:  # a fault may make the oracle stumble: that is an answer, too
            text = json.dumps({"re": "run", "id": request["id"], "outcome": "errored", "reason": f"{type(wrong).__name__}: {wrong}"})
        print(misbehave(ran, text), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
