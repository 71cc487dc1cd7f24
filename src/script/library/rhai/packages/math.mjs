// Numbers: integers stay integers where that makes sense, floats are what the functions of analysis take and give.
import { fault } from '../errors.mjs';
import { bitField, withBits } from '../members.mjs';
import { compare, negate } from '../operators.mjs';
import { Float, Iterator, asNumber, isInteger } from '../values.mjs';

const SIMPLE = ['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'sqrt', 'exp', 'log10'];
const simple = Object.fromEntries(SIMPLE.map((name) => [`get ${name}(number)`, (value) => new Float(Math[name](asNumber(value)))]));

/** Half is rounded away from zero. */
const round = (number) => Math.sign(number) * Math.round(Math.abs(number));

function roundTo(value, digits) {
  const factor = 10 ** Number(digits);
  const rounded = round(value.value * factor) / factor;
  return new Float(Number.isFinite(rounded) ? rounded : value.value);
}

const onFloat = (apply) => (value) => (value instanceof Float ? new Float(apply(value.value)) : value);
const extreme = (wanted) => (a, b) => {
  const order = compare(a, b);
  const chosen = order * wanted >= 0 ? a : b;
  // Of an integer and a float the result is a float, whichever of them it is.
  return isInteger(a) === isInteger(b) ? chosen : new Float(asNumber(chosen));
};

function bitsOf(value, start, count) {
  const all = Array.from({ length: Math.max(0, Math.min(64 - start, count)) }, (_, index) => bitField(value, start + index, 1) !== 0);
  return new Iterator(() => all.values());
}

/** Bits count from the uppermost if the position is negative. */
const fromBit = (position) => (Number(position) < 0 ? 64 + Number(position) : Number(position));

function checkBits(start, count = 1) {
  if (start < 0 || count < 0 || start + count > 64) throw fault('bits', `Bit-field index ${start} out of bounds: only 64 bits in a number`);
}

function setBit(cell, position, on) {
  const start = fromBit(position);
  checkBits(start);
  cell.v = withBits(cell.v, start, 1, on ? 1 : 0);
}

function integerAbsolute(value) {
  return value < 0 ? negate(value) : value;
}

export const MATH = {
  ...simple,
  'PI()': () => new Float(Math.PI),
  'E()': () => new Float(Math.E),
  'get ln(number)': (value) => new Float(Math.log(asNumber(value))),
  'log(number, number)': (value, base) => new Float(Math.log(asNumber(value)) / Math.log(asNumber(base))),
  'hypot(number, number)': (a, b) => new Float(Math.hypot(asNumber(a), asNumber(b))),
  'atan(number, number)': (y, x) => new Float(Math.atan2(asNumber(y), asNumber(x))),
  'abs(int)': integerAbsolute,
  'abs(float)': ({ value }) => new Float(Math.abs(value)),
  'sign(int)': (value) => (value > 0 ? 1 : value < 0 ? -1 : 0),
  'sign(float)': ({ value }) => Math.sign(value) + 0 || 0,
  'get floor(number)': onFloat(Math.floor),
  'get ceiling(number)': onFloat(Math.ceil),
  'get round(number)': onFloat(round),
  'get int(number)': onFloat(Math.trunc),
  'get fraction(number)': onFloat((value) => value % 1),
  'round(float, int)': roundTo,
  'to_degrees(number)': (value) => new Float((asNumber(value) * 180) / Math.PI),
  'to_radians(number)': (value) => new Float((asNumber(value) * Math.PI) / 180),
  'get is_nan(number)': (value) => Number.isNaN(asNumber(value)),
  'get is_finite(number)': (value) => Number.isFinite(asNumber(value)),
  'get is_infinite(number)': (value) => Math.abs(asNumber(value)) === Infinity,
  'get is_zero(number)': (value) => asNumber(value) === 0,
  'get is_odd(int)': (value) => BigInt(value) % 2n !== 0n,
  'get is_even(int)': (value) => BigInt(value) % 2n === 0n,
  'min(number, number)': extreme(-1),
  'max(number, number)': extreme(1),
  'to_hex(int)': (value) => BigInt.asUintN(64, BigInt(value)).toString(16),
  'to_octal(int)': (value) => BigInt.asUintN(64, BigInt(value)).toString(8),
  'to_binary(int)': (value) => BigInt.asUintN(64, BigInt(value)).toString(2),
  'get_bit(int, int)': (value, position) => bitField(value, fromBit(position), 1) !== 0,
  'mut set_bit(int, int, bool)': setBit,
  'get_bits(int, int, int)': (value, start, count) => bitField(value, fromBit(start), Number(count)),
  'get_bits(int, range)': (value, range) => bitField(value, Number(range.from), Number(range.end) - Number(range.from)),
  'mut set_bits(int, int, int, int)'(cell, start, count, bits) {
    checkBits(fromBit(start), Number(count));
    cell.v = withBits(cell.v, fromBit(start), Number(count), bits);
  },
  'get bits(int)': (value) => bitsOf(value, 0, 64),
  'bits(int, range)': (value, range) => bitsOf(value, Number(range.from), Number(range.end) - Number(range.from)),
  'bits(int, int, int)': (value, start, count) => bitsOf(value, Number(start), Number(count)),
};

