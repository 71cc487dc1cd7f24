// What makes a testfile fail, and what its result says, with real phones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { CALL, fails, neighbours, passes, runFiles, subscribers } from './lib/real_testfile.mjs';

const WHOLE = `${CALL}ua1:hangup|wait ua2 CALL_CLOSED 2s|0s\nuadelall|0s\n`;
const HASH = /^[0-9a-f]{16}$/;

/** Processes that the test command has running now. */
const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

describe('the result of a testfile', { concurrency: 6 }, () => {
  let registrar;
  /** Whoever comes with wrong passwords is not heard for a while. */
  let strict;
  before(async () => {
    [registrar, strict] = await Promise.all([Server.start(), Server.start()]);
  });
  after(() => Promise.all([registrar?.stop(), strict?.stop()]));
  const alice = (password) => `_define ua1 sip:alice@${(password === 'wrong' ? strict : registrar).sip}\nuanew <ua1>;auth_pass=${password}\n`;

  test('the hash that a run shows is that of the next one, on other ports, and any other fails', async () => {
    const shown = (await passes(await neighbours(2) + WHOLE)).repetitions[0];
    assert.match(shown.hash, HASH);
    assert.match(shown.telefonist_hash, HASH);
    const again = await passes(`_hash ${shown.hash}\n${await neighbours(2)}${WHOLE}`);
    assert.equal(again.repetitions[0].matched, 'normalised');
    const busy = WHOLE.replace(/accept.*/, 'hangup|wait ua1 CALL_CLOSED 2s');
    const other = await fails(`\n_hash ${shown.hash}\n${await neighbours(2)}${busy.replace('ua1:hangup|wait ua2 CALL_CLOSED 2s|0s\n', '')}`, /^Hash mismatch: expected [0-9a-f]{16}, actual [0-9a-f]{16}/);
    assert.ok(other.error.includes(shown.hash) && other.error.includes(other.repetitions[0].hash), other.error);
    assert.match(other.all('finished')[0].at, /call\.test:2:1$/);
  });

  test('a baseline is stored on request, and a run that differs says where', async () => {
    const phones = await neighbours(2);
    const stored = {};
    await passes(`_hash baseline\n${phones}${WHOLE}`, {
      args: ['--update-baseline'],
      inspect: (folder) => (stored['call.test.baseline'] = readFileSync(`${folder}/call.test.baseline`)),
    });
    await passes(`_hash baseline\n${phones}${WHOLE}`, { files: stored });
    const told = await fails(`_hash baseline\n${phones}${WHOLE.replace('ua1:hangup|wait ua2', 'ua2:hangup|wait ua1')}`, /not as the baseline: expected "alice: CALL_CLOSED #1 local", missing/, { files: stored });
    assert.match(told.repetitions[0].difference, /^\+ alice: CALL_CLOSED #1 remote$/m);
  });

  test('repetitions each begin, end and count, and are alike', async () => {
    const told = await passes(`_run 3\n${await neighbours(2)}${WHOLE}`);
    assert.deepEqual(told.all('repetition_started').map(({ number, of }) => [number, of]), [[1, 3], [2, 3], [3, 3]]);
    assert.deepEqual(told.repetitions.map(({ number, passed }) => [number, passed]), [[1, true], [2, true], [3, true]]);
    assert.equal(new Set(told.repetitions.map(({ fingerprint }) => fingerprint)).size, 1, told.repetitions.map(({ fingerprint }) => fingerprint).join('\n\n'));
  });

  test('a registration that is refused fails its file at once, and no other', async () => {
    const told = await runFiles({ 'a.test': `${alice('wrong')}60s`, 'b.test': `${alice('alice-demo')}wait ua1 REGISTER_OK 5s` }, { args: ['--jobs', '1'] });
    assert.equal(told.status, 1);
    assert.deepEqual(told.files.map(({ path, passed }) => [path, passed]), [['a.test', false], ['b.test', true]], told.why);
    assert.match(told.error, /^Registration failed: sip:alice@127\.0\.0\.1:\d+: 40[13] /);
    assert.match(told.all('finished')[0].at, /a\.test:2:1$/);
    assert.ok(told.files[0].duration_ms < 5000);
  });

  test('a registration may be expected to fail', async () => {
    await passes(`${alice('wrong')}expect ua1 REGISTER_FAIL param=40* within 5s`);
    await fails(`${alice('wrong')}expect ua1 REGISTER_FAIL param=503* within 3s`, /no REGISTER_FAIL param=503\*.*there was param=40/);
    await fails(`${alice('alice-demo')}expect ua1 REGISTER_FAIL within 1s`, /no REGISTER_FAIL/);
  });

  test('nobody answers at the address of the registrar', async () => {
    await fails('uanew <sip:alice@127.0.0.1:9>;auth_pass=x\n40s', /^Registration failed: .*Connection refused \[111\]$/);
  });

  const mistakes = {
    'ua1:hold': /has no call to hold/,
    'ua1:hangup scode=486': /has no call to hang up/,
    'ua1:accept': /no incoming call/,
    'ua1:dial sip:x@nowhere.invalid|5s': /^dial: sip:x@nowhere\.invalid cannot be reached: Unresolvable destination$/,
    'ua1:atransferexec': /no transfer/,
    'ua1:message hello': /no contact/,
    'ua1:sndcode 1': /no call to send digits in/,
    'ua4:dial ua1': /no agent ua4/,
    'foobar': /no command foobar/,
    'ua1:ausrc aufile,gone.wav': /no file gone\.wav/,
    'uanew <sip:x@h>;input_wav=gone.wav': /no file .*gone\.wav/,
    'uanew <sip:x@h>;regint=0;audio_source=aufile,noise.wav': /noise\.wav/,
  };
  for (const [line, pattern] of Object.entries(mistakes)) {
    test(`\`${line}\` fails the test, with its place and the reason`, async () => {
      const phones = await neighbours(1);
      const told = await fails(`${phones}${line}`, pattern, { files: { 'noise.wav': 'this is no sound' } });
      assert.match(told.all('finished')[0].at, new RegExp(`call\\.test:${phones.split('\n').length}:`));
    });
  }

  test('a call that cannot be routed may be expected to fail', async () => {
    await passes(`${await neighbours(1)}ua1:dial sip:x@nowhere.invalid|wait ua1 CALL_CLOSED "param=Unresolvable destination" 10s`);
  });

  test('a command that fails says how all agents were', async () => {
    const told = await fails(`${await neighbours(2)}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua1:accept`, /no incoming call/);
    assert.deepEqual(told.all('finished')[0].failure.agents.map(({ agent, state, calls }) => [agent.slice(0, 7), state, calls]), [['sip:ali', 'ringing', 1], ['sip:bob', 'ringing', 1]]);
  });

  test('a process that is killed fails its file with the signal, and the next one runs', async () => {
    const files = { 'a.test': `${await neighbours(1)}60s`, 'b.test': `${await neighbours(1)}` };
    const told = await runFiles(files, {
      args: ['--jobs', '1'],
      onEvent: ({ event, path }, child) => {
        if (event === 'wait' && path === 'a.test') {
          childrenOf(child.pid).forEach((pid) => process.kill(pid, 'SIGKILL'));
        }
      },
    });
    assert.equal(told.status, 1);
    assert.deepEqual(told.files.map(({ path, passed }) => [path, passed]), [['a.test', false], ['b.test', true]], told.why);
    assert.match(told.files[0].error, /signal 9|SIGKILL|killed/i);
  });

  test('a stop ends a long wait, and the agents un-register', async () => {
    const told = await runFiles({ 'a.test': `${alice('alice-demo')}wait ua1 REGISTER_OK 5s\n60s` }, {
      onEvent: ({ event, seconds }, child) => event === 'wait' && seconds === 60 && child.kill('SIGINT'),
    });
    assert.equal(told.status, 130);
    assert.deepEqual(told.at('alice', 'SHUTDOWN', 'UNREGISTERING', 'EXIT').length, 3, told.why);
    assert.ok(told.all('run_finished')[0].duration_ms < 8000);
  });

  test('macros are given from outside, and the built-in exchange stands in for any other', async () => {
    const text = subscribers(2, { exchange: 'EXCHANGE' });
    await passes(`_define EXCHANGE 192.0.2.1\n${text}${WHOLE}`, { args: ['--set', `EXCHANGE=${registrar.sip}`] });
    await passes(`_define EXCHANGE pbx.example\n${text}${WHOLE}`, { args: ['--exchange'] });
  });
});
