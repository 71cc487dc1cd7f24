// The examples of the documents and of examples/, as they stand there: what is marked as `sh` and `js` runs, `toml` is a configuration, `json` is JSON.
// Blocks that are not meant to be run say so by another language: `text`, `console`, `mermaid`.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Baresip } from '../interop/lib/baresip.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { Server, binary, within } from './lib/server.mjs';

const LIMIT_MS = 60_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOT_RUN = ['text', 'console', 'mermaid', 'ts', 'yaml'];

const files = (folder, ending) => readdirSync(join(ROOT, folder), { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));

/** The fenced blocks of a document: { language, text, line }. */
function blocksOf(document) {
  const blocks = [];
  let block;
  readFileSync(join(ROOT, document), 'utf8').split('\n').forEach((line, index) => {
    const fence = /^\s*```(.*)$/.exec(line);
    if (block && fence) {
      blocks.push(block);
      block = undefined;
    } else if (fence) {
      block = { language: fence[1].trim(), text: '', line: index + 1 };
    } else if (block) {
      block.text += `${line}\n`;
    }
  });
  assert.equal(block, undefined, `${document}: a block has no end`);
  return blocks;
}

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...files('docs', '.md'), ...files('examples', '.md')].filter((document) => blocksOf(document).length > 0);

/** An account at this machine is one at the tested exchange, which has another port. */
const PHONE = 'if [ "$1" = phone ]; then for word do shift; case "$word" in *@127.0.0.1) word="$word:${SIP##*:}" ;; esac; set -- "$@" "$word"; done; fi\n';

/** A folder in which commands of the documents find what they name; only the ports are others, and the binary is the tested one. */
class Workplace {
  directory = mkdtempSync(join(tmpdir(), 'callwright-examples-'));
  #authority = new Authority();
  #server;
  #phones = [];
  #callApi = '';
  #sip = '';

  constructor() {
    this.#authority.issue('DNS:pbx.example.com');
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(this.#authority.directory, 'jwks.json'), JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }));
    const program = join(this.directory, 'bin', 'callwright');
    mkdirSync(dirname(program));
    writeFileSync(program, `#!/bin/sh\n[ $# -gt 0 ] || set -- demo\n[ "$1" != call ] || set -- "$@" --url "$CALL_API"\n${PHONE}exec '${binary()}' "$@"\n`, { mode: 0o755 });
    mkdirSync(join(this.directory, 'scripts'));
    symlinkSync(program, join(this.directory, 'scripts', 'run'));
    cpSync(join(ROOT, 'examples'), join(this.directory, 'examples'), { recursive: true });
    // What a program installs, the client of this API included.
    mkdirSync(join(this.directory, 'node_modules'));
    symlinkSync(join(ROOT, 'clients/js'), join(this.directory, 'node_modules', 'callwright'));
    symlinkSync(join(ROOT, 'tests/e2e/node_modules/ws'), join(this.directory, 'node_modules', 'ws'));
  }

  /** Runs a block of shell; one that starts a server leaves it running, with phones of alice, bob and carol at it. Gives what it printed. */
  async shell(text) {
    const listens = /\bserve\b/.test(text);
    // In a process group of its own, so that what it has started can be ended with it.
    const child = spawn('bash', ['-euc', text], { cwd: this.directory, env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    return listens ? this.#serve(child) : this.#finish(child);
  }

  /** `callwright check-config` of this text, or, of what has monitors, `callwright monitor --check`; it lies in `folder`. */
  check(text, folder = '.') {
    const file = join(this.directory, folder, 'callwright-checked.toml');
    writeFileSync(file, text.replaceAll('/etc/callwright/', `${this.#authority.directory}/`));
    const command = /^\[\[monitor\]\]$/m.test(text) ? ['monitor', file, '--check'] : ['check-config', file];
    const env = { ...process.env, SLACK_URL: 'https://hooks.example.com/services/1' };
    const { status, stderr } = spawnSync(binary(), command, { encoding: 'utf8', env, timeout: LIMIT_MS });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /unknown key/);
  }

  async leave() {
    for (const phone of this.#phones.splice(0)) {
      await phone.stop();
    }
    const server = this.#server;
    this.#server = undefined;
    if (server) {
      process.kill(-server.pid, 'SIGTERM');
      const [code] = await within(LIMIT_MS, server.exited, 'the server does not stop');
      assert.equal(code, 0);
    }
  }

  async remove() {
    await this.leave();
    this.#authority.remove();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #serve(child) {
    assert.equal(this.#server, undefined, 'a server is running already');
    this.#server = { pid: child.pid, exited: once(child, 'exit') };
    const ready = async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        this.#callApi = /^listening call-api (\S+)$/.exec(line)?.[1] ?? this.#callApi;
        this.#sip = /^listening sip udp (\S+)$/.exec(line)?.[1] ?? this.#sip;
        if (line === 'ready') return;
      }
      throw new Error('the server has ended');
    };
    child.stderr.resume();
    await within(LIMIT_MS, ready(), 'the server does not get ready');
    child.stdout.resume();
    for (const user of ['alice', 'bob', 'carol']) {
      this.#phones.push(await Baresip.start(user, `${user}-demo`, this.#sip));
    }
    return '';
  }

  async #finish(child) {
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    const [code] = await within(LIMIT_MS, once(child, 'close'), 'the commands do not end').catch((error) => {
      process.kill(-child.pid, 'SIGKILL');
      error.message += `\n${output}\n${errors}`;
      throw error;
    });
    assert.equal(code, 0, `${output}\n${errors}`);
    return output;
  }

  #environment() {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CALLWRIGHT_')));
    return {
      ...inherited,
      HOME: this.directory,
      PATH: `${join(this.directory, 'bin')}:${process.env.PATH}`,
      CALL_API: this.#callApi,
      SIP: this.#sip,
      CALLWRIGHT_SIP_LISTEN: '127.0.0.1:0',
      CALLWRIGHT_SIP_DOMAINS: '127.0.0.1',
      CALLWRIGHT_CALL_API_LISTEN: '127.0.0.1:0',
      CALLWRIGHT_HTTP_LISTEN: '127.0.0.1:0',
    };
  }
}

