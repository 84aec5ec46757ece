// SPDX-License-Identifier: BSL-1.0
//! An event loop and its adapter, for the conformance kit: a task is a future of the language, polled by a loop that wakes
//! nobody but through its own ready queue. What a task does is in `Me`, everything else in `Loop`; the names are the rules'.

use serde_json::{json, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io::{BufRead, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// How a routine is left, or an await ends, if not with a value.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    Error(i64),
    Cancelled,
}
type Outcome = Result<String, Left>;
const CANCELLED: Outcome = Err(Left::Cancelled);

fn ok() -> Outcome {
    Ok("ok".into())
}

/// As a statement's result.
fn text(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => value.clone(),
        Err(Left::Error(code)) => format!("error:{code}"),
        Err(Left::Cancelled) => "cancelled".into(),
    }
}

/// As a step's `with`.
fn with(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(_) => "value",
        Err(Left::Error(_)) => "error",
        Err(Left::Cancelled) => "cancelled",
    }
}

// --- The scenario ------------------------------------------------------------------------------------------------------

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| value.as_str().expect("a number").parse().expect("a number"))
}

fn field(object: &Value, name: &str, default: i64) -> i64 {
    object.get(name).map_or(default, number)
}

fn numbers(object: &Value, name: &str) -> Vec<i64> {
    object.get(name).and_then(Value::as_array).map_or(vec![], |all| all.iter().map(number).collect())
}

/// A statement's operands in the order of the format's table, as decimals joined by commas.
fn arg_of(statement: &Value) -> String {
    let operands: &[&str] = match statement["do"].as_str().unwrap() {
        "sleep" | "burn" => &["ns"],
        "sleep_until" => &["at"],
        "spawn" => &["routine", "handle"],
        "join" | "try_join" | "cancel" | "lose" | "drop" => &["handle"],
        "call" | "try" | "shield" => &["routine"],
        "all" | "any" => &["routines"],
        "group" | "go" => &["group", "routine"],
        "cancel_group" => &["group"],
        "scope" => &["scope", "routine"],
        "cancel_scope" => &["scope"],
        "timeout" => &["ns", "routine"],
        "timeout_at" => &["at", "routine"],
        "set" | "reset" | "wait" | "post" => &["event"],
        "acquire" | "release" => &["semaphore"],
        "lock" | "unlock" => &["mutex"],
        "put" => &["queue", "value"],
        "get" | "close_queue" => &["queue"],
        "read" | "write" => &["channel", "bytes"],
        "accept" | "connect" | "readable" | "writable" | "close" => &["channel"],
        "fail" | "return" => &["value"],
        _ => &[],
    };
    let one = |name: &&str| match &statement[*name] {
        Value::Array(all) => all.iter().map(|n| number(n).to_string()).collect::<Vec<_>>().join(","),
        value => number(value).to_string(),
    };
    operands.iter().map(one).collect::<Vec<_>>().join(",")
}

// --- The loop's state --------------------------------------------------------------------------------------------------

/// Who waits for the same, first come, first served; with the item, if it is a putter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List { Event(usize), Semaphore(usize), Mutex(usize), Get(usize), Put(usize) }

/// What a task is at, or waits for.
#[derive(Clone, Copy, PartialEq, Default)]
enum At {
    #[default] Start,
    Ready,
    Running,
    Ended,
    Timer(i64, u64),
    Join(usize),
    Listed(List),
    Operation(u64),
    Children(usize), // of a node
}

type Body = Pin<Box<dyn Future<Output = Outcome>>>;

struct Task {
    body: Option<Body>,
    at: At,
    awaits: String,
    outcome: Outcome, // of the await that is over, or of the task when it has ended
    budget: i64,
    node: usize,
    innermost: usize,      // where it stands in the scope tree
    of: usize,             // the node of the group, `all` or `any` that it is a child of; 0 if none
    place: usize,          // among these children
    slot: Option<usize>,   // that holds its handle
    joiner: Option<usize>,
    taken: bool,           // its outcome has reached its owner
}

#[derive(Clone, Copy, PartialEq, Default)]
enum Kind { #[default] Root, Task, Scope, Shield, Group, All, Any }

/// Of the scope tree.
#[derive(Default)]
struct Node {
    kind: Kind,
    id: u64, // of a scope, from 1; else 0
    owner: usize,
    parent: usize,
    below: Vec<usize>,
    cancelled: bool,
    requested: bool,
    children: usize,                 // of a group, `all`, `any`: how many have not ended
    values: Vec<String>,             // of `all`
    first: Option<(usize, Outcome)>, // the first failure, with the task in whose name it is; of `any` the winner
    cut: bool,                       // a child, or the body, ended cancelled
    judged: bool,
}

enum Entry { Task(usize), Callback(u64, usize) }

enum Due { Wake(usize), Expire(usize) }

#[derive(Default)]
struct Queue {
    capacity: usize,
    closed: bool,
    items: VecDeque<String>,
}

#[derive(Default)]
struct Channel {
    bytes: i64,
    room: i64,
    peers: i64,
    end: bool,
    failure: Option<i64>,
    closed: bool,
}

struct Operation {
    task: usize,
    channel: usize,
    verb: String,
    bytes: i64,
    done: Option<(i64, String)>, // when, and with what
}

impl Operation {
    fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "write" | "writable" | "connect")
    }
}

