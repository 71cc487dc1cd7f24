// What SIP has besides calling and hanging up, through the built binary: SIPp as caller and as answerer.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { answer, callee, caller, request, response, scenario, sdp } from './lib/scenario.mjs';
import { Sipp } from './lib/sipp.mjs';

let server;
const phones = [];

/** Registers a phone that plays `steps` as bob when called, has alice call him with hers, and expects both to end well. */
async function play(aliceSteps, bobSteps) {
  const bob = await Sipp.start(scenario('callee', ...bobSteps), { service: 'bob', remote: server.sip });
  phones.push(bob);
  const account = { remote: server.sip, service: 'bob', password: 'bob-demo', keys: { contact: bob.contact } };
  await Sipp.run('register', account);
  try {
    await Sipp.run(scenario('caller', ...aliceSteps), { remote: server.sip, service: 'alice', password: 'alice-demo', keys: { callee: 'bob' } });
    await bob.succeeded();
  } finally {
    await Sipp.run('unregister', account);
  }
}

/** Sends one request of alice's and checks how it is refused. */
async function refused(steps) {
  await Sipp.run(scenario('one request', ...steps), { remote: server.sip, service: 'alice', password: 'alice-demo', keys: { callee: 'bob' } });
}

/** The caller's and the callee's side of an accepted call that the caller ends; `during` comes in between. */
const ACCEPTED = [response(180, { optional: true }), response(200, { rrs: true }), caller.send('ACK', 2)];
const HANGS_UP = (cseq) => [caller.send('BYE', cseq), response(200)];
const ANSWERS = [callee.invited(), callee.reply('180 Ringing'), callee.reply('200 OK', { body: sdp() }), request('ACK')];
const HUNG_UP = [request('BYE'), answer('200 OK')];

