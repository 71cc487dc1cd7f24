// Random commands over the Call API for an hour, with faults on both sides: messages to phones are lost, answers and events of the proxy are lost, doubled and
// late, and clients leave in the middle. Each command has to end exactly once, and what the server holds has to stay what it was.
//   scripts/test soak [--minutes N] [--seed N] [--with exchange|opensips]
import { parseArgs } from 'node:util';
import { Exchange } from './lib/acceptance_exchange.mjs';
import { OpenSips } from './lib/acceptance_opensips.mjs';
import { soak } from './lib/acceptance_soak.mjs';

const ROUND = { commands: 200, connections: 8 };
const RUDE_COMMANDS = 5;
/** Of the time, in which caches and pools fill, but no less than so many milliseconds: the feed alone keeps 10 000 events. A shorter run judges no memory. */
const WARM = 0.1;
const WARM_MS = 6 * 60_000;
/** How much more memory there may be at the end than when it was warm. */
const GROWTH = 1.1;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, with: { type: 'string', default: 'exchange' } } });
const Kind = { exchange: Exchange, opensips: OpenSips }[values.with];
const length = Number(values.minutes) * 60_000;
if (!Kind || !(length > 0) || !Number.isInteger(Number(values.seed))) {
  console.error('usage: scripts/test soak [--minutes N] [--seed N] [--with exchange|opensips]');
  process.exit(2);
}

/** A client that starts calls and is gone before it has heard of any. */
async function rude(world) {
  const client = await world.another();
  for (let index = 0; index < RUDE_COMMANDS; index += 1) {
    client.request('CallStart', { caller: world.uri('dave'), callee: world.uri('erin'), cmd_id: world.fresh() });
  }
  await client.take(1);
  await client.terminate();
}

const world = new Kind();
await world.begin();
const begun = performance.now();
const problems = [];
let commands = 0;
let warm;
let told = 0;
for (let round = 0; performance.now() - begun < length && problems.length === 0; round += 1) {
  const [done] = await Promise.all([soak(world, { seed: Number(values.seed) + round, ...ROUND }), rude(world)]);
  commands += done.commands;
  problems.push(...done.problems);
  await world.hangUpAll();
  const minutes = (performance.now() - begun) / 60_000;
  const held = { memory: world.server.memoryKib(), descriptors: world.server.descriptors() };
  if (performance.now() - begun > Math.max(length * WARM, WARM_MS)) {
    warm ??= held;
  }
  if (minutes >= told + 1) {
    told = Math.floor(minutes);
    await world.phones?.refresh();
    console.log(`${told} min: ${commands} commands, ${held.memory} KiB, ${held.descriptors} descriptors`);
  }
}
const after = { memory: world.server.memoryKib(), descriptors: world.server.descriptors() };
warm ??= after;
console.log(`${commands} commands, ${problems.length} that did not end as they should; memory ${warm.memory} KiB when warm, ${after.memory} KiB at the end; descriptors ${warm.descriptors} and ${after.descriptors}`);
problems.slice(0, 20).forEach((problem) => console.log(problem));
await world.leave();
process.exit(problems.length === 0 && after.memory <= warm.memory * GROWTH && after.descriptors <= warm.descriptors ? 0 : 1);
