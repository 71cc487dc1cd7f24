// Runs SIPp with one of the scenarios in ../sipp, on loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tie, within } from '../../e2e/lib/server.mjs';
import { freePort } from './ports.mjs';

const LIMIT_MS = 20_000;
const HOST = '127.0.0.1';

/** True once somebody listens on this port of IPv4's or IPv6's loopback. */
function isBound(port, transport) {
  const number = port.toString(16).toUpperCase().padStart(4, '0');
  return (
    readFileSync(`/proc/net/${transport}`, 'utf8').includes(` 0100007F:${number} `) ||
    readFileSync(`/proc/net/${transport}6`, 'utf8').includes(` 00000000000000000000000001000000:${number} `)
  );
}

export class Sipp {
  #child;
  #output = '';
  #exit;
  #host;
  #limit;
  #directory;

  /**
   * Starts `scenario` ("callee", or one made by scenario.mjs) towards `remote` ("127.0.0.1:5060"). `service` is the user, `password` answers challenges, `keys` fills in [name], `count` is how many calls it plays before it ends,
   * `echo` the port on which it sends RTP back to where it came from, `media` the one of its own media.
   * Resolves when it listens, so that it can be called.
   */
  static async start(scenario, { remote = `${HOST}:5060`, service = 'service', password, keys = {}, transport = 'u1', count = 1, host = HOST, limit = LIMIT_MS, echo, media } = {}) {
    const sipp = new Sipp();
    sipp.port = await freePort();
    sipp.#host = host;
    sipp.#limit = limit;
    const file = scenario.xml ? sipp.#write(scenario) : fileURLToPath(new URL(`../sipp/${scenario}.xml`, import.meta.url));
    const args = [remote, '-sf', file, '-i', host, '-p', String(sipp.port), '-t', transport, '-m', String(count), '-s', service, '-nostdin', '-buff_size', '1000000', '-timeout', `${limit / 1000 - 2}s`, '-timeout_error'];
    if (password) {
      args.push('-au', service, '-ap', password);
    }
    if (echo) {
      args.push('-rtp_echo', '-mi', host, '-mp', String(echo));
    }
    if (media) {
      args.push('-mi', host, '-mp', String(media));
      sipp.media = media;
    }
    for (const [name, value] of Object.entries(keys)) {
      args.push('-key', name, value);
    }
    await sipp.#spawn(args, transport);
    return sipp;
  }

  /** Starts and waits for the end; fails unless every message was as the scenario has it. */
  static async run(scenario, options) {
    const sipp = await Sipp.start(scenario, options);
    await sipp.succeeded();
    return sipp;
  }

  port;
  /** Of its media, where that was given. */
  media;

  get uri() {
    return `sip:phone@${this.contact}`;
  }

  get contact() {
    return this.#host.includes(':') ? `[${this.#host}]:${this.port}` : `${this.#host}:${this.port}`;
  }

  /** Resolves when the scenario has ended well. */
  async succeeded() {
    const code = await within(this.#limit, this.#exit, 'SIPp does not end').catch((error) => {
      this.#child.kill('SIGKILL');
      throw error;
    });
    if (code !== 0) {
      throw new Error(`SIPp ended with ${code}:\n${this.#output.slice(-4000)}`);
    }
  }

  /** How often a received message ("INVITE", "200") was repeated, at its first place in the scenario; known after the end. */
  repeated(message) {
    // As caller SIPp draws what it receives as `200 <----`, as answerer as `----> INVITE`.
    const rows = [...this.#output.matchAll(new RegExp(`(?:${message} <-+|-+> ${message}) +(?:[BE]-RTD\\d+ +)?(\\d+) +(\\d+)`, 'g'))];
    return Math.max(0, ...rows.map((row) => Number(row[2])));
  }

  /** Ends it early; for the clean-up of a test that failed. */
  kill() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
    }
  }

  #write({ name, xml }) {
    this.#directory = mkdtempSync(join(tmpdir(), 'callwright-sipp-'));
    const file = join(this.#directory, `${name.replace(/\W+/g, '_')}.xml`);
    writeFileSync(file, xml);
    return file;
  }

  async #spawn(args, transport) {
    this.#child = tie(spawn('sipp', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TERM: 'dumb' } }));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (data) => {
        this.#output += data;
      });
    }
    let ended = false;
    this.#exit = once(this.#child, 'exit').then(([code, signal]) => {
      ended = true;
      if (this.#directory) {
        rmSync(this.#directory, { recursive: true, force: true });
      }
      return code ?? signal;
    });
    const bound = async () => {
      while (!ended && !isBound(this.port, transport === 'u1' ? 'udp' : 'tcp')) {
        await pause(5);  // The kernel tells nobody; SIPp needs the processor more than we do.
      }
    };
    await within(LIMIT_MS, bound(), 'SIPp does not listen');
  }
}
