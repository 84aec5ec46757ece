// SPDX-License-Identifier: BSL-1.0
// A trace that can be looked at after any number of its events. States are kept every so often, and the nearest one is
// played on from: going anywhere costs a bounded number of events, however long the trace is.

const KEPT_EVERY = 64;

class Walk {
    constructor(side, program) {
        this.side = side;
        this.program = program;
        this.events = side.events;
        this.hasLevelL = side.header.features.includes("L");
        this.length = side.events.length;
        this.hints = hintsOf(side.events);
        this.kept = [];
        this.times = new Float64Array(this.length + 1);  // of the clock after so many events; for drawing only
        this.rounds = [];                                // after how many events each round began
        this.turns = [];                                 // ... each step and callback
        this.ofTask = side.tasks.map(() => []);          // ... each event that speaks of the task
        this.state = new LoopState(this);
        for (let at = 0; ; ++at) {
            if (at % KEPT_EVERY === 0) this.kept.push(this.state.copy());
            if (at === this.length) break;
            this.state.apply(at);
            // A clock that jumps back is no place on an axis.
            this.times[at + 1] = Math.max(this.times[at], Number(this.state.clock));
            this.note(this.events[at], at + 1);
        }
        this.end = this.times[this.length];
        this.clock = this.state.clock;  // at the end, exactly
    }

    note(event, after) {
        if (event.ev === "round") this.rounds.push(after);
        if (event.ev === "step" || event.ev === "callback") this.turns.push(after);
        if (event.task > 0 && event.task <= this.ofTask.length) this.ofTask[event.task - 1].push(after);
    }

    // The state after `at` events. It is played on by the next call.
    seek(at) {
        const ahead = at - this.state.at;
        if (ahead < 0 || ahead > KEPT_EVERY) this.state = this.kept[Math.floor(at / KEPT_EVERY)].copy();
        while (this.state.at < at) this.state.apply(this.state.at);
        return this.state;
    }

    name(task) {
        const routine = task > 0 && task <= this.side.tasks.length ? this.side.tasks[task - 1].routine : -1;
        return (this.program && routine >= 0 && this.program.routines[routine]?.name) || "";
    }
}

// How many numbers of a sorted list are not greater than `at`, and what lies next to it; undefined if there is nothing.
function countUpTo(list, at) {
    let low = 0;
    for (let high = list.length; low < high;) {
        const middle = (low + high) >> 1;
        if (list[middle] > at) high = middle;
        else low = middle + 1;
    }
    return low;
}
const firstAfter = (list, at) => list[countUpTo(list, at)];
const lastBefore = (list, at) => list[countUpTo(list, at - 1) - 1];

// What a trace tells of an await only later: the statement that it belonged to, how it ended, the key of its timer.
// One entry for each `await`, by the index of its event.
function hintsOf(events) {
    const hints = new Map();
    const last = new Map();  // task -> the hint of its latest await, until its statement is over
    let fired = null;
    events.forEach((e, index) => {
        const hint = last.get(e.task);
        if (e.ev === "await") {
            hints.set(index, {verb: null, with: null, key: null});
            last.set(e.task, hints.get(index));
        } else if (e.ev === "step" && hint) {
            hint.with = e.with;
        } else if (e.ev === "did" && hint) {
            hint.verb = e.verb;
            last.delete(e.task);
        } else if (e.ev === "ready" && e.cause === "timer" && hint && fired !== null) {
            hint.key = leading(fired);
        }
        fired = e.ev === "fire" ? e.key : null;
    });
    return hints;
}
