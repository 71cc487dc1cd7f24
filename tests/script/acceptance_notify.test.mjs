// Agents that are subscribed to: whom they take, what they tell, how it ends (RFC 6665 §4.2).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, runText } from './lib/run_file.mjs';
import { fields, passing, requestsOf } from './lib/passing.mjs';
import { subscribing } from './lib/peers.mjs';

const kPair = `
  const [a, b] = ['a', 'b'].map((username) => new Agent(username.toUpperCase(), { username, domain: '127.0.0.1', regint: 0 }));
  const [toA, toB] = ['sip:a@' + a.address, 'sip:b@' + b.address];
  const failure = (action) => {
    try {
      action();
    } catch (error) {
      return error.message;
    }
    return undefined;
  };
`;
const alone = (text, more) => passing(`${kPair}${text}`, { exchange: false }, more);

test('whoever subscribes is told at once and at each change, and once more when it wants no more', async () => {
  const events = await alone(`
    b.notify('presence', '<open/>', { contentType: 'application/pidf+xml' });
    const watched = a.subscribe('presence', { to: toB, expires: '10m', accept: 'application/pidf+xml' });
    await until(() => expect(watched.state).toBe('active'));
    expect(watched.notifications).toEqual([{ state: 'active', reason: undefined, contentType: 'application/pidf+xml', body: '<open/>' }]);
    const [subscriber] = b.subscribers;
    expect([subscriber.event, subscriber.state, subscriber.expires, subscriber.from.number, b.subscribers.length]).toEqual(['presence', 'active', 600, 'a', 1]);
    b.notify('presence', '<closed/>', { contentType: 'application/pidf+xml' });
    const response = await subscriber.notify('<busy/>', { contentType: 'application/pidf+xml', headers: { 'X-Mark': 'one' } });
    expect([response.status, response.method, response.callId]).toEqual([200, 'NOTIFY', subscriber.callId]);
    expect(watched.notifications.map(({ body }) => body)).toEqual(['<open/>', '<closed/>', '<busy/>']);
    await watched.unsubscribe();
    await until(() => expect(subscriber.state).toBe('terminated'));
    expect([subscriber.endedBy, subscriber.statusCode, watched.statusCode, watched.reason]).toEqual(['subscriber', undefined, undefined, 'timeout']);
    expect(watched.notifications.at(-1)).toEqual({ state: 'terminated', reason: 'timeout', contentType: 'application/pidf+xml', body: '<busy/>' });
    expect(failure(() => subscriber.notify('late'))).toBe('B: the subscription is over');
    expect(failure(() => subscriber.end())).toBe('B: the subscription is over');
    expect(b).toHaveExchanged([{ received: 'SUBSCRIBE', Expires: '600' }, { sent: '200 SUBSCRIBE', Expires: '600', Contact: 'sip:b@' }, { sent: 'NOTIFY', 'Subscription-State': /^active;expires=\\d+$/ },
      { received: '200 NOTIFY' }, { received: 'SUBSCRIBE', Expires: '0' }, { sent: 'NOTIFY', 'Subscription-State': 'terminated;reason=timeout' }]);`);
  const notified = requestsOf(events, 'B', 'NOTIFY');
  assert.deepEqual(notified.map((request) => fields(request, 'Event')), Array(4).fill(['presence']));
  assert.deepEqual(notified.map((request) => fields(request, 'X-Mark')), [[], [], ['one'], ['one']]);
  assert.ok(notified.every((request) => fields(request, 'Contact').length === 1));
});

test('in both directions at once, each event for itself', async () => {
  await alone(`
    for (const agent of [a, b]) {
      agent.notify('presence', agent.name + ' is there');
      agent.notify('x-mood', 'fine');
    }
    const all = [a.subscribe('presence', { to: toB }), b.subscribe('presence', { to: toA }), a.subscribe('x-mood', { to: toB })];
    await until(() => expect(all.map(({ notifications }) => notifications.at(-1)?.body)).toEqual(['B is there', 'A is there', 'fine']));
    b.notify('x-mood', 'tired');
    await until(() => expect(all[2].notifications.at(-1).body).toBe('tired'));
    expect(all[0].notifications.length).toBe(1);
    b.stopNotify('presence', 'noresource');
    await until(() => expect([all[0].state, all[0].reason]).toEqual(['terminated', 'noresource']));
    expect([all[1].state, all[2].state]).toEqual(['active', 'active']);
    expect((await a.request('SUBSCRIBE', { to: toB, headers: { Event: 'presence' } })).status).toBe(489);
    expect(failure(() => b.stopNotify('presence'))).toBe('B: it takes no subscriptions to "presence"');`);
});

