// The kinds of Rhai scenarios that there are, with real calls through the built-in exchange.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, of, outcomes, runFile, runText } from './lib/run_file.mjs';

const environment = { DOM: 'pbx.example', UA: 'ua', UB: 'ub', UC: 'uc', PW: 'secret', STAGE: 'test' };
const fixture = (name) => new URL(`fixtures/${name}.rhai`, import.meta.url).pathname;

for (const name of ['two_party', 'suite', 'webhook', 'transfers']) {
  test(`${name}.rhai`, async () => {
    const { events, status, stderr } = await runFile(fixture(name), {}, undefined, environment);
    assert.deepEqual(Object.values(outcomes(events)).filter((outcome) => outcome !== true), [], stderr);
    assert.equal(status, 0, finished(events)?.error);
  });
}

test('the order of what a two-party call logs', async () => {
  const { events } = await runFile(fixture('two_party'), {}, undefined, environment);
  const kinds = events.filter((event) => ['agent_started', 'action'].includes(event.event)).map((event) => event.kind ?? 'starting');
  assert.deepEqual(kinds, ['starting', 'starting', 'register', 'register', 'dial', 'accept', 'send-audio', 'hangup']);
  assert.equal(of(events, 'wait')[0].seconds, 2);
});

test('10: a mistake in a condition is told at once, with its line', async () => {
  const { events } = await runText('let a = 1;\nawait_until(|| assrt(a).is_true(), "10s");\n', {}, { name: 'test.rhai' });
  const end = finished(events);
  assert.match(end.error, /assrt/);
  assert.match(end.at, /test\.rhai:2:/);
  assert.ok(end.duration_ms < 1000, `${end.duration_ms} ms`);
});

test('an endless loop ends with a clear error', async () => {
  const { events } = await runText('scenario("loops", || { loop { } }); scenario("next", || { assert(1).equals(1); });', {}, { name: 'test.rhai' });
  assert.match(outcomes(events).loops, /endless loop/);
  assert.equal(outcomes(events).next, true);
});
