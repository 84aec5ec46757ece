#!/usr/bin/env node
// SPDX-License-Identifier: BSL-1.0
//
// The event loop of spec/rules.md in JavaScript, and its adapter (PROTOCOL.md). Written from the pages of spec/ alone.
//
// A task is an async function. What it awaits is a hand-made thenable: the engine calls its `then` when the function has
// suspended, which is the end of the step, and the loop resolves it when the task has its turn again. So the engine's
// own queue of jobs decides nothing: there is one thing to do at any moment, the step or the loop.
//
//     node port.js [P|PL]       the levels of its traces; P if not told
'use strict';

const FOR_EVER = 2n ** 63n - 1n;
const MUCH = 2n ** 62n;
const least = (a, b) => (a < b ? a : b);
const most = (a, b) => (a > b ? a : b);

// How an await ends: {with: 'value' | 'error' | 'cancelled', value or code}.
const value = (it) => ({with: 'value', value: it});
const error = (code) => ({with: 'error', code});
const CANCELLED = {with: 'cancelled'};

// How a routine is left, but by its end. What is none of the two is a bug of this file.
class Failure { constructor(code) { this.code = code; } }
class Cancelled {}

/** The outcome's value, or what it is thrown as. */
function unwrap(outcome) {
  if (outcome.with === 'error') throw new Failure(outcome.code);
  if (outcome.with === 'cancelled') throw new Cancelled();
  return outcome.value;
}

function told(left) {
  if (left instanceof Failure) return `error:${left.code}`;
  if (left instanceof Cancelled) return 'cancelled';
  throw left;
}

// ---- The world: a clock, channels, a script ----------------------------------------------------------------------

const READS = ['read', 'readable', 'accept'];

class Channel {
  bytes = 0n; peers = 0n; ended = false; failure = null; closed = false;
  constructor(room) { this.room = room; }

  /** What the operation does now, or null if it has to wait. */
  attempt({verb, size}) {
    if (this.closed) return 'errno:9';
    if (this.failure !== null) return `errno:${this.failure}`;
    let moved = null;
    switch (verb) {
      case 'read':
        if (this.bytes === 0n) return this.ended ? '0' : null;
        moved = least(this.bytes, size);
        this.bytes -= moved;
        return String(moved);
      case 'write':
        if (this.room === 0n) return null;
        moved = least(this.room, size);
        this.room -= moved;
        return String(moved);
      case 'readable': return this.bytes > 0n || this.ended ? 'ok' : null;
      case 'writable': return this.room > 0n ? 'ok' : null;
      default: // accept, connect
        if (this.peers === 0n) return null;
        this.peers -= 1n;
        return 'ok';
    }
  }

  change(entry) {
    if (this.closed) return;
    switch (entry.do) {
      case 'data': this.bytes = least(this.bytes + BigInt(entry.bytes), MUCH); break;
      case 'room': this.room = least(this.room + BigInt(entry.bytes), MUCH); break;
      case 'peer': this.peers = least(this.peers + 1n, MUCH); break;
      case 'end': this.ended = true; break;
      case 'break': this.failure = String(entry.code); break;
    }
  }
}

/** The simulated driver. It knows the loop only to tell it of posts and stops, and to trace. */
class Driver {
  clock = 0n;
  delivered = 0; // entries of the world
  operations = []; // in flight, in start order
  completions = []; // which wait until the driver is asked
  constructor(scenario, loop) {
    this.loop = loop;
    this.world = scenario.world ?? [];
    this.channels = (scenario.channels ?? []).map((room) => new Channel(BigInt(room)));
    this.lastPost = this.world.findLastIndex((entry) => entry.do === 'post' || entry.do === 'wake');
  }

  get hasRemote() { return this.delivered <= this.lastPost; }
  get exhausted() { return this.delivered === this.world.length && this.completions.length === 0; }

  moveTo(time) { this.clock = least(most(time, 0n), FOR_EVER); }

  start(operation) {
    operation.result = this.channels[operation.channel].attempt(operation);
    if (operation.result === null) this.operations.push(operation);
  }

  complete(operation, result, time) {
    this.operations.splice(this.operations.indexOf(operation), 1);
    this.completions.push(Object.assign(operation, {result, time}));
  }

  cancel(operation) {
    if (this.operations.includes(operation)) this.complete(operation, 'cancelled', this.clock);
  }

  close(number) {
    const channel = this.channels[number];
    if (channel.closed) return 'errno:9';
    channel.closed = true;
    for (const operation of this.operations.filter((one) => one.channel === number)) {
      this.complete(operation, 'errno:125', this.clock);
    }
    return 'ok';
  }

