// Tokens of the Call API: made and revoked on the command line, shown in a handshake, and what they allow.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Server, binary } from './lib/server.mjs';

const LIMIT = { timeout: 120_000 };

/** Runs the binary in `cwd` with none of the caller's configuration. */
function run(cwd, args, env = {}) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CALLWRIGHT_')));
  return spawnSync(binary(), args, { cwd, env: { ...inherited, ...env }, encoding: 'utf8', timeout: 20_000 });
}

/** A folder for a token file. */
class Folder {
  path = mkdtempSync(join(tmpdir(), 'callwright-tokens-'));
  file = join(this.path, 'callwright.tokens');

  /** Makes a token and gives its secret. */
  create(name, ...scopes) {
    const { status, stdout, stderr } = run(this.path, ['token', 'create', '--name', name, ...scopes.flatMap((scope) => ['--scope', scope])]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^cw_[0-9a-f]{64}\n$/);
    return stdout.trim();
  }

  revoke(name) {
    const { status, stderr } = run(this.path, ['token', 'revoke', name]);
    assert.equal(status, 0, stderr);
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

describe('the command line', LIMIT, () => {
  const folder = new Folder();
  after(() => folder.remove());

  test('keeps hashes alone, in a file of the owner', () => {
    const secret = folder.create('crm', 'call:control', 'call:read');
    assert.equal(statSync(folder.file).mode & 0o777, 0o600);
    const text = readFileSync(folder.file, 'utf8');
    assert.match(text, /^crm call:read,call:control sha256:[0-9a-f]{64}$/m);
    assert.ok(!text.includes(secret.slice(3)));
  });

  test('lists, refuses the same name twice, and revokes', () => {
    folder.create('wallboard', 'call:read');
    assert.equal(run(folder.path, ['token', 'list']).stdout, 'crm  call:read,call:control\nwallboard  call:read\n');
    const twice = run(folder.path, ['token', 'create', '--name', 'crm', '--scope', 'admin']);
    assert.equal(twice.status, 1);
    assert.match(twice.stderr, /there is a token "crm" already/);
    assert.equal(twice.stdout, '');
    folder.revoke('crm');
    assert.equal(run(folder.path, ['token', 'list']).stdout, 'wallboard  call:read\n');
    assert.equal(run(folder.path, ['token', 'revoke', 'crm']).status, 1);
  });

  test('names what is wrong', () => {
    assert.match(run(folder.path, ['token', 'create', '--name', 'x', '--scope', 'calls']).stderr, /there are call:read, call:control, admin/);
    assert.equal(run(folder.path, ['token', 'create', '--name', 'x y', '--scope', 'admin']).status, 2);
    assert.equal(run(folder.path, ['token', 'create', '--name', 'x']).status, 2);
    assert.equal(run(folder.path, ['token', 'list', '--file', 'other']).status, 1);
  });

  test('works on the file that the configuration names', () => {
    const env = { CALLWRIGHT_CALL_API_TOKENS: join(folder.path, 'named') };
    assert.equal(run(folder.path, ['token', 'create', '--name', 'x', '--scope', 'admin'], env).status, 0);
    assert.equal(run(folder.path, ['token', 'list', '--file', 'named']).stdout, 'x  admin\n');
  });
});

describe('a server that is open to the network', LIMIT, () => {
  const folder = new Folder();
  after(() => folder.remove());
  const open = ['serve', '--sip', '127.0.0.1:0', '--call-api', '0.0.0.0:0', '--http', '127.0.0.1:0'];

  test('does not start without tokens, and says how to make one', () => {
    const { status, stderr } = run(folder.path, open);
    assert.equal(status, 2);
    assert.match(stderr, /callwright token create .*call_api\.tokens = /);
  });

  test('does not start when the file is not there', () => {
    const { status, stderr } = run(folder.path, open, { CALLWRIGHT_CALL_API_TOKENS: folder.file });
    assert.equal(status, 1);
    assert.match(stderr, /cannot be read: No such file or directory; make a token with: callwright token create /);
  });
});

describe('a server with tokens', LIMIT, () => {
  const folder = new Folder();
  let server;
  let reader;
  let controller;
  before(async () => {
    reader = folder.create('reader', 'call:read');
    controller = folder.create('controller', 'call:control');
    server = await Server.start({ env: { CALLWRIGHT_CALL_API_TOKENS: folder.file } });
  });
  after(async () => {
    assert.equal(await server.stop(), 0, server.output);
    folder.remove();
  });

  /** The answer to a handshake. */
  async function handshake(query, headers) {
    const url = new URL(server.callApi.replace(/^ws/, 'http') + query);
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const sent = request({ host: url.hostname, port: url.port, path: url.pathname + url.search, agent: false, headers: { ...upgrade, ...headers } }).end();
    const [response] = await Promise.race([once(sent, 'response'), once(sent, 'upgrade')]);
    if (response.statusCode === 101) {
      sent.destroy();
      return { status: 101 };
    }
    let body = '';
    for await (const part of response) {
      body += part;
    }
    return { status: response.statusCode, body, challenge: response.headers['www-authenticate'] };
  }

  test('lets nobody in without one, and says what to send', async () => {
    const { status, body, challenge } = await handshake('');
    assert.equal(status, 401);
    assert.match(challenge, /^Bearer /);
    assert.match(body, /Authorization: Bearer TOKEN/);
    assert.equal((await handshake('?token=cw_wrong')).status, 401);
    assert.equal((await handshake('', { Authorization: `Basic ${controller}` })).status, 401);
  });

  test('takes one in three places, on both ports', async () => {
    for (const [query, headers] of [['', { Authorization: `Bearer ${reader}` }], ['', { 'X-API-Key': reader }], [`?dialect=current&token=${reader}`, {}]]) {
      assert.equal((await handshake(query, headers)).status, 101, JSON.stringify([query, headers]));
    }
    const client = await Client.connect(`${server.http.replace(/^http/, 'ws')}/call-api?token=${reader}`);
    client.request('Echo', {});
    assert.equal((await client.untilEnded()).length, 3);
    await client.close();
  });

  test('needs none for its health', async () => {
    assert.equal((await fetch(`${server.http}/healthz`)).status, 200);
  });

  test('does what the scopes of the token allow', async () => {
    const reading = await Client.connect(server.callApi, { headers: { Authorization: `Bearer ${reader}` } });
    reading.request('CallEnd', { callid: 'x' });
    assert.deepEqual(await reading.next(), { jsonrpc: '2.0', id: 1, error: { code: -32003, message: 'forbidden: this token lacks call:control' } });
    reading.request('Echo', {});
    assert.equal((await reading.untilEnded()).length, 3);
    await reading.close();
    const controlling = await Client.connect(server.callApi, { headers: { 'X-API-Key': controller } });
    controlling.request('CallEnd', { callid: 'x' });
    assert.deepEqual((await controlling.untilEnded()).map(({ result, params }) => (result ?? params).event), ['Started', 'Error', 'Ended']);
    await controlling.close();
  });

  test('is spoken to by the command line with --token and with the variable', () => {
    const echo = ['call', 'Echo', 'a=b', '--url', server.callApi];
    assert.equal(run(folder.path, [...echo, '--token', reader]).status, 0);
    assert.equal(run(folder.path, echo, { CALLWRIGHT_TOKEN: reader }).status, 0);
    const without = run(folder.path, echo);
    assert.equal(without.status, 3);
    assert.match(without.stderr, /401 Unauthorized: this needs a token\nPut a token into CALLWRIGHT_TOKEN/);
    const wrong = run(folder.path, ['call', 'Echo', '--url', `${server.callApi}?token=cw_wrong`]);
    assert.match(wrong.stderr, /token=\*\*\*/);
    assert.doesNotMatch(wrong.stderr, /cw_wrong/);
  });

  test('knows new tokens at once, and revoked ones no more', async () => {
    const token = folder.create('guest', 'call:read');
    const client = await Client.connect(`${server.callApi}?token=${token}`);
    client.request('Echo', {});
    await client.untilEnded();
    folder.revoke('guest');
    assert.equal(await Client.refusal(`${server.callApi}?token=${token}`), 401);
    client.request('Echo', {});
    assert.deepEqual(await client.closedByServer(), { code: 1008, reason: 'the token was revoked' });
  });

  test('logs who does what, and no token', async () => {
    const client = await Client.connect(`${server.callApi}?token=${controller}`);
    client.request('CallEnd', { callid: 'some-call', cmd_id: 'logged' });
    await client.untilEnded();
    await client.close();
    await server.printed(/command started who=controller remote=127\.0\.0\.1:\d+ method=CallEnd cmd_id=logged/);
    for (const secret of [reader, controller, 'cw_wrong', 'some-call']) {
      assert.ok(!server.output.includes(secret), secret);
    }
  });

  // The last one: this address has used up its guesses.
  test('slows down who guesses', async () => {
    let answer;
    for (let guess = 0; guess < 40 && answer?.status !== 429; guess += 1) {
      answer = await handshake(`?token=cw_${guess}`);
    }
    assert.equal(answer.status, 429);
    assert.equal((await handshake(`?token=${reader}`)).status, 101, 'who has a token is not locked out');
  });
});
