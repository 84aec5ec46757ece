// SPDX-License-Identifier: BSL-1.0
// The state of a loop, as its trace tells it. What a trace does not say (deadlines, which statement a task stands at)
// follows from the program, if there is one; spec/scenario/README.md, sections 2 and 3, says how. It believes every
// trace: what is wrong with one is for the rule checker to say.

// A task. Never changed in place: kept states share it.
const NEW_TASK = {
    id: 0, by: 0, status: "new", kind: "", arg: "", cause: "", resuming: false, frames: [], scopes: [],
    outcome: "", value: "", unobserved: false,
};

class LoopState {
    constructor(walk) {
        this.walk = walk;
        this.at = 0;            // how many events have been applied
        this.box = null;        // of the flowchart
        this.edge = null;       // by which it was entered: "pick-run"
        this.runs = 0;
        this.inRun = false;
        this.verdict = null;    // of the latest run that is over
        this.actor = null;      // whose turn it is: {task} or {post}
        this.reading = 0n;      // the latest one that the loop made of the clock; none is less than one before
        this.raw = 0n;          // the clock itself, which may have jumped back
        this.sample = 0n;
        this.round = 0;
        this.left = 0;          // entries at the head of the queue that belong to the round
        this.queue = [];        // {task, cause} or {post}
        this.timers = [];       // {n, task, key, what, scope}, by (key, n); key null: not told
        this.operations = [];   // {n, task, what, arg}
        this.inbox = [];        // {n, by, callback}
        this.tasks = [];        // by id - 1
        this.live = [];         // ids of the pending ones
        this.places = new Map();  // "routine:statement" -> how many tasks stand there
        this.started = {timers: 0, operations: 0, posts: 0};
        this.stop = false;
        this.keepAlives = 0;
        this.remotes = 0;
        this.closing = false;   // the loop is being destroyed
    }

    copy() {
        const other = Object.assign(new LoopState(this.walk), this);
        for (const list of ["queue", "timers", "operations", "inbox", "tasks", "live"]) other[list] = this[list].slice();
        other.places = new Map(this.places);
        other.started = {...this.started};
        return other;
    }

    get clock() { return this.raw > this.reading ? this.raw : this.reading; }
    task(id) { return this.tasks[id - 1] ?? {...NEW_TASK, id}; }
    change(id, what) {
        if (this.tasks[id - 1]) this.tasks[id - 1] = {...this.tasks[id - 1], ...what};
    }

    apply(index) {
        const event = this.walk.events[index];
        this.at = index + 1;
        this["on_" + event.ev](event, index);
    }

    // --- The loop

    on_run() {
        ++this.runs;
        this.inRun = true;
        this.verdict = this.box = this.edge = null;
    }
    on_exit(e) {
        this.inRun = false;
        this.verdict = e.verdict;
        this.edge = "pending-over";
        if (e.verdict === "stopped") this.stop = false;
    }
    on_box(e) {
        // Empty posts are collected in the check in which they arrive; they make nothing ready.
        if (e.name === "continue") this.inbox = this.inbox.filter(p => p.callback);
        this.edge = this.box === null ? null : this.box + "-" + e.name;
        this.box = e.name;
        if (e.name === "save") this.actor = null;
    }
    on_wait() {}
    on_sample(e) {
        this.sample = leading(e.now);
        this.read(this.sample);
    }
    // A reading that is later than all before it is the clock itself: none is clamped upward.
    read(now) {
        if (now > this.reading) this.reading = this.raw = now;
    }
    on_round(e) {
        this.round = e.n;
        this.left = e.count;
    }

    on_ready(e) {
        if (e.task === 0) {
            const post = this.inbox.findIndex(p => p.callback);
            this.queue.push({post: post < 0 ? null : this.inbox[post].n});
            if (post >= 0) this.inbox.splice(0, post + 1);
            return;
        }
        this.queue.push({task: e.task, cause: e.cause});
        if (e.cause === "timer" || e.cause === "cancel") this.endTimer(t => t.task === e.task && t.what !== "timeout");
        if (this.task(e.task).status !== "running") this.change(e.task, {status: "ready", cause: e.cause});
    }
    take(same) {
        const place = this.queue.findIndex(same);
        if (place >= 0) this.queue.splice(place, 1);
        this.left = Math.max(0, this.left - 1);
    }

    // --- Timers, operations, the world

