// The values of a script.
//
// | Rhai    | here                                                              |
// |---------|-------------------------------------------------------------------|
// | ()      | undefined                                                         |
// | bool    | boolean                                                           |
// | i64     | number while it is a safe integer, bigint beyond                  |
// | f64     | Float: a plain number could not tell 1.0 from 1                   |
// | char    | Char                                                              |
// | string  | string                                                            |
// | array   | Array                                                             |
// | map     | Map                                                               |
// | Fn      | FunctionPointer                                                   |
// | handles | the object of the host itself                                     |
//
// Arrays and maps are values too: whoever keeps one makes a copy with `own`. Everything else never changes.

export class Float {
  constructor(value) {
    this.value = value;
  }
}

export class Char {
  constructor(text) {
    this.text = text;
  }
}

/** `0..3` and `0..=3`. */
export class Range {
  constructor(from, to, inclusive) {
    Object.assign(this, { from, to, inclusive });
  }
  /** The first number behind it. */
  get end() {
    return this.inclusive ? BigInt(this.to) + 1n : BigInt(this.to);
  }
}

/** What `range(from, to, step)`, `chars()`, `bits()` give: something to walk once or more. */
export class Iterator {
  constructor(values) {
    this.values = values;
  }
  [Symbol.iterator]() {
    return this.values();
  }
}

export class Timestamp {
  constructor(milliseconds) {
    this.milliseconds = milliseconds;
  }
}

/** `State::Idle` and its kind: equal to itself only, never to a text. `text` is what the host says for it. */
export class CallState {
  constructor(name, text) {
    this.name = name;
    this.text = text;
  }
}

const TYPES = [
  'int', 'float', 'bool', 'char', 'string', 'array', 'map', 'unit', 'fn', 'range', 'iterator', 'timestamp', 'state', 'assertion', 'module', 'native',
];
/** One bit for each type, so that a parameter can accept several. */
export const TYPE = Object.freeze(Object.fromEntries(TYPES.map((name, index) => [name, 1 << index])));
export const ANY = (1 << TYPES.length) - 1;
export const NUMBER = TYPE.int | TYPE.float;

/** Values of this front end say their type themselves. A symbol keeps objects of the host from being taken for one. */
const TYPE_OF = Symbol('type');
export function declareType(constructor, type) {
  constructor.prototype[TYPE_OF] = type;
}
declareType(Float, TYPE.float);
declareType(Char, TYPE.char);
declareType(Range, TYPE.range);
declareType(Iterator, TYPE.iterator);
declareType(Timestamp, TYPE.timestamp);
declareType(CallState, TYPE.state);

const PRIMITIVES = { number: TYPE.int, bigint: TYPE.int, string: TYPE.string, boolean: TYPE.bool, undefined: TYPE.unit };

export function typeBit(value) {
  if (typeof value !== 'object') return PRIMITIVES[typeof value] ?? TYPE.native;
  if (value === null) return TYPE.unit;
  if (Array.isArray(value)) return TYPE.array;
  return value[TYPE_OF] ?? (value instanceof Map ? TYPE.map : TYPE.native);
}

const NAMES = { int: 'i64', float: 'f64', unit: '()', fn: 'Fn', state: 'CallState', assertion: 'Assertion' };

/** Classes of the host by the names that it offers them under, which need not be their own. */
const handleNames = new WeakMap();
export const nameHandles = (constructor, name) => handleNames.set(constructor, name);

/** What `type_of` says. */
export function typeName(value) {
  const bit = typeBit(value);
  if (bit === TYPE.range) return value.inclusive ? 'range=' : 'range';
  if (bit === TYPE.native) return handleNames.get(value.constructor) ?? (value.constructor?.name || typeof value);
  return nameOfBit(bit);
}

function nameOfBit(bit) {
  const type = TYPES[31 - Math.clz32(bit)];
  return NAMES[type] ?? type;
}

const LARGEST = (1n << 63n) - 1n;
const SMALLEST = -(1n << 63n);

/** A bigint as the integer of a script, or undefined if 64 bits do not hold it. */
export function wholeNumber(big) {
  if (big > LARGEST || big < SMALLEST) return undefined;
  const number = Number(big);
  return Number.isSafeInteger(number) ? number : big;
}

/** A copy of what can change, the value itself otherwise. */
export function own(value) {
  return typeof value === 'object' ? copy(value) : value;
}

function copy(value) {
  if (Array.isArray(value)) return value.map(own);
  if (value instanceof Map) {
    const result = new Map();
    for (const [key, item] of value) result.set(key, own(item));
    return result;
  }
  return value;
}

/** Maps are in the order of their keys. */
export function sortedKeys(map) {
  return [...map.keys()].sort();
}

export const isInteger = (value) => typeof value === 'number' || typeof value === 'bigint';
export const asNumber = (value) => (value instanceof Float ? value.value : Number(value));