test('many changes one after the other are all told, in their order', async () => {
  await alone(`
    b.notify('x-count', '0');
    const watched = a.subscribe('x-count', { to: toB });
    await until(() => expect(b.subscribers.length).toBe(1));
    const [subscriber] = b.subscribers;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => subscriber.notify(String(index + 1))));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(watched.notifications.map(({ body }) => Number(body))).toEqual(Array.from({ length: 21 }, (_, index) => index));`);
});

test('for a subscriber that does not answer only so many changes wait', async () => {
  const peer = await subscribing({ expires: 60, answers: false });
  try {
    await alone(`
      b.notify('presence', 'here');
      http('POST', env('ASK'), { body: toB });
      await until(() => expect(b.subscribers.length).toBe(1), '10s');
      const refused = Array.from({ length: 80 }, () => failure(() => b.subscribers[0].notify('x'))).filter((error) => error !== undefined);
      expect(refused.length).toBe(17);
      expect(refused[0]).toContain('too many NOTIFYs wait for the answers');`, { environment: { ASK: peer.ask } });
  } finally {
    peer.close();
  }
});

test('a subscription may stay undecided, be granted, or be taken back', async () => {
  await alone(`
    b.notify('presence', '', { state: 'pending' });
    const [first, second] = [a.subscribe('presence', { to: toB }), a.subscribe('presence', { to: toB })];
    await until(() => expect(b.subscribers.map(({ state }) => state)).toEqual(['pending', 'pending']));
    await until(() => expect([first, second].map(({ notifications }) => notifications.length)).toEqual([1, 1]));
    expect([first.state, second.state, first.notifications[0].body]).toEqual(['pending', 'pending', '']);
    const [one, other] = b.subscribers;
    await one.notify('now you may know');
    expect([one.state, other.state]).toEqual(['active', 'pending']);
    await other.end('rejected', { retryAfter: 60 });
    expect([other.state, other.endedBy]).toEqual(['terminated', 'agent']);
    await until(() => expect([first.state, second.state].sort()).toEqual(['active', 'terminated']));
    const refused = [first, second].find(({ state }) => state === 'terminated');
    expect(refused.reason).toBe('rejected');
    expect(a).toHaveReceived('NOTIFY', { 'Subscription-State': 'terminated;reason=rejected;retry-after=60' });`);
});

test('a subscription is refused with any status, and taken again', async () => {
  await alone(`
    b.refuseSubscriptions('presence', 423, 'Too Short', { 'Min-Expires': '60' });
    const asked = (event, headers = {}) => a.request('SUBSCRIBE', { to: toB, headers: { Event: event, ...headers } });
    const short = await asked('presence');
    expect([short.status, short.reason, short.header('Min-Expires')]).toEqual([423, 'Too Short', '60']);
    b.refuseSubscriptions('presence');
    expect((await asked('presence')).status).toBe(403);
    const unknown = await asked('x-unheard-of');
    expect([unknown.status, unknown.header('Allow-Events')]).toEqual([489, 'presence']);
    b.notify('Presence', 'here', { contentType: 'text/plain' });
    const wrong = await asked('presence', { Accept: 'application/pidf+xml' });
    expect([wrong.status, wrong.header('Accept')]).toEqual([406, 'text/plain']);
    expect(b.subscribers).toBeEmpty();
    expect((await asked('presence', { Accept: 'text/*' })).status).toBe(200);
    const able = await a.options(toB);
    expect([able.header('Allow-Events'), able.headers.Allow.join(', ').includes('SUBSCRIBE')]).toEqual(['presence', true]);
    expect((await a.request('FOO', { to: toB })).headers.Allow.join(', ')).toContain('SUBSCRIBE');
    // A has no subscription of its own to this one: its NOTIFY is refused, and it is over.
    await until(() => expect(b.subscribers[0].state).toBe('terminated'), '10s');
    expect([b.subscribers[0].endedBy, b.subscribers[0].statusCode]).toEqual(['refusal', 481]);`);
});

