// Keys of a menu, in all ways that phones have. Each row is a scenario of its own.
scenario.each([{ mode: 'rtpevent' }, { mode: 'info' }])('keys by $mode', async (_context, { mode }) => {
  const options = { domain: env('DOMAIN', 'pbx.example'), password: 'secret', dtmfMode: mode };
  const alice = new Agent('Alice', { username: 'alice', ...options });
  const menu = new Agent('Menu', { username: 'menu', answer: 'auto', ...options });
  await until(() => expect(menu.registered && alice.registered).toBe(true));
  await alice.dial(menu);
  alice.dtmf('12#');
  await until(() => expect(menu.receivedDtmf).toBe('12#'));
});
