// The Call API and HTTP over TLS, with certificates made here.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { CallApi } from '../../clients/js/callwright.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { Client, WebSocket } from './lib/client.mjs';
import { Server, binary } from './lib/server.mjs';

const LIMIT = { timeout: 120_000 };

/** Status and body of a GET. */
async function ask(request) {
  const [response] = await once(request, 'response');
  let body = '';
  for await (const part of response) {
    body += part;
  }
  return { status: response.statusCode, body };
}

describe('a server with a certificate', LIMIT, () => {
  const authority = new Authority();
  const other = new Authority();
  const config = join(authority.directory, 'callwright.toml');
  let server;
  let port;

  before(async () => {
    const { chain, key } = authority.issue('IP:127.0.0.1');
    writeFileSync(config, `[[certificates]]\nchain = '${chain}'\nkey = '${key}'\n`);
    server = await Server.start({ args: ['--config', config], callApi: 'wss:127.0.0.1:0', http: 'https:127.0.0.1:0' });
    port = new URL(server.callApi).port;
  });
  after(async () => {
    assert.equal(await server.stop(), 0, server.output);
    authority.remove();
    other.remove();
  });

  /** `callwright call Echo` there. */
  function echo(url, ...args) {
    const { status, stderr } = spawnSync(binary(), ['call', 'Echo', 'a=b', '--url', url, ...args], { encoding: 'utf8', timeout: 20_000 });
    return { status, stderr };
  }
  const fingerprint = async () => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.pem });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };

  test('says where it listens', () => {
    assert.match(server.callApi, /^wss:\/\/127\.0\.0\.1:\d+\/call-api$/);
    assert.match(server.http, /^https:\/\/127\.0\.0\.1:\d+$/);
  });

  test('is spoken to by the command line, which looks at the certificate', () => {
    assert.deepEqual(echo(server.callApi, '--ca', authority.file), { status: 0, stderr: '' });
    assert.equal(echo(server.callApi, '--insecure').status, 0);
    const stranger = echo(server.callApi);
    assert.equal(stranger.status, 3);
    assert.match(stranger.stderr, /its certificate is not accepted: .*; --ca FILE names who has signed it; --insecure/);
    assert.equal(echo(server.callApi, '--ca', other.file).status, 3);
    assert.match(echo(`wss://localhost:${port}/call-api`, '--ca', authority.file).stderr, /hostname mismatch/);
    const missing = echo(server.callApi, '--ca', '/nowhere.pem');
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /the CA file \/nowhere\.pem cannot be used: No such file/);
  });

  test('is spoken to by clients of both ports', async () => {
    for (const url of [server.callApi, `${server.http.replace(/^https/, 'wss')}/call-api`]) {
      const client = await Client.connect(url, { ca: authority.pem, origin: url.replace(/^wss(.*)\/call-api$/, 'https$1') });
      client.request('Echo', {});
      assert.equal((await client.untilEnded()).length, 3);
      await client.close();
    }
  });

  test('is spoken to by the JavaScript client', async () => {
    class Trusting extends WebSocket {
      constructor(url) {
        super(url, { ca: authority.pem });
      }
    }
    const api = await CallApi.connect(server.callApi, { WebSocket: Trusting });
    assert.equal((await api.calls()).total, 0);
    api.close();
    await assert.rejects(CallApi.connect(server.callApi, { WebSocket }), /no connection to wss:/);
  });

  test('shows its health and what it can do', async () => {
    assert.equal((await ask(get(`${server.http}/healthz`, { ca: authority.pem }))).status, 200);
    for (const base of [server.http, `https://127.0.0.1:${port}`]) {
      const { status, body } = await ask(get(`${base}/call-api/openrpc.json`, { ca: authority.pem }));
      assert.equal(status, 200);
      assert.equal(JSON.parse(body).openrpc, '1.3.2');
    }
  });

  test('tells a client without TLS what to use', async () => {
    assert.deepEqual(await ask(getPlain(`http://127.0.0.1:${port}/healthz`)), { status: 400, body: 'this port speaks TLS: use https:// or wss://\n' });
    const { status, stderr } = echo(`ws://127.0.0.1:${port}/call-api`);
    assert.equal(status, 3);
    assert.match(stderr, /400 Bad Request: this port speaks TLS/);
  });

  test('takes new certificates when it is told to, and keeps its connections', async () => {
    const client = await Client.connect(server.callApi, { ca: authority.pem });
    const before = await fingerprint();
    authority.issue('IP:127.0.0.1');
    assert.equal(await fingerprint(), before);
    await server.reloadCertificates();
    assert.notEqual(await fingerprint(), before);
    client.request('Echo', {});
    assert.equal((await client.untilEnded()).length, 3);
    await client.close();
  });

  test('keeps its certificates when the new ones cannot be used', async () => {
    const before = await fingerprint();
    writeFileSync(join(authority.directory, 'chain.pem'), 'no certificate');
    await server.reloadCertificates();
    assert.equal(await fingerprint(), before);
  });
});
