// Media through the exchange, heard by baresip phones: packets passed on, sound translated between codecs, SRTP on one side.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../e2e/lib/server.mjs';
import { Baresip } from './lib/baresip.mjs';

/** How much of the sound is a sine of that frequency, 0 … 1. */
function share({ samples, rate }, frequency) {
  let re = 0;
  let im = 0;
  let all = 0;
  for (let i = 0; i < samples.length; i += 1) {
    const phase = (2 * Math.PI * frequency * i) / rate;
    re += samples[i] * Math.cos(phase);
    im += samples[i] * Math.sin(phase);
    all += samples[i] * samples[i];
  }
  return all === 0 ? 0 : (2 * (re * re + im * im)) / (samples.length * all);
}

const mostly = (frequency) => (sound) => share(sound, frequency) > 0.8;

/** A second of a sine, as a WAV file. */
function wav(frequency) {
  const rate = 8000;
  const bytes = Buffer.alloc(44 + 2 * rate);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * rate, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * rate, 40);
  for (let i = 0; i < rate; i += 1) {
    bytes.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * frequency * i) / rate)), 44 + 2 * i);
  }
  return bytes;
}

/** Calls, and resolves when each hears the tone of the other. */
async function hear(server, alice, bob) {
  const phones = await Promise.all([
    Baresip.start('alice', 'alice-demo', server.sip, { ...alice, says: 440 }),
    Baresip.start('bob', 'bob-demo', server.sip, { ...bob, says: 660 }),
  ]);
  try {
    phones[0].type(`/dial sip:bob@${server.sip}`);
    await Promise.all(phones.map((phone) => phone.line(/Call established/)));
    await Promise.all([phones[0].hears(1, mostly(660)), phones[1].hears(1, mostly(440))]);
    phones[0].type('/hangup');
    await phones[1].line(/session closed|terminated/);
  } finally {
    await Promise.all(phones.map((phone) => phone.stop()));
  }
}

describe('media through the exchange', () => {
  for (const [mode, alice, bob] of [
    ['relay', { codecs: 'PCMU' }, { codecs: 'PCMU' }],
    ['process', { codecs: 'PCMU' }, { codecs: 'PCMU' }],
    ['process', { codecs: 'PCMU' }, { codecs: 'G722/16000' }],
    ['process', { codecs: 'opus/48000/2' }, { codecs: 'PCMA' }],
    ['relay', { codecs: 'PCMU', encryption: 'srtp-mand' }, { codecs: 'PCMU' }],
    ['auto', { codecs: 'PCMU' }, { codecs: 'G722/16000' }],
  ]) {
    describe(`${mode}: ${JSON.stringify(alice)} and ${JSON.stringify(bob)}`, () => {
      let server;
      before(async () => {
        server = await Server.start({ env: { CALLWRIGHT_MEDIA_MODE: mode } });
      });
      after(async () => {
        assert.equal(await server?.stop(), 0);
      });

      test('both hear the other', async () => {
        await hear(server, alice, bob);
      });
    });
  }

  for (const mode of ['relay', 'auto']) {
    test(`${mode}: who is held hears music, and then the other again`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'callwright-media-'));
      writeFileSync(join(directory, 'music.wav'), wav(1000));
      const server = await Server.start({ env: { CALLWRIGHT_MEDIA_MODE: mode, CALLWRIGHT_MEDIA_HOLD_MUSIC: join(directory, 'music.wav') } });
      const alice = await Baresip.start('alice', 'alice-demo', server.sip, { codecs: 'PCMU', says: 440 });
      const bob = await Baresip.start('bob', 'bob-demo', server.sip, { codecs: 'PCMU', says: 660 });
      try {
        alice.type(`/dial sip:bob@${server.sip}`);
        await bob.hears(1, mostly(440));
        alice.type('/hold');
        await bob.hears(1, mostly(1000));
        alice.type('/resume');
        if (mode === 'auto') {
          // From phone to phone again: what passed through the exchange is over, and the call is not.
          await Promise.all(['alice', 'bob'].map((party) => server.printed(new RegExp(`media ended .*party="?sip:${party}@`))));
        }
        await Promise.all([bob.hears(1, mostly(440)), alice.hears(1, mostly(660))]);
        assert.equal(/media ended/.test(server.output), mode === 'auto');
        alice.type('/hangup');
        await bob.line(/session closed|terminated/);
      } finally {
        await alice.stop();
        await bob.stop();
        rmSync(directory, { recursive: true, force: true });
        assert.equal(await server.stop(), 0);
      }
    });
  }

  test('a file of hold music that is not there is told at the start', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'callwright-media-'));
    try {
      const config = join(directory, 'callwright.toml');
      writeFileSync(config, '[media]\nmode = "relay"\nhold_music = "/nowhere/music.wav"\n');
      await assert.rejects(Server.start({ args: ['--config', config] }), /callwright\.toml:3: media\.hold_music: expected/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
