// How files and scenarios end when something goes wrong: nothing that failed passes, says nothing, or goes on in what comes next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finished, of, outcomes, runText } from './lib/run_file.mjs';

const said = (events) => of(events, 'log').map(({ message }) => message);
const passes = async (...run) => {
  const { events, status, stderr } = await runText(...run);
  assert.equal(status, 0, JSON.stringify(finished(events)) + stderr);
  return events;
};
const fails = async (...run) => {
  const { events, status } = await runText(...run);
  assert.equal(status, 1);
  return { events, ...finished(events) };
};

test('what fails with nothing fails', async () => {
  for (const text of ['throw undefined;', 'await Promise.reject();', 'await new Promise((yes, no) => no());']) {
    assert.match((await fails(text)).error, /^failed with undefined/);
    assert.match((await fails(`scenario("s", async () => { ${text} });`)).error, /^failed with undefined/);
  }
  assert.deepEqual([(await fails('throw "boom";')).error, (await fails('throw "boom";')).at], ['boom', undefined]);
});

test('a scenario whose time is up is torn down, and does not go on in the next', async () => {
  const { events } = await fails(
    `setup(() => ({ name: "of one" }));
    teardown((context) => log("down " + context.name));
    scenario("one", async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      log("goes on");
    });
    scenario("never", () => new Promise(() => {}));
    scenario("waits", () => wait(30));
    scenario("last", async (context) => {
      context.name = "of last";
      await wait(0.45);
    });`,
    { timeout_ms: 500 }
  );
  const results = outcomes(events);
  for (const name of ['one', 'never', 'waits']) {
    assert.match(results[name], /^the scenario took longer than 500ms/, name);
  }
  assert.equal(results.last, true);
  assert.deepEqual(said(events), ['down of one', 'down of one', 'down of one', 'down of last']);
  const order = events.filter(({ event }) => ['scenario_started', 'scenario_finished', 'log'].includes(event)).map(({ event }) => event);
  assert.deepEqual(order, Array(4).fill(['scenario_started', 'log', 'scenario_finished']).flat(), 'each is torn down within itself');
});

test('what nobody waits for fails the scenario that it is of, also when that is about to end', async () => {
  const phones = `const a = new Agent("A", { username: "a", regint: 0, domain: "127.0.0.1" });
    const b = new Agent("B", { username: "b", regint: 0, domain: "127.0.0.1", answer: "auto" });
    await a.dial("sip:b@" + b.address);`;
  const alone = await fails(`${phones} b.verifyAudio(700);`, { exchange: false });
  assert.match(alone.error, /700 Hz not detected .*nobody waited for that; is an await missing\?/);
  assert.match((await fails('scenario("s", () => { Promise.reject(new Error("unseen")); });')).error, /unseen .*nobody waited for that/);
  const { events } = await fails(`scenario("one", async () => { ${phones} verifyAudioConnection(a, b); }); scenario("two", () => wait(0.2));`, { exchange: false });
  assert.match(outcomes(events).one, /nobody waited for that/);
  assert.equal(outcomes(events).two, true);
});

test('hooks of all scenarios say why they failed, and what cannot run is told as failed', async () => {
  const before = await fails('beforeAll(() => { throw new Error("no line"); }); scenario("a", () => log("ran")); scenario("b", () => {});');
  assert.deepEqual(outcomes(before.events), { a: 'beforeAll: no line', b: 'beforeAll: no line' });
  assert.equal(before.error, 'beforeAll: no line');
  assert.match(before.at, /test\.js:1:/);
  assert.ok(!said(before.events).includes('ran'));
  const after = await fails('scenario("a", () => {}); afterAll(() => { throw new Error("left over"); });');
  assert.deepEqual(outcomes(after.events), { a: true });
  assert.equal(after.error, 'afterAll: left over');
  const unseen = await fails('scenario("a", () => {}); afterAll(() => { Promise.reject(new Error("left over")); });');
  assert.match(unseen.error, /left over .*nobody waited for that/);
});

test('conditions that do not end are given up when their time is over', async () => {
  const end = await fails('await until(() => new Promise(() => {}), "300ms");');
  assert.match(end.error, /^not satisfied within 300ms: the condition has not ended/);
  assert.match(end.at, /test\.js:1:/);
  await passes('await expect.never(() => new Promise(() => {}), "200ms");');
});

