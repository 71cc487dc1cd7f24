// Runs coturn, a TURN server, on loopback.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { tie, within } from '../../e2e/lib/server.mjs';
import { freePort } from './ports.mjs';

const LIMIT_MS = 20_000;

export class TurnServer {
  #child;
  #directory = mkdtempSync(join(tmpdir(), 'callwright-turn-'));
  #exited;
  #lines = [];

  static async start() {
    const server = new TurnServer();
    await server.#spawn(await freePort());
    return server;
  }

  /** For RTCPeerConnection. */
  iceServers;

  /** What it has printed. */
  get output() {
    return this.#lines.join('\n');
  }

  async stop() {
    this.#child.kill('SIGTERM');
    try {
      await within(LIMIT_MS, this.#exited, 'coturn does not stop');
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  async #spawn(port) {
    const args = [
      '-n', '--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1', '--allow-loopback-peers', '--no-cli', '--no-tls', '--no-dtls',
      '--lt-cred-mech', '--user=browser:secret', '--realm=callwright.test', '--verbose', '--log-file=stdout', '--simple-log',
      `--pidfile=${join(this.#directory, 'pid')}`, `--userdb=${join(this.#directory, 'users')}`,
    ];
    this.iceServers = [{ urls: `turn:127.0.0.1:${port}?transport=udp`, username: 'browser', credential: 'secret' }];
    this.#child = tie(spawn('turnserver', args, { cwd: this.#directory, stdio: ['ignore', 'pipe', 'pipe'] }));
    this.#exited = new Promise((resolve) => this.#child.once('exit', resolve));
    const listening = new Promise((resolve, reject) => {
      this.#exited.then((code) => reject(new Error(`coturn ended with ${code}:\n${this.output}`)));
      for (const stream of [this.#child.stdout, this.#child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#lines.push(line);
          if (/Total General servers|Total auth threads/.test(line)) resolve();
        });
      }
    });
    await within(LIMIT_MS, listening, 'coturn does not listen').catch((error) => {
      this.#child.kill('SIGKILL');
      error.message += `\n${this.output}`;
      throw error;
    });
  }
}
