// SPDX-License-Identifier: BSL-1.0
//! A scenario on tokio: routines are futures, and each poll of a task's future is a step.
use crate::channel::Channel;
use serde_json::{json, Value};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, OwnedMutexGuard, Semaphore};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{sleep, sleep_until, timeout, Instant};

extern "C" {
    fn virtual_time_sample() -> i64;
}

#[derive(Debug)]
pub struct Failure(i64);
/// Of a scenario's time, in milliseconds, which are tokio's ticks: all lateness of the ticks is far less.
pub const UNIT: i64 = 100;

type Outcome = Result<i64, Failure>;
type Routine = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What a slot holds. Who awaits a handle owns it, so nobody else can: the compiler says so, and here `is_joined`.
#[derive(Clone)]
struct Held {
    handle: Arc<Mutex<JoinHandle<Outcome>>>,
    is_joined: bool,
}

#[derive(Default)]
struct Known {
    events: Vec<Value>,
    tasks: usize,
    pending: BTreeMap<usize, String>, // what each awaits
    resumed: HashMap<usize, usize>,   // the event of the step that ended an await
    arg: HashMap<usize, String>,
    handles: HashMap<i64, Held>,
    locked: HashMap<usize, (usize, OwnedMutexGuard<()>)>,
    scopes: usize,
    posts: usize,
}

pub struct Play {
    scenario: Value,
    origin: Instant,
    pub sampled: i64, // at the origin
    known: Mutex<Known>,
    all_ended: Notify,
    semaphores: Vec<Semaphore>,
    mutexes: Vec<Arc<tokio::sync::Mutex<()>>>,
    channels: Vec<Channel>,
    pub runtime: Runtime,
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn monotonic() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn duration(time: i64) -> Duration {
    Duration::from_millis((time * UNIT) as u64)
}

const OPERANDS: [&str; 10] = ["channel", "bytes", "ns", "at", "value", "semaphore", "mutex", "event", "routine", "handle"];

fn arg(statement: &Value) -> String {
    let given: Vec<String> =
        OPERANDS.iter().filter_map(|name| statement.get(*name)).map(|one| number(one).to_string()).collect();
    given.join(",")
}

impl Play {
    pub fn new(scenario: Value) -> Arc<Play> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        // tokio's ticks are counted from the runtime's start: the scenario begins between two of them.
        std::thread::sleep(Duration::from_micros(500));
        let count = |name: &str| scenario[name].as_array().map_or(0, Vec::len);
        let accepts = |channel: usize| {
            let mut statements = scenario["routines"].as_array().unwrap().iter().flat_map(|one| one["body"].as_array().unwrap());
            statements.any(|one| one["do"] == "accept" && number(&one["channel"]) as usize == channel)
        };
        let channels = (0..count("channels")).map(|i| Channel::new(accepts(i), i).unwrap()).collect();
        let semaphores = (0..count("semaphores")).map(|i| Semaphore::new(number(&scenario["semaphores"][i]) as usize));
        Arc::new(Play {
            origin: Instant::now(),
            sampled: monotonic(),
            known: Mutex::default(),
            all_ended: Notify::new(),
            semaphores: semaphores.collect(),
            mutexes: (0..number(&scenario["mutexes"])).map(|_| Arc::default()).collect(),
            channels,
            scenario: scenario.clone(),
            runtime: { drop(_entered); runtime },
        })
    }

    pub fn events(&self) -> Vec<Value> {
        self.known.lock().unwrap().events.clone()
    }

    pub fn tell(&self, event: Value) {
        self.known.lock().unwrap().events.push(event);
    }

    /// The clock as of the latest look at the kernel, as tokio has no time of its own.
    fn sample(&self) -> i64 {
        (unsafe { virtual_time_sample() } - self.sampled) / (UNIT * 1_000_000)
    }

    fn clock(&self) -> i64 {
        self.origin.elapsed().as_millis() as i64 / UNIT
    }

    /// Until all tasks have ended.
    pub fn run(self: &Arc<Self>) {
        let (main, _) = self.stepped(0, 0);
        let main = self.runtime.spawn(main);
        self.tell(json!({"ev": "run"}));
        self.runtime.block_on(self.all_ended.notified());
        drop(main);
        self.tell(json!({"ev": "exit", "verdict": "completed", "pending": []}));
    }

