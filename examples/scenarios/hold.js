// Whoever is on hold hears nothing, and hears again afterwards.
import { connect, phones } from './phones.mjs';

scenario('hold and resume', async () => {
  const [alice, bob] = await phones('Alice', 'Bob');
  alice.sendAudio(tone(440));
  await connect(alice, bob);
  await bob.verifyAudio(440, '3s');
  await alice.hold();
  await until(() => expect(bob.onHold).toBe(true));
  await alice.resume();
  await bob.verifyAudio(440, '3s');
});
