// Functions, closures, methods, values that are copied, and modules.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run } from '../../src/script/library/rhai.mjs';
import { FakeHost } from './lib/fake_host.mjs';
import { expectValues, failure, place, value } from './lib/rhai.mjs';

describe('functions', () => {
  test('are found wherever they are defined, by name and number of parameters', () =>
    expectValues([
      ['let r = f(1); fn f(x) { x + 1 } r', '2'],
      ['fn f() { 0 } fn f(a) { 1 } fn f(a, b) { 2 } [f(), f(9), f(9, 9)]', '[0, 1, 2]'],
      ['fn f(n) { if n < 2 { return n; } f(n - 1) + f(n - 2) } f(12)', '144'],
      ['private fn f() { 3 } f()', '3'],
      ['fn len(x) { "mine" } len([])', '"mine"'],
    ]));

  test('see no variables from outside, but constants through global', async () => {
    assert.equal((await failure('let x = 1; fn f() { x } f()')).message, 'Variable not found: x');
    assert.equal((await failure('const X = 1; fn f() { X } f()')).message, 'Variable not found: X');
    assert.equal(await value('const X = 41; fn f() { global::X + 1 } f()'), '42');
    assert.equal((await failure('fn f() { global::Y } f()')).message, 'Variable not found: global::Y');
  });

  test('get copies of what they are given', () =>
    expectValues([['fn f(a) { a.push(4); a.len() } let a = [1]; [f(a), a]', '[2, [1]]'], ['fn f(m) { m.x = 5; m } let m = #{ x: 1 }; [f(m).x, m.x]', '[5, 1]']]));

  test('that call each other more than 64 deep end the script', async () => {
    assert.equal(await value('fn f(n) { if n == 0 { 0 } else { f(n - 1) } } f(60)'), '0');
    const source = 'fn f(n) { f(n + 1) } try { f(0) } catch { 1 }';
    assert.equal((await failure(source)).message, 'Stack overflow');
    assert.equal((await failure('let f = (); f = || f.call(); f.call()')).message, 'Stack overflow');
  });

  test('that do not exist are named with the types of the arguments, at the place of the call', async () => {
    const error = await failure('let x = 1;\n  nothing(x, 1.0, "s", [], #{}, (), true, \'c\', || 1)');
    assert.equal(error.message, 'Function not found: nothing (i64, f64, string, array, map, (), bool, char, Fn)');
    assert.equal(place(error), 'test.rhai:2:3');
    assert.equal((await failure('fn f(a) { a } f()')).message, 'Function not found: f ()');
  });
});

describe('methods', () => {
  test('a.f(b) is f(a, b) for functions of the library and of the script', () =>
    expectValues([
      ['let a = [1]; push(a, 2); a', '[1, 2]'],
      ['let s = "abc"; [s.len(), len(s), s.len]', '[3, 3, 3]'],
      ['fn twice(x) { x * 2 } 4.twice()', '8'],
      ['let s = " x "; trim(s); s', '"x"'],
      ['[[1], [2]][0].len() + #{ a: " x " }.a.len()', '4'],
      ['fn grow() { [1] } [grow().pop(), [[1]][0].pop(), grow()[0]]', '[1, 1, 1]'],
    ]));

  test('this is the object of the call and can be changed', () =>
    expectValues([
      ['fn bump(n) { this += n; } let x = 1; x.bump(4); x', '5'],
      ['fn put(k) { this[k] = 1; } let m = #{}; m.put("a"); m', '#{"a": 1}'],
      ['fn add(x) { this.list.push(x); } let m = #{ list: [] }; m.add(2); m', '#{"list": [2]}'],
      ['fn one() { this.two(); } fn two() { this += 1; } let n = 0; n.one(); n', '1'],
      ['fn inc() { this += 1; } let m = #{ n: [1, 2] }; m.n[1].inc(); m.n', '[1, 3]'],
    ]));

  test('a method of a handle comes before a function of the script that takes the handle', async () => {
    const host = new FakeHost();
    await value('fn register(a) { log("mine"); a.register(); } let a = agent("A", #{ username: "a", domain: "d" }); register(a); a.register();', { host });
    assert.deepEqual(host.events.map(({ event }) => event), ['agent_started', 'log', 'action', 'action']);
  });

  test('parameters that change the object do so before the method does', () =>
    expectValues([
      ['fn h(x) { this += x; } let i = 1; i.h({ i += 10; 100 }); i', '111'],
      ['let s = "abc"; s.truncate({ s = "xyz"; 2 }); s', '"xy"'],
      ['let a = [1]; push(a, { a = [5]; 6 }); a', '[5, 6]'],
      ['let m = #{ l: [1] }; m.l.push({ m.l = [5]; 6 }); m.l', '[5, 6]'],
    ]));

  test('can be for the values of one type', async () => {
    await expectValues([
      ['fn int.twice() { this * 2 } fn string.twice() { this + this } fn twice() { "other" } [4.twice(), "a".twice(), 1.5.twice()]', '[8, "aa", "other"]'],
      ['fn int.inc(n) { this += n; } let x = 1; x.inc(4); x', '5'],
      ['fn array.len() { 7 } [[].len(), "ab".len()]', '[7, 2]'],
      ['fn "Agent".who() { this.info().name } agent("A", #{ username: "a", domain: "d" }).who()', '"A"'],
    ]);
    assert.equal((await failure('fn int.twice() { this * 2 } twice(4)')).message, 'Function not found: twice (i64)');
    assert.equal((await failure('fn int.twice() { this * 2 } "a".twice()')).message, 'Function not found: twice (string)');
  });

  test('this is not bound in a plain call', async () => assert.equal((await failure('fn f() { this } f()')).message, "'this' not bound"));

  test('a function in a map is a method of it', () =>
    expectValues([
      ['let o = #{ n: 1, add: |k| this.n += k }; o.add(5); o.n', '6'],
      ['let o = #{ inner: #{ f: |x| x * 2 } }; o.inner.f(4)', '8'],
      ['let o = #{ len: || "mine" }; o.len()', '"mine"'],
      ['let o = #{ n: 1, get: || this.n }; o.get()', '1'],
    ]));
});