  get entryDue() { return this.delivered < this.world.length && BigInt(this.world[this.delivered].at) <= this.clock; }

  /** Blocks until something has come, or the deadline (null: none). */
  wait(until) {
    if (this.completions.length === 0 && !this.entryDue) {
      let end = until ?? FOR_EVER;
      if (this.delivered < this.world.length) end = least(end, BigInt(this.world[this.delivered].at));
      this.moveTo(most(this.clock, end));
    }
    return this.ask();
  }

  /** Lets the world act, and reports what is complete. */
  ask() {
    while (this.entryDue) {
      const entry = this.world[this.delivered];
      this.loop.traceL({ev: 'world', entry: this.delivered});
      this.delivered += 1;
      this.act(entry);
    }
    const order = (a, b) => (a.time !== b.time ? (a.time < b.time ? -1 : 1) : b.reads - a.reads || a.number - b.number);
    return this.completions.splice(0).sort(order);
  }

  act(entry) {
    switch (entry.do) {
      case 'stop': this.loop.stopRequested = true; return;
      case 'post': this.loop.post(Number(entry.event)); return;
      case 'wake': this.loop.post(null); return;
      case 'jump': this.moveTo(this.clock + BigInt(entry.ns)); return;
    }
    const number = Number(entry.channel);
    this.channels[number].change(entry);
    const here = this.operations.filter((one) => one.channel === number);
    for (const operation of [...here.filter((one) => one.reads), ...here.filter((one) => !one.reads)]) {
      const result = this.channels[number].attempt(operation);
      if (result !== null) this.complete(operation, result, BigInt(entry.at));
    }
  }
}

// ---- The tree of scopes ------------------------------------------------------------------------------------------

/** A task, or a scope that a task has opened. Tasks and the root have the id 0. */
class Node {
  children = []; requested = false;
  constructor(parent, task, {id = 0, shield = false} = {}) {
    Object.assign(this, {parent, task, id, shield, cancelled: parent !== null && !shield && parent.cancelled});
    parent?.children.push(this);
  }

  get outerCancelled() { return !this.shield && this.parent.cancelled; }

  /** What is still below takes its place. */
  leave() {
    for (const child of this.children) child.parent = this.parent;
    this.parent.children.splice(this.parent.children.indexOf(this), 1, ...this.children);
  }

  cancel() {
    if (this.requested) return;
    this.requested = true;
    if (!this.cancelled) this.mark();
    this.task?.interrupt();
  }

  mark() {
    this.cancelled = true;
    for (const child of this.children) {
      if (child.shield || child.cancelled) continue;
      child.mark();
      if (child === child.task.node) child.task.interrupt();
    }
  }
}

/** The children of an `all`, `any` or `group`, and what has come of them. */
class Family {
  left = 0; failure = null; winner = null; sawCancelled = false; waited = false; judged = null; values = [];
  constructor(kind, node) {
    Object.assign(this, {kind, node, owner: node.task, loop: node.task.loop});
    node.family = this;
  }

  spawn(routine, by) {
    const child = this.loop.spawn(routine, by, this.node, {family: this, place: this.values.length});
    this.values.push(null);
    this.left += 1;
    return child;
  }

  /** A failure of a child, or of a group's body in its owner's name. */
  fail(task, code) {
    if (this.failure !== null) return this.loop.unobserved(task);
    this.failure = {task, code};
    this.node.cancel();
  }

  childEnded(child) {
    const {outcome} = child;
    this.left -= 1;
    if (this.kind === 'any') {
      if (this.winner === null) {
        this.winner = child;
        if (outcome.with === 'error') this.failure = {task: child, code: outcome.code};
        if (this.left > 0) this.node.cancel();
      } else if (outcome.with === 'error') {
        this.loop.unobserved(child);
      }
    } else if (outcome.with === 'error') {
      this.fail(child, outcome.code);
    } else if (outcome.with === 'cancelled') {
      if (this.kind === 'all' || this.node.cancelled) this.sawCancelled = true;
    } else {
      this.values[child.place] = outcome.value;
    }
    if (this.left === 0 && this.waited) this.owner.makeReady('children', this.judge());
  }