#[derive(Default)]
struct Loop {
    resolution: i64,
    ask_every: i64,
    budget: i64,
    level_l: bool,
    trace: Vec<Value>,
    clock: i64,
    reading: i64,
    sample: i64,
    timers: BTreeMap<(i64, u64), Due>,
    timers_started: u64,
    tasks: Vec<Task>, // from 1
    ended: Vec<usize>,
    nodes: Vec<Node>, // the root is 0
    scopes_opened: u64,
    ready: VecDeque<Entry>,
    left: usize, // of the round
    rounds: u64,
    turns: i64,  // since the driver was last asked
    asked: bool, // in this run
    stop: bool,
    inbox: VecDeque<(u64, Option<usize>)>,
    posts: u64,
    remotes: i64,
    keep_alives: i64,
    handles: [Option<usize>; 16],
    groups: [Option<usize>; 8],
    scopes: [Option<usize>; 8],
    waiting: BTreeMap<List, VecDeque<(usize, String)>>,
    events: Vec<bool>,
    semaphores: Vec<i64>,
    mutexes: Vec<usize>, // the owner, 0 if none
    queues: Vec<Queue>,
    channels: Vec<Channel>,
    operations: BTreeMap<u64, Operation>, // that have not been collected
    operations_started: u64,
    world: Vec<Value>,
    delivered: usize,
}

impl Loop {
    fn new(s: &Value, level_l: bool) -> Loop {
        let count = |name| field(s, name, 0) as usize;
        let mut l = Loop {
            resolution: field(s, "resolution", 1),
            ask_every: field(s, "ask_every", 1),
            budget: field(s, "budget", 16),
            level_l,
            events: vec![false; count("events")],
            semaphores: numbers(s, "semaphores"),
            mutexes: vec![0; count("mutexes")],
            queues: numbers(s, "queues").into_iter().map(|n| Queue { capacity: n as usize, ..Queue::default() }).collect(),
            channels: numbers(s, "channels").into_iter().map(|room| Channel { room, ..Channel::default() }).collect(),
            world: s.get("world").and_then(Value::as_array).cloned().unwrap_or_default(),
            ..Loop::default()
        };
        l.new_node(Kind::Root, 0, 0);
        l.new_task(0); // nobody: ids count from 1
        l.tasks[0].at = At::Ended;
        l
    }

    fn tell(&mut self, event: Value) {
        self.trace.push(event);
    }

    fn tell_l(&mut self, event: Value) {
        if self.level_l {
            self.trace.push(event);
        }
    }

    // --- Time ---

    fn read_clock(&mut self) -> i64 {
        self.reading = self.reading.max(self.clock);
        self.reading
    }

    fn rounded_down(&self, time: i64) -> i64 {
        time / self.resolution * self.resolution
    }

    fn rounded_up(&self, time: i64) -> i64 {
        match time.checked_add(self.resolution - 1) {
            Some(above) => self.rounded_down(above),
            None => self.rounded_down(i64::MAX),
        }
    }

    /// Absolute.
    fn start_timer(&mut self, deadline: i64, due: Due) -> (i64, u64) {
        let key = if deadline > self.sample { self.rounded_up(deadline) } else { self.rounded_down(self.sample) };
        self.timers_started += 1;
        self.timers.insert((key, self.timers_started), due);
        (key, self.timers_started)
    }

    fn start_relative(&mut self, ns: i64, due: Due) -> (i64, u64) {
        let now = self.read_clock();
        self.start_timer(if ns == 0 { self.sample } else { now.saturating_add(ns) }, due)
    }

    // --- Tasks ---

    fn new_task(&mut self, node: usize) -> usize {
        let task = Task {
            body: None, at: At::Start, awaits: String::new(), outcome: ok(), budget: 0, node, innermost: node,
            of: 0, place: 0, slot: None, joiner: None, taken: false,
        };
        self.tasks.push(task);
        self.tasks.len() - 1
    }

    /// Starts a task below a node.
    fn spawn(&mut self, program: &Rc<Value>, l: &Rc<RefCell<Loop>>, routine: i64, by: usize, below: usize) -> usize {
        let id = self.tasks.len();
        let node = self.new_node(Kind::Task, id, below);
        self.new_task(node);
        let me = Me { l: l.clone(), program: program.clone(), id };
        self.tasks[id].body = Some(me.routine(routine));
        let scope = self.nodes[below].id;
        self.tell(json!({"ev": "spawn", "task": id, "by": by, "scope": scope}));
        self.ready.push_back(Entry::Task(id));
        self.tell_l(json!({"ev": "ready", "task": id, "cause": "spawn"}));
        id
    }

    fn make_ready(&mut self, task: usize, outcome: Outcome, cause: &str) {
        self.tasks[task].at = At::Ready;
        self.tasks[task].outcome = outcome;
        self.ready.push_back(Entry::Task(task));
        self.tell_l(json!({"ev": "ready", "task": task, "cause": cause}));
    }

    fn is_cancelled(&self, task: usize) -> bool {
        self.nodes[self.tasks[task].innermost].cancelled
    }

    fn end(&mut self, task: usize, outcome: Outcome) {
        let (name, value) = match &outcome {
            Ok(value) => ("value", value.clone()),
            Err(Left::Error(code)) => ("exception", code.to_string()),
            Err(Left::Cancelled) => ("cancelled", String::new()),
        };
        self.tell(json!({"ev": "end", "task": task, "outcome": name, "value": value}));
        self.tasks[task].at = At::Ended;
        self.tasks[task].outcome = outcome.clone();
        self.ended.push(task);
        self.leave(self.tasks[task].node);
        if let Some(joiner) = self.tasks[task].joiner {
            self.make_ready(joiner, as_joined(&outcome), "join");
        } else if self.tasks[task].of != 0 {
            self.tasks[task].taken = true;
            self.child_ended(self.tasks[task].of, task, outcome);
        }
        self.unobserved_if_lost(task);
    }

    /// Reports the failure of a task that has ended, if its last holder is gone.
    fn unobserved_if_lost(&mut self, task: usize) {
        let t = &mut self.tasks[task];
        let failed = t.at == At::Ended && matches!(t.outcome, Err(Left::Error(_)));
        if failed && !t.taken && task != 1 && t.slot.is_none() && t.joiner.is_none() {
            t.taken = true;
            self.tell(json!({"ev": "unobserved", "task": task}));
        }
    }