test('values are compared by their content, whatever keeps it', async () => {
  await passes(`
    const round = { name: "round" };
    round.self = round;
    const other = { name: "round" };
    other.self = other;
    expect(new Date(5)).toEqual(new Date(5));
    expect({ at: new Date(0) }).not.toEqual({ at: new Date(5) });
    expect(new Set(["bob", { a: 1 }])).toBe(new Set([{ a: 1 }, "bob"]));
    expect(new Set(["bob"])).not.toBe(new Set(["carol"]));
    expect(new Map([["a", [1]]])).toEqual(new Map([["a", [1]]]));
    expect(new Map([["a", 1]])).not.toEqual(new Map());
    expect(new Map()).not.toEqual({});
    expect(/a/i).not.toEqual(/a/);
    expect(new Error("a")).not.toEqual(new Error("b"));
    expect(new Set([1])).not.toBeEmpty();
    expect(new Map()).toBeEmpty();
    expect(round).toEqual(other);
    other.name = "another";
    expect(round).not.toEqual(other);
    log(round);`);
});

test('passwords and credentials stay out of what is told', async () => {
  const { events } = await runText(`
    new Agent("B", { username: "b", regint: 0, domain: "127.0.0.1", headers: { Authorization: "Bearer hidden1", "X-Seen": "seen" } });
    await http("GET", "http://admin:hidden2@127.0.0.1:1/x").catch((error) => log(error.message));`);
  const all = JSON.stringify(events);
  assert.ok(!/hidden/.test(all), all);
  assert.match(all, /http:\/\/admin:\*\*\*@127\.0\.0\.1:1/);
  assert.match(all, /X-Seen: seen/);
  const steps = (await runText('1ms\ncall sub.test password=hidden3\n', {}, { name: 'test.test', extra: { 'sub.test': '1ms\n' } })).events;
  assert.ok(of(steps, 'step').some(({ text }) => text === 'call sub.test password=***'), JSON.stringify(steps));
});

test('only imports are imports, types are none, and import() finds what it names', async () => {
  const extra = { 'types.d.ts': 'export interface Named { name: string }\n', 'values.mjs': 'export const value = 5;\n' };
  await passes('/*\nimport { old } from "./gone.mjs";\n*/\nconst text = `\nimport x from "./gone.mjs"\n`;\nlog(text);');
  await passes('import type { Named } from "./types";\nimport { type Named as Other } from "./types";\nexport type { Named } from "./types";\nconst one: Other = { name: "a" };\nlog(one.name);',
    {}, { name: 'test.ts', extra });
  const events = await passes('const { value } = await import("./values.mjs");\nlog("value " + value);\nawait import("./gone.mjs").catch((error) => log(error.message));', {}, { extra });
  assert.equal(said(events)[0], 'value 5');
  assert.match(said(events)[1], /^cannot find module "\.\/gone\.mjs"/);
  assert.match((await fails('\n\nimport { x } from "./gone.mjs";')).at, /test\.js:3:20$/);
});

test('mistakes say where they are, and what to do', async () => {
  const latin1 = { extra: { 'names.mjs': Buffer.from('export const a = 1;\nexport const name = "M\xfcller";\n', 'latin1') } };
  assert.match((await fails('import { name } from "./names.mjs";', {}, latin1)).error, /names\.mjs:2: is not UTF-8; save the file as UTF-8$/);
  assert.match((await fails('scenario("s", () => {});', { select: { scenario: [], tags: [], exclude_tags: [], grep: '(' } })).error, /^--grep: "\(" is no regular expression: missing \)/);
  assert.match((await fails('await new Agent("A", { username: "a", password: "p" }).dial("nobody");')).error, /: 404 Not Found$/);
  assert.match((await fails('log("a");\nlog("b");\nlet x = ;\n')).at, /test\.js:3:9$/);
  await passes('expect(env("FOO")).toBe("bar");', { set: { FOO: 'bar' } });
  const { events } = await runText('_run -1\nhangup\n', {}, { name: 'test.test' });
  assert.equal(finished(events).passed, false, 'it ran');
});