  /** The outcome of the await: judged once, when nobody is left. */
  judge() {
    const {node, winner} = this;
    const cutShort = this.kind === 'any' ? winner.outcome.with === 'cancelled' : this.sawCancelled;
    this.judged = 'value';
    if (this.failure !== null) {
      this.judged = 'exception';
      return error(this.failure.code);
    }
    if (cutShort && this.kind === 'group') this.judged = node.requested && !node.outerCancelled ? 'absorbed' : 'cancelled';
    else if (cutShort) this.judged = node.outerCancelled ? 'cancelled' : 'exception';
    if (this.judged === 'exception') return error('0');
    if (this.judged === 'cancelled') return CANCELLED;
    return value(this.kind === 'any' ? `${winner.place}:${winner.outcome.value}` : this.values.join(','));
  }
}

// ---- Tasks -------------------------------------------------------------------------------------------------------

class Task {
  state = 'start'; // in the ready queue, never run; then: ready, running, waiting, ended
  wait = null; // {kind, withdraw | operation}
  outcome = null; // of the await while it is ready, of the task once it has ended
  joiner = null; joining = null; slot = null; taken = false;
  open = []; // scopes, innermost last
  constructor(loop, id, routine, parent, {family = null, place = 0} = {}) {
    Object.assign(this, {loop, id, routine, family, place});
    this.node = new Node(parent, this);
  }

  get innermost() { return this.open.at(-1) ?? this.node; }
  get failed() { return this.state === 'ended' && this.outcome.with === 'error'; }

  makeReady(cause, outcome) {
    if (this.state !== 'start') this.state = 'ready';
    this.wait = null;
    this.outcome = outcome;
    this.loop.ready.push(this);
    this.loop.traceL({ev: 'ready', task: this.id, cause});
  }

  // -- Steps

  /** One step: a thenable for the loop, which is resolved when the task has suspended or ended. */
  step() {
    const {loop} = this;
    const first = this.state === 'start';
    const {outcome} = this;
    const how = !first ? outcome.with : this.node.cancelled ? 'cancelled' : 'start';
    loop.trace({ev: 'step', task: this.id, now: String(loop.sample), with: how});
    this.state = 'running';
    this.budget = loop.budget;
    return {
      then: (over, broken) => {
        Object.assign(this, {stepOver: over, stepBroken: broken});
        if (!first) return this.resume(outcome);
        this.main(how === 'cancelled').then(() => this.stepOver(), (bug) => this.stepBroken(bug));
      },
    };
  }

  async main(cancelled) {
    try {
      if (cancelled) throw new Cancelled();
      this.end(value(await this.run(this.routine)));
    } catch (left) {
      if (told(left) === 'cancelled') this.end(CANCELLED);
      else this.end(error(left.code));
    }
  }

  end(outcome) {
    const {loop} = this;
    const names = {value: 'value', error: 'exception', cancelled: 'cancelled'};
    this.outcome = outcome;
    this.state = 'ended';
    loop.pending -= 1;
    loop.ended.push(this);
    loop.trace({ev: 'end', task: this.id, outcome: names[outcome.with], value: outcome.value ?? outcome.code ?? ''});
    this.node.leave();
    if (this.joiner !== null) this.joiner.makeReady('join', this.joined());
    if (this.family !== null) this.family.childEnded(this);
    this.tellIfUnheld();
  }

  /** What whoever joins it gets. */
  joined() { return this.outcome.with === 'cancelled' ? error('0') : this.outcome; }

  /** A failure that nobody can take any more is told, once. */
  tellIfUnheld() {
    if (!this.failed || this.taken || this.slot !== null || this.joiner !== null || this.family !== null || this.id === 1) return;
    this.taken = true;
    this.loop.unobserved(this);
  }

  // -- Awaits

  /** Ends the step. The loop resolves this when the task has its turn. */
  suspend(kind, arg, wait = {}) {
    this.loop.trace({ev: 'await', task: this.id, kind, arg});
    if (this.state !== 'ready') {
      this.state = 'waiting';
      this.wait = {kind, ...wait};
    }
    return {
      then: (resume) => {
        this.resume = resume;
        this.stepOver();
      },
    };
  }

  /** An await that has its outcome: it costs budget, and what is used up ends the step. */
  satisfied(outcome, arg) {
    this.budget -= 1;
    if (this.budget > 0) return outcome;
    this.makeReady('budget', outcome);
    return this.suspend('budget', arg);
  }

  get refused() { return this.innermost.cancelled; }

  /** The wait in a list of waiters; who serves it calls makeReady. */
  queueUp(waiters, kind, arg, extra = {}) {
    const waiter = {task: this, ...extra};
    waiters.push(waiter);
    return this.suspend(kind, arg, {withdraw: () => waiters.splice(waiters.indexOf(waiter), 1)});
  }

