// --impair: a bad network between the agents of a file and all else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, of, runText } from './lib/run_file.mjs';
import { passing } from './lib/passing.mjs';

test('a request and its response take the delay once each, to another agent as to the exchange', async () => {
  await passing(
    `
    const [a, b] = ['a', 'b'].map((username) => new Agent(username, { username, regint: 0 }));
    const roundTrip = async (to) => {
      const began = Date.now();
      await a.options(to);
      return Date.now() - began;
    };
    for (const to of ['sip:' + a.aor.split('@')[1], 'sip:b@' + b.address]) {
      const taken = await roundTrip(to);
      expect(taken).toBeGreaterThan(999);
      expect(taken).toBeLessThan(1800);
    }`,
    { impair: 'delay=500ms' },
  );
});

test('sound is lost in both directions of a call with somebody else', async () => {
  let tell;
  const address = new Promise((resolve) => (tell = resolve));
  const callee = runText(
    `const b = new Agent('b', { username: 'b', domain: '127.0.0.1', regint: 0 });
    log(b.address);
    await until(() => expect(b.state).toBe(State.Ringing), '20s');
    b.accept();
    await until(() => expect(b.state).toBe(State.Idle), '30s');
    await until(() => expect(b.quality.packetLoss).toBeGreaterThan(5));
    expect(b.quality.packetLoss).toBeLessThan(40);`,
    { exchange: false },
    { onEvent: (event) => event.event === 'log' && tell(event.message) },
  );
  const caller = await runText(
    `const a = new Agent('a', { username: 'a', domain: '127.0.0.1', regint: 0 });
    await a.dial('sip:b@${await address}');
    await wait(3);
    await until(() => expect(a.quality.packetLoss).toBeGreaterThan(5), '20s');
    expect(a.quality.packetLoss).toBeLessThan(40);
    await a.hangup();`,
    { exchange: false, impair: 'loss=20%' },
  );
  for (const { events, status } of [caller, await callee]) {
    assert.equal(status, 0, JSON.stringify([finished(events), of(events, 'log')], null, 1));
  }
});
