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
});
