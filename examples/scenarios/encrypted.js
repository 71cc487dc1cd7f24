// Media that nobody on the way can hear: SRTP with keys in the description, and by DTLS.
scenario.each([{ way: 'srtp-mand', wanted: 'sdes' }, { way: 'dtls_srtp', wanted: 'dtls' }])('encrypted by $way', async (_context, { way, wanted }) => {
  const options = { domain: env('DOMAIN', 'pbx.example'), password: 'secret', mediaEnc: way };
  const alice = new Agent('Alice', { username: 'alice', ...options });
  const bob = new Agent('Bob', { username: 'bob', answer: 'auto', ...options });
  await until(() => expect(bob.registered && alice.registered).toBe(true));
  await alice.dial(bob);
  expect(alice.encryption).toBe(wanted);
  await verifyAudioConnection(alice, bob);
});
