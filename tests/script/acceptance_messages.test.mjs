// What scenarios can say of the messages on the wire: in which order they came, and what must not come.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { check } from '../../src/script/library/rhai.mjs';
import { toSnake } from '../../src/script/library/rhai/names.mjs';
import { finished, of, runText } from './lib/run_file.mjs';
import { passing } from './lib/passing.mjs';

const kPhones = `
  const phone = (name) => new Agent(name, { username: name.toLowerCase(), domain: 'example.test', password: 'p' });
  const [a, b] = [phone('A'), phone('B')];
  await until(() => expect(a.registered && b.registered).toBe(true), '10s');`;

async function failure(text) {
  const { events, status } = await runText(kPhones + text);
  assert.equal(status, 1);
  return { events, error: finished(events).error };
}

test('messages of a call are expected in their order, with others between them', async () => {
  await passing(`
    const [a, b] = await phones(2);
    await connect(a, b);
    await until(() => expect(b).toHaveExchanged(['REGISTER', '200 REGISTER', 'INVITE', 180, '200 INVITE', 'ACK']));
    const [call] = a.calls;
    expect(call).toHaveExchanged(['INVITE', 100, 180, 200, 'ACK']);
    expect(call).toHaveExchanged([{ sent: 'INVITE', body: 'm=audio' }, { received: 200, Contact: /sip:/ }, { sent: 'ACK' }]);
    expect(call).not.toHaveExchanged(['INVITE', 200, 180]);
    expect(call).not.toHaveExchanged([{ received: 'INVITE' }]);
    expect(call).not.toHaveExchanged(['INVITE', 'INVITE', 'ACK', 'ACK']);
    a.hangup();
    await until(() => expect(call).toHaveExchanged(['ACK', 'BYE', '200 BYE']));`);
});

test('a failure says how far the messages went along, and what came in place of the next', async () => {
  const { error } = await failure(`
    a.dial(b);
    await until(() => expect(b.state).toBe(State.Ringing));
    b.reject(486);
    await until(() => expect(a.state).toBe(State.Idle));
    expect(a.calls[0]).toHaveExchanged(['INVITE', 180, { received: '200 INVITE', Contact: 'b' }, 'ACK']);`);
  assert.match(error, /^expected has exchanged INVITE, 180, received 200 INVITE with Contact: b, ACK, in this order, but was INVITE, 180, then /);
  assert.match(error, /then .*received 486 INVITE, sent ACK in place of received 200 INVITE with Contact: b$/);
});

test('a failure within until tells the same of the last look', async () => {
  const { error } = await failure(`await until(() => expect(a).toHaveExchanged(['REGISTER', 'INVITE', 'ACK']), '300ms');`);
  assert.match(error, /^not satisfied within 300ms: .*but was REGISTER, then .*received 200 REGISTER in place of INVITE/);
});

test('what is no message, no list, or nothing with messages, is a mistake at once', async () => {
  const wrong = (text) => failure(`await until(() => expect(${text}), '30s');`).then(({ error }) => error);
  assert.match(await wrong('a).toHaveExchanged(["REGISTER", "INVITE", "18"]'), /the condition has a bug: "18" is no message/);
  assert.match(await wrong('a).toHaveExchanged("INVITE"'), /takes a list of messages/);
  assert.match(await wrong('a.state).toHaveExchanged(["INVITE"]'), /is about an agent or a call/);
  assert.match(await wrong('a).toHaveExchanged([{ Contact: "b" }]'), /takes messages such as/);
});

test('what must not come ends the wait as soon as it comes, and is told', async () => {
  const begun = Date.now();
  const { events, error } = await failure(`
    a.dial(b);
    await expect.never(() => expect(b.state).toBe(State.Ringing), '30s');`);
  assert.ok(Date.now() - begun < 15_000);
  assert.match(error, /^what must never be was so after \d+ms: B state equals Ringing$/);
  const told = of(events, 'assertion').at(-1);
  assert.deepEqual([told.ok, told.label], [false, 'B state']);
  assert.match(told.expect, /^never within 30s: equals /);
});

