// What comes of calls: the answer, transfers that end otherwise than they began, and what is told of an agent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, of, outcomes, runText } from './lib/run_file.mjs';
import { messagesOf, passing, requestsOf } from './lib/passing.mjs';

test('a call rings on both sides, is answered with 200, acknowledged, and established for both', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    const answered = a.dial(b);
    await until(() => expect(b.state).toBe(State.Ringing));
    expect(a.state).toBe(State.Ringing);
    const accepted = b.accept();
    expect((await answered).state).toBe('established');
    expect((await accepted).state).toBe('established');
    await established(a, b);
    expect(a.registered && b.registered).toBe(true);
    await a.hangup();
    await idle(a, b);`);
  const statuses = messagesOf(events, 'B', 'INVITE').map(({ status }) => status);
  assert.deepEqual([statuses.includes(180), statuses.at(-1)], [true, 200]);
  assert.equal(requestsOf(events, 'A', 'ACK').length > 0, true);
  assert.equal(requestsOf(events, 'B', 'BYE', 'received').length, 1);
  const states = (agent) => of(events, 'state').filter((event) => event.agent === agent).map(({ state }) => state);
  for (const agent of ['A', 'B']) {
    assert.deepEqual(states(agent).filter((state, index, all) => state !== all[index - 1]), ['idle', 'ringing', 'established', 'idle']);
  }
});

test('after a consultation that is given up, the first call is on hold, is resumed, and is heard', async () => {
  const events = await passing(`
    const [a, b, c] = await phones(3);
    await connect(a, b);
    await verifyAudioConnection(a, b);
    b.attendedTransfer(c);
    await until(() => expect(c.state).toBe(State.Ringing));
    await until(() => expect(a.onHold).toBe(true));
    b.abortTransfer();
    await idle(c);
    await until(() => expect(b.info().calls).toBe(1));
    expect([b.held, b.state, a.state, a.onHold]).toBe([true, State.Established, State.Established, true]);
    await b.resume();
    expect(b.held).toBe(false);
    await until(() => expect(a.onHold).toBe(false));
    await verifyAudioConnection(a, b);`);
  assert.deepEqual(requestsOf(events, 'B', 'REFER'), []);
  assert.equal(requestsOf(events, 'C', 'CANCEL', 'received').length, 1);
});

test('a consultation that was answered is given up by BYE', async () => {
  const events = await passing(`
    const [a, b, c] = await phones(3);
    await connect(a, b);
    b.attendedTransfer(c);
    await until(() => expect(c.state).toBe(State.Ringing));
    c.accept();
    await established(c);
    await until(() => expect(b.calls[1].state).toBe('established'));
    await until(() => expect(b.calls[0].held).toBe(true));
    b.abortTransfer();
    await idle(c);
    await b.resume();
    await verifyAudioConnection(a, b);`);
  assert.equal(requestsOf(events, 'C', 'BYE', 'received').length, 1);
});

test('a transfer is completed only when one is pending, and the call goes on when none is', async () => {
  const events = await passing(`
    const [a, b, c] = await phones(3);
    await connect(a, b);
    const failure = (action) => {
      try {
        action();
      } catch (error) {
        return error.message;
      }
      return undefined;
    };
    expect(failure(() => b.completeTransfer())).toBe('B: no transfer is pending; begin it with attendedTransfer()');
    expect(failure(() => b.abortTransfer())).toBe('B: no transfer is pending; begin it with attendedTransfer()');
    b.attendedTransfer(c);
    await until(() => expect(c.state).toBe(State.Ringing));
    c.reject(603, 'Decline');
    await idle(c);
    await until(() => expect(b.info().calls).toBe(1));
    expect(failure(() => b.completeTransfer())).toContain('B: ');
    await b.resume();
    await verifyAudioConnection(a, b);`);
  assert.deepEqual(requestsOf(events, 'B', 'REFER'), []);
});

test('in Rhai, a transfer that is not pending cannot be completed either', async () => {
  const { events, status } = await runText(`
    let a = agent("A", #{ username: "a", password: "p" });
    let said = "";
    try { a.complete_transfer(); } catch (error) { said = \`\${error}\`; }
    assert(said).contains("no transfer is pending");
    a.complete_transfer();`, {}, { name: 'test.rhai' });
  assert.equal(status, 1);
  assert.match(finished(events).error, /no transfer is pending/);
});

