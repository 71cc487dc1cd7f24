// Scenarios as `callwright test` runs them, each in a process of its own with the built-in exchange: how long they take besides listening, and what agents cost,
// the latter beside what ringo-flow and telefonist cost at the least.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const kRounds = 5;
/** What ringo-flow and telefonist cannot be below: a process for an agent, of so much memory, and a second for a line. */
const kFloor = { agentKb: 7 * 1024, processesPerAgent: 1, lineMs: 1000 };
const binary = process.env.CALLWRIGHT_BIN;
const rounded = (value) => Number(value.toFixed(value < 1 ? 3 : 1));
const report = (name, value, unit, limits = {}) => console.log(JSON.stringify({ name, value: rounded(value), unit, ...limits }));
const beside = (name, value, unit, peer) => report(`${name} (peer: the least of ringo-flow and telefonist)`, value, unit, { peer, ratio: value / peer });
const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

/** {ms, events, peakKb} of one run. */
function run(name) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const path = new URL(`scenarios/${name}`, import.meta.url).pathname;
    const child = spawn(binary, ['run-file'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const events = [];
    let peakKb = 0;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'log') {
        peakKb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0);
      }
      if (event.event !== 'sip') {
        events.push(event);
      }
    });
    child.on('error', reject);
    child.on('close', (status) => {
      const wrong = events.find((event) => event.passed === false);
      return status === 0 ? resolve({ ms: performance.now() - begun, events, peakKb }) : reject(new Error(`${name}: ${status} ${wrong?.error}`));
    });
    child.stdin.write(`${JSON.stringify({ path, display: name, mode: 'run', exchange: true, trace: 'off' })}\n`);
  });
}

/** The number that a log line begins with `word`. */
const logged = ({ events }, word) => Number(events.find((event) => event.message?.startsWith(`${word} `)).message.split(' ')[1]);
const rounds = async (name, count = kRounds) => {
  const results = [];
  for (let round = 0; round < count; ++round) {
    results.push(await run(name));
  }
  return results;
};

const two = await rounds('two_agents.js', 9);
const scenario = (result) => result.events.find((event) => event.event === 'scenario_finished').duration_ms - logged(result, 'listened');
report('two agents register, call and hang up, besides listening', median(two.map(scenario)), 'ms', { max: 60 });
report('the same with the start and end of its process', median(two.map((result) => result.ms - logged(result, 'listened'))), 'ms', { max: 150 });
for (const name of ['loop.js', 'loop.rhai']) {
  report(`a million iterations, ${name}`, median((await rounds(name)).map((result) => logged(result, 'looped'))), 'ms', { max: 100 });
}
const idle = median((await rounds('loop.js', 3)).map((result) => result.peakKb));
const many = await rounds('many_agents.js', 3);
report('1 000 agents made and registered', median(many.map((result) => logged(result, 'registered'))), 'ms', { max: 1500 });
const perAgent = (median(many.map((result) => result.peakKb)) - idle) / 1000;
report('memory of an agent, its binding at the exchange included', perAgent, 'KB', { max: 20 });
report('500 calls at once, heard both ways', median((await rounds('many_calls.js', 3)).map((result) => logged(result, 'heard'))), 'ms', { max: 10_000 });

const lines = await rounds('two_agents.test', 9);
const ofLines = (result) => result.events.filter(({ event }) => event === 'step').map(({ duration_ms: ms }) => ms);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
beside('the call of two agents as a testfile: a line', median(lines.map((result) => mean(ofLines(result)))), 'ms', kFloor.lineMs);
beside('resident memory for an agent, of a process with 1 000', median(many.map((result) => result.peakKb)) / 1000, 'KB', kFloor.agentKb);
beside('resident memory for an agent, of a process with the two of that call', median(lines.map((result) => result.peakKb)) / 2, 'KB', kFloor.agentKb);
beside('processes for an agent, of 1 000', 1 / 1000, 'processes', kFloor.processesPerAgent);
