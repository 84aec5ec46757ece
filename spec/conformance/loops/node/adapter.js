#!/usr/bin/env node
// SPDX-License-Identifier: BSL-1.0
// Node's loop: timers, promises and microtasks as they are, under the preloaded library. A task is an async function. It is started by
// a microtask, so that its body does not begin inside its spawner's step; with the argument `eager` it is just called, as is usual.
// A run ends when node finds nothing left to do ('beforeExit').
'use strict';
const fs = require('node:fs');
const {setTimeout: sleep, setImmediate: yielded} = require('node:timers/promises');

const eager = process.argv[2] === 'eager';
const LONGEST = 2 ** 31 - 1; // of a timer, in ms
const OPERANDS = {sleep: ['ns'], sleep_until: ['at'], burn: ['ns'], spawn: ['routine', 'handle'], join: ['handle'], drop: ['handle'],
                  call: ['routine'], try: ['routine'], all: ['routines'], fail: ['value'], return: ['value']};
const LACKS = {cancel: 'a promise cannot be cancelled', any: 'Promise.race does not end the others'};

class Failure extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** What an await waits for, and what is to be done when it is over. */
class Suspension {
  constructor(kind, promise, finish = () => 'ok') {
    Object.assign(this, {kind, promise, finish});
  }
}

class Play {
  constructor(scenario) {
    Object.assign(this, {scenario, events: [], tasks: new Map(), started: 0, scopes: 0, handles: new Map(), promises: new Map()});
    this.origin = performance.now();
  }

  tell(ev, fields) {
    this.events.push({ev, ...fields});
  }

  clock() {
    return Math.round(performance.now() - this.origin);
  }

  step(task, how) {
    this.tell('step', {task, now: String(this.clock()), with: how});
  }

  start(routine, by, scope) {
    const task = ++this.started;
    this.tasks.set(task, 'start');
    this.tell('spawn', {task, by, scope});
    const promise = eager && by !== 0 ? this.routine(task, routine, true) : Promise.resolve().then(() => this.routine(task, routine, true));
    this.promises.set(promise, task);
    return promise;
  }

  ended(task, outcome, value) {
    this.tasks.set(task, 'ended');
    this.tell('end', {task, outcome, value: String(value)});
  }

  /** A task's body, or a call in it. What is told of it is told where it happens, with no await that the program has not. */
  async routine(task, number, isBody = false) {
    if (isBody) this.step(task, 'start');
    for (const statement of this.scenario.routines[number].body) {
      const verb = statement.do;
      const operands = (OPERANDS[verb] ?? []).map((name) => statement[name]);
      const did = (result) => this.tell('did', {task, verb, arg: operands.flat().join(','), result: String(result ?? 'ok')});
      let suspended;
      try {
        let result = this[verb](task, ...operands);
        if (result instanceof Suspension) {
          suspended = result;
          this.tasks.set(task, suspended.kind);
          this.tell('await', {task, kind: suspended.kind, arg: operands.flat().join(',')});
          const value = await suspended.promise;
          this.step(task, 'value');
          result = suspended.finish('value', value);
        } else if (result instanceof Promise) {
          result = await result; // a call
        }
        did(result);
      } catch (failure) {
        if (suspended) {
          this.step(task, 'error');
          suspended.finish('exception');
        }
        did(`error:${failure.code}`);
        if (verb === 'try') continue;
        if (isBody) this.ended(task, 'exception', failure.code);
        throw failure;
      }
      if (verb !== 'return') continue;
      if (isBody) this.ended(task, 'value', operands[0]);
      return operands[0];
    }
    if (isBody) this.ended(task, 'value', 0);
    return 0;
  }

  yield() {
    return new Suspension('yield', yielded());
  }

  sleep(task, ns) {
    return new Suspension('sleep', sleep(Number(ns)));
  }

  sleep_until(task, at) {
    return new Suspension('sleep', sleep(Math.max(0, Number(at) - this.clock())));
  }

