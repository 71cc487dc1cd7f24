// What a program does with calls over the Call API, as phones hear it: sounds, keys, recordings, calls that come in, parties brought together and parted.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CallApi } from '../../clients/js/callwright.mjs';
import { WebSocket } from '../e2e/lib/client.mjs';
import { Server, within } from '../e2e/lib/server.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';

const LIMIT_MS = 20_000;
const USERS = ['alice', 'bob'];

/** A WAV file of a second of that tone, 8 kHz and 16 bits. */
function wav(hertz) {
  const samples = Buffer.alloc(16_000);
  for (let index = 0; index < 8000; index += 1) {
    samples.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * index) / 8000)), 2 * index);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

describe('the sound of calls, steered by a program', () => {
  let directory;
  let server;
  let api;
  let alice;
  let bob;
  let calls;

  const phone = async (user, ...more) => {
    const started = await CallwrightPhone.start('--account', `${user}@${server.sip}`, '--password', `${user}-demo`, ...more);
    await started.event('registered');
    return started;
  };
  const done = (method, params) => within(LIMIT_MS, api.command(method, params).done, method);
  /** The next event of a call; others are passed over. */
  const event = async (name) => {
    for (;;) {
      const { value } = await within(LIMIT_MS, calls.next(), name);
      if (value.event === name) {
        return value.data;
      }
    }
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-sound-'));
    mkdirSync(join(directory, 'sounds'));
    mkdirSync(join(directory, 'recordings'));
    writeFileSync(join(directory, 'sounds', 'second.wav'), wav(1000));
    const accounts = USERS.map((user) => `[[accounts]]\nusername = "${user}"\npassword = "${user}-demo"\n`).join('\n');
    writeFileSync(
      join(directory, 'callwright.toml'),
      `[call_api]\nincoming = ["100"]\n[media]\nsounds = "${directory}/sounds"\nrecordings = "${directory}/recordings"\n${accounts}`,
    );
    server = await Server.start({ args: ['--config', join(directory, 'callwright.toml')] });
    api = await CallApi.connect(server.callApi, { WebSocket });
    calls = api.subscribe({ what: 'calls' })[Symbol.asyncIterator]();
    alice = await phone('alice', '--codec', 'PCMA', '--play', 'tone:440');
    bob = await phone('bob', '--codec', 'PCMA', '--play', 'tone:660');
  });
  after(async () => {
    api?.close();
    assert.equal(await alice?.stop(), 0);
    assert.equal(await bob?.stop(), 0);
    assert.equal(await server?.stop(), 0);
    rmSync(directory, { recursive: true });
  });

  test('plays, mutes, presses keys and records in a call whose media bypassed the exchange', async () => {
    const callid = await api.start(`sip:alice@${server.sip}`, `sip:bob@${server.sip}`);
    await bob.tone(440);
    await alice.tone(660);
    const playing = api.command('CallPlay', { callid, leg: 'callee', tone: 1600 });
    await bob.tone(1600);
    await done('CallStop', { callid, leg: 'callee' });
    assert.deepEqual(
      (await within(LIMIT_MS, playing.done, 'CallPlay')).map(({ event: name, data }) => [name, data?.leg]),
      [['CallPlayStart', 'callee'], ['CallPlayStopped', 'callee']],
    );
    await bob.tone(440);
    const recording = api.command('CallRecord', { callid });
    const events = await done('CallPlay', { callid, file: 'second.wav' });
    assert.deepEqual(events.map(({ event: name }) => name).sort(), ['CallPlayStart', 'CallPlayStart', 'CallPlaySuccessful', 'CallPlaySuccessful']);
    await Promise.all([alice.tone(1000), bob.tone(1000)]);
    await done('CallDtmf', { callid, leg: 'caller', digits: '5#' });
    assert.equal((await alice.event('key')).key, '5');
    assert.equal((await alice.event('key')).key, '#');
    await done('CallRecord', { callid, action: 'stop' });
    const [, recorded] = await within(LIMIT_MS, recording.done, 'CallRecord');
    assert.equal(recorded.event, 'CallRecordSuccessful');
    const file = readFileSync(recorded.data.file);
    assert.equal(file.toString('latin1', 0, 4), 'RIFF');
    assert.ok(file.length > 2 * 2 * 16_000, `more than a second of two channels: ${file.length} bytes`);
    await assert.rejects(done('CallPlay', { callid, file: 'missing.wav' }), /missing\.wav/);
    await done('CallEnd', { callid });
    await Promise.all([alice.event('ended'), bob.event('ended')]);
  });

  test('answers a call that comes in, plays to it, and bridges it with another', async () => {
    alice.forget();
    bob.forget();
    alice.type('dial 100');
    const incoming = await event('CallIncoming');
    assert.match(incoming.caller, /^sip:alice@/);
    await done('CallAnswer', { callid: incoming.callid });
    const playing = api.command('CallPlay', { callid: incoming.callid, tone: 1600 });
    await alice.tone(1600);
    bob.type('dial 100');
    const other = await event('CallIncoming');
    await done('CallRing', { callid: other.callid });
    await done('CallAnswer', { callid: other.callid });
    const [bridged] = await done('CallBridge', { callidA: incoming.callid, callidB: other.callid });
    await assert.rejects(within(LIMIT_MS, playing.done, 'CallPlay'), /before all was played/);
    await Promise.all([alice.tone(660), bob.tone(440)]);
    await done('CallUnbridge', { callid: bridged.data.callid });
    const alone = api.command('CallPlay', { callid: incoming.callid, tone: 1600 });
    await alice.tone(1600);
    await done('ConferenceCreate', { conference: 'board' });
    await done('ConferenceAdd', { conference: 'board', callid: incoming.callid });
    await assert.rejects(within(LIMIT_MS, alone.done, 'CallPlay'), /before all was played/);
    await done('ConferenceAdd', { conference: 'board', callid: other.callid });
    await alice.tone(660);
    await done('ConferenceEnd', { conference: 'board' });
    await Promise.all([alice.event('ended'), bob.event('ended')]);
  });

  test('refuses a call, and sends one on', async () => {
    alice.forget();
    alice.type('dial 100');
    const refused = await event('CallIncoming');
    await done('CallReject', { callid: refused.callid, status: 603 });
    await alice.event('ended', ({ status }) => status === 603);
    alice.type('dial 100');
    const redirected = await event('CallIncoming');
    await done('CallRedirect', { callid: redirected.callid, destination: `sip:bob@${server.sip}` });
    await bob.tone(440);
    await done('CallEnd', { callid: redirected.callid });
    await Promise.all([alice.event('ended'), bob.event('ended')]);
  });
});
