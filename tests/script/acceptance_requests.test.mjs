// Requests of every kind, outside of calls and in them, and what comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, of, runText } from './lib/run_file.mjs';
import { fields, passing, requestsOf } from './lib/passing.mjs';
import { answering } from './lib/peers.mjs';

const kAlone = `const a = new Agent('A', { username: 'a', domain: '127.0.0.1', password: 'p', regint: 0 });`;

/** Runs the text without an exchange, with the URI of a peer as PEER; gives what the peer got and the events. */
async function withPeer(answerTo, text) {
  const peer = await answering(answerTo);
  try {
    const events = await passing(`${kAlone}\nconst peer = env('PEER');\n${text}`, { exchange: false }, { environment: { PEER: peer.uri } });
    return { requests: peer.requests, events };
  } finally {
    peer.close();
  }
}

test('a request goes out as it was written, and ends with the whole response', async () => {
  const { requests } = await withPeer(() => ({ status: '202 Taken', lines: 'X-Answer: one\r\nX-Answer: two\r\nContent-Type: text/plain\r\n', body: 'thanks' }), `
    const response = await a.request('PUBLISH', { to: peer, headers: { Event: 'presence', 'X-List': ['1', '2'] }, body: '<presence/>', contentType: 'application/pidf+xml' });
    expect([response.status, response.reason, response.body]).toEqual([202, 'Taken', 'thanks']);
    expect(response.headers['X-Answer']).toEqual(['one', 'two']);
    expect(response.header('content-type')).toBe('text/plain');
    expect(response).toBe(a.messages.at(-1));
    expect(a).toHaveExchanged([{ sent: 'PUBLISH', body: 'presence' }, { received: '202 PUBLISH', 'X-Answer': 'two' }]);`);
  assert.equal(requests.length, 1);
  assert.match(requests[0], /^PUBLISH sip:peer@127\.0\.0\.1:\d+ SIP\/2\.0\r\n/);
  const sent = { text: requests[0] };
  assert.deepEqual([fields(sent, 'Event'), fields(sent, 'X-List'), fields(sent, 'Content-Type'), fields(sent, 'Contact')], [['presence'], ['1', '2'], ['application/pidf+xml'], []]);
  assert.match(requests[0], /\r\n\r\n<presence\/>$/);
});

test('a refusal is a response like any other to request, and a failure to message and options', async () => {
  await withPeer(() => ({ status: '488 Not So' }), `
    expect((await a.request('OPTIONS', { to: peer })).status).toBe(488);
    for (const asked of [a.message(peer, 'hello'), a.options(peer)]) {
      const error = await asked.then(() => undefined, (refused) => refused);
      expect([error.name, error.status, error.reason]).toEqual(['OutcomeError', 488, 'Not So']);
      expect(error.message).toMatch('A: (MESSAGE|OPTIONS) to sip:peer@.*: 488 Not So');
    }
    a.message(peer, 'nobody waits for this');
    await until(() => expect(a.messages.filter(({ status }) => status === 488).length).toBe(4));`);
});

test('each method outside of calls is sent, with a Contact where its RFC wants one', async () => {
  const { requests } = await withPeer(() => ({ status: '200 OK' }), `
    for (const method of ['OPTIONS', 'MESSAGE', 'INFO', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'REFER']) {
      expect((await a.request(method, { to: peer })).method).toBe(method);
    }
    await a.request('NOTIFY', { to: peer, headers: { Contact: '<sip:other@127.0.0.1>', Event: 'check-sync', 'Subscription-State': 'active' } });`);
  const withContact = requests.filter((text) => fields({ text }, 'Contact').length === 1).map((text) => text.split(' ')[0]);
  assert.deepEqual(withContact, ['SUBSCRIBE', 'NOTIFY', 'REFER', 'NOTIFY']);
  assert.deepEqual(fields({ text: requests.at(-1) }, 'Contact'), ['<sip:other@127.0.0.1>']);
});

test('without an answer a request fails', async () => {
  const { events, status } = await runText(`${kAlone}
    await a.request('OPTIONS', { to: 'sip:nobody@127.0.0.1:5060;transport=tls' });`, { exchange: false });
  assert.equal(status, 1);
  assert.match(finished(events).error, /^A: OPTIONS to sip:nobody@127\.0\.0\.1:5060;transport=tls: 503 /);
});

test('what cannot be sent fails at its line', async () => {
  await passing(`${kAlone}
    const failure = (action) => {
      try {
        action();
      } catch (error) {
        return error.message;
      }
      return undefined;
    };
    for (const [method, verb] of [['INVITE', 'dial'], ['BYE', 'hangup'], ['CANCEL', 'hangup'], ['ACK', 'by itself'], ['PRACK', 'by itself']]) {
      expect(failure(() => a.request(method, { to: 'b' }))).toMatch('A: ' + method + ' cannot be sent as it is: .*' + verb);
    }
    for (const method of ['', 'TWO WORDS', 'NEW\\r\\nLINE', 'A@B']) {
      expect(failure(() => a.request(method, { to: 'b' }))).toContain('is no method; it is a token');
    }
    expect(failure(() => a.request('OPTIONS'))).toContain('is nobody to call');
    expect(failure(() => a.request(7, { to: 'b' }))).toContain('takes a method and options');
    expect(failure(() => a.request('INFO', { to: 'b', body: 'x', contentType: 'a/b\\r\\nX: y' }))).toContain('content type holds a line end');
    expect(failure(() => a.request('INFO', { to: 'b', headers: { 'no name': 1 } }))).toContain('no name of a header field');
    expect(a.messages).toBeEmpty();`, { exchange: false });
});

