// A menu that listens, and a caller who answers it: both speak, and both understand.
scenario('a caller asks for an appointment', async () => {
  const options = { domain: env('DOMAIN', 'pbx.example'), password: 'secret' };
  const caller = new Agent('Caller', { username: 'caller', ...options });
  const menu = new Agent('Menu', { username: 'menu', answer: 'auto', ...options });
  await until(() => expect(caller.registered && menu.registered).toBe(true));
  await caller.dial(menu);

  const asked = expect(caller).toHear('make an appointment', '30s');
  menu.sendAudio(speech('Good morning. Would you like to make an appointment?'));
  await asked;

  const answered = expect(menu).toHear('yes please', '30s');
  caller.sendAudio(speech('Yes, please.'));
  await answered;
});
