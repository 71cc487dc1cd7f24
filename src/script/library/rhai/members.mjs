// Properties, elements, ranges and what can be walked.
import { fault } from './errors.mjs';
import { equal, same } from './operators.mjs';
import { Char, Iterator, NUMBER, Range, TYPE, asNumber, isInteger, own, typeBit, typeName, wholeNumber } from './values.mjs';

/** The characters of a text. Only those beyond the basic plane make it differ from the units of JavaScript. */
export function characters(text) {
  return isBasic(text) ? text : Array.from(text);
}

let lastBasic = '';
function isBasic(text) {
  if (text === lastBasic) return true;
  if (/[\ud800-\udfff]/.test(text)) return false;
  lastBasic = text;
  return true;
}

export const textLength = (text) => characters(text).length;
export const slice = (text, from, to) => (isBasic(text) ? text.slice(from, to) : Array.from(text).slice(from, to).join(''));

/** A position from the end if it is negative, kept within 0 … length. */
export function offset(position, length) {
  const number = Number(position);
  return number < 0 ? Math.max(0, length + number) : Math.min(number, length);
}

/** A range, or a start and a number of items, as [from, to) within a length. Only a start by itself counts from the end. */
export function span(start, count, length) {
  if (start instanceof Range) {
    const from = Math.min(length, Math.max(0, Number(start.from)));
    return [from, Math.max(from, Math.min(length, Number(start.end)))];
  }
  const from = offset(start, length);
  return [from, count === undefined ? length : Math.max(from, Math.min(length, from + Number(count)))];
}

const BOUNDS = { Array: 'array', String: 'string', 'Bit-field': 'bits' };

function outOfBounds(what, items, position, length, at) {
  const only = length === 0 ? `${what.toLowerCase()} is empty` : `only ${length} ${items}${length === 1 ? '' : 's'} in ${what.toLowerCase()}`;
  return fault(BOUNDS[what], `${what} index ${position} out of bounds: ${only}`, at);
}

function inBounds(what, items, position, length, at) {
  const number = Number(position);
  const real = number < 0 ? length + number : number;
  if (real < 0 || real >= length) throw outOfBounds(what, items, position, length, at);
  return real;
}

const cannotIndex = (at, value, key) => fault('indexing', `Indexer unavailable: ${typeName(value)} [${typeName(key)}]`, at);

export function index(at, value, key) {
  if (Array.isArray(value)) {
    if (key instanceof Range) return value.slice(...span(key, undefined, value.length)).map(own);
    if (!isInteger(key)) throw cannotIndex(at, value, key);
    return value[inBounds('Array', 'element', key, value.length, at)];
  }
  if (value instanceof Map) {
    if (typeof key !== 'string') throw cannotIndex(at, value, key);
    return value.get(key);
  }
  if (typeof value === 'string') return textElement(at, value, key);
  if (isInteger(value)) return bit(at, value, key);
  throw cannotIndex(at, value, key);
}

/** The ends of a portion of a text in brackets: both count from the end if they are negative. */
function portionOf({ from, to, inclusive }, length) {
  const start = offset(from, length);
  const end = Number(to) < 0 ? length + Number(to) : Math.min(length, Number(to));
  return [start, Math.max(start, Math.min(length, end + (inclusive ? 1 : 0)))];
}

function textElement(at, text, key) {
  if (key instanceof Range) return slice(text, ...portionOf(key, textLength(text)));
  if (!isInteger(key)) throw cannotIndex(at, text, key);
  const all = characters(text);
  return new Char(all[inBounds('String', 'character', key, all.length, at)]);
}

function bit(at, value, key) {
  if (key instanceof Range) return bitField(value, Number(key.from), Number(key.end) - Number(key.from));
  if (!isInteger(key)) throw cannotIndex(at, value, key);
  return (BigInt.asUintN(64, BigInt(value)) >> BigInt(inBounds('Bit-field', 'bit', key, 64, at))) % 2n === 1n;
}

export function bitField(value, start, count) {
  return wholeNumber(BigInt.asIntN(64, BigInt.asUintN(Math.max(0, count), BigInt.asUintN(64, BigInt(value)) >> BigInt(start))));
}

export function withBits(value, start, count, bits) {
  const field = ((1n << BigInt(count)) - 1n) << BigInt(start);
  return wholeNumber(BigInt.asIntN(64, (BigInt(value) & ~field) | ((BigInt(bits) << BigInt(start)) & field)));
}

