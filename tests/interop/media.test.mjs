// Media through the exchange, heard by baresip phones: packets passed on, sound translated between codecs, SRTP on one side.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../e2e/lib/server.mjs';
import { Baresip } from './lib/baresip.mjs';

/** How much of the sound is a sine of that frequency, 0 … 1, from its second half, which has no beginnings in it. */
function share({ samples, rate }, frequency) {
  const part = samples.subarray(samples.length >> 1);
  let re = 0;
  let im = 0;
  let all = 0;
  for (let i = 0; i < part.length; i += 1) {
    const phase = (2 * Math.PI * frequency * i) / rate;
    re += part[i] * Math.cos(phase);
    im += part[i] * Math.sin(phase);
    all += part[i] * part[i];
  }
  return all === 0 ? 0 : (2 * (re * re + im * im)) / (part.length * all);
}

async function hear(server, alice, bob) {
  const phones = await Promise.all([
    Baresip.start('alice', 'alice-demo', server.sip, { ...alice, says: 440 }),
    Baresip.start('bob', 'bob-demo', server.sip, { ...bob, says: 660 }),
  ]);
  try {
    phones[0].type(`/dial sip:bob@${server.sip}`);
    await Promise.all(phones.map((phone) => phone.line(/Call established/)));
    const heard = await Promise.all(phones.map((phone) => phone.hears(2)));
    phones[0].type('/hangup');
    await phones[1].line(/session closed|terminated/);
    return { alice: share(heard[0], 660), bob: share(heard[1], 440), rates: heard.map(({ rate }) => rate) };
  } finally {
    await Promise.all(phones.map((phone) => phone.stop()));
  }
}

describe('media through the exchange', () => {
  for (const [mode, alice, bob] of [
    ['relay', { codecs: 'PCMU' }, { codecs: 'PCMU' }],
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
        const heard = await hear(server, alice, bob);
        assert.ok(heard.alice > 0.8, `alice hears ${heard.alice}`);
        assert.ok(heard.bob > 0.8, `bob hears ${heard.bob}`);
      });
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