    fn drop_handle(&mut self, slot: usize) {
        if let Some(task) = self.handles[slot].take() {
            self.tasks[task].slot = None;
            self.unobserved_if_lost(task);
        }
    }

    // --- The scope tree ---

    fn new_node(&mut self, kind: Kind, owner: usize, parent: usize) -> usize {
        let this = self.nodes.len();
        let cancelled = this > 0 && kind != Kind::Shield && self.nodes[parent].cancelled;
        self.nodes.push(Node { kind, owner, parent, cancelled, ..Node::default() });
        if this > 0 {
            self.nodes[parent].below.push(this);
        }
        this
    }

    fn open(&mut self, kind: Kind, owner: usize) -> usize {
        let node = self.new_node(kind, owner, self.tasks[owner].innermost);
        self.tasks[owner].innermost = node;
        self.scopes_opened += 1;
        self.nodes[node].id = self.scopes_opened;
        let how = if kind == Kind::Shield { "shield" } else { "open" };
        self.tell(json!({"ev": "scope", "task": owner, "id": self.scopes_opened, "do": how}));
        node
    }

    fn close(&mut self, node: usize, outcome: &str) {
        let (owner, id) = (self.nodes[node].owner, self.nodes[node].id);
        self.tasks[owner].innermost = self.nodes[node].parent;
        self.leave(node);
        self.tell(json!({"ev": "scope", "task": owner, "id": id, "do": "close", "outcome": outcome}));
    }

    /// What is below a node takes its place.
    fn leave(&mut self, node: usize) {
        let below = std::mem::take(&mut self.nodes[node].below);
        let parent = self.nodes[node].parent;
        for &one in &below {
            self.nodes[one].parent = parent;
        }
        let place = self.nodes[parent].below.iter().position(|&one| one == node).unwrap();
        self.nodes[parent].below.splice(place..=place, below);
    }

    fn outer_cancelled(&self, node: usize) -> bool {
        self.nodes[node].kind != Kind::Shield && self.nodes[self.nodes[node].parent].cancelled
    }

    fn cancel_node(&mut self, node: usize) {
        self.nodes[node].requested = true;
        if !self.nodes[node].cancelled {
            self.nodes[node].cancelled = true;
            self.cancel_below(node);
            self.interrupt(self.nodes[node].owner);
        }
    }

    fn cancel_below(&mut self, node: usize) {
        for one in self.nodes[node].below.clone() {
            if self.nodes[one].kind == Kind::Shield || self.nodes[one].cancelled {
                continue;
            }
            self.nodes[one].cancelled = true;
            self.cancel_below(one);
            if self.nodes[one].kind == Kind::Task {
                self.interrupt(self.nodes[one].owner);
            }
        }
    }

    fn interrupt(&mut self, task: usize) {
        if !self.is_cancelled(task) {
            return; // it stands in a shield
        }
        match self.tasks[task].at {
            At::Timer(key, timer) => drop(self.timers.remove(&(key, timer))),
            At::Join(joined) => self.tasks[joined].joiner = None,
            At::Listed(list) => self.waiting.get_mut(&list).unwrap().retain(|one| one.0 != task),
            At::Operation(op) => return self.finish(op, "cancelled"),
            At::Start | At::Ready | At::Running | At::Ended | At::Children(_) => return,
        }
        self.make_ready(task, CANCELLED, "cancel");
    }

    // --- Groups, all, any ---

    fn child_ended(&mut self, node: usize, child: usize, outcome: Outcome) {
        let n = &mut self.nodes[node];
        n.children -= 1;
        let failed = matches!(outcome, Err(Left::Error(_)));
        let is_first = n.first.is_none() && (failed || n.kind == Kind::Any);
        match &outcome {
            Ok(value) if n.kind == Kind::All => n.values[self.tasks[child].place] = value.clone(),
            Err(Left::Cancelled) if n.kind != Kind::Group || n.cancelled => n.cut = true,
            _ => {}
        }
        if is_first {
            n.first = Some((child, outcome));
            if n.kind != Kind::Any || n.children > 0 {
                self.cancel_node(node);
            }
        } else if failed {
            self.tell(json!({"ev": "unobserved", "task": child}));
        }
        let owner = self.nodes[node].owner;
        if self.nodes[node].children == 0 && self.tasks[owner].at == At::Children(node) {
            let outcome = self.judge(node);
            self.make_ready(owner, outcome, "children");
        }
    }

    /// The outcome of all children; `absorbed` is that of a group only.
    fn judge(&mut self, node: usize) -> Outcome {
        self.nodes[node].judged = true;
        let outer = self.outer_cancelled(node);
        let n = &self.nodes[node];
        let missing = if outer { CANCELLED } else { Err(Left::Error(0)) };
        match (n.kind, &n.first) {
            (Kind::Any, Some((_, Err(Left::Cancelled)))) => missing,
            (Kind::Any, Some((child, Ok(value)))) => Ok(format!("{}:{}", self.tasks[*child].place, value)),
            (_, Some((_, failure))) => failure.clone(),
            (Kind::Group, None) if n.cut && n.requested && !outer => Ok("absorbed".into()),
            (Kind::Group, None) if n.cut => CANCELLED,
            (_, None) if n.cut => missing,
            _ => Ok(n.values.join(",")),
        }
    }

    // --- Synchronisation ---

    fn wait_in(&mut self, task: usize, list: List, item: String) -> Option<Outcome> {
        self.waiting.entry(list).or_default().push_back((task, item));
        self.tasks[task].at = At::Listed(list);
        None
    }

