// What the user of a baresip phone does: calls, is called, holds and resumes, transfers; over UDP, TCP and TLS, through the built binary.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Baresip } from './lib/baresip.mjs';
import { Authority } from './lib/certificates.mjs';
import { Phone, SDP } from './lib/phone.mjs';

let authority;
let server;
let alice;

describe('calls of baresip', () => {
  before(async () => {
    authority = new Authority();
    const { chain, key } = authority.issue('IP:127.0.0.1');
    const config = join(authority.directory, 'callwright.toml');
    writeFileSync(config, `[[listeners]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    server = await Server.start({ args: ['--config', config], env: { CALLWRIGHT_SIP_T1_MS: '100' } });
    alice = await Phone.connect('udp', server.sip, { user: 'alice', password: 'alice-demo', domain: server.sip });
    assert.equal((await alice.register()).status, 200);
  });
  after(async () => {
    alice?.close();
    authority.remove();
    assert.equal(await server?.stop(), 0);
  });

  for (const transport of ['udp', 'tcp', 'tls']) {
    test(`over ${transport} it calls, holds, resumes and hangs up, and is called`, async () => {
      const bob = await Baresip.start('bob', 'bob-demo', server.transports[transport], { transport, ca: authority.file });
      try {
        bob.type(`/dial sip:alice@${server.transports[transport]}`);
        const into = await alice.incoming();
        await into.answer();
        for (const [command, direction] of [['/hold', 'sendonly'], ['/resume', 'sendrecv']]) {
          bob.type(command);
          const offer = await into.next((message) => message.request && /^(INVITE|UPDATE)$/.test(message.method), command);
          assert.match(offer.body, new RegExp(`a=${direction}`));
          if (offer.method === 'INVITE') {
            await into.accept(offer);
          } else {
            into.respond('200 OK', { to: offer, body: SDP });
          }
        }
        bob.type('/hangup');
        await into.ok('BYE');
        const out = await alice.call('bob');
        assert.equal((await out.final()).status, 200);
        assert.equal((await out.hangUp()).status, 200);
        await bob.line(/session closed|terminated/);
      } finally {
        await bob.stop();
      }
    });
  }

  test('a blind transfer connects the other two', async () => {
    const bob = await Baresip.start('bob', 'bob-demo', server.sip);
    const carol = await Baresip.start('carol', 'carol-demo', server.sip);
    try {
      bob.type(`/dial sip:carol@${server.sip}`);
      await bob.line(/Call established/);
      bob.type(`/transfer sip:alice@${server.sip}`);
      const into = await alice.incoming();
      assert.match(into.invite.header('From'), /sip:carol@/);
      await into.answer();
      // The first call has ended for both, the second goes on.
      await carol.line(/session closed|terminated/);
      assert.equal((await into.hangUp()).status, 200);
    } finally {
      await bob.stop();
      await carol.stop();
    }
  });

  test('it goes on with another when who called it has handed the call over', async () => {
    const carol = await Baresip.start('carol', 'carol-demo', server.sip);
    const bob = await Phone.connect('udp', server.sip, { user: 'bob', password: 'bob-demo', domain: server.sip });
    try {
      assert.equal((await bob.register()).status, 200);
      const first = await alice.call('bob');
      const atBob = await bob.incoming();
      await atBob.answer();
      assert.equal((await first.final()).status, 200);
      const second = await alice.call('carol');
      assert.equal((await second.final()).status, 200);
      await carol.line(/Call established/);

      // Baresip 1.0 knows neither Replaces nor a transfer with consultation, so the two others are played.
      const tag = (value) => /tag=([^;>]+)/.exec(value)[1];
      const replaces = encodeURIComponent(`${second.callId};to-tag=${tag(second.remote)};from-tag=${tag(second.local)}`);
      first.send('REFER', { headers: `Refer-To: <sip:carol@${server.sip}?Replaces=${replaces}>\r\n` });
      const refer = await atBob.expect('REFER');
      atBob.respond('202 Accepted', { to: refer });
      const [, named] = /\?Replaces=([^>]+)>/.exec(refer.header('Refer-To'));
      const third = await bob.call('carol', { headers: `Replaces: ${decodeURIComponent(named)}\r\n` });
      const answer = await third.final();
      assert.equal(answer.status, 200);
      assert.match(answer.body, /m=audio/);
      await second.ok('BYE');
      atBob.send('NOTIFY', { headers: 'Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n', body: 'SIP/2.0 200 OK\r\n', type: 'message/sipfrag' });
      await first.ok('NOTIFY'); // 100 Trying
      const notify = await first.ok('NOTIFY');
      assert.match(notify.body, /200 OK/);
      assert.equal((await first.hangUp()).status, 200);
      await atBob.ok('BYE');
      // Carol's call is still the one that she answered; its end is that of bob's.
      carol.type('/hangup');
      await third.ok('BYE');
    } finally {
      bob.close();
      await carol.stop();
    }
  });
});
