// SPDX-License-Identifier: BSL-1.0
// With #selftest in its address the page checks itself: its replay against what the trace says, event by event, and what
// it shows against its replay. The result is the title of the document, and an element that a program can read.

class SelfTest {
    constructor(app) {
        this.app = app;
        this.failures = [];
        this.checks = 0;
    }

    expect(right, where, what) {
        ++this.checks;
        if (!right && this.failures.length < 20) this.failures.push(`event ${where}: ${what}`);
    }

    run() {
        for (const pane of this.app.panes) {
            this.replayed(pane.walk);
            this.soughtAtRandom(pane.walk);
            this.drawn(pane);
        }
        this.cited();
        this.controlled();
    }

    // Each event must be possible in the state that all before it have led to.
    replayed(walk) {
        const state = new LoopState(walk);
        walk.events.forEach((e, index) => {
            this["before_" + e.ev]?.(e, state, index + 1, walk);
            state.apply(index);
            this["after_" + e.ev]?.(e, state, index + 1, walk);
            if (e.task > 0) this.activity(walk, state, e.task);
            if (index % 97 === 0) state.live.forEach(task => this.activity(walk, state, task));
        });
    }

    before_step(e, s, at, walk) {
        if (!walk.hasLevelL) return;
        this.expect(s.left > 0, at, "a step outside a round");
        this.expect(s.queue[0]?.task === e.task, at, `task ${e.task} is not at the head of the queue, ${s.queue[0]?.task} is`);
        this.expect(s.box === "run", at, "a step outside the box `run`");
    }
    before_callback(e, s, at, walk) {
        if (!walk.hasLevelL) return;
        this.expect(s.left > 0 && s.queue[0] && "post" in s.queue[0], at, "no callback is at the head of the queue");
        if (walk.program) this.expect(s.queue[0]?.post === e.post, at, `post ${s.queue[0]?.post} is next, not ${e.post}`);
    }
    before_round(e, s, at) {
        this.expect(s.queue.length === e.count, at, `the round has ${e.count} entries, ${s.queue.length} are ready`);
        this.expect(s.left === 0, at, "the round before is not used up");
        this.expect(s.round + 1 === e.n, at, `round ${e.n} follows round ${s.round}`);
    }
    before_wait(e, s, at, walk) {
        this.expect(s.queue.length === 0 && s.inbox.length === 0, at, "it waits, though something is ready");
        const first = s.timers[0]?.key;
        if (walk.program)
            this.expect(e.until === (first === undefined ? "never" : String(first)), at, `it waits until ${e.until}, the first timer is at ${first}`);
    }
    before_fire(e, s, at, walk) {
        if (!walk.program) return;
        const timer = s.timers.find(t => t.n === e.timer);
        this.expect(timer !== undefined, at, `timer ${e.timer} is not started`);
        this.expect(timer === undefined || String(timer.key) === e.key, at, `timer ${e.timer} has the key ${timer?.key}, not ${e.key}`);
        // A deadline that a timer itself sets while timers fire waits for the next collect, so it may be the first.
        this.expect(s.timers[0] === timer || s.timers[0].key <= s.sample, at, `timer ${s.timers[0]?.n} is first`);
    }
    before_complete(e, s, at) {
        this.expect(s.operations.some(o => o.n === e.op), at, `operation ${e.op} is not in flight`);
    }
    before_did(e, s, at, walk) {
        if (!walk.program) return;
        const stands = s.task(e.task).frames.some(({routine, at: n}) => {
            const statement = walk.program.routines[routine].body[n];
            return statement?.verb === e.verb && statement.arg === e.arg;
        });
        this.expect(stands, at, `task ${e.task} does not stand at “${e.verb} ${e.arg}”`);
    }
    before_await(e, s, at) { this.expect(s.actor?.task === e.task, at, `task ${e.task} awaits, but does not run`); }
    before_end(e, s, at) { this.expect(s.actor?.task === e.task, at, `task ${e.task} ends, but does not run`); }
    before_destroyed(e, s, at) { this.expect(s.live.includes(e.task), at, `task ${e.task} is not pending`); }

    after_box(e, s, at) {
        this.expect(s.edge === null ? e.name === "start" : EDGES.includes(s.edge), at, `no way leads along ${s.edge}`);
    }
    after_exit(e, s, at) {
        const awaits = id => {
            const task = s.task(id);
            return task.status === "new" || (task.status === "ready" && task.kind === "") ? "start"
                 : task.status === "ready" ? "ready" : task.kind;
        };
        const mine = s.live.map(id => `${id} ${awaits(id)}`).join(", ");
        const told = e.pending.map(p => `${p.task} ${p.await}`).join(", ");
        this.expect(mine === told, at, `pending are [${told}], not [${mine}]`);
    }

