// baresip and `callwright phone`, which hear each other: every codec, every encryption that both know, keys, hold and resume.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Baresip } from './lib/baresip.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { heardFor, tone } from './lib/sound.mjs';

const OURS_HZ = 440;
const THEIRS_HZ = 660;
const G711 = { module: 'g711', name: 'PCMU', theirs: 'PCMU/8000/1' };
let directory;
let file;
const CODECS = [
  G711,
  { module: 'g711', name: 'PCMA', theirs: 'PCMA/8000/1' },
  { module: 'g722', name: 'G722', theirs: 'G722/16000/1' },
  { module: 'opus', name: 'opus', theirs: 'opus/48000/2' },
  { module: 'l16', name: 'L16', theirs: 'L16/16000/1' },
];

/** Starts both, plays `use`, and stops both. */
async function together({ codec = G711, encryption, modules = [], settings, options = [] }, use) {
  const bob = await Baresip.alone('bob', { codecs: codec.theirs, tone: THEIRS_HZ, encryption, modules: [...(codec.module === 'g711' ? [] : [codec.module]), ...modules], settings });
  const alice = await CallwrightPhone.start('--codec', codec.name, '--play', file, ...options).catch(async (error) => {
    await bob.stop();
    throw error;
  });
  try {
    await use(alice, bob);
  } finally {
    assert.equal(await alice.stop(), 0);
    await bob.stop();
  }
}

/** What was counted in a call that has gone well. baresip may first send a packet that is no RTCP by RFC 3550 (APP "PING" alone), and is never encrypted. */
async function assertNothingLost(alice) {
  const statistics = await alice.event('statistics');
  assert.ok(statistics.packets_received > 20, JSON.stringify(statistics));
  assert.ok(statistics.unauthentic + statistics.refused <= 1, JSON.stringify(statistics));
  for (const counter of ['lost', 'strays', 'duplicates']) {
    assert.equal(statistics[counter], 0, JSON.stringify(statistics));
  }
}

/** Hears them both, for as long as our file lasts. */
async function talk(alice) {
  await alice.tone(THEIRS_HZ);
  await alice.event('played');
}

async function hangUp(alice, bob) {
  alice.type('hang-up');
  await alice.event('ended');
  await bob.line(/session closed|terminated/);
  await assertNothingLost(alice);
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'callwright-sound-'));
  file = join(directory, 'tone.wav');
  writeFileSync(file, tone(OURS_HZ, { seconds: 1 }));
});
after(() => rmSync(directory, { recursive: true }));

// Each test has processes of its own.
describe('sound between baresip and callwright phone', { concurrency: 3 }, () => {
  for (const codec of CODECS) {
    test(`in ${codec.name} both hear the other's tone`, () =>
      together({ codec }, async (alice, bob) => {
        alice.type(`dial ${bob.uri}`);
        const media = await alice.event('media');
        assert.equal(media.codec.toLowerCase(), codec.name.toLowerCase());
        assert.equal(media.security, 'off');
        await talk(alice);
        await hangUp(alice, bob);
        assert.ok(heardFor(bob.heard(), OURS_HZ) >= 800, 'baresip does not hear our tone');
      }));
  }

  test('keys are heard both ways, once each', () =>
    together({}, async (alice, bob) => {
      bob.type(`/dial ${alice.uri}`);
      await alice.event('answered');
      await alice.tone(THEIRS_HZ);
      alice.type('press 159#');
      for (const key of '159#') {
        await bob.line(new RegExp(`received event: '[${key}]' \\(end=0\\)`));
        await bob.line(new RegExp(`received event: '[${key}]' \\(end=1\\)`));
      }
      for (const key of '7*') {
        bob.type(`/sndcode ${key}`);
        const event = await alice.event('key');
        assert.equal(event.key, key);
        assert.equal(event.by, 'event');
      }
      await hangUp(alice, bob);
    }));

  test('after hold and resume by either side the sound is back', () =>
    together({ options: ['--record', directory] }, async (alice, bob) => {
      alice.type(`dial ${bob.uri}`);
      await alice.event('media');
      await alice.tone(THEIRS_HZ);
      for (const [hold, resume, direction] of [
        [() => alice.type('hold'), () => alice.type('resume'), 'sendonly'],
        [() => bob.type('/hold'), () => bob.type('/resume'), 'recvonly'],
      ]) {
        hold();
        assert.equal((await alice.event('media')).direction, direction);
        resume();
        assert.equal((await alice.event('media')).direction, 'sendrecv');
        alice.forget();
        alice.type(`play ${file}`);
        await alice.event('played');
        // baresip records no more after the first hold, so keys tell that it hears us.
        alice.type('press 1');
        await bob.line(/received event: '1' \(end=1\)/);
      }
      await hangUp(alice, bob);
      // A second after each resume, and what was heard before.
      const { path } = await alice.event('recorded');
      assert.ok(heardFor(readFileSync(path), THEIRS_HZ) >= 1700, 'baresip is not heard again');
    }));
});

describe('encrypted sound between baresip and callwright phone', { concurrency: 3 }, () => {
  const KINDS = [
    { name: 'SDES', encryption: 'srtp-mand', module: 'srtp', srtp: 'sdes' },
    { name: 'DTLS-SRTP', encryption: 'dtls_srtp', module: 'dtls_srtp', srtp: 'dtls' },
  ];
  for (const { name, encryption, module, srtp } of KINDS) {
    for (const caller of ['callwright', 'baresip']) {
      test(`by ${name}, when ${caller} calls`, () =>
        together({ encryption, modules: [module], options: ['--srtp', srtp] }, async (alice, bob) => {
          if (caller === 'callwright') {
            alice.type(`dial ${bob.uri}`);
          } else {
            bob.type(`/dial ${alice.uri}`);
          }
          assert.equal((await alice.event('media')).security, srtp);
          await alice.event('secured');
          await talk(alice);
          await hangUp(alice, bob);
          assert.ok(heardFor(bob.heard(), OURS_HZ) >= 800, 'baresip does not hear our tone');
        }));
    }

    test(`a baresip without encryption and a phone that requires ${name} have no call`, () =>
      together({ options: ['--srtp', srtp] }, async (alice, bob) => {
        alice.type(`dial ${bob.uri}`);
        assert.equal((await alice.event('ended')).status, 488);
        bob.type(`/dial ${alice.uri}`);
        await bob.line(/488 Not Acceptable Here/);
      }));

    test(`a phone without encryption refuses a baresip that requires ${name}`, () =>
      together({ encryption, modules: [module] }, async (alice, bob) => {
        bob.type(`/dial ${alice.uri}`);
        await bob.line(/488 Not Acceptable Here/);
        alice.type(`dial ${bob.uri}`);
        // Where baresip leaves out what it requires by itself, we hang up before a packet is sent.
        assert.ok([200, 488].includes((await alice.event('ended')).status));
        assert.equal((await alice.event('statistics')).packets_sent, 0);
      }));
  }
});
