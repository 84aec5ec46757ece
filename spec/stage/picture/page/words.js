// SPDX-License-Identifier: BSL-1.0
// What happens at an event, in plain words, and the rules that are at work in it.

// Pieces of a sentence: strings, and tasks as {task}.
const who = task => ({task});

const BOX_RULES = {start: ["LIFE-4"], pending: ["LIFE-1", "LIFE-2"], pick: ["READY-1", "READY-2"], run: ["READY-3"],
                   save: ["READY-5"], check: ["WAIT-1", "WAIT-4"], continue: []};

const BOX_WORDS = {
    start: () => ["The event loop starts."],
    pending: s => [s.left > 0 ? `The round goes on: ${count(s.left, "turn")} left of it.`
                   : s.queue.length > 0 ? "Something is ready, so the loop goes on."
                   : `Is anything pending? ${s.live.length > 0 ? `Yes, ${count(s.live.length, "task")}.` : "No task is."}`],
    pick: s => {
        if (s.left === 0) return ["Nothing is left of this round, so there is nothing to pick."];
        const next = s.queue[0];
        return next === undefined ? ["The loop picks."]
             : "post" in next ? ["The loop picks a callback."] : ["The loop picks ", who(next.task), "."];
    },
    run: s => {
        const next = s.queue[0];
        return next === undefined || "post" in next ? ["What was picked runs."] : [who(next.task), " runs until it awaits."];
    },
    save: () => ["Its state is saved; control is back in the loop."],
    check: s => [s.left > 0 ? "The check has nothing to do yet: the round is not used up."
                            : "The round is used up: what can resume now?"],
    continue: () => ["And again."],
};

const AWAIT_WORDS = {
    sleep: (e, s) => {
        const timer = s.timers.find(t => t.task === e.task && t.what === "sleep");
        return timer && timer.key !== null ? `sleeps until ${durationText(timer.key)}` : "sleeps";
    },
    yield: () => "lets the others go first",
    budget: () => "has used up its budget of satisfied awaits, and queues up behind the others",
    join: e => `waits for the task of handle ${e.arg} to end`,
    all: () => "waits for all of its children",
    any: () => "waits for the first of its children",
    group: () => "waits until its group is empty",
    wait: e => `waits for event ${e.arg}`,
    acquire: e => `waits for a permit of semaphore ${e.arg}`,
    lock: e => `waits for mutex ${e.arg}`,
    put: e => `waits for room in queue ${e.arg.split(",")[0]}`,
    get: e => `waits for an item in queue ${e.arg}`,
    read: e => `waits to read from channel ${e.arg.split(",")[0]}`,
    write: e => `waits to write to channel ${e.arg.split(",")[0]}`,
    accept: e => `waits for somebody to connect to channel ${e.arg}`,
    connect: e => `waits to be connected by channel ${e.arg}`,
    readable: e => `waits until channel ${e.arg} can be read`,
    writable: e => `waits until channel ${e.arg} can be written`,
};
const AWAIT_RULES = {sleep: ["TIME-2", "TIME-9"], yield: ["READY-5"], budget: ["READY-5"], join: ["TASK-2"],
                     all: ["TASK-6"], any: ["TASK-7"], group: ["TASK-6"]};

const CAUSE_WORDS = {spawn: "is ready for its first step", yield: "queues up again", budget: "queues up again",
    timer: "is ready: its timer has fired", complete: "is ready: its operation is complete",
    join: "is ready: the task that it joins has ended", children: "is ready: its children have ended",
    handover: "is ready: what it waited for was handed over", cancel: "is ready: its wait was cancelled"};
const CAUSE_RULES = {spawn: ["READY-1", "TASK-1"], yield: ["READY-5", "READY-2"], budget: ["READY-5"],
    timer: ["TIME-3", "READY-1"], complete: ["IO-1", "READY-1"], join: ["READY-6", "TASK-2"],
    children: ["TASK-6", "TASK-7"], handover: ["SYNC-1"], cancel: ["CANCEL-1"], post: ["POST-1", "READY-1"]};

