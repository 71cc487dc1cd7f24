// What the scenario reference asks of the language, check by check; the numbers are those of its section 13.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run } from '../../src/script/library/rhai.mjs';
import { FakeHost } from './lib/fake_host.mjs';
import { expectValues, failure, place, value } from './lib/rhai.mjs';

const started = async (source, options = {}) => {
  const host = options.host ?? new FakeHost();
  await run(source, 'test.rhai', host, options);
  return host;
};
const logs = (host) => host.eventsOf('log').map(({ message }) => message);
const failed = (host) => host.eventsOf('assertion').filter(({ ok }) => !ok);

describe('6: the language', () => {
  test('loops, switch, try, functions and templates', async () => {
    const host = await started(`
      let x = 0; for i in 0..3 { x += i; } assert(x).equals(3);
      switch x { 3 => log("three"), _ => throw "no" }
      try { throw "e" } catch (e) { assert(e).equals("e") }
      fn f(n) { n * 2 } assert(f(4)).equals(8); assert(\`v=\${f(1)}\`).equals("v=2");`);
    assert.deepEqual(logs(host), ['three']);
    assert.equal(host.eventsOf('assertion').length, 4);
  });
});

describe('7: modules', () => {
  const files = new Map([
    ['tests/lib/helpers.rhai', 'import "numbers" as n; fn twice(x) { n::times(x, 2) }'],
    ['tests/lib/numbers.rhai', 'fn times(a, b) { a * b } export const LIMIT = 3;'],
    ['tests/broken.rhai', 'let x = ;'],
  ]);
  const readModule = (path) => files.get(path);
  const load = (source) => run(source, 'tests/main.rhai', new FakeHost(), { readModule });

  test('a module imports its sibling by a path of its own', async () => {
    await load('import "lib/helpers" as h; assert(h::twice(2)).equals(4);');
    await load('import "lib/numbers" as n; assert(n::LIMIT).equals(3);');
  });

  test('a module that is missing is named with the line that imports it', async () => {
    const error = await load('let x = 1;\nimport "lib/nothing" as n;').catch((e) => e);
    assert.equal(error.message, 'Module not found: lib/nothing');
    assert.equal(place(error), 'tests/main.rhai:2:1');
  });

  test('the reason why a module cannot be read is told', async () => {
    const readModule = () => {
      throw new Error('permission denied');
    };
    const error = await run('import "a" as a;', 'tests/main.rhai', new FakeHost(), { readModule }).catch((e) => e);
    assert.equal(error.message, 'Module not found: a: permission denied');
  });

  test('a syntax error in a module names the file of the module', async () => {
    const error = await load('import "broken" as b;').catch((e) => e);
    assert.equal(place(error), 'tests/broken.rhai:1:9');
  });
});