    /// Hands over to the first who waits: the task, and its item.
    fn serve(&mut self, list: List, outcome: Outcome) -> Option<(usize, String)> {
        let first = self.waiting.get_mut(&list)?.pop_front()?;
        self.make_ready(first.0, outcome, "handover");
        Some(first)
    }

    fn set_event(&mut self, event: usize) {
        self.events[event] = true;
        while self.serve(List::Event(event), ok()).is_some() {}
    }

    fn put(&mut self, task: usize, queue: usize, value: String) -> Option<Outcome> {
        if self.queues[queue].closed {
            return Some(Ok("closed".into()));
        }
        if self.serve(List::Get(queue), Ok(value.clone())).is_none() {
            if self.queues[queue].items.len() == self.queues[queue].capacity {
                return self.wait_in(task, List::Put(queue), value);
            }
            self.queues[queue].items.push_back(value);
        }
        Some(ok())
    }

    fn get(&mut self, task: usize, queue: usize) -> Option<Outcome> {
        if let Some(item) = self.queues[queue].items.pop_front() {
            if let Some((_, value)) = self.serve(List::Put(queue), ok()) {
                self.queues[queue].items.push_back(value);
            }
            return Some(Ok(item));
        }
        if self.queues[queue].closed {
            return Some(Ok("closed".into()));
        }
        self.wait_in(task, List::Get(queue), String::new())
    }

    fn close_queue(&mut self, queue: usize) {
        self.queues[queue].closed = true;
        for list in [List::Get(queue), List::Put(queue)] {
            while self.serve(list, Ok("closed".into())).is_some() {}
        }
    }

    // --- Operations and the driver ---

    fn attempt(&mut self, channel: usize, verb: &str, bytes: i64) -> Option<String> {
        let c = &mut self.channels[channel];
        if c.closed {
            return Some("errno:9".into());
        }
        if let Some(code) = c.failure {
            return Some(format!("errno:{code}"));
        }
        let transferred = |from: &mut i64| {
            let n = bytes.min(*from);
            *from -= n;
            Some(n.to_string())
        };
        match verb {
            "read" if c.bytes > 0 => transferred(&mut c.bytes),
            "read" if c.end => Some("0".into()),
            "write" if c.room > 0 => transferred(&mut c.room),
            "readable" if c.bytes > 0 || c.end => Some("ok".into()),
            "writable" if c.room > 0 => Some("ok".into()),
            "accept" | "connect" if c.peers > 0 => {
                c.peers -= 1;
                Some("ok".into())
            }
            _ => None,
        }
    }

    fn start_operation(&mut self, task: usize, verb: &str, channel: usize, bytes: i64) -> Option<Outcome> {
        self.operations_started += 1;
        if let Some(result) = self.attempt(channel, verb, bytes) {
            return Some(Ok(result));
        }
        let op = self.operations_started;
        self.operations.insert(op, Operation { task, channel, verb: verb.into(), bytes, done: None });
        self.tasks[task].at = At::Operation(op);
        None
    }

    /// Completes an operation that is in flight, now.
    fn finish(&mut self, op: u64, result: &str) {
        let clock = self.clock;
        self.operations.get_mut(&op).unwrap().done.get_or_insert((clock, result.into()));
    }

    fn in_flight(&self, channel: usize) -> Vec<u64> {
        let mut some: Vec<_> = self.operations.iter().filter(|(_, op)| op.channel == channel && op.done.is_none()).collect();
        some.sort_by_key(|(number, op)| (op.is_write(), **number));
        some.into_iter().map(|(number, _)| *number).collect()
    }

