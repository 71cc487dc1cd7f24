// Agents over TLS and WebSocket: whose certificates they take, which they show; and what of ICE they do and cannot do.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { messagesOf, passing } from './lib/passing.mjs';
import { iceAgent } from './lib/peers.mjs';
import { finished, of, runFile, runText } from './lib/run_file.mjs';

const kNone = { exchange: false };

describe('a server that asks for certificates', () => {
  const [theirs, ours] = [new Authority(), new Authority()];
  let server;
  let domain;
  let files;

  before(async () => {
    const { chain, key } = theirs.issue('IP:127.0.0.1');
    files = ours.issue('URI:sip:example.test');
    const config = join(theirs.directory, 'callwright.toml');
    const listener = '[[listeners]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n';
    const asked = `[sip]\ntls_client_certificates = "required"\ntls_client_ca_file = "${ours.file}"\n`;
    writeFileSync(config, `${asked}${listener}[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    server = await Server.start({ args: ['--config', config] });
    domain = server.transports.tls;
  });
  after(async () => {
    await server?.stop();
    theirs.remove();
    ours.remove();
  });

  /** Agents alice and bob there; `tls` is the text of their option. */
  const pair = (tls) => `
    const [alice, bob] = ['alice', 'bob'].map((username) => new Agent(username, { username, domain: '${domain}', password: username + '-demo', transport: 'tls', ${tls} }));`;
  const shown = () => `tls: { ca: '${theirs.file}', certificate: '${files.chain}', key: '${files.key}' }`;

  test('agents with an authority and a certificate of their own register and talk', async () => {
    const events = await passing(`${pair(shown())}
      await until(() => expect(alice.registered && bob.registered).toBe(true), '10s');
      await connect(alice, bob);
      await verifyAudioConnection(alice, bob);
      alice.hangup();
      await idle(alice, bob);`, kNone);
    assert.deepEqual([...new Set(of(events, 'sip').map(({ transport }) => transport))], ['TLS']);
  });

  test('without a certificate nobody is let in', async () => {
    const events = await passing(`${pair(`tls: { ca: '${theirs.file}' }`)}
      await until(() => expect(alice.registrationState.error).toBeDefined(), '10s');
      expect([alice.registered, alice.registrationState.status]).toEqual([false, 503]);`, kNone);
    assert.deepEqual(messagesOf(events, 'alice', 'REGISTER', 'received'), []);
  });

  test('a server of another authority is not spoken to, unless no server is verified', async () => {
    await passing(`${pair(`tls: { ca: '${ours.file}', certificate: '${files.chain}', key: '${files.key}' }`)}
      await until(() => expect(alice.registrationState.error).toContain('its certificate is not accepted'), '10s');
      expect(alice.registered).toBe(false);
      const open = new Agent('open', { username: 'alice', domain: '${domain}', password: 'alice-demo', transport: 'tls',
        tls: { verify: false, certificate: '${files.chain}', key: '${files.key}' } });
      await until(() => expect(open.registered).toBe(true), '10s');`, kNone);
  });

  test('paths are relative to the file of the scenario; in Rhai the same', async () => {
    const folder = join(ours.directory, 'scenario');
    mkdirSync(folder);
    copyFileSync(theirs.file, join(folder, 'authority.pem'));
    copyFileSync(files.chain, join(folder, 'chain.pem'));
    copyFileSync(files.key, join(folder, 'key.pem'));
    const js = join(folder, 'test.js');
    writeFileSync(js, `const a = new Agent('A', { username: 'alice', domain: '${domain}', password: 'alice-demo', transport: 'tls', tls: { ca: 'authority.pem', certificate: './chain.pem', key: 'key.pem' } });
      await until(() => expect(a.registered).toBe(true), '10s');`);
    const rhai = join(folder, 'test.rhai');
    writeFileSync(rhai, `let a = agent("A", #{ username: "bob", domain: "${domain}", password: "bob-demo", transport: "tls", tls: #{ ca: "authority.pem", certificate: "chain.pem", key: "key.pem" } });
      await_until(|| assert(a.registered).is_true(), "10s");`);
    for (const path of [js, rhai]) {
      const { events, status, stderr } = await runFile(path, kNone);
      assert.equal(status, 0, `${JSON.stringify(finished(events))}\n${stderr}`);
    }
  });

  test('files that are of no use are named where the agent is made', async () => {
    const wrong = async (tls) => finished((await runText(`new Agent('A', { username: 'a', domain: '127.0.0.1', regint: 0, tls: ${tls} });`, kNone)).events).error;
    assert.match(await wrong("{ ca: '/no/such/file.pem' }"), /^agent A: TLS: cannot use the CA file \/no\/such\/file\.pem: /);
    assert.match(await wrong(`{ ca: '${files.key}' }`), /^agent A: TLS: cannot use the CA file /);
    assert.match(await wrong(`{ certificate: '${files.chain}', key: '/no/key.pem' }`), /^agent A: TLS: cannot use the .*\/no\/key\.pem: /);
    assert.match(await wrong(`{ certificate: '${files.chain}', key: '${join(theirs.directory, 'key.pem')}' }`), /^agent A: TLS: cannot use the .*key values mismatch/);
  });
});

describe('over WebSocket', () => {
  const authority = new Authority();
  let server;
  before(async () => {
    const { chain, key } = authority.issue('IP:127.0.0.1');
    const config = join(authority.directory, 'callwright.toml');
    const listeners = ['ws', 'wss'].map((transport) => `[[listeners]]\ntransport = "${transport}"\naddress = "127.0.0.1:0"\n`);
    writeFileSync(config, `${listeners.join('')}[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    server = await Server.start({ args: ['--config', config] });
  });
  after(async () => {
    await server?.stop();
    authority.remove();
  });

  for (const transport of ['ws', 'wss']) {
    test(`agents register, talk, hold, subscribe and send texts by ${transport}`, async () => {
      const events = await passing(`
        const [alice, bob] = ['alice', 'bob'].map((username) => new Agent(username, { username, domain: '${server.transports[transport]}', password: username + '-demo',
          transport: '${transport}', mediaEnc: 'dtls_srtp', tls: { ca: '${authority.file}' } }));
        await until(() => expect(alice.registered && bob.registered).toBe(true), '10s');
        await connect(alice, bob);
        await verifyAudioConnection(alice, bob);
        expect([alice.encryption, bob.encryption]).toEqual(['dtls', 'dtls']);
        const watched = alice.subscribe('presence', { to: bob });
        await until(() => expect(watched.state).toBe('active'), '10s');
        await alice.message(bob, 'hello');
        await until(() => expect(bob.texts.length).toBe(1));
        await bob.hold();
        await until(() => expect(alice.onHold).toBe(true));
        await bob.resume();
        await watched.unsubscribe();
        bob.hangup();
        await idle(alice, bob);
        await alice.unregister();`, kNone);
      assert.deepEqual([...new Set(of(events, 'sip').map((event) => event.transport))], [transport.toUpperCase()]);
    });
  }

  test('a server that speaks no WebSocket is told from one that does', async () => {
    await passing(`
      const a = new Agent('A', { username: 'alice', domain: '${server.sip}', password: 'alice-demo', transport: 'ws' });
      await until(() => expect(a.registrationState.error).toBeDefined(), '20s');
      expect([a.registered, a.registrationState.status]).toEqual([false, 503]);
      expect(a.registrationState.error).toContain('The WS connection with');`, kNone);
  });

  for (const transport of ['tls', 'ws', 'wss']) {
    test(`the built-in exchange is spoken to over ${transport}, and trusted`, async () => {
      const events = await passing(`
        const [a, b] = await phones(2, { transport: '${transport}' });
        await connect(a, b);
        await verifyAudioConnection(a, b);`);
      assert.deepEqual(new Set(of(events, 'sip').map((event) => event.transport)), new Set([transport.toUpperCase()]));
    });
  }
});

test('what is wrong with the options of TLS, and what cannot be done yet, is said where the agent is made', async () => {
  const wrong = async (options) => finished((await runText(`new Agent('A', { username: 'a', domain: '127.0.0.1', regint: 0, ${options} });`, kNone)).events).error;
  for (const [options, error] of [
    ["tls: 'ca.pem'", /^agent A: tls has to be an object: \{ ca: /],
    ['tls: []', /^agent A: tls has to be an object/],
    ["tls: { cert: 'a.pem' }", /^agent A: tls has no cert; there are ca, certificate, key and verify/],
    ['tls: { ca: 1 }', /^agent A: tls: ca has to be the path of a PEM file$/],
    ["tls: { verify: 'no' }", /^agent A: tls: verify has to be true or false$/],
    ["tls: { certificate: 'a.pem' }", /^agent A: tls needs certificate and key together/],
    ["transport: 'sctp'", /^agent A: transport has to be one of "udp", "tcp", "tls", "ws", "wss"$/],
    ["ice: 'full'", /^agent A: ice cannot be done in full yet: .*ice: "lite"/],
    ['ice: true', /^agent A: ice cannot be done in full yet/],
    ["ice: 'maybe'", /^agent A: ice has to be one of "lite", "none"$/]
  ]) {
    assert.match(await wrong(options), error, options);
  }
});

test('with ICE-lite the checks of the other side are answered, and media go where they succeed', async () => {
  const peer = await iceAgent();
  try {
    await passing(`
      const a = new Agent('A', { username: 'a', domain: '127.0.0.1', regint: 0, ice: 'lite', codecs: ['PCMU'] });
      a.sendAudio(tone(440));
      a.dial('${peer.uri}');
      await until(() => expect(a.state).toBe(State.Established), '10s');
      expect(a.calls[0].invite.sdp.attribute('ice-lite')).toBe('');
      await until(() => expect(a.quality.packetLoss).toBeDefined(), '10s');`, kNone);
    await peer.checked;
    assert.ok(peer.packets > 0, `${peer.packets} packets`);
  } finally {
    peer.close();
  }
});
