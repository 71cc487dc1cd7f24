// Text messages outside of calls (RFC 3428).
import { phones } from './phones.mjs';

scenario('a text arrives', async () => {
  const [alice, bob] = await phones('Alice', 'Bob');
  await alice.message(bob, 'Lunch?');
  await until(() => expect(bob.texts.map((text) => text.body)).toEqual(['Lunch?']));
});
