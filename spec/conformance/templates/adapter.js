#!/usr/bin/env node
// A template of an adapter (PROTOCOL.md). Replace `play`; name what it can do in `features`, no more.
'use strict';
const features = []; // of FEATURES.md, as they come

class NotYet extends Error {}

/** The events of level P (spec/scenario/README.md, section 4). This one knows main, `return` and `now` at time 0. */
function play(scenario) {
  const events = [{ev: 'spawn', task: 1, by: 0, scope: 0}, {ev: 'run'}, {ev: 'step', task: 1, now: '0', with: 'start'}];
  let value = '0';
  for (const statement of scenario.routines[0].body) {
    if (statement.do === 'return') {
      value = String(statement.value);
      events.push({ev: 'did', task: 1, verb: 'return', arg: value, result: 'ok'});
      break;
    }
    if (statement.do !== 'now') throw new NotYet(statement.do);
    events.push({ev: 'did', task: 1, verb: 'now', arg: '', result: '0'});
  }
  events.push({ev: 'end', task: 1, outcome: 'value', value});
  return [...events, {ev: 'exit', verdict: 'completed', pending: []}];
}

function answer(request) {
  if (request.do === 'hello') {
    return {re: 'hello', protocol: 1, name: 'my-loop', version: '0', language: 'JavaScript', loop: 'my loop', features, levels: 'P',
            parameters: {R: 'any', B: 'any', b: 'any'}, relaxations: []};
  }
  const {scenario, id} = request;
  const header = {galley_trace: 1, R: String(scenario.resolution ?? 1), B: Number(scenario.ask_every ?? 1),
                  budget: Number(scenario.budget ?? 16), features: ['P']};
  try {
    return {re: 'run', id, outcome: 'ran', trace: [header, ...play(scenario)]};
  } catch (wrong) {
    if (wrong instanceof NotYet) return {re: 'run', id, outcome: 'skipped', reason: `not yet: ${wrong.message}`};
    return {re: 'run', id, outcome: 'errored', reason: String(wrong)};
  }
}

require('node:readline').createInterface({input: process.stdin}).on('line', (line) => {
  const request = JSON.parse(line);
  if (request.do === 'stop') process.exit(0);
  process.stdout.write(JSON.stringify(answer(request)) + '\n');
});