    pub fn deliver(self: &Arc<Self>, entry: &Value) {
        match entry["do"].as_str().unwrap() {
            "post" => std::thread::scope(|scope| drop(scope.spawn(|| self.post()))), // as from another thread
            "wake" => {
                self.known.lock().unwrap().posts += 1;
                self.runtime.spawn(async {});
            }
            "jump" => std::thread::sleep(duration(number(&entry["ns"]))),
            what => {
                if let Some(channel) = entry.get("channel") {
                    self.channels[number(channel) as usize].act(what, number(&entry["bytes"]) as usize);
                }
            }
        }
    }

    /// A post is a task that another thread spawns.
    fn post(self: &Arc<Self>) {
        let mut known = self.known.lock().unwrap();
        known.posts += 1;
        let (play, post) = (self.clone(), known.posts);
        drop(known);
        self.runtime.spawn(async move { play.tell(json!({"ev": "callback", "post": post})) });
    }

    fn stepped(self: &Arc<Self>, routine: usize, by: usize) -> (Stepped, usize) {
        let mut known = self.known.lock().unwrap();
        known.tasks += 1;
        let task = known.tasks;
        known.pending.insert(task, "start".into());
        known.events.push(json!({"ev": "spawn", "task": task, "by": by, "scope": 0}));
        (Stepped { play: self.clone(), task, body: routine_of(self.clone(), task, routine), is_started: false, is_ended: false }, task)
    }

    fn ended(&self, task: usize, outcome: &str, value: String) {
        let mut known = self.known.lock().unwrap();
        known.pending.remove(&task);
        known.events.push(json!({"ev": "end", "task": task, "outcome": outcome, "value": value}));
        if known.pending.is_empty() {
            self.all_ended.notify_one();
        }
    }

    /// How an await ended is known only when its statement has.
    fn is_over(&self, task: usize, how: &str) {
        let mut known = self.known.lock().unwrap();
        if let Some(step) = known.resumed.remove(&task) {
            known.events[step]["with"] = how.into();
        }
    }
}

/// A task's future, whose polls are told.
struct Stepped {
    play: Arc<Play>,
    task: usize,
    body: Routine,
    is_started: bool,
    is_ended: bool,
}

impl Stepped {
    fn step(&mut self, how: &str) {
        let now = self.play.sample().to_string();
        let mut known = self.play.known.lock().unwrap();
        if self.is_started {
            let at = known.events.len();
            known.resumed.insert(self.task, at);
        }
        known.events.push(json!({"ev": "step", "task": self.task, "now": now, "with": how}));
    }
}

impl Future for Stepped {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let how = if self.is_started { "value" } else { "start" };
        self.step(how);
        self.is_started = true;
        let polled = self.body.as_mut().poll(context);
        let (play, task) = (self.play.clone(), self.task);
        match &polled {
            Poll::Pending => {
                let mut known = play.known.lock().unwrap();
                let (kind, arg) = (known.pending[&task].clone(), known.arg[&task].clone());
                known.events.push(json!({"ev": "await", "task": task, "kind": kind, "arg": arg}));
            }
            Poll::Ready(outcome) => {
                self.is_ended = true;
                match outcome {
                    Ok(value) => play.ended(task, "value", value.to_string()),
                    Err(Failure(code)) => play.ended(task, "exception", code.to_string()),
                }
            }
        }
        polled
    }
}

/// An aborted task is dropped where it stands: nothing of its body runs but destructors.
impl Drop for Stepped {
    fn drop(&mut self) {
        if !self.is_ended {
            self.step("cancelled");
            self.play.ended(self.task, "cancelled", String::new());
        }
    }
}

fn routine_of(play: Arc<Play>, task: usize, routine: usize) -> Routine {
    Box::pin(async move {
        let body = play.scenario["routines"][routine]["body"].as_array().unwrap().clone();
        for statement in &body {
            let verb = statement["do"].as_str().unwrap();
            {
                let mut known = play.known.lock().unwrap();
                known.pending.insert(task, if verb == "sleep_until" { "sleep" } else { verb }.into());
                known.arg.insert(task, arg(statement));
            }
            let result = execute(&play, task, verb, statement).await;
            play.is_over(task, if result.is_ok() { "value" } else { "error" });
            let text = match &result {
                Ok(text) => text.clone(),
                Err(Failure(code)) => format!("error:{code}"),
            };
            play.tell(json!({"ev": "did", "task": task, "verb": verb, "arg": arg(statement), "result": text}));
            result?;
            if verb == "return" {
                return Ok(number(&statement["value"]));
            }
        }
        Ok(0)
    })
}

