// Subscriptions of agents: what they are told, how they end, and what refuses them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, runText } from './lib/run_file.mjs';
import { fields, passing, requestsOf } from './lib/passing.mjs';
import { answering } from './lib/peers.mjs';

test('presence is told at once, whenever it changes, and a last time when nobody wants it any more', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    const watched = a.subscribe('presence', { to: b, expires: '10m', accept: ['application/pidf+xml'] });
    expect([watched.event, watched.state, watched.notifications.length, a.subscriptions.length]).toEqual(['presence', 'pending', 0, 1]);
    await until(() => expect(watched.state).toBe('active'));
    expect(watched.notifications[0].contentType).toBe('application/pidf+xml');
    expect(watched.notifications[0].body).toContain('<basic>open</basic>');
    await b.unregister();
    await until(() => expect(watched.notifications.at(-1).body).toContain('<basic>closed</basic>'));
    expect(await watched.unsubscribe()).toBe(watched);
    expect([watched.state, watched.statusCode, watched.notifications.at(-1).state]).toEqual(['terminated', undefined, 'terminated']);
    expect(a).toHaveExchanged([{ sent: 'SUBSCRIBE', Event: 'presence', Expires: '600' }, '200 SUBSCRIBE', 'NOTIFY', 'NOTIFY', { sent: 'SUBSCRIBE', Expires: '0' }, { received: 'NOTIFY', 'Subscription-State': 'terminated' }]);
    let message;
    try {
      watched.unsubscribe();
    } catch (error) {
      message = error.message;
    }
    expect(message).toBe('A: the subscription is over');`);
  const [first] = requestsOf(events, 'A', 'SUBSCRIBE');
  assert.deepEqual([fields(first, 'Accept'), fields(first, 'Contact').length], [['application/pidf+xml'], 1]);
});

test('calls of somebody are told by their dialogs, several subscriptions side by side', async () => {
  await passing(`
    const [a, b, c] = await phones(3);
    const [calls, presence] = [c.subscribe('dialog', { to: b }), c.subscribe('presence', { to: b })];
    await until(() => expect([calls.state, presence.state]).toEqual(['active', 'active']));
    const states = () => calls.notifications.flatMap(({ body }) => [...body.matchAll(/<state[^>]*>(\\w+)</g)].map(([, state]) => state));
    await connect(a, b);
    await until(() => expect(states()).toContain('confirmed'));
    expect(presence.notifications.every(({ contentType }) => contentType === 'application/pidf+xml')).toBe(true);
    a.hangup();
    await until(() => expect(states().at(-1)).toBe('terminated'));
    expect(states().indexOf('early') < states().indexOf('confirmed')).toBe(true);`);
});

test('of its own mailbox unless said, and once only with expires 0', async () => {
  await passing(`
    const [a] = await phones(1);
    const once = a.subscribe('message-summary', { expires: 0 });
    await until(() => expect(once.state).toBe('terminated'));
    expect(once.notifications[0].body).toContain('Messages-Waiting: no');
    expect([once.statusCode, once.notifications.length]).toEqual([undefined, 1]);
    expect(a.mwi).toBeUndefined();`);
});

test('what is refused is over at once, with the status, and is not tried again', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    const unknown = a.subscribe('x-unheard-of', { to: b });
    const foreign = a.subscribe('message-summary', { to: b });
    await until(() => expect([unknown.state, foreign.state]).toEqual(['terminated', 'terminated']));
    expect([unknown.statusCode, unknown.reason, foreign.statusCode]).toEqual([489, '489 Bad Event', 403]);
    expect(unknown.notifications).toBeEmpty();
    const failure = (action) => {
      try {
        action();
      } catch (error) {
        return error.message;
      }
      return undefined;
    };
    expect(failure(() => a.subscribe('no package', { to: b }))).toContain('is no event package');
    expect(failure(() => a.subscribe('presence', { to: b, expires: -1 }))).toContain('expires is a whole number of seconds');
    expect(failure(() => a.subscribe('presence', { to: 'a b' }))).toContain('is nobody to call');`);
  const asked = requestsOf(events, 'A', 'SUBSCRIBE').filter((request) => fields(request, 'Event')[0] === 'x-unheard-of');
  assert.ok(asked.length <= 2, 'once, and once more for a challenge');
});

test('a server that is not there for now is not asked again either', async () => {
  const peer = await answering(() => ({ status: '480 Not Now' }));
  try {
    await passing(`
      const a = new Agent('A', { username: 'a', domain: '127.0.0.1', password: 'p', regint: 0 });
      const watched = a.subscribe('presence', { to: env('PEER') });
      await until(() => expect(watched.state).toBe('terminated'));
      expect(watched.reason).toBe('480 Not Now');`, { exchange: false }, { environment: { PEER: peer.uri } });
    assert.equal(peer.requests.length, 1);
  } finally {
    peer.close();
  }
});

test('at the end of a scenario subscriptions end', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    const watched = a.subscribe('presence', { to: b });
    await until(() => expect(watched.state).toBe('active'));`);
  assert.deepEqual(fields(requestsOf(events, 'A', 'SUBSCRIBE').at(-1), 'Expires'), ['0']);
});

test('in Rhai a subscription is the same', async () => {
  const { events, status, stderr } = await runText(`
    let a = agent("A", #{ username: "a", domain: "pbx.example", password: "p" });
    await_until(|| assert(a.registered).is_true(), "10s");
    let own = a.subscribe("presence", #{ to: "a", expires: 600 });
    await_until(|| assert(own.state).equals("active"));
    assert(own.notifications[0].body).contains("open");
    own.unsubscribe();
    await_until(|| assert(own.state).equals("terminated"));`, {}, { name: 'test.rhai' });
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
});