const WITH_WORDS = {start: "starts", value: "goes on", error: "goes on with an exception", cancelled: "goes on cancelled"};
const END_WORDS = {value: e => `ends with value ${e.value}`, exception: e => `fails with exception ${e.value}`,
                   cancelled: () => "ends cancelled"};

const VERB_RULES = {cancel: ["CANCEL-4", "CANCEL-7"], cancel_group: ["CANCEL-7"], cancel_scope: ["CANCEL-7"],
    timeout: ["CANCEL-5"], timeout_at: ["CANCEL-5", "TIME-9"], shield: ["CANCEL-3"], join: ["TASK-2"],
    try_join: ["TASK-10"], drop: ["TASK-3"], lose: ["TASK-8"], all: ["TASK-6"], any: ["TASK-7"],
    group: ["TASK-6"], stop: ["LIFE-2"], post: ["POST-1"], set: ["SYNC-1"], release: ["SYNC-1"], unlock: ["SYNC-1"],
    close_queue: ["SYNC-3"], close: ["IO-6"], read: ["IO-5"], write: ["IO-5"], keep_alive: ["LIFE-3"],
    call: ["TASK-4"], try: ["TASK-4"], sleep: ["TIME-2"], sleep_until: ["TIME-2"], yield: ["READY-5"], now: ["TIME-1"]};

function didWords(e, state, program) {
    const done = e.verb + (e.arg === "" ? "" : " " + (TIME_VERBS.has(e.verb) ? timeArgument(e.arg) : e.arg));
    if (e.verb === "burn") return [who(e.task), ` has worked for ${durationText(leading(e.arg))}.`];
    if (e.verb === "now") return [who(e.task), ` reads the clock: ${durationText(leading(e.result))}.`];
    if (e.verb === "spawn" || (e.verb === "go" && e.result !== "misuse")) return [who(e.task), " has spawned ", who(Number(e.result)), "."];
    if (e.verb === "stop") return [who(e.task), " requests a stop of the loop."];
    if (e.result === "ok") return [who(e.task), ` is done with “${done}”.`];
    const how = e.result === "cancelled" ? "ended cancelled"
              : e.result.startsWith("error:") ? `ended with exception ${e.result.slice(6)}`
              : e.result === "" ? "is over" : `gave ${e.result}`;
    return [who(e.task), `: “${done}” ${how}.`];
}
const TIME_VERBS = new Set(["sleep", "sleep_until", "burn", "timeout", "timeout_at"]);
const timeArgument = arg => arg.replace(/^\d+/, ns => durationText(BigInt(ns)));

const VERDICT_WORDS = {
    completed: () => ["Nothing is pending any more: run returns ", "completed", "."],
    stopped: s => [`A stop was requested: run returns stopped; ${count(s.live.length, "task is", "tasks are")} still pending.`],
    deadlocked: s => [`Nothing can come that would wake ${count(s.live.length, "pending task")}: run returns deadlocked.`],
};

