// Phones over TLS and WebSocket at the built binary: their connection is the only way to them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from '../e2e/lib/client.mjs';
import { Server } from '../e2e/lib/server.mjs';
import { Baresip } from './lib/baresip.mjs';
import { Authority } from './lib/certificates.mjs';
import { Phone } from './lib/phone.mjs';
import { Sipp } from './lib/sipp.mjs';

const ALICE = { service: 'alice', password: 'alice-demo' };

let authority;
let server;
const phones = [];

async function phone(transport, user, { servername } = {}) {
  const made = await Phone.connect(transport, server.transports[transport], {
    user,
    password: `${user}-demo`,
    domain: server.sip,
    ca: transport === 'ws' ? undefined : authority.pem,
    servername,
  });
  phones.push(made);
  return made;
}

async function registered(transport, user) {
  const made = await phone(transport, user);
  assert.equal((await made.register()).status, 200);
  return made;
}

describe('transports', () => {
  before(async () => {
    authority = new Authority();
    const { chain, key } = authority.issue('IP:127.0.0.1,DNS:old.example');
    const config = join(authority.directory, 'callwright.toml');
    const listeners = ['tls', 'ws', 'wss'].map((transport) => `[[listeners]]\ntransport = "${transport}"\naddress = "127.0.0.1:0"\n`).join('');
    writeFileSync(config, `${listeners}[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    // Phones over WebSocket are no browsers here.
    server = await Server.start({ args: ['--config', config], env: { CALLWRIGHT_SIP_T1_MS: '100', CALLWRIGHT_MEDIA_MODE: 'bypass' } });
  });
  after(async () => {
    phones.forEach((one) => one.close());
    authority.remove();
    assert.equal(await server?.stop(), 0);
  });

  for (const transport of ['ws', 'wss', 'tls']) {
    test(`a phone over ${transport} is called over the connection by which it registered`, async () => {
      const bob = await registered(transport, 'bob');
      const caller = Sipp.run('caller', { remote: server.sip, ...ALICE, keys: { callee: 'bob' } });
      const call = await bob.incoming();
      const { invite } = call;
      await call.answer();
      assert.match(invite.uri, /^sip:bob@[0-9a-f]+\.invalid;transport=(ws|tls)$/);
      assert.match(invite.header('Via'), new RegExp(`^SIP/2\\.0/${transport.toUpperCase()} ${server.transports[transport]};`));
      assert.match(invite.header('Contact'), new RegExp(`@${server.transports[transport]};transport=${transport === 'tls' ? 'tls' : 'ws'}>`));
      await call.ok('BYE');
      await caller;
      await bob.leave();
    });

    test(`a phone over ${transport} calls a phone on UDP and hangs up`, async () => {
      const callee = await Sipp.start('callee', { service: 'carol' });
      phones.push({ close: () => callee.kill() });
      await Sipp.run('register', { remote: server.sip, service: 'carol', password: 'carol-demo', keys: { contact: callee.contact } });
      const bob = await registered(transport, 'bob');
      const call = await bob.call('carol');
      assert.equal((await call.final()).status, 200);
      assert.equal((await call.hangUp()).status, 200);
      await callee.succeeded();
      await Sipp.run('unregister', { remote: server.sip, service: 'carol', password: 'carol-demo' });
      await bob.leave();
    });
  }

  test('SIGHUP takes new certificates while a registered phone keeps its connection', async () => {
    const bob = await registered('tls', 'bob');
    await assert.rejects(phone('tls', 'bob', { servername: 'new.example' }), /does not match certificate/);
    authority.issue('IP:127.0.0.1,DNS:new.example');
    await server.reloadCertificates();
    (await phone('tls', 'bob', { servername: 'new.example' })).close();
    assert.equal((await bob.register()).status, 200);
    await bob.leave();
  });

  test('baresip over TLS and over TCP: CallStart connects them and RTP flows', async () => {
    const alice = await Baresip.start('alice', 'alice-demo', server.transports.tls, { transport: 'tls', ca: authority.file });
    const bob = await Baresip.start('bob', 'bob-demo', server.transports.tcp, { transport: 'tcp' });
    const client = await Client.connect(server.callApi);
    try {
      client.request('CallStart', { caller: `sip:alice@${server.sip}`, callee: `sip:bob@${server.sip}` });
      const names = (await client.untilEnded()).map((message) => message.result?.event ?? message.params?.event ?? JSON.stringify(message.error));
      assert.ok(names.includes('CalleeAnswered'), names.join(' '));
      await alice.line(/incoming rtp for 'audio' established/);
      await bob.line(/incoming rtp for 'audio' established/);
    } finally {
      await client.close();
      await alice.stop();
      await bob.stop();
    }
  });
});
