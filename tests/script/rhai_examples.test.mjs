// The four kinds of scenario files that users of Rhai have, unchanged, against the fake host.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { check, run } from '../../src/script/library/rhai.mjs';
import { FakeHost } from './lib/fake_host.mjs';

const folder = new URL('fixtures/', import.meta.url);
const readModule = (path) => readFileSync(path, 'utf8');
const EXAMPLES = ['two_party', 'suite', 'webhook', 'transfers'];

async function start(name) {
  const host = new FakeHost();
  for (const [key, value] of Object.entries({ DOM: 'example.com', UA: 'alice', UB: 'bob', PW: 'secret' })) host.environment.set(key, value);
  const path = new URL(`${name}.rhai`, folder).pathname;
  await run(readModule(path), path, host, { readModule });
  return host;
}

test('each of the four examples passes the check and does nothing meanwhile', () => {
  for (const name of EXAMPLES) {
    const path = new URL(`${name}.rhai`, folder).pathname;
    assert.deepEqual(check(readModule(path), path, {}), [], name);
  }
});

test('a call of two parties runs from registration to hangup in the order that is written', async () => {
  const host = await start('two_party');
  const steps = host.events.filter(({ event }) => ['agent_started', 'action', 'wait'].includes(event)).map(({ event, agent, kind }) => (event === 'action' ? `${agent} ${kind}` : event));
  assert.deepEqual(steps, ['agent_started', 'agent_started', 'A register', 'B register', 'A dial', 'B accept', 'A send-audio', 'wait', 'A hangup']);
  assert.deepEqual(host.eventsOf('log').map(({ message }) => message), ['MOS 4.0, talking to bob']);
  assert.ok(host.eventsOf('assertion').every(({ ok }) => ok));
});

test('events of an example name the line of the script that caused them', async () => {
  const host = await start('two_party');
  assert.match(host.eventsOf('action').find(({ kind }) => kind === 'dial').at, /two_party\.rhai:11:8$/);
  assert.match(host.eventsOf('assertion').at(0).at, /two_party\.rhai:8:1$/);
});

test('a suite runs its scenarios, one of which is skipped with its reason', async () => {
  const host = await start('suite');
  assert.deepEqual(host.scenarios.map(({ options }) => options.tags), [['smoke', 'call'], ['smoke'], ['slow']]);
  const results = await host.runScenarios();
  assert.deepEqual(results, [{ name: 'answered call' }, { name: 'rejected call' }, { name: 'voicemail', skipped: 'no voicemail in this stage' }]);
  assert.equal(host.eventsOf('log').length, 2);
});

test('a web hook answers what the API asks, statically, by pattern and by a closure', async () => {
  const host = await start('webhook');
  const requests = host.eventsOf('mock_request').map(({ method, path, matched }) => `${method} ${path} ${matched}`);
  assert.deepEqual(requests, ['POST /calls true', 'POST /voice true', 'GET /calls/17 true', 'GET /nowhere false']);
});

test('transfers and deflections run', async () => {
  const host = await start('transfers');
  const results = await host.runScenarios();
  assert.deepEqual(results, [{ name: 'blind transfer' }, { name: 'attended transfer' }, { name: 'transfer that is given up' }, { name: 'deflected call' }]);
  const answers = host.eventsOf('action').filter(({ kind }) => kind === 'respond');
  assert.deepEqual(answers.map(({ detail }) => detail), ['603 Decline {"Retry-After":"60"}']);
});
