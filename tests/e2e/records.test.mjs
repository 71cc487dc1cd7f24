// Call records of a running server: the file, the database and the webhook, with phones that talk and whatever may go wrong.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CallwrightPhone } from '../interop/lib/callwright_phone.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { freePort } from '../interop/lib/ports.mjs';
import { Client } from './lib/client.mjs';
import { isFromCallwright, Receiver } from './lib/receiver.mjs';
import { binary, Server, tie, within } from './lib/server.mjs';

const LIMIT_MS = 20_000;
const SECRET = 'correct horse battery staple';

/** A folder for what the server writes. */
class Folder {
  path = mkdtempSync(join(tmpdir(), 'callwright-records-'));
  lines = join(this.path, 'calls.jsonl');
  database = join(this.path, 'calls.sqlite');
  letters = join(this.path, 'letters.jsonl');

  /** Variables for a server that writes here, and sends to `webhook` if there is one. */
  environment({ webhook, ca } = {}) {
    const env = {
      CALLWRIGHT_SIP_T1_MS: '100',
      CALLWRIGHT_MEDIA_MODE: 'relay',
      CALLWRIGHT_SERVER_GRACE_MS: '100',
      CALLWRIGHT_RECORDS_FILE: this.lines,
      CALLWRIGHT_RECORDS_DATABASE: this.database,
    };
    return webhook
      ? { ...env, CALLWRIGHT_RECORDS_WEBHOOK: webhook, CALLWRIGHT_RECORDS_WEBHOOK_SECRET: SECRET, CALLWRIGHT_RECORDS_WEBHOOK_DEAD_LETTERS: this.letters,
          ...(ca ? { CALLWRIGHT_RECORDS_WEBHOOK_CA_FILE: ca } : {}) }
      : env;
  }