  interrupt() {
    if (this.state !== 'waiting' || !this.innermost.cancelled) return;
    if (this.wait.operation) return this.loop.driver.cancel(this.wait.operation);
    if (!this.wait.withdraw) return; // for children: they have been told
    this.wait.withdraw();
    this.makeReady('cancel', CANCELLED);
  }

  // -- Scopes

  enter({shield = false} = {}) {
    const node = new Node(this.innermost, this, {id: ++this.loop.scopes, shield});
    this.loop.trace({ev: 'scope', task: this.id, id: node.id, do: shield ? 'shield' : 'open'});
    this.open.push(node);
    return node;
  }

  exit(outcome) {
    const node = this.open.pop();
    node.leave();
    this.loop.trace({ev: 'scope', task: this.id, id: node.id, do: 'close', outcome});
  }

  /** The routine inside the scope that was entered last; its value, or `absorbed`. `leaving` is called at its end. */
  async runInside(node, routine, absorbed, leaving) {
    try {
      const result = await this.run(routine);
      leaving();
      this.exit('value');
      return result;
    } catch (left) {
      const cancelled = told(left) === 'cancelled';
      const absorbs = cancelled && node.requested && !node.outerCancelled;
      leaving();
      this.exit(absorbs ? 'absorbed' : cancelled ? 'cancelled' : 'exception');
      if (absorbs) return absorbed;
      throw left;
    }
  }

  // -- Programs

  /** Runs a routine as a call; its value. */
  async run(routine) {
    for (const statement of this.loop.routines[routine]) {
      const {do: verb, ...rest} = statement;
      const operands = OPERANDS[verb].map((name) => rest[name]);
      const arg = operands.flat().map(BigInt).join(',');
      const did = (result) => this.loop.trace({ev: 'did', task: this.id, verb, arg, result});
      try {
        const result = await STATEMENTS[verb](this, arg, ...operands);
        did(result ?? 'ok');
      } catch (left) {
        did(told(left));
        throw left;
      }
      if (verb === 'return') return arg;
    }
    return '0';
  }
}

// ---- Statements --------------------------------------------------------------------------------------------------

const OPERANDS = {
  yield: [], sleep: ['ns'], sleep_until: ['at'], burn: ['ns'], now: [],
  spawn: ['routine', 'handle'], join: ['handle'], cancel: ['handle'], drop: ['handle'], call: ['routine'], try: ['routine'],
  all: ['routines'], any: ['routines'], group: ['group', 'routine'], go: ['group', 'routine'], cancel_group: ['group'],
  scope: ['scope', 'routine'], cancel_scope: ['scope'], shield: ['routine'], timeout: ['ns', 'routine'],
  try_join: ['handle'], lose: ['handle'], timeout_at: ['at', 'routine'],
  set: ['event'], reset: ['event'], wait: ['event'], acquire: ['semaphore'], release: ['semaphore'], lock: ['mutex'],
  unlock: ['mutex'], put: ['queue', 'value'], get: ['queue'], close_queue: ['queue'],
  read: ['channel', 'bytes'], write: ['channel', 'bytes'], accept: ['channel'], connect: ['channel'], readable: ['channel'],
  writable: ['channel'], close: ['channel'],
  fail: ['value'], return: ['value'], stop: [], post: ['event'], hold_remote: [], drop_remote: [], keep_alive: [],
  drop_keep_alive: [],
};

async function sleep(task, arg, key) {
  if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
  const {loop} = task;
  const timer = loop.startTimer(key(loop), () => task.makeReady('timer', value('ok')));
  return unwrap(await task.suspend('sleep', arg, {withdraw: () => loop.cancelTimer(timer)}));
}

async function family(task, arg, kind, routines) {
  if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
  if (routines.length === 0) return unwrap(await task.satisfied(value(''), arg));
  const children = new Family(kind, task.enter());
  for (const routine of routines) children.spawn(Number(routine), task);
  children.waited = true;
  const outcome = await task.suspend(kind, arg);
  task.exit(children.judged);
  return unwrap(outcome);
}

const transfer = (verb) => async (task, arg, channel, size) => {
  if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
  const operation = task.loop.startOperation(task, verb, Number(channel), BigInt(size ?? 0));
  if (operation.result !== null) return unwrap(await task.satisfied(value(operation.result), arg));
  return unwrap(await task.suspend(verb, arg, {operation}));
};

/** A call inside a scope that cancels itself at a time. */
function until(task, keyIn, routine) {
  const {loop} = task;
  const node = task.enter();
  const timer = loop.startTimer(keyIn(loop), () => node.cancel());
  return task.runInside(node, Number(routine), 'timeout', () => loop.cancelTimer(timer));
}

