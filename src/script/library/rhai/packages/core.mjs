// What applies to values of every type, function pointers, and numbers from text.
import { debug, display } from '../display.mjs';
import { fault } from '../errors.mjs';
import { Char, Float, typeName, wholeNumber } from '../values.mjs';

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

function parseInteger(text, radix) {
  const digits = text.trim().toLowerCase();
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(digits);
  const allowed = DIGITS.slice(0, radix);
  if (radix < 2 || radix > 36) throw fault('arithmetic', `Invalid radix: '${radix}'`);
  if (rest === '' || [...rest].some((digit) => !allowed.includes(digit))) throw fault('arithmetic', `Error parsing integer number '${text}'`);
  const value = [...rest].reduce((sum, digit) => sum * BigInt(radix) + BigInt(allowed.indexOf(digit)), 0n);
  const whole = wholeNumber(sign === '-' ? -value : value);
  if (whole === undefined) throw fault('arithmetic', `Error parsing integer number '${text}': it does not fit in 64 bits`);
  return whole;
}

function parseFloating(text) {
  const number = text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(number)) throw fault('arithmetic', `Error parsing floating-point number '${text}'`);
  return new Float(number);
}

function toInteger(value) {
  if (!(value instanceof Float)) return value;
  const whole = Number.isFinite(value.value) ? wholeNumber(BigInt(Math.trunc(value.value))) : undefined;
  if (whole === undefined) throw fault('arithmetic', `Integer overflow: to_int(${display(value)})`);
  return whole;
}

export const CORE = {
  'type_of(any)': (value) => typeName(value),
  'to_string(any)': display,
  'to_debug(any)': debug,
  'parse_int(string, int?)': (text, radix = 10) => parseInteger(text, Number(radix)),
  'parse_float(string)': parseFloating,
  'to_int(number)': toInteger,
  'to_int(char)': ({ text }) => text.codePointAt(0),
  'to_int(bool)': (value) => (value ? 1 : 0),
  'to_int(string)': (text) => parseInteger(text, 10),
  'to_float(number)': (value) => (value instanceof Float ? value : new Float(Number(value))),
  'to_float(string)': parseFloating,
  'to_char(int)': (codePoint) => new Char(String.fromCodePoint(Number(codePoint))),
  'get is_anonymous(fn)': (pointer) => pointer.isAnonymous,
  'get name(fn)': ({ name }) => name,
};
