// The usual test, whose time without listening to sound is measured.
scenario('two agents', async () => {
  const [a, b] = ['a', 'b'].map((name) => new Agent(name, { username: name, domain: 'pbx.example', password: name }));
  await until(() => expect(a.registered).toBe(true));
  await until(() => expect(b.registered).toBe(true));
  const answered = a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing));
  b.accept();
  await answered;
  const begun = Date.now();
  await verifyAudioConnection(a, b);
  log(`listened ${Date.now() - begun}`);
  a.hangup();
  await until(() => expect(b.state).toBe(State.Idle));
});