const STATEMENTS = {
  // -- Time
  async yield(task, arg) {
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    task.makeReady('yield', value('ok'));
    return unwrap(await task.suspend('yield', arg));
  },
  sleep: (task, arg, ns) => sleep(task, arg, (loop) => loop.keyIn(BigInt(ns))),
  sleep_until: (task, arg, at) => sleep(task, arg, (loop) => loop.keyAt(BigInt(at))),
  burn: ({loop: {driver}}, arg, ns) => driver.moveTo(driver.clock + BigInt(ns)),
  now: ({loop}) => String(loop.readClock()),

  // -- Tasks
  spawn(task, arg, routine, slot) {
    const {loop} = task;
    const child = loop.spawn(Number(routine), task, task.innermost);
    loop.dropHandle(slot);
    loop.handles[slot] = child;
    child.slot = slot;
    return String(child.id);
  },
  async join(task, arg, slot) {
    const {handles} = task.loop;
    const joined = handles[slot];
    if (!joined) return 'empty';
    if (joined.joiner !== null) return 'misuse';
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    joined.joiner = task;
    task.joining = joined;
    const letGo = () => { joined.joiner = task.joining = null; };
    const outcome = await (joined.state === 'ended' ? task.satisfied(joined.joined(), arg) : task.suspend('join', arg, {withdraw: letGo}));
    if (outcome.with !== 'cancelled') { // else it has let go of it
      letGo();
      joined.taken = true;
      if (joined.slot !== null) handles[joined.slot] = null;
      joined.slot = null;
    }
    return unwrap(outcome);
  },
  /** A failure is an answer, one's own cancellation is not. */
  try_join: (task, arg, slot) => STATEMENTS.join(task, arg, slot).catch((left) => {
    if (told(left) === 'cancelled') throw left;
    return told(left);
  }),
  lose(task, arg, slot) {
    const answer = STATEMENTS.cancel(task, arg, slot);
    STATEMENTS.drop(task, arg, slot);
    return answer;
  },
  cancel({loop}, arg, slot) {
    const other = loop.handles[slot];
    if (!other) return 'empty';
    if (other.state === 'ended') return 'no';
    other.node.cancel();
    return 'yes';
  },
  drop: ({loop}, arg, slot) => loop.dropHandle(slot),
  call: (task, arg, routine) => task.run(Number(routine)),
  try: (task, arg, routine) => task.run(Number(routine)).catch(told),
  all: (task, arg, routines) => family(task, arg, 'all', routines),
  any: (task, arg, routines) => family(task, arg, 'any', routines),

  // -- Groups and scopes
  async group(task, arg, slot, routine) {
    const {groups} = task.loop;
    if (groups[slot]) return 'misuse';
    const node = task.enter();
    const group = groups[slot] = new Family('group', node);
    let result = null;
    try {
      result = await task.run(Number(routine));
    } catch (left) {
      if (told(left) === 'cancelled') group.sawCancelled = true;
      else group.fail(task, left.code);
      node.cancel();
    }
    group.waited = true;
    const outcome = await (group.left === 0 ? task.satisfied(group.judge(), arg) : task.suspend('group', arg));
    groups[slot] = null;
    task.exit(group.judged);
    unwrap(outcome);
    return group.judged === 'absorbed' ? 'absorbed' : result;
  },
  go(task, arg, slot, routine) {
    const group = task.loop.groups[slot];
    if (!group || group.judged !== null) return 'misuse';
    return String(group.spawn(Number(routine), task).id);
  },
  cancel_group({loop: {groups}}, arg, slot) {
    if (!groups[slot] || groups[slot].judged !== null) return 'misuse';
    groups[slot].node.cancel();
    return 'yes';
  },
  scope(task, arg, slot, routine) {
    const {scopeSlots} = task.loop;
    if (scopeSlots[slot]) return 'misuse';
    const node = scopeSlots[slot] = task.enter();
    return task.runInside(node, Number(routine), 'absorbed', () => { scopeSlots[slot] = null; });
  },
  cancel_scope({loop: {scopeSlots}}, arg, slot) {
    if (!scopeSlots[slot]) return 'no';
    scopeSlots[slot].cancel();
    return 'yes';
  },
  shield: (task, arg, routine) => task.runInside(task.enter({shield: true}), Number(routine), 'absorbed', () => {}),
  timeout: (task, arg, ns, routine) => until(task, (loop) => loop.keyIn(BigInt(ns)), routine),
  timeout_at: (task, arg, at, routine) => until(task, (loop) => loop.keyAt(BigInt(at)), routine),

  // -- Synchronisation
  set: ({loop}, arg, number) => loop.setEvent(number),
  reset({loop}, arg, number) { loop.events[number].set = false; },
  async wait(task, arg, number) {
    const event = task.loop.events[number];
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    return unwrap(await (event.set ? task.satisfied(value('ok'), arg) : task.queueUp(event.waiters, 'wait', arg)));
  },
  async acquire(task, arg, number) {
    const semaphore = task.loop.semaphores[number];
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    if (semaphore.permits === 0) return unwrap(await task.queueUp(semaphore.waiters, 'acquire', arg));
    semaphore.permits -= 1;
    return unwrap(await task.satisfied(value('ok'), arg));
  },
  release({loop}, arg, number) {
    const semaphore = loop.semaphores[number];
    if (!serve(semaphore.waiters, 'ok')) semaphore.permits += 1;
  },
  async lock(task, arg, number) {
    const mutex = task.loop.mutexes[number];
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    if (mutex.owner !== null) return unwrap(await task.queueUp(mutex.waiters, 'lock', arg));
    mutex.owner = task;
    return unwrap(await task.satisfied(value('ok'), arg));
  },
  unlock(task, arg, number) {
    const mutex = task.loop.mutexes[number];
    if (mutex.owner !== task) return 'misuse';
    mutex.owner = serve(mutex.waiters, 'ok')?.task ?? null;
    return 'ok';
  },
  async put(task, arg, number, item) {
    const queue = task.loop.queues[number];
    const text = String(BigInt(item));
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    if (queue.closed) return unwrap(await task.satisfied(value('closed'), arg));
    if (!serve(queue.getters, text)) {
      if (queue.items.length === queue.capacity) return unwrap(await task.queueUp(queue.putters, 'put', arg, {item: text}));
      queue.items.push(text);
    }
    return unwrap(await task.satisfied(value('ok'), arg));
  },
  async get(task, arg, number) {
    const queue = task.loop.queues[number];
    if (task.refused) return unwrap(await task.satisfied(CANCELLED, arg));
    if (queue.items.length > 0) {
      const item = queue.items.shift();
      const putter = serve(queue.putters, 'ok');
      if (putter) queue.items.push(putter.item);
      return unwrap(await task.satisfied(value(item), arg));
    }
    return unwrap(await (queue.closed ? task.satisfied(value('closed'), arg) : task.queueUp(queue.getters, 'get', arg)));
  },
  close_queue({loop}, arg, number) {
    const queue = loop.queues[number];
    queue.closed = true;
    while (serve(queue.getters, 'closed'));
    while (serve(queue.putters, 'closed'));
  },

  // -- Input and output
  read: transfer('read'), write: transfer('write'), accept: transfer('accept'), connect: transfer('connect'),
  readable: transfer('readable'), writable: transfer('writable'),
  close: ({loop}, arg, number) => loop.driver.close(Number(number)),

  // -- Ends, and the loop itself
  fail(task, code) { throw new Failure(code); },
  return() {},
  stop({loop}) { loop.stopRequested = true; },
  post: ({loop}, arg, event) => loop.post(Number(event)),
  hold_remote({loop}) { loop.remotes += 1; },
  drop_remote({loop}) {
    if (loop.remotes === 0) return 'misuse';
    loop.remotes -= 1;
  },
  keep_alive({loop}) { loop.keepAlives += 1; },
  drop_keep_alive({loop}) {
    if (loop.keepAlives === 0) return 'misuse';
    loop.keepAlives -= 1;
  },
};

