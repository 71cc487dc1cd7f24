// Baresip phones with their stock configuration at the built binary: calls are started, transferred and ended through the command-line client.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { Client } from '../e2e/lib/client.mjs';
import { Server, binary, within } from '../e2e/lib/server.mjs';
import { Baresip } from './lib/baresip.mjs';

const LIMIT_MS = 20_000;

let server;
let alice;
let bob;

/** Runs `callwright call`; gives exit code and the lines that it printed. */
async function call(...args) {
  const child = spawn(binary(), ['call', ...args, '--url', server.callApi], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  const [code] = await within(LIMIT_MS, once(child, 'close'), 'callwright call does not end');
  return { code, lines: output.trim().split('\n') };
}

/** The Call-ID that the event with this name tells. */
function callidIn(lines, name) {
  return /callid=(\S+)/.exec(lines.find((line) => line.startsWith(name)))[1];
}

/** Connects the two, and gives the Call-ID of their call. */
async function connect(one, other) {
  const { code, lines } = await call('CallStart', `caller=sip:${one}@${server.sip}`, `callee=sip:${other}@${server.sip}`);
  assert.equal(code, 0, lines.join('\n'));
  return callidIn(lines, 'TransferStart');
}

function names(lines) {
  return lines.map((line) => line.split(' ')[0]);
}

describe('baresip', () => {
  before(async () => {
    server = await Server.start();
    alice = await Baresip.start('alice', 'alice-demo', server.sip);
    bob = await Baresip.start('bob', 'bob-demo', server.sip);
  });
  after(async () => {
    await alice?.stop();
    await bob?.stop();
    assert.equal(await server?.stop(), 0);
  });

  test('two phones are connected by CallStart, exchange RTP and are hung up by CallEnd, twice', async () => {
    for (let round = 0; round < 2; ++round) {
      const started = await call('CallStart', `caller=sip:alice@${server.sip}`, `callee=sip:bob@${server.sip}`);
      assert.equal(started.code, 0, started.lines.join('\n'));
      assert.deepEqual(
        names(started.lines).filter((name) => name !== 'TransferPending'),
        ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'CalleeAnswered', 'Ended'],
      );
      await alice.line(/incoming rtp for 'audio' established/);
      await bob.line(/incoming rtp for 'audio' established/);
      const callid = callidIn(started.lines, 'TransferStart');
      const ended = await call('CallEnd', `callid=${callid}`);
      assert.equal(ended.code, 0, ended.lines.join('\n'));
      await bob.line(/session closed|terminated/);
      await alice.line(/session closed|terminated/);
    }
  });

  test('a phone that is not registered ends CallStart with 404 and exit status 1', async () => {
    const result = await call('CallStart', `caller=sip:carol@${server.sip}`, `callee=sip:bob@${server.sip}`);
    assert.equal(result.code, 1);
    assert.deepEqual(names(result.lines), ['Started', 'Error', 'Ended']);
    assert.match(result.lines[1], /failed to establish initial call: 404 Not Found/);
  });

  test('a callee that is not registered ends CallStart with 404, and the first leg is hung up', async () => {
    const result = await call('CallStart', `caller=sip:alice@${server.sip}`, `callee=sip:carol@${server.sip}`);
    assert.equal(result.code, 1);
    assert.match(result.lines.find((line) => line.startsWith('Error')), /404 Not Found/);
    await alice.line(/session closed|terminated/);
  });

  test('a call is put on hold and taken back, both parties and one alone', async () => {
    const callid = await connect('alice', 'bob');
    for (const leg of ['both', 'caller', 'callee']) {
      for (const [method, doing, start, done] of [
        ['CallHold', 'CallHolding', 'CallHoldStart', 'CallHoldSuccessful'],
        ['CallUnhold', 'CallUnholding', 'CallUnholdStart', 'CallUnholdSuccessful'],
      ]) {
        const { code, lines } = await call(method, `callid=${callid}`, `leg=${leg}`);
        assert.equal(code, 0, lines.join('\n'));
        assert.deepEqual(names(lines), ['Started', doing, start, start, done, done, 'Ended']);
        assert.deepEqual(
          lines.filter((line) => line.startsWith(start)).map((line) => line.split(/\s+/)[1]),
          ['leg=caller', 'leg=callee'],
        );
      }
    }
    const refused = await call('CallUnhold', `callid=${callid}`);
    assert.equal(refused.code, 1);
    assert.match(refused.lines.find((line) => line.startsWith('Error')), /480 No dialog legs on hold/);
    assert.equal((await call('CallEnd', `callid=${callid}`)).code, 0);
  });

  test('another client sees the call come, held and go, and goes on where it was after a reconnect', async () => {
    const watcher = await Client.connect(server.callApi);
    watcher.request('Subscribe', { what: 'calls', cmd_id: 'watch' });
    const [, subscribed] = await watcher.take(2);
    assert.equal(subscribed.params.event, 'Subscribed');
    const callid = await connect('alice', 'bob');
    const seen = [];
    while (seen.at(-1)?.params.event !== 'CallAnswered') {
      seen.push(await watcher.next());
    }
    const up = seen.at(-1).params.data;
    assert.equal(up.callid, callid);
    assert.match(up.caller, /alice/);
    assert.match(up.callee, /bob/);
    const seqs = seen.map(({ params }) => params.data.seq);
    assert.deepEqual(seqs, seqs.map((_seq, index) => subscribed.params.data.seq + 1 + index), 'none is missing');
    await watcher.terminate();

    assert.equal((await call('CallHold', `callid=${callid}`)).code, 0);
    const again = await Client.connect(server.callApi);
    again.request('CallList', { cmd_id: 'list' });
    const [, list] = await again.untilEnded();
    assert.deepEqual(list.params.data.calls.map((one) => [one.callid, one.leg, one.state, one.held]), [[callid, up.leg, 'up', ['caller', 'callee']]]);
    assert.equal((await call('CallEnd', `callid=${up.leg}`)).code, 0);
    again.request('Subscribe', { callid, after: seqs.at(-1), feed: subscribed.params.data.feed, cmd_id: 'watch' });
    const names = [];
    while (names.at(-1) !== 'CallEnded') {
      const { params } = await again.next();
      names.push(params?.event);
    }
    assert.deepEqual(names.filter((name) => /^Call/.test(name ?? '')), ['CallHeld', 'CallEnded']);
    again.request('CallInfo', { callid }, 'info');
    const [, info] = await again.untilEnded();
    assert.equal(info.params.data.state, 'ended');
    again.request('RegistrationList', {}, 'phones');
    const [, phones] = await again.untilEnded();
    assert.deepEqual(phones.params.data.registrations.map(({ user }) => user), ['alice', 'bob']);
    assert.equal(await again.close(), 1000);
  });

  test('a party is transferred to a third phone, and the call goes on there', async () => {
    const carol = await Baresip.start('carol', 'carol-demo', server.sip);
    try {
      const callid = await connect('alice', 'bob');
      const result = await call('CallBlindTransfer', `callid=${callid}`, 'leg=callee', `destination=sip:carol@${server.sip}`);
      assert.equal(result.code, 0, result.lines.join('\n'));
      assert.deepEqual(
        names(result.lines).filter((name) => name !== 'TransferPending'),
        ['Started', 'Transferring', 'TransferStart', 'TransferSuccessful', 'Ended'],
      );
      await carol.line(/incoming rtp for 'audio' established/);
      await alice.line(/session closed|terminated/);
      assert.equal((await call('CallEnd', `callid=${callidIn(result.lines, 'TransferSuccessful')}`)).code, 0);
      await carol.line(/session closed|terminated/);
    } finally {
      await carol.stop();
    }
  });

  test('a transfer to nobody leaves the call as it was', async () => {
    const callid = await connect('alice', 'bob');
    const result = await call('CallBlindTransfer', `callid=${callid}`, 'leg=caller', `destination=sip:nobody@${server.sip}`);
    assert.equal(result.code, 1);
    assert.match(result.lines.find((line) => line.startsWith('Error')), /failed to reach the destination: 404 Not Found/);
    assert.equal((await call('CallEnd', `callid=${callid}`)).code, 0);
  });

  test('the parties of two calls are connected with each other', async () => {
    const carol = await Baresip.start('carol', 'carol-demo', server.sip);
    try {
      const first = await connect('alice', 'bob');
      const second = await connect('alice', 'carol');
      const result = await call('CallAttendedTransfer', `callidA=${first}`, 'legA=callee', `callidB=${second}`, 'legB=callee');
      assert.equal(result.code, 0, result.lines.join('\n'));
      assert.deepEqual(
        names(result.lines).filter((name) => name !== 'TransferPending'),
        ['Started', 'Transferring', 'TransferStart', 'TransferSuccessful', 'Ended'],
      );
      assert.equal((await call('CallEnd', `callid=${callidIn(result.lines, 'TransferSuccessful')}`)).code, 0);
      await carol.line(/session closed|terminated/);
    } finally {
      await carol.stop();
    }
  });
});
