// callwright test, check and show-report with real files, processes and phones.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { binary, tie, within } from './lib/server.mjs';

const LIMIT_MS = 60_000;
const folders = [];
let folder;

function write(name, text) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function run(...args) {
  const env = { ...process.env, GITHUB_ACTIONS: '', NO_COLOR: '1' };
  return spawnSync(binary(), args, { cwd: folder, encoding: 'utf8', env, timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: 64 << 20 });
}

const eventsOf = (output) => output.trimEnd().split('\n').map((line) => JSON.parse(line));
const phone = (name) => `new Agent('${name}', { username: '${name.toLowerCase()}', domain: 'pbx.example', password: 'secret' })`;
const CALL = `
  const a = ${phone('Alice')};
  const b = ${phone('Bob')};
  for (const one of [a, b]) await until(() => expect(one.registered).toBe(true), '10s');
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing), '10s');
  b.accept();
  await until(() => expect(a.state).toBe(State.Established), '10s');
`;

describe('callwright test', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'callwright-test-'));
    folders.push(folder);
  });
  after(() => folders.forEach((each) => rmSync(each, { recursive: true, force: true })));

  test('runs scenarios with phones and leaves nothing behind when they pass', () => {
    write('calls.js', `scenario('talks', { tags: ['smoke'] }, async () => {${CALL}  await a.hangup();\n});\nscenario('later', { skip: 'not yet' }, () => {});\n`);
    const { status, stdout, stderr } = run('test', 'calls.js', '--exchange');
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /Alice: dials sip:bob@pbx\.example\n[^]*Bob: accepts\n[^]*✓ scenario `talks`[^]*⊘ scenario `later` skipped \(not yet\)\n[^]*✓ 2 scenarios — 1 passed, 0 failed, 1 skipped\n/);
    assert.equal(existsSync(join(folder, 'callwright-results')), false);
  });

  test('says what failed, where, and how the phones were; keeps the capture; writes reports', () => {
    write('t/fails.js', `scenario('wrong', async () => {${CALL}  expect(a.statusCode).toBe(486);\n});\n`);
    write('t/ok.js', `scenario('fine', () => {});\n`);
    write('t/helper.js', `export const x = 1;\n`);
    const { status, stdout, stderr } = run('test', 't', '--exchange', '--reporter', 'html', '--reporter', 'junit=out/j.xml');
    assert.equal(status, 1, stdout + stderr);
    assert.match(stderr, /✗ scenario `wrong` — Alice status code: expected equals 486[^]*at t\/fails\.js:9:\d+\n\s+expected: Alice status code: equals 486\n[^]*agent     Bob: registered, established, 1 call\n/);
    assert.match(stderr, /Error: 1\/2 files failed\n$/);
    assert.match(readFileSync(join(folder, 'out/j.xml'), 'utf8'), /<failure message="Alice status code: expected equals 486/);
    const page = readFileSync(join(folder, 'callwright-results/report.html'), 'utf8');
    const data = JSON.parse(/id="run">([^]*?)<\/script>/.exec(page)[1]);
    assert.ok(data.files.some((file) => file.events.some((event) => event.event === 'sip' && event.text.startsWith('INVITE '))));
    assert.ok(Object.values(data.attachments).some((attachment) => attachment.href.startsWith('data:application/vnd.tcpdump.pcap;base64,')));
    assert.equal(run('show-report', '--no-open').stdout, `file://${join(folder, 'callwright-results/report.html')}\n`);
  });

  test('tells events and nothing else as JSON, also when a script prints', () => {
    write('a.js', `console.log('more');\nscenario('x', () => expect(1).toBe(1));\n`);
    const { status, stdout } = run('test', 'a.js', '--json', '--seed', '7');
    assert.equal(status, 0);
    const events = eventsOf(stdout);
    assert.deepEqual([events[0].event, events[0].seed, events.at(-1).event, events.at(-1).passed_scenarios], ['run_started', 7, 'run_finished', 1]);
    for (const line of stdout.trimEnd().split('\n')) {
      assert.deepEqual(Object.keys(JSON.parse(line)), Object.keys(JSON.parse(line)).sort());
    }
    assert.ok(events.slice(1, -1).every((event) => event.path === 'a.js'));
  });

  test('chooses by name and tag, lists, and says when nothing matches', () => {
    write('s.js', `scenario('Answers', { tags: ['smoke'] }, () => {});\nscenario('is rejected', { tags: ['smoke', 'slow'] }, () => {});\n`);
    const count = (...args) => eventsOf(run('test', 's.js', '--json', ...args).stdout).at(-1).scenarios;
    assert.equal(count('--scenario', 'REJECTED'), 1);
    assert.equal(count('--scenario', 're:^Ans'), 1);
    assert.equal(count('--tag', 'smoke'), 2);
    assert.equal(count('--tag', 'smoke', '--exclude-tag', 'slow'), 1);
    assert.equal(run('test', 's.js', '--list').stdout.replaceAll(/line \d+/g, 'line N'), 's.js\n  Answers (line N) #smoke\n  is rejected (line N) #smoke #slow\n2 scenarios in 1 file\n');
    const none = run('test', 's.js', '--scenario', 'nope');
    assert.equal(none.status, 1);
    assert.match(none.stderr, /Error: 1 file read, but no scenario matched --scenario "nope"/);
  });

  test('runs only what asks for it, in whatever file', () => {
    write('t/a.js', `scenario('mine', { only: true }, () => {});\nscenario('other', () => { throw new Error('ran'); });\n`);
    write('t/b.js', `scenario('third', () => { throw new Error('ran'); });\n`);
    const { status, stdout, stderr } = run('test', 't');
    assert.equal(status, 0, stdout + stderr);
    assert.match(stderr, /warning: a scenario of t\/a\.js has `only`/);
    assert.match(stdout, /1\/1 scenarios/);
  });

  test('tells flaky scenarios from others', () => {
    write('f.js', `scenario('always', () => {});\n`);
    write('g.js', `let tries = 0;\nscenario('second time', () => { tries += 1; expect(tries).toBe(2); });\n`);
    const { status, stdout } = run('test', 'f.js', 'g.js', '--retries', '2', '--json');
    const end = eventsOf(stdout).at(-1);
    assert.deepEqual([status, end.passed_scenarios, end.flaky_scenarios], [0, 2, 1]);
  });

  test('ends a scenario that lets nothing else happen, with its process and nothing else', () => {
    write('t/loop.js', `scenario('endless', () => { while (true) {} });\n`);
    write('t/ok.js', `scenario('fine', () => {});\n`);
    const { status, stdout, stderr } = run('test', 't', '--timeout', '500ms', '--file-timeout', '4s');
    assert.equal(status, 1);
    assert.match(stdout, /✓ scenario `fine`/);
    assert.match(stderr, /✗ (scenario `endless`|t\/loop\.js)/);
  });

  test('hangs up and un-registers before it ends with 130 when it is interrupted', async () => {
    write('long.js', `scenario('long', async () => {${CALL}  await wait(50);\n});\n`);
    const child = tie(spawn(binary(), ['test', 'long.js', '--exchange', '--json'], { cwd: folder }));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const waits = !output.includes('"event":"wait"');
      output += text;
      if (waits && output.includes('"event":"wait"')) child.kill('SIGINT');
    });
    const [status] = await within(LIMIT_MS, new Promise((ended) => { child.once('close', (...how) => ended(how)); }), 'the run does not end');
    assert.equal(status, 130);
    const events = eventsOf(output);
    const sent = events.filter((event) => event.event === 'sip' && event.direction === 'sent').map((event) => event.text);
    assert.ok(sent.some((text) => text.startsWith('BYE ')), 'the call is hung up');
    assert.equal(sent.filter((text) => text.startsWith('REGISTER ') && /^(Expires: 0|Contact:.*expires=0)/im.test(text)).length, 2, 'both are un-registered');
    assert.equal(events.at(-1).interrupted, true);
  });

  test('checks files, and names what is wrong on the command line', () => {
    write('good.js', `scenario('x', () => {});\n`);
    write('bad.js', `scenario('x', () => {\n`);
    const good = run('check', 'good.js');
    assert.deepEqual([good.status, good.stdout], [0, 'good.js: syntax ok\n']);
    assert.equal(run('check', 'good.js', 'bad.js').status, 1);
    const missing = run('test', 'god.js');
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /god\.js does not exist; did you mean good\.js\?/);
    assert.equal(run('test', 'good.js', '--trace', 'always').status, 2);
    assert.equal(run('test').status, 2);
  });
});