async fn execute(play: &Arc<Play>, task: usize, verb: &str, statement: &Value) -> Result<String, Failure> {
    let of = |name: &str| number(&statement[name]);
    let time = |name: &str| duration(of(name));
    match verb {
        "yield" => tokio::task::yield_now().await,
        "sleep" => sleep(time("ns")).await,
        "sleep_until" => sleep_until(play.origin + time("at")).await,
        "burn" => std::thread::sleep(time("ns")),
        "now" => return Ok(play.clock().to_string()),
        "call" => return routine_of(play.clone(), task, of("routine") as usize).await.map(|value| value.to_string()),
        "try" => {
            return Ok(match routine_of(play.clone(), task, of("routine") as usize).await {
                Ok(value) => value.to_string(),
                Err(Failure(code)) => format!("error:{code}"),
            })
        }
        "fail" => return Err(Failure(of("value"))),
        "spawn" => {
            let (child, id) = play.stepped(of("routine") as usize, task);
            let held = Held { handle: Arc::new(Mutex::new(tokio::spawn(child))), is_joined: false };
            play.known.lock().unwrap().handles.insert(of("handle"), held);
            return Ok(id.to_string());
        }
        "join" => return join(play, of("handle")).await,
        "cancel" => return Ok(cancel(play, of("handle"))),
        "drop" => {
            let dropped = play.known.lock().unwrap().handles.remove(&of("handle"));
            return Ok(if dropped.is_some() { "ok" } else { "empty" }.into());
        }
        "timeout" => return within(play, task, time("ns"), of("routine") as usize).await,
        "acquire" => play.semaphores[of("semaphore") as usize].acquire().await.unwrap().forget(),
        "release" => play.semaphores[of("semaphore") as usize].add_permits(1),
        "lock" => {
            let mutex = of("mutex") as usize;
            let guard = play.mutexes[mutex].clone().lock_owned().await;
            play.known.lock().unwrap().locked.insert(mutex, (task, guard));
        }
        "unlock" => {
            let mut known = play.known.lock().unwrap();
            let mutex = of("mutex") as usize;
            match known.locked.get(&mutex) {
                Some((owner, _)) if *owner == task => drop(known.locked.remove(&mutex)),
                _ => return Ok("misuse".into()), // who has no guard cannot unlock
            }
        }
        "post" => play.post(),
        "close" => return Ok(play.channels[of("channel") as usize].close()),
        "return" => {}
        _ => return Ok(play.channels[of("channel") as usize].transfer(verb, of("bytes") as usize).await),
    }
    Ok("ok".into())
}

/// Awaits a handle that a slot holds as well.
struct Joining(Arc<Mutex<JoinHandle<Outcome>>>);

impl Future for Joining {
    type Output = Result<Outcome, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0.lock().unwrap()).poll(context)
    }
}

async fn join(play: &Arc<Play>, slot: i64) -> Result<String, Failure> {
    let handle = match play.known.lock().unwrap().handles.get_mut(&slot) {
        None => return Ok("empty".into()),
        Some(held) if held.is_joined => return Ok("misuse".into()),
        Some(held) => {
            held.is_joined = true;
            held.handle.clone()
        }
    };
    let ended = Joining(handle.clone()).await;
    let mut known = play.known.lock().unwrap();
    if known.handles.get(&slot).map_or(false, |held| Arc::ptr_eq(&held.handle, &handle)) {
        known.handles.remove(&slot);
    }
    match ended {
        Ok(outcome) => outcome.map(|value| value.to_string()),
        Err(_) => Err(Failure(0)), // a JoinError: it was cancelled
    }
}

fn cancel(play: &Arc<Play>, slot: i64) -> String {
    let held = match play.known.lock().unwrap().handles.get(&slot) {
        None => return "empty".into(),
        Some(held) => held.clone(),
    };
    let handle = held.handle.lock().unwrap();
    let is_ended = handle.is_finished();
    handle.abort();
    if is_ended { "no".into() } else { "yes".into() }
}

async fn within(play: &Arc<Play>, task: usize, time: Duration, routine: usize) -> Result<String, Failure> {
    let scope = {
        let mut known = play.known.lock().unwrap();
        known.scopes += 1;
        known.scopes
    };
    play.tell(json!({"ev": "scope", "task": task, "id": scope, "do": "open"}));
    let ended = timeout(time, routine_of(play.clone(), task, routine)).await;
    let (outcome, how) = match &ended {
        Ok(Ok(_)) => ("value", "value"),
        Ok(Err(_)) => ("exception", "error"),
        Err(_) => ("absorbed", "cancelled"),
    };
    play.is_over(task, how);
    play.tell(json!({"ev": "scope", "task": task, "id": scope, "do": "close", "outcome": outcome}));
    match ended {
        Ok(outcome) => outcome.map(|value| value.to_string()),
        Err(_) => Ok("timeout".into()),
    }
}
