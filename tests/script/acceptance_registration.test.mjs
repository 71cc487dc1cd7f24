// How agents register and what their requests say, with Kamailio and the built-in exchange as registrars.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Authority } from '../interop/lib/certificates.mjs';
import { freePort } from '../interop/lib/ports.mjs';
import { answer, callee, request, response, scenario } from '../interop/lib/scenario.mjs';
import { Sipp } from '../interop/lib/sipp.mjs';
import { fields, messagesOf, passing, requestsOf } from './lib/passing.mjs';
import { startProxy, subscribedAt, withPassword } from './lib/proxy.mjs';
import { finished, of, runText } from './lib/run_file.mjs';

const kRegistered = "const registered = (agent) => until(() => expect(agent.registered).toBe(true), '10s');";
const CALL = `
  ${kRegistered}
  await registered(a);
  await registered(b);
  await connect(a, b);
  await verifyAudioConnection(a, b);
  b.hangup();
  await idle(a, b);`;


describe('agents at Kamailio', () => {
  let authority;
  let proxy;
  before(async () => {
    authority = new Authority();
    proxy = await startProxy({
      certificates: authority.issue('IP:127.0.0.1'),
      registration: withPassword('the password'),
      parameters: ['registrar min_expires 1', 'registrar max_expires 2'],
    });
  });
  after(async () => {
    authority?.remove();
    await proxy?.stop();
  });
  const run = (text) => passing(text, { exchange: false }, { environment: { SSL_CERT_FILE: authority.file } });

  test('the user of the credentials is authUser, the one of the address username; From and the peer have the display name', async () => {
    const events = await run(`
      const options = { domain: '${proxy.address}', password: 'the password' };
      const a = new Agent('A', { username: 'ua', authUser: 'ann.lee', displayName: 'Ann "A." Lee', ...options });
      const b = new Agent('B', { username: 'ub', ...options });
      ${kRegistered}
      await registered(a);
      await registered(b);
      await connect(a, b);
      expect(b.peer.name).toBe('Ann "A." Lee');
      expect(b.peer.number).toBe('ua');`);
    await proxy.line(/digest of ann\.lee for ua/);
    await proxy.line(/digest of ub for ub/);
    const authorized = requestsOf(events, 'A', 'REGISTER').find((message) => fields(message, 'Authorization').length > 0);
    assert.match(fields(authorized, 'Authorization')[0], /^Digest username="ann\.lee"/);
    for (const message of [...requestsOf(events, 'A', 'REGISTER'), ...requestsOf(events, 'A', 'INVITE')]) {
      assert.match(fields(message, 'From')[0], new RegExp(`^"Ann \\\\"A\\.\\\\" Lee" <sip:ua@${proxy.address}>;tag=`));
    }
  });

  for (const transport of ['udp', 'tcp', 'tls']) {
    test(`every request of an agent goes over ${transport} when that is its transport`, async () => {
      const domain = transport === 'tls' ? proxy.tls : proxy.address;
      const events = await run(`
        const phone = (name) => new Agent(name, { username: name + '-${transport}', domain: '${domain}', password: 'the password', transport: '${transport}' });
        const [a, b] = ['A', 'B'].map(phone);
        ${CALL}`);
      for (const event of of(events, 'sip')) {
        assert.equal(event.transport, transport.toUpperCase());
      }
      for (const method of ['REGISTER', 'INVITE', 'ACK']) {
        assert.ok(requestsOf(events, 'A', method).every(({ destination }) => destination === domain), method);
      }
      assert.equal(requestsOf(events, 'B', 'BYE').length, 1);
      await proxy.line(new RegExp(`got REGISTER over ${transport}, user A-${transport}`));
      await proxy.line(new RegExp(`got INVITE over ${transport}, user A-${transport}`));
      assert.deepEqual(fields(requestsOf(events, 'A', 'INVITE')[0], 'Route'), [], 'nobody asked for a proxy');
      assert.deepEqual(fields(requestsOf(events, 'A', 'REGISTER')[0], 'Route'), []);
    });
  }

  test('a server whose certificate nobody vouches for is not spoken to, and the agent says why', async () => {
    const events = await passing(`
      const a = new Agent('A', { username: 'ua', domain: '${proxy.tls}', password: 'the password', transport: 'tls' });
      await until(() => expect(a.registrationState.error).toBeDefined());
      expect([a.registered, a.registrationState.status]).toBe([false, 503]);
      expect(a.registrationState.error).toContain('its certificate is not accepted: self-signed certificate');
      a.dial('b');
      await until(() => expect(a.reason).toBeDefined());
      expect(a.reason).toMatch('^503 .*its certificate is not accepted');`, { exchange: false });
    assert.deepEqual(messagesOf(events, 'A', 'REGISTER', 'received'), []);
  });

  for (const [how, outbound] of [['as a URI', (address) => `sip:${address};transport=tcp`], ['as an address alone', (address) => address]]) {
    test(`with an outbound proxy ${how}, all requests go there and have a Route`, async () => {
      const said = outbound(proxy.address);
      const events = await run(`
        const phone = (name) => new Agent(name, { username: name, domain: 'pbx.example', password: 'the password', outbound: '${said}' });
        const [a, b] = ['A', 'B'].map(phone);
        ${CALL}`);
      const requests = ['REGISTER', 'INVITE'].flatMap((method) => requestsOf(events, 'A', method));
      assert.deepEqual(new Set(requests.map(({ destination }) => destination)), new Set([proxy.address]));
      assert.deepEqual(new Set(requests.map(({ transport }) => transport)), new Set([said.endsWith('tcp') ? 'TCP' : 'UDP']));
      const route = `<sip:${proxy.address}${said.endsWith('tcp') ? ';transport=tcp' : ''};lr>`;
      requests.forEach((message) => assert.deepEqual(fields(message, 'Route'), [route]));
      assert.match(requests.at(-1).text, /^INVITE sip:B@pbx\.example SIP/);
    });
  }

  test('a registration is asked for as long as told, and refreshed before the time that was granted is over', async () => {
    const events = await run(`
      const a = new Agent('A', { username: 'short', domain: '${proxy.address}', password: 'the password', regint: 60 });
      ${kRegistered}
      await registered(a);
      const accepted = () => a.messages.filter((message) => message.method === 'REGISTER' && message.status === 200);
      const first = accepted().length;
      await until(() => expect(accepted().length).toBeGreaterThanOrEqual(first + 2), '10s');
      expect(a.registered).toBe(true);
      const [one, two] = accepted();
      expect(two.time - one.time).toBeLessThan(2000);`);
    const asked = requestsOf(events, 'A', 'REGISTER').slice(0, -1);
    asked.forEach((message) => assert.deepEqual([fields(message, 'Expires'), /;expires=(\d+)/.exec(fields(message, 'Contact')[0])?.[1] ?? '60'], [['60'], '60']));
    assert.match(messagesOf(events, 'A', 'REGISTER', 'received').find(({ status }) => status === 200).text, /;expires=2/);
    assert.deepEqual([...new Set(of(events, 'state').map(({ registered }) => registered))], [false, true], 'it never was without registration meanwhile');
  });

  test('header fields go out as often and in the order as they are given, and what would be more than one is refused', async () => {
    const events = await run(`
      const options = { domain: '${proxy.address}', password: 'the password' };
      const a = new Agent('A', { username: 'ua', headers: { 'X-Foo': 'bar', H: ['1', '2'] }, ...options });
      const b = new Agent('B', { username: 'ub', ...options });
      ${kRegistered}
      await registered(a);
      await registered(b);
      await connect(a, b);
      expect(b.headers.H).toBe(['1', '2']);
      expect(b.header('x-foo')).toBe('bar');
      const failure = (headers) => {
        try {
          new Agent('C', { username: 'uc', headers, ...options });
        } catch (error) {
          return error.message;
        }
        return undefined;
      };
      expect(failure({ 'X Foo': 'bar' })).toContain('"X Foo" is no name of a header field');
      expect(failure({ 'X-Foo:': 'bar' })).toContain('is no name of a header field');
      expect(failure({ 'X-Foo': 'bar\\r\\nX-Evil: 1' })).toContain('holds a line end');
      expect(failure({ 'X-Foo': ['fine', 'bar\\nX-Evil: 1'] })).toContain('holds a line end');`);
    const [invite] = requestsOf(events, 'B', 'INVITE', 'received');
    assert.deepEqual([fields(invite, 'X-Foo'), fields(invite, 'H')], [['bar'], ['1', '2']]);
    assert.ok(of(events, 'sip').every(({ text }) => !text.includes('X-Evil')));
  });
});

