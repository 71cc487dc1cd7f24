// What a scenario may say, and what it hears when it is wrong: the JavaScript API by itself, most of it without a call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, of, outcomes, runFile, runText, withFiles } from './lib/run_file.mjs';
import { join } from 'node:path';

const failure = async (text, job, more) => {
  const { events, status } = await runText(text, job, more);
  const end = finished(events);
  assert.equal(status, 1);
  assert.equal(end.passed, false);
  return end;
};
const passes = async (text, job, more) => {
  const { events, status, stderr } = await runText(text, job, more);
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
  return events;
};

test('9: a wait that is not satisfied fails in its time, with one report of the assertion', async () => {
  const begun = Date.now();
  const { events } = await runText('await until(() => expect(1).toBe(2), "300ms");');
  const end = finished(events);
  assert.match(end.error, /not satisfied within 300ms: expected equals 2, but was 1/);
  assert.equal(of(events, 'assertion').filter((event) => !event.ok).length, 1);
  assert.ok(end.duration_ms >= 300 && end.duration_ms < 600, `${end.duration_ms} ms`);
  assert.ok(Date.now() - begun < 5000);
  assert.match(end.at, /test\.js:1:/);
});

test('10: a mistake in a condition fails at once and is named', async () => {
  const end = await failure('await until(() => expct(1).toBe(1), "10s");');
  assert.match(end.error, /the condition has a bug: .*expct/);
  assert.ok(end.duration_ms < 1000);
});

test('12: durations that are none are named', async () => {
  for (const text of ['5x', 'nope', '1.5s']) {
    assert.match((await failure(`defaultTimeout("${text}");`)).error, new RegExp(text.replace('.', '\\.')));
  }
});

test('13: setup gives the context, teardown always runs, and a failing setup says so', async () => {
  const events = (await runText(`
    setup(() => ({ n: 7 }));
    teardown((ctx) => log("down " + ctx.n));
    scenario("uses it", (ctx) => { expect(ctx.n).toBe(7); });
    scenario("fails", () => { throw new Error("no"); });
  `)).events;
  assert.deepEqual(outcomes(events), { 'uses it': true, fails: 'no' });
  assert.deepEqual(of(events, 'log').map((event) => event.message), ['down 7', 'down 7']);
  const broken = (await runText('setup(() => { throw new Error("x"); }); teardown(() => log("t")); scenario("s", () => log("body"));')).events;
  assert.deepEqual(outcomes(broken), { s: 'setup: x' });
  assert.deepEqual(of(broken, 'log'), []);
});

test('15: scenarios are skipped by option, by themselves and by others', async () => {
  const { events, status } = await runText('scenario("a", { skip: "why" }, () => {}); scenario("b", () => skip("later")); scenario("c", () => {});');
  assert.equal(status, 0);
  assert.deepEqual(of(events, 'scenario_skipped').map(({ name, reason }) => [name, reason]), [['a', 'why'], ['b', 'later']]);
  assert.deepEqual(of(events, 'suite_finished').map(({ total, passed, skipped }) => [total, passed, skipped]), [[3, 1, 2]]);
  const waiting = await runText('scenario("w", async () => { await until(() => skip("not here")); });');
  assert.equal(of(waiting.events, 'scenario_skipped')[0].reason, 'not here');
  const single = await runText('skip("no scenario");');
  assert.equal(single.status, 0);
});

test('16: variables come from the process, then files, then the file of the same name, then loadEnv', async () => {
  assert.match((await failure('env("NOPE_AT_ALL")')).error, /environment variable `NOPE_AT_ALL` is not set/);
  await withFiles({ 'test.js': `
      expect(env("P")).toBe("process"); expect(env("F")).toBe("file"); expect(env("S")).toBe("sibling");
      loadEnv("late.env"); expect(env("L")).toBe("late"); expect(env("NONE", "x")).toBe("x"); expect(K).toBe("v");`,
    'a.env': 'F=file\nS=file\nL=file', 'test.env': '# comment\nexport S="sibling"\nL=sibling', 'late.env': "L='late'" },
  async (folder) => {
    const { events, status } = await runFile(join(folder, 'test.js'), { env_files: [join(folder, 'a.env')], set: { K: 'v' } }, undefined, { P: 'process', F: 'process' });
    assert.equal(status, 0, JSON.stringify(finished(events)));
  });
});

