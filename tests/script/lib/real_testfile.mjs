// Runs testfiles as their authors do, with `callwright test`: real phones, SIP and RTP on loopback.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { binary, tie, within } from '../../e2e/lib/server.mjs';
import { freePort } from '../../interop/lib/ports.mjs';

const LIMIT_MS = 60_000;
const NAMES = ['alice', 'bob', 'carol'];

/** What a run told: its events, and those of its phones. */
class Told {
  constructor(events, status, stderr) {
    Object.assign(this, { events, status, stderr });
    this.files = this.all('file_finished');
    this.records = this.all('phone_event').map(({ record }) => record);
    this.repetitions = this.all('repetition_finished');
    this.error = this.all('finished').find(({ passed }) => !passed)?.error;
  }

  all(kind) {
    return this.events.filter(({ event }) => event === kind);
  }

  /** Records of the agent whose user is `user`, of these kinds or of all. */
  at(user, ...types) {
    return this.records.filter(({ _agent, type }) => _agent.startsWith(`sip:${user}@`) && (types.length === 0 || types.includes(type)));
  }

  /** Messages that the agent sent or received. */
  sip(user, direction) {
    return this.all('sip').filter((event) => event.agent.startsWith(`sip:${user}@`) && event.direction === direction);
  }

  get why() {
    return `${this.error ?? ''} ${this.stderr}\n${this.records.map(({ _agent, type, param = '' }) => `${_agent} ${type} ${param}`).join('\n')}`;
  }
}

/**
 * Runs files (name → text or bytes) in a folder of their own, those that end in .test as tests, by name. `args` go to the command, `inspect(folder, told)` sees
 * what it left there; `onEvent(event, child)` gets each event at once.
 */
export async function runFiles(files, { args = [], env = {}, inspect = () => {}, onEvent = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'callwright-testfile-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const tests = Object.keys(files).filter((name) => name.endsWith('.test') && !name.includes('/'));
    const told = await command(['test', ...tests, '--json', ...args], { folder, env, onEvent });
    await inspect(folder, told);
    return told;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function command(args, { folder, env, onEvent }) {
  const child = tie(spawn(binary(), args, { cwd: folder, env: { ...process.env, ...env } }), 'SIGTERM');
  const events = [];
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line);
    events.push(event);
    onEvent(event, child);
  });
  child.stderr.on('data', (data) => (stderr += data));
  const closed = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(signal ?? status));
  });
  const status = await within(LIMIT_MS, closed, `the run of ${args.join(' ')} does not end:\n${stderr}`);
  return new Told(events, status, stderr);
}

export const runText = (text, { files = {}, ...options } = {}) => runFiles({ 'call.test': text, ...files }, options);

export async function passes(text, options) {
  const told = await runText(text, options);
  assert.equal(told.status, 0, told.why);
  return told;
}

export async function fails(text, pattern, options) {
  const told = await runText(text, options);
  assert.equal(told.status, 1, told.why);
  assert.match(told.error, pattern);
  return told;
}

/**
 * Macros ua1 (alice), ua2 (bob), … and HOST1, HOST2, … of phones that call each other without an exchange, with the lines that create them; `parameters`: what
 * stands behind their accounts, of all or of each.
 */
export async function neighbours(count, parameters = '', { after = '|0s' } = {}) {
  const lines = [];
  for (let index = 0; index < count; ++index) {
    const own = Array.isArray(parameters) ? parameters[index] : parameters;
    const host = `HOST${index + 1}`;
    lines.push(`_define ${host} 127.0.0.1:${await freePort()}`, `_define ua${index + 1} sip:${NAMES[index]}@${host}`, `uanew <ua${index + 1}>;regint=0${own}${after}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The same for phones that register with an exchange. */
export function subscribers(count, { exchange = '127.0.0.1:5060', parameters = '', uri = '' } = {}) {
  const made = NAMES.slice(0, count).map((name, index) => {
    return `_define ua${index + 1} sip:${name}@${exchange}\nuanew <ua${index + 1}${uri}>${parameters};auth_pass=${name}-demo;|0s\nwait ua${index + 1} REGISTER_OK 5s\n`;
  });
  return made.join('');
}

export const CALL = 'ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua2:accept|wait ua2 CALL_ESTABLISHED 5s|wait ua1 CALL_RTPESTAB 5s|wait ua2 CALL_RTPESTAB 5s\n';
