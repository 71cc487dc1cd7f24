// Parked parties and calls that are picked up, as phones hear it: RFC 5359 §2.15 and §2.16, by a program and by calling a slot.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CallApi } from '../../clients/js/callwright.mjs';
import { WebSocket } from '../e2e/lib/client.mjs';
import { Server, within } from '../e2e/lib/server.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { tone } from './lib/sound.mjs';

const LIMIT_MS = 20_000;
const MUSIC_HZ = 1600;
const SAYS_HZ = { alice: 440, bob: 660, carol: 1000, dave: 1300 };

describe('parked parties', () => {
  let directory;
  let server;
  let api;
  const phones = {};

  const uri = (user) => `sip:${user}@${server.sip}`;
  const done = (method, params) => within(LIMIT_MS, api.command(method, params).done, method);
  const facts = (events, name) => events.find(({ event }) => event === name)?.data;
  const silent = () => Object.values(phones).forEach((phone) => phone.forget());
  /** They hear each other. */
  const talk = (one, other) => Promise.all([phones[one].tone(SAYS_HZ[other]), phones[other].tone(SAYS_HZ[one])]);
  const connect = async () => {
    const callid = await api.start(uri('alice'), uri('bob'));
    await talk('alice', 'bob');
    silent();
    return callid;
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-parking-'));
    writeFileSync(join(directory, 'music.wav'), tone(MUSIC_HZ, { rate: 8000, seconds: 1 }));
    const accounts = Object.keys(SAYS_HZ).map((user) => `[[accounts]]\nusername = "${user}"\npassword = "${user}-demo"\n`).join('\n');
    const config = join(directory, 'callwright.toml');
    writeFileSync(config, `[call_api]\npark_timeout_ms = 6000\npark_slots = "71-72"\n[media]\nhold_music = "${directory}/music.wav"\n${accounts}`);
    server = await Server.start({ args: ['--config', config] });
    api = await CallApi.connect(server.callApi, { WebSocket });
    for (const [user, hertz] of Object.entries(SAYS_HZ)) {
      const answer = user === 'dave' ? 'manual' : 'auto';
      const account = ['--account', `${user}@${server.sip}`, '--password', `${user}-demo`];
      phones[user] = await CallwrightPhone.start(...account, '--codec', 'PCMA', '--play', `tone:${hertz}`, '--answer', answer);
      await phones[user].event('registered');
    }
  });
  after(async () => {
    api?.close();
    for (const phone of Object.values(phones)) {
      assert.equal(await phone.stop(), 0);
    }
    assert.equal(await server?.stop(), 0);
    rmSync(directory, { recursive: true });
  });

  test('hear music until somebody calls their slot', async () => {
    const callid = await connect();
    const events = await done('CallPark', { callid });
    assert.deepEqual(events.map(({ event }) => event), ['Parked']);
    assert.deepEqual(facts(events, 'Parked'), { callid, slot: '71' });
    await Promise.all([phones.alice.tone(MUSIC_HZ), phones.bob.event('ended')]);
    assert.match((await api.call(callid)).callee, /^sip:71@/);
    silent();
    phones.carol.type('dial 71');
    await talk('alice', 'carol');
    await done('CallEnd', { callid });
    await Promise.all([phones.alice.event('ended'), phones.carol.event('ended')]);
  });

  test('are fetched by a phone that is called, and by one in a call', async () => {
    const callid = await connect();
    const parked = facts(await done('CallPark', { callid, leg: 'callee', slot: 'desk' }), 'Parked');
    assert.equal(parked.slot, 'desk');
    await Promise.all([phones.bob.tone(MUSIC_HZ), phones.alice.event('ended')]);
    silent();
    const events = await done('CallPickup', { slot: 'desk', by: uri('carol') });
    assert.deepEqual(events.map(({ event }) => event), ['PickupCalling', 'PickedUp']);
    await talk('bob', 'carol');
    silent();
    const again = facts(await done('CallPark', { callid: facts(events, 'PickedUp').callid, leg: 'callee' }), 'Parked');
    assert.equal(again.callid, parked.callid, 'bob is the one who was called, as before');
    await phones.carol.event('ended');
    phones.alice.type('dial dave');
    await phones.dave.event('ringing');
    phones.dave.type('answer');
    await talk('alice', 'dave');
    silent();
    const others = (await api.calls()).calls.find(({ caller }) => caller === uri('alice'));
    const bridged = facts(await done('CallPickup', { callid: again.callid, by: others.callid }), 'PickedUp');
    await Promise.all([talk('alice', 'bob'), phones.dave.event('ended')]);
    await done('CallEnd', { callid: bridged.callid });
    await Promise.all([phones.alice.event('ended'), phones.bob.event('ended')]);
  });

  test('go back to whoever has parked them when nobody comes', async () => {
    const callid = await connect();
    await done('CallPark', { callid });
    await phones.bob.event('ended');
    silent();
    await talk('alice', 'bob');
    await done('CallEnd', { callid });
    await Promise.all([phones.alice.event('ended'), phones.bob.event('ended')]);
  });

  test('a call that rings is picked up', async () => {
    phones.alice.type('dial dave');
    await phones.dave.event('ringing');
    silent();
    const [{ callid }] = (await api.calls()).calls;
    await done('CallPickup', { callid, by: uri('carol') });
    await Promise.all([talk('alice', 'carol'), phones.dave.event('ended')]);
    await done('CallEnd', { callid });
    await Promise.all([phones.alice.event('ended'), phones.carol.event('ended')]);
  });
});