    fn close_channel(&mut self, channel: usize) -> &'static str {
        if std::mem::replace(&mut self.channels[channel].closed, true) {
            return "errno:9";
        }
        for op in self.in_flight(channel) {
            self.finish(op, "errno:125");
        }
        "ok"
    }

    fn world_acts_on(&mut self, channel: usize, entry: &Value) {
        const MOST: i64 = 1 << 62;
        let c = &mut self.channels[channel];
        if c.closed {
            return;
        }
        match entry["do"].as_str().unwrap() {
            "data" => c.bytes = (c.bytes + number(&entry["bytes"])).min(MOST),
            "room" => c.room = (c.room + number(&entry["bytes"])).min(MOST),
            "peer" => c.peers = (c.peers + 1).min(MOST),
            "end" => c.end = true,
            _ => c.failure = Some(number(&entry["code"])),
        }
        for number in self.in_flight(channel) {
            let (verb, bytes) = (self.operations[&number].verb.clone(), self.operations[&number].bytes);
            if let Some(result) = self.attempt(channel, &verb, bytes) {
                self.operations.get_mut(&number).unwrap().done = Some((self::number(&entry["at"]), result));
            }
        }
    }

    fn post(&mut self, event: Option<usize>) {
        self.posts += 1;
        self.inbox.push_back((self.posts, event));
    }

    fn next_entry(&self) -> Option<i64> {
        self.world.get(self.delivered).map(|entry| number(&entry["at"]))
    }

    /// The world's entries that are due.
    fn deliver(&mut self) {
        while self.next_entry().map_or(false, |at| at <= self.clock) {
            let entry = self.world[self.delivered].clone();
            self.tell_l(json!({"ev": "world", "entry": self.delivered}));
            self.delivered += 1;
            match entry["do"].as_str().unwrap() {
                "stop" => self.stop = true,
                "post" => self.post(Some(number(&entry["event"]) as usize)),
                "wake" => self.post(None),
                "jump" => self.clock = self.clock.saturating_add(number(&entry["ns"])).max(0),
                _ => self.world_acts_on(number(&entry["channel"]) as usize, &entry),
            }
        }
    }

    fn completion_waits(&self) -> bool {
        self.operations.values().any(|op| op.done.is_some())
    }

    fn pass_time(&mut self) {
        let until = self.timers.keys().next().map(|timer| timer.0);
        self.tell_l(json!({"ev": "wait", "until": until.map_or("never".into(), |key| key.to_string())}));
        let next = until.into_iter().chain(self.next_entry()).min();
        if !self.completion_waits() && self.next_entry().map_or(true, |at| at > self.clock) {
            self.clock = self.clock.max(next.unwrap_or(0));
        }
    }

    // --- The iteration ---

    fn is_pending(&self) -> bool {
        self.tasks.iter().any(|task| task.at != At::Ended)
    }

    fn verdict(&self) -> Option<&'static str> {
        let posts_to_come = self.world[self.delivered..].iter().any(|entry| matches!(entry["do"].as_str(), Some("post" | "wake")));
        let exhausted = self.delivered == self.world.len() && !self.completion_waits();
        let nothing_comes = (self.remotes == 0 && !posts_to_come && self.operations.is_empty()) || exhausted;
        if self.stop {
            Some("stopped")
        } else if !self.is_pending() && self.keep_alives == 0 {
            Some("completed")
        } else if self.ready.is_empty() && self.timers.is_empty() && self.inbox.is_empty() && nothing_comes {
            Some("deadlocked")
        } else {
            None
        }
    }

    /// (b) to (e), and what begins (f).
    fn check(&mut self) {
        let must_wait = self.ready.is_empty() && self.inbox.is_empty();
        let looks = must_wait || self.turns >= self.ask_every || !self.asked;
        if must_wait {
            self.pass_time();
        }
        let mut done = vec![];
        if looks {
            self.deliver();
            self.turns = 0;
            self.asked = true;
            done = self.operations.iter().filter_map(|(&op, o)| o.done.as_ref().map(|d| (d.0, o.is_write(), op))).collect();
            done.sort_unstable();
            let now = self.read_clock();
            if now != self.sample {
                self.sample = now;
                self.tell_l(json!({"ev": "sample", "now": now.to_string()}));
            }
        }
        self.collect(done);
        if !self.stop {
            self.left = self.ready.len();
            if self.left > 0 {
                self.rounds += 1;
                self.tell_l(json!({"ev": "round", "n": self.rounds, "count": self.left}));
            }
        }
    }

    fn collect(&mut self, done: Vec<(i64, bool, u64)>) {
        for (_, _, number) in done {
            let op = self.operations.remove(&number).unwrap();
            let result = op.done.unwrap().1;
            self.tell_l(json!({"ev": "complete", "op": number, "result": result}));
            let outcome = if result == "cancelled" { CANCELLED } else { Ok(result) };
            self.make_ready(op.task, outcome, "complete");
        }
        let last = self.timers_started;
        while let Some(&(key, timer)) = self.timers.keys().next() {
            if key > self.sample || timer > last {
                break;
            }
            let due = self.timers.remove(&(key, timer)).unwrap();
            self.tell_l(json!({"ev": "fire", "timer": timer, "key": key.to_string()}));
            match due {
                Due::Wake(task) => self.make_ready(task, ok(), "timer"),
                Due::Expire(node) => self.cancel_node(node),
            }
        }
        while let Some((post, event)) = self.inbox.pop_front() {
            if let Some(event) = event {
                self.ready.push_back(Entry::Callback(post, event));
                self.tell_l(json!({"ev": "ready", "task": 0, "cause": "post"}));
            }
        }
    }

    fn exit(&mut self, verdict: &str) {
        if verdict == "stopped" {
            self.stop = false;
        }
        let pending = self.tasks.iter().enumerate().filter_map(|(id, task)| match task.at {
            At::Ended => None,
            At::Start => Some(json!({"task": id, "await": "start"})),
            At::Ready => Some(json!({"task": id, "await": "ready"})),
            _ => Some(json!({"task": id, "await": task.awaits})),
        });
        let pending: Vec<_> = pending.collect();
        self.tell(json!({"ev": "exit", "verdict": verdict, "pending": pending}));
    }

    /// What is left is destroyed, and told.
    fn destroy(&mut self) -> Vec<Body> {
        let mut bodies = vec![];
        for task in (1..self.tasks.len()).rev().filter(|&id| self.tasks[id].at != At::Ended).collect::<Vec<_>>() {
            self.tell(json!({"ev": "destroyed", "task": task}));
            bodies.extend(self.tasks[task].body.take());
            for joined in 1..self.tasks.len() {
                if self.tasks[joined].joiner == Some(task) {
                    self.tasks[joined].joiner = None;
                    self.unobserved_if_lost(joined);
                }
            }
            let mut node = self.tasks[task].innermost;
            while node != self.tasks[task].node {
                if let Some((whose, Err(Left::Error(_)))) = self.nodes[node].first {
                    self.tell(json!({"ev": "unobserved", "task": whose}));
                }
                node = self.nodes[node].parent;
            }
        }
        for task in self.ended.clone() {
            if let Some(slot) = self.tasks[task].slot {
                self.drop_handle(slot);
            }
        }
        for entry in self.delivered..self.world.len() {
            if matches!(self.world[entry]["do"].as_str(), Some("post" | "wake")) {
                self.posts += 1;
                self.tell(json!({"ev": "refused", "post": self.posts}));
            }
        }
        bodies
    }
}

/// Joining a task that ended cancelled is an exception.
fn as_joined(outcome: &Outcome) -> Outcome {
    match outcome {
        Err(Left::Cancelled) => Err(Left::Error(0)),
        other => other.clone(),
    }
}

// --- What a task does --------------------------------------------------------------------------------------------------

/// Ends the step: pending once.
struct Suspended(bool);

