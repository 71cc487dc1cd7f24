// A wrong password is refused, and says so.
import { phones } from './phones.mjs';

scenario('a wrong password', async () => {
  await phones('Alice');
  const thief = new Agent('Thief', { username: 'alice', domain: env('DOMAIN', 'pbx.example'), password: 'guess', regint: 60 });
  await until(() => expect(thief.registrationState.error).toBeDefined());
  expect(thief.registered).toBe(false);
});
