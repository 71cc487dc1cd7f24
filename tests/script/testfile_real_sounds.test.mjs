// What an agent of a testfile plays is what the other one hears: files of all forms, again and again, and tones.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { heardFor, read } from '../interop/lib/sound.mjs';
import { CALL, neighbours, passes } from './lib/real_testfile.mjs';
import { findSpeech, speech, TONE_HZ } from './lib/spoken.mjs';

const FOLDER = 'callwright-results/call.test';

/** What `user` heard in a run of this text. */
async function heardBy(user, text, files) {
  let heard;
  await passes(text, {
    files,
    args: ['--save-audio'],
    inspect: (folder) => {
      const names = readdirSync(join(folder, FOLDER)).filter((name) => name.includes(`sip_${user}_`) && name.endsWith('-recv.wav'));
      assert.equal(names.length, 1, readdirSync(join(folder, FOLDER)).join(' '));
      heard = readFileSync(join(folder, FOLDER, names[0]));
    },
  });
  return heard;
}

describe('sounds of a testfile', { concurrency: 3 }, () => {
  const forms = {
    '8 kHz': speech(8000),
    '16 kHz': speech(16_000),
    '44.1 kHz': speech(44_100),
    'two channels at 48 kHz': speech(48_000, { channels: 2 }),
    'A-law': speech(8000, { form: 'alaw' }),
    'µ-law': speech(8000, { form: 'mulaw' }),
  };
  for (const [name, alice] of Object.entries(forms)) {
    test(`a file of ${name} is played again and again, and heard`, async () => {
      const codecs = name === '16 kHz' ? 'l16' : 'pcma';
      const phones = await neighbours(2, [`;audio_codecs=${codecs};input_wav=alice.wav`, `;audio_codecs=${codecs}`]);
      const heard = await heardBy('bob', `${phones}${CALL}5s\nua1:hangup|wait ua2 AUDIO_REPORT 5s`, { 'sounds/alice.wav': alice });
      assert.ok(findSpeech(heard).length >= 1);
      const tone_ms = heardFor(heard, TONE_HZ);
      assert.ok(tone_ms > 1500 && tone_ms < 3200, `${tone_ms} ms of the half seconds at the end of each time`);
    });
  }

  test('the source can be changed while it is played, and muted', async () => {
    const phones = await neighbours(2, [';audio_codecs=pcma;audio_source=ausine,440', ';audio_codecs=pcma']);
    const heard = await heardBy('bob', `${phones}${CALL}1s\nua1:ausrc ausine,880|1s|ua1:mute|1s|ua1:mute|1s|ua1:hangup|wait ua2 AUDIO_REPORT 5s`);
    for (const [hertz, wanted] of [[440, 1000], [880, 2000]]) {
      const ms = heardFor(heard, hertz);
      assert.ok(ms > wanted - 250 && ms < wanted + 250, `${hertz} Hz for ${ms} ms`);
    }
    const { samples, rate } = read(heard);
    assert.ok(samples.length / rate > 3.5, `${samples.length / rate} s`);
  });
});
