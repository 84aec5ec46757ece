// SPDX-License-Identifier: BSL-1.0
//! tokio, as https://docs.rs/tokio has it: the runtime of one thread (`new_current_thread`), `yield_now`, `spawn`,
//! `Notify`, `mpsc`, `TcpStream`.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::io::{BufRead, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, Notify};
use tokio::task::{spawn, yield_now, JoinHandle};

const IN_FLIGHT: u64 = 64;

/// Counts the bytes that this thread holds.
struct Counted;

thread_local! {
    static LIVE_BYTES: Cell<i64> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.with(|live| live.set(live.get() + layout.size() as i64));
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE_BYTES.with(|live| live.set(live.get() - layout.size() as i64));
        System.dealloc(memory, layout)
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// CPU time of this process, in nanoseconds.
fn cpu_time() -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `t` is a timespec that the call may write to.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// What is measured is from its last start on.
struct Clock {
    cpu: u64,
    wall: Instant,
    bytes: Option<f64>,
}

impl Clock {
    fn start() -> Self {
        Clock { cpu: cpu_time(), wall: Instant::now(), bytes: None }
    }
}

async fn join_all(tasks: Vec<JoinHandle<u64>>) -> u64 {
    let mut sum = 0;
    for task in tasks {
        sum += task.await.expect("a task");
    }
    sum
}

/// A task that is spawned for each: there is no post.
async fn post(count: u64, in_flight: u64) -> u64 {
    async fn chain(turns: u64) -> u64 {
        let mut ran = 0;
        let mut next = spawn(async { 1 });
        for _ in 1..turns {
            ran += next.await.expect("a task");
            next = spawn(async { 1 });
        }
        ran + next.await.expect("a task")
    }
    let share = count / in_flight;
    join_all((0..in_flight).map(|_| spawn(chain(share))).collect()).await
}

async fn yields(count: u64, coroutines: u64) -> u64 {
    let turns = move |i: u64| count / coroutines + u64::from(i < count % coroutines);
    let one = |turns: u64| async move {
        let mut ran = 0;
        for _ in 0..turns {
            ran += 1;
            yield_now().await;
        }
        ran
    };
    join_all((0..coroutines).map(|i| spawn(one(turns(i)))).collect()).await
}

/// Boxed, as what is not inlined has to be.
#[inline(never)]
fn child(i: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { i + 1 })
}

async fn calls(count: u64) -> u64 {
    let mut ran = 0;
    for _ in 0..count {
        ran = child(ran).await;
    }
    ran
}

async fn spawns(count: u64) -> u64 {
    let mut ran = 0;
    for _ in 0..count {
        ran = spawn(async move { ran + 1 }).await.expect("a task");
    }
    ran
}

async fn gathers(count: u64) -> u64 {
    join_all((0..count).map(|_| spawn(async { 1 })).collect()).await
}

/// One round warms; all have to wait before each.
async fn wakes(count: u64, clock: &mut Clock) -> u64 {
    const ROUNDS: u64 = 2;
    let event = Arc::new(Notify::new());
    let (waiting, woken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let tasks = (0..count)
        .map(|_| {
            let (event, waiting, woken) = (event.clone(), waiting.clone(), woken.clone());
            spawn(async move {
                for _ in 0..ROUNDS {
                    waiting.fetch_add(1, Ordering::Relaxed);
                    event.notified().await;
                    woken.fetch_add(1, Ordering::Relaxed);
                }
                1
            })
        })
        .collect();
    for round in 0..ROUNDS {
        while waiting.load(Ordering::Relaxed) < (round + 1) * count {
            yield_now().await;
        }
        *clock = Clock::start();
        event.notify_waiters();
        while woken.load(Ordering::Relaxed) < (round + 1) * count {
            yield_now().await;
        }
    }
    join_all(tasks).await;
    woken.load(Ordering::Relaxed) - count
}

async fn items(count: u64) -> u64 {
    let (put, mut get) = mpsc::channel(1);
    let producer = spawn(async move {
        for item in 0..count {
            put.send(item).await.expect("a receiver");
        }
        0
    });
    let (mut got, mut sum) = (0, 0);
    while let Some(item) = get.recv().await {
        got += 1;
        sum += item;
    }
    producer.await.expect("a task");
    if sum == count * (count - 1) / 2 { got } else { 0 }
}

async fn read_all(stream: &mut TcpStream, into: &mut [u8]) -> bool {
    stream.read_exact(into).await.is_ok()
}

async fn echo(count: u64, connections: u64, size: usize, clock: &mut Clock) -> u64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let mut pairs = Vec::new();
    for _ in 0..connections {
        let client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a connection");
        client.set_nodelay(true).and(server.set_nodelay(true)).expect("TCP_NODELAY");
        pairs.push((client, server));
    }
    *clock = Clock::start();
    let mut clients = Vec::new();
    for (i, (mut client, mut server)) in pairs.into_iter().enumerate() {
        spawn(async move {
            let mut message = vec![0; size];
            while read_all(&mut server, &mut message).await && server.write_all(&message).await.is_ok() {}
        });
        let trips = count / connections + u64::from((i as u64) < count % connections);
        clients.push(spawn(async move {
            let (mut sent, mut got) = (vec![0; size], vec![0; size]);
            let mut right = 0;
            for trip in 0..trips {
                sent[..8].copy_from_slice(&trip.to_le_bytes());
                if client.write_all(&sent).await.is_err() || !read_all(&mut client, &mut got).await {
                    break;
                }
                right += u64::from(sent == got);
            }
            right
        }));
    }
    join_all(clients).await
}