/** Hands it to the first of the waiters, and says who that was. */
function serve(waiters, it) {
  const first = waiters.shift();
  first?.task.makeReady('handover', value(it));
  return first;
}

// ---- The loop ----------------------------------------------------------------------------------------------------

class Loop {
  tasks = []; // in start order
  ended = []; // in the order in which they ended
  pending = 0; keepAlives = 0; remotes = 0; scopes = 0;
  ready = []; // tasks, and posts as {post, event}
  left = 0; rounds = 0; // entries of the round, rounds so far
  inbox = []; posts = 0;
  stopRequested = false;
  timers = []; timersStarted = 0; // in the order in which they fire
  operationsInFlight = 0; operationsStarted = 0; completed = [];
  sample = 0n; reading = 0n;
  turns = 0; looked = false; // turns since the driver was looked at; whether this run has looked
  handles = []; groups = []; scopeSlots = [];
  root = new Node(null, null);

  constructor(scenario, levels) {
    this.routines = scenario.routines.map((routine) => routine.body);
    this.resolution = BigInt(scenario.resolution ?? 1);
    this.askEvery = Number(scenario.ask_every ?? 1);
    this.budget = Number(scenario.budget ?? 16);
    const some = (count, make) => Array.from({length: Number(count ?? 0)}, make);
    this.events = some(scenario.events, () => ({set: false, waiters: []}));
    this.semaphores = (scenario.semaphores ?? []).map((permits) => ({permits: Number(permits), waiters: []}));
    this.mutexes = some(scenario.mutexes, () => ({owner: null, waiters: []}));
    this.queues = (scenario.queues ?? []).map((capacity) => ({capacity: Number(capacity), items: [], closed: false, getters: [], putters: []}));
    this.levels = levels;
    this.log = [{galley_trace: 1, R: String(this.resolution), B: this.askEvery, budget: this.budget, features: [...levels]}];
    this.driver = new Driver(scenario, this);
    this.spawn(0, null, this.root);
  }

