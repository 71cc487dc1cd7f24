// What `callwright check` finds in scripts without running them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { of, runFile, runText } from './lib/run_file.mjs';

async function problems(text, more) {
  const { events, status } = await runText(text, { mode: 'check', exchange: false }, more);
  const found = of(events, 'problem').map(({ at, message, suggestion }) => [at.replace(/^.*\//, ''), message, suggestion]);
  assert.equal(status, found.length === 0 ? 0 : 1);
  return found;
}

test('a script in order has none', async () => {
  assert.deepEqual(
    await problems(`
      const a = new Agent("A", { username: "a", domain: "d", display_name: "A" });
      await until(() => expect(a.registered).not.toBe(false));
      expect(a).not.toHaveExchanged(["INVITE", 180]);
      log((await a.request("OPTIONS", { to: "b" })).status + a.subscribe("presence", { to: "b" }).state + a.subscriptions.length);
      for (const [key, { value = 1, ...rest }] of Object.entries({ x: {} })) log(key + value + rest);
      try { a.dial("b"); } catch (error) { console.log(error.message); }
      scenario.each([{ n: 1 }])("row $n", (context, row) => { setTimeout(() => log(row.n), 5); });
      class Helper { static of(...all) { return all.length; } }
      label: for (;;) { break label; }
      Helper.of(typeof undefined);`),
    []);
});

test('names that nothing has, verbs, matchers and options are told with what was meant', async () => {
  assert.deepEqual(
    await problems(`const a = new Agent("A", { usernam: "a", domain: "d" });
a.dail("b");
await untill(() => expect(a.state).not.toBee(1));
const m = new MockServer();
m.respnd("/", {});`),
    [
      ['test.js:1:28', 'an agent has no option usernam', 'username'],
      ['test.js:2:3', 'a.dail: Agent has no dail', 'dial'],
      ['test.js:3:7', 'untill is not defined', 'until'],
      ['test.js:3:40', 'expect(…).toBee: there is no such matcher', 'toBe'],
      ['test.js:5:3', 'm.respnd: MockServer has no respnd', 'respond']
    ]);
});

test('requests and subscriptions of Rhai are known, with the number of what they take', async () => {
  const rhai = (line) => problems(`let a = agent("A", #{ username: "a", domain: "d" });\n${line}`, { name: 'test.rhai' });
  assert.deepEqual(await rhai('let s = a.subscribe("presence", #{ to: "b" }); s.unsubscribe(); a.request("OPTIONS", #{ to: "b" });'), []);
  assert.equal((await rhai('a.request("OPTIONS", "b", 3);')).length, 1);
});

test('modules that are missing, and syntax errors, have their place', async () => {
  assert.match((await problems('import { x } from "./nowhere";\nlog(x);'))[0][1], /nowhere/);
  assert.deepEqual((await problems('const a = ;'))[0].slice(0, 2), ['test.js:1:11', 'SyntaxError: Unexpected token']);
  assert.match((await problems('const a: number = ;', { name: 'test.ts' }))[0][0], /^test\.ts:1/);
  assert.deepEqual(await problems('const a: number = 1;\nlog(b);', { name: 'test.ts' }), [['test.ts:2:5', 'b is not defined', undefined]]);
});

test('all problems of Rhai and of testfiles are told', async () => {
  assert.match((await problems('let a = 1;\nassrt(a);\nlet b = c;', { name: 'test.rhai' })).map(([at]) => at).join(), /test\.rhai:2:1.*test\.rhai:3:9/);
  assert.ok((await problems('ua1:dail x\n_unknown z', { name: 'test.test' })).length >= 2);
});

test('examples and the scenarios of the benchmarks are in order', async () => {
  for (const folder of ['examples/scenarios', 'benchmarks/scenarios', 'examples/testfiles', 'tests/script/scenarios', 'tests/script/fixtures']) {
    const path = new URL(`../../${folder}/`, import.meta.url).pathname;
    for (const name of readdirSync(path).filter((file) => /\.(js|ts|rhai|test)$/.test(file))) {
      const { events } = await runFile(path + name, { mode: 'check', exchange: false });
      assert.deepEqual(of(events, 'problem').map(({ at, message }) => `${at}: ${message}`), [], name);
    }
  }
});
