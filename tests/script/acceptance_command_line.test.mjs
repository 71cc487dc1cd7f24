// What a run leaves for people to look at: logs, captures and measurements; and what files of one run have in common, which is nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Authority } from '../interop/lib/certificates.mjs';
import { testCommand } from './lib/command.mjs';
import { startProxy, withPassword } from './lib/proxy.mjs';
import { of, outcomes, withFiles } from './lib/run_file.mjs';

const phone = "const phone = (name, more) => new Agent(name, { username: name.toLowerCase(), password: 'secret', ...more });\n";
const CALL = `
  for (const one of [a, b]) await until(() => expect(one.registered).toBe(true), '10s');
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing), '10s');
  b.accept();
  await until(() => expect(a.state).toBe(State.Established), '10s');
  await verifyAudioConnection(a, b);
  await a.hangup();
  await until(() => expect(b.state).toBe(State.Idle), '10s');`;

/** One line for each SIP message, with the fields of tshark. */
const dissected = (file, ...wanted) =>
  execFileSync('tshark', ['-r', file, '-Y', 'sip', '-T', 'fields', ...wanted.flatMap((field) => ['-e', field])], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));

test('the usual time of waits is that of one file: the next file has five seconds again', async () => {
  const late = "let ready = false;\nsetTimeout(() => { ready = true; }, 1000);\nawait until(() => expect(ready).toBe(true));\n";
  const lateRhai = 'let begun = timestamp();\nawait_until(|| assert(begun.elapsed).greater_than(1));\n';
  await withFiles({ '1.js': `defaultTimeout('200ms');\n${late}`, '2.js': late, '3.rhai': `default_timeout("200ms");\n${lateRhai}`, '4.rhai': lateRhai }, async (folder) => {
    const { status, events } = await testCommand(folder, ['1.js', '2.js', '3.rhai', '4.rhai', '--jobs', '1', '--json']);
    const ends = Object.fromEntries(of(events, 'finished').map(({ path, passed, error }) => [path, passed || error.split('\n')[0]]));
    assert.match(ends['1.js'], /^not satisfied within 200ms: /);
    assert.match(ends['3.rhai'], /^not satisfied within 200ms: /);
    assert.deepEqual([ends['2.js'], ends['4.rhai']], [true, true]);
    assert.equal(status, 1);
  });
});

test('scenarios of one file share the usual time of waits that the file sets', async () => {
  await withFiles({ 'a.js': "defaultTimeout('200ms');\nscenario('fails soon', () => until(() => expect(1).toBe(2)));\n" }, async (folder) => {
    const { events } = await testCommand(folder, ['a.js', '--json']);
    assert.match(outcomes(events)['fails soon'], /^not satisfied within 200ms: /);
  });
});

for (const transport of ['udp', 'tls']) {
  test(`a capture of calls over ${transport} opens in tshark and shows them in the clear`, async () => {
    const authority = new Authority();
    const proxy = await startProxy({ certificates: authority.issue('IP:127.0.0.1'), registration: withPassword('secret') });
    try {
      const domain = transport === 'tls' ? proxy.tls : proxy.address;
      const text = `${phone}const [a, b] = ['Ann', 'Bob'].map((name) => phone(name, { domain: '${domain}', transport: '${transport}' }));${CALL}\n`;
      await withFiles({ 'call.js': text }, async (folder) => {
        const { status, stdout, stderr } = await testCommand(folder, ['call.js', '--sip-trace=sip.pcap'], { SSL_CERT_FILE: authority.file });
        assert.equal(status, 0, stdout + stderr);
        const messages = dissected(join(folder, 'sip.pcap'), 'sip.Method', 'sip.Status-Code', 'sip.CSeq.method', 'sip.from.user');
        const count = (method, user) => messages.filter(([sent, , , from]) => sent === method && from === user).length;
        assert.deepEqual(['Ann', 'Bob'].map((name) => count('REGISTER', name.toLowerCase())), [3, 3], 'refused, registered, un-registered');
        assert.deepEqual([count('INVITE', 'ann'), count('ACK', 'ann') >= 2, count('BYE', 'ann')], [2, true, 2], 'as one sent and the other received them');
        assert.ok(messages.some(([, code, method]) => code === '200' && method === 'INVITE'));
        assert.deepEqual(dissected(join(folder, 'sip.pcap'), '_ws.malformed').filter(([wrong]) => wrong), []);
      });
    } finally {
      authority.remove();
      await proxy.stop();
    }
  });
}