describe('sessions through the exchange', () => {
  before(async () => {
    server = await Server.start({ env: { CALLWRIGHT_SIP_T1_MS: '100' } });
  });
  after(async () => {
    phones.forEach((one) => one.kill());
    assert.equal(await server.stop(), 0);
  });

  test('a caller that requires 100rel gets a reliable 183 with the early answer, and both sides use PRACK', async () => {
    await play(
      [
        caller.invite({ headers: ['Require: 100rel'] }),
        response(183, { rrs: true, matches: [['hdr:RSeq:', '([0-9]+)', 'rseq'], ['hdr:Require:', '100rel'], ['msg', 'm=audio']] }),
        caller.send('PRACK', 3, { headers: ['RAck: [$rseq] 2 INVITE'] }),
        response(200, { matches: [['hdr:CSeq:', 'PRACK']] }),
        response(200, { rrs: true, matches: [['hdr:CSeq:', 'INVITE']] }),
        caller.send('ACK', 2),
        HANGS_UP(4),
      ],
      [
        callee.invited([['hdr:Supported:', '100rel']]),
        callee.reply('183 Session Progress', { headers: ['Require: 100rel', 'RSeq: 77'], body: sdp() }),
        request('PRACK', { matches: [['hdr:RAck:', '77 [0-9]+ INVITE']] }),
        answer('200 OK'),
        callee.reply('200 OK'),
        request('ACK'),
        HUNG_UP,
      ],
    );
  });

  test('after PRACK either side changes the early session with UPDATE before the call is answered', async () => {
    const updated = (direction) => response(200, { matches: [['hdr:CSeq:', 'UPDATE'], ['msg', `a=${direction}`]] });
    await play(
      [
        caller.invite({ headers: ['Require: 100rel', 'Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE'] }),
        response(183, { rrs: true, matches: [['hdr:RSeq:', '([0-9]+)', 'rseq'], ['msg', 'm=audio']] }),
        caller.send('PRACK', 3, { headers: ['RAck: [$rseq] 2 INVITE'] }),
        response(200, { matches: [['hdr:CSeq:', 'PRACK']] }),
        caller.send('UPDATE', 4, { body: sdp('sendonly') }),
        updated('recvonly'),
        request('UPDATE', { matches: [['msg', 'a=inactive']] }),
        answer('200 OK', { body: sdp('inactive') }),
        response(200, { rrs: true, matches: [['hdr:CSeq:', 'INVITE']] }),
        caller.send('ACK', 2),
        HANGS_UP(5),
      ],
      [
        callee.invited(),
        callee.reply('183 Session Progress', { headers: ['Require: 100rel', 'RSeq: 77'], body: sdp() }),
        request('PRACK', { matches: [['hdr:RAck:', '77 [0-9]+ INVITE']] }),
        answer('200 OK'),
        request('UPDATE', { matches: [['msg', 'a=sendonly']] }),
        answer('200 OK', { body: sdp('recvonly') }),
        callee.send('UPDATE', 1, { body: sdp('inactive') }),
        updated('inactive'),
        callee.reply('200 OK'),
        request('ACK'),
        HUNG_UP,
      ],
    );
  });

  test('UPDATE of either side in a call is answered by the other', async () => {
    await play(
      [
        caller.invite({ headers: ['Allow: INVITE, ACK, CANCEL, BYE, UPDATE'] }),
        ACCEPTED,
        caller.send('UPDATE', 3, { body: sdp('sendonly') }),
        response(200, { matches: [['msg', 'a=recvonly']] }),
        request('UPDATE', { matches: [['msg', 'a=inactive']] }),
        answer('200 OK', { body: sdp('inactive') }),
        HANGS_UP(4),
      ],
      [
        ANSWERS,
        request('UPDATE', { matches: [['msg', 'a=sendonly']] }),
        answer('200 OK', { body: sdp('recvonly') }),
        callee.send('UPDATE', 1, { body: sdp('inactive') }),
        response(200, { matches: [['msg', 'a=inactive']] }),
        HUNG_UP,
      ],
    );
  });

  test('re-INVITE puts on hold and resumes', async () => {
    const reinvite = (cseq, ours, theirs) => [
      caller.send('INVITE', cseq, { body: sdp(ours) }),
      response(100, { optional: true }),
      response(200, { rrs: true, matches: [['msg', `a=${theirs}`]] }),
      caller.send('ACK', cseq),
    ];
    const reinvited = (ours, theirs) => [request('INVITE', { matches: [['msg', `a=${theirs}`]] }), answer('200 OK', { body: sdp(ours) }), request('ACK')];
    await play(
      [caller.invite(), ACCEPTED, reinvite(3, 'sendonly', 'recvonly'), reinvite(4, 'sendrecv', 'sendrecv'), HANGS_UP(5)],
      [ANSWERS, reinvited('recvonly', 'sendonly'), reinvited('sendrecv', 'sendrecv'), HUNG_UP],
    );
  });

  test('INFO with a digit reaches the other side as it is', async () => {
    const digit = { type: 'application/dtmf-relay', text: 'Signal=5\nDuration=160' };
    await play(
      [caller.invite(), ACCEPTED, caller.send('INFO', 3, { body: digit }), response(200), request('INFO', { matches: [['msg', 'Signal=5']] }), answer('200 OK'), HANGS_UP(4)],
      [
        ANSWERS,
        request('INFO', { matches: [['hdr:Content-Type:', 'application/dtmf-relay'], ['msg', 'Signal=5']] }),
        answer('200 OK'),
        callee.send('INFO', 1, { body: digit }),
        response(200),
        HUNG_UP,
      ],
    );
  });

  test('a session interval that is too small gets 422, a larger one is agreed on and refreshed', async () => {
    const refreshed = [['hdr:Session-Expires:', '90;refresher=uac']];
    await play(
      [
        caller.invite({ headers: ['Supported: timer', 'Session-Expires: 60'] }),
        response(422, { matches: [['hdr:Min-SE:', '90']] }),
        caller.acknowledgeRefusal(2),
        caller.invite({ first: 3, headers: ['Supported: timer', 'Session-Expires: 90', 'Min-SE: 90'] }),
        response(180, { optional: true }),
        response(200, { rrs: true, matches: refreshed }),
        caller.send('ACK', 4),
        caller.send('UPDATE', 5, { headers: ['Supported: timer', 'Session-Expires: 90;refresher=uac'] }),
        response(200, { matches: refreshed }),
        HANGS_UP(6),
      ],
      [ANSWERS, HUNG_UP],
    );
  });

  test('a phone that answers although it was cancelled gets ACK and BYE, and the caller 487', async () => {
    await play(
      [
        caller.invite(),
        response(180),
        caller.send('CANCEL', 2, { inDialog: false, branch: '[branch-3]' }),
        response(200, { matches: [['hdr:CSeq:', 'CANCEL']] }),
        response(487),
        caller.acknowledgeRefusal(2, 6),
      ],
      [callee.invited(), callee.reply('180 Ringing'), request('CANCEL'), answer('200 OK'), callee.reply('200 OK', { body: sdp() }), request('ACK'), HUNG_UP],
    );
  });

  test('CANCEL after the 200 changes nothing', async () => {
    await play(
      [
        caller.invite(),
        response(180, { optional: true }),
        response(200, { rrs: true }),
        caller.send('CANCEL', 2, { inDialog: false, branch: '[branch-4]' }),
        response(200, { matches: [['hdr:CSeq:', 'CANCEL']] }),
        caller.send('ACK', 2),
        HANGS_UP(3),
      ],
      [ANSWERS, HUNG_UP],
    );
  });

  test('a redirection is between the exchange and the phone: the caller hears 480', async () => {
    await play(
      [caller.invite(), response(480), caller.acknowledgeRefusal(2)],
      [callee.invited(), callee.reply('302 Moved Temporarily', { headers: ['Contact: <sip:elsewhere@203.0.113.1>'] }), request('ACK')],
    );
  });

  test('an INVITE that may go no further gets 483', async () => {
    await refused([caller.invite({ forwards: 0 }), response(483), caller.acknowledgeRefusal(2)]);
  });

  test('an extension that the exchange does not know gets 420, which names it, once the caller has shown who he is', async () => {
    await refused([
      caller.invite({ headers: ['Require: 100rel, teleport'] }),
      response(420, { matches: [['hdr:Unsupported:', 'teleport']] }),
      caller.acknowledgeRefusal(2),
    ]);
  });

  test('MESSAGE with credentials reaches the other phone', async () => {
    const text = { type: 'text/plain', text: 'Lunch?' };
    await play(
      [
        caller.send('MESSAGE', 1, { inDialog: false, body: text }),
        response(401, { auth: true }),
        caller.send('MESSAGE', 2, { inDialog: false, headers: ['[authentication]'], body: text }),
        response(200),
      ],
      [request('MESSAGE', { matches: [['hdr:Content-Type:', 'text/plain'], ['msg', 'Lunch']] }), answer('200 OK')],
    );
  });

  test('a method that nobody knows gets 405 with what is allowed', async () => {
    await refused([caller.send('BREW', 1, { inDialog: false }), response(405, { matches: [['hdr:Allow:', 'INVITE']] })]);
  });

  test('OPTIONS is answered without credentials', async () => {
    await refused([caller.send('OPTIONS', 1, { inDialog: false }), response(200, { matches: [['hdr:Accept:', 'application/sdp'], ['hdr:Allow:', 'UPDATE']] })]);
  });

  test('a request in a dialog that does not exist gets 481', async () => {
    await refused([caller.send('BYE', 1, { inDialog: false, headers: [] }).replace('[remote_port]>\nCall-ID', '[remote_port]>;tag=nobody\nCall-ID'), response(481)]);
  });
});

describe('IPv6', () => {
  test('phones register, call and hang up', async () => {
    const own = await Server.start({ sip: '[::1]:0' });
    const account = (service) => ({ remote: own.sip, host: '::1', service, password: `${service}-demo` });
    const bob = await Sipp.start('callee', account('bob'));
    try {
      await Sipp.run('register', { ...account('bob'), keys: { contact: bob.contact } });
      await Sipp.run('caller', { ...account('alice'), keys: { callee: 'bob' } });
      await bob.succeeded();
    } finally {
      bob.kill();
      assert.equal(await own.stop(), 0);
    }
  });
});
