// SPDX-License-Identifier: BSL-1.0
// Node, as https://nodejs.org/api has it: setImmediate for a callback soon, promises and async functions.
'use strict';
const readline = require('node:readline');

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

class Clock {
  constructor() { this.restart(); }
  restart() {
    this.cpu = process.cpuUsage();
    this.wall = process.hrtime.bigint();
  }
  took() {
    const cpu = process.cpuUsage(this.cpu);
    return [(cpu.user + cpu.system) * 1000, process.hrtime.bigint() - this.wall];
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
};

const say = (...words) => process.stdout.write(words.join('\t') + '\n');

say('version', process.version);
for (const row of Object.keys(rows)) say('can', row);
say('cannot', 'spawn and join', 'an async function starts as it is called: there is no other way');
for (const row of ['queue of 1, an item', 'queue of 64, 4 producers and 4 consumers, an item']) say('cannot', row, 'it has no queue');
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