test('in Rhai, a consultation is given up and the first call goes on, and agents register again', async () => {
  const { events, status, stderr } = await runText(`
    let phones = ["A", "B", "C"].map(|name| agent(name, #{ username: name.to_lower(), domain: "pbx.example", password: "p" }));
    let a = phones[0]; let b = phones[1]; let c = phones[2];
    for phone in phones { await_until(|| assert(phone.registered).is_true(), "10s"); }
    a.register();
    a.register();
    await_until(|| assert(a.registered).is_true());
    a.send_audio(tone(440));
    a.dial(b);
    await_until(|| assert(b.state).equals(State::Ringing), "15s");
    b.accept();
    await_until(|| assert(a.state).equals(State::Established));
    await_until(|| assert(b.state).equals(State::Established));
    b.verify_audio(440, "2s");
    b.attended_transfer(c);
    await_until(|| assert(c.state).equals(State::Ringing));
    b.abort_transfer();
    await_until(|| assert(c.state).equals(State::Idle));
    await_until(|| assert(b.info().calls).equals(1));
    b.resume();
    a.verify_audio_connection(b);
    b.verify_audio(440, "2s");
    a.hangup();
    await_until(|| assert(b.state).equals(State::Idle));`, {}, { name: 'test.rhai' });
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
  assert.equal(requestsOf(events, 'C', 'CANCEL', 'received').length, 1);
});

test('every scenario has new agents, and those of the one before are gone from the registrar', async () => {
  const { events, status, stderr } = await runText(`
    const phone = (name) => new Agent(name, { username: name.toLowerCase(), domain: 'pbx.example', password: 'secret' });
    const registered = (agent) => until(() => expect(agent.registered).toBe(true));
    scenario('first', async () => {
      const [a, b] = [phone('A'), phone('B')];
      await registered(a);
      await registered(b);
      a.dial(b);
      await until(() => expect(b.state).toBe(State.Ringing));
      expect(a.info().calls).toBe(1);
    });
    scenario('nobody is there', async () => {
      const c = phone('C');
      await registered(c);
      c.dial('a');
      await until(() => expect(c.statusCode).toBeDefined());
      expect(c.statusCode).toBe(404);
    });
    scenario('second', async () => {
      const a = phone('A');
      await registered(a);
      expect(a.info().calls).toBe(0);
      expect(a.calls).toBeEmpty();
      expect(a.reason).toBeUndefined();
    });`);
  assert.deepEqual(Object.values(outcomes(events)), [true, true, true], stderr);
  assert.equal(status, 0);
  const starts = events.flatMap((event, index) => (event.event === 'scenario_started' ? [index] : []));
  const within = (number) => events.slice(starts[number], starts[number + 1]);
  for (const agent of ['A', 'B']) {
    const last = requestsOf(within(0), agent, 'REGISTER').at(-1);
    assert.match(last.text, /^(Expires: 0|Contact:.*;expires=0)\r$/m);
    assert.equal(messagesOf(within(0), agent, 'REGISTER', 'received').at(-1).status, 200, 'before the next scenario begins');
  }
  const contact = (number) => /^Contact: <sip:[^>]*:(\d+)/m.exec(requestsOf(within(number), 'A', 'REGISTER')[0].text)[1];
  assert.notEqual(contact(2), contact(0), 'a port of its own');
});

test('what is told of an agent: before a call, in it, and in JSON', async () => {
  await passing(`
    const a = new Agent('A', { username: 'ua', domain: 'pbx.example', password: 'p', regint: 0 });
    const keys = ['name', 'aor', 'registered', 'state', 'reason', 'statusCode', 'peer', 'calls'];
    expect(Object.keys(a.info())).toBe(keys);
    expect(a.info()).toEqual({ name: 'A', aor: 'sip:ua@pbx.example', registered: false, state: State.Idle, reason: undefined, statusCode: undefined, peer: undefined, calls: 0 });
    expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(a.info())));
    const [b] = await phones(1, { displayName: 'The caller' });
    const c = new Agent('C', { username: 'uc', domain: 'example.test', password: 'p' });
    await until(() => expect(c.registered).toBe(true));
    b.dial(c);
    await until(() => expect(c.state).toBe(State.Ringing));
    const told = JSON.parse(JSON.stringify(c));
    expect([told.registered, told.state, told.calls]).toBe([true, 'ringing', 1]);
    expect(told.peer).toEqual({ uri: b.aor, number: b.config.username, name: 'The caller' });
    c.hangup();
    await idle(b, c);
    expect([b.info().statusCode, b.info().reason]).toBe([486, '486 Busy Here']);`);
});

test('in Rhai, to_json() tells the same as info(), and null of what is not there', async () => {
  const { events, status, stderr } = await runText(`
    let a = agent("A", #{ username: "ua", domain: "pbx.example", password: "p", regint: 0 });
    let told = a.info();
    assert(told.keys()).equals(["aor", "calls", "name", "peer", "reason", "registered", "state", "status_code"]);
    assert(told.state).equals("Idle");
    assert(told.peer).is_absent();
    log(a.to_json());`, {}, { name: 'test.rhai' });
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
  assert.deepEqual(JSON.parse(of(events, 'log')[0].message), {
    name: 'A', aor: 'sip:ua@pbx.example', registered: false, state: 'Idle', reason: null, status_code: null, peer: null, calls: 0,
  });
});