describe('closures', () => {
  test('share the variables that they capture', () =>
    expectValues([
      ['let n = 0; let inc = || { n += 1; }; inc.call(); inc.call(); n', '2'],
      ['let n = 1; let f = || n; n = 5; f.call()', '5'],
      ['let make = |start| { let n = start; || { n += 1; n } }; let a = make.call(1); let b = make.call(10); [a.call(), a.call(), b.call()]', '[2, 3, 11]'],
      ['let list = []; let add = |x| list.push(x); add.call(1); add.call(2); list', '[1, 2]'],
    ]));

  test('are called by call, by their variable, with some parameters given before', () =>
    expectValues([
      ['let f = |x, y| x - y; [f.call(5, 3), f(5, 3), call(f, 5, 3), f.curry(5).call(3), curry(f, 9).curry(1).call()]', '[2, 2, 2, 2, 8]'],
      ['fn double(x) { x * 2 } let f = Fn("double"); [f.call(4), f.name, f.is_anonymous, type_of(f)]', '[8, "double", false, "Fn"]'],
      ['fn double(x) { x * 2 } let f = double; f.call(3)', '6'],
      ['let f = Fn("len"); f.call("abc")', '3'],
      ['fn add(x) { this += x; } let x = 41; x.call(Fn("add"), 1); x', '42'],
      ['fn add(x) { this += x; } let x = 1; x.call(|| this += 10); x', '11'],
    ]));

  test('with || nothing is taken, and || between values is a choice', () => expectValues([['let f = || true || false; f.call()', 'true'], ['let a = [|| 1, || 2]; a[1].call()', '2'], ['(|| 5).call()', '5']]));

  test('have statements as bodies', () => expectValues([['let x = 1; let f = || x = 5; f.call(); x', '5'], ['let f = |x| { if x { return "early"; } "late" }; [f.call(true), f.call(false)]', '["early", "late"]']]));

  test('need the number of parameters that they have', async () => {
    assert.match((await failure('let f = |x| x; f.call(1, 2)')).message, /^Function not found: anon\$ \(i64, i64\)/);
  });
});

