// A phone sends its calls elsewhere.
import { phones } from './phones.mjs';

scenario('calls go to the deputy', async () => {
  const [caller, boss, deputy] = await phones('Caller', 'Boss', 'Deputy');
  boss.deflect(deputy);
  caller.dial(boss);
  await until(() => expect(deputy.state).toBe(State.Ringing));
  expect(boss.state).toBe(State.Idle);
});
