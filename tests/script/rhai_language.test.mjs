// Each construct of the language, by the value that it gives.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectValues, failure, place, value } from './lib/rhai.mjs';

describe('literals', () => {
  test('numbers have separators, radixes and exponents', () =>
    expectValues([
      ['1_000_000', '1000000'], ['0xff', '255'], ['0b1010', '10'], ['0o17', '15'], ['1e3', '1000.0'], ['1.5e-3', '0.0015'], ['1_0.2_5', '10.25'],
      ['0xffff_ffff_ffff_ffff', '-1'], ['1.', '1.0'], ['-9223372036854775808', '-9223372036854775808'], ['9223372036854775808', '9.223372036854776e18'],
    ]));

  test('texts have escapes, and go on behind a backslash at the end of the line', () =>
    expectValues([
      [String.raw`"a\tb\n\"c\" \\ \x41\u00e9\U0001F600"`, String.raw`"a\tb\n\"c\" \\ Aé😀"`],
      ['  "one \\\n   two"', '"one two"'],
      ['"say ""hi"""', String.raw`"say \"hi\""`],
      ['#"raw \\n "text""#', String.raw`"raw \\n \"text\""`],
      ['##"a"#b"##', String.raw`"a\"#b"`],
    ]));

  test('templates hold values, statements and templates', () =>
    expectValues([
      ['let x = 2; `x is ${x}, twice ${x * 2}`', '"x is 2, twice 4"'],
      ['`${`inner ${1 + 1}`} outer`', '"inner 2 outer"'],
      ['`a ${let w = "x"; if true { w += "s" } w}!`', '"a xs!"'],
      ['`${#{ a: 1 }.a}-${{ 5 }}`', '"1-5"'],
      ['`\nfirst\nsecond \\n`', String.raw`"first\nsecond \\n"`],
      ['`one `` two`', '"one ` two"'],
      ['``', '""'],
      ['`${1.0} ${()} ${true}`', '"1.0  true"'],
    ]));

  test('characters, arrays, maps and ()', () =>
    expectValues([
      ["'x'", "'x'"], [String.raw`'\n'.to_int()`, '10'], ["'😀'", "'😀'"], ['[1, [2.0], "a",]', '[1, [2.0], "a"]'],
      ['#{ a: 1, "X-Foo": "bar", `c d`: 2, }', '#{"X-Foo": "bar", "a": 1, "c d": 2}'], ['()', '()'], ['true != false', 'true'],
    ]));
});

describe('comments', () => {
  test('block comments nest, and comments for documentation are comments', () =>
    expectValues([['/* a /* b */ c */ 1 // d', '1'], ['/// doc\n//! doc\n/** doc */ 2', '2'], ['#!/usr/bin/rhai\n3', '3']]));
});

describe('blocks and values', () => {
  test('the last statement is the value, with a semicolon or without', () =>
    expectValues([['1; 2', '2'], ['1; 2;', '2'], ['let x = 3;', '()'], ['{ let x = 1; x + 1 }', '2'], ['', '()'], ['{}', '()'], ['fn f() { 5; } f()', '5']]));

  test('if, switch, blocks and loops are expressions', () =>
    expectValues([
      ['let x = if true { 1 } else { 2 }; x', '1'],
      ['let x = if false { 1 }; x', '()'],
      ['let x = if false { 1 } else if true { let y = 5; y } else { 3 }; x', '5'],
      ['let x = { let a = 1; a + 1 } + { 2 }; x', '4'],
      ['let n = 0; let x = loop { n += 1; if n == 3 { break n * 10; } }; x', '30'],
      ['let x = for i in 0..9 { if i == 4 { break i; } }; x', '4'],
      ['let x = while true { break "out"; }; x', '"out"'],
      ['let x = for i in 0..2 {}; x', '()'],
      ['for n in 0..9 { let x = if n < 5 { n }; x ?? break n * 10; }', '50'],
      ['fn f(x) { let y = x ?? return "none"; y } [f(1), f(())]', '[1, "none"]'],
      ['1 + if true { 2 } else { 3 } * 10', '21'],
      ['[if true { 1 } else { 2 }, switch 3 { 3 => "c", _ => "d" }]', '[1, "c"]'],
    ]));

  test('operands are evaluated from left to right, whatever statements they hold', () =>
    expectValues([
      ['let log = []; fn f(x) { x } let r = [{ log.push(1); 1 }, { log.push(2); 2 }, f({ log.push(3); 3 })]; [r, log]', '[[1, 2, 3], [1, 2, 3]]'],
      ['let x = 1; let y = x + { x = 10; x } + x; y', '21'],
    ]));

  test('variables can be shadowed, and a block ends the life of its own', () =>
    expectValues([['let x = 1; let x = x + 1; { let x = 10; x += 1; } x', '2'], ['let x = 1; let y = || x; let x = 5; y.call() + x', '6'], ['let größe = 3; größe', '3']]));

  test('names that mean something in JavaScript are ordinary names', () =>
    expectValues([['let class = 1; let await = 2; let arguments = 4; class + await + arguments', '7'], ['let add = 2; let rt = 3; let v_x = 1; let x = 5; add + rt + v_x + x', '11'],
      ['fn constructor(x) { x } let toString = 1; let m = #{ constructor: 2, "__proto__": 3 }; constructor(toString) + m.constructor + m["__proto__"]', '6'],
      ['[#{}.__proto__, #{}.constructor, #{}["toString"]]', '[(), (), ()]']]));
});