describe('values', () => {
  test('are copied when they are assigned, stored or given back', () =>
    expectValues([
      ['let a = [1]; let b = a; b.push(2); a', '[1]'],
      ['let m = #{ a: [1] }; let b = m; b.a.push(2); m.a', '[1]'],
      ['let a = [1]; let b = [a, a]; b[0].push(2); [a, b]', '[[1], [[1, 2], [1]]]'],
      ['let a = [1]; let m = #{ a: a }; m.a.push(2); a', '[1]'],
      ['let a = [[1]]; let b = a[0]; b.push(2); a', '[[1]]'],
      ['let a = []; let b = [1]; a.push(b); b.push(2); a', '[[1]]'],
      ['let a = [[1], [2]]; for x in a { x.push(9); } a', '[[1], [2]]'],
      ['let a = [1]; let f = || a; let b = f.call(); b.push(2); a', '[1]'],
      ['let a = [1]; let b = if true { a } else { [] }; b.push(2); a', '[1]'],
      ['let a = [1]; let b = a ?? []; b.push(2); a', '[1]'],
      ['let a = [1]; try { throw a } catch (e) { e.push(2); } a', '[1]'],
    ]));

  test('stay what they are when library functions give or take parts of them', () =>
    expectValues(
      [
        'a[0]', 'a.get(0)', 'a.find(|x| true)', 'a[0..1][0]', 'a.extract(0)[0]', 'a.filter(|x| true)[0]', 'a.concat([])[0]', '(a + [])[0]', 'a.zip([1])[0][0]', '[].concat(a)[0]', '#{ k: a }.values()[0][0]',
        '#{ k: a[0] }.get("k")', '(#{ k: a[0] } + #{}).k', '#{ k: a[0] }.filter(|k, v| true).k', 'a.map(|x| { x.push(9); x })[0]', '#{ k: a[0] }.filter(|k, v| { v.push(9); true }).k', 'assert(a[0]).value()',
        'a.reduce(|s, x| { x.push(9); x })', '[[3]].reduce(|s, x| s, a[0])', 'parallel([|| a[0]])[0]',
      ].map((part) => [`let a = [[1]]; let b = ${part}; b.push(2); a`, '[[1]]']),
    ));

  test('are copied when they are put into arrays and maps', () =>
    expectValues(
      ['x.push(b)', 'x.append([b])', 'x.insert(0, b)', 'x.pad(3, b)', 'x += [b]', 'x.splice(0, 0, [b])', 'x.append(c)', 'x.splice(0, 0, c)', 'x += c']
        .map((step) => [`let x = []; let b = [1]; let c = [b]; ${step}; b.push(2); c[0].push(3); x[0]`, '[1]'])
        .concat(['m.set("k", b)', 'm.mixin(c)', 'm.fill_with(c)', 'm += c', 'm.k = b', 'm["k"] = b'].map((step) => [`let m = #{}; let b = [1]; let c = #{ k: b }; ${step}; b.push(2); c.k.push(3); m.k`, '[1]'])),
    ));

  test('are changed in place through properties and elements', () =>
    expectValues([
      ['let m = #{ a: #{ b: [1] } }; m.a.b.push(2); m.a.b[0] = 7; m.a.c = "x"; m', '#{"a": #{"b": [7, 2], "c": "x"}}'],
      ['let a = ["abc"]; a[0][1] = \'X\'; a', '["aXc"]'],
      ['let m = #{ s: " x " }; m.s.trim(); m.s += "!"; m', '#{"s": "x!"}'],
      ['let n = 0; n[3] = true; n[0..2] = 3; n', '11'],
    ]));

  test('a key that a map does not have reads as (), and ?. stops there', () =>
    expectValues([
      ['let m = #{}; [m.x, m["y"], m.x ?? 5]', '[(), (), 5]'],
      ['let m = #{}; m.x?.y.z', '()'],
      ['let m = #{ x: #{ y: 1 } }; [m.x?.y, m?.x.y, m.x?["y"]]', '[1, 1, 1]'],
      ['let m = (); [m?.f(1), m?["x"], m?.a.b.c()]', '[(), (), ()]'],
      ['let n = 0; let m = (); m?.f({ n += 1; n }); n', '0'],
      ['let m = #{ l: [1] }; m?.l.push(2); m.l', '[1, 2]'],
      ['let m = (); m?.x = 1; m?[0] = 2; m?.x.y += 3; m', '()'],
      ['let m = #{ l: [1] }; m?.x = 1; m?.l[0] += 2; m.y?.z = 5; m.x ??= 7; m?.w ??= 8; m', '#{"l": [3], "w": 8, "x": 1}'],
      ['let m = #{}; m.x?.y.z.push(2); m.x?.f(|| m?.k?.l.push(1)).z', '()'],
      ['let m = #{ f: |g| g.call() }; m?.f(|| m.none?.x)', '()'],
    ]));

  test('a constant is not changed, neither by assignment nor by a method', async () => {
    assert.equal((await failure('const X = 1; X = 2;')).message, "Cannot assign to constant 'X'");
    assert.equal((await failure('const X = [1]; X.push(2);')).message, 'Cannot modify constant: X');
    assert.equal((await failure('const X = #{ a: 1 }; X.a = 2;')).message, 'Cannot modify constant: X');
    assert.equal(await value('const X = [3, 4]; X.len() + X[0]'), '5');
  });
});

