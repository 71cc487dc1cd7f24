import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../../src/script/library/testfile.mjs';
import { fails, passes, runText, THREE, TWO, typesAt } from './testfile_world.mjs';

const CALL = `${TWO}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua2:accept|wait ua1 CALL_ESTABLISHED 5s\n`;
const errors = (text) => parse(text, 'a.test').problems.map(({ message }) => message);

test('wait goes on as soon as the event is there', async () => {
  const { verdict, host } = await passes(`${TWO}ua1:dial ua2|wait ua2 CALL_INCOMING 5s`);
  assert.equal(host.all('until')[0].duration_ms, 5);
  assert.equal(verdict.repetitions[0].passed, true);
});

test('wait fails at its time with its line, what it wanted and how all agents were', async () => {
  const { verdict } = await fails(`${TWO}ua1:dial ua2|0s\nwait ua1 CALL_ESTABLISHED 3s`, /^no CALL_ESTABLISHED at sip:alice@127.0.0.1:5160 within 3 s$/);
  assert.equal(verdict.at, 'suite/call.test:8:1');
  assert.equal(verdict.failure.expect, 'wait ua1 CALL_ESTABLISHED 3s');
  assert.deepEqual(verdict.failure.agents.map(({ state }) => state), ['ringing', 'ringing']);
});

test('wait and expect take events that came before them, each one once', async () => {
  await passes(`${CALL}ua1:sndcode 11|2s\nexpect ua2 CALL_DTMF_START param=1\nexpect ua2 CALL_DTMF_START param=1`);
  await fails(`${CALL}ua1:sndcode 1|2s\nexpect ua2 CALL_DTMF_START\nexpect ua2 CALL_DTMF_START`, /no CALL_DTMF_START/);
});

test('new leaves out what came before', async () => {
  await fails(`${CALL}wait ua1 new CALL_RINGING 1s`, /no CALL_RINGING/);
});

test('expect compares fields and says what there was instead', async () => {
  const reject = `${TWO}ua1:dial ua2|1s|ua2:hangup scode=486 reason=Busy\n`;
  await passes(`${reject}expect ua1 CALL_CLOSED param=486* within 2s`);
  await passes(`${reject}expect ua1 CALL_CLOSED "param=486 Busy" direction!=incoming param~^4.6`);
  const { verdict, host } = await fails(`${reject}expect ua1 CALL_CLOSED param=404* within 2s`, /no CALL_CLOSED param=404\*.*; there was param=486 Busy/);
  assert.equal(verdict.failure.actual, 'param=486 Busy');
  assert.deepEqual(host.all('assertion').map(({ ok }) => ok), [false]);
});

test('expect without a time looks at what has been only', async () => {
  const { verdict } = await fails(`${TWO}ua1:dial ua2|0s\nexpect ua1 CALL_RINGING`, /no CALL_RINGING/);
  assert.equal(verdict.duration_ms, 2000);
});

test('expect not fails as soon as the event is there, and passes when its time is over', async () => {
  const { verdict } = await passes(`${CALL}expect not ua1 CALL_CLOSED within 4s`);
  assert.equal(verdict.duration_ms, 2010 + 4000);
  await fails(`${CALL}ua2:hangup|0s\nexpect not ua1 CALL_CLOSED within 60s`, /there was a CALL_CLOSED at sip:alice.*not expected: param=Connection reset/);
});

test('any stands for all agents', async () => {
  await passes(`${TWO}ua1:dial ua2\nexpect any CALL_INCOMING`);
});

test('fields of SIP messages can be expected', async () => {
  await passes(`${CALL}expect ua1 SIP method=INVITE direction=OUT headers.call-id=*\nexpect ua1 SIP status=180`);
});

test('let keeps texts and fields of events', async () => {
  const { host } = await passes(`${CALL}let peer from ua2 CALL_INCOMING peeruri\nlet key = 5\nua1:sndcode \${key}|1s\nexpect ua2 CALL_DTMF_START param=\${key} peeruri=\${peer}`);
  assert.equal(host.all('step').at(-1).passed, true);
});

test('let takes all that is behind its sign, and quotes keep what is between them', () => {
  const values = (text) => parse(text, 'a.test').steps.map(({ parts: [{ name, value }] }) => [name, value]);
  assert.deepEqual(values('let a = b  c = d\nlet e=f\nlet g = " | "\nlet h ='), [['a', 'b  c = d'], ['e', 'f'], ['g', ' | '], ['h', '']]);
});

test('a variable that has no value fails its step', async () => {
  const { verdict } = await fails(`${CALL}ua1:sndcode \${key}`, /no variable key/);
  assert.equal(verdict.at, 'suite/call.test:8:1');
  await fails(`${CALL}let x from ua1 CALL_HOLD param`, /there was no CALL_HOLD/);
});