  trace(event) { this.log.push(event); }
  traceL(event) { if (this.levels === 'PL') this.log.push(event); }
  box(name) { this.traceL({ev: 'box', name}); }
  unobserved(task) { this.trace({ev: 'unobserved', task: task.id}); }

  // -- run

  async run() {
    this.trace({ev: 'run'});
    this.looked = false;
    this.box('start');
    for (;;) {
      this.box('pending');
      const verdict = this.left === 0 ? this.verdict() : null;
      if (verdict !== null) {
        if (verdict === 'stopped') this.stopRequested = false;
        this.trace({ev: 'exit', verdict, pending: this.tasks.filter((task) => task.state !== 'ended').map(awaits)});
        return;
      }
      this.box('pick');
      if (this.left > 0) {
        const entry = this.ready.shift();
        this.left -= 1;
        this.turns += 1;
        this.box('run');
        if (entry instanceof Task) await entry.step();
        else this.call(entry);
        this.box('save');
      }
      this.box('check');
      if (this.left === 0 && this.verdict() === null) this.check();
      this.box('continue');
    }
  }

  /** (a): how the run ends, if it does. */
  verdict() {
    if (this.stopRequested) return 'stopped';
    if (this.pending === 0 && this.keepAlives === 0) return 'completed';
    if (this.ready.length > 0 || this.timers.length > 0 || this.inbox.length > 0) return null;
    const nobody = this.remotes === 0 && !this.driver.hasRemote && this.operationsInFlight === 0;
    return nobody || this.driver.exhausted ? 'deadlocked' : null;
  }

  /** (b) to (f): what can go on now is the next round. */
  check() {
    const idle = this.ready.length === 0 && this.inbox.length === 0;
    if (idle || this.turns >= this.askEvery || !this.looked) this.look(idle);
    this.collect();
    if (this.stopRequested || this.ready.length === 0) return;
    this.left = this.ready.length;
    this.rounds += 1;
    this.traceL({ev: 'round', n: this.rounds, count: this.left});
  }

  look(idle) {
    this.looked = true;
    this.turns = 0;
    const until = this.timers[0]?.key ?? null;
    if (idle) this.traceL({ev: 'wait', until: until === null ? 'never' : String(until)});
    this.completed = idle ? this.driver.wait(until) : this.driver.ask();
    const before = this.sample;
    this.sample = this.readClock();
    if (this.sample !== before) this.traceL({ev: 'sample', now: String(this.sample)});
  }

  collect() {
    for (const {number, task, result} of this.completed.splice(0)) {
      this.operationsInFlight -= 1;
      this.traceL({ev: 'complete', op: number, result});
      task.makeReady('complete', result === 'cancelled' ? CANCELLED : value(result));
    }
    const startedBefore = this.timersStarted;
    while (this.timers.length > 0 && this.timers[0].key <= this.sample && this.timers[0].number <= startedBefore) {
      const timer = this.timers.shift();
      this.traceL({ev: 'fire', timer: timer.number, key: String(timer.key)});
      timer.fire();
    }
    for (const entry of this.inbox.splice(0)) {
      if (entry.event === null) continue;
      this.ready.push(entry);
      this.traceL({ev: 'ready', task: 0, cause: 'post'});
    }
  }

  // -- What tasks do with it

  spawn(routine, by, parent, ties) {
    const task = new Task(this, this.tasks.length + 1, routine, parent, ties);
    this.tasks.push(task);
    this.pending += 1;
    this.trace({ev: 'spawn', task: task.id, by: by?.id ?? 0, scope: parent.id});
    task.makeReady('spawn', null);
    return task;
  }

