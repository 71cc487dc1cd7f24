// callwright monitor with real tests, processes, web servers and a mail server.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Monitor } from './lib/monitor.mjs';
import { Receiver } from './lib/receiver.mjs';
import { binary, tie, within } from './lib/server.mjs';

const LIMIT_MS = 30_000;
const SECRET = 'correct horse battery staple';
const PASSES = `scenario('is fine', () => expect(1).toBe(1));\n`;
const FAILS = `scenario('is wrong', () => expect(1).toBe(2));\nscenario('is fine', () => {});\n`;
const SWITCHED = `scenario('answers', () => expect(env('MODE')).toBe('good'));\n`;
const monitor = (name, path, more = '') => `[[monitor]]\nname = "${name}"\npath = "${path}"\n${more}\n`;

let watch;

/** Resolves once `probe` gives something; asks again when the monitor has said something new. */
async function until(probe, what) {
  const done = async () => {
    for (;;) {
      const lines = watch.lineCount;
      const value = await probe();
      if (value) return value;
      await watch.printed(/./, lines);
    }
  };
  return within(LIMIT_MS, done(), what);
}

describe('callwright monitor', () => {
  beforeEach(() => {
    watch = new Monitor();
  });
  afterEach(() => watch.close());

  test('runs what it is asked to and answers with the result', async () => {
    watch.write('good.js', PASSES);
    watch.write('bad.js', FAILS);
    watch.write('monitor.toml', monitor('good one', 'good.js') + monitor('bad', 'bad.js'));
    await watch.start();
    assert.equal(await (await watch.fetch('/healthz')).text(), 'ok');
    const monitors = await watch.json('/monitors');
    assert.deepEqual(monitors.map(({ name, path, overlap, running, last }) => ({ name, path, overlap, running, last })), [
      { name: 'good one', path: join(watch.folder, 'good.js'), overlap: 'queue', running: 0, last: undefined },
      { name: 'bad', path: join(watch.folder, 'bad.js'), overlap: 'queue', running: 0, last: undefined },
    ]);

    const good = await watch.run('good one');
    assert.equal(good.status, 200);
    assert.deepEqual([good.result.monitor, good.result.passed, good.result.timed_out, good.result.error], ['good one', true, false, undefined]);
    assert.ok(good.result.duration_ms > 0);
    assert.deepEqual(good.result.scenarios.map(({ name, passed }) => ({ name, passed })), [{ name: 'is fine', passed: true }]);

    const bad = await watch.run('bad');
    assert.equal(bad.status, 502);
    assert.match(bad.result.error, /^bad\.js — is wrong: expected equals 2, but was 1$/);
    assert.deepEqual(bad.result.scenarios.map(({ name, passed }) => [name, passed]), [['is wrong', false], ['is fine', true]]);

    assert.equal((await watch.run('nobody')).status, 404);
    assert.equal((await watch.fetch('/run/bad')).status, 405);
    const queued = await watch.fetch('/run/bad?async=true', { method: 'POST' });
    assert.equal(queued.status, 202);
    assert.deepEqual(await queued.json(), { monitor: 'bad', queued: true });
    const runs = await until(async () => {
      const all = await watch.json('/monitors/bad/runs');
      return all.length === 2 && all;
    }, 'the second run of bad');
    assert.equal(runs[1].run, bad.result.run);
    assert.equal((await watch.json('/monitors/bad/runs?limit=1')).length, 1);
    assert.equal((await watch.fetch('/monitors/bad/runs?limit=x')).status, 400);
    assert.equal(await watch.stop(), 0);
  });

  test('tells Prometheus under the names that dashboards know', async () => {
    watch.write('call.js', `
scenario('talks', async () => {
  const a = new Agent('Alice', { username: 'alice', domain: 'pbx.example', password: 'secret' });
  const b = new Agent('Bob', { username: 'bob', domain: 'pbx.example', password: 'secret' });
  for (const one of [a, b]) await until(() => expect(one.registered).toBe(true), '10s');
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing), '10s');
  b.accept();
  await until(() => expect(a.quality.mos).toBeGreaterThanOrEqual(4), '15s');
});
`);
    watch.write('bad.js', FAILS);
    watch.write('monitor.toml', monitor('calls', 'call.js', 'exchange = true') + monitor('bad', 'bad.js'));
    await watch.start();
    const { status, result } = await watch.run('calls');
    assert.equal(status, 200, JSON.stringify(result));
    await watch.run('bad');
    assert.equal(await watch.metric('ringo_monitor_runs_total{monitor="calls",result="pass"}'), 1);
    assert.equal(await watch.metric('ringo_monitor_runs_total{monitor="bad",result="fail"}'), 1);
    assert.equal(await watch.metric('ringo_monitor_runs_total{monitor="bad",result="timeout"}'), 0);
    assert.equal(await watch.metric('ringo_monitor_last_success{monitor="calls"}'), 1);
    assert.equal(await watch.metric('ringo_monitor_last_success{monitor="bad"}'), 0);
    assert.equal(await watch.metric('ringo_scenario_last_success{monitor="bad",scenario="is wrong"}'), 0);
    assert.equal(await watch.metric('ringo_agent_registered{monitor="calls",scenario="talks",agent="Alice"}'), 1);
    assert.ok((await watch.metric('ringo_call_mos{monitor="calls",scenario="talks",agent="Alice"}')) > 4);
    assert.equal(await watch.metric('ringo_call_packet_loss_pct{monitor="calls",scenario="talks",agent="Bob"}'), 0);
    assert.ok((await watch.metric('ringo_monitor_last_duration_seconds{monitor="calls"}')) > 0.05);
    assert.ok((await watch.metric('ringo_monitor_last_run_timestamp_seconds{monitor="calls"}')) > 1.7e9);
    assert.equal(await watch.metric('callwright_monitor_run_duration_seconds_count{monitor="calls"}'), 1);
    assert.equal(await watch.metric('callwright_monitor_run_duration_seconds_bucket{monitor="calls",le="+Inf"}'), 1);
  });

  test('ends what does not end, and goes on', async () => {
    watch.write('circle.js', `scenario('never ends', { timeout: '5m' }, async () => { await until(() => expect(1).toBe(2), '5m'); });\n`);
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', 'workers = 1\n' + monitor('circle', 'circle.js', 'timeout = "500ms"') + monitor('good', 'good.js'));
    await watch.start();
    const [circle, good] = await Promise.all([watch.run('circle'), watch.run('good')]);
    assert.deepEqual([circle.status, circle.result.timed_out], [502, true]);
    assert.match(circle.result.error, /took longer than 500 ms and was stopped/);
    assert.equal(good.status, 200);
    assert.equal(await watch.metric('ringo_monitor_runs_total{monitor="circle",result="timeout"}'), 1);
    assert.equal(await watch.metric('ringo_monitor_runs_total{monitor="circle",result="fail"}'), 1);
  });

  test('kills a process that does not listen', async () => {
    watch.write('deaf.sh', `#!/bin/sh\ntrap '' TERM\necho "$$" > pid\nexec tail -f /dev/null\n`);
    chmodSync(join(watch.folder, 'deaf.sh'), 0o755);
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', `binary = "${join(watch.folder, 'deaf.sh')}"\ntimeout = "100ms"\n` + monitor('deaf', 'good.js'));
    await watch.start();
    const { result } = await watch.run('deaf');
    assert.equal(result.timed_out, true);
    assert.equal(existsSync(`/proc/${readFileSync(join(watch.folder, 'pid'), 'utf8').trim()}`), false);
  });

  test('keeps to schedules, and lets runs overlap as it is told', async () => {
    watch.write('slow.js', `scenario('takes its time', async () => { await wait(2.5); });\n`);
    const every = 'schedule = "* * * * * *"';
    watch.write('monitor.toml', 'workers = 8\n' + monitor('waits', 'slow.js', every) + monitor('skips', 'slow.js', `${every}\noverlap = "skip"`) +
      monitor('both', 'slow.js', `${every}\noverlap = "parallel"`) + monitor('asked', 'slow.js'));
    await watch.start();
    assert.match((await watch.json('/monitors'))[0].next, /^\d{4}-\d\d-\d\dT/);
    await until(async () => {
      const [waits, skips, both, asked] = await watch.json('/monitors');
      assert.ok(waits.running <= 1 && waits.waiting <= 1 && skips.running <= 1 && skips.waiting <= 1, JSON.stringify([waits, skips]));
      assert.equal(asked.running, 0);
      return both.running >= 2;
    }, 'two runs of one monitor');
    await until(async () => (await watch.metric('callwright_monitor_skipped_total{monitor="skips"}')) > 0, 'a skipped start');
    assert.equal(await watch.stop(), 0);
  });

  test('tells when a schedule comes next by the clocks of the place that it names', async () => {
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', monitor('tokyo', 'good.js', 'schedule = "TZ=Asia/Tokyo 30 4 * * *"'));
    await watch.start({ env: { TZ: 'America/New_York' } });
    const [{ next }] = await watch.json('/monitors');
    assert.match(new Date(next).toISOString(), /T19:30:00\.000Z$/, 'half past four in Tokyo, all year round');
  });

  test('starts nothing by itself without the scheduler', async () => {
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', monitor('good', 'good.js', 'schedule = "@every 1ms"'));
    await watch.start({ args: ['--scheduler', 'false'] });
    await watch.run('good');
    assert.equal(await watch.metric('ringo_monitor_runs_total{monitor="good",result="pass"}'), 1);
    assert.equal((await watch.json('/monitors'))[0].next, undefined);
  });

  test('asks for tokens, and tells them to nobody', async () => {
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', `token = "env:DOOR"\n[metrics]\nbearer_token = "counter-secret"\n` + monitor('good', 'good.js'));
    await watch.start({ env: { DOOR: 'door-secret' } });
    assert.equal((await watch.fetch('/healthz')).status, 200);
    for (const path of ['/', '/monitors', '/monitors/good/runs', '/metrics', '/report/x/y']) {
      const answer = await watch.fetch(path);
      assert.equal(answer.status, 401, path);
      assert.match(answer.headers.get('www-authenticate'), /^Basic realm=/);
    }
    assert.equal((await watch.run('good')).status, 401);
    assert.equal((await watch.run('good', { headers: { Authorization: 'Bearer counter-secret' } })).status, 401);
    assert.equal((await watch.run('good', { headers: { Authorization: 'Bearer door-secret' } })).status, 200);
    assert.equal((await watch.fetch('/', { headers: { Authorization: `Basic ${btoa('me:door-secret')}` } })).status, 200);
    assert.equal((await watch.fetch('/metrics', { headers: { Authorization: 'Bearer door-secret' } })).status, 401);
    assert.equal((await watch.fetch('/metrics', { headers: { Authorization: 'Bearer counter-secret' } })).status, 200);
    assert.doesNotMatch(watch.output, /secret/);
  });

  test('lets nobody from elsewhere start runs without a token', async () => {
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', monitor('good', 'good.js'));
    await watch.start({ args: ['--listen', '0.0.0.0:0'] });
    watch.url = watch.url.replace('0.0.0.0', '127.0.0.1');
    const { status, result } = await watch.run('good');
    assert.equal(status, 403);
    assert.match(result.error, /unless the file sets a token/);
    assert.match(watch.output, /others can read these pages/);
  });

  test('tells when a monitor begins to fail and when it works again, and of nothing in between', async () => {
    const receiver = await Receiver.start(SECRET);
    const chats = await Receiver.start('none');
    const mail = tie(spawn('python3', ['-W', 'ignore', fileURLToPath(new URL('lib/mail_server.py', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const mails = [];
    const lines = createInterface({ input: mail.stdout });
    const port = await within(LIMIT_MS, new Promise((resolve) => lines.once('line', resolve)), 'the mail server');
    const mailed = new Promise((resolve) => lines.on('line', (line) => mails.push(JSON.parse(line)) === 2 && resolve()));
    try {
      watch.write('switched.js', SWITCHED);
      watch.write('mode.env', 'MODE=good\n');
      watch.write('monitor.toml', `artifacts = "kept"\npublic_url = "https://monitor.example.com"\n` + monitor('office', 'switched.js', 'env_file = ["mode.env"]') + `
[[alert]]
kind = "webhook"
url = "${receiver.url}"
secret = "${SECRET}"
after = 2
[[alert]]
kind = "slack"
url = "${chats.url}"
[[alert]]
kind = "teams"
url = "${chats.url}"
[[alert]]
kind = "email"
server = "smtp://127.0.0.1:${port}"
from = "callwright@example.com"
to = ["ops@example.com", "boss@example.com"]
`);
      await watch.start();
      const results = [];
      for (const mode of ['good', 'bad', 'bad', 'bad', 'good', 'good']) {
        watch.write('mode.env', `MODE=${mode}\n`);
        results.push((await watch.run('office')).result);
      }
      assert.deepEqual(results.map((result) => result.passed), [true, false, false, false, true, true]);
      await receiver.until(2);
      const told = receiver.requests.map(({ record }) => record);
      assert.deepEqual(told.map(({ event, monitor: name, failures }) => [event, name, failures]), [['monitor.failed', 'office', 2], ['monitor.recovered', 'office', 3]]);
      assert.equal(told[0].result.run, results[2].run);
      assert.ok(receiver.requests.every(({ genuine, id, type }) => genuine && id && type === 'application/json'));
      await chats.until(4);
      const texts = chats.requests.map(({ record }) => JSON.stringify(record));
      assert.equal(texts.filter((text) => text.includes('"blocks"')).length, 2);
      assert.equal(texts.filter((text) => text.includes('AdaptiveCard')).length, 2);
      assert.ok(texts.some((text) => text.includes(`https://monitor.example.com/report/${results[1].run}/report.html`)), texts.join('\n'));
      await within(LIMIT_MS, mailed, 'two mails');
      assert.deepEqual(mails.map(({ from, to }) => [from, to]), Array(2).fill(['callwright@example.com', ['ops@example.com', 'boss@example.com']]));
      assert.equal(mails[0].subject, '[callwright] office FAILED: switched.js — answers: expected equals good, but was bad');
      assert.match(mails[1].subject, /^\[callwright\] office (RECOVERED|works again)/i);
      assert.match(mails[0].text, /^Report: https:\/\/monitor\.example\.com\/report\//m);
      // Kept of failed runs alone, and to be read over HTTP.
      assert.deepEqual(readdirSync(join(watch.folder, 'kept/office')).sort(), results.slice(1, 4).map((result) => result.run).sort());
      const report = await watch.fetch(`/report/${results[1].run}/report.html`);
      assert.equal(report.status, 200);
      assert.match(report.headers.get('content-security-policy'), /sandbox/);
      assert.match(await report.text(), /<!doctype html>/i);
      for (const path of [`/report/${results[1].run}/..%2f..%2f..%2fmonitor.toml`, `/report/${results[0].run}/report.html`, '/report/x/report.html']) {
        assert.equal((await watch.fetch(path)).status, 404, path);
      }
    } finally {
      mail.kill();
      await receiver.stop();
      await chats.stop();
    }
  });

  test('remembers over a restart, and does not tell twice', async () => {
    const receiver = await Receiver.start('none');
    try {
      watch.write('bad.js', FAILS);
      watch.write('monitor.toml', `history = "runs.db"\n` + monitor('bad', 'bad.js') + `[[alert]]\nkind = "webhook"\nurl = "${receiver.url}"\n`);
      await watch.start();
      const first = await watch.run('bad');
      await receiver.until(1);
      assert.equal(await watch.stop(), 0);
      await watch.start();
      assert.equal((await watch.json('/monitors'))[0].last.run, first.result.run);
      await watch.run('bad');
      assert.equal((await watch.json('/monitors/bad/runs')).length, 2);
      assert.equal(await watch.stop(), 0);
      assert.equal(receiver.requests.length, 1);
    } finally {
      await receiver.stop();
    }
  });

  test('reads its file again, and stays as it was when that is wrong', async () => {
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', monitor('one', 'good.js'));
    await watch.start();
    watch.write('monitor.toml', monitor('one', 'good.js') + monitor('two', 'good.js'));
    watch.signal('SIGHUP');
    await watch.printed(/the file was read again monitors=2/);
    assert.equal((await watch.run('two')).status, 200);
    watch.write('monitor.toml', monitor('one', 'nowhere.js'));
    watch.signal('SIGHUP');
    await watch.printed(/not read again.*nowhere\.js/);
    assert.deepEqual((await watch.json('/monitors')).map(({ name }) => name), ['one', 'two']);
  });

  test('hangs up what runs when it is told to stop', async () => {
    watch.write('slow.js', `scenario('waits', async () => { log('it waits'); await wait(60); });\n`);
    watch.write('monitor.toml', monitor('slow', 'slow.js'));
    await watch.start();
    const asked = watch.run('slow');
    await watch.printed(/a monitor starts/);
    assert.equal(await watch.stop('SIGINT'), 0);
    const { status, result } = await asked;
    assert.equal(status, 503, JSON.stringify(result));
  });

  test('says all that is wrong with a file, with its lines', () => {
    watch.write('monitor.toml', `timeout = "5x"\nlisten = 9090\n\n[[monitor]]\nname = "a"\npath = "nowhere.js"\nschedule = "61 * * * *"\nscedule = "@hourly"\n\n[[alert]]\nkind = "fax"\n`);
    const { status, stderr } = spawnSync(binary(), ['monitor', 'monitor.toml', '--check'], { cwd: watch.folder, encoding: 'utf8', timeout: LIMIT_MS });
    assert.equal(status, 1);
    assert.match(stderr, /^monitor\.toml:1: timeout: expected a duration/m);
    assert.match(stderr, /^monitor\.toml:2: listen: expected a text/m);
    assert.match(stderr, /^monitor\.toml:6: monitor\.path: there is no .*nowhere\.js/m);
    assert.match(stderr, /^monitor\.toml:7: monitor\.schedule: .*61/m);
    assert.match(stderr, /^monitor\.toml:11: alert\.kind: expected "webhook"/m);
    watch.write('good.js', PASSES);
    watch.write('monitor.toml', monitor('a', 'good.js', 'schedule = "TZ=Europe/Viena 0 7 * * *"'));
    const lost = spawnSync(binary(), ['monitor', 'monitor.toml', '--check'], { cwd: watch.folder, encoding: 'utf8', timeout: LIMIT_MS });
    assert.equal(lost.status, 1);
    assert.match(lost.stderr, /^monitor\.toml:4: monitor\.schedule: there is no time zone "Europe\/Viena"; write one of the IANA database, such as Europe\/Berlin/m);
    watch.write('monitor.toml', monitor('a', 'good.js', 'scedule = "@hourly"'));
    const fine = spawnSync(binary(), ['monitor', 'monitor.toml', '--check'], { cwd: watch.folder, encoding: 'utf8', timeout: LIMIT_MS });
    assert.equal(fine.status, 0);
    assert.match(fine.stdout, /fine, 1 monitors?/);
    assert.match(fine.stderr, /^monitor\.toml:4: monitor\.scedule: unknown key, which does nothing \(did you mean schedule\?\)/m);
  });
});
