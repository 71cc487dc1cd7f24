// The stand-in for OpenSIPS, fake_opensips.py, as a test sees it.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tie, within } from './server.mjs';

const LIMIT_MS = 20_000;
const FAKE = fileURLToPath(new URL('./fake_opensips.py', import.meta.url));

/** A running stand-in; `where` is its address, of which port 0 becomes a free one. */
export class Proxy {
  /** The commands that it got: { time_ms, method, params }. */
  commands = [];
  #waiting = [];
  #settled = 0;

  static async start(kind, where) {
    const proxy = new Proxy();
    proxy.child = tie(spawn('python3', [FAKE, kind, where], { stdio: ['ignore', 'pipe', 'inherit'] }));
    await within(LIMIT_MS, new Promise((resolve) => {
      createInterface({ input: proxy.child.stdout }).on('line', (line) => {
        const [, address] = /^ready (\S+)$/.exec(line) ?? [];
        proxy.where ??= address;
        if (address) resolve();
        else proxy.#note(line);
      });
    }), 'the stand-in for OpenSIPS does not start');
    return proxy;
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await within(LIMIT_MS, ended, 'the stand-in does not end');
  }

  count(method) {
    return this.commands.filter((command) => command.method === method).length;
  }

  /** Resolves with the first command from number `first` on for which `wanted` is true. */
  async until(first, wanted, what) {
    const find = async () => {
      for (;;) {
        const found = this.commands.slice(first).find(wanted);
        if (found) return found;
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    return within(LIMIT_MS, find(), `OpenSIPS is not asked for ${what}`);
  }

  /** Resolves when `commands` has all that it got so far (UDP only). */
  async settle() {
    this.#settled += 1;
    const number = this.#settled;
    await this.ask('x_settle', { number });
    await this.until(0, ({ method, params }) => method === 'x_settle' && params.number === number, 'x_settle');
  }

  /** Asks it something (UDP only): a command of OpenSIPS, or one for tests such as "x_faults". Gives the result. */
  async ask(method, params = {}) {
    const [host, port] = this.where.split(':');
    const socket = createSocket('udp4');
    try {
      const answer = once(socket, 'message');
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), Number(port), host);
      const [data] = await within(LIMIT_MS, answer, `OpenSIPS answers ${method}`);
      return JSON.parse(data).result;
    } finally {
      socket.close();
    }
  }

  #note(line) {
    const [, time, method, params] = /^(\d+) (\S+) (.*)$/.exec(line);
    this.commands.push({ time_ms: Number(time), method, params: JSON.parse(params) });
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}
