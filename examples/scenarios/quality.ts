// TypeScript runs as it is. How good a call sounds, once a few packets have come.
import { connect, phones } from './phones.mjs';

interface Limit {
  mos: number;
  lossPercent: number;
}
const limit: Limit = { mos: 4, lossPercent: 1 };

scenario('sounds as it should', { tags: ['quality'] }, async () => {
  const [alice, bob] = (await phones('Alice', 'Bob')) as Agent[];
  alice.sendAudio(tone(440));
  await connect(alice, bob);
  await until(() => expect(bob.quality.mos).toBeGreaterThan(limit.mos), '10s');
  expect(bob.quality.packetLoss).toBeLessThan(limit.lossPercent);
});
