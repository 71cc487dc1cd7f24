import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../src/script/library/testfile.mjs';
import { FakeHost } from './fake_testfile_host.mjs';
import { AGENTS, fails, passes, TWO } from './testfile_world.mjs';

const CALL = `${TWO}ua1:dial ua2|1s|ua2:accept|2s|ua1:hangup\nuadelall\n`;
const DOMAIN = '127.0.0.1:5060';
const registering = (password = 'right') => `_define ua1 sip:alice@${DOMAIN}\nuanew <ua1>;auth_pass=${password}\n`;
const domains = { [DOMAIN]: { alice: 'right' } };

test('a file that expects nothing passes, and says its hashes', async () => {
  const { verdict } = await passes(CALL);
  assert.match(verdict.repetitions[0].hash, /^[0-9a-f]{16}$/);
  assert.match(verdict.repetitions[0].telefonist_hash, /^[0-9a-f]{16}$/);
  assert.equal(verdict.repetitions[0].matched, undefined);
});

test('the hash that was shown can be expected', async () => {
  const { hash } = (await passes(CALL)).verdict.repetitions[0];
  const { verdict } = await passes(`_hash ${hash}\n${CALL}`, { seed: 9 });
  assert.equal(verdict.repetitions[0].matched, 'normalised');
  await passes(`_hash ${hash}\n_hashmode normalised\n${CALL}`);
  await fails(`_hash ${hash}\n_hashmode telefonist\n${CALL}`, /^Hash mismatch/);
});

test('a hash of telefonist is accepted without a mode, and the verdict says that it was one', async () => {
  const prepare = (host) => {
    host.plainContacts = true;
  };
  const { telefonist_hash: hash } = (await passes(CALL, { prepare })).verdict.repetitions[0];
  const { verdict } = await passes(`_hash ${hash}\n${CALL}`, { prepare });
  assert.equal(verdict.repetitions[0].matched, 'telefonist');
  await fails(`_hash ${hash}\n_hashmode normalised\n${CALL}`, /^Hash mismatch/, { prepare });
});

test('any other hash fails, with both hashes and the line of the expected one', async () => {
  const { verdict } = await fails(`\n_hash abc\n${CALL}`, /^Hash mismatch: expected abc, actual [0-9a-f]{16}.*--update-baseline/);
  assert.equal(verdict.at, 'suite/call.test:2:1');
  assert.equal(verdict.repetitions[0].expected, 'abc');
});