async fn posts_of_threads(count: u64, threads: u64) -> u64 {
    let ran = Arc::new(AtomicU64::new(0));
    let over = Arc::new(Notify::new());
    let handle = tokio::runtime::Handle::current();
    let producers: Vec<_> = (0..threads)
        .map(|_| {
            let (handle, ran, over) = (handle.clone(), ran.clone(), over.clone());
            std::thread::spawn(move || {
                for _ in 0..count / threads {
                    let (ran, over) = (ran.clone(), over.clone());
                    handle.spawn(async move {
                        if ran.fetch_add(1, Ordering::Relaxed) + 1 == count {
                            over.notify_one();
                        }
                    });
                }
            })
        })
        .collect();
    over.notified().await;
    for producer in producers {
        producer.join().expect("a thread");
    }
    ran.load(Ordering::Relaxed)
}

/// They sleep together, and long enough for the last one to be spawned before the first one wakes.
async fn sleepers(count: u64, clock: &mut Clock) -> u64 {
    let before = LIVE_BYTES.with(Cell::get);
    let mut tasks = Vec::with_capacity(count as usize);
    let handles = LIVE_BYTES.with(Cell::get) - before;
    let asleep = Arc::new(AtomicU64::new(0));
    for _ in 0..count {
        let asleep = asleep.clone();
        tasks.push(spawn(async move {
            asleep.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(2)).await;
            1
        }));
    }
    while asleep.load(Ordering::Relaxed) < count {
        yield_now().await;
    }
    clock.bytes = Some((LIVE_BYTES.with(Cell::get) - before - handles) as f64 / count as f64);
    join_all(tasks).await
}

const ROWS: [&str; 18] = [
    "post in loop",
    "post in loop, bursts of 1e5",
    "yield, 1 coroutine",
    "yield, 64 coroutines",
    "yield, 10000 coroutines",
    "await a child",
    "spawn and join",
    "gather of 1000, per task",
    "event, awaited by 1e5 tasks, per task",
    "queue of 1, an item",
    "echo of 64 B, 1 connection",
    "echo of 64 B, 64 connections",
    "echo of 64 B, 1000 connections",
    "echo of 16 KB, 64 connections",
    "post from 1 other thread",
    "post from 2 other threads",
    "post from 4 other threads",
    "sleeping task, bytes",
];

async fn run(row: &str, count: u64, clock: &mut Clock) -> u64 {
    match row {
        "post in loop" => post(count, IN_FLIGHT).await,
        "post in loop, bursts of 1e5" => post(count, count).await,
        "yield, 1 coroutine" => yields(count, 1).await,
        "yield, 64 coroutines" => yields(count, 64).await,
        "yield, 10000 coroutines" => yields(count, 10_000).await,
        "await a child" => calls(count).await,
        "spawn and join" => spawns(count).await,
        "gather of 1000, per task" => gathers(count).await,
        "event, awaited by 1e5 tasks, per task" => wakes(count, clock).await,
        "queue of 1, an item" => items(count).await,
        "echo of 64 B, 1 connection" => echo(count, 1, 64, clock).await,
        "echo of 64 B, 64 connections" => echo(count, 64, 64, clock).await,
        "echo of 64 B, 1000 connections" => echo(count, 1000, 64, clock).await,
        "echo of 16 KB, 64 connections" => echo(count, 64, 16 * 1024, clock).await,
        "post from 1 other thread" => posts_of_threads(count, 1).await,
        "post from 2 other threads" => posts_of_threads(count, 2).await,
        "post from 4 other threads" => posts_of_threads(count, 4).await,
        "sleeping task, bytes" => sleepers(count, clock).await,
        _ => 0,
    }
}

/// The worker's protocol: bench/harness/worker.hpp.
fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut out = std::io::stdout();
    let mut say = |line: String| {
        writeln!(out, "{line}").and_then(|()| out.flush()).expect("standard output");
    };
    say(format!("version\t{}", env!("TOKIO_VERSION")));
    for row in ROWS {
        say(format!("can\t{row}"));
    }
    say("cannot\tqueue of 64, 4 producers and 4 consumers, an item\tits channels have one consumer".to_string());
    say("ready".to_string());
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input");
        let words: Vec<&str> = line.split('\t').collect();
        let count = words[2].parse().expect("a number");
        let mut clock = Clock::start();
        let done = runtime.block_on(run(words[1], count, &mut clock));
        let took = format!("{}\t{}", cpu_time() - clock.cpu, clock.wall.elapsed().as_nanos());
        let bytes = clock.bytes.map_or(String::new(), |bytes| format!("\tbytes\t{bytes}"));
        say(format!("done\t{done}\t{took}{bytes}"));
    }
}
