// Several scenarios with the same beginning and end.
import { connect, phones } from './phones.mjs';

setup(async () => {
  const [alice, bob] = await phones('Alice', 'Bob');
  return { alice, bob };
});

teardown(({ alice }) => log(`Alice's last call ended with: ${alice.reason ?? 'it goes on'}`));

scenario('is answered', { tags: ['smoke'] }, async ({ alice, bob }) => {
  await connect(alice, bob);
  expect(bob.peer.number).toBe('alice');
});

scenario('is refused', { tags: ['smoke'] }, async ({ alice, bob }) => {
  alice.dial(bob);
  await until(() => expect(bob.state).toBe(State.Ringing));
  bob.reject(603, 'Decline');
  await until(() => expect(alice.statusCode).toBe(603));
});

scenario('reaches the outside', { tags: ['slow'], skip: 'needs a trunk' }, ({ alice }) => alice.dial('+15550100'));
