// A running `callwright monitor` in a folder of its own.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { binary, tie, within } from './server.mjs';

const LIMIT_MS = 30_000;

export class Monitor {
  folder = mkdtempSync(join(tmpdir(), 'callwright-monitor-'));
  /** http://127.0.0.1:PORT */
  url;
  #child;
  #lines = [];
  #wake = [];
  #ended;

  write(name, text) {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }

  /** Starts it with monitor.toml; `args` behind, `env` added. */
  async start({ args = [], env = {} } = {}) {
    const child = tie(spawn(binary(), ['monitor', 'monitor.toml', '--port', '0', ...args], { cwd: this.folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }));
    this.#child = child;
    this.#lines = [];
    this.#ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    const note = (line) => {
      this.#lines.push(line);
      this.url = /^listening http (\S+)$/.exec(line)?.[1] ?? this.url;
      this.#wake.splice(0).forEach((wake) => wake());
    };
    createInterface({ input: child.stdout }).on('line', note);
    createInterface({ input: child.stderr }).on('line', note);
    this.#ended.then(() => this.#wake.splice(0).forEach((wake) => wake()));
    await this.printed(/^ready: /);
  }

  get pid() {
    return this.#child.pid;
  }

  get output() {
    return this.#lines.join('\n');
  }

  /** Resolves with the first line, from number `first` on, that matches. */
  async printed(pattern, first = 0) {
    const find = async () => {
      for (;;) {
        const found = this.#lines.slice(first).find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (this.#child.exitCode !== null) throw new Error(`the monitor ended with ${this.#child.exitCode}:\n${this.output}`);
        await new Promise((resolve) => this.#wake.push(resolve));
      }
    };
    return within(LIMIT_MS, find(), `the monitor does not print ${pattern}; it printed\n${this.output}`);
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Its exit status. */
  async stop(signal = 'SIGTERM') {
    this.signal(signal);
    return within(LIMIT_MS, this.#ended, `the monitor does not end; it printed\n${this.output}`);
  }

  async close() {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get lineCount() {
    return this.#lines.length;
  }

  fetch(path, options = {}) {
    return fetch(this.url + path, { redirect: 'manual', signal: AbortSignal.timeout(LIMIT_MS), ...options });
  }

  async json(path, options = {}) {
    return (await this.fetch(path, options)).json();
  }

  async run(name, options = {}) {
    const answer = await this.fetch(`/run/${encodeURIComponent(name)}`, { method: 'POST', ...options });
    return { status: answer.status, result: await answer.json() };
  }

  /** The value of a sample of /metrics, as a number; undefined when it is not there. */
  async metric(sample) {
    const text = await (await this.fetch('/metrics')).text();
    const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
    return line && Number(line.slice(sample.length + 1));
  }
}
