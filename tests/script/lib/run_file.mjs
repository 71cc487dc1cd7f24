// Runs a file as `callwright test` does, and gives what it told.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const kGuardMs = 60_000;
const callwright = process.env.CALLWRIGHT_BIN ?? new URL('../../../build/dev/src/app/callwright', import.meta.url).pathname;

/** `onEvent(event, stop)` is called with each event; `stop` tells the process to stop. Gives {events, status, stderr}. */
export function runFile(path, job = {}, onEvent = () => {}, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(callwright, ['run-file'], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
    const guard = setTimeout(() => child.kill('SIGKILL'), kGuardMs);
    const events = [];
    let stderr = '';
    const stop = () => child.stdin.write('{"stop":true}\n');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      events.push(event);
      onEvent(event, stop);
    });
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(guard);
      resolve({ events, status: signal ?? status, stderr });
    });
    child.stdin.write(`${JSON.stringify({ path, display: path, mode: 'run', exchange: true, trace: 'off', ...job })}\n`);
  });
}

/** A folder with these files, which is gone after `use(folder)`. */
export async function withFiles(files, use) {
  const folder = mkdtempSync(join(tmpdir(), 'callwright-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs one script of this text; `extra` are files beside it. */
export const runText = (text, job = {}, { name = 'test.js', extra = {}, onEvent, environment } = {}) =>
  withFiles({ [name]: text, ...extra }, (folder) => runFile(join(folder, name), job, onEvent, environment));

/** The outcome of each scenario by name: true, or its error. */
export const outcomes = (events) =>
  Object.fromEntries(events.filter((event) => event.event === 'scenario_finished' && !event.retried).map((event) => [event.name, event.passed || event.error]));

export const finished = (events) => events.findLast((event) => ['finished', 'scenario_finished'].includes(event.event));
export const of = (events, kind) => events.filter((event) => event.event === kind);
