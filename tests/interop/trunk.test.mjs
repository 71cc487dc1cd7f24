// SIPp as a trunk that challenges: with the body protected as well (RFC 7616 `auth-int`), which few phones ask for and some carriers do.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { answer, callee, caller, request, response, scenario, sdp } from './lib/scenario.mjs';
import { Sipp } from './lib/sipp.mjs';

const CHALLENGE = 'WWW-Authenticate: Digest realm="trunk.example", nonce="7c1f0a9d2b", algorithm=MD5, qop="auth-int"';

/** The INVITE with credentials, checked by SIPp, which goes on at label 1 when they are right. */
const verified = (password) =>
  callee
    .invited([['hdr:Authorization:', 'qop=auth-int']])
    .replace('<recv ', '<recv next="1" test="right" ')
    .replace('</action>', `<verifyauth assign_to="right" username="callwright" password="${password}"/></action>`);

/** A trunk with this password. */
const trunk = (password) =>
  scenario(
    'trunk',
    callee.invited(),
    callee.reply('401 Unauthorized', { headers: [CHALLENGE] }),
    request('ACK'),
    verified(password),
    callee.reply('403 Forbidden'),
    `${request('ACK').replace('<recv ', '<recv next="2" ')}`,
    '<label id="1"/>',
    callee.reply('200 OK', { body: sdp() }),
    request('ACK'),
    request('BYE'),
    answer('200 OK'),
    '<label id="2"/>',
  );

describe('a trunk that asks for auth-int', () => {
  const directory = mkdtempSync(join(tmpdir(), 'callwright-trunk-'));
  const peers = [];
  let server;

  before(async () => {
    peers.push(await Sipp.start(trunk('trunk-secret')), await Sipp.start(trunk('another secret')));
    const route = (user, peer) => `[[routes]]\nuser = "${user}"\ntarget = "sip:${peer.contact}"\nusername = "callwright"\npassword = "trunk-secret"\n`;
    const config = join(directory, 'callwright.toml');
    writeFileSync(config, route('0*', peers[0]) + route('1*', peers[1]));
    server = await Server.start({ args: ['--config', config] });
  });
  after(async () => {
    peers.forEach((peer) => peer.kill());
    rmSync(directory, { recursive: true, force: true });
    assert.equal(await server?.stop(), 0);
  });

  const alice = (number, ...steps) =>
    Sipp.run(scenario('caller', caller.invite(), ...steps), { remote: server.sip, service: 'alice', password: 'alice-demo', keys: { callee: number } });

  test('gets credentials that cover the body, and the call is made', async () => {
    await alice('030123', response(200, { rrs: true }), caller.send('ACK', 2), caller.send('BYE', 3), response(200));
    await peers[0].succeeded();
  });

  test('finds them wrong when its password is another', async () => {
    await alice('130123', response(403), caller.acknowledgeRefusal(2));
    await peers[1].succeeded();
  });
});
