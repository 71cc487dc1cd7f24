// Integers of 64 bits and floats are different types, as in Rhai.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectValues, failure } from './lib/rhai.mjs';

const MAX = '9223372036854775807';

test('integers and floats keep their type', () =>
  expectValues([
    ['[1, 1.0, type_of(1), type_of(1.0)]', '[1, 1.0, "i64", "f64"]'],
    ['[5 / 2, 5.0 / 2, 5 / 2.0, -5 / 2]', '[2, 2.5, 2.5, -2]'],
    ['[5 % 3, -5 % 3, 5.5 % 2]', '[2, -2, 1.5]'],
    ['[1 + 1.0, 2.0 * 3, 3 - 1.0, 2 ** 0.5 > 1.4, 2.0 ** 3]', '[2.0, 6.0, 2.0, true, 8.0]'],
    ['0 * -1', '0'],
    ['-(5) + +3', '-2'],
  ]));

test('comparisons are by value, also of an integer with a float', () =>
  expectValues([
    ['[1 == 1.0, 1 != 1.5, 2 > 1.5, 1.0 <= 1, 1 < 2, 2 >= 3]', '[true, true, true, true, true, false]'],
    [`[${MAX} > ${MAX} - 1, ${MAX} == ${MAX}, ${MAX} > 1.0]`, '[true, true, true]'],
    ['[1 == "1", 1 != "1", "a" < 5, () == 0]', '[false, true, false, false]'],
    ["['a' == \"a\", 'a' < 'b', \"a\" < \"b\", [1, 2.0] == [1.0, 2], #{ a: 1 } == #{ a: 1 }]", '[true, true, true, true, true]'],
    ['let n = 0.0 / 0.0; [n == n, n < 1.0, n >= 1.0]', '[false, false, false]'],
  ]));

test('values of one type without an order cannot be compared', async () => {
  assert.equal((await failure('[1] < [2]')).message, 'Function not found: < (array, array)');
});

test('integers are exact up to 64 bits', () =>
  expectValues([
    [`${MAX} - 1`, '9223372036854775806'],
    ['4611686018427387904 + 4611686018427387903', MAX],
    ['3037000499 * 3037000499', '9223372030926249001'],
    ['9007199254740993 + 0', '9007199254740993'],
    ['9007199254740993 - 9007199254740992', '1'],
    ['2 ** 62', '4611686018427387904'],
    [`${MAX} / 2`, '4611686018427387903'],
    ['(-1) ** 1000001', '-1'],
    ['-9223372036854775808 + 1', '-9223372036854775807'],
  ]));

test('results beyond 64 bits are errors with the words of Rhai', async () => {
  const table = [
    [`${MAX} + 1`, `Addition overflow: ${MAX} + 1`],
    [`-${MAX} - 2`, `Subtraction overflow: -${MAX} - 2`],
    [`${MAX} * 2`, `Multiplication overflow: ${MAX} * 2`],
    ['2 ** 63', 'Exponential overflow: 2 ** 63'],
    ['10 ** 1000000000', 'Exponential overflow: 10 ** 1000000000'],
    ['-(-9223372036854775808)', 'Negation overflow: --9223372036854775808'],
    ['1 / 0', 'Division by zero: 1 / 0'],
    ['1 % 0', 'Modulo division by zero or overflow: 1 % 0'],
    ['2 ** -1', 'Integer raised to a negative power: 2 ** -1'],
    [`let x = ${MAX}; x += 1;`, `Addition overflow: ${MAX} + 1`],
  ];
  for (const [source, message] of table) assert.equal((await failure(source)).message, message, source);
});

test('floats divide by zero without an error', () => expectValues([['[1.0 / 0, -1.0 / 0, 0.0 / 0]', '[inf, -inf, NaN]']]));

test('bits are those of 64-bit numbers', () =>
  expectValues([
    ['[6 & 3, 6 | 3, 6 ^ 3, 1 << 4, 256 >> 4, -1 >> 1]', '[2, 7, 5, 16, 16, -1]'],
    ['[1 << 40, (1 << 40) >> 38, 0xffffffffff & 0xf0f0f0f0f0, 1 << 64, 16 << -2]', '[1099511627776, 4, 1034834473200, 0, 4]'],
    ['[true & false, true | false, true ^ true]', '[false, true, false]'],
    ['1 << 63', '-9223372036854775808'],
  ]));

test('operators that types do not have are named with them', async () => {
  assert.equal((await failure('1 + true')).message, 'Function not found: + (i64, bool)');
  assert.equal((await failure('-"a"')).message, 'Function not found: - (string)');
  assert.equal((await failure('1.5 & 1')).message, 'Function not found: & (f64, i64)');
});

test('texts join with every value', () =>
  expectValues([['"a" + 1', '"a1"'], ['1 + "a"', '"1a"'], ['"x" + 1.0 + true + ()', '"x1.0true"'], ["\"a\" + 'b'", '"ab"'], ["'a' + 'b'", '"ab"'], ['"abcb" - "b"', '"ac"'], ['"n: " + [1, "a"]', String.raw`"n: [1, \"a\"]"`]]));

test('arrays and maps join', () => expectValues([['[1] + [2]', '[1, 2]'], ['#{ a: 1 } + #{ b: 2 }', '#{"a": 1, "b": 2}'], ['let a = [1]; a += 2; a += [3]; a += [[4]]; a', '[1, 2, 3, [4]]'], ['let m = #{ a: 1 }; m += #{ a: 2 }; m', '#{"a": 2}']]));

test('floats show that they are, for people with fewer exponents at the small end and more at the large', () =>
  expectValues([
    ['`${1.0} ${0.1} ${1e20} ${1.5e-20} ${-0.0} ${123456.5} ${-2.5e-7} ${1e12} ${1e13}`', '"1.0 0.1 1e20 1.5e-20 0.0 123456.5 -0.00000025 1000000000000.0 1e13"'],
    ['[1e15, 1e16, 0.0001, 0.00009, -0.0, 2.5e-7]', '[1000000000000000.0, 1e16, 0.0001, 9e-5, -0.0, 2.5e-7]'],
  ]));