impl Future for Suspended {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[derive(Clone)]
struct Me {
    l: Rc<RefCell<Loop>>,
    program: Rc<Value>,
    id: usize,
}

impl Me {
    fn routine(&self, index: i64) -> Body {
        let me = self.clone();
        Box::pin(async move {
            for statement in me.program["routines"][index as usize]["body"].as_array().into_iter().flatten() {
                let (verb, arg) = (statement["do"].as_str().unwrap(), arg_of(statement));
                let result = me.statement(verb, statement, &arg).await;
                me.l.borrow_mut().tell(json!({"ev": "did", "task": me.id, "verb": verb, "arg": arg, "result": text(&result)}));
                if let Err(left) = result {
                    return Err(left);
                }
                if verb == "return" {
                    return Ok(arg);
                }
            }
            Ok("0".into())
        })
    }

    /// The gate of every await. `begin` gives the outcome if it is there, else it has begun what will make this task ready.
    async fn awaited(&self, kind: &str, arg: &str, begin: impl FnOnce(&mut Loop) -> Option<Outcome>) -> Outcome {
        {
            let l = &mut *self.l.borrow_mut();
            let refused = kind != "group" && l.is_cancelled(self.id);
            let satisfied = if refused { Some(CANCELLED) } else { begin(l) };
            let mut told = kind;
            if let Some(outcome) = satisfied {
                l.tasks[self.id].budget -= 1;
                if l.tasks[self.id].budget > 0 {
                    return outcome;
                }
                l.make_ready(self.id, outcome, "budget");
                told = "budget";
            }
            l.tasks[self.id].awaits = kind.into();
            l.tell(json!({"ev": "await", "task": self.id, "kind": told, "arg": arg}));
        }
        Suspended(false).await;
        self.l.borrow().tasks[self.id].outcome.clone()
    }

    async fn statement(&self, verb: &str, s: &Value, arg: &str) -> Outcome {
        let me = self.id;
        let n = |name: &str| number(&s[name]);
        let i = |name: &str| number(&s[name]) as usize;
        match verb {
            "yield" | "sleep" | "sleep_until" => return self.pause(verb, s, arg).await,
            "wait" | "acquire" | "lock" | "put" | "get" => return self.synchronise(verb, s, arg).await,
            "read" | "write" | "accept" | "connect" | "readable" | "writable" => {
                return self.awaited(verb, arg, |l| l.start_operation(me, verb, i("channel"), field(s, "bytes", 0))).await;
            }
            "join" => return self.join(i("handle"), arg).await,
            "try_join" => match self.join(i("handle"), arg).await {
                Err(Left::Error(code)) => return Ok(format!("error:{code}")),
                other => return other,
            },
            "call" => return self.routine(n("routine")).await,
            "try" => return Ok(text(&self.routine(n("routine")).await)),
            "scope" | "shield" | "timeout" | "timeout_at" => return self.scope(verb, s).await,
            "all" | "any" => return self.children(verb, s, arg).await,
            "group" => return self.group(s, arg).await,
            _ => {}
        }
        let l = &mut *self.l.borrow_mut();
        let answer = |yes| Ok(if yes { "yes" } else { "no" }.to_string());
        match verb {
            "burn" => l.clock = l.clock.saturating_add(n("ns")),
            "now" => return Ok(l.read_clock().to_string()),
            "spawn" => {
                let task = l.spawn(&self.program, &self.l, n("routine"), me, l.tasks[me].innermost);
                l.drop_handle(i("handle"));
                l.handles[i("handle")] = Some(task);
                l.tasks[task].slot = Some(i("handle"));
                return Ok(task.to_string());
            }
            "cancel" | "lose" => {
                let task = match l.handles[i("handle")] {
                    Some(task) => task,
                    None => return Ok("empty".into()),
                };
                let ended = l.tasks[task].at == At::Ended;
                if !ended {
                    l.cancel_node(l.tasks[task].node);
                }
                if verb == "lose" {
                    l.drop_handle(i("handle"));
                }
                return answer(!ended);
            }
            "drop" if l.handles[i("handle")].is_none() => return Ok("empty".into()),
            "drop" => l.drop_handle(i("handle")),
            "go" | "cancel_group" => match l.groups[i("group")] {
                Some(node) if !l.nodes[node].judged => {
                    if verb == "cancel_group" {
                        l.cancel_node(node);
                        return answer(true);
                    }
                    let task = l.spawn(&self.program, &self.l, n("routine"), me, node);
                    l.tasks[task].of = node;
                    l.nodes[node].children += 1;
                    return Ok(task.to_string());
                }
                _ => return Ok("misuse".into()),
            },
            "cancel_scope" => {
                if let Some(node) = l.scopes[i("scope")] {
                    l.cancel_node(node);
                }
                return answer(l.scopes[i("scope")].is_some());
            }
            "set" => l.set_event(i("event")),
            "reset" => l.events[i("event")] = false,
            "release" => {
                if l.serve(List::Semaphore(i("semaphore")), ok()).is_none() {
                    l.semaphores[i("semaphore")] += 1;
                }
            }
            "unlock" if l.mutexes[i("mutex")] != me => return Ok("misuse".into()),
            "unlock" => l.mutexes[i("mutex")] = l.serve(List::Mutex(i("mutex")), ok()).map_or(0, |next| next.0),
            "close_queue" => l.close_queue(i("queue")),
            "close" => return Ok(l.close_channel(i("channel")).into()),
            "fail" => return Err(Left::Error(n("value"))),
            "return" => {}
            "stop" => l.stop = true,
            "post" => l.post(Some(i("event"))),
            "hold_remote" => l.remotes += 1,
            "keep_alive" => l.keep_alives += 1,
            "drop_remote" | "drop_keep_alive" => {
                let held = if verb == "drop_remote" { &mut l.remotes } else { &mut l.keep_alives };
                if *held == 0 {
                    return Ok("misuse".into());
                }
                *held -= 1;
            }
            other => panic!("no such statement: {}", other),
        }
        ok()
    }

