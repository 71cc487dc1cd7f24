// Conferences as three phones hear them, each in a codec of its own.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../e2e/lib/server.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';

const USERS = ['alice', 'bob', 'carol'];
const CONFIG = `${USERS.map((user) => `[[accounts]]\nusername = "${user}"\npassword = "${user}-demo"\n`).join('\n')}
[[conferences]]
number = "8000"
tones = false
`;

describe('a conference of phones', () => {
  let directory;
  let server;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-conference-'));
    writeFileSync(join(directory, 'callwright.toml'), CONFIG);
    server = await Server.start({ args: ['--config', join(directory, 'callwright.toml')] });
  });
  after(async () => {
    assert.equal(await server?.stop(), 0);
    rmSync(directory, { recursive: true });
  });

  /** A phone that is registered, and calls the conference. */
  async function enter(user, codec, play) {
    const phone = await CallwrightPhone.start('--account', `${user}@${server.sip}`, '--password', `${user}-demo`, '--codec', codec, '--play', play);
    await phone.event('registered');
    phone.type('dial 8000');
    assert.equal((await phone.event('media')).codec.toLowerCase(), codec.toLowerCase());
    return phone;
  }

  test('lets each hear the others and not itself, whoever comes, holds and goes', async () => {
    const alice = await enter('alice', 'opus', 'tone:440');
    const carol = await enter('carol', 'PCMU', 'silence');
    await carol.tone(440);
    const bob = await enter('bob', 'G722', 'tone:660');
    await Promise.all([alice.tone(660), bob.tone(440)]);
    alice.type('hold');
    await alice.event('changed', ({ status }) => status === 200);
    await carol.tone(660);
    alice.type('resume');
    await alice.event('changed', ({ status }) => status === 200);
    bob.type('hang-up');
    await bob.event('ended');
    await carol.tone(440);
    for (const phone of [alice, bob, carol]) {
      assert.equal(await phone.stop(), 0);
    }
  });
});