test('what does not come passes when the time is over', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    await connect(a, b);
    await expect.never(() => expect(a.state).not.toBe(State.Established), '300ms');
    await expect.never(() => expect(b).toHaveReceived('BYE'), '300ms');`);
  assert.equal(of(events, 'assertion').filter(({ expect, ok }) => expect === 'never within 300ms' && ok).length, 2);
});

const kRhaiPhones = `
  fn phone(name) { agent(name, #{ username: name.to_lower(), domain: "example.test", password: "p" }) }
  let a = phone("A");
  let b = phone("B");
  await_until(|| assert(a.registered && b.registered).is_true(), "10s");
`;
const inRhai = (text) => runText(kRhaiPhones + text, {}, { name: 'test.rhai' });

test('in Rhai messages are expected with expect, in their order or alone', async () => {
  const text = `
    a.dial(b);
    await_until(|| assert(b.state).equals(State::Ringing));
    b.accept();
    await_until(|| expect(b).to_have_exchanged(["REGISTER", "200 REGISTER", "INVITE", 180, "200 INVITE", "ACK"]));
    await_until(|| assert(a.state).equals(State::Established));
    let call = a.calls[0];
    expect(call).to_have_exchanged([#{ sent: "INVITE", body: "m=audio" }, #{ received: 200, Contact: "sip:" }, #{ sent: "ACK" }]);
    expect(call).not.to_have_exchanged(["INVITE", 200, 180]).to_have_sent("ACK").to_have_received(200, #{ Contact: regex("<sip:.*>") });
    expect(call).not.to_have_received(200, #{ Contact: regex("sip:") });
    a.hangup();
    await_until(|| expect(call).to_have_exchanged(["ACK", "BYE", "200 BYE"]));`;
  const { events, status, stderr } = await inRhai(text);
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
  assert.deepEqual(check(kRhaiPhones + text, 'test.rhai'), []);
});

test('in Rhai a failure says the same, and a mistake is one at once', async () => {
  const { events, status } = await inRhai('await_until(|| expect(a).to_have_exchanged(["REGISTER", "INVITE", "ACK"]), "300ms");');
  assert.equal(status, 1);
  assert.match(finished(events).error, /^not satisfied within 300ms: .*but was REGISTER, then .*received 200 REGISTER in place of INVITE/);
  assert.match(finished(events).at, /test\.rhai:6:1$/);
  for (const wrong of ['a).to_have_exchanged("INVITE")', 'a).to_have_exchanged(["18"])', 'a.state).to_have_exchanged(["INVITE"])', 'a).to_have_exchangd(["INVITE"])']) {
    const begun = Date.now();
    const { status: failed } = await inRhai(`await_until(|| expect(${wrong}, "30s");`);
    assert.equal(failed, 1, wrong);
    assert.ok(Date.now() - begun < 20_000, wrong);
  }
  assert.deepEqual(check('let a = 1; expect(a).to_have_exchangd([]);', 'x.rhai').map(({ suggestion }) => suggestion), ['to_have_exchanged']);
});

test('the matchers that a check of Rhai knows are those of the API', () => {
  const definitions = readFileSync(new URL('../../src/script/library/callwright.d.ts', import.meta.url), 'utf8');
  const matchers = /^interface Expectation \{(.*?)^\}/ms.exec(definitions)[1];
  const declared = [...matchers.matchAll(/^ {2}(to\w+)\((.*)\): Expectation;/gm)];
  assert.ok(declared.length > 15);
  for (const [, name, parameters] of declared) {
    const given = parameters === '' ? [] : parameters.split(/, (?=\w+\??:)/).map((_, index) => String(index + 1));
    assert.deepEqual(check(`let a = 1; expect(a).${toSnake(name)}(${given.join(', ')});`, 'x.rhai'), [], name);
  }
});