describe('9 and 10: waiting', () => {
  test('a condition that stays false fails after the time with exactly one assertion', async () => {
    const host = new FakeHost();
    const begin = performance.now();
    const error = await failure('await_until(|| assert(1).equals(2), "300ms")', { host });
    const elapsed = performance.now() - begin;
    assert.equal(error.message, 'not satisfied within 300ms: expected equals 2, but was 1');
    assert.ok(elapsed >= 299 && elapsed < 3000, `${elapsed} ms`);
    assert.equal(failed(host).length, 1);
  });

  test('an unknown function in a condition fails at once', async () => {
    const begin = performance.now();
    const error = await failure('await_until(|| assrt(1).is_true(), "10s")');
    assert.equal(error.message, 'Function not found: assrt (i64)');
    assert.equal(place(error), 'test.rhai:1:16');
    assert.ok(performance.now() - begin < 5000);
  });

  test('an unknown variable, property or method in a condition fails at once', async () => {
    for (const condition of ['nothing == 1', 'm.hangpu()', '1.size', 'for x in 5 {}', 'this', '1 + true', '5[0.0]', 'if 1 {}', 'nothing::f()']) {
      const error = await failure(`let m = mock_server(); await_until(|| ${condition}, "10s")`);
      assert.match(error.message, /not found|Unknown property|expects iterable|not bound|Indexer|incorrect/, condition);
      assert.doesNotMatch(error.message, /not satisfied/, condition);
      assert.equal(error.isMistake, true, condition);
    }
  });

  test('a condition that throws, or meets what is not there yet, is tried again', async () => {
    await expectValues([
      ['let n = 0; await_until(|| { n += 1; if n < 3 { throw "not yet" } n })', '3'],
      ['let n = 0; await_until(|| { n += 1; let list = []; if n > 2 { list.push(n); } list[0] })', '3'],
      ['let n = 0; let peer = (); await_until(|| { n += 1; if n > 2 { peer = #{ uri: "sip:a" }; } peer.uri })', '"sip:a"'],
      ['let n = 0; let peer = (); await_until(|| { n += 1; if n > 2 { peer = #{ call: #{ id: 1 } }; } peer.call.id })', '1'],
      ['let n = 0; await_until(|| { n += 1; let text = (); if n > 2 { text = "abc"; } text.contains("b") })', 'true'],
    ]);
  });

  test('what the script threw is the reason of a wait that ends', async () => {
    const error = await failure('await_until(|| throw "never", "20ms")');
    assert.equal(error.message, 'not satisfied within 20ms: never');
  });

  test('a wait gives the value of its condition', () => expectValues([['await_until(|| #{ a: 1.0 }).a', '1.0']]));

  test('a scenario that is skipped while it waits is skipped', async () => {
    const host = await started('scenario("s", || await_until(|| skip("later"), "5s"));');
    assert.deepEqual(await host.runScenarios(), [{ name: 's', skipped: 'later' }]);
  });
});

test('12: a bad duration is named', async () => {
  for (const text of ['5x', 'nope', '1.5s']) assert.match((await failure(`default_timeout("${text}")`)).message, new RegExp(text));
  const host = await started('default_timeout("200ms");');
  assert.equal(host.defaultMs, 200);
});

describe('13 and 15: scenarios', () => {
  test('setup gives its map to bodies with and without a parameter, and to teardown', async () => {
    const host = await started(`
      setup(|| #{ n: 1 });
      teardown(|ctx| log("n is " + ctx.n));
      scenario("with", |ctx| { ctx.n += 1; assert(ctx.n).equals(2) });
      scenario("without", || log("no context"));
      scenario("fails", |ctx| assert(ctx.n).equals(7));`);
    const results = await host.runScenarios();
    assert.deepEqual(results.map(({ error }) => error), [undefined, undefined, 'expected equals 7, but was 1']);
    assert.deepEqual(logs(host), ['n is 2', 'no context', 'n is 1', 'n is 1']);
  });

  test('when setup fails, neither the body nor teardown runs', async () => {
    const host = await started('setup(|| throw "broken"); teardown(|| log("down")); scenario("s", || log("body"));');
    assert.match((await host.runScenarios())[0].error, /^setup: .*broken/);
    assert.deepEqual(logs(host), []);
  });

  test('scenarios are skipped by an option or by a call, and chosen by only', async () => {
    const host = await started('scenario("x", #{ skip: "why" }, || log("x")); scenario("y", || skip("later")); scenario("z", #{ skip: true }, || 1);');
    assert.deepEqual((await host.runScenarios()).map(({ skipped }) => skipped), ['why', 'later', true]);
    const chosen = await started('scenario("a", || 1); scenario("b", #{ only: true, tags: "one" }, || 1);');
    assert.deepEqual(await chosen.runScenarios(), [{ name: 'b' }]);
    assert.deepEqual(chosen.scenarios[1].options, { only: true, tags: ['one'] });
  });

  test('a skip that happens inside of try is no error that a script catches', async () => {
    const host = await started('scenario("s", || { try { skip("now"); } catch { log("caught"); } });');
    assert.deepEqual(await host.runScenarios(), [{ name: 's', skipped: 'now' }]);
  });

  test('options of the wrong type, and bodies with two parameters, are refused', async () => {
    const wrong = ['#{ tags: 5 }, || 1', '#{ only: "yes" }, || 1', '#{ skip: 3 }, || 1', '|a, b| 1'];
    for (const rest of wrong) assert.match((await failure(`scenario("s", ${rest})`)).message, /must be|takes no parameter or one, not 2/, rest);
  });

  test('a scenario that fails names its line', async () => {
    const host = await started('scenario("s", || {\n  let a = [];\n  a[3]\n});');
    const [{ error, at }] = await host.runScenarios();
    assert.equal(error, 'Array index 3 out of bounds: array is empty');
    assert.deepEqual([at.line, at.column], [3, 5]);
  });
});