/** Assigns an element. Of a text or a number it gives the new value, as those never change themselves. */
export function setIndex(at, value, key, item) {
  if (Array.isArray(value) && isInteger(key)) value[inBounds('Array', 'element', key, value.length, at)] = item;
  else if (value instanceof Map && typeof key === 'string') value.set(key, item);
  else if (typeof value === 'string' && key instanceof Range && typeof item === 'string') return withPortion(value, key, item);
  else if (typeof value === 'string' && isInteger(key)) return withCharacter(at, value, key, item);
  else if (isInteger(value) && isInteger(key) && typeof item === 'boolean') return withBits(value, inBounds('Bit-field', 'bit', key, 64, at), 1, item ? 1 : 0);
  else if (isInteger(value) && key instanceof Range && isInteger(item)) return withBits(value, Number(key.from), Number(key.end) - Number(key.from), item);
  else throw cannotIndex(at, value, key);
  return undefined;
}

function withPortion(text, key, other) {
  const [start, end] = portionOf(key, textLength(text));
  return slice(text, 0, start) + other + slice(text, end);
}

function withCharacter(at, text, key, item) {
  if (!(item instanceof Char)) throw fault('type', `Data type incorrect: ${typeName(item)} (expecting char)`, at);
  const all = Array.from(text);
  all[inBounds('String', 'character', key, all.length, at)] = item.text;
  return all.join('');
}

export function isIn(at, item, all) {
  if (Array.isArray(all)) return all.some((other) => equal(other, item));
  if (all instanceof Map && typeof item === 'string') return all.has(item);
  if (typeof all === 'string' && (typeof item === 'string' || item instanceof Char)) return all.includes(item.text ?? item);
  if (all instanceof Range) return typeBit(item) & NUMBER ? asNumber(item) >= Number(all.from) && asNumber(item) < Number(all.end) : false;
  throw fault('type', `Function not found: contains (${typeName(all)}, ${typeName(item)})`, at);
}

/** Does a value fit a range that is a case of `switch`? */
export const inCase = (at, value, range) => isIn(at, value, range) || same(value, range);

export function makeRange(at, from, to, inclusive) {
  const [first, last] = [from ?? 0, to ?? (1n << 63n) - 1n];
  if (isInteger(first) && isInteger(last)) return new Range(first, last, inclusive);
  throw fault('type', `Function not found: ${inclusive ? '..=' : '..'} (${typeName(first)}, ${typeName(last)})`, at);
}

/** The end of a range that a loop counts through. The count itself never leaves the integers that a number holds. */
export function rangeEnd(at, from, to, inclusive) {
  makeRange(at, from, to, inclusive);
  if (typeof from === 'bigint') throw fault('runtime', `A loop cannot begin at ${from}`, at);
  return Number(to) + (inclusive ? 1 : 0);
}

function* numbersOf({ from, end }) {
  for (let number = BigInt(from); number < end; number++) yield wholeNumber(number);
}

/** What `for` walks: a copy of an array, so that its body may change it. */
export function iterate(at, value) {
  if (Array.isArray(value)) return value.slice();
  if (typeof value === 'string') return Array.from(value, (c) => new Char(c));
  if (value instanceof Range) return numbersOf(value);
  if (value instanceof Iterator) return value;
  if (value instanceof Map) return [...value.keys()].sort().map((key) => new Map([['key', key], ['value', value.get(key)]]));
  throw fault('iteration', `For loop expects iterable type, not ${typeName(value)}`, at);
}

/** `property` and `setProperty` of one environment. Handles are read through the bridge to the host. */
export function memberAccess({ library, bridge, environment }) {
  function property(at, value, name) {
    if (value instanceof Map) return value.get(name);
    const entry = library.getter(name, value);
    if (entry) return entry.run.call(environment, value);
    if (typeBit(value) === TYPE.native) return bridge.read(at, value, name);
    throw noProperty(at, value, name);
  }
  function setProperty(at, value, name, item) {
    if (value instanceof Map) value.set(name, item);
    else if (typeBit(value) === TYPE.native) bridge.write(at, value, name, item);
    else throw noProperty(at, value, name, 'setter');
  }
  return { property, setProperty };
}

export function noProperty(at, value, name, kind = 'getter') {
  const what = kind === 'setter' ? 'No writable' : 'Unknown';
  const error = fault('property', `${what} property '${name}' - a ${kind} is not registered for type '${typeName(value)}'`, at);
  // Of what is absent: it may come, which is what one waits for.
  if (value === undefined) error.isMistake = false;
  return error;
}
