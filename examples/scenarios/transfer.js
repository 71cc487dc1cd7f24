// A receptionist passes calls on: at once, and after having asked.
import { connect, phones } from './phones.mjs';

scenario('at once', async () => {
  const [caller, desk, carol] = await phones('Caller', 'Desk', 'Carol');
  await connect(caller, desk);
  const transferred = desk.transfer(carol);
  await until(() => expect(carol.state).toBe(State.Ringing));
  carol.accept();
  await transferred;
  await verifyAudioConnection(caller, carol);
  expect(desk.reason).toBe('Call transfered');
});

scenario('after having asked', async () => {
  const [caller, desk, carol] = await phones('Caller', 'Desk', 'Carol');
  await connect(caller, desk);
  const asked = desk.attendedTransfer(carol);
  await until(() => expect(carol.state).toBe(State.Ringing));
  carol.accept();
  await asked;
  await desk.completeTransfer();
  await verifyAudioConnection(caller, carol);
});
