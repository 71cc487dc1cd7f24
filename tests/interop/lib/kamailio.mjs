// Runs Kamailio on free loopback ports, with the configuration that a test gives it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { tie, within } from '../../e2e/lib/server.mjs';
import { freePort } from './ports.mjs';

const HOST = '127.0.0.1';
const LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;
const ALWAYS = ['tm', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils', 'xlog', 'nathelper', 'path', 'kex', 'corex'];

export class Kamailio {
  #child;
  #directory = mkdtempSync(join(tmpdir(), 'callwright-kamailio-'));
  #exited;
  #lines = [];
  #waiting = [];
  /** One address for UDP, TCP and WebSocket. */
  address;
  /** Its address for TLS, when it has certificates. */
  tls;

  /**
   * Starts it with the routing blocks that `script` gives for its addresses ({ address, tls }).
   * `certificates` ({ chain, key, ca }) make it listen for TLS as well; `modules` and `parameters` ("tm fr_timer 500") come on top.
   */
  static async start(script, { modules = [], parameters = [], certificates } = {}) {
    const kamailio = new Kamailio();
    kamailio.address = `${HOST}:${await freePort()}`;
    kamailio.tls = certificates && `${HOST}:${await freePort()}`;
    const file = join(kamailio.#directory, 'kamailio.cfg');
    writeFileSync(file, kamailio.#configuration(script(kamailio), modules, parameters, certificates));
    kamailio.#spawn(file);
    await within(LIMIT_MS, Promise.race([kamailio.line(/workers are ready/), kamailio.#exited]), 'Kamailio does not start');
    if (kamailio.#child.exitCode !== null) {
      rmSync(kamailio.#directory, { recursive: true, force: true });
      throw new Error(`Kamailio ended with ${kamailio.#child.exitCode}:\n${kamailio.#lines.join('\n')}`);
    }
    return kamailio;
  }

  /** Resolves once it has printed a line that matches. */
  async line(pattern) {
    const find = async () => {
      while (!this.#lines.some((line) => pattern.test(line))) {
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    await within(LIMIT_MS, find(), `Kamailio does not print ${pattern}`);
  }

  /** Everything printed, for the message of a failing test. */
  get output() {
    return this.#lines.join('\n');
  }

  async stop() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
    }
    try {
      // Its workers wait for each other for ever now and then; how it ends is nothing that is tested here.
      await within(STOP_LIMIT_MS, this.#exited, 'Kamailio does not stop').catch(() => process.kill(-this.#child.pid, 'SIGKILL'));
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  #configuration(script, modules, parameters, certificates) {
    const listen = ['udp', 'tcp'].map((transport) => `listen=${transport}:${this.address}`);
    const loaded = [...ALWAYS, ...modules];
    const settings = [...parameters];
    if (certificates) {
      listen.push(`listen=tls:${this.tls}`, 'enable_tls=yes');
      loaded.push('tls');
      settings.push('tls tls_method TLSv1.2+', `tls certificate ${certificates.chain}`, `tls private_key ${certificates.key}`, `tls ca_list ${certificates.ca}`);
    }
    const values = settings.map((line) => {
      const [module, name, ...value] = line.split(' ');
      const text = value.join(' ');
      return `modparam("${module}", "${name}", ${/^\d+$/.test(text) ? text : `"${text}"`})`;
    });
    return [
      '#!KAMAILIO',
      'debug=1\nlog_stderror=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\ndns=no\nrev_dns=no\nsip_warning=0\ntcp_accept_no_cl=yes\ntcp_connection_lifetime=600',
      ...listen,
      ...loaded.map((name) => `loadmodule "${name}.so"`),
      'modparam("path", "use_received", 1)',
      ...values,
      'event_route[core:worker-one-init] { xlog("L_ALERT", "workers are ready\\n"); }',
      script,
    ].join('\n');
  }

  #spawn(file) {
    const own = ['-f', file, '-DD', '-E', '-m', '16', '-M', '4', '-Y', this.#directory, '-P', join(this.#directory, 'pid'), '-w', this.#directory];
    // In a group of its own, with its workers; SIGTERM has it end them.
    this.#child = tie(spawn('kamailio', own, { stdio: ['ignore', 'pipe', 'pipe'], detached: true }), 'SIGTERM');
    this.#exited = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#waiting.splice(0).forEach((resolve) => resolve());
      });
    }
  }
}
