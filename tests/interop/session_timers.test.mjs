// Session timers (RFC 4028) take their time: 90 seconds is the shortest interval there is. SIPp on both sides of the built binary.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { answer, callee, caller, request, response, scenario, sdp } from './lib/scenario.mjs';
import { Sipp } from './lib/sipp.mjs';

const LIMIT_MS = 80_000;
const TIMER = ['Supported: timer', 'Allow: INVITE, ACK, CANCEL, BYE, UPDATE'];

describe('session timers', { concurrency: true }, () => {
  let server;

  before(async () => {
    server = await Server.start();
  });
  after(async () => {
    assert.equal(await server.stop(), 0);
  });

  /** `bobSteps` play `user` when called; alice calls with `aliceSteps`. */
  async function play(user, aliceSteps, bobSteps) {
    const phone = await Sipp.start(scenario('callee', ...bobSteps), { service: user, remote: server.sip, limit: LIMIT_MS });
    try {
      await Sipp.run('register', { remote: server.sip, service: user, password: `${user}-demo`, keys: { contact: phone.contact } });
      await Sipp.run(scenario('caller', ...aliceSteps), { remote: server.sip, service: 'alice', password: 'alice-demo', keys: { callee: user }, limit: LIMIT_MS });
      await phone.succeeded();
    } finally {
      phone.kill();
    }
  }

  const answers = (headers) => [callee.invited(), callee.reply('180 Ringing'), callee.reply('200 OK', { headers, body: sdp() }), request('ACK')];
  const patiently = { patience: LIMIT_MS };

  test('a caller that was to refresh and does not is hung up after a minute, and so is the other side', async () => {
    const began = Date.now();
    await play(
      'bob',
      [
        caller.invite({ headers: ['Supported: timer', 'Session-Expires: 90;refresher=uac'] }),
        response(180, { optional: true }),
        response(200, { rrs: true, matches: [['hdr:Session-Expires:', '90;refresher=uac']] }),
        caller.send('ACK', 2),
        request('BYE', patiently),
        answer('200 OK'),
      ],
      [answers([]), request('BYE', patiently), answer('200 OK')],
    );
    const seconds = (Date.now() - began) / 1000;
    assert.ok(seconds > 55 && seconds < 70, `it took ${seconds} s`);
  });

  test('the exchange refreshes the session where that falls to it', async () => {
    await play(
      'carol',
      [
        caller.invite({ headers: [...TIMER, 'Session-Expires: 90;refresher=uas'] }),
        response(180, { optional: true }),
        response(200, { rrs: true, matches: [['hdr:Session-Expires:', '90;refresher=uas']] }),
        caller.send('ACK', 2),
        request('UPDATE', { ...patiently, matches: [['hdr:Session-Expires:', '90;refresher=uac']] }),
        answer('200 OK', { headers: ['Require: timer', 'Session-Expires: 90;refresher=uac'] }),
        caller.send('BYE', 3),
        response(200),
      ],
      [answers([]), request('BYE', patiently), answer('200 OK')],
    );
  });
});
