// Runs an OpenSIPS of the machine with deploy/opensips/opensips.cfg on free loopback ports, and keeps what it sends and receives.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../interop/lib/ports.mjs';
import { tie, within } from './server.mjs';

const LIMIT_MS = 20_000;
const CONFIG = fileURLToPath(new URL('../../../deploy/opensips/opensips.cfg', import.meta.url));

/** The program and the folder of its modules, from the environment; undefined where nobody has named one. */
export function program() {
  const path = process.env.CALLWRIGHT_OPENSIPS;
  return path && { path, modules: process.env.CALLWRIGHT_OPENSIPS_MODULES ?? join(dirname(path), 'modules') };
}

/** Its major version: 3 or 4. */
export function version() {
  const text = spawnSync(program().path, ['-V'], { encoding: 'utf8' }).stdout;
  return Number(/opensips (\d+)\./.exec(text)?.[1] ?? assert.fail(`no version in ${text}`));
}

/** Resolves with the first line of the child's output that matches; `lines` gets all. */
async function printed(child, pattern, lines) {
  const found = new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (pattern.test(line)) resolve(line);
      });
    }
  });
  return within(LIMIT_MS, found, `no ${pattern}`).catch((error) => {
    error.message += `\n${lines.join('\n')}`;
    throw error;
  });
}

export class RealOpenSips {
  /** Where it listens for SIP, "127.0.0.1:5060", and for commands, "udp:127.0.0.1:8080" or "unix:PATH". */
  sip;
  management;
  /** What it prints. */
  lines = [];
  #config;
  #child;
  #dumpcap;
  #exited;

  /** `directory` takes its configuration, and the capture as "sip.pcap"; `kind` is "udp" or "unix". */
  static async start(directory, kind) {
    const server = new RealOpenSips();
    server.sip = `127.0.0.1:${await freePort()}`;
    server.management = kind === 'unix' ? `unix:${join(directory, 'mi.sock')}` : `udp:127.0.0.1:${await freePort()}`;
    await server.#capture(join(directory, 'sip.pcap'));
    server.#config = join(directory, 'opensips.cfg');
    server.#configure();
    await server.start();
    return server;
  }

  async stop() {
    await this.end();
    this.#dumpcap.kill('SIGTERM');
  }

  /** Starts it, also after `end`: it then knows nothing of what was. */
  async start() {
    this.#child = tie(spawn(program().path, ['-F', '-f', this.#config], { stdio: ['ignore', 'pipe', 'pipe'] }), 'SIGTERM');
    this.#exited = once(this.#child, 'exit');
    await printed(this.#child, /mi_datagram:datagram_process/, this.lines);
  }

  async end() {
    this.#child.kill('SIGTERM');
    await within(LIMIT_MS, this.#exited, 'OpenSIPS does not stop');
  }

  async #capture(file) {
    const port = this.sip.split(':')[1];
    this.#dumpcap = tie(spawn('dumpcap', ['-q', '-P', '-i', 'lo', '-f', `udp port ${port}`, '-w', file], { stdio: ['ignore', 'pipe', 'pipe'] }));
    await printed(this.#dumpcap, /^File: /, []);
  }

  #configure() {
    const config = readFileSync(CONFIG, 'utf8')
      .replaceAll('127.0.0.1:5060', this.sip)
      .replace('udp:127.0.0.1:8080', this.management.replace('unix:', ''))
      .replace(/^mpath = .*$/m, `mpath = "${program().modules}/"`);
    writeFileSync(this.#config, `stderror_enabled = yes\nsyslog_enabled = no\n${config}`);
  }
}