test('what is kept of a scenario has its signalling and its media, each packet at its time', async () => {
  const text = `scenario('talks', async () => {\n${phone}const [a, b] = [phone('Ann'), phone('Bob')];${CALL.replace('await a.hangup()', 'await verifyAudioConnection(a, b);\n  await a.hangup()')}\n});\n`;
  await withFiles({ 'talk.js': text }, async (folder) => {
    const { status, stdout, stderr, events } = await testCommand(folder, ['talk.js', '--exchange', '--trace', 'on', '--json']);
    assert.equal(status, 0, stdout + stderr);
    const [capture] = of(events, 'scenario_finished')[0].artifacts.filter(({ kind }) => kind === 'pcap');
    const shown = (...args) => execFileSync('tshark', ['-r', resolve(folder, capture.path), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trimEnd().split('\n').filter(Boolean);
    const streams = new Map();
    for (const line of shown('-Y', 'rtp', '-T', 'fields', '-e', 'rtp.ssrc', '-e', 'frame.time_epoch')) {
      const [ssrc, time] = line.split('\t');
      streams.set(ssrc, [...(streams.get(ssrc) ?? []), Number(time)]);
    }
    assert.equal(streams.size, 2, 'one from each agent');
    for (const times of streams.values()) {
      // Each packet twice: as one sent and the other received it.
      assert.ok(times.length >= 50, `${times.length} packets`);
      assert.ok(times.at(-1) - times[0] > (times.length / 2 - 1) * 0.02 - 0.03, 'a packet each 20 ms');
    }
    assert.ok(shown('-Y', 'sip.Method == "INVITE"').length > 0);
    assert.deepEqual(shown('-Y', 'frame.time_delta < 0'), [], 'in the order of their times');
  });
});

test('a log tells of each agent what happened to it, with the time, and each file has its own', async () => {
  const text = `${phone}const [a, b] = [phone('Ann'), phone('Bob')];${CALL}\n`;
  await withFiles({ 'one.js': text, 'two.js': `${phone}const d = phone('Dan');\nawait until(() => expect(d.registered).toBe(true));\n` }, async (folder) => {
    const { status, stdout, stderr } = await testCommand(folder, ['one.js', 'two.js', '--exchange', '--log=run.log', '--sip-trace=sip.txt']);
    assert.equal(status, 0, stdout + stderr);
    const log = (file) => readFileSync(join(folder, `run.${file}.log`), 'utf8').trimEnd().split('\n');
    const lines = log('one.js');
    lines.forEach((line) => assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (debug|info|warning|error) \S/));
    const steps = ['registered', 'call started', 'call ringing', 'call answered', 'call ended', 'unregistered'];
    for (const agent of ['Ann', 'Bob']) {
      const told = lines.filter((line) => line.includes(` agent=${agent} `)).map((line) => /^\S+ \w+ (.*) agent=/.exec(line)[1]);
      assert.deepEqual(told.filter((step) => steps.includes(step)), steps, agent);
    }
    assert.ok(log('two.js').some((line) => line.includes(' registered agent=Dan ')));
    assert.ok(!log('two.js').some((line) => line.includes('Ann')));
    assert.match(readFileSync(join(folder, 'sip.one.js.txt'), 'utf8'), /^\[\d\d:\d\d:\d\d\.\d{3}\] SIP TX → UDP 127\.0\.0\.1:\d+\nREGISTER sip:/);
  });
});

test('each scenario has one line of measurements for each agent, by name, also when the call ends with it', async () => {
  const scenarios = `
    scenario('first', async () => {
      const [c, b, a] = [phone('Carol'), phone('Bob'), phone('Ann')];${CALL}
    });
    scenario('second', async () => {
      const [b, a] = [phone('Bob'), phone('Ann')];
      for (const one of [a, b]) await until(() => expect(one.registered).toBe(true), '10s');
      await Promise.all([a.dial(b), until(() => expect(b.state).toBe(State.Ringing)).then(() => b.accept())]);
      await verifyAudioConnection(a, b);
      await until(() => expect(b.quality.mos).toBeDefined(), '10s');
      a.hangup();
    });`;
  await withFiles({ 'calls.js': `${phone}${scenarios}` }, async (folder) => {
    const { status, events, stderr } = await testCommand(folder, ['calls.js', '--exchange', '--metrics', '--json']);
    assert.equal(status, 0, stderr);
    const metrics = of(events, 'metric');
    assert.deepEqual(metrics.map(({ scenario, agent }) => [scenario, agent]), [['first', 'Ann'], ['first', 'Bob'], ['first', 'Carol'], ['second', 'Ann'], ['second', 'Bob']]);
    for (const metric of metrics.filter(({ agent }) => agent !== 'Carol')) {
      assert.deepEqual([metric.registered, metric.codec, metric.packet_loss_pct, metric.rx_lost, typeof metric.jitter_ms], [true, 'opus', 0, 0, 'number']);
    }
    const [bob] = metrics.filter(({ scenario, agent }) => scenario === 'second' && agent === 'Bob');
    assert.ok(bob.mos > 4 && bob.mos <= 4.5, `${bob.mos}`);
    const [carol] = metrics.filter(({ agent }) => agent === 'Carol');
    assert.deepEqual([carol.registered, carol.mos, carol.codec], [true, undefined, undefined]);
    const order = events.filter(({ event }) => ['metric', 'scenario_finished'].includes(event)).map(({ event }) => event);
    assert.deepEqual(order, ['metric', 'metric', 'metric', 'scenario_finished', 'metric', 'metric', 'scenario_finished']);
  });
});

test('the exchange of a run may be as a configuration file has it', async () => {
  const config = `[sip]\nlisten = "127.0.0.1:5060"\n[[conferences]]\nnumber = "8000"\n[[accounts]]\nusername = "carol"\npassword = "hers"\n`;
  const script = `
    const three = ['a', 'b', 'carol'].map((username) => new Agent(username, { username, password: username === 'carol' ? 'hers' : 'p' }));
    for (const agent of three) {
      await until(() => expect(agent.registered).toBe(true), '10s');
    }
    const [a, b, carol] = three;
    await Promise.all([a.dial('8000'), b.dial('8000')]);
    await verifyAudioConnection(a, b);
    const [intruder] = [new Agent('intruder', { username: 'carol', password: 'guessed' })];
    await until(() => expect(intruder.registrationState.status).toBe(403), '10s');`;
  await withFiles({ 'pbx.toml': config, 'conference.js': script, 'wrong.toml': '[sip]\nlistn = "x"\n' }, async (folder) => {
    const { status, events, stderr } = await testCommand(folder, ['conference.js', '--exchange=pbx.toml', '--json']);
    assert.equal(status, 0, JSON.stringify(of(events, 'finished')) + stderr);
    const wrong = await testCommand(folder, ['conference.js', '--exchange=wrong.toml']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /--exchange: wrong\.toml:2: sip\.listn: unknown key \(did you mean sip\.listen\?\)/);
    const missing = await testCommand(folder, ['conference.js', '--exchange=missing.toml']);
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /--exchange: missing\.toml: cannot be read; check the path and its permissions/);
  });
});