test('repeat does its steps several times and may count', async () => {
  const { host } = await passes(`${CALL}repeat 3 as i\n  ua1:sndcode \${i}|1s\nend`);
  assert.deepEqual(host.records().filter(({ type }) => type === 'CALL_DTMF_START').map(({ param }) => param), ['1', '2', '3']);
});

test('lines of a parallel block run at the same time, each with a second at its end', async () => {
  const { verdict } = await passes(`${THREE}parallel\n  ua1:dial ua3|9s\n  5s|ua2:dial ua3\nend`);
  assert.equal(verdict.duration_ms, 3000 + 9000);
});

test('a sequence is one branch of a parallel block', async () => {
  const { host } = await passes(`${TWO}parallel\n  sequence\n    ua1:dial ua2\n    3s\n    ua1:hangup\n  end\n  wait ua2 CALL_CLOSED 9s\nend`);
  assert.ok(typesAt(host, 'sip:bob@127.0.0.1:5162').includes('CALL_CLOSED'));
});

test('a branch that fails ends the others and fails the test with its line', async () => {
  const { verdict } = await fails(`${TWO}parallel\n  60s\n  1s|ua1:hold\nend`, /has no call to hold/);
  assert.equal(verdict.at, 'suite/call.test:9:6');
  assert.equal(verdict.duration_ms, 2000 + 1000);
});

test('call carries out another file with the macros of this one', async () => {
  const files = { 'suite/setup.test': 'uanew <ua1>;regint=0\nuanew <ua2>;regint=0\n_define ua9 sip:nobody@h\nua1:dial TARGET' };
  const { host } = await passes('_define ua1 sip:alice@h\n_define ua2 sip:bob@h\ncall setup.test TARGET=sip:bob@h\nexpect ua2 CALL_INCOMING', { files });
  assert.deepEqual(host.all('step').map(({ line }) => line), [1, 2, 4, 3, 4]);
  await fails('call setup.test ua1=sip:alice@h ua2=sip:bob@h TARGET=sip:bob@h\nua9:dial 1', /no agent ua9/, { files });
});

test('what fails in a file that is called fails with the line there', async () => {
  const { verdict } = await fails(`${TWO}call inner.test`, /has no call to hold/, { files: { 'suite/inner.test': '\n sip:alice@127.0.0.1:5160:hold' } });
  assert.equal(verdict.at, 'suite/inner.test:2:2');
});

test('a file whose name comes from a variable is read when its line runs', async () => {
  const files = { 'suite/bad.test': '\nhangup|10h' };
  await fails(`${TWO}let f = bad.test\ncall \${f}`, /bad\.test:2:8: bad duration/, { files });
  await fails(`${TWO}let f = gone.test\ncall \${f}`, /gone\.test cannot be read/, { files });
});

test('files that call each other without an end are refused', async () => {
  await fails('call a.test', /call each other/, { files: { 'suite/a.test': 'call a.test' } });
});

test('each line gives a result', async () => {
  const { host } = await fails(`${TWO}ua1:dial ua2\nua1:hold x`, /has no call x/);
  const steps = host.all('step');
  assert.deepEqual(steps.map(({ line, passed }) => [line, passed]), [[5, true], [6, true], [7, true], [8, false]]);
  assert.equal(steps.at(-1).error, 'sip:alice@127.0.0.1:5160 has no call x');
  assert.equal(steps.at(-1).at, 'suite/call.test:8:1');
  assert.equal(steps[2].duration_ms, 1000);
});

test('blocks that are not closed, or closed twice, are errors with their line', () => {
  assert.match(errors('\nrepeat 3\ndial x')[0], /repeat has no `end`/);
  assert.match(errors('end')[0], /ends nothing/);
  assert.match(errors('repeat many\nend')[0], /repeat 3 as i/);
  assert.match(errors('parallel now\nend')[0], /stands alone/);
  assert.match(errors('1s|repeat 3')[0], /line of its own/);
});

test('steps that are not complete say what they need', () => {
  assert.match(errors('wait')[0] ?? '', /no command wait|needs an agent/);
  assert.match(errors('wait ua1')[0], /needs the name of an event/);
  assert.match(errors('wait ua1 CALL_CLOSED within')[0], /needs a duration/);
  assert.match(errors('expect ua1 CALL_CLOSED 486')[0], /neither field=pattern/);
  assert.match(errors('expect ua1 CALL_CLOSED param~(')[0], /regular expression/);
  assert.match(errors('let 5 = x')[0], /needs a name/);
  assert.match(errors('let x')[0], /let name = text/);
  assert.match(errors('call')[0] ?? '', /needs the name/);
});

test('a wait that is only a duration is one', async () => {
  const { verdict } = await runText(`${TWO}wait 3s`);
  assert.equal(verdict.duration_ms, 5000);
});
