// CallStart with SIPp as phones that answer at once and know no REFER, so that the exchange itself connects them. Open loop: commands leave at their times,
// whatever became of those before. The server has one core, phones and client another. Prints one JSON object a line. CALLWRIGHT_BIN names the binary.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { Server, within } from '../tests/e2e/lib/server.mjs';
import { Sipp } from '../tests/interop/lib/sipp.mjs';
import { FrameReader, frame, open, report } from './raw_websocket.mjs';

const CLIENTS = 10;
const LIMIT_MS = 60_000;
const TICK_MS = 2;

/** All threads of a process, and what it starts later, run on one core from here on. */
function keepOn(core, pid) {
  if (cpus().length > 1) {
    spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
  }
}

/** The `share`-th part of sorted values. */
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

class Calls {
  #sockets = [];
  #begun = [];
  #done;
  #count;
  ended = 0;
  failures = [];
  latencies = [];

  constructor(count) {
    this.#count = count;
    this.finished = new Promise((resolve) => (this.#done = resolve));
  }

  async connect(url) {
    for (let client = 0; client < CLIENTS; ++client) {
      const socket = await open(url);
      const reader = new FrameReader((payload) => this.#take(socket, JSON.parse(payload)));
      socket.on('data', (data) => reader.push(data));
      this.#sockets.push(socket);
    }
  }

  start(index, caller, callee) {
    this.#begun[index] = performance.now();
    this.#sockets[index % CLIENTS].write(frame(`{"jsonrpc":"2.0","id":${index},"method":"CallStart","params":{"caller":"${caller}","callee":"${callee}","cmd_id":"s${index}"}}`));
  }

  close() {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  /** The events of the commands: a call is hung up as soon as it is up. */
  #take(socket, { error, params }) {
    if (error || params?.event === 'Error') {
      this.failures.push(error?.message ?? params.data);
    } else if (params?.event === 'CalleeAnswered') {
      const index = Number(params.cmd_id.slice(1));
      this.latencies.push(performance.now() - this.#begun[index]);
      socket.write(frame(`{"jsonrpc":"2.0","id":"e${index}","method":"CallEnd","params":{"callid":"${params.data.callid}","cmd_id":"e${index}"}}`));
    } else if (params?.event === 'Ended' && params.cmd_id.startsWith('e')) {
      this.ended += 1;
    }
    if (this.ended + this.failures.length >= this.#count) this.#done();
  }
}

/** Starts calls at `rate` a second for so many seconds. */
async function run(server, rate, seconds) {
  const count = rate * seconds;
  const limit = (seconds + 30) * 1000;
  const alice = await Sipp.start('phone_without_refer', { count, limit });
  const bob = await Sipp.start('callee', { count, limit });
  const calls = new Calls(count);
  await calls.connect(server.callApi);
  const cpuBefore = server.cpuMs();
  const begin = performance.now();
  let started = 0;
  const timer = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - begin) * rate) / 1000));
    for (; started < due; ++started) {
      calls.start(started, alice.uri, bob.uri);
    }
    if (started === count) clearInterval(timer);
  }, TICK_MS);
  await within(LIMIT_MS, calls.finished, `${count} calls at ${rate}/s: ${calls.ended} ended, ${calls.failures.length} failed`).catch((error) => console.log(error.message));
  const took = (performance.now() - begin) / 1000;
  calls.close();
  alice.kill();
  bob.kill();
  [...new Set(calls.failures)].slice(0, 5).forEach((failure) => console.log(failure));
  return { reached: calls.ended / took, failed: count - calls.ended, sorted: calls.latencies.sort((a, b) => a - b), cpu: ((server.cpuMs() - cpuBefore) * 1000) / count };
}

const server = await Server.start({ env: { CALLWRIGHT_LOG_LEVEL: 'warn' } });
keepOn(0, server.pid);
keepOn(1, process.pid);
try {
  await run(server, 100, 2);
  const slow = await run(server, 100, 10);
  report('CallStart to CalleeAnswered at 100/s, median', percentile(slow.sorted, 0.5), 'ms', { max: 5 });
  report('CallStart to CalleeAnswered at 100/s, 99 %', percentile(slow.sorted, 0.99), 'ms', { max: 20 });
  const fast = await run(server, 1000, 10);
  report('CallStart at 1 000/s on one core, calls a second', fast.reached, 'calls/s');
  report('CallStart at 1 000/s on one core, failed of 10 000', fast.failed, 'calls', { max: 0 });
  report('CallStart at 1 000/s on one core, to CalleeAnswered, median', percentile(fast.sorted, 0.5), 'ms');
  report('CallStart at 1 000/s on one core, CPU a call', fast.cpu, 'us');
} finally {
  await server.stop();
}