describe('what cannot be indexed or assigned', () => {
  test('is named', async () => {
    const table = [
      ['#{ a: 1 }[0]', 'Indexer unavailable: map [i64]'],
      ['true[0]', 'Indexer unavailable: bool [i64]'],
      ['"abc"[1.0]', 'Indexer unavailable: string [f64]'],
      ['let a = [1]; a["x"] = 2;', 'Indexer unavailable: array [string]'],
      ['let s = "abc"; s[0] = "x";', 'Data type incorrect: string (expecting char)'],
      ['let n = 1; n[64] = true;', 'Bit-field index 64 out of bounds: only 64 bits in bit-field'],
      ['let n = 1; n.x', "Unknown property 'x' - a getter is not registered for type 'i64'"],
      ['let n = 1; n.x = 2;', "No writable property 'x' - a setter is not registered for type 'i64'"],
      ['nothing = 1;', 'Variable not found: nothing'],
      ['[].nothing()', 'Function not found: nothing (array)'],
      ['1 in 2', 'Function not found: contains (i64, i64)'],
      ['0.."a"', 'Function not found: .. (i64, string)'],
      ['+"a"', 'Function not found: + (string)'],
      ['Fn(1)', 'Data type incorrect: i64 (expecting string)'],
      ['5.curry(1)', 'Data type incorrect: i64 (expecting Fn)'],
      ['5.call(1)', 'Data type incorrect: i64 (expecting Fn)'],
      ['call(5, 1)', 'Data type incorrect: i64 (expecting Fn)'],
      ['import 5 as x;', 'Data type incorrect: i64 (expecting string)'],
    ];
    for (const [source, message] of table) assert.equal((await failure(source)).message, message, source);
  });
});

describe('names', () => {
  test('a variable that does not exist is an error where it is used', async () => {
    const error = await failure('if false { nothing; }\n1 + nothing');
    assert.equal(error.message, 'Variable not found: nothing');
    assert.equal(place(error), 'test.rhai:2:5');
  });

  test('scripts can ask what is defined', () =>
    expectValues([['let x = 1; [is_def_var("x"), is_def_var("y")]', '[true, false]'], ['fn f(a) { a } [is_def_fn("f", 1), is_def_fn("f", 2)]', '[true, false]']]));
});

describe('modules', () => {
  const files = {
    'shapes.rhai': 'import "colors" as colors; export let size = 3; let hidden = 1; export hidden as shown; fn area(x) { x * size() } fn size() { 2 } private fn secret() { 1 }',
    'colors.rhai': 'export const RED = "red"; fn all() { [global::RED] } const BLUE = "blue";',
    'counter.rhai': 'log("evaluated"); export const N = 1;',
    'hosted.rhai': 'fn check(x) { assert(x).equals(State::Idle); log("checked"); }',
    'self.rhai': 'import "self" as me;',
    'failing.rhai': 'fn fail() {\n  nothing()\n}',
  };
  const load = (source, host = new FakeHost()) => run(source, 'main.rhai', host, { readModule: async (path) => files[path] });
  const error = (source) => load(source).then(() => assert.fail('does not fail'), (e) => e);

  test('give their functions, what they export and the modules that they import', async () => {
    assert.deepEqual(await load('import "shapes" as s; [s::area(4), s::size, s::shown, s::colors::RED, s::colors::all()]'), [8, 3, 1, 'red', ['red']]);
  });

  test('keep the rest to themselves', async () => {
    assert.equal((await error('import "shapes" as s; s::secret()')).message, 'Function not found: s::secret ()');
    assert.equal((await error('import "colors" as c; c::BLUE')).message, 'Variable not found: c::BLUE');
    assert.equal((await error('nothing::f()')).message, 'Module not found: nothing');
  });

  test('are seen in functions and closures, and are evaluated by each import', async () => {
    const host = new FakeHost();
    await load('import "counter" as a; import "counter" as b; fn f() { a::N } let g = || b::N; log(`${f() + g.call()}`);', host);
    assert.deepEqual(host.eventsOf('log').map(({ message }) => message), ['evaluated', 'evaluated', '2']);
  });

  test('use the host as the main program does, with places of their own', async () => {
    const host = new FakeHost();
    await load('import "hosted" as h; h::check(State::Idle);', host);
    assert.equal(host.eventsOf('log')[0].at, 'hosted.rhai:1:46');
    assert.equal(place(await error('import "failing" as f; f::fail()')), 'failing.rhai:2:3');
  });

  test('are imported in blocks, by computed paths, and never by themselves', async () => {
    assert.equal(await load('let r = 0; { import "sha" + "pes" as s; r = s::area(1); } r'), 2);
    assert.match((await error('import "self" as s;')).message, /it imports itself/);
  });
});
