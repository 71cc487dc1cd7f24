import { connect, established, idle, phones } from './prelude.mjs';

scenario('32: who is dialled by agent, number, address and in international form', async () => {
  const [a, b] = await phones(2);
  for (const target of [b, b.config.username, `${b.config.username}@example.test`, b.aor]) {
    a.dial(target);
    await until(() => expect(b.state).toBe(State.Ringing));
    expect(a.messages.findLast((message) => message.isRequest && message.method === 'INVITE').uri).toBe(b.aor);
    a.hangup();
    await idle(a, b);
  }
  a.dial('+49301234567');
  await idle(a);
  expect(a.messages.find((message) => message.uri?.includes('49')).uri).toBe('sip:+49301234567@example.test');
});

scenario('34: who hangs up a call that rings, refuses it with 486', async () => {
  const [a, b] = await phones(2);
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing));
  b.hangup();
  await idle(a, b);
  expect(a.statusCode).toBe(486);
  expect(a.reason).toContain('486');
  expect(b.statusCode).toBeUndefined();
  expect(b.reason).toBe('Rejected by user');
});

scenario('35: who hangs up before the answer cancels', async () => {
  const [a, b] = await phones(2);
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing));
  a.hangup();
  await idle(a, b);
  expect(b.messages.some((message) => message.method === 'CANCEL' && message.isRequest)).toBe(true);
  expect(b.statusCode).toBeUndefined();
  expect(b.reason).toBe('Connection reset by peer [104]');
});

scenario('36: nobody is there', async () => {
  const [a] = await phones(1);
  expect(a.reason).toBeUndefined();
  expect(a.statusCode).toBeUndefined();
  a.dial('nobody');
  await idle(a);
  await until(() => expect(a.statusCode).toBe(404));
  expect(a.reason).toBe('404 Not Found');
});

scenario('37: what is told of the end is that of the latest call', async () => {
  const [a, b] = await phones(2);
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing));
  b.reject(603, 'Decline');
  await idle(a);
  expect(a.statusCode).toBe(603);
  await connect(a, b);
  expect(a.statusCode).toBeUndefined();
  b.hangup();
  await idle(a, b);
  expect(a.statusCode).toBeUndefined();
  expect(a.reason).toBe('Connection reset by peer [104]');
});

scenario('38: who the other side is', async () => {
  const [a, b] = await phones(2, (name) => ({ displayName: `Phone ${name}` }));
  await connect(a, b);
  expect(b.peer.name).toBe('Phone A');
  expect(b.peer.number).toBe(a.config.username);
  expect(a.peer.uri).toBe(b.aor);
  a.hangup();
  await idle(a, b);
  expect(a.peer).toBeUndefined();
});

scenario('29, 39: header fields, some of them twice', async () => {
  const [a, b] = await phones(2, { headers: { 'X-Foo': 'bar', 'X-H': ['1', '2'] } });
  await connect(a, b);
  expect(b.header('x-foo')).toBe('bar');
  expect(b.header('absent')).toBeUndefined();
  expect(b.headers['X-H']).toEqual(['1', '2']);
  a.hangup();
  await idle(a, b);
  expect(b.headers['X-Foo']).toEqual(['bar']);
});

scenario('40: hold is heard of by both, and ends', async () => {
  const [a, b] = await phones(2);
  a.sendAudio(tone(440));
  await connect(a, b);
  await b.verifyAudio(440, '3s');
  await a.hold();
  expect(a.held).toBe(true);
  await until(() => expect(b.onHold).toBe(true));
  expect(a.state).toBe(State.Established);
  await wait(0.3);
  await b.verifySilence('500ms');
  await a.resume();
  await until(() => expect(b.onHold).toBe(false));
  await b.verifyAudio(440, '3s');
});

scenario('41: mute is silence that flows', async () => {
  const [a, b] = await phones(2);
  a.sendAudio(tone(440));
  await connect(a, b);
  await b.verifyAudio(440, '2s');
  a.mute();
  await wait(0.3);
  await b.verifySilence('400ms');
  a.mute();
  await b.verifyAudio(440, '2s');
});

for (const dtmfMode of ['rtpevent', 'info', 'inband']) {
  scenario(`42: keys as ${dtmfMode}`, async () => {
    const [a, b] = await phones(2, { dtmfMode, codecs: ['PCMA'] });
    await connect(a, b);
    a.dtmf('123#');
    await until(() => expect(b.receivedDtmf).toBe('123#'), '6s');
    a.dtmf('45', '300ms');
    await until(() => expect(b.receivedDtmf).toBe('123#45'), '6s');
    let failure;
    try {
      a.dtmf('x');
    } catch (error) {
      failure = error.message;
    }
    expect(failure).toContain('x');
  });
}

scenario('43, 44: several calls at once, and no more than that', async () => {
  const [a, b, c] = await phones(3, { maxCalls: 2 });
  await connect(a, b);
  c.dial(b);
  await until(() => expect(b.info().calls).toBe(2));
  const d = new Agent('D', { username: 'last', domain: 'example.test', password: 'd' });
  await until(() => expect(d.registered).toBe(true));
  d.dial(b);
  await until(() => expect(d.statusCode).toBe(486));
  expect(d.reason).toBe('486 Max Calls');
  b.hangup();
  await idle(c);
  expect(a.state).toBe(State.Established);
});

