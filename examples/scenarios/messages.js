// What went over the wire can be looked at: header fields, descriptions, order.
import { connect, phones } from './phones.mjs';

scenario('what the INVITE says', async () => {
  const [alice, bob] = await phones('Alice', 'Bob');
  await connect(alice, bob);
  const invite = bob.calls[0].invite;
  expect(invite.header('From')).toContain('alice');
  expect(invite.sdp.codecs).toContain('opus');
  const statuses = alice.messages.filter((message) => message.method === 'INVITE' && message.status >= 180).map((message) => message.status);
  expect(statuses.at(-1)).toBe(200);
});
