// Two phones talk: the shortest test of a telephone system.
//   callwright test --exchange examples/scenarios/call.js
const alice = new Agent('Alice', { username: 'alice', domain: env('DOMAIN', 'pbx.example'), password: env('ALICE_PASSWORD', 'a secret') });
const bob = new Agent('Bob', { username: 'bob', domain: env('DOMAIN', 'pbx.example'), password: env('BOB_PASSWORD', 'another') });
await until(() => expect(alice.registered).toBe(true), '10s');
await until(() => expect(bob.registered).toBe(true), '10s');

alice.dial(bob);
await until(() => expect(bob.state).toBe(State.Ringing), '15s');
bob.accept();
await until(() => expect(alice.state).toBe(State.Established));
await until(() => expect(bob.state).toBe(State.Established));

await verifyAudioConnection(alice, bob);

alice.hangup();
await until(() => expect(bob.state).toBe(State.Idle));