describe('operators', () => {
  test('bind in the order of Rhai', () =>
    expectValues([
      ['2 + 3 * 4 ** 2', '50'], ['2 ** 3 ** 2', '512'], ['-2 ** 2', '4'], ['10 - 4 - 3', '3'], ['1 << 2 + 1', '5'], ['true || false && false', 'true'], ['1 + 2 == 3 && 2 < 3', 'true'],
      ['!true || true', 'true'], ['3 in 1..5', 'true'], ['() ?? 1 + 1', '2'],
    ]));

  test('logic stops as soon as the result is known', () =>
    expectValues([['let n = 0; false && { n += 1; true }; true || { n += 1; true }; 5 ?? { n += 1; 6 }; n', '0'], ['let n = 0; true && { n += 1; true }; () ?? { n += 1; 6 }; n', '2']]));

  test('logic takes truth values only', async () => {
    assert.equal((await failure('1 && true')).message, 'Data type incorrect: i64 (expecting bool)');
    assert.equal((await failure('if 1 { }')).message, 'Data type incorrect: i64 (expecting bool)');
    assert.equal((await failure('!5')).message, 'Function not found: ! (i64)');
  });

  test('compound assignment changes variables, properties and elements', () =>
    expectValues([
      ['let x = 7; x += 1; x -= 2; x *= 3; x /= 2; x %= 5; x **= 2; x <<= 2; x >>= 1; x |= 1; x &= 7; x ^= 2; x', '3'],
      ['let m = #{ a: [1, 2] }; m.a[1] += 5; m.b = 1; m["c"] = 2; m', '#{"a": [1, 7], "b": 1, "c": 2}'],
      ['let x = (); x ??= 5; x ??= 6; x', '5'],
    ]));

  test('in and !in look into arrays, maps, texts and ranges', () =>
    expectValues([
      ['[2 in [1, 2], 3 in [1, 2], "a" in #{ a: 1 }, "el" in "hello", \'h\' in "hello", 5 in 0..5, 5 in 0..=5, 1 !in [2]]', '[true, false, true, true, true, false, true, true]'],
    ]));
});

