// Each function of the standard library, by the value that it gives.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectValues, failure, value } from './lib/rhai.mjs';
import { FakeHost } from './lib/fake_host.mjs';

/** `changes('let x = …', 'x.f()', …)`: what each statement makes of x. */
const changed = (start, table) => expectValues(table.map(([statement, expected]) => [`let x = ${start}; ${statement}; x`, expected]));

describe('core', () => {
  test('type_of names all types', () =>
    expectValues([
      ['[1, 1.0, true, \'c\', "s", [], #{}, (), || 1, 0..1, 0..=1, timestamp(), State::Idle, assert(1)].map(|v| type_of(v))', '["i64", "f64", "bool", "char", "string", "array", "map", "()", "Fn", "range", "range=", "timestamp", "CallState", "Assertion"]'],
    ]));

  test('values become text, for people and for programmers', () =>
    expectValues([['[to_string(1.0), "a".to_string(), "a".to_debug(), \'c\'.to_debug(), [1, "a"].to_string(), (0..3).to_string()]', String.raw`["1.0", "a", "\"a\"", "'c'", "[1, \"a\"]", "0..3"]`], ['#{ b: 1, a: "x" }.to_string()', String.raw`"#{\"a\": \"x\", \"b\": 1}"`], ['Fn("f").to_string()', '"Fn(f)"']]));

  test('texts become numbers', async () => {
    await expectValues([['[parse_int("42"), parse_int(" -7 "), parse_int("ff", 16), parse_int("101", 2) + parse_int("Zz", 36), parse_float("1.5"), "7".to_int(), to_float("2")]', '[42, -7, 255, 1300, 1.5, 7, 2.0]'], ['[to_int(2.9), to_int(-2.9), to_int(\'a\'), to_float(3), 97.to_char(), true.to_int()]', "[2, -2, 97, 3.0, 'a', 1]"]]);
    assert.equal((await failure('parse_int("4x")')).message, "Error parsing integer number '4x'");
    assert.equal((await failure('parse_int("1", 37)')).message, "Invalid radix: '37'");
    assert.equal((await failure('parse_float("x")')).message, "Error parsing floating-point number 'x'");
  });

  test('print and debug go to the host', async () => {
    const host = new FakeHost();
    await value('print("a"); print(1.0); print(); debug("a");', { host });
    assert.deepEqual(host.eventsOf('print').map(({ text }) => text), ['a', '1.0', '', '"a"']);
  });

  test('time passes', async () => {
    assert.equal(await value('let t = timestamp(); sleep(1); let e = t.elapsed; [type_of(e), e > 0.0, e < 10, timestamp() > t, type_of(timestamp() - t), (t + 5) - t, (t - 1.5) - t, t == t]'), '["f64", true, true, true, "f64", 5.0, -1.5, true]');
  });
});

