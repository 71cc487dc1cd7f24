// Tokens that somebody else has signed (JWT), as a server with a file of keys takes them.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { spawnSync } from 'node:child_process';
import { Client } from './lib/client.mjs';
import { Server, binary } from './lib/server.mjs';

const LIMIT = { timeout: 120_000 };

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** One who signs tokens. */
class Signer {
  #signature;

  static es256(kid) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new Signer({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256' }, (text) => sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  }

  static rs256(kid) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return new Signer({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }, (text) => sign('sha256', Buffer.from(text), privateKey));
  }

  static hs256(kid, secret) {
    return new Signer({ kty: 'oct', kid, k: encode(secret), alg: 'HS256' }, (text) => createHmac('sha256', secret).update(text).digest());
  }

  constructor(jwk, signature) {
    this.jwk = jwk;
    this.#signature = signature;
  }

  token(claims, header = {}) {
    const text = `${encode({ alg: this.jwk.alg, kid: this.jwk.kid, typ: 'JWT', ...header })}.${encode(claims)}`;
    return `${text}.${Buffer.from(this.#signature(text)).toString('base64url')}`;
  }
}

describe('a server with a file of keys', LIMIT, () => {
  const folder = mkdtempSync(join(tmpdir(), 'callwright-jwks-'));
  const file = join(folder, 'jwks.json');
  const curve = Signer.es256('curve');
  const rsa = Signer.rs256('rsa');
  const secret = Signer.hs256('secret', 'a secret that is longer than 32 bytes');
  const claims = () => ({ iss: 'https://id.example', aud: 'callwright', sub: 'alice', scope: 'openid call:control', exp: inSeconds(300), iat: inSeconds(0) });
  let server;

  function keep(...signers) {
    writeFileSync(`${file}.new`, JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const refusal = (token) => Client.refusal(server.callApi, { headers: { Authorization: `Bearer ${token}` } });
  const connect = (token) => Client.connect(server.callApi, { headers: { Authorization: `Bearer ${token}` } });

  before(async () => {
    keep(curve, rsa, secret);
    server = await Server.start({
      env: { CALLWRIGHT_CALL_API_JWKS: file, CALLWRIGHT_CALL_API_JWT_ISSUER: 'https://id.example', CALLWRIGHT_CALL_API_JWT_AUDIENCE: 'callwright', CALLWRIGHT_LOG_LEVEL: 'info' },
    });
  });
  after(async () => {
    assert.equal(await server.stop(), 0, server.output);
    rmSync(folder, { recursive: true, force: true });
  });

  test('lets in whose token is signed with one of them, and names who it is', async () => {
    for (const signer of [curve, rsa, secret]) {
      const client = await connect(signer.token(claims()));
      client.request('CallEnd', { callid: 'x', cmd_id: `by-${signer.jwk.kid}` });
      assert.deepEqual((await client.untilEnded()).map(({ result, params }) => (result ?? params).event), ['Started', 'Error', 'Ended']);
      await client.close();
      await server.printed(new RegExp(`command started who=jwt:alice remote=127\\.0\\.0\\.1:\\d+ method=CallEnd cmd_id=by-${signer.jwk.kid}`));
    }
  });

  test('allows what the scope says', async () => {
    const client = await connect(curve.token({ ...claims(), scope: ['call:read'] }));
    client.request('CallEnd', { callid: 'x' });
    assert.equal((await client.next()).error.code, -32003);
    await client.close();
  });

  test('is spoken to by the command line', () => {
    const { status, stderr } = spawnSync(binary(), ['call', 'Echo', '--url', server.callApi], {
      env: { ...process.env, CALLWRIGHT_TOKEN: rsa.token(claims()) }, encoding: 'utf8', timeout: 20_000,
    });
    assert.equal(status, 0, stderr);
  });

  test('refuses others, and tells the log why', async () => {
    const confused = Signer.hs256('rsa', JSON.stringify(rsa.jwk));
    const wrong = [
      [`${encode({ alg: 'none' })}.${encode(claims())}.`, /signed token refused reason="its alg is \\?"none\\?"/],
      [confused.token(claims()), /its alg is HS256, but the key \\?"rsa\\?" is for RS256/],
      [Signer.es256('curve').token(claims()), /its signature is wrong/],
      [Signer.es256('other').token(claims()), /no key of its kid/],
      [curve.token({ ...claims(), exp: inSeconds(-61) }), /it has expired/],
      [curve.token({ ...claims(), iss: 'https://evil.example' }), /not call_api\.jwt_issuer/],
      [curve.token({ ...claims(), aud: 'other' }), /call_api\.jwt_audience is not in its aud/],
      [curve.token({ ...claims(), scope: 'openid' }), /its scope has none of/],
    ];
    for (const [token, reason] of wrong) {
      assert.equal(await refusal(token), 401, String(reason));
      await server.printed(reason);
    }
    assert.equal(await refusal(`${'a'.repeat(7000)}..`), 401);
    await server.printed(/6144 are the most/);
    for (const [token] of wrong) {
      assert.ok(!server.output.includes(token.split('.')[1]), 'no token is in the log');
    }
  });

  test('knows new keys at once, and closes who came with one that is gone', async () => {
    const client = await connect(curve.token(claims()));
    const next = Signer.es256('next');
    keep(next, rsa);
    await (await connect(next.token(claims()))).close();
    client.request('Echo', {});
    assert.deepEqual(await client.closedByServer(), { code: 1008, reason: 'the token was revoked' });
    assert.equal(await refusal(curve.token(claims())), 401);
  });

  test('reads them again when it is told to', async () => {
    const before = server.output.split('\n').length;
    process.kill(server.pid, 'SIGHUP');
    await server.printed(/file read again what="keys of tokens"/, before);
  });

  test('lets nobody start anything after the end of his token', async () => {
    // The clocks may be a minute apart, so one that ended 59 seconds ago has a second or less to go.
    const client = await connect(rsa.token({ ...claims(), exp: inSeconds(-58) }));
    client.request('Echo', {});
    let last = (await client.untilEnded()).at(-1);
    while (!last.error) {
      client.request('Echo', {});
      last = (await client.untilEnded()).at(-1);
    }
    assert.deepEqual(last.error, { code: -32003, message: 'forbidden: this token has expired; connect again with a new one' });
    await client.close();
  });
});

describe('a server with a file of keys that cannot be used', LIMIT, () => {
  test('does not start, and says why', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callwright-jwks-'));
    const file = join(folder, 'jwks.json');
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    writeFileSync(file, JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'short' }] }), { mode: 0o600 });
    const config = join(folder, 'callwright.toml');
    writeFileSync(config, `[call_api]\njwks = '${file}'\n`);
    for (const args of [['check-config', config], ['serve', '--config', config]]) {
      const { status, stderr } = spawnSync(binary(), args, { cwd: folder, encoding: 'utf8', timeout: 20_000 });
      assert.notEqual(status, 0);
      assert.match(stderr, /key 1 \(kid "short"\): an RSA key has 2048 to 8192 bits, this one has 1024/);
    }
    rmSync(folder, { recursive: true, force: true });
  });
});