    async fn pause(&self, verb: &str, s: &Value, arg: &str) -> Outcome {
        let me = self.id;
        let begin = |l: &mut Loop| {
            if verb == "yield" {
                l.make_ready(me, ok(), "yield");
                return None;
            }
            let due = Due::Wake(me);
            let (key, timer) = if verb == "sleep" { l.start_relative(number(&s["ns"]), due) } else { l.start_timer(number(&s["at"]), due) };
            l.tasks[me].at = At::Timer(key, timer);
            None
        };
        self.awaited(if verb == "yield" { "yield" } else { "sleep" }, arg, begin).await
    }

    async fn synchronise(&self, verb: &str, s: &Value, arg: &str) -> Outcome {
        let me = self.id;
        let i = |name: &str| number(&s[name]) as usize;
        let begin = |l: &mut Loop| match verb {
            "put" => l.put(me, i("queue"), number(&s["value"]).to_string()),
            "get" => l.get(me, i("queue")),
            "wait" if l.events[i("event")] => Some(ok()),
            "wait" => l.wait_in(me, List::Event(i("event")), String::new()),
            "acquire" if l.semaphores[i("semaphore")] > 0 => {
                l.semaphores[i("semaphore")] -= 1;
                Some(ok())
            }
            "acquire" => l.wait_in(me, List::Semaphore(i("semaphore")), String::new()),
            _ if l.mutexes[i("mutex")] == 0 => {
                l.mutexes[i("mutex")] = me;
                Some(ok())
            }
            _ => l.wait_in(me, List::Mutex(i("mutex")), String::new()),
        };
        self.awaited(verb, arg, begin).await
    }

    async fn join(&self, slot: usize, arg: &str) -> Outcome {
        let me = self.id;
        let found = self.l.borrow().handles[slot];
        let joined = match found {
            None => return Ok("empty".into()),
            Some(task) if self.l.borrow().tasks[task].joiner.is_some() => return Ok("misuse".into()),
            Some(task) => task,
        };
        let begin = |l: &mut Loop| {
            l.tasks[joined].joiner = Some(me);
            if l.tasks[joined].at == At::Ended {
                return Some(as_joined(&l.tasks[joined].outcome));
            }
            l.tasks[me].at = At::Join(joined);
            None
        };
        let outcome = self.awaited("join", arg, begin).await;
        if outcome != CANCELLED {
            let l = &mut *self.l.borrow_mut();
            l.tasks[joined].joiner = None;
            l.tasks[joined].taken = true;
            if let Some(slot) = l.tasks[joined].slot {
                l.drop_handle(slot);
            }
        }
        outcome
    }

    async fn scope(&self, verb: &str, s: &Value) -> Outcome {
        let slot = s.get("scope").map(|n| number(n) as usize);
        let (node, timer) = {
            let l = &mut *self.l.borrow_mut();
            if slot.map_or(false, |slot| l.scopes[slot].is_some()) {
                return Ok("misuse".into());
            }
            let node = l.open(if verb == "shield" { Kind::Shield } else { Kind::Scope }, self.id);
            if let Some(slot) = slot {
                l.scopes[slot] = Some(node);
            }
            let due = Due::Expire(node);
            let timer = match verb {
                "timeout" => Some(l.start_relative(number(&s["ns"]), due)),
                "timeout_at" => Some(l.start_timer(number(&s["at"]), due)),
                _ => None,
            };
            (node, timer)
        };
        let outcome = self.routine(number(&s["routine"])).await;
        let l = &mut *self.l.borrow_mut();
        if let Some(timer) = timer {
            l.timers.remove(&timer);
        }
        if let Some(slot) = slot {
            l.scopes[slot] = None;
        }
        let absorbs = outcome == CANCELLED && l.nodes[node].requested && !l.outer_cancelled(node);
        l.close(node, if absorbs { "absorbed" } else { as_closed(&outcome) });
        if absorbs {
            return Ok(if timer.is_some() { "timeout" } else { "absorbed" }.into());
        }
        outcome
    }

    async fn children(&self, verb: &str, s: &Value, arg: &str) -> Outcome {
        let (me, routines) = (self.id, numbers(s, "routines"));
        let mut node = 0;
        let begin = |l: &mut Loop| {
            if routines.is_empty() {
                return Some(Ok(String::new()));
            }
            node = l.open(if verb == "all" { Kind::All } else { Kind::Any }, me);
            l.nodes[node].children = routines.len();
            l.nodes[node].values = vec![String::new(); routines.len()];
            for (place, routine) in routines.iter().enumerate() {
                let child = l.spawn(&self.program, &self.l, *routine, me, node);
                l.tasks[child].of = node;
                l.tasks[child].place = place;
            }
            l.tasks[me].at = At::Children(node);
            None
        };
        let outcome = self.awaited(verb, arg, begin).await;
        if node != 0 {
            self.l.borrow_mut().close(node, as_closed(&outcome));
        }
        outcome
    }

    async fn group(&self, s: &Value, arg: &str) -> Outcome {
        let (me, slot) = (self.id, number(&s["group"]) as usize);
        let node = {
            let l = &mut *self.l.borrow_mut();
            if l.groups[slot].is_some() {
                return Ok("misuse".into());
            }
            let node = l.open(Kind::Group, me);
            l.groups[slot] = Some(node);
            node
        };
        let body = self.routine(number(&s["routine"])).await;
        {
            let l = &mut *self.l.borrow_mut();
            match &body {
                Ok(value) => l.nodes[node].values = vec![value.clone()],
                Err(Left::Cancelled) => l.nodes[node].cut = true,
                Err(_) if l.nodes[node].first.is_some() => l.tell(json!({"ev": "unobserved", "task": me})),
                Err(_) => l.nodes[node].first = Some((me, body.clone())),
            }
            if body.is_err() {
                l.cancel_node(node);
            }
        }
        let begin = |l: &mut Loop| {
            if l.nodes[node].children == 0 {
                return Some(l.judge(node));
            }
            l.tasks[me].at = At::Children(node);
            None
        };
        let outcome = self.awaited("group", arg, begin).await;
        let l = &mut *self.l.borrow_mut();
        l.groups[slot] = None;
        let absorbed = matches!(&outcome, Ok(value) if value == "absorbed");
        l.close(node, if absorbed { "absorbed" } else { as_closed(&outcome) });
        outcome
    }
}

/// As the outcome of a scope that is closed.
fn as_closed(outcome: &Outcome) -> &'static str {
    match outcome {
        Err(Left::Error(_)) => "exception",
        other => with(other),
    }
}