describe('texts', () => {
  test('have a length in characters and in bytes', () => expectValues([['let s = "aé😀"; [s.len, s.len(), s.bytes, s.is_empty, "".is_empty()]', '[3, 3, 7, false, true]']]));

  test('are split and searched', () =>
    expectValues([
      ['"a, b,c".split(",")', '["a", " b", "c"]'], ['" a  b ".split()', '["a", "b"]'], ['"a-b-c".split("-", 2)', '["a", "b-c"]'], ['"a-b-c".split(\'-\')', '["a", "b", "c"]'], ['"hello".split(2)', '["he", "llo"]'], ['"hello".split(-1)', '["hell", "o"]'],
      ['"a-b-c".split_rev("-")', '["c", "b", "a"]'], ['"a-b-c".split_rev("-", 2)', '["c", "a-b"]'],
      ['let s = "h😀llo"; [s.contains("llo"), s.contains(\'x\'), s.starts_with("h"), s.ends_with("lo"), s.index_of("l"), s.index_of(\'l\', 3), s.index_of("x")]', '[true, false, true, true, 2, 3, -1]'],
      ['let s = "h😀llo"; [s.sub_string(1), s.sub_string(1, 2), s.sub_string(-2), s.sub_string(1..3), s.sub_string(1..=3)]', '["😀llo", "😀l", "lo", "😀l", "😀ll"]'],
      ['let s = "h😀llo"; [s[0], s[1], s[-1], s[1..3], s[2..], s[1..-1], s[-3..=-2]]', "['h', '😀', 'o', \"😀l\", \"llo\", \"😀ll\", \"ll\"]"],
      ['"ab".chars().to_array() == "ab".to_chars()', 'true'], ['let r = ""; for c in "abc".chars(1, 2) { r += c; } r', '"bc"'], ['["ab".to_upper(), "AB".to_lower(), \'a\'.to_upper()]', '["AB", "ab", \'A\']'],
      ['["abc".get(1), "abc".get(3), "abc".get(-1), "abc".get(-4)]', "['b', (), 'c', ()]"],
      ['[min("b", "a"), max("b", "a"), min(\'b\', \'a\')]', '["a", "b", \'a\']'], ['["abc".index_of(""), "".index_of("")]', '[0, -1]'],
    ]));

  test('are changed in place', () =>
    changed('" Abc "', [
      ['x.trim()', '"Abc"'], ['x.replace("b", "xx")', '" Axxc "'], ["x.replace('b', '$')", '" A$c "'], ['x.make_upper()', '" ABC "'], ['x.make_lower()', '" abc "'], ['x.crop(1, 2)', '"Ab"'], ['x.crop(2)', '"bc "'], ['x.crop(1..3)', '"Ab"'],
      ['x.truncate(2)', '" A"'], ["x.pad(7, '.')", '" Abc .."'], ['x.pad(6, "ab")', '" Abc a"'], ['x.remove("b")', '" Ac "'], ["x.set(1, 'Z')", '" Zbc "'], ['x.clear()', '""'], ['x.append("!")', '" Abc !"'], ['x += 1', '" Abc 1"'], ['x.pop()', '" Abc"'], ['x.pop(3)', '" A"'], ["x[-1] = '!'", '" Abc!"'], ['x[1..3] = "-"', '" -c "'], ['x[3..] = "!"', '" Ab!"'], ['x[..=0] = ""', '"Abc "'],
    ]));

  test('positions beyond their end are errors', async () => {
    assert.equal((await failure('"abc"[3]')).message, 'String index 3 out of bounds: only 3 characters in string');
    assert.equal((await failure('""[0]')).message, 'String index 0 out of bounds: string is empty');
    assert.equal((await failure('let s = "a"; s[-2]')).message, 'String index -2 out of bounds: only 1 character in string');
  });
});