scenario('45: a call is transferred', async () => {
  const [a, b, c] = await phones(3);
  await connect(a, b);
  const transferred = b.transfer(c);
  await until(() => expect(c.state).toBe(State.Ringing));
  c.accept();
  await established(a, c);
  await transferred;
  await idle(b);
  expect(b.reason).toBe('Call transfered');
  const refer = b.messages.find((message) => message.isRequest && message.method === 'REFER');
  expect(refer.header('Refer-To')).toContain(c.aor);
  expect(refer.header('Referred-By')).toContain(b.aor);
  await verifyAudioConnection(a, c);
});

scenario('46: a transfer to nobody leaves the call as it is', async () => {
  const [a, b] = await phones(2);
  await connect(a, b);
  let status;
  await b.transfer('nobody').catch((error) => {
    status = error.status;
  });
  expect(status).toBe(404);
  expect(a.state).toBe(State.Established);
  expect(b.state).toBe(State.Established);
});

scenario('47: a call is transferred after the target was asked', async () => {
  const [a, b, c] = await phones(3);
  await connect(a, b);
  b.attendedTransfer(c);
  await until(() => expect(c.state).toBe(State.Ringing));
  c.accept();
  await established(c);
  await until(() => expect(b.calls[1].state).toBe('established'));
  expect(b.info().calls).toBe(2);
  await until(() => expect(a.onHold).toBe(true));
  await b.completeTransfer();
  await established(a, c);
  await idle(b);
  await verifyAudioConnection(a, c);
});

scenario('47: a transfer that is completed before the second call is answered', async () => {
  const [a, b, c] = await phones(3);
  await connect(a, b);
  b.attendedTransfer(c);
  await until(() => expect(c.state).toBe(State.Ringing));
  const completed = b.completeTransfer();
  c.accept();
  await completed;
  await established(a, c);
  await idle(b);
});

scenario('47: a transfer that is completed ends with the refusal of the second call', async () => {
  const [a, b, c] = await phones(3);
  await connect(a, b);
  b.attendedTransfer(c);
  await until(() => expect(c.state).toBe(State.Ringing));
  const completed = b.completeTransfer();
  c.reject(486);
  const refused = await completed.catch((error) => error);
  expect(refused.status).toBe(486);
  await b.resume();
  expect(a.state).toBe(State.Established);
});

scenario('48: a transfer that is given up', async () => {
  const [a, b, c] = await phones(3);
  await connect(a, b);
  b.attendedTransfer(c);
  await until(() => expect(c.state).toBe(State.Ringing));
  b.abortTransfer();
  await idle(c);
  await b.resume();
  expect(a.state).toBe(State.Established);
});

scenario('50: calls are sent elsewhere, or refused as told', async () => {
  const [a, b, c] = await phones(3);
  b.deflect(c);
  a.dial(b);
  await until(() => expect(c.state).toBe(State.Ringing));
  const moved = b.messages.find((message) => message.status === 302);
  expect(moved.header('Contact')).toContain(c.aor);
  expect(moved.header('Diversion')).toContain(b.aor);
  expect(b.state).toBe(State.Idle);
  a.hangup();
  await idle(a, c);
  b.stopDeflect();
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing));
  a.hangup();
  await idle(a, b);
  b.respondIncoming(603, 'Decline');
  a.dial(b);
  await until(() => expect(a.statusCode).toBe(603));
});

scenario('58: quality is known once there is something to judge', async () => {
  const [a, b] = await phones(2);
  a.sendAudio(tone(440));
  await connect(a, b);
  expect(b.quality.mos).toBeUndefined();
  await until(() => expect(b.quality.mos).toBeGreaterThan(4), '10s');
  expect(b.quality.packetLoss).toBe(0);
  a.hangup();
  await idle(a, b);
  await until(() => expect(b.quality.mos).toBeGreaterThan(4));
});

scenario('what went over the wire is expected, or must never be', async () => {
  const [a, b] = await phones(2, { headers: { 'X-Foo': 'bar' } });
  await connect(a, b);
  expect(b).toHaveReceived('INVITE', { 'X-Foo': 'bar', uri: /^sip:user/, body: 'm=audio' });
  expect(a).toHaveReceived(180);
  expect(a.calls[0]).toHaveReceived('200 INVITE').not.toHaveReceived('486 INVITE');
  expect(a).toHaveSent('ACK').not.toHaveSent('CANCEL');
  await expect.never(() => expect(b.state).toBe(State.Idle), '300ms');
  let failure;
  try {
    expect(a).toHaveReceived('BYE');
  } catch (error) {
    failure = error.message;
  }
  expect(failure).toMatch('^expected has received BYE, but was .*180 INVITE, 200 INVITE');
  setTimeout(() => b.hangup(), 50);
  await expect
    .never(() => expect(b.state).toBe(State.Idle), '3s')
    .then(
      () => log('wrong'),
      (error) => expect(error.message).toContain('must never be')
    );
});

scenario('51: a tone is heard at once, and another one is not', async () => {
  const [a, b] = await phones(2);
  a.sendAudio(tone(440));
  await connect(a, b);
  const begun = Date.now();
  await b.verifyAudio(440, '2s');
  expect(Date.now() - begun).toBeLessThan(1500);
  let failure;
  await b.verifyAudio(1000, '1s').catch((error) => {
    failure = error.message;
  });
  expect(failure).toMatch('tone 1000 Hz not detected \\(score 0\\.\\d\\d, rms [1-9]');
});