// Each gives [sentence, rules]. `s` is the state after the event.
const EVENT_WORDS = {
    run: s => [["run is called", s.runs > 1 ? " again: it goes on where it left off." : "."], s.runs > 1 ? ["LIFE-3"] : ["LIFE-4"]],
    exit: (s, e) => [VERDICT_WORDS[e.verdict](s), e.verdict === "stopped" ? ["LIFE-2", "LIFE-1"] : ["LIFE-1"]],
    spawn: (s, e) => [e.by === 0 ? [who(e.task), " is spawned: the main task."] : [who(e.by), " spawns ", who(e.task), "."], ["TASK-1"]],
    step: (s, e) => [[who(e.task), ` ${WITH_WORDS[e.with]}.`],
                     e.with === "start" ? ["TASK-1", "READY-3"] : e.with === "cancelled" ? ["CANCEL-3", "CANCEL-1"] : ["READY-2", "READY-3"]],
    await: (s, e) => [[who(e.task), ` ${AWAIT_WORDS[e.kind](e, s)}.`],
                      AWAIT_RULES[e.kind] ?? (IO_KINDS.has(e.kind) ? ["IO-1"] : ["SYNC-1"])],
    did: (s, e, program) => [didWords(e, s, program), e.result === "cancelled" ? ["CANCEL-3"] : VERB_RULES[e.verb] ?? []],
    scope: (s, e) => [[who(e.task), e.do !== "close" ? ` opens ${e.do === "shield" ? "shielded scope" : "scope"} ${e.id}.` : ` leaves scope ${e.id}: ${e.outcome}.`], ["CANCEL-7"]],
    end: (s, e) => [[who(e.task), ` ${END_WORDS[e.outcome](e)}.`], ["READY-6", "CANCEL-6"]],
    callback: (s, e) => [[`The callback of post ${e.post} runs.`], ["POST-1"]],
    unobserved: (s, e) => [["The failure of ", who(e.task), " was taken by nobody: it goes to the failure handler."], ["TASK-3"]],
    destroyed: (s, e) => [["The loop is destroyed, and ", who(e.task), " with it."], ["LIFE-5"]],
    refused: (s, e) => [[`Post ${e.post} comes too late: it is refused.`], ["POST-4"]],
    box: (s, e) => [BOX_WORDS[e.name](s), BOX_RULES[e.name]],
    wait: (s, e) => [[e.until === "never" ? "Nothing is ready: it waits for the world, with no timeout."
                                          : `Nothing is ready: it waits until ${durationText(leading(e.until))}.`], ["WAIT-1", "WAIT-2"]],
    sample: (s, e) => [[`The clock is sampled: it is ${durationText(leading(e.now))}.`], ["TIME-1"]],
    world: (s, e, program) => [[`The world acts: ${program?.world[e.entry]?.text ?? `entry ${e.entry} of its script`}.`], ["WAIT-3"]],
    fire: (s, e) => [[`Timer ${e.timer} fires: it was due at ${durationText(leading(e.key))}.`], ["TIME-3", "TIME-4"]],
    complete: (s, e) => [[`Operation ${e.op} is complete: ${e.result}.`], ["IO-1", "IO-4"]],
    ready: (s, e) => [e.task === 0 ? ["A posted callback is ready."] : [who(e.task), ` ${CAUSE_WORDS[e.cause]}.`], CAUSE_RULES[e.cause]],
    round: (s, e) => [[`Round ${e.n} begins with ${count(e.count, "turn")}.`], ["READY-2"]],
};

// {pieces, rules} for what has just happened in that state.
function sentenceOf(state, walk) {
    if (state.at === 0) return {pieces: ["Before the first event."], rules: []};
    const event = walk.events[state.at - 1];
    const [pieces, rules] = EVENT_WORDS[event.ev](state, event, walk.program);
    return {pieces, rules};
}
const firstSentence = text => text.match(/^(?:\(exact\) )?(.{20,}?\.)(?: |$)/)?.[1] ?? text;

const plainText = (pieces, walk) => pieces.map(p => typeof p === "string" ? p : `task ${p.task} ${walk.name(p.task)}`.trim()).join("");

// What a pending task does now, in a few words.
function statusWords(task, state) {
    if (task.status === "running") return "runs";
    if (task.status === "new") return "not started";
    if (task.status === "ready") return task.kind === "" ? "ready to start" : `ready (${task.cause})`;
    return AWAIT_WORDS[task.kind]({...task, task: task.id}, state);
}

// The activity by which a task's row is drawn; as in trace/history.hpp.
const ACTIVITIES = ["queued", "waiting", "io", "sleeping", "running"];
function activityOf(task) {
    if (task.status === "running") return "running";
    if (task.status === "new" || task.status === "ready") return "queued";
    return task.kind === "sleep" ? "sleeping" : IO_KINDS.has(task.kind) ? "io" : "waiting";
}