test('the challenge of the exchange is answered, and its own answer is what comes back', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    expect((await a.message(b, 'hello')).status).toBe(200);
    await until(() => expect(b.texts.length).toBe(1));
    const refused = await a.request('MESSAGE', { to: 'nobody', body: 'hello' });
    expect(refused.status).toBe(404);
    expect((await a.request('PUBLISH', { to: b, headers: { Event: 'presence' } })).status).not.toBe(401);`);
  assert.ok(requestsOf(events, 'B', 'MESSAGE', 'received').every(({ text }) => text.endsWith('hello')));
});

test('INFO and MESSAGE in a call go through its dialog, and end with the response there', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    await connect(a, b);
    const [call] = a.calls;
    const key = await call.request('INFO', { headers: { 'X-Mark': 'one' }, body: 'Signal=5\\r\\nDuration=160\\r\\n', contentType: 'application/dtmf-relay' });
    expect([key.status, key.callId]).toEqual([200, call.id]);
    await until(() => expect(b.receivedDtmf).toBe('5'));
    expect((await call.request('INFO', { body: 'x', contentType: 'application/x-unheard-of' })).status).toBe(415);
    const [text, empty] = await Promise.all([call.request('MESSAGE', { body: 'in the call' }), call.request('INFO')]);
    expect([text.status, text.method, empty.status, empty.method]).toEqual([200, 'MESSAGE', 200, 'INFO']);
    await until(() => expect(b.texts.map(({ body }) => body)).toEqual(['in the call']));
    const failure = (action) => {
      try {
        action();
      } catch (error) {
        return error.message;
      }
      return undefined;
    };
    for (const [method, verb] of [['INVITE', 'hold'], ['BYE', 'hangup'], ['REFER', 'transfer'], ['SUBSCRIBE', 'subscribe'], ['PRACK', 'by itself']]) {
      expect(failure(() => call.request(method))).toMatch('A: ' + method + ' cannot be sent as it is: .*' + verb);
    }
    const late = call.request('INFO').then(({ status }) => status, (error) => error.message);
    a.hangup();
    await idle(a, b);
    expect(await late).toMatch('^200$|A: INFO in the call: the call has ended');
    expect(failure(() => call.request('INFO'))).toBe('A: there is no call to send INFO in');`);
  const [sent] = requestsOf(events, 'A', 'INFO');
  assert.deepEqual(fields(sent, 'X-Mark'), ['one']);
  assert.match(fields(sent, 'To')[0], /;tag=/);
  assert.ok(of(events, 'action').some(({ kind, detail }) => kind === 'request' && detail === 'INFO in the call'));
});

test('a method of one\'s own is sent as it is written, and its challenge answered', async () => {
  const realm = 'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth"\r\n';
  const { requests } = await withPeer((text) => (/^Authorization:/im.test(text) ? { status: '299 Foo Done' } : { status: '401 Who', lines: realm }), `
    const response = await a.request('FOO', { to: peer, headers: { 'X-Mark': 'one' }, body: 'bar' });
    expect([response.status, response.reason, response.method]).toEqual([299, 'Foo Done', 'FOO']);
    expect((await a.request('x-lower.2', { to: peer })).method).toBe('x-lower.2');`);
  assert.deepEqual(requests.map((text) => text.split(' ')[0]), ['FOO', 'FOO', 'x-lower.2', 'x-lower.2']);
  assert.match(requests[1], /\r\nCSeq: 2 FOO\r\n/);
  assert.match(requests[1], /\r\nAuthorization: Digest .*uri="sip:peer@/);
});

test('an agent answers methods that it does not know with 405 and Allow, outside of calls and in them', async () => {
  const events = await passing(`
    const b = new Agent('B', { username: 'b', domain: '127.0.0.1', regint: 0 });
    const a = new Agent('A', { username: 'a', domain: '127.0.0.1', regint: 0 });
    const to = 'sip:b@' + b.address;
    for (const method of ['FOO', 'PUBLISH', 'REGISTER', 'UPDATE']) {
      const refused = await a.request(method, { to });
      expect([refused.status, refused.method, refused.header('Allow').includes('INVITE')]).toEqual([405, method, true]);
    }
    const [foo] = b.messages;
    expect([foo.direction, foo.method, foo.isRequest]).toEqual(['received', 'FOO', true]);
    expect(b).toHaveExchanged([{ received: 'FOO' }, { sent: '405 FOO', Allow: 'INVITE' }]);
    a.dial(to);
    await until(() => expect(b.state).toBe('ringing'));
    b.accept();
    await established(a, b);
    const [call] = a.calls;
    expect((await call.request('OPTIONS')).status).toBe(200);
    for (const method of ['FOO', 'PUBLISH', 'REGISTER']) {
      const refused = await call.request(method, { body: 'x' });
      expect([refused.status, refused.callId, refused.header('Allow').includes('BYE')]).toEqual([405, call.id, true]);
    }
    expect((await call.request('UPDATE')).status).toBe(200);
    expect((await b.calls[0].request('BAR')).status).toBe(405);
    expect([a.state, b.state]).toEqual(['established', 'established']);`, { exchange: false });
  const update = requestsOf(events, 'A', 'UPDATE').at(-1);
  assert.equal(fields(update, 'Contact').length, 1);
  assert.ok(requestsOf(events, 'B', 'FOO', 'received').some((request) => /;tag=/.test(fields(request, 'To')[0])));
});

test('in Rhai a request ends with its response too', async () => {
  const { events, status, stderr } = await runText(`
    let a = agent("A", #{ username: "a", domain: "pbx.example", password: "p" });
    await_until(|| assert(a.registered).is_true(), "10s");
    let response = a.request("MESSAGE", #{ to: "nobody", body: "x", content_type: "text/plain" });
    assert(response.status).equals(404);`, {}, { name: 'test.rhai' });
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
});
