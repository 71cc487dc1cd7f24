// Runs `callwright phone` for a test: commands on its standard input, events as JSON on its standard output.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { binary, tie, within } from '../../e2e/lib/server.mjs';

const LIMIT_MS = 20_000;

const running = new Set();

export class CallwrightPhone {
  #child;
  #directory = mkdtempSync(join(tmpdir(), 'callwright-phone-'));
  #events = [];
  #other = [];
  #waiting = [];
  #exited;

  /** Starts it with these arguments; resolves when it listens. */
  static async start(...args) {
    const phone = new CallwrightPhone();
    phone.#spawn(args);
    phone.address = (await phone.event('listening')).message;
    return phone;
  }

  /** "127.0.0.1:5062" */
  address;

  /** How it is called without an account. */
  get uri() {
    return `sip:phone@${this.address}`;
  }

  /** A path in a folder of its own, which goes with it. */
  file(name) {
    return join(this.#directory, name);
  }

  type(command) {
    this.#child.stdin.write(`${command}\n`);
  }

  /** As a program does that goes away. */
  closeInput() {
    this.#child.stdin.end();
  }

  /** The next event of this name for which `wanted` is true; each event is given once, earlier ones of that name that do not match are dropped. */
  async event(name, wanted = () => true) {
    const find = async () => {
      for (;;) {
        const index = this.#events.findIndex((event) => event.event === name && wanted(event));
        if (index >= 0) {
          const [found] = this.#events.splice(index, 1);
          this.#events = this.#events.filter((event, place) => event.event !== name || place >= index);
          return found;
        }
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    try {
      return await within(LIMIT_MS, find(), `callwright phone has no event ${name}`);
    } catch (error) {
      error.message += `\n${[...this.#events.map((event) => JSON.stringify(event)), ...this.#other].join('\n')}`;
      throw error;
    }
  }

  /** The next steady tone of this frequency that it hears. Where a peer or the machine stalls in a block, that block is a few Hz off; the tones of tests lie 200 Hz apart. */
  tone(hertz, tolerance = 20) {
    return this.event('tone', (event) => Math.abs(event.frequency_hz - hertz) <= tolerance);
  }

  /** Ends those that a test which failed has left, so that they do not answer the calls of the next one. */
  static endAll() {
    running.forEach((child) => child.kill('SIGKILL'));
  }

  /** Forgets the events so far. */
  forget() {
    this.#events = [];
  }

  /** Tells it to leave; gives the exit status. */
  async stop(signal = 'SIGTERM') {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
    }
    return this.ended();
  }

  /** Resolves when it has ended by itself; gives the exit status. */
  async ended() {
    try {
      return await within(LIMIT_MS, this.#exited, 'callwright phone does not end');
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  #spawn(args) {
    this.#child = tie(spawn(binary(), ['phone', '--json', ...args], { cwd: this.#directory, stdio: ['pipe', 'pipe', 'pipe'] }));
    const child = this.#child;
    running.add(child);
    this.#exited = new Promise((resolve) => child.once('exit', (code, signal) => running.delete(child) && resolve(code ?? signal)));
    const wake = () => this.#waiting.splice(0).forEach((resolve) => resolve());
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#events.push(JSON.parse(line));
      wake();
    });
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#other.push(line));
  }
}