test('the built-in exchange is spoken to over TCP', async () => {
  const events = await passing(`
    const [a, b] = await phones(2, { transport: 'tcp' });
    await connect(a, b);
    await verifyAudioConnection(a, b);`);
  assert.deepEqual(new Set(of(events, 'sip').map(({ transport }) => transport)), new Set(['TCP']));
});

test('agents of the built-in exchange may share credentials that have a name of their own', async () => {
  const events = await passing(`
    const [a, b] = await phones(2, { authUser: 'trunk', password: 'shared' });
    await connect(a, b);
    expect(b.peer.number).toBe(a.config.username);
    const thief = new Agent('Thief', { username: a.config.username, domain: 'example.test', password: 'shared' });
    await until(() => expect(thief.registrationState.status).toBe(403));`);
  const authorized = of(events, 'sip').filter((event) => event.agent !== 'Thief' && event.direction === 'sent').flatMap((event) => fields(event, 'Authorization'));
  assert.ok(authorized.length >= 3 && authorized.every((value) => value.startsWith('Digest username="trunk"')), authorized.join('\n'));
});

test('an agent that is not to register sends no REGISTER, and calls all the same', async () => {
  const [one, other] = [await freePort(), await freePort()];
  const events = await passing(`
    const phone = (name, port) => new Agent(name, { username: name, domain: '127.0.0.1', regint: 0, listen: '127.0.0.1:' + port });
    const [a, b] = [phone('A', ${one}), phone('B', ${other})];
    a.dial('sip:B@127.0.0.1:${other}');
    await until(() => expect(b.state).toBe(State.Ringing));
    b.accept();
    await established(a, b);
    await verifyAudioConnection(a, b);
    await a.register();
    expect([a.registered, b.registered]).toBe([false, false]);`, { exchange: false });
  assert.deepEqual(of(events, 'sip').filter(({ method }) => method === 'REGISTER'), []);
});