const firstWords = (text) => text.trim().split('\n').map((line) => line.split(' ')[0]);

describe('examples', { timeout: 120_000 }, () => {
  let workplace;

  before(() => {
    workplace = new Workplace();
  });
  after(async () => {
    await workplace.remove();
  });

  const RUN = {
    sh: (text) => workplace.shell(text),
    js: (text) => workplace.shell(`node ${/^import /m.test(text) ? '--input-type=module ' : ''}- <<'END'\n${text}\nEND`),
    // Is kept for the commands that follow, under the name in its first line.
    'js scenario': (text) => writeFileSync(join(workplace.directory, /^\/\/ (\S+)/.exec(text)[1]), text),
    'text testfile': (text) => {
      writeFileSync(join(workplace.directory, 'example.test'), text);
      return workplace.shell('callwright test --exchange example.test');
    },
    toml: (text) => workplace.check(text),
    json: (text) => text.trim().split('\n').forEach((line) => JSON.parse(line)),
  };

  for (const document of DOCUMENTS) {
    test(`those of ${document}`, async () => {
      let printed = '';
      for (const { language, text, line } of blocksOf(document)) {
        assert.ok(language in RUN || NOT_RUN.includes(language), `${document}:${line}: say what this is: ${[...Object.keys(RUN), ...NOT_RUN].join(', ')}`);
        if (language === 'text' && printed && text.startsWith('Started')) {
          assert.deepEqual(firstWords(printed), firstWords(text), `${document}:${line}: something else is printed`);
        }
        try {
          printed = (await RUN[language]?.(text)) ?? printed;
        } catch (error) {
          error.message = `${document}:${line}: ${error.message}`;
          throw error;
        }
      }
      await workplace.leave();
    });
  }

  test('docs/call-api.md has an example that runs for each method, and names each event and error code in a table', async () => {
    const server = await Server.start();
    let methods;
    try {
      ({ methods } = await (await fetch(`${server.http}/call-api/openrpc.json`)).json());
    } finally {
      assert.equal(await server.stop(), 0, server.output);
    }
    const run = blocksOf('docs/call-api.md').filter(({ language }) => language in RUN && language !== 'json' && language !== 'toml').map(({ text }) => text).join('');
    const shown = new Set([...run.matchAll(/\bcallwright call (\w+)|\bapi\.command\('(\w+)'/g)].map(([, shell, program]) => shell ?? program));
    assert.deepEqual(methods.map(({ name }) => name).filter((name) => !shown.has(name)), [], 'methods without an example that runs');
    const rows = readFileSync(join(ROOT, 'docs/call-api.md'), 'utf8').split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|')[1]);
    const events = new Set(methods.flatMap((method) => method['x-events']));
    assert.deepEqual([...events].filter((event) => !rows.some((first) => first.includes(`\`${event}\``))), [], 'events that no table begins with');
    const codes = [...readFileSync(join(ROOT, 'src/server/call_api/rpc_error.hpp'), 'utf8').matchAll(/^ {2}\w+ = -(\d{5}),/gm)].map(([, code]) => code);
    assert.ok(codes.length > 0);
    assert.deepEqual(codes.filter((code) => !rows.some((first) => first.includes(`−${code}`))), [], 'error codes that no table begins with');
  });

  for (const file of files('examples', '.toml')) {
    test(`${relative('examples', file)} is a configuration`, () => workplace.check(readFileSync(join(ROOT, file), 'utf8'), dirname(file)));
  }

  test('every example is named in examples/README.md', () => {
    const readme = readFileSync(join(ROOT, 'examples/README.md'), 'utf8');
    for (const file of readdirSync(join(ROOT, 'examples')).filter((name) => name !== 'README.md')) {
      assert.ok(readme.includes(`(${file})`), file);
    }
  });
});
