// SPDX-License-Identifier: BSL-1.0
//! The protocol (../../PROTOCOL.md). Each scenario is played in a forked child, so that nothing of an earlier one is left, and one
//! that waits for ever ends.
use crate::play::{number, Play, UNIT};
use serde_json::{json, Value};
use std::ffi::c_void;
use std::fs::File;
use std::io::{BufRead, Read, Write};
use std::os::unix::io::FromRawFd;
use std::sync::Arc;

#[link(name = "virtual_time")]
extern "C" {
    fn virtual_time_at(when: i64, act: extern "C" fn(*mut c_void), argument: *mut c_void);
    fn virtual_time_late_by(ns: i64);
    fn virtual_time_never(act: extern "C" fn(*mut c_void), argument: *mut c_void);
}

const LONGEST: i64 = 1 << 32; // in ms
const PLENTY: i64 = 1000; // bytes of room that no scenario here uses up
const LACKS: [(&str, &str); 6] = [
    ("scope", "there is no scope but a timeout"),
    ("cancel_scope", "there is no scope but a timeout"),
    ("shield", "there is no scope but a timeout"),
    ("hold_remote", "there are no remotes"),
    ("drop_remote", "there are no remotes"),
    ("connect", "there is no connect"),
];

/// Why the scenario cannot be played, if it cannot.
fn lacking(scenario: &Value) -> Option<&'static str> {
    let routines = scenario["routines"].as_array().unwrap();
    let mut transfers = vec![false; 8];
    let mut accepts = vec![false; 8];
    for statement in routines.iter().flat_map(|routine| routine["body"].as_array().unwrap()) {
        if let Some((_, why)) = LACKS.iter().find(|(verb, _)| statement["do"] == *verb) {
            return Some(why);
        }
        if ["ns", "at"].iter().any(|name| number(&statement[*name]) > LONGEST) {
            return Some("its time does not go so far");
        }
        if let Some(channel) = statement.get("channel") {
            let channel = number(channel) as usize;
            let verb = statement["do"].as_str().unwrap();
            if verb.starts_with("writ") && number(&scenario["channels"][channel]) < PLENTY {
                return Some("a socket of the kernel has more room than this");
            }
            accepts[channel] |= verb == "accept";
            transfers[channel] |= verb != "accept" && verb != "close";
        }
    }
    if (0..8).any(|channel| accepts[channel] && transfers[channel]) {
        return Some("no socket of the kernel both listens and transfers");
    }
    for entry in scenario["world"].as_array().unwrap() {
        let channel = number(&entry["channel"]) as usize;
        if entry["do"] == "break" && (accepts[channel] || transfers[channel]) {
            return Some("no socket of the kernel breaks with any error that one likes");
        }
        if entry["do"] == "jump" && !(0..=LONGEST).contains(&number(&entry["ns"])) {
            return Some("a monotonic clock does not jump back, nor without end");
        }
    }
    None
}

struct Stage {
    play: Arc<Play>,
    answers_to: File,
}

fn leave(stage: &mut Stage) -> ! {
    let said = json!({"outcome": "ran", "trace": stage.play.events()});
    stage.answers_to.write_all(said.to_string().as_bytes()).unwrap();
    unsafe { libc::_exit(0) }
}

extern "C" fn waits_for_ever(stage: *mut c_void) {
    leave(unsafe { &mut *(stage as *mut Stage) })
}

extern "C" fn deliver(entry: *mut c_void) {
    let (play, entry) = unsafe { &*(entry as *const (Arc<Play>, Value)) };
    play.deliver(entry);
}

fn play_and_leave(scenario: &Value, answers_to: File) -> ! {
    let play = Play::new(scenario.clone());
    let origin = play.sampled;
    unsafe { virtual_time_late_by(1000) };
    let mut stage = Stage { play: play.clone(), answers_to };
    unsafe { virtual_time_never(waits_for_ever, &mut stage as *mut Stage as *mut c_void) };
    for entry in scenario["world"].as_array().unwrap() {
        let told = Box::into_raw(Box::new((play.clone(), entry.clone())));
        unsafe { virtual_time_at(origin + number(&entry["at"]) * UNIT * 1_000_000, deliver, told as *mut c_void) };
    }
    play.run();
    leave(&mut stage)
}

fn play_in_child(scenario: &Value) -> Value {
    let mut ends = [0; 2];
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        panic!("pipe");
    }
    let child = unsafe { libc::fork() };
    let (mut reading, writing) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    if child == 0 {
        play_and_leave(scenario, writing);
    }
    drop(writing);
    let mut text = String::new();
    reading.read_to_string(&mut text).unwrap();
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    serde_json::from_str(&text).unwrap_or_else(|_| json!({"outcome": "errored", "reason": "the process died"}))
}

fn hello() -> Value {
    json!({"re": "hello", "protocol": 1, "name": "tokio", "version": env!("TOKIO_VERSION"), "language": "Rust",
           "loop": "the scheduler of one thread",
           "features": ["tasks", "join", "failure", "cancel", "scope", "semaphore", "mutex", "channel", "post", "jump"],
           "levels": "P", "parameters": {"R": 1, "B": 1, "b": 128}, "relaxations": ["timer_ties", "ready_order", "rounds"]})
}

fn answer(asked: &Value) -> Value {
    if asked["do"] == "hello" {
        return hello();
    }
    let scenario = &asked["scenario"];
    let mut said = match lacking(scenario) {
        Some(why) => json!({"outcome": "skipped", "reason": why}),
        None => play_in_child(scenario),
    };
    if let Some(trace) = said.get_mut("trace") {
        let header = json!({"galley_trace": 1, "R": number(&scenario["resolution"]).to_string(), "B": number(&scenario["ask_every"]),
                            "budget": number(&scenario["budget"]), "features": ["P"]});
        trace.as_array_mut().unwrap().insert(0, header);
    }
    said["re"] = "run".into();
    said["id"] = asked["id"].clone();
    said
}

pub fn serve() {
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if asked["do"] == "stop" {
            break;
        }
        println!("{}", answer(&asked));
    }
}
