// Agents over IPv6: with each other, and registered, over all transports.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { fields, passing, requestsOf } from './lib/passing.mjs';
import { finished, of, runText } from './lib/run_file.mjs';

const kNone = { exchange: false };
const kInBrackets = /^\[::1\]:\d+$/;

for (const mediaEnc of ['none', 'srtp-mand', 'dtls_srtp']) {
  test(`two agents call each other at their addresses and hear each other, encryption ${mediaEnc}`, async () => {
    const events = await passing(`
      const [a, b] = ['a', 'b'].map((username) => new Agent(username.toUpperCase(), { username, domain: '[::1]', regint: 0, mediaEnc: '${mediaEnc}' }));
      expect(a.address).toMatch('^\\\\[::1\\\\]:\\\\d+$');
      const listening = new Agent('C', { username: 'c', domain: 'example.test', listen: '[::1]:0', regint: 0 });
      expect(listening.address).toMatch('^\\\\[::1\\\\]:\\\\d+$');
      a.dial('sip:b@' + b.address);
      await until(() => expect(b.state).toBe(State.Ringing), '10s');
      expect([b.peer.number, b.peer.uri]).toEqual(['a', 'sip:a@[::1]']);
      b.accept();
      await established(a, b);
      await verifyAudioConnection(a, b);
      a.dtmf('1#');
      await until(() => expect(b.receivedDtmf).toBe('1#'), '10s');
      await b.hold();
      await until(() => expect(a.onHold).toBe(true));
      b.request('OPTIONS', { to: 'sip:a@' + a.address });
      await until(() => expect(b).toHaveReceived('200 OPTIONS'));
      a.hangup();
      await idle(a, b);`, kNone);
    const [invite] = requestsOf(events, 'A', 'INVITE');
    assert.match(invite.text, /^c=IN IP6 ::1\r$/m);
    assert.match(fields(invite, 'Via')[0], /^SIP\/2\.0\/(?:UDP|TCP) \[::1\]:\d+;/);
    assert.match(fields(invite, 'Contact')[0], /@\[::1\]:\d+/);
    for (const { source, destination } of of(events, 'sip')) {
      assert.match(source, kInBrackets);
      assert.match(destination, kInBrackets);
    }
  });
}

describe('registered', () => {
  let authority;
  let server;
  before(async () => {
    authority = new Authority();
    const { chain, key } = authority.issue('IP:::1');
    const config = join(authority.directory, 'callwright.toml');
    writeFileSync(config, `[[listeners]]\ntransport = "tls"\naddress = "[::1]:0"\n[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    server = await Server.start({ sip: '[::1]:0', args: ['--config', config] });
  });
  after(async () => {
    await server?.stop();
    authority?.remove();
  });

  for (const transport of ['udp', 'tcp', 'tls']) {
    test(`over ${transport.toUpperCase()} agents are called by their names, and hear each other`, async () => {
      const events = await passing(`
        const [alice, bob] = ['alice', 'bob'].map((username) => new Agent(username, { username, domain: '${server.transports[transport]}', password: username + '-demo',
          transport: '${transport}', tls: { ca: '${authority.file}' } }));
        await until(() => expect(alice.registered && bob.registered).toBe(true), '10s');
        await connect(alice, bob);
        await verifyAudioConnection(alice, bob);
        const watched = alice.subscribe('presence', { to: bob });
        await until(() => expect(watched.state).toBe('active'), '10s');
        await alice.message(bob, 'hello');
        await until(() => expect(bob.texts.length).toBe(1));
        bob.hangup();
        await idle(alice, bob);`, kNone);
      assert.deepEqual([...new Set(of(events, 'sip').map((event) => event.transport))], [transport.toUpperCase()]);
      assert.match(server.transports[transport], kInBrackets);
    });
  }
});

test('an address without brackets is no domain, and the error says how it is written', async () => {
  for (const domain of ['::1', 'fe80::1', '::1:5060', '2001:db8::7']) {
    const { events } = await runText(`new Agent('A', { username: 'a', domain: '${domain}', regint: 0 });`, kNone);
    assert.equal(finished(events).error, `agent A: domain "${domain}" is an IPv6 address: it stands in brackets, "[::1]" or "[::1]:5060"`);
  }
});