// --- Running -----------------------------------------------------------------------------------------------------------

fn no_waker() -> Waker {
    const TABLE: RawWakerVTable = RawWakerVTable::new(|_| RawWaker::new(std::ptr::null(), &TABLE), |_| {}, |_| {}, |_| {});
    // SAFETY: the functions do nothing with the pointer.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) }
}

/// A step of a task, or a callback. While it runs the loop is not borrowed.
fn turn(shared: &Rc<RefCell<Loop>>, entry: Entry) {
    let (task, mut body) = {
        let l = &mut *shared.borrow_mut();
        l.turns += 1;
        let task = match entry {
            Entry::Callback(post, event) => {
                l.tell(json!({"ev": "callback", "post": post}));
                return l.set_event(event);
            }
            Entry::Task(task) => task,
        };
        let starts = l.tasks[task].at == At::Start;
        let refused = starts && l.is_cancelled(task);
        let how = if refused || !starts { with(if refused { &CANCELLED } else { &l.tasks[task].outcome }) } else { "start" };
        l.tell(json!({"ev": "step", "task": task, "now": l.sample.to_string(), "with": how}));
        if refused {
            return l.end(task, CANCELLED);
        }
        l.tasks[task].at = At::Running;
        l.tasks[task].budget = l.budget;
        (task, l.tasks[task].body.take().unwrap())
    };
    match body.as_mut().poll(&mut Context::from_waker(&no_waker())) {
        Poll::Ready(outcome) => shared.borrow_mut().end(task, outcome),
        Poll::Pending => shared.borrow_mut().tasks[task].body = Some(body),
    }
}

/// One call of `run`, box by box.
fn run(shared: &Rc<RefCell<Loop>>) {
    let enter = |name: &str| shared.borrow_mut().tell_l(json!({"ev": "box", "name": name}));
    shared.borrow_mut().tell(json!({"ev": "run"}));
    shared.borrow_mut().asked = false;
    enter("start");
    loop {
        enter("pending");
        let verdict = if shared.borrow().left == 0 { shared.borrow().verdict() } else { None };
        if let Some(verdict) = verdict {
            return shared.borrow_mut().exit(verdict);
        }
        enter("pick");
        if shared.borrow().left > 0 {
            let entry = shared.borrow_mut().ready.pop_front().unwrap();
            shared.borrow_mut().left -= 1;
            enter("run");
            turn(shared, entry);
            enter("save");
        }
        enter("check");
        let used_up = shared.borrow().left == 0 && shared.borrow().verdict().is_none();
        if used_up {
            shared.borrow_mut().check();
        }
        enter("continue");
    }
}

fn play(scenario: &Value, level_l: bool) -> Vec<Value> {
    let shared = Rc::new(RefCell::new(Loop::new(scenario, level_l)));
    {
        let l = &mut *shared.borrow_mut();
        let levels = if level_l { json!(["P", "L"]) } else { json!(["P"]) };
        l.tell(json!({"galley_trace": 1, "R": l.resolution.to_string(), "B": l.ask_every, "budget": l.budget, "features": levels}));
        l.spawn(&Rc::new(scenario.clone()), &shared, 0, 0, 0);
    }
    for _ in 0..field(scenario, "runs", 1) {
        run(&shared);
    }
    if scenario.get("close").map_or(false, |close| close == "orderly") {
        shared.borrow_mut().cancel_node(0);
        run(&shared);
    }
    let unwound = shared.borrow_mut().destroy();
    drop(unwound); // not while the loop is borrowed: what is dropped may look at it
    let trace = std::mem::take(&mut shared.borrow_mut().trace);
    trace
}

// --- The adapter -------------------------------------------------------------------------------------------------------

fn hello(levels: &str) -> Value {
    json!({"re": "hello", "protocol": 1, "name": "galley-rs", "version": "1", "language": "Rust", "loop": "the loop of galley-rs",
        "features": ["tasks", "join", "failure", "cancel", "scope", "group", "all", "any", "event", "semaphore", "mutex", "queue",
            "channel", "post", "keep_alive", "budget", "stop", "rerun", "deadlock", "jump", "destroy", "orderly", "composition"],
        "levels": levels, "parameters": {"R": "any", "B": "any", "b": "any"}, "relaxations": []})
}

fn answer(request: &Value, level_l: bool) -> Value {
    match catch_unwind(AssertUnwindSafe(|| play(&request["scenario"], level_l))) {
        Ok(trace) => json!({"re": "run", "id": request["id"], "outcome": "ran", "trace": trace}),
        Err(_) => json!({"re": "run", "id": request["id"], "outcome": "errored", "reason": "it panicked; see standard error"}),
    }
}

fn main() {
    let levels = std::env::args().nth(1).unwrap_or_else(|| "P".into());
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let said = match request["do"].as_str() {
            Some("hello") => hello(&levels),
            Some("run") => answer(&request, levels == "PL"),
            _ => return,
        };
        println!("{said}");
        std::io::stdout().flush().unwrap();
    }
}