describe('loops', () => {
  test('for walks ranges, arrays, texts, keys and steps', () =>
    expectValues([
      ['let s = 0; for i in 0..4 { s += i; } for i in 0..=4 { s += i; } s', '16'],
      ['let s = ""; for c in "añ😀" { s += c + "."; } s', '"a.ñ.😀."'],
      ['let s = ""; for k in #{ b: 1, a: 2 }.keys() { s += k; } s', '"ab"'],
      ['let s = []; for (x, i) in ["a", "b"] { s.push(i); s.push(x); } s', '[0, "a", 1, "b"]'],
      ['let s = []; for x in range(10, 0, -3) { s += x; } s', '[10, 7, 4, 1]'],
      ['let s = []; for x in (0..10).step(4) { s += x; } s', '[0, 4, 8]'],
      ['let r = 0..3; let s = 0; for i in r { s += i; } s', '3'],
      ['let a = [1, 2]; for x in a { a.push(x); } a', '[1, 2, 1, 2]'],
    ]));

  test('while, loop, do while and do until repeat', () =>
    expectValues([
      ['let n = 0; while n < 5 { n += 1; if n == 3 { continue; } } n', '5'],
      ['let n = 0; loop { n += 1; if n < 4 { continue; } break; } n', '4'],
      ['let n = 0; do { n += 1; } while n < 3; n', '3'],
      ['let n = 0; do { n += 1; if n < 3 { continue; } } until n >= 3; n', '3'],
      ['let n = 0; while { n += 1; n < 3 } { } n', '3'],
      ['let n = 0; while { if n == 2 { break; } true } { n += 1; } n', '2'],
      ['let n = 0; do { n += 1; } while { if n == 2 { continue; } n < 5 }; n', '5'],
    ]));

  test('break and continue belong to the innermost loop, also out of switch', () =>
    expectValues([
      ['let s = 0; for i in 0..3 { for j in 0..3 { if j == 1 { continue; } if i == 2 { break; } s += 1; } } s', '4'],
      ['let s = 0; for i in 0..5 { switch i { 1 => continue, 3 => break, _ => s += 1 } } s', '2'],
    ]));

  test('a closure keeps the variable of its own turn', () => expectValues([['let fs = []; for i in 0..3 { fs.push(|| i); } fs.map(|f| f.call())', '[0, 1, 2]']]));

  test('what cannot be walked is named', async () => assert.equal((await failure('for x in 5 {}')).message, 'For loop expects iterable type, not i64'));
});

describe('switch', () => {
  const cases = (subject) => `switch ${subject} { 1 => "one", 2 | 3 => "few", 4..8 if flag => "guarded", 4..=8 => "range", "x" => "text", 'c' => "char", true => "yes", () => "unit", [1, 2] => "list", _ => "other" }`;

  test('finds literals, alternatives, ranges, guards and the default', () =>
    expectValues([
      ['1', 'one'], ['3', 'few'], ['5', 'range'], ['8', 'range'], ['9', 'other'], ['"x"', 'text'], ["'c'", 'char'], ['true', 'yes'], ['()', 'unit'], ['[1, 2]', 'list'], ['1.0', 'other'],
    ].map(([subject, text]) => [`let flag = false; ${cases(subject)}`, `"${text}"`])));

  test('a guard that holds chooses its case', () => expectValues([[`let flag = true; ${cases('5')}`, '"guarded"']]));

  test('a range fits its own case', () => expectValues([['switch 1..5 { 1 => "a", 1..5 => "b" }', '"b"']]));

  test('without a case that fits the value is ()', () => expectValues([['switch 5 { 1 => 2 }', '()'], ['let n = 0; switch 1 { 1 => { n += 1; n += 1 } 2 => n = 9 } n', '2']]));
});

describe('errors that are thrown', () => {
  test('any value can be thrown and is caught as it was', () =>
    expectValues([
      ['try { throw 42 } catch (e) { e }', '42'],
      ['try { throw #{ code: 5 } } catch (e) { e.code }', '5'],
      ['try { throw } catch (e) { e }', '()'],
      ['try { 1 } catch { 2 }', '1'],
      ['try { try { throw "a" } catch (e) { throw } } catch (e) { e + "!" }', '"a!"'],
      ['fn f() { throw "deep" } try { f() } catch (e) { e }', '"deep"'],
      ['try { [1].map(|x| throw x + 1) } catch (e) { e }', '2'],
    ]));

  test('other errors are caught as maps with their message and place', async () => {
    assert.equal(await value('try { 1 / 0 } catch (e) { [e.message, e.error, e.line, e.position] }'), '["Division by zero: 1 / 0", "ErrorArithmetic", 1, 9]');
    assert.equal(await value('try { nothing() } catch (e) { e.message }'), '"Function not found: nothing ()"');
  });

  test('an error that nobody catches has its text and place', async () => {
    const error = await failure('let a = 1;\n  throw "broken"');
    assert.equal(error.message, 'Runtime error: broken');
    assert.equal(place(error), 'test.rhai:2:3');
    assert.equal(error.value, 'broken');
    const again = await failure('try { 1 / 0 } catch (e) { throw e }');
    assert.equal(again.message, 'Runtime error: Division by zero: 1 / 0');
  });
});
