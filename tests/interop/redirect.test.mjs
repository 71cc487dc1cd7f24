// A SIPp that answers 302 with the address of another one: whether the exchange follows is for the route to say.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { answer, callee, caller, request, response, scenario, sdp } from './lib/scenario.mjs';
import { Sipp } from './lib/sipp.mjs';

const moved = (contacts) => scenario('moved', callee.invited(), callee.reply('302 Moved Temporarily', { headers: [`Contact: ${contacts}`] }), request('ACK'));
const ANSWERS = scenario('callee', callee.invited(), callee.reply('180 Ringing'), callee.reply('200 OK', { body: sdp() }), request('ACK'), request('BYE'), answer('200 OK'));
const BUSY = scenario('busy', callee.invited(), callee.reply('486 Busy Here'), request('ACK'));

describe('a route whose target has moved', () => {
  const directory = mkdtempSync(join(tmpdir(), 'callwright-redirect-'));
  const peers = {};
  const elsewhere = createSocket('udp4');
  let asked = 0;
  let server;

  before(async () => {
    elsewhere.on('message', () => (asked += 1));
    peers.busy = await Sipp.start(BUSY);
    peers.second = await Sipp.start(ANSWERS);
    peers.sameHost = await Sipp.start(ANSWERS);
    const uri = (peer) => `<sip:moved@${peer.contact}>`;
    peers.all = await Sipp.start(moved(`${uri(peers.second)};q=0.1, ${uri(peers.busy)};q=0.9`));
    elsewhere.bind(0, '127.0.0.2');
    await once(elsewhere, 'listening');
    peers.same = await Sipp.start(moved(`<sip:moved@127.0.0.2:${elsewhere.address().port}>, ${uri(peers.sameHost)}`));
    peers.off = await Sipp.start(moved(uri(peers.second)));
    const route = (user, peer, more) => `[[routes]]\nuser = "${user}"\ntarget = "sip:${peer.contact}"\n${more}`;
    const config = join(directory, 'callwright.toml');
    writeFileSync(config, route('1*', peers.all, 'follow_redirects = "all"\n') + route('2*', peers.same, 'follow_redirects = "domain"\n') + route('3*', peers.off, ''));
    server = await Server.start({ args: ['--config', config], env: { CALLWRIGHT_SIP_T1_MS: '100' } });
  });
  after(async () => {
    elsewhere.close();
    Object.values(peers).forEach((peer) => peer.kill());
    rmSync(directory, { recursive: true, force: true });
    assert.equal(await server?.stop(), 0);
  });

  const alice = (number, ...steps) =>
    Sipp.run(scenario('caller', caller.invite(), ...steps), { remote: server.sip, service: 'alice', password: 'alice-demo', keys: { callee: number } });
  const TALKS = [response(180, { optional: true }), response(200, { rrs: true }), caller.send('ACK', 2), caller.send('BYE', 3), response(200)];

  test('is found where it says, in the order of q, when all redirections are followed', async () => {
    await alice('100', ...TALKS);
    await peers.all.succeeded();
    await peers.busy.succeeded();
    await peers.second.succeeded();
  });

  test('is not looked for on another host when only the same one may be tried', async () => {
    await alice('200', ...TALKS);
    await peers.same.succeeded();
    await peers.sameHost.succeeded();
    assert.equal(asked, 0);
  });

  test('is not looked for without being asked to: the caller hears 480', async () => {
    await alice('300', response(480), caller.acknowledgeRefusal(2));
    await peers.off.succeeded();
  });
});
