// Our phones ask coturn for the public addresses of their media.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { tie, within } from '../e2e/lib/server.mjs';
import { freePort } from './lib/ports.mjs';

const LIMIT_MS = 20_000;
const binary = process.env.CALLWRIGHT_BIN;

/** coturn as a STUN server on loopback. */
class Coturn {
  #directory = mkdtempSync(join(tmpdir(), 'callwright-coturn-'));
  #child;
  #exited;
  port;

  static async start() {
    const coturn = new Coturn();
    coturn.port = await freePort();
    const own = (name) => join(coturn.#directory, name);
    coturn.#child = tie(spawn(
      'turnserver',
      ['-n', '--stun-only', '--listening-ip', '127.0.0.1', '--listening-port', `${coturn.port}`, '--no-tls', '--no-dtls', '--no-tcp', '--no-cli'].concat([
        '--verbose', '--log-file', 'stdout', '--pidfile', own('pid'), '--userdb', own('db'),
      ]),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    ));
    coturn.#exited = once(coturn.#child, 'exit');
    const reader = createInterface({ input: coturn.#child.stdout });
    const ready = new Promise((resolve) => {
      reader.on('line', (line) => {
        if (line.includes('IPv4. UDP listener opened on')) {
          resolve();
        }
      });
    });
    await within(LIMIT_MS, ready, 'coturn does not listen');
    return coturn;
  }

  async stop() {
    this.#child.kill('SIGTERM');
    await within(LIMIT_MS, this.#exited, 'coturn does not stop');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

describe('coturn as the STUN server of our phones', () => {
  test('tells both of them what their ports look like, so that neither gives up, and the call is made', async () => {
    const coturn = await Coturn.start();
    let demo;
    try {
      demo = tie(spawn(binary, ['demo', '--stun', `127.0.0.1:${coturn.port}`], { stdio: ['ignore', 'pipe', 'pipe'] }));
      let output = '';
      for (const stream of [demo.stdout, demo.stderr]) {
        stream.on('data', (text) => (output += text));
      }
      const [status] = await within(LIMIT_MS, once(demo, 'exit'), 'the demo does not end');
      assert.equal(status, 0, output);
      assert.match(output, /PASSED/);
      assert.doesNotMatch(output, /public address of the media is not known/);
    } finally {
      demo?.kill();
      await coturn.stop();
    }
  });
});
