// What `callwright demo --record` leaves on the disk: both sides of the call, each on its channel, for each phone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary } from './lib/server.mjs';

const ALICE_HZ = 440;
const BOB_HZ = 660;

/** The samples of both channels of a WAV file with 16 bits and a header of 44 bytes. */
function channelsOf(path) {
  const bytes = readFileSync(path);
  assert.equal(bytes.toString('latin1', 0, 4), 'RIFF');
  assert.equal(bytes.readUInt16LE(22), 2, 'channels');
  assert.equal(bytes.readUInt32LE(40), bytes.length - 44, 'the header counts all that there is');
  const rate = bytes.readUInt32LE(24);
  const channels = [[], []];
  for (let at = 44; at + 4 <= bytes.length; at += 4) {
    channels[0].push(bytes.readInt16LE(at));
    channels[1].push(bytes.readInt16LE(at + 2));
  }
  return { rate, left: channels[0], right: channels[1] };
}

/** Of the last 40 ms that are loud, by how often the sine crosses zero: to 25 Hz. The demo talks for a fifth of a second. */
function frequency(samples, rate) {
  const loud = samples.findLastIndex((sample) => Math.abs(sample) > 3000);
  assert.ok(loud > rate / 25, `no tone in ${samples.length} samples`);
  const part = samples.slice(loud - rate / 25, loud);
  let crossings = 0;
  for (let i = 1; i < part.length; i += 1) {
    crossings += part[i - 1] < 0 && part[i] >= 0 ? 1 : 0;
  }
  return crossings * 25;
}

test('both phones of the demo record both sides of their call', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'callwright-recording-'));
  try {
    const demo = spawnSync(binary(), ['demo', '--record', folder], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(demo.status, 0, demo.stdout + demo.stderr);
    const files = readdirSync(folder);
    assert.equal(files.length, 2, files.join(' '));
    for (const [name, heard, said] of [['alice', BOB_HZ, ALICE_HZ], ['bob', ALICE_HZ, BOB_HZ]]) {
      const file = files.find((found) => found.startsWith(`${name}-`));
      assert.ok(file, `${files.join(' ')}: none of ${name}`);
      assert.match(demo.stdout, new RegExp(`recorded [0-9.]+ s: ${join(folder, file).replaceAll('.', '\\.')}`));
      const { rate, left, right } = channelsOf(join(folder, file));
      assert.ok(Math.abs(frequency(left, rate) - heard) <= 50, `${name} hears ${frequency(left, rate)} Hz`);
      assert.ok(Math.abs(frequency(right, rate) - said) <= 50, `${name} says ${frequency(right, rate)} Hz`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a folder that is not there is refused before anything starts', () => {
  const demo = spawnSync(binary(), ['demo', '--record', '/nonexistent/folder'], { encoding: 'utf8', timeout: 60_000 });
  assert.notEqual(demo.status, 0);
  assert.match(demo.stdout + demo.stderr, /--record.*not exist/);
});