describe('16: environment', () => {
  test('a variable that is not set is named, one with a default is not missed', async () => {
    assert.equal((await failure('env("NOPE")')).message, 'environment variable `NOPE` is not set');
    assert.equal(await value('env("NOPE", "other")'), '"other"');
  });

  test('a constant of the command line is seen at the top level and in closures, not in functions', async () => {
    const constants = { k: 'v' };
    assert.equal(await value('let f = || k; k + f.call()', { constants }), '"vv"');
    assert.equal((await failure('fn f() { k } f()', { constants })).message, 'Variable not found: k');
  });
});

describe('17: parallel', () => {
  test('results are in order, and the tasks run side by side', async () => {
    const host = new FakeHost();
    assert.equal(await value('parallel([|| { log("a"); sleep(1); log("A"); 1 }, || { log("b"); 2 }])', { host }), '[1, 2]');
    assert.deepEqual(logs(host), ['a', 'b', 'A']);
  });

  test('the first failure is told when all tasks have ended', async () => {
    const host = new FakeHost();
    const error = await failure('parallel([|| throw "first", || { sleep(1); log("ended"); }, || throw "second"])', { host });
    assert.equal(error.message, 'Runtime error: first');
    assert.deepEqual(logs(host), ['ended']);
  });

  test('each task writes to copies of what it captured', async () => {
    await expectValues([
      ['let n = 1; let list = [1]; parallel([|| { n += 1; list.push(2); n }, || { n += 10; n }]) + [n, list]', '[2, 11, 1, [1]]'],
      ['let n = 1; let add = || { n += 1; n }; parallel([|| add.call() + add.call(), || add.call()]) + [n]', '[5, 2, 1]'],
      ['let n = 0; let r = parallel([|| { let inner = || { n += 1; }; inner.call(); inner.call(); n }]); r + [n]', '[2, 0]'],
    ]);
  });

  test('agents that a task creates stay', async () => {
    const host = await started('parallel([|| agent("A", #{ username: "a", domain: "d" })]);');
    assert.deepEqual([...host.agents.keys()], ['A']);
  });

  test('what is no closure without parameters is refused', async () => {
    assert.match((await failure('parallel([|x| x])')).message, /A task of parallel takes no parameters, not 1/);
    assert.match((await failure('parallel([5])')).message, /must be a function/);
  });
});

describe('18: utilities', () => {
  test('uuid gives another one each time, of version 4', async () => {
    const host = await started('log(uuid()); log(uuid());');
    const [one, other] = logs(host);
    assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.notEqual(one, other);
  });

  const CALL = `
    let a = agent("A", #{ username: "a", domain: "d" });
    let b = agent("B", #{ username: "b", domain: "d" });
    a.dial(b); await_until(|| assert(b.state).equals(State::Ringing)); b.accept();`;
  const hangUpSoon = (host) => setTimeout(() => host.agents.get('B').hangup(), 25);

  test('a call that drops during wait fails it; sleep does not care', async () => {
    for (const [step, message] of [['wait(2)', /dropped during wait/], ['sleep(2)', undefined]]) {
      const host = new FakeHost();
      await run(CALL, 'test.rhai', host);
      const timer = hangUpSoon(host);
      const error = await run(step, 'test.rhai', host).catch((e) => e);
      clearTimeout(timer);
      if (message) assert.match(error.message, message);
      else assert.equal(error, undefined);
    }
  });

  test('wait and sleep take integers and floats', async () => {
    const host = await started('wait(0.5); wait(1); sleep(0.1);');
    assert.deepEqual(host.eventsOf('wait').map(({ seconds }) => seconds), [0.5, 1]);
  });
});