    endTimer(same) {
        const place = this.timers.findIndex(same);
        if (place >= 0) this.timers.splice(place, 1);
    }
    startTimer(timer) {
        timer.n = ++this.started.timers;
        // Equal keys fire in start order; what has no known key comes last.
        let place = this.timers.length;
        while (place > 0 && timer.key !== null &&
               (this.timers[place - 1].key === null || this.timers[place - 1].key > timer.key)) --place;
        this.timers.splice(place, 0, timer);
    }
    // TIME-2, TIME-7, TIME-9.
    keyOf(verb, arg) {
        const step = BigInt(this.walk.side.header.R);
        const ns = leading(arg);
        const relative = verb !== "sleep_until" && verb !== "timeout_at";
        if (relative && ns > 0n) this.read(this.clock);
        const deadline = clamped(relative ? this.clock + ns : ns);
        if ((relative && ns === 0n) || deadline <= this.sample) return this.sample / step * step;
        const rounded = (deadline + step - 1n) / step * step;
        return rounded > LAST_TIME ? LAST_TIME / step * step : rounded;
    }
    // Without the program timeouts are not seen, and the numbers are not known: `ready` says whose timer it was.
    on_fire(e) {
        if (this.walk.program) this.endTimer(t => t.n === e.timer);
    }
    on_complete(e) {
        const place = this.operations.findIndex(o => o.n === e.op);
        if (place >= 0) this.operations.splice(place, 1);
    }
    on_world(e) {
        const entry = this.walk.program?.world[e.entry];
        if (!entry) return;
        const at = BigInt(entry.at);
        if (at > this.raw) this.raw = at;
        if (entry.do === "jump") this.raw = clamped(this.raw + BigInt(entry.amount));
        if (entry.do === "stop") this.stop = true;
        if (entry.do === "post" || entry.do === "wake")
            this.inbox.push({n: ++this.started.posts, by: 0, callback: entry.do === "post"});
    }

    // --- Tasks

    on_spawn(e) {
        this.tasks[e.task - 1] = {...NEW_TASK, id: e.task, by: e.by, status: "new"};
        this.live.push(e.task);
    }
    on_step(e) {
        const task = this.task(e.task);
        this.take(entry => entry.task === e.task);
        this.actor = {task: e.task};
        // Who runs awaits nothing. (Level P does not say when a timer fired, or an operation was complete.)
        this.endTimer(t => t.task === e.task && t.what === "sleep");
        this.operations = this.operations.filter(o => o.task !== e.task);
        this.read(leading(e.now));
        if (!this.walk.hasLevelL) this.sample = leading(e.now);
        const first = e.with === "start";
        this.change(e.task, {status: "running", cause: "", kind: "", arg: "", resuming: task.kind !== ""});
        if (first) this.stand(e.task, this.walk.program ? this.entered(this.routineOf(e.task)) : []);
    }
    on_callback(e) {
        this.take(entry => "post" in entry);
        this.actor = {post: e.post};
        this.inbox = this.inbox.filter(p => p.n > e.post);
    }
    on_await(e, index) {
        const hint = this.walk.hints.get(index);
        const verb = this.statement(e.task)?.verb ?? hint.verb;
        const appended = e.kind === "yield" || e.kind === "budget";
        this.actor = null;
        this.change(e.task, {
            status: appended ? "ready" : "waiting", cause: appended ? e.kind : "", kind: e.kind, arg: e.arg,
            resuming: false,
        });
        if (e.kind === "sleep")
            this.startTimer({task: e.task, key: verb ? this.keyOf(verb, e.arg) : hint.key, what: "sleep", scope: 0});
        // What used up the budget has been done, unless it was refused.
        const done = e.kind === "budget" && IO_KINDS.has(verb) && hint.with !== "cancelled";
        if (IO_KINDS.has(e.kind) || done) ++this.started.operations;
        if (IO_KINDS.has(e.kind))
            this.operations.push({n: this.started.operations, task: e.task, what: e.kind, arg: e.arg});
    }
    on_did(e) {
        const task = this.task(e.task);
        if (e.verb === "burn") this.raw = clamped(this.raw + leading(e.arg));
        if (e.verb === "now") this.read(leading(e.result));
        if (IO_KINDS.has(e.verb) && !task.resuming && e.result !== "cancelled") ++this.started.operations;
        if (e.result === "ok") this.didPlain(e);
        this.change(e.task, {resuming: false});
        this.leaveStatement(e);
    }
    didPlain(e) {
        if (e.verb === "stop") this.stop = true;
        if (e.verb === "post") this.inbox.push({n: ++this.started.posts, by: e.task, callback: true});
        if (e.verb === "hold_remote") ++this.remotes;
        if (e.verb === "drop_remote") --this.remotes;
        if (e.verb === "keep_alive") ++this.keepAlives;
        if (e.verb === "drop_keep_alive") --this.keepAlives;
    }
    on_scope(e) {
        const {scopes, frames} = this.task(e.task);
        if (e.do === "close") {
            this.change(e.task, {scopes: scopes.filter(id => id !== e.id)});
            this.endTimer(t => t.scope === e.id);
            return;
        }
        this.change(e.task, {scopes: [...scopes, e.id]});
        const statement = this.statement(e.task);
        if (["timeout", "timeout_at"].includes(statement?.verb))
            this.startTimer({task: e.task, key: this.keyOf(statement.verb, statement.arg.split(",")[0]), what: "timeout",
                             scope: e.id});
        if (["scope", "shield", "timeout", "timeout_at", "group"].includes(statement?.verb))
            this.stand(e.task, this.entered(Number(statement.arg.split(",").at(-1)), frames));
    }
    on_end(e) {
        if (this.actor?.task === e.task) this.actor = null;
        this.leaveLife(e.task, {status: "ended", outcome: e.outcome, value: e.value});
    }
    on_destroyed(e) {
        this.closing = true;
        this.timers = this.timers.filter(t => t.task !== e.task);
        this.operations = this.operations.filter(o => o.task !== e.task);
        this.queue = this.queue.filter(entry => entry.task !== e.task);
        this.leaveLife(e.task, {status: "destroyed", outcome: "destroyed"});
    }
    on_unobserved(e) { this.change(e.task, {unobserved: true}); }
    on_refused() { this.closing = true; }
    leaveLife(id, how) {
        this.stand(id, []);
        this.change(id, how);
        const place = this.live.indexOf(id);
        if (place >= 0) this.live.splice(place, 1);
    }

