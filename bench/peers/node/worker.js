// SPDX-License-Identifier: BSL-1.0
// Node, as https://nodejs.org/api has it: setImmediate for a callback soon, promises and async functions, net.Socket.
'use strict';
const net = require('node:net');
const readline = require('node:readline');
const v8 = require('node:v8');
const vm = require('node:vm');

const inFlight = 64;

function post(count, started) {
  return new Promise((resolve) => {
    let ran = 0;
    let left = count - started;
    const again = () => {
      ++ran;
      if (left > 0) {
        --left;
        setImmediate(again);
      } else if (ran === count) {
        resolve(ran);
      }
    };
    for (let i = 0; i < started; ++i) setImmediate(again);
  });
}

async function child(i) {
  return i + 1;
}

async function calls(count) {
  let ran = 0;
  for (let i = 0; i < count; ++i) ran = await child(ran);
  return ran;
}

async function gathers(count) {
  const values = await Promise.all(Array.from({ length: count }, () => child(0)));
  return values.reduce((sum, value) => sum + value, 0);
}

async function yields(count, coroutines) {
  let ran = 0;
  const one = async (turns) => {
    for (let i = 0; i < turns; ++i) {
      ++ran;
      await null;
    }
  };
  const share = Math.floor(count / coroutines);
  await Promise.all(Array.from({ length: coroutines }, (_, i) => one(share + (i < count % coroutines ? 1 : 0))));
  return ran;
}

// What is awaited by all is a promise, made anew each time. One round warms.
async function wakes(count, clock) {
  const rounds = 2;
  let woken = 0;
  let open;
  let gate;
  const close = () => { gate = new Promise((resolve) => { open = resolve; }); };
  const waiter = async () => {
    for (let i = 0; i < rounds; ++i) {
      await gate;
      ++woken;
    }
  };
  close();
  const waiters = Promise.all(Array.from({ length: count }, waiter));
  for (let i = 0; i < rounds; ++i) {
    const now = open;
    close();
    clock.restart();
    now();
    await new Promise(setImmediate);
  }
  await waiters;
  return woken - count;
}

async function echo(count, connections, size, clock) {
  // Calls `complete` with each message.
  const collect = (socket, complete) => {
    let have = [];
    let length = 0;
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      have.push(data);
      length += data.length;
      if (length < size) return;
      const message = have.length === 1 ? data : Buffer.concat(have);
      have = [];
      length = 0;
      complete(message);
    });
  };
  const server = net.createServer((socket) => collect(socket, (message) => socket.write(message)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clients = await Promise.all(Array.from({ length: connections }, () => new Promise((resolve, reject) => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  })));
  const trips = (i) => Math.floor(count / connections) + (i < count % connections ? 1 : 0);
  let right = 0;
  clock.restart();
  await Promise.all(clients.map((socket, i) => new Promise((resolve) => {
    let left = trips(i);
    let sent;
    const request = () => {
      sent = Buffer.alloc(size);
      sent.writeUInt32LE(left);
      socket.write(sent);
    };
    collect(socket, (message) => {
      right += sent.equals(message) ? 1 : 0;
      if (--left > 0) return request();
      socket.destroy();
      resolve();
    });
    request();
  })));
  clock.stop();
  await new Promise((resolve) => server.close(resolve));
  return right;
}

// What the heap grows by.
async function sleepers(count, clock) {
  v8.setFlagsFromString('--expose_gc');
  const collectGarbage = vm.runInNewContext('gc');
  const timers = new Array(count);
  let woken = 0;
  const sleep = async (i) => {
    await new Promise((resolve) => { timers[i] = [setTimeout(resolve, 3600_000), resolve]; });
    ++woken;
  };
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const asleep = Array.from({ length: count }, (_, i) => sleep(i));
  collectGarbage();
  clock.bytes = (process.memoryUsage().heapUsed - before) / count;
  for (const [timer, resolve] of timers) {
    clearTimeout(timer);
    resolve();
  }
  await Promise.all(asleep);
  return woken;
}

// What is measured is from its last start to its stop, or the end.
class Clock {
  constructor() { this.restart(); }
  restart() {
    this.cpu = process.cpuUsage();
    this.wall = process.hrtime.bigint();
    this.stopped = undefined;
  }
  stop() {
    const cpu = process.cpuUsage(this.cpu);
    this.stopped ??= [(cpu.user + cpu.system) * 1000, process.hrtime.bigint() - this.wall];
  }
  took() {
    this.stop();
    return this.bytes === undefined ? this.stopped : [...this.stopped, 'bytes', this.bytes];
  }
}

const rows = {
  'post in loop': (count) => post(count, inFlight),
  'post in loop, bursts of 1e5': (count) => post(count, count),
  'yield, 1 coroutine': (count) => yields(count, 1),
  'yield, 64 coroutines': (count) => yields(count, 64),
  'yield, 10000 coroutines': (count) => yields(count, 10000),
  'await a child': calls,
  'gather of 1000, per task': gathers,
  'event, awaited by 1e5 tasks, per task': wakes,
  'echo of 64 B, 1 connection': (count, clock) => echo(count, 1, 64, clock),
  'echo of 64 B, 64 connections': (count, clock) => echo(count, 64, 64, clock),
  'echo of 64 B, 1000 connections': (count, clock) => echo(count, 1000, 64, clock),
  'echo of 16 KB, 64 connections': (count, clock) => echo(count, 64, 16 * 1024, clock),
  'sleeping task, bytes': sleepers,
};

const say = (...words) => process.stdout.write(words.join('\t') + '\n');

say('version', process.version);
for (const row of Object.keys(rows)) say('can', row);
say('cannot', 'spawn and join', 'an async function starts as it is called: there is no other way');
for (const row of ['queue of 1, an item', 'queue of 64, 4 producers and 4 consumers, an item']) say('cannot', row, 'it has no queue');
for (const threads of ['1 other thread', '2 other threads', '4 other threads']) {
  say('cannot', `post from ${threads}`, 'threads share no functions: they send each other messages');
}
say('ready');
readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const [, row, operations] = line.split('\t');
  const clock = new Clock();
  try {
    const done = await rows[row](Number(operations), clock);
    say('done', done, ...clock.took());
  } catch (error) {
    say('failed', error);
  }
});