test('17: several waits at once', async () => {
  const events = await passes('const [a, b] = await Promise.all([wait(0.4).then(() => 1), wait(0.4).then(() => 2)]); expect([a, b]).toEqual([1, 2]);');
  assert.ok(finished(events).duration_ms < 750);
});

test('18: uuids are random, and a call that drops during a wait fails it', async () => {
  await passes('expect(uuid()).toMatch("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"); expect(uuid()).not.toBe(uuid());');
  const end = await failure(`
    const [a, b] = ["a", "b"].map((name) => new Agent(name, { username: name, domain: "x.test", password: "p" }));
    await until(() => expect(a.registered && b.registered).toBe(true));
    a.dial(b); await until(() => expect(b.state).toBe(State.Ringing)); b.accept(); await until(() => expect(b.state).toBe(State.Established));
    setTimeout(() => b.hangup(), 100);
    await wait(2);`);
  assert.match(end.error, /call on [ab] dropped during wait — reason: "/);
  assert.ok(end.duration_ms < 1800);
});

test('19: every matcher, as it is and negated', async () => {
  const good = ['toBe', 1, 1, 2], table = [
    good, ['toBe', '"a"', '"a"', '"b"'], ['toBe', '[1, "a"]', '[1, "a"]', '["1", "a"]'], ['toBe', '{ k: 2, l: 1 }', '{ l: 1, k: 2 }', '{ k: 2 }'],
    ['toBe', 'undefined', 'undefined', '1'], ['toBe', 'State.Idle', 'State.Idle', 'State.Ringing'], ['toContain', '12345', '"234"', '"9"'], ['toContain', '"abc"', '"b"', '"x"'],
    ['toMatch', '"abc"', '"^a.c$"', '"^b"'], ['toMatch', '404', '"^4"', '"^5"'], ['toBeGreaterThan', '3', '2.5', '3'], ['toBeGreaterThanOrEqual', '4', '4.0', '5'],
    ['toBeLessThan', '2.4', '3', '2'], ['toBeLessThanOrEqual', '1', '1.0', '0.5'] ];
  const lines = table.flatMap(([matcher, actual, yes, no]) => [`expect(${actual}).${matcher}(${yes});`, `expect(${actual}).not.${matcher}(${no});`]);
  lines.push('expect(true).toBeTruthy(); expect(false).toBeFalsy(); expect(0).not.toBeFalsy(); expect(1).not.toBeTruthy();');
  lines.push('expect(1).toBeDefined(); expect(undefined).toBeUndefined(); expect(null).toBeUndefined(); expect("").toBeEmpty(); expect([1]).not.toBeEmpty(); expect({}).toBeEmpty();');
  await passes(lines.join('\n'));
  for (const [matcher, actual, , no] of table) {
    assert.match((await failure(`expect(${actual}).as("it").${matcher}(${no});`)).error, /^it: expected .*, but was /);
  }
  assert.match((await failure('expect(1).toBe("1")')).error, /expected equals 1, but was 1/);
});

test('scenario.each gives every row its own', async () => {
  const events = await passes('scenario.each([{ n: 1, s: "x" }, { n: 2, s: null }])("row $n$s", (ctx, row) => { log(`got ${row.n}`); });');
  assert.deepEqual(Object.keys(outcomes(events)), ['row 1x', 'row 2']);
  assert.deepEqual(of(events, 'log').map((event) => event.message), ['got 1', 'got 2']);
});

test('scenarios of one name run each their own body', async () => {
  const events = await passes('scenario("s", () => log("one")); scenario("s", () => log("two"));');
  assert.deepEqual(of(events, 'log').map((event) => event.message), ['one', 'two']);
});

test('modules are imported from beside the file, and what is missing is named', async () => {
  const extra = { 'helpers.mjs': 'import { two } from "./more";\nexport const twice = (n) => two * n;\nexport default 5;', 'more.js': 'export const two = 2;' };
  await passes('import five, { twice } from "./helpers";\nexpect(twice(five)).toBe(10);', {}, { extra });
  const end = await failure('\nimport { x } from "./nowhere";');
  assert.match(end.error, /nowhere/);
});

test('TypeScript runs, with its lines where they were', async () => {
  const end = await failure('interface Row { n: number }\nconst row: Row = { n: 1 };\nenum Kind { A = "a" }\nexpect(row.n as number).toBe(Kind.A);', {}, { name: 'test.ts' });
  assert.match(end.error, /expected equals a, but was 1/);
  assert.match(end.at, /test\.ts:4:/);
});

test('a syntax error is told with its place', async () => {
  const end = await failure('const a = 1;\nconst b = ;\n');
  assert.match(end.error, /SyntaxError/);
  assert.match(end.at, /test\.js:2/);
});

test('an endless loop ends its scenario with a clear error, and the next one runs', async () => {
  const { events } = await runText('scenario("loops", () => { for (;;) {} }); scenario("next", () => {});');
  assert.match(outcomes(events).loops, /endless loop/);
  assert.equal(outcomes(events).next, true);
});

test('a scenario that takes too long is ended', async () => {
  const { events } = await runText('scenario("slow", async () => { await wait(30); }); scenario("next", () => {});', { timeout_ms: 300 });
  assert.match(outcomes(events).slow, /longer than 300ms/);
  assert.equal(outcomes(events).next, true);
});

test('a failed attempt is repeated with new agents, as often as told', async () => {
  const { events, status } = await runText('let n = 0; scenario("flaky", () => { new Agent("A", { username: "a", domain: "x.test" }); expect(++n).toBe(2); });', { retries: 2 });
  assert.equal(status, 0);
  assert.deepEqual(of(events, 'scenario_finished').map(({ attempt, passed, retried }) => [attempt, passed, retried]), [[1, false, true], [2, true, undefined]]);
});

test('what is chosen by name, tag and expression', async () => {
  const text = 'scenario("Answers", { tags: ["smoke"] }, () => {}); scenario("rejects", { tags: ["slow", "smoke"] }, () => {}); scenario("third", () => {});';
  const run = async (select) => Object.keys(outcomes((await runText(text, { select })).events));
  assert.deepEqual(await run({ scenario: ['ANSW'] }), ['Answers']);
  assert.deepEqual(await run({ scenario: ['re:^ans', 're:^th'] }), ['third']);
  assert.deepEqual(await run({ tags: ['smoke'] }), ['Answers', 'rejects']);
  assert.deepEqual(await run({ tags: ['smoke'], exclude_tags: ['slow'] }), ['Answers']);
  assert.deepEqual(await run({ grep: 'r' }), ['Answers', 'rejects', 'third']);
});

test('a file that is only listed does nothing else', async () => {
  const { events } = await runText('scenario("a", { tags: ["t"] }, () => {}); scenario("b", { only: true, skip: "no" }, () => {});', { mode: 'list' });
  assert.deepEqual(events.map((event) => event.event), ['file_loaded']);
  assert.deepEqual(events[0].scenarios.map(({ name, tags, skip, only }) => ({ name, tags, skip, only })), [
    { name: 'a', tags: ['t'], skip: undefined, only: undefined }, { name: 'b', tags: [], skip: 'no', only: true }]);
  const single = await runText('const a = new Agent("A", { username: "a", domain: "x" }); a.dial("b");', { mode: 'list' });
  assert.deepEqual(single.events.map((event) => [event.event, event.kind]), [['file_loaded', 'single']]);
});

test('21: options that an agent does not have, or lacks, are named', async () => {
  assert.match((await failure('new Agent("A", { username: "a", domain: "d", passwrod: "x" });')).error, /agent A: unknown config key passwrod; did you mean password\?/);
  assert.match((await failure('new Agent("A", { username: "a" });', { exchange: false })).error, /agent A: domain is required/);
  assert.match((await failure('new Agent("A", { username: "a", domain: "d", mediaEnc: "zrtp" });')).error, /mediaEnc has to be one of/);
  assert.match((await failure('new Agent("A", { username: "a", domain: "d", headers: { "X": "a\\r\\nb" } });')).error, /line end/);
  assert.match((await failure('new Agent("A", { username: "a", domain: "d", headers: { "X Y": "a" } });')).error, /no name of a header field/);
});

test('22: a registration that is refused tells why', async () => {
  await passes(`
    const a = new Agent("A", { username: "a", domain: "x.test", password: "right" });
    await until(() => expect(a.registered).toBe(true));
    const b = new Agent("B", { username: "a", domain: "x.test", password: "wrong" });
    let status; await b.register().catch((error) => { status = error.status; });
    expect(status).toBeGreaterThan(400);
    expect(b.registered).toBe(false);
    expect(b.registrationState.error).toContain("40");`);
});

test('what cannot be done is an error at its line', async () => {
  const agents = 'const a = new Agent("A", { username: "a", domain: "x.test", password: "p" });\n';
  for (const [line, wanted] of [['a.hangup();', /A: there is no call to hang up/], ['a.accept();', /no call to accept/], ['a.sendAudio(file("missing.wav"));', /missing\.wav/],
    ['a.dial("not a uri");', /nobody to call/], ['a.completeTransfer();', /no transfer is pending/], ['a.dtmf("1");', /no call/], ['a.respondIncoming(99, "x");', /99/],
    ['a.respondIncoming(480, "x\\r\\ny");', /line end/], ['a.close(); a.dial("b");', /gone/]]) {
    const end = await failure(agents + line);
    assert.match(end.error, wanted);
    assert.match(end.at ?? '', /test\.js:2:/, line);
  }
});

test('Ctrl-C: agents hang up and un-register, and the status says that the run was interrupted', async () => {
  const { events, status } = await runText(`
    scenario("long", async () => {
      const [a, b] = ["a", "b"].map((name) => new Agent(name, { username: name, domain: "x.test", password: "p" }));
      await until(() => expect(a.registered && b.registered).toBe(true));
      a.dial(b); await until(() => expect(b.state).toBe(State.Ringing)); b.accept(); await until(() => expect(a.state).toBe(State.Established));
      log("up"); await wait(60);
    });
    scenario("never", () => {});`, {}, { onEvent: (event, stop) => event.message === 'up' && stop() });
  assert.equal(status, 130);
  const sent = of(events, 'sip').filter((event) => event.direction === 'sent');
  assert.ok(sent.some((event) => event.method === 'BYE'));
  assert.equal(sent.filter((event) => event.method === 'REGISTER' && /Expires: 0/.test(event.text)).length > 0, true);
  assert.ok(!of(events, 'scenario_started').some((event) => event.name === 'never'));
});

test('a wait that nobody awaits fails its scenario all the same', async () => {
  const { events } = await runText('scenario("forgotten", async () => { until(() => expect(1).toBe(2), "100ms"); await wait(0.5); }); scenario("next", () => {});');
  assert.match(outcomes(events).forgotten, /not satisfied within 100ms.*is an await missing/s);
  assert.equal(outcomes(events).next, true);
});

test('a file that is a scenario itself is ended when it takes too long, in JavaScript and in Rhai', async () => {
  for (const [text, name] of [['await wait(30);', 'test.js'], ['wait(30);', 'test.rhai']]) {
    assert.match((await failure(text, { timeout_ms: 300 }, { name })).error, /longer than 300ms/);
  }
});