  /** The values of a file of JSON lines; the text that is not a whole line yet is not looked at. */
  values(file) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
  }

  /** Resolves with the values once there are so many. */
  async until(file, count) {
    const watcher = watch(this.path);
    const done = async () => {
      while (this.values(file).length < count) {
        await once(watcher, 'change');
      }
      return this.values(file);
    };
    return within(LIMIT_MS, done(), `${count} lines in ${file}`).finally(() => watcher.close());
  }

  /** Rows of the database as another program reads them. */
  rows(query) {
    const { status, stdout, stderr } = spawnSync('sqlite3', ['-json', this.database, query], { encoding: 'utf8', timeout: LIMIT_MS });
    assert.equal(status, 0, stderr);
    return stdout ? JSON.parse(stdout) : [];
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

describe('call records', { timeout: 180_000 }, () => {
  let folder;
  let server;
  let receiver;

  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(async () => {
    CallwrightPhone.endAll();
    if (server?.alive) {
      await server.stop();
    }
    await receiver?.stop();
    server = receiver = undefined;
    folder.remove();
  });

  const phone = async (user, ...args) => {
    const made = await CallwrightPhone.start('--account', `${user}@${server.sip}`, '--password', `${user}-demo`, '--codec', 'PCMU', ...args);
    await made.event('registered');
    return made;
  };

  /** Alice calls Bob, and they hear each other. */
  async function connect() {
    const bob = await phone('bob', '--play', 'tone:660');
    const alice = await phone('alice', '--play', 'tone:440');
    alice.type('dial bob');
    await bob.tone(440);
    await alice.tone(660);
    return { alice, bob };
  }

  async function talk() {
    const { alice, bob } = await connect();
    bob.type('hang-up');
    await alice.event('ended');
    return { alice, bob };
  }

  test('are a line, a row with legs and a signed request, which is sent again until it is taken', async () => {
    receiver = await Receiver.start(SECRET, { answers: [500, 500] });
    server = await Server.start({ env: folder.environment({ webhook: receiver.url }) });
    await talk();
    const [record] = await folder.until(folder.lines, 1);
    assert.match(record.id, /^[a-z0-9]{24}$/);
    assert.match(record.caller, /^sip:alice@/);
    assert.match(record.callee, /^sip:bob@/);
    assert.deepEqual([record.status, record.ended_by, record.changes], [200, 'callee', []]);
    const times = [record.started, record.ringing ?? record.started, record.answered, record.ended];
    assert.deepEqual(times, [...times].sort());
    assert.ok(Math.abs(record.talk_s - (Date.parse(record.ended) - Date.parse(record.answered)) / 1000) < 0.01, JSON.stringify(record));
    assert.deepEqual(record.legs.map(({ side, codec }) => [side, codec]), [['caller', 'PCMU'], ['callee', 'PCMU']]);
    assert.equal(record.legs[0].callid, record.callid);
    assert.ok(record.legs.every((leg) => leg.packets_received > 0 && leg.packets_sent > 0 && leg.lost === 0), JSON.stringify(record.legs));

    const requests = await receiver.until(3);
    assert.deepEqual(requests.map(({ id, genuine, status }) => ({ id, genuine, status })), [500, 500, 200].map((status) => ({ id: record.id, genuine: true, status })));
    assert.deepEqual(requests[2].record, record);
    assert.equal(requests[2].type, 'application/json');

    assert.equal(await server.stop(), 0, server.output);
    assert.deepEqual(folder.rows('SELECT id, callid, status, ended_by FROM calls'), [{ id: record.id, callid: record.callid, status: 200, ended_by: 'callee' }]);
    const legs = folder.rows('SELECT legs.callid, side, codec, packets_received FROM calls JOIN legs ON call = id ORDER BY position');
    assert.deepEqual(legs, record.legs.map(({ callid, side, codec, packets_received }) => ({ callid, side, codec, packets_received })));
    assert.deepEqual(folder.values(folder.letters), []);
    assert.equal(receiver.requests.length, 3, 'what was taken is not sent again');
    assert.ok(!server.output.includes(SECRET) && !server.output.includes('/calls'), 'neither the secret nor the URL is logged');
  });

  test('that cannot be delivered are dead letters when the process ends', async () => {
    const port = await freePort();
    server = await Server.start({ env: folder.environment({ webhook: `http://127.0.0.1:${port}/calls` }) });
    await talk();
    const [record] = await folder.until(folder.lines, 1);
    await server.printed(/a webhook does not take what it is sent, which is sent again what="call record" to=http:\/\/127\.0\.0\.1:\d+ reason="Failed to connect/);
    assert.equal(await server.stop(), 0, server.output);
    const [letter] = folder.values(folder.letters);
    assert.deepEqual(letter.record, record);
    assert.ok(letter.attempts >= 2, `${letter.attempts} attempts`);
    assert.match(letter.reason, /Failed to connect/);
  });

  test('that cannot be delivered in time are dead letters at once', async () => {
    const port = await freePort();
    server = await Server.start({ env: { ...folder.environment({ webhook: `http://127.0.0.1:${port}/calls` }), CALLWRIGHT_RECORDS_WEBHOOK_GIVE_UP_S: '1' } });
    await talk();
    assert.equal((await folder.until(folder.letters, 1)).length, 1);
    assert.equal(await server.stop(), 0, server.output);
    assert.equal(folder.values(folder.letters).length, 1);
  });

  test('of calls that are up are there when the process has ended', async () => {
    receiver = await Receiver.start(SECRET);
    server = await Server.start({ env: folder.environment({ webhook: receiver.url }) });
    const { alice } = await connect();
    assert.equal(await server.stop(), 0, server.output);
    await alice.event('ended');
    const [record, ...others] = folder.values(folder.lines);
    assert.deepEqual(others, []);
    assert.deepEqual([record.status, record.ended_by], [200, 'exchange']);
    assert.ok(record.legs.every(({ codec, packets_received }) => codec === 'PCMU' && packets_received > 0), JSON.stringify(record.legs));
    assert.deepEqual(folder.rows('SELECT id FROM calls'), [{ id: record.id }]);
    assert.deepEqual(receiver.requests.map(({ id }) => id), [record.id]);
  });

  test('go on in a new file after SIGHUP', async () => {
    server = await Server.start({ env: folder.environment() });
    const { alice, bob } = await talk();
    const [first] = await folder.until(folder.lines, 1);
    renameSync(folder.lines, `${folder.lines}.1`);
    process.kill(server.pid, 'SIGHUP');
    await server.printed(/file opened again path=.*calls\.jsonl/);
    alice.type('dial bob');
    await bob.tone(440);
    alice.type('hang-up');
    const [second] = await folder.until(folder.lines, 1);
    assert.notEqual(second.id, first.id);
    assert.equal(second.ended_by, 'caller');
    assert.equal(folder.values(`${folder.lines}.1`).length, 1);
  });

  test('of calls that are refused or given up say by whom', async () => {
    server = await Server.start({ env: folder.environment() });
    const bob = await phone('bob', '--answer', 'manual');
    const alice = await phone('alice');
    alice.type('dial bob');
    await bob.event('ringing');
    bob.type('hang-up');
    await alice.event('ended');
    const [refused] = await folder.until(folder.lines, 1);
    assert.deepEqual([refused.status, refused.talk_s, refused.answered, refused.ended_by], [480, 0, undefined, 'callee']);
    assert.deepEqual(refused.legs.map(({ side }) => side), ['caller']);
    assert.ok(refused.ringing);
    alice.type('dial bob');
    await bob.event('ringing');
    alice.type('hang-up');
    const [, given] = await folder.until(folder.lines, 2);
    assert.deepEqual([given.status, given.ended_by], [487, 'caller']);
  });

  test('tell of holds and transfers', async () => {
    server = await Server.start({ env: folder.environment() });
    const { bob } = await connect();
    const carol = await phone('carol', '--play', 'tone:880');
    const api = await Client.connect(server.callApi);
    const command = async (method, params) => {
      api.request(method, params);
      const messages = await api.untilEnded();
      assert.ok(!messages.some(({ error, params: told }) => error || told?.event === 'Error'), JSON.stringify(messages));
      return messages;
    };
    const [, { params: { data: { calls: [{ callid }] } } }] = await command('CallList', {});
    await command('CallHold', { callid, leg: 'callee' });
    await command('CallUnhold', { callid, leg: 'callee' });
    await command('CallBlindTransfer', { callid, leg: 'callee', destination: 'sip:carol@127.0.0.1' });
    await api.close();
    const [held] = await folder.until(folder.lines, 1);
    assert.equal(held.callid, callid);
    assert.deepEqual(held.changes.map((change) => change.held), [['callee'], []]);
    carol.type('hang-up');
    await bob.event('ended');
    const [, transferred] = await folder.until(folder.lines, 2);
    assert.match(transferred.caller, /^sip:bob@/);
    assert.equal(transferred.callee, 'sip:carol@127.0.0.1', 'without the token that brought the phone there');
    assert.equal(transferred.ended_by, 'callee');
  });

  test('wait while another program locks the database, and lose nothing', async () => {
    server = await Server.start({ env: folder.environment() });
    const locker = tie(spawn('sqlite3', [folder.database], { stdio: ['pipe', 'pipe', 'inherit'] }));
    locker.stdin.write("BEGIN IMMEDIATE; SELECT 'locked';\n");
    await within(LIMIT_MS, once(locker.stdout, 'data'), 'the lock');
    await talk();
    const [record] = await folder.until(folder.lines, 1);
    await server.printed(/Writing fails; it is tried again until it works what="call records in .*database is locked/);
    locker.stdin.end('ROLLBACK;\n');
    await server.printed(/what waited is written/);
    assert.deepEqual(folder.rows('SELECT id FROM calls'), [{ id: record.id }]);
  });

  test('go to the database when there is no room for the file, and the log says what is lost', async () => {
    server = await Server.start({ env: { ...folder.environment(), CALLWRIGHT_RECORDS_FILE: '/dev/full' } });
    await talk();
    await server.printed(/error Writing fails; it is tried again until it works what="call records in \/dev\/full" reason="\/dev\/full cannot be written: No space left on device"/);
    assert.equal(await server.stop(), 0, server.output);
    assert.match(server.output, /The process ends, and these could not be written where=records\.file lost=1/);
    assert.equal(folder.rows('SELECT id FROM calls').length, 1);
  });

  test('go to servers that prove their name, and nowhere else', async () => {
    const authority = new Authority();
    try {
      const { chain, key, ca } = authority.issue('IP:127.0.0.1');
      receiver = await Receiver.start(SECRET, { tls: { cert: readFileSync(chain), key: readFileSync(key) } });
      server = await Server.start({ env: folder.environment({ webhook: receiver.url }) });
      await talk();
      await server.printed(/a webhook does not take what it is sent, .*certificate/i);
      assert.equal(await server.stop(), 0);
      assert.equal(receiver.requests.length, 0);
      CallwrightPhone.endAll();
      server = await Server.start({ env: folder.environment({ webhook: receiver.url, ca }) });
      await talk();
      assert.ok((await receiver.until(1))[0].genuine);
    } finally {
      authority.remove();
    }
  });

  test('do not follow redirects', async () => {
    receiver = await Receiver.start(SECRET, { answers: Array(100).fill(307), redirect: '/elsewhere' });
    server = await Server.start({ env: folder.environment({ webhook: receiver.url }) });
    await talk();
    await receiver.until(1);
    assert.equal(await server.stop(), 0);
    assert.ok(receiver.requests.every(({ path }) => path === '/calls'));
    assert.match(folder.values(folder.letters)[0].reason, /answered with 307; redirects are not followed/);
  });

  test('are listed by callwright records', async () => {
    server = await Server.start({ env: folder.environment() });
    await talk();
    const [record] = await folder.until(folder.lines, 1);
    await server.stop();
    const run = (...args) => spawnSync(binary(), ['records', ...args], { encoding: 'utf8', timeout: LIMIT_MS });
    const table = run(folder.database);
    assert.equal(table.status, 0, table.stderr);
    const [head, line] = table.stdout.split('\n');
    assert.match(head, /^STARTED \(UTC\) +CALLER +CALLEE +TALK +STATUS +REASON/);
    assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}sip:alice@\S+ +sip:bob@\S+ +\d:\d\d +200 +.* \(callee\)$/);
    assert.deepEqual(JSON.parse(run(folder.database, '--json', '--limit', '1').stdout), record);
    assert.equal(run(folder.database, '--since', '2999-01-01').stdout.trim().split('\n').length, 1);
    writeFileSync(folder.letters, 'no database');
    const broken = run(folder.letters);
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /letters\.jsonl: file is not a database/);
  });

  test('that have nowhere to go keep the server from starting, with a sentence', () => {
    const start = (env) => spawnSync(binary(), ['serve', '--sip', '127.0.0.1:0', '--call-api', '127.0.0.1:0', '--http', '127.0.0.1:0'],
      { cwd: folder.path, env: { PATH: process.env.PATH, ...env }, encoding: 'utf8', timeout: LIMIT_MS });
    const missing = start({ CALLWRIGHT_RECORDS_FILE: join(folder.path, 'none', 'calls.jsonl') });
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /cannot start: Call records: .*check that its folder is there/);
    writeFileSync(folder.database, 'no database '.repeat(100));
    const broken = start({ CALLWRIGHT_RECORDS_DATABASE: folder.database });
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /calls\.sqlite: file is not a database; move it away/);
    const open = start({ CALLWRIGHT_RECORDS_WEBHOOK: 'http://crm.example.com/calls?key=hidden', CALLWRIGHT_RECORDS_WEBHOOK_SECRET: 'hidden' });
    assert.equal(open.status, 2);
    assert.match(open.stderr, /would cross the network in clear/);
    assert.match(open.stderr, /webhook_secret of 16 characters/);
    assert.match(open.stderr, /webhook_dead_letters/);
    assert.doesNotMatch(open.stderr, /hidden/);
  });

  test('are believed only with their signature', () => {
    const good = ['a secret of the documentation', /t=\d+,v1=[0-9a-f]{64}/.exec(readFileSync(new URL('../../docs/records.md', import.meta.url), 'utf8'))[0], '{"id":"x"}', 1772323200];
    assert.equal(isFromCallwright(...good), true);
    for (const [place, value] of [[0, 'another secret'], [1, good[1].replace('t=1772323200', 't=1772323201')], [1, undefined], [1, 'v1=00'], [2, '{"id":"y"}'], [3, 1772323200 + 301]]) {
      assert.equal(isFromCallwright(...good.map((part, index) => (index === place ? value : part))), false, `part ${place}: ${value}`);
    }
  });
});