test('a mismatch says what differs from the stored baseline', async () => {
  const { hash, fingerprint } = (await passes(CALL)).verdict.repetitions[0];
  const prepare = (host) => host.saveBaseline('suite/call.test', fingerprint);
  const busy = CALL.replace('ua2:accept|2s|ua1:hangup', 'ua2:hangup scode=486|2s');
  const { verdict } = await fails(`_hash ${hash}\n${busy}`, /expected "alice: CALL_ANSWERED #1", missing/, { prepare });
  assert.match(verdict.difference, /^- alice: CALL_ANSWERED #1$/m);
  assert.match(verdict.difference, /^\+ alice: CALL_CLOSED #1 486$/m);
});

test('a baseline can be all that is expected, and is stored on request', async () => {
  await fails(`_hash baseline\n${CALL}`, /no baseline yet; run once with --update-baseline/);
  const { host } = await passes(`_hash baseline\n${CALL}`, {
    prepare: (fresh) => {
      fresh.updateBaseline = true;
    },
  });
  const text = host.baseline('suite/call.test');
  const prepare = (other) => other.saveBaseline('suite/call.test', text);
  await passes(`_hash baseline\n${CALL}`, { prepare });
  await fails(`_hash baseline\n${CALL.replace('ua1:hangup', 'ua2:hangup')}`, /not as the baseline: expected "alice: CALL_CLOSED #1 local", missing/, { prepare });
});

test('who updates a baseline is told which hash to write into the file', async () => {
  const prepare = (host) => {
    host.updateBaseline = true;
  };
  const { host } = await passes(`_hash abc\n${CALL}`, { prepare });
  assert.match(host.all('log').at(-1).message, /write `_hash [0-9a-f]{16}` into line 1/);
});

test('repetitions each begin, end and count', async () => {
  const { verdict, host } = await passes(`_run 3\n${CALL}`);
  assert.deepEqual(host.all('repetition_started').map(({ number, of }) => [number, of]), [[1, 3], [2, 3], [3, 3]]);
  assert.deepEqual(host.all('repetition_finished').map(({ number, passed }) => [number, passed]), [[1, true], [2, true], [3, true]]);
  assert.equal(new Set(verdict.repetitions.map(({ hash }) => hash)).size, 1);
});

test('an empty file passes', async () => {
  const { verdict } = await passes('# nothing\n\n_accept A');
  assert.equal(verdict.total, 0);
});

test('a stop ends a long wait at once, and the agents', async () => {
  const host = new FakeHost();
  host.clock.after(5000, () => host.stop());
  const verdict = await host.drive(run(`_run 5\n${TWO}60s`, 'a.test', host));
  assert.equal(verdict.passed, false);
  assert.equal(verdict.stopped, true);
  assert.equal(verdict.result, 'ABORTED');
  assert.equal(verdict.error, 'stopped by the user');
  assert.equal(verdict.repetitions.length, 1);
  assert.ok(verdict.duration_ms < 5100, `${verdict.duration_ms} ms`);
  assert.equal(host.phones.size, 0);
});

test('a registration that is refused fails the file at once', async () => {
  const { verdict } = await fails(`${registering('wrong')}60s`, /^Registration failed: sip:alice@127.0.0.1:5060: 401 Unauthorized$/, { domains });
  assert.equal(verdict.at, 'suite/call.test:2:1');
  assert.ok(verdict.duration_ms < 2000);
  await passes(`${registering()}1s`, { domains });
});

test('a failure says which agents were registered', async () => {
  const { verdict } = await fails(`${registering()}expect ua1 CALL_CLOSED`, /no CALL_CLOSED/, { domains });
  assert.equal(verdict.failure.agents[0].registered, true);
});

test('a registration may be expected to fail', async () => {
  await passes(`${registering('wrong')}expect ua1 REGISTER_FAIL param=401* within 5s`, { domains });
  await fails(`${registering('wrong')}expect ua1 REGISTER_FAIL param=403* within 5s`, /no REGISTER_FAIL param=403/, { domains });
  await fails(`${registering()}expect ua1 REGISTER_FAIL within 5s`, /no REGISTER_FAIL/, { domains });
});

test('a failure that another agent was expected to have fails at the end', async () => {
  const text = `_define ua2 sip:bob@${DOMAIN}\n${registering('wrong')}uanew <ua2>;auth_pass=x\nexpect ua2 REGISTER_FAIL within 5s`;
  await fails(text, /^Registration failed: sip:alice/, { domains });
});

test('commands that cannot be carried out fail the test with their line', async () => {
  const wrong = {
    'ua1:hold': /has no call to hold/,
    'ua1:hangup': /has no call to hang up/,
    'ua1:hangup scode=486': /has no call to hang up/,
    'ua1:accept': /no incoming call/,
    'ua1:dial sip:x@nowhere.invalid': /no route/,
    'ua1:atransferexec': /no transfer/,
    'ua1:message hello': /no contact/,
    'ua1:ausrc aufile,/gone.wav': /no file/,
    'uafind sip:x@h': /no agent sip:x@h; there are/,
    'ua4:dial ua1': /no agent ua4/,
  };
  for (const [line, pattern] of Object.entries(wrong)) {
    const { verdict } = await fails(`${TWO}${line}`, pattern);
    assert.match(verdict.error + verdict.at, /:7:/, line);
  }
});

test('a call that has ended meanwhile may be hung up once more', async () => {
  const { host } = await passes(`${TWO}ua1:dial ua2|1s|ua2:accept|1s|ua1:hangup|1s|ua2:hangup`);
  assert.match(host.all('log').at(-1).message, /over already/);
});

test('a command that fails says how all agents were', async () => {
  const { verdict } = await fails(`${TWO}ua1:dial ua2\nua1:accept`, /no incoming call/);
  assert.deepEqual(verdict.failure.agents.map(({ state, calls }) => [state, calls]), [['ringing', 1], ['ringing', 1]]);
});

test('a failure says how the last call of an agent ended', async () => {
  const { verdict } = await fails(`${TWO}ua1:dial ua2|1s|ua2:hangup scode=603 reason=No|1s|ua1:hold`, /no call to hold/);
  const [caller] = verdict.failure.agents;
  assert.deepEqual([caller.state, caller.reason, caller.status], ['idle', '603 No', 603]);
});

test('a fault of the runner or the host itself comes with its stack, all others without', async () => {
  const { verdict } = await fails(TWO, /cannot store/, {
    prepare: (host) => {
      host.updateBaseline = true;
      host.saveBaseline = () => {
        throw new Error('cannot store');
      };
    },
  });
  assert.match(verdict.stack, /saveBaseline/);
  assert.equal((await fails(`${TWO}ua1:hold`, /no call/)).verdict.stack, undefined);
});

test('the first command of a file needs an agent', async () => {
  await fails('dial 1', /there is no agent yet; uanew creates one/);
});

test('a missing sound fails the test', async () => {
  await fails(`${AGENTS}uanew <ua1>;regint=0;input_wav=gone.wav`, /no file .*gone\.wav/);
});

test('an agent that dies ends the test with the line that was running', async () => {
  const prepare = (host) => host.clock.after(4000, () => host.phones.get('bob@127.0.0.1:5162').fail('the engine stopped'));
  const { verdict } = await fails(`${TWO}ua1:dial ua2|60s`, /^the agent sip:bob@127.0.0.1:5162 is gone: the engine stopped$/, { prepare });
  assert.equal(verdict.at, 'suite/call.test:7:14');
  assert.equal(verdict.duration_ms, 4000);
});

test('a phone that cannot be made fails the test', async () => {
  const prepare = (host) => {
    host.createPhone = () => {
      throw new Error('the port is taken');
    };
  };
  await fails(`${AGENTS}uanew <ua1>;regint=0`, /the port is taken/, { prepare });
});

test('agents stay from one repetition to the next, and a new one of the same name replaces the old', async () => {
  const { host } = await passes(`_run 2\n${AGENTS}uanew <ua1>;regint=0`);
  assert.deepEqual(host.records().map(({ type }) => type), ['CREATE', 'SHUTDOWN', 'EXIT', 'CREATE', 'SHUTDOWN', 'EXIT']);
});

test('the webhook is told of each repetition, with a card', async () => {
  const { host } = await fails(`_webhook http://hook.invalid/x\n_run 2\n_hash abc\n${CALL}`, /mismatch/, { options: { project: 'p1' } });
  assert.equal(host.posted.length, 2);
  const { url, body } = host.posted[0];
  assert.equal(url, 'http://hook.invalid/x');
  assert.equal(body['@type'], 'MessageCard');
  assert.equal(body.themeColor, 'FF0000');
  assert.equal(body.summary, 'Test Run call: FAIL');
  assert.match(body.sections[0].text, /^--- Finished: call \[FAIL\] --- Project: p1, Hash: [0-9a-f]{16}, Run: 1, Reason: Hash mismatch/);
});

test('a webhook that does not answer fails nothing', async () => {
  const prepare = (host) => {
    host.postJson = () => Promise.reject(new Error('no connection'));
  };
  const { host } = await passes(`_webhook http://hook.invalid/x\n${CALL}`, { prepare });
  assert.match(host.all('log').at(-1).message, /webhook was not told: no connection/);
});