    // What the timeline draws was computed elsewhere: the task does now what its span says.
    activity(walk, state, id) {
        const {spans, ended_at, end} = walk.side.tasks[id - 1] ?? {spans: []};
        const index = state.at - 1;
        const task = state.task(id);
        if (task.outcome !== "") return this.expect(end === task.outcome && ended_at <= index, state.at, `task ${id} is drawn as ending “${end}” at ${ended_at}`);
        let drawn = "nothing";
        for (let n = 0; n < spans.length; n += 3)
            if (spans[n + 1] <= index && index < spans[n + 2]) drawn = ACTIVITIES[spans[n]];
        this.expect(drawn === activityOf(task), state.at, `task ${id} is drawn as ${drawn}, but is ${activityOf(task)}`);
    }

    // Jumping somewhere gives what walking there does.
    soughtAtRandom(walk) {
        const told = s => JSON.stringify({...s, walk: 0, places: [...s.places].sort()}, (_, v) => typeof v === "bigint" ? String(v) : v);
        const state = new LoopState(walk);
        const wanted = new Map();
        const stride = Math.max(1, Math.floor(walk.length / 150));
        for (let at = 0; at <= walk.length; ++at) {
            if (at % stride === 0 || at === walk.length) wanted.set(at, told(state));
            if (at < walk.length) state.apply(at);
        }
        const places = [...wanted.keys()];
        // Forward, backward, and across.
        const order = [...places, ...places.toReversed(), ...places.map((_, n) => places[n * 7919 % places.length])];
        for (const at of order) this.expect(told(walk.seek(at)) === wanted.get(at), at, "sought and walked to, it differs");
    }

    // What is on the page is what the state says; and every event has its sentence.
    drawn(pane) {
        const {walk} = pane;
        const stride = Math.max(1, Math.floor(walk.length / 100));
        for (let at = 0; at <= walk.length; at += stride) {
            this.app.go(at);
            const state = walk.seek(at);
            const lit = [...pane.element.querySelectorAll(".box.lit")].map(box => box.dataset.box ?? "over");
            const box = walk.hasLevelL ? state.box : state.actor ? "run" : null;
            const wanted = state.inRun ? box : state.verdict ? "over" : null;
            this.expect(lit.join() === (wanted ?? ""), at, `lit is “${lit}”, not “${wanted}”`);
            const chips = pane.element.querySelectorAll(".queue .chip").length;
            const shown = Math.min(state.left, state.queue.length, MOST_CHIPS) + Math.min(state.queue.length - state.left, MOST_CHIPS);
            if (walk.hasLevelL) this.expect(chips === shown, at, `${chips} chips for ${shown} entries`);
            const holes = sentenceOf(state, walk).pieces.filter(p => typeof p === "string" ? /undefined|NaN|null|\[object/.test(p) : !(p.task > 0));
            this.expect(holes.length === 0, at, `a sentence with a hole: ${pane.said}`);
        }
    }

    // Keys and buttons lead where they say.
    controlled() {
        const {app} = this;
        const {turns, rounds, ofTask} = app.panes[0].walk;
        const press = (key, shiftKey = false) =>
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key, shiftKey, bubbles: true, cancelable: true}));
        const at = (wanted, what) => this.expect(app.at === (wanted ?? app.at), app.at, `${what} led here, not to ${wanted}`);
        press("End");
        at(app.length, "End");
        press("ArrowRight");
        at(app.length, "→ at the end");
        press("Home");
        at(0, "Home");
        press("ArrowRight");
        at(1, "→");
        press("ArrowLeft");
        at(0, "←");
        if (app.panes.length > 1) return;
        press("ArrowRight", true);
        at(turns[0] ?? 0, "Shift →");
        press("Home");
        press("PageDown");
        at(rounds[0] ?? 0, "Page Down");
        press("Home");
        app.choose(1);
        press("n");
        at(ofTask[0]?.[0] ?? 0, "n");
        app.choose(1);
        document.querySelector("[data-do=last]").click();
        at(app.length, "the button to the end");
        const before = app.axis;
        press("a");
        this.expect(app.controls.axis.hidden === (app.axis === before), app.at, "the axis did not change, or did");
        press("a");
    }

    cited() {
        const cited = [...Object.values(BOX_RULES), ...Object.values(AWAIT_RULES), ...Object.values(CAUSE_RULES), ...Object.values(VERB_RULES)].flat();
        for (const id of new Set(cited)) this.expect(this.app.data.rules[id]?.length > 20, 0, `rule ${id} has no text`);
    }
}

function selfTest(app) {
    const test = new SelfTest(app);
    try {
        test.run();
    } catch (error) {
        test.failures.push(String(error.stack ?? error));
    }
    const verdict = test.failures.length === 0 ? `PASS: ${test.checks} checks` : `FAIL: ${test.failures.length} of ${test.checks} checks`;
    document.title = verdict;
    document.body.append(make("pre", {id: "selftest"}, [verdict, ...test.failures].join("\n")));
}

const theApp = new App(JSON.parse(document.getElementById("data").textContent));
if (location.hash === "#selftest") selfTest(theApp);
