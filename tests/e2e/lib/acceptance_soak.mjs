// Many random commands over several connections, of which each has to end exactly once.
import { told } from './acceptance_world.mjs';

const CALLERS = ['dave', 'dave', 'dave', 'norefer405', 'mute', 'quits', 'ignores', 'busy', 'nobody', 'silent'];
const CALLEES = ['erin', 'erin', 'erin', 'mute', 'rigid', 'busy', 'nobody', 'silent'];
const AT_ONCE = 4;

/** Numbers that are the same for the same seed (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

class Soak {
  #world;
  #random;
  #callids = ['unknown'];
  #started = new Map();
  problems = [];

  constructor(world, seed) {
    this.#world = world;
    this.#random = randomFrom(seed);
  }

  get commands() {
    return this.#started.size;
  }

  /** Runs `count` commands on a connection of its own, a few at once. */
  async work(count) {
    const client = await this.#world.another();
    for (let left = count; left > 0;) {
      const batch = Math.min(left, 1 + this.#random(AT_ONCE));
      for (let index = 0; index < batch; index += 1) {
        this.#send(client);
      }
      await this.#untilEnded(client, batch);
      left -= batch;
    }
    // Nothing may follow.
    client.request('Echo', { cmd_id: `last-${count}-${this.#started.size}-${this.#random(1e9)}` });
    for (const message of await client.untilEnded()) {
      if (!(message.result ?? message.params).cmd_id.startsWith('last-')) {
        this.problems.push(`behind Ended: ${JSON.stringify(message)}`);
      }
    }
    await client.terminate();
  }

  #send(client) {
    const cmdId = this.#world.fresh();
    const [method, params] = this.#command(cmdId);
    this.#started.set(cmdId, { method, params, messages: [] });
    client.request(method, { ...params, cmd_id: cmdId }, cmdId);
  }

  #command(cmdId) {
    const one = (list) => list[this.#random(list.length)];
    const leg = () => one(['caller', 'callee']);
    const callid = () => one(this.#callids);
    const running = [...this.#started.keys()].slice(-AT_ONCE);
    const makers = [
      () => ['CallStart', { caller: this.#world.uri(one(CALLERS)), callee: this.#world.uri(one(CALLEES)) }],
      () => ['CallEnd', { callid: callid() }],
      () => ['CallHold', { callid: callid() }],
      () => ['CallUnhold', { callid: callid() }],
      () => ['CallBlindTransfer', { callid: callid(), leg: leg(), destination: this.#world.uri(one(CALLEES)) }],
      () => ['CallAttendedTransfer', { callidA: callid(), legA: leg(), callidB: callid(), legB: leg() }],
      () => ['CommandCancel', { target: running.length > 0 ? one(running) : cmdId }],
      () => ['Echo', { text: cmdId }],
    ];
    // Half of all are CallStart, so that there is something to act on.
    return (this.#random(2) === 0 ? makers[0] : one(makers))();
  }

  async #untilEnded(client, count) {
    for (let ended = 0; ended < count;) {
      const message = await client.next().catch((error) => {
        const open = [...this.#started].filter(([, { messages }]) => told(messages).at(-1) !== 'Ended');
        throw new Error(`${error.message}; not ended: ${JSON.stringify(open)}`);
      });
      const command = this.#started.get(message.error ? message.id : (message.result ?? message.params).cmd_id);
      command.messages.push(message);
      const name = message.error ? 'refused' : (message.result ?? message.params).event;
      ended += name === 'Ended' || name === 'refused' ? 1 : 0;
      if (name === 'TransferStart' && !this.#callids.includes(message.params.data.callid)) {
        this.#callids.push(message.params.data.callid);
      }
    }
  }

  /** Of each command: one answer, at most one Error just before the one Ended, and nothing behind it. */
  judge() {
    for (const [cmdId, { method, params, messages }] of this.#started) {
      const names = messages.map(({ error, result, params: sent }) => (error ? 'refused' : (result ?? sent).event));
      const errors = names.filter((name) => name === 'Error').length;
      const good = names[0] === 'Started' && names.filter((name) => name === 'Ended').length === 1 && names.at(-1) === 'Ended' && (errors === 0 || (errors === 1 && names.at(-2) === 'Error'));
      if (!good) {
        this.problems.push(`${cmdId} ${method} ${JSON.stringify(params)}: ${told(messages).join(', ')}`);
      }
    }
  }

}

/** Runs so many commands; gives how many there were, and what was wrong. */
export async function soak(world, { seed, commands, connections }) {
  const running = new Soak(world, seed);
  await world.faults(true);
  try {
    await Promise.all(Array.from({ length: connections }, () => running.work(commands / connections)));
  } finally {
    await world.faults(false);
  }
  running.judge();
  return { commands: running.commands, problems: running.problems };
}