    // --- Where a task stands in the program: one frame {routine, at} for each call, innermost last

    routineOf(id) { return this.walk.side.tasks[id - 1]?.routine ?? -1; }

    statement(id) {
        const frame = this.task(id).frames.at(-1);
        return frame && this.walk.program.routines[frame.routine]?.body[frame.at];
    }

    // The frames with that routine entered, and with what it calls right at its beginning.
    entered(routine, frames = []) {
        const body = this.walk.program.routines[routine]?.body;
        if (!body) return [];
        return this.settled([...frames, {routine, at: 0}]);
    }
    settled(frames) {
        const top = frames.at(-1);
        const statement = top && this.walk.program.routines[top.routine].body[top.at];
        const calls = statement?.verb === "call" || statement?.verb === "try";
        return calls ? this.entered(Number(statement.arg), frames) : frames;
    }

    // A statement is over. Those that it stood in without a word (routines that ran off their end, or were left by a
    // failure) are left with it. A routine names only later ones, so verb and operands tell which statement it is.
    leaveStatement(e) {
        let frames = this.task(e.task).frames;
        if (frames.length === 0) return;
        const routines = this.walk.program.routines;
        const place = frames.findLastIndex(({routine, at}) => {
            const statement = routines[routine].body[at];
            return statement?.verb === e.verb && statement.arg === e.arg;
        });
        if (place < 0) return this.stand(e.task, []);
        frames = frames.slice(0, place + 1);
        const {routine, at} = frames.pop();
        const answers = e.verb === "try" || (e.verb === "try_join" && e.result !== "cancelled");
        const fails = !answers && (e.result === "cancelled" || e.result.startsWith("error:"));
        const next = fails || e.verb === "return" ? routines[routine].body.length : at + 1;
        this.stand(e.task, this.settled([...frames, {routine, at: next}]));
    }

    stand(id, frames) {
        if (!this.tasks[id - 1]) return;
        const before = placeOf(this.task(id).frames);
        const after = placeOf(frames);
        if (before !== after) {
            if (before !== null) this.places.set(before, this.places.get(before) - 1);
            if (after !== null) this.places.set(after, (this.places.get(after) ?? 0) + 1);
            if (before !== null && this.places.get(before) === 0) this.places.delete(before);
        }
        this.change(id, {frames});
    }
}

const placeOf = frames => frames.length > 0 ? `${frames.at(-1).routine}:${frames.at(-1).at}` : null;
const clamped = time => time < 0n ? 0n : time > LAST_TIME ? LAST_TIME : time;
