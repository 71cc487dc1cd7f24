// Calls between two phones of this program, as a client of the Call API sees and steers them: how they sound, calls to a number that a program answers for, a number
// that parks, and the records of all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Server, binary, tie, within } from './lib/server.mjs';

const LIMIT_MS = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'callwright-calls-'));
const records = join(folder, 'calls.jsonl');
let server;
let client;
const phones = new Map();

/** A `callwright phone` with the account of that name; `events` are what it has printed. */
class OwnPhone {
  events = [];
  #child;
  #printed = [];

  constructor(name, ...more) {
    const account = ['--account', `${name}@${server.sip}`, '--password', `${name}-demo`];
    this.#child = tie(spawn(binary(), ['phone', ...account, '--json', ...more], { stdio: ['pipe', 'pipe', 'inherit'] }));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.events.push(JSON.parse(line));
      this.#printed.splice(0).forEach((resolve) => resolve());
    });
  }

  say(command) {
    this.#child.stdin.write(`${command}\n`);
  }

  async until(matches, what) {
    const done = async () => {
      while (!this.events.some(matches)) await new Promise((resolve) => this.#printed.push(resolve));
    };
    await within(LIMIT_MS, done(), what);
  }

  async stop() {
    this.#child.stdin.end('quit\n');
    if (this.#child.exitCode === null) await within(LIMIT_MS, once(this.#child, 'exit'), 'the phone does not stop');
  }
}

let commands = 0;
/** The messages of a command, to its Ended. */
async function run(method, params) {
  const cmd_id = `c${(commands += 1)}@calls`;
  client.request(method, { cmd_id, ...params }, commands);
  const messages = [];
  for (;;) {
    const message = JSON.parse(await client.text());
    assert.equal(message.error, undefined, JSON.stringify(message));
    if ((message.params ?? message.result).cmd_id !== cmd_id) continue;
    messages.push(message);
    if (message.params?.event === 'Ended') return messages;
  }
}

const events = (messages) => messages.map(({ result, params }) => (params?.event === 'Error' ? params.data : (params ?? result).event));
const dataOf = (messages, event) => messages.find(({ params }) => params?.event === event)?.params.data;
const uri = (user) => `sip:${user}@${server.sip}`;

/** The records that match, once there are so many. */
async function recorded(matches, count) {
  const look = async () => {
    for (;;) {
      const complete = readFileSync(records, 'utf8').split('\n').slice(0, -1); // The last may be half written.
      const lines = complete.map((line) => JSON.parse(line)).filter(matches);
      if (lines.length >= count) return lines;
      await run('Echo', {});
    }
  };
  return within(LIMIT_MS, look(), `${count} records`);
}

before(async () => {
  const env = {
    CALLWRIGHT_MEDIA_MODE: 'relay',
    CALLWRIGHT_EXCHANGE_PARK_NUMBER: '*68',
    CALLWRIGHT_CALL_API_INCOMING: '100',
    CALLWRIGHT_RECORDS_FILE: records,
  };
  server = await Server.start({ env });
  client = await Client.connect(server.callApi);
  for (const name of ['alice', 'bob']) {
    phones.set(name, new OwnPhone(name, '--play', 'tone:440'));
  }
  for (const phone of phones.values()) {
    await phone.until(({ event, type }) => (event ?? type) === 'registered', 'the phone is not registered');
  }
});

after(async () => {
  for (const phone of phones.values()) await phone.stop();
  client.close?.();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('CallInfo tells how each leg is while the call is up, and afterwards how it was', { timeout: 60_000 }, async () => {
  const started = await run('CallStart', { caller: uri('alice'), callee: uri('bob') });
  const callid = dataOf(started, 'TransferStart').callid;
  const measured = async () => {
    for (;;) {
      const info = dataOf(await run('CallInfo', { callid }), 'Reply');
      if (info.media?.length === 2 && info.media.every(({ packets_received, mos_received }) => packets_received > 50 && mos_received)) return info;
    }
  };
  const info = await within(LIMIT_MS, measured(), 'media of two legs');
  assert.equal(info.state, 'up');
  assert.deepEqual(info.media.map(({ leg }) => leg), [info.callid, info.leg]);
  for (const leg of info.media) {
    assert.equal(leg.live, true);
    assert.ok(leg.codec && leg.packets_sent > 0 && leg.jitter_ms >= 0 && leg.mos_received > 1 && leg.mos_received < 4.6, JSON.stringify(leg));
  }
  const byLeg = dataOf(await run('CallInfo', { callid: info.leg }), 'Reply');
  assert.equal(byLeg.callid, info.callid);
  await run('CallEnd', { callid });
  const ended = async () => {
    for (;;) {
      const info = dataOf(await run('CallInfo', { callid }), 'Reply');
      if (info.state === 'ended' && info.media?.length === 2) return info;
    }
  };
  assert.ok((await within(LIMIT_MS, ended(), 'the end of two streams')).media.every(({ live }) => live === undefined));
  const records = await recorded(({ callid: own, linked }) => own === callid || linked?.includes(callid), 2);
  const [first, second] = records[0].callid === callid ? [records[1], records[0]] : records;
  assert.deepEqual([first.linked, second.linked], [[second.callid], [first.callid]]);
  assert.equal(first.reason, 'connected with the callee');
});

test('a program calls a user for whom a program answers', { timeout: 60_000 }, async () => {
  client.request('Subscribe', { what: 'calls', user: '100', cmd_id: 'watch' });
  client.request('CallStart', { caller: uri('alice'), callee: uri('100'), cmd_id: 'to-api@calls' });
  const seen = [];
  let callid;
  for (;;) {
    const { params, error } = JSON.parse(await client.text());
    assert.equal(error, undefined);
    if (params?.cmd_id === 'watch' && params.event === 'CallIncoming') {
      callid = params.data.callid;
      client.request('CallAnswer', { callid, cmd_id: 'answer' });
    }
    if (params?.cmd_id === 'to-api@calls') {
      seen.push(params.event);
      if (params.event === 'Ended') break;
    }
  }
  assert.ok(seen.includes('CalleeAnswered'), seen.join(' '));
  assert.deepEqual(events(await run('CallHold', { callid })), ['Started', 'CallHolding', 'CallHoldStart', 'CallHoldSuccessful', 'Ended']);
  const transferred = await run('CallBlindTransfer', { callid, leg: 'caller', destination: uri('bob') });
  assert.ok(events(transferred).includes('TransferSuccessful'), events(transferred).join(' '));
  assert.deepEqual(events(await run('CallEnd', { callid })), ['Started', 'Ended']);
  await run('Unsubscribe', { target: 'watch' });
});

test('a phone parks, and another fetches', { timeout: 60_000 }, async () => {
  phones.get('alice').say('dial *68705');
  const parked = async () => {
    for (;;) {
      const { calls } = dataOf(await run('CallList', {}), 'Reply');
      const there = calls.find(({ callee }) => callee.startsWith('sip:705@'));
      if (there) return there;
    }
  };
  const { callid } = await within(LIMIT_MS, parked(), 'a call that is parked');
  assert.deepEqual(events(await run('CallPickup', { slot: '705', by: uri('bob') })), ['Started', 'PickupCalling', 'PickedUp', 'Ended']);
  await run('CallEnd', { callid });
});

test('a number that does not exist has a record', { timeout: 60_000 }, async () => {
  phones.get('alice').say('dial nobody');
  const [record] = await recorded(({ callee }) => callee.includes('nobody'), 1);
  assert.deepEqual([record.status, record.ended_by, record.talk_s, record.legs.length], [404, 'exchange', 0, 1]);
});

test('parameters that are wrong start nothing', { timeout: 60_000 }, async () => {
  const refused = async (method, params) => {
    client.request(method, params, 'wrong');
    for (;;) {
      const message = JSON.parse(await client.text());
      if (message.id === 'wrong') return message.error?.message ?? '';
    }
  };
  assert.match(await refused('CallInfo', {}), /callid not specified/);
  assert.match(await refused('CallInfo', { callid: 7 }), /callid/);
  assert.match(await refused('CallInfo', { callid: 'a\r\nb' }), /callid/);
  assert.match(await refused('CallBlindTransfer', { callid: 'a', leg: 'nobody', destination: uri('bob') }), /leg/);
  assert.match(await refused('CallBlindTransfer', { callid: 'a', leg: 'caller', destination: 'bob' }), /destination/);
  assert.match(await refused('CallHold', { callid: 'a', leg: 'neither' }), /leg/);
  assert.deepEqual(events(await run('CallInfo', { callid: 'nothing@h' })), ['Started', '404 Dialog not found', 'Ended']);
});
