// `callwright phone` as a shell sees it: what it prints, its exit status, and that it leaves nothing behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, describe, test } from 'node:test';
import { Server, binary } from '../e2e/lib/server.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { Phone } from './lib/phone.mjs';

let server;

/** Runs it to its end, with nothing on its standard input. */
function run(...args) {
  return spawnSync(binary(), ['phone', ...args], { encoding: 'utf8', timeout: 30_000, stdio: ['ignore', 'pipe', 'pipe'] });
}

const account = (user) => ['--account', `${user}@${server.sip}`, '--password', `${user}-demo`];

describe('callwright phone', () => {
  before(async () => {
    server = await Server.start({ env: { CALLWRIGHT_SIP_T1_MS: '100' } });
  });
  after(async () => {
    assert.equal(await server?.stop(), 0);
  });
  afterEach(() => CallwrightPhone.endAll());

  test('calls, presses keys, hangs up after the time that it was told and ends with 0', async () => {
    const bob = await CallwrightPhone.start(...account('bob'), '--play', 'tone:660');
    await bob.event('registered');
    const result = run(...account('alice'), '--dial', 'bob', '--play', 'tone:440', '--keys', '7', '--for', '2');
    assert.equal(result.status, 0, result.stderr);
    const [, hertz] = /^tone {2}call=\S+ {2}frequency_hz=([\d.]+)/m.exec(result.stdout) ?? assert.fail(result.stdout);
    assert.ok(Math.abs(hertz - 660) < 20, `a tone of ${hertz} Hz`);
    assert.match(result.stdout, /^unregistered$/m);
    assert.equal((await bob.event('key')).key, '7');
    await bob.tone(440);
    assert.equal((await bob.event('statistics')).lost, 0);
    assert.equal(await bob.stop(), 0);
  });

  test('ends with 1 when nobody is there, when it is refused and when it may not register', () => {
    assert.equal(run(...account('alice'), '--dial', 'nobody').status, 1);
    const refused = run('--account', `alice@${server.sip}`, '--password', 'wrong', '--dial', 'bob');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /cannot register: 40[13] .*check --account and --password/);
  });

  test('ends with 2 and a sentence when an option is wrong', () => {
    for (const [args, sentence] of [
      [['--srtp', 'on'], /--srtp: there is no "on"; say off, sdes or dtls/],
      [['--codec', 'opsu'], /did you mean opus/],
      [['--listen', '0.0.0.0:5060'], /--listen: .* is no address of this machine/],
      [['--ice', '--colour'], /--colour/],
    ]) {
      const result = run(...args);
      assert.equal(result.status, 2, result.stderr);
      assert.match(result.stderr + result.stdout, sentence);
    }
  });

  for (const [what, leave] of [
    ['Ctrl-C', (phone) => phone.stop('SIGINT')],
    ['SIGTERM', (phone) => phone.stop('SIGTERM')],
    ['quit', (phone) => (phone.type('quit'), phone.ended())],
    ['the end of its input', (phone) => (phone.closeInput(), phone.ended())],
  ]) {
    test(`${what} hangs up and un-registers`, async () => {
      const alice = await CallwrightPhone.start(...account('alice'));
      await alice.event('registered');
      const bob = await Phone.connect('udp', server.sip, { user: 'bob', password: 'bob-demo', domain: server.sip });
      const call = await bob.call('alice');
      assert.equal((await call.final()).status, 200);
      await alice.event('media');
      const ended = leave(alice);
      await call.ok('BYE');
      assert.equal(await ended, 0);
      assert.equal((await (await bob.call('alice')).final()).status, 404, 'alice is still registered');
      bob.close();
    });
  }

  test('answers by hand, holds, and says what it does not understand', async () => {
    const bob = await CallwrightPhone.start(...account('bob'), '--answer', 'manual');
    const alice = await CallwrightPhone.start(...account('alice'));
    await bob.event('registered');
    await alice.event('registered');
    alice.type('hang-up');
    assert.equal((await alice.event('error')).message, 'There is no call');
    alice.type('dance');
    assert.match((await alice.event('error')).message, /There is no "dance"; say dial, answer/);
    alice.type('dial bob');
    await bob.event('ringing');
    bob.type('hold');
    assert.equal((await bob.event('error')).message, 'The call is not answered');
    bob.type('answer');
    assert.equal((await alice.event('media')).direction, 'sendrecv');
    await bob.event('media');
    alice.type('hold');
    assert.equal((await bob.event('media')).direction, 'recvonly');
    assert.equal((await alice.event('media')).direction, 'sendonly');
    alice.type('press 1x');
    assert.match((await alice.event('error')).message, /x/);
    bob.type('hang-up');
    await alice.event('ended');
    assert.equal(await alice.stop(), 0);
    assert.equal(await bob.stop(), 0);
  });
});