describe('arrays', () => {
  test('grow and shrink', () =>
    changed('[1, 2, 3]', [
      ['x.push(4)', '[1, 2, 3, 4]'], ['x += 4', '[1, 2, 3, 4]'], ['x.append([4, 5])', '[1, 2, 3, 4, 5]'], ['x.insert(1, 9)', '[1, 9, 2, 3]'], ['x.insert(-1, 9)', '[1, 2, 9, 3]'], ['x.insert(99, 9)', '[1, 2, 3, 9]'], ['x.pop()', '[1, 2]'], ['x.shift()', '[2, 3]'], ['x.remove(1)', '[1, 3]'], ['x.remove(9)', '[1, 2, 3]'],
      ['x.clear()', '[]'], ['x.truncate(1)', '[1]'], ['x.chop(2)', '[2, 3]'], ['x.pad(5, 0)', '[1, 2, 3, 0, 0]'], ['x.reverse()', '[3, 2, 1]'], ['x.set(-1, 9)', '[1, 2, 9]'], ['x.splice(1, 1, [7, 8])', '[1, 7, 8, 3]'], ['x.splice(0..2, [])', '[3]'], ['x.split(1)', '[1]'],
      ['x.drain(|v| v > 1)', '[1]'], ['x.drain(0, 2)', '[3]'], ['x.drain(0..1)', '[2, 3]'], ['x.retain(|v| v > 1)', '[2, 3]'], ['x.retain(|v, i| i == 0)', '[1]'], ['x.retain(1, 1)', '[2]'], ['x.retain(1..3)', '[2, 3]'], ['x.retain(5, 1)', '[1, 2, 3]'], ['x.retain(0, 0)', '[1, 2, 3]'], ['x.for_each(|| this *= 2)', '[2, 4, 6]'], ['x.for_each(|i| this += i)', '[1, 3, 5]'], ['x.for_each(|v, i| this = v * i)', '[0, 2, 6]'],
    ]));

  test('give what they lose', () =>
    expectValues([['let x = [1, 2, 3]; [x.pop(), x.shift(), x.remove(0), x.pop(), x.shift(), x]', '[3, 1, 2, (), (), []]'], ['let x = [1, 2, 3, 4]; [x.drain(|v| v % 2 == 0), x.split(1), x.retain(|v| false)]', '[[2, 4], [3], [1]]']]));

  test('are read by position and portion', async () => {
    await expectValues([['let x = [1, 2, 3]; [x.len, x.len(), x[0], x[-1], x.get(1), x.get(9), x[0..2], x.extract(1), x.extract(-2, 1), x.extract(0..=1), x.extract(-2..2), x.is_empty]', '[3, 3, 1, 3, 2, (), [1, 2], [2, 3], [2], [1, 2], [1, 2], false]']]);
    assert.equal((await failure('[1, 2][2]')).message, 'Array index 2 out of bounds: only 2 elements in array');
    assert.equal((await failure('let a = [1]; a[1] = 2;')).message, 'Array index 1 out of bounds: only 1 element in array');
    assert.equal((await failure('[1]["a"]')).message, 'Indexer unavailable: array [string]');
  });

  test('are searched and tested with values, closures and names of functions', () =>
    expectValues([
      ['let x = [3, 4, 5]; [x.contains(4), x.index_of(5), x.index_of(9), x.index_of(|v| v > 3), x.index_of(3, 1), x.find(|v| v > 3), x.find(|v| v > 9), x.find_index(|v| v == 5)]', '[true, 2, -1, 1, -1, 4, (), 2]'],
      ['let x = [3, 4, 5]; [x.some(|v| v > 4), x.all(|v| v > 4), x.none(|v| v > 9), x.all(|v, i| v == i + 3)]', '[true, false, true, true]'],
      ['[1, 2, 3].filter("is_odd")', '[1, 3]'], ['[1, 2, 3].filter(|v, i| i > 0)', '[2, 3]'], ['[1, 2, 3].map(|v| v * 2)', '[2, 4, 6]'], ['[1, 2].map(|v, i| v * i)', '[0, 2]'], ['[1, 2].map(|| this + 1)', '[2, 3]'], ['fn f(x) { x + 1 } [1].map(f) + [1].map(Fn("f"))', '[2, 2]'],
      ['[1, 2, 3].reduce(|s, v| s + v, 0)', '6'], ['[1, 2].reduce(|s, v| if s == () { v } else { s + v })', '3'], ['[1, 2].reduce(|s, v, i| s + v * i, 0)', '2'], ['["a", "b"].reduce_rev(|s, v| s + v, "")', '"ba"'],
      ['[1, 2].find_map(|v| if v > 1 { v * 10 } else { () })', '20'],
    ]));

  test('are sorted, joined and paired', async () => {
    await changed('[3, 1, 2]', [['x.sort()', '[1, 2, 3]'], ['x.sort(|a, b| b - a)', '[3, 2, 1]'], ['x.sort(|a, b| a > b)', '[3, 2, 1]']]);
    await expectValues([
      ['let x = ["b", "a"]; x.sort(); x', '["a", "b"]'], ['let x = [1, 1, 2, 1]; x.dedup(); x', '[1, 2, 1]'], ['let x = [1, 3, 4]; x.dedup(|a, b| a % 2 == b % 2); x', '[1, 4]'], ['[1, 2].concat([3])', '[1, 2, 3]'], ['[1, 2, 3].zip(["a", "b"])', '[[1, "a"], [2, "b"]]'], ['[1, "b"].join("-")', '"1-b"'],
    ]);
    assert.match((await failure('let x = [1, "a"]; x.sort()')).message, /Cannot sort items of different types/);
  });

  test('callbacks may wait for the host', async () => {
    assert.equal(await value('let seen = []; [2, 1].for_each(|| { sleep(this); seen.push(this); }); seen'), '[2, 1]');
  });
});

describe('maps', () => {
  test('tell their keys and values in the order of the keys', () => expectValues([['let m = #{ b: 1, a: 2 }; [m.keys(), m.values(), m.len(), m.contains("a"), m.contains("z"), m.get("b"), m.is_empty()]', '[["a", "b"], [2, 1], 2, true, false, 1, false]']]));

  test('are changed in place', () =>
    changed('#{ a: 1, b: 2 }', [
      ['x.remove("a")', '#{"b": 2}'], ['x.clear()', '#{}'], ['x.mixin(#{ b: 3, c: 4 })', '#{"a": 1, "b": 3, "c": 4}'], ['x += #{ b: 3 }', '#{"a": 1, "b": 3}'], ['x.fill_with(#{ b: 9, c: 4 })', '#{"a": 1, "b": 2, "c": 4}'], ['x.set("c", 5)', '#{"a": 1, "b": 2, "c": 5}'], ['x.retain(|k, v| v > 1)', '#{"b": 2}'], ['x.drain(|k| k == "a")', '#{"b": 2}'],
    ]));

  test('give what is removed, and what a predicate keeps', () => expectValues([['let m = #{ a: 1, b: 2 }; [m.filter(|k, v| v > 1), m.remove("a"), m.remove("z")]', '[#{"b": 2}, 1, ()]']]));
});

