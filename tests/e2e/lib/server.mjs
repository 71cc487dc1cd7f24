// Starts and stops the built binary, and waits for what it prints.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 20_000;

/** The binary under test, from the environment. */
export function binary() {
  const path = process.env.CALLWRIGHT_BIN;
  if (!path || !existsSync(path)) {
    throw new Error('set CALLWRIGHT_BIN to the built binary, such as build/dev/src/app/callwright');
  }
  return path;
}

/** Rejects when `promise` takes longer than `ms`; `what` says what was waited for. */
export function within(ms, promise, what) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${ms} ms`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

const tied = new Map();
process.on('exit', () => tied.forEach((signal, child) => child.exitCode === null && child.signalCode === null && child.kill(signal)));

/**
 * A child process that ends with this one, and that does not keep it alive: a test that fails before it has ended its peers is reported at once.
 * Whoever waits for the child does so with `within`, which keeps this process alive meanwhile.
 */
export function tie(child, signal = 'SIGKILL') {
  tied.set(child, signal);
  child.once('exit', () => tied.delete(child));
  for (const handle of [child, ...child.stdio]) {
    handle?.unref?.();
  }
  return child;
}

/** A running `callwright serve` on free loopback ports, in an empty directory of its own, with none of the caller's configuration. */
export class Server {
  #child;
  #directory;
  #output = [];
  #exited;
  #printed = [];

  /**
   * `options.args` are added to the command line, `options.env` to the environment; `options.sip`, `callApi` and `http` are the addresses that it listens on.
   * `options.files` are there when it starts: { name: text }.
   */
  static async start(options = {}) {
    const server = new Server();
    await server.#start(options);
    return server;
  }

  get pid() {
    return this.#child.pid;
  }

  /** ws://127.0.0.1:PORT/call-api */
  callApi;
  /** http://127.0.0.1:PORT */
  http;
  /** 127.0.0.1:PORT (UDP) */
  sip;
  /** The first address of each SIP transport: { udp, tcp, tls, ws, wss } */
  transports = {};

  /** Everything printed so far, for the message of a failing test. */
  get output() {
    return this.#output.join('\n');
  }

  /** Asks the server to stop, as a service manager would; gives its exit code. */
  async stop() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
    }
    try {
      return await within(STOP_LIMIT_MS, this.#exited, 'the server does not stop');
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  /** Asks the server to read its certificates again; resolves when it says so. */
  async reloadCertificates() {
    const before = this.#output.length;
    this.#child.kill('SIGHUP');
    await this.printed(/certificates/, before);
  }

  /** Resolves once a line of the output, from number `first` on, matches. */
  async printed(pattern, first = 0) {
    const done = async () => {
      while (!this.#output.slice(first).some((line) => pattern.test(line))) {
        await new Promise((resolve) => this.#printed.push(resolve));
      }
    };
    await within(START_LIMIT_MS, done(), `the server does not print ${pattern}`);
  }

  /** True until the process has ended. */
  get alive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Open file descriptors. */
  descriptors() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Resident memory in KiB. */
  memoryKib() {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]);
  }

  /** Processor time used so far, in milliseconds. */
  cpuMs() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async #start({ args = [], env = {}, sip = '127.0.0.1:0', callApi = '127.0.0.1:0', http = '127.0.0.1:0', files = {} }) {
    this.#directory = mkdtempSync(join(tmpdir(), 'callwright-e2e-'));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(this.#directory, name), text);
    }
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CALLWRIGHT_')));
    const own = ['serve', '--sip', sip, '--call-api', callApi, '--http', http];
    this.#child = tie(spawn(binary(), [...own, ...args], {
      cwd: this.#directory,
      env: { ...inherited, HOME: this.#directory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }));
    this.#exited = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(code ?? signal)));
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#output.push(line);
      this.#printed.splice(0).forEach((resolve) => resolve());
    });
    const ready = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#exited.then((code) => reject(new Error(`the server ended with ${code}:\n${this.output}`)));
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#output.push(line);
        this.#printed.splice(0).forEach((wake) => wake());
        this.#note(line);
        if (line === 'ready') {
          resolve();
        }
      });
    });
    try {
      await within(START_LIMIT_MS, ready, 'the server does not get ready');
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
  }

  #note(line) {
    const [, transport, address] = /^listening sip (\w+) (\S+)$/.exec(line) ?? [];
    if (transport) this.transports[transport] ??= address;
    const [, what, where] = /^listening (call-api|http|sip udp) (\S+)$/.exec(line) ?? [];
    if (what === 'call-api') this.callApi = where;
    if (what === 'http') this.http = where;
    if (what === 'sip udp') this.sip = where;
  }
}
