// Phones and steps that most scenarios need.
let last = 0;

/** Registered phones with users of their own. */
export async function phones(count, config = {}) {
  const made = Array.from({ length: count }, (_, index) => {
    const name = 'ABCDEFGH'[index];
    return new Agent(name, { username: `user${++last}`, domain: 'example.test', password: `secret ${last}`, ...(typeof config === 'function' ? config(name) : config) });
  });
  for (const phone of made) {
    await until(() => expect(phone.registered).toBe(true), '10s');
  }
  return made;
}

export async function established(...all) {
  for (const phone of all) {
    await until(() => expect(phone.state).toBe(State.Established), '10s');
  }
}

export async function idle(...all) {
  for (const phone of all) {
    await until(() => expect(phone.state).toBe(State.Idle), '10s');
  }
}

export async function connect(caller, callee) {
  caller.dial(callee);
  await until(() => expect(callee.state).toBe(State.Ringing), '10s');
  callee.accept();
  await established(caller, callee);
}