test('an agent that tells nothing takes no subscription', async () => {
  await alone(`
    const refused = await a.request('SUBSCRIBE', { to: toB, headers: { Event: 'presence' } });
    expect([refused.status, refused.header('Allow').includes('SUBSCRIBE')]).toEqual([405, false]);
    const asked = a.subscribe('presence', { to: toB });
    await until(() => expect([asked.state, asked.statusCode]).toEqual(['terminated', 405]));`);
});

test('the state is fetched once with expires 0, and a long subscription is cut', async () => {
  await alone(`
    b.notify('presence', 'here', { expires: '2m' });
    const once = a.subscribe('presence', { to: toB, expires: 0 });
    await until(() => expect(once.state).toBe('terminated'));
    expect(once.notifications.map(({ body, state }) => [body, state])).toEqual([['here', 'terminated']]);
    await until(() => expect(b.subscribers.map(({ endedBy }) => endedBy)).toEqual(['subscriber']));
    const long = a.subscribe('presence', { to: toB, expires: '60m' });
    await until(() => expect(long.state).toBe('active'));
    expect(b.subscribers[1].expires).toBe(120);`);
});

test('what is not refreshed in time expires, what is goes on', async () => {
  const peer = await subscribing();
  try {
    await alone(`
      b.notify('presence', 'here');
      const short = a.subscribe('presence', { to: toB, expires: 3 });
      http('POST', env('ASK'), { body: toB });
      await until(() => expect(b.subscribers.find(({ from }) => from.number === 'peer')?.endedBy).toBe('expiry'), '20s');
      await until(() => expect(b.subscribers.find(({ from }) => from.number === 'a').refreshes).toBeGreaterThan(0), '20s');
      expect(short.state).toBe('active');`, { environment: { ASK: peer.ask } });
  } finally {
    peer.close();
  }
  const states = peer.notifies.map((text) => fields({ text }, 'Subscription-State')[0]);
  assert.match(states[0], /^active;expires=[01]$/);
  assert.equal(states.at(-1), 'terminated;reason=timeout');
  assert.deepEqual(fields({ text: peer.notifies[0] }, 'Event'), ['presence;id=seven']);
});

test('at the end of a scenario those who are subscribed are told', async () => {
  const events = await alone(`
    b.notify('presence', 'here');
    const watched = a.subscribe('presence', { to: toB });
    await until(() => expect(watched.state).toBe('active'));
    await b.close();
    await until(() => expect([watched.state, watched.reason]).toEqual(['terminated', 'noresource']));`);
  assert.deepEqual(fields(requestsOf(events, 'B', 'NOTIFY').at(-1), 'Subscription-State'), ['terminated;reason=noresource']);
});

test('what cannot be told fails at its line', async () => {
  await alone(`
    expect(failure(() => b.notify('no package', 'x'))).toContain('is no event package');
    expect(failure(() => b.notify('presence', 'x', { state: 'terminated' }))).toContain('is "active" or "pending"');
    expect(failure(() => b.notify('presence', 'x', { expires: -1 }))).toContain('expires is a whole number of seconds');
    expect(failure(() => b.notify('presence', 'x', { contentType: 'a/b\\r\\nX: y' }))).toContain('content type holds a line end');
    expect(failure(() => b.refuseSubscriptions('presence', 200))).toContain('is no final status that refuses');
    b.notify('presence', 'here');
    const watched = a.subscribe('presence', { to: toB });
    await until(() => expect(b.subscribers.length).toBe(1));
    expect(failure(() => b.subscribers[0].end('boredom'))).toContain('ends with one of the reasons deactivated, ');`);
});

test('in Rhai an agent tells the same', async () => {
  const { events, status, stderr } = await runText(`
    let a = agent("A", #{ username: "a", domain: "127.0.0.1", regint: 0 });
    let b = agent("B", #{ username: "b", domain: "127.0.0.1", regint: 0 });
    b.notify("presence", "here", #{ content_type: "text/plain" });
    let watched = a.subscribe("presence", #{ to: "sip:b@" + b.address });
    await_until(|| assert(watched.state).equals("active"));
    let one = b.subscribers[0];
    one.notify("busy");
    await_until(|| assert(watched.notifications.len()).equals(2));
    assert(watched.notifications[1].body).equals("busy");
    one.end("noresource", #{ retry_after: 60 });
    await_until(|| assert(watched.reason).equals("noresource"));
    assert(one.ended_by).equals("agent");
    b.refuse_subscriptions("presence", 403);
    b.stop_notify("presence");`, { exchange: false }, { name: 'test.rhai' });
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
});