  dropHandle(slot) {
    const task = this.handles[slot];
    if (!task) return 'empty';
    this.handles[slot] = task.slot = null;
    task.tellIfUnheld();
    return 'ok';
  }

  setEvent(number) {
    const event = this.events[number];
    event.set = true;
    while (serve(event.waiters, 'ok'));
  }

  post(event) { this.inbox.push({post: ++this.posts, event}); }

  /** The turn of a callback. */
  call({post, event}) {
    this.trace({ev: 'callback', post});
    this.setEvent(event);
  }

  startOperation(task, verb, channel, size) {
    const operation = {task, verb, channel, size, number: ++this.operationsStarted, reads: READS.includes(verb)};
    this.driver.start(operation);
    if (operation.result === null) this.operationsInFlight += 1;
    return operation;
  }

  // -- Time

  readClock() { return (this.reading = most(this.reading, this.driver.clock)); }
  roundDown(time) { return time - (time % this.resolution); }
  roundUp(time) { return least(this.roundDown(time + this.resolution - 1n), this.roundDown(FOR_EVER)); }
  keyAt(time) { return time <= this.sample ? this.roundDown(this.sample) : this.roundUp(time); }
  keyIn(ns) {
    const now = this.readClock();
    return ns === 0n ? this.roundDown(this.sample) : this.roundUp(least(now + ns, FOR_EVER));
  }

  startTimer(key, fire) {
    const timer = {number: ++this.timersStarted, key, fire};
    const later = this.timers.findIndex((other) => other.key > key);
    this.timers.splice(later < 0 ? this.timers.length : later, 0, timer);
    return timer;
  }

  cancelTimer(timer) {
    const place = this.timers.indexOf(timer);
    if (place >= 0) this.timers.splice(place, 1);
  }

  // -- The end

  /** A suspended async function cannot be unwound; it is forgotten, and what it held is told here. */
  destroy() {
    for (const task of this.tasks.toReversed()) {
      if (task.state === 'ended') continue;
      this.trace({ev: 'destroyed', task: task.id});
      if (task.joining !== null) {
        task.joining.joiner = null;
        task.joining.tellIfUnheld();
      }
      for (const {family} of task.open.toReversed()) if (family?.failure) this.unobserved(family.failure.task);
    }
    for (const task of this.ended) {
      if (task.slot === null) continue;
      task.slot = null;
      task.tellIfUnheld();
    }
    for (const {do: what} of this.driver.world.slice(this.driver.delivered)) {
      if (what === 'post' || what === 'wake') this.trace({ev: 'refused', post: ++this.posts});
    }
  }
}

/** A pending task, as an exit tells it. */
function awaits(task) {
  return {task: task.id, await: task.state === 'waiting' ? task.wait.kind : task.state};
}

// ---- The adapter -------------------------------------------------------------------------------------------------

const FEATURES = ['tasks', 'join', 'failure', 'cancel', 'scope', 'group', 'all', 'any', 'event', 'semaphore', 'mutex', 'queue',
  'channel', 'post', 'keep_alive', 'budget', 'stop', 'rerun', 'deadlock', 'jump', 'destroy', 'orderly',
  'composition'];

async function play(scenario, levels) {
  const loop = new Loop(scenario, levels);
  for (let runs = Number(scenario.runs ?? 1); runs > 0; runs -= 1) await loop.run();
  if (scenario.close === 'orderly') {
    loop.root.cancel();
    await loop.run();
  }
  loop.destroy();
  return loop.log;
}

async function answer({do: what, id, scenario}, levels) {
  if (what === 'hello') {
    return {re: 'hello', protocol: 1, name: 'port.js', version: '1', language: 'JavaScript', loop: 'async functions, thenables and a queue',
            features: FEATURES, levels, parameters: {R: 'any', B: 'any', b: 'any'}, relaxations: []};
  }
  try {
    return {re: 'run', id, outcome: 'ran', trace: await play(scenario, levels)};
  } catch (wrong) {
    return {re: 'run', id, outcome: 'errored', reason: String(wrong?.stack ?? wrong)};
  }
}

async function serveRequests(levels) {
  for await (const line of require('node:readline').createInterface({input: process.stdin})) {
    const request = JSON.parse(line);
    if (request.do === 'stop') break;
    process.stdout.write(JSON.stringify(await answer(request, levels)) + '\n');
  }
  process.exit(0);
}

serveRequests(process.argv[2] ?? 'P');