describe('JSON', () => {
  test('is written and read without a change of types', async () => {
    await expectValues([
      [String.raw`#{ b: [1, 1.0, true, ()], a: "x\"" }.to_json()`, String.raw`"{\"a\":\"x\\\"\",\"b\":[1,1.0,true,null]}"`],
      ['parse_json(`{"b": [1, 1.0, -2e3, true, null], "a": "x\\u00e9"}`)', '#{"a": "xé", "b": [1, 1.0, -2000.0, true, ()]}'],
      ['parse_json("[9007199254740993, [], {},]")', '[9007199254740993, [], #{}]'],
    ]);
    assert.equal((await failure('parse_json("{1}")')).message, "Invalid JSON: unexpected '1' at character 2");
    assert.equal((await failure(String.raw`parse_json("[\"\\q\"]")`)).message, "Invalid JSON: unexpected '\"' at character 2");
    assert.equal((await failure('parse_json("[1")')).message, 'Invalid JSON: unexpected end at character 3');
  });
});

describe('numbers', () => {
  test('have their sign, size and parts', () =>
    expectValues([
      ['[abs(-3), abs(-3.5), sign(-3), sign(2.5), sign(0), (-5).abs()]', '[3, 3.5, -1, 1, 0, 5]'],
      ['[2.5.floor(), 2.5.ceiling(), 2.5.round(), -2.5.round(), 2.5.int(), 2.5.fraction(), 3.14159.round(2), 7.round()]', '[2.0, 3.0, 3.0, -3.0, 2.0, 0.5, 3.14, 7]'],
      ['[(2.567 * 100.0).round() / 100.0, 2.9.floor, 3.is_odd, 3.is_even(), 0.is_zero]', '[2.57, 2.0, true, false, true]'],
      ['[min(1, 2), max(1, 2), min(1, 2.0), max(1.5, 1)]', '[1, 2, 1.0, 1.5]'],
      ['[(0.0/0).is_nan(), 1.0.is_nan, 1.0.is_finite(), (1.0/0).is_infinite()]', '[true, false, true, true]'],
    ]));

  test('go through the functions of analysis', () =>
    expectValues([
      ['[sqrt(16), sqrt(2.25), exp(0), ln(E()), log10(1000.0).round(), log(8, 2).round(), hypot(3.0, 4.0)]', '[4.0, 1.5, 1.0, 1.0, 3.0, 3.0, 5.0]'],
      ['[sin(0), cos(0), tan(0), asin(0), acos(1), atan(0), sinh(0), cosh(0), tanh(0), atan(0.0, 1.0)]', '[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]'],
      ['[asinh(0), acosh(1), atanh(0)]', '[0.0, 0.0, 0.0]'],
      ['[PI().to_degrees(), 180.to_radians() == PI(), PI() > 3.14, E() > 2.71]', '[180.0, true, true, true]'],
    ]));

  test('show and change their bits', () =>
    expectValues([
      ['[255.to_hex(), 8.to_octal(), 5.to_binary()]', '["ff", "10", "101"]'],
      ['let n = 5; n.set_bit(1, true); n.set_bits(4, 2, 3); [n, n.get_bit(0), n.get_bit(3), n.get_bits(0, 3), n.get_bits(1..3), n[0], n[-1]]', '[55, true, false, 7, 3, true, false]'],
      ['let n = 0; n.set_bits(-60, 2, 3); [n, n.get_bits(-60, 2), n.get_bit(-59)]', '[48, 3, true]'],
      ['5.bits(0..4).to_array()', '[true, false, true, false]'],
    ]));
});

describe('ranges', () => {
  test('know their ends and what is in them', () =>
    expectValues([['let r = 1..4; [r.start, r.end, r.start(), r.contains(3), r.contains(4), r.is_inclusive, r.is_exclusive(), r.is_empty, r.len()]', '[1, 4, 1, true, false, false, true, false, 3]'], ['let r = 1..=4; [r.end, r.contains(4), r.is_inclusive(), (1..1).is_empty()]', '[4, true, true, true]'], ['[(0..3) == (0..3), (0..3) == (0..=3)]', '[true, false]']]));

  test('step by integers and floats, up and down', async () => {
    await expectValues([['[range(0, 5).to_array(), range(0, 10, 4).to_array(), range(3, 0, -1).to_array(), range(0.0, 1.0, 0.5).to_array(), range(1, 1, -1).to_array(), (0..=4).step(2).to_array()]', '[[0, 1, 2, 3, 4], [0, 4, 8], [3, 2, 1], [0.0, 0.5], [], [0, 2, 4]]']]);
    assert.equal((await failure('for x in range(0, 5, 0) {}')).message, 'step value cannot be zero');
  });
});
