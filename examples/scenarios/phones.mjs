// Registered phones for the other examples.
export async function phones(...names) {
  const made = names.map((name) => new Agent(name, { username: name.toLowerCase(), domain: env('DOMAIN', 'pbx.example'), password: env('PASSWORD', 'secret') }));
  for (const phone of made) {
    await until(() => expect(phone.registered).toBe(true), '10s');
  }
  return made;
}

export async function connect(caller, callee) {
  const answered = caller.dial(callee);
  await until(() => expect(callee.state).toBe(State.Ringing), '15s');
  await callee.accept();
  await answered;
}