  burn(task, ns) {
    if (ns > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ns));
  }

  now() {
    return this.clock();
  }

  spawn(task, routine, handle) {
    this.handles.set(handle, this.start(routine, task, 0));
    return this.started;
  }

  /** To await a promise that is settled suspends as well: a budget of one. */
  join(task, handle) {
    const promise = this.handles.get(handle);
    if (!promise) return 'empty';
    const kind = this.tasks.get(this.promises.get(promise)) === 'ended' ? 'budget' : 'join';
    return new Suspension(kind, promise, (_, value) => {
      if (this.handles.get(handle) === promise) this.handles.delete(handle);
      return value;
    });
  }

  drop(task, handle) {
    return this.handles.delete(handle) ? 'ok' : 'empty';
  }

  call(task, routine) {
    return this.routine(task, routine);
  }

  try(task, routine) {
    return this.routine(task, routine);
  }

  all(task, routines) {
    if (routines.length === 0) return new Suspension('budget', Promise.all([]), () => '');
    const id = ++this.scopes;
    this.tell('scope', {task, id, do: 'open'});
    const children = routines.map((routine) => this.start(routine, task, id));
    return new Suspension('all', Promise.all(children), (outcome, values) => {
      this.tell('scope', {task, id, do: 'close', outcome});
      return values?.join(',');
    });
  }

  fail(task, value) {
    throw new Failure(value);
  }

  return() {}
}

function lacking(scenario) {
  for (const {body} of scenario.routines) {
    for (const {do: verb, ns, at} of body) {
      if (LACKS[verb]) return LACKS[verb];
      if (Math.max(Number(ns ?? 0), Number(at ?? 0)) > LONGEST) return 'a timer of more than 2^31-1 ms is one of 1 ms, with a warning';
    }
  }
  return '';
}

let play, request;

function answer(fields) {
  fs.writeSync(1, JSON.stringify(fields) + '\n');
}

function begin(asked) {
  request = asked;
  play = new Play(asked.scenario);
  const main = play.start(0, 0, 0);
  play.tell('run');
  main.catch(() => {}); // its outcome is whoever's who calls run
}

function finish() {
  const {scenario, id} = request;
  const pending = [...play.tasks].filter(([, kind]) => kind !== 'ended').map(([task, kind]) => ({task, await: kind}));
  play.tell('exit', {verdict: pending.length ? 'deadlocked' : 'completed', pending});
  const header = {galley_trace: 1, R: String(scenario.resolution), B: Number(scenario.ask_every), budget: Number(scenario.budget),
                  features: ['P']};
  answer({re: 'run', id, outcome: 'ran', trace: [header, ...play.events]});
  play = undefined;
}

let unread = '';
function next() {
  for (const piece = Buffer.alloc(1 << 16); !unread.includes('\n');) {
    const size = fs.readSync(0, piece);
    if (size === 0) process.exit(0);
    unread += piece.toString('utf8', 0, size);
  }
  const [line] = unread.split('\n', 1);
  unread = unread.slice(line.length + 1);
  return JSON.parse(line);
}

process.on('unhandledRejection', (_, promise) => play.tell('unobserved', {task: play.promises.get(promise)}));
process.on('beforeExit', () => {
  if (play) finish();
  for (;;) {
    const asked = next();
    if (asked.do === 'stop') process.exit(0);
    const why = asked.do === 'run' ? lacking(asked.scenario) : '';
    if (asked.do === 'hello') {
      answer({re: 'hello', protocol: 1, name: eager ? 'node, eager' : 'node', version: process.versions.node, language: 'JavaScript',
              loop: 'timers, promises and microtasks', features: ['tasks', 'join', 'failure', 'all', 'budget', 'deadlock'], levels: 'P',
              parameters: {R: 1, B: 1, b: 1}, relaxations: ['timer_ties', 'ready_order', 'rounds']});
    } else if (why) {
      answer({re: 'run', id: asked.id, outcome: 'skipped', reason: why});
    } else {
      begin(asked);
      return setImmediate(() => {}); // so that there is something to do, be it only a microtask
    }
  }
});