test('an agent subscribes to its mailbox once it is registered, answers what it is told, and lets it be read', async () => {
  const events = await passing(`
    const a = new Agent('A', { username: 'ua', domain: 'pbx.example', password: 'p', mwi: true });
    const b = new Agent('B', { username: 'ub', domain: 'pbx.example', password: 'p' });
    expect(a.mwi).toBeUndefined();
    await until(() => expect(a.mwi).toBeDefined());
    expect(a.mwi.waiting).toBe(false);
    expect([a.mwi.newMessages, a.mwi.oldMessages]).toBe([0, 0]);
    expect(a.mwi.body).toContain('Message-Account: sip:ua@pbx.example');
    await until(() => expect(b.registered).toBe(true));
    expect(b.mwi).toBeUndefined();`);
  const sip = of(events, 'sip').filter(({ agent }) => agent === 'A');
  const at = (method, status, direction) => sip.findIndex((event) => event.method === method && event.status === status && event.direction === direction);
  const steps = [at('REGISTER', 200, 'received'), at('SUBSCRIBE', undefined, 'sent'), at('NOTIFY', undefined, 'received'), at('NOTIFY', 200, 'sent')];
  assert.deepEqual(steps, [...steps].sort((x, y) => x - y));
  assert.ok(steps[0] >= 0);
  assert.deepEqual(fields(sip[steps[1]], 'Event'), ['message-summary']);
  assert.deepEqual(requestsOf(events, 'B', 'SUBSCRIBE'), []);
});

test('in Rhai, a bad header field fails as well', async () => {
  for (const [name, value] of [['X Foo', 'bar'], ['X-Foo', 'bar\\r\\nX-Evil: 1']]) {
    const { events, status } = await runText(`agent("A", #{ username: "ua", password: "p", headers: #{ "${name}": "${value}" } });`, {}, { name: 'test.rhai' });
    assert.equal(status, 1);
    assert.match(finished(events).error, /header field/);
    assert.deepEqual(of(events, 'sip'), []);
  }
});

/** Takes a subscription and tells of the mailbox once: "yes" or "no", new and old messages. */
function mailbox(lamp, counts) {
  const body = { type: 'application/simple-message-summary', text: `Messages-Waiting: ${lamp}\nVoice-Message: ${counts} (0/0)` };
  const subscribed = callee.invited().replace('"INVITE"', '"SUBSCRIBE"');
  const accepted = answer('200 OK', { headers: ['[last_Record-Route:]', 'Expires: 600'] }).replace('[last_To:]', '[last_To:];tag=[pid]callee[call_number]');
  const notify = callee.send('NOTIFY', 1, { headers: ['[routes]', 'Event: message-summary', 'Subscription-State: active;expires=600'], body });
  return scenario('mailbox', subscribed, accepted, notify, response(200), request('SUBSCRIBE'), answer('200 OK', { headers: ['Expires: 0'] }));
}

for (const [lamp, counts, wanted] of [['yes', '2/1', [true, 2, 1]], ['no', '0/3', [false, 0, 3]]]) {
  test(`what a mailbox tells by "${lamp}, ${counts}" can be read`, async () => {
    const store = await Sipp.start(mailbox(lamp, counts));
    const proxy = await startProxy({ subscription: subscribedAt(store.contact) });
    try {
      const events = await passing(`
        const a = new Agent('A', { username: 'ua', domain: '${proxy.address}', password: 'p', mwi: true });
        await until(() => expect(a.mwi).toBeDefined());
        const { waiting, newMessages, oldMessages } = a.mwi;
        expect([waiting, newMessages, oldMessages]).toEqual(${JSON.stringify(wanted)});`, { exchange: false });
      assert.deepEqual(messagesOf(events, 'A', 'NOTIFY').map(({ status }) => status), [200]);
      await store.succeeded();
    } finally {
      store.kill();
      await proxy.stop();
    }
  });
}

test('an agent registers again without a moment in which nobody is registered', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    a.register();
    await a.register();
    expect(a.registered).toBe(true);
    await connect(b, a);`);
  const asked = requestsOf(events, 'A', 'REGISTER');
  assert.ok(asked.length >= 3);
  asked.slice(0, -1).forEach((message) => assert.doesNotMatch(message.text, /^(Expires: 0|Contact: \*|Contact:.*;expires=0)\r$/m));
  assert.equal(new Set(asked.map(({ call_id }) => call_id)).size, 1);
  const bindings = messagesOf(events, 'A', 'REGISTER', 'received').filter(({ status }) => status === 200).slice(0, -1).map((message) => fields(message, 'Contact').length);
  assert.ok(bindings.length >= 2 && bindings.every((count) => count === 1), 'one binding after each');
  const states = of(events, 'state').filter(({ agent }) => agent === 'A').map(({ registered }) => registered);
  assert.deepEqual(states.slice(states.indexOf(true), -1).filter((registered) => !registered), []);
});
