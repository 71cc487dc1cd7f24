// The operators. Each tries small integers first, which the engine inlines; all else goes through a slower function.
import { display } from './display.mjs';
import { fault } from './errors.mjs';
import { Char, Float, NUMBER, Timestamp, TYPE, asNumber, isInteger, own, typeBit, typeName, wholeNumber } from './values.mjs';

const LARGEST = Number.MAX_SAFE_INTEGER;

function noSuchOperator(operator, a, b, at) {
  return fault('type', `Function not found: ${operator} (${typeName(a)}, ${typeName(b)})`, at);
}

/** The result of arithmetic with integers, which must fit in 64 bits. */
function checked(big, what, text, at) {
  const whole = wholeNumber(big);
  if (whole === undefined) throw fault('arithmetic', `${what} overflow: ${text()}`, at);
  return whole;
}

function arithmetic({ symbol, what, whole, real, other }) {
  return (a, b, at) => {
    const wholeA = isInteger(a);
    const wholeB = isInteger(b);
    if (wholeA && wholeB) return checked(whole(BigInt(a), BigInt(b), at), what, () => `${a} ${symbol} ${b}`, at);
    if (a instanceof Float) {
      if (b instanceof Float) return new Float(real(a.value, b.value));
      if (wholeB) return new Float(real(a.value, Number(b)));
    } else if (wholeA && b instanceof Float) return new Float(real(Number(a), b.value));
    const result = other?.(a, b, at);
    if (result === undefined) throw noSuchOperator(symbol, a, b, at);
    return result;
  };
}

const isText = (value) => typeof value === 'string' || value instanceof Char;

function join(a, b) {
  if (isText(a) || typeof b === 'string') return typeof a === 'string' || typeof b === 'string' || isText(b) ? display(a) + display(b) : undefined;
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b].map(own);
  if (a instanceof Map && b instanceof Map) return own(new Map([...a, ...b]));
  if (a instanceof Timestamp && typeBit(b) & NUMBER) return new Timestamp(a.milliseconds + asNumber(b) * 1000);
  return undefined;
}

function cut(a, b) {
  if (typeof a === 'string' && isText(b)) return display(b) === '' ? a : a.replaceAll(display(b), '');
  if (a instanceof Timestamp && b instanceof Timestamp) return new Float((a.milliseconds - b.milliseconds) / 1000);
  if (a instanceof Timestamp && typeBit(b) & NUMBER) return new Timestamp(a.milliseconds - asNumber(b) * 1000);
  return undefined;
}

function nonZero(symbol, what, apply) {
  return (a, b, at) => {
    if (b === 0n) throw fault('arithmetic', `${what}: ${a} ${symbol} 0`, at);
    return apply(a, b);
  };
}

const slowAdd = arithmetic({ symbol: '+', what: 'Addition', whole: (a, b) => a + b, real: (a, b) => a + b, other: join });
const slowSubtract = arithmetic({ symbol: '-', what: 'Subtraction', whole: (a, b) => a - b, real: (a, b) => a - b, other: cut });
const slowMultiply = arithmetic({ symbol: '*', what: 'Multiplication', whole: (a, b) => a * b, real: (a, b) => a * b });
const slowDivide = arithmetic({ symbol: '/', what: 'Division', whole: nonZero('/', 'Division by zero', (a, b) => a / b), real: (a, b) => a / b });
const remainderOf = nonZero('%', 'Modulo division by zero or overflow', (a, b) => a % b);
const slowRemainder = arithmetic({ symbol: '%', what: 'Modulo division', whole: remainderOf, real: (a, b) => a % b });

export function add(a, b, at) {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= LARGEST && sum >= -LARGEST) return sum;
  }
  return slowAdd(a, b, at);
}

/** `a += b`: an array grows itself, by the items of an array or by one item. */
export function addTo(a, b, at) {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= LARGEST && sum >= -LARGEST) return sum;
  }
  if (Array.isArray(a)) {
    if (Array.isArray(b)) for (const item of [...b]) a.push(own(item));
    else a.push(own(b));
    return a;
  }
  if (!(a instanceof Map && b instanceof Map)) return slowAdd(a, b, at);
  for (const [key, value] of b) a.set(key, own(value));
  return a;
}

export function subtract(a, b, at) {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (difference <= LARGEST && difference >= -LARGEST) return difference;
  }
  return slowSubtract(a, b, at);
}

export function multiply(a, b, at) {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    // Adding zero makes 0 of -0, which integers do not have.
    if (product <= LARGEST && product >= -LARGEST) return product + 0;
  }
  return slowMultiply(a, b, at);
}

export function divide(a, b, at) {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return Math.trunc(a / b) + 0;
  return slowDivide(a, b, at);
}

export function remainder(a, b, at) {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return (a % b) + 0;
  return slowRemainder(a, b, at);
}

const exponent = arithmetic({
  symbol: '**',
  what: 'Exponential',
  whole: (a, b, at) => {
    if (b < 0n) throw fault('arithmetic', `Integer raised to a negative power: ${a} ** ${b}`, at);
    // Beyond this every power but those of -1, 0 and 1 is out of range, and computing it would take all memory.
    if (b > 64n && a !== 0n && a !== 1n && a !== -1n) return 1n << 64n;
    return a ** (a === -1n ? b % 2n : b > 64n ? 1n : b);
  },
  real: (a, b) => a ** b,
});
export const power = (a, b, at) => exponent(a, b, at);

export function negate(value, at) {
  if (typeof value === 'number') return 0 - value;
  if (typeof value === 'bigint') return checked(-value, 'Negation', () => `-${value}`, at);
  if (value instanceof Float) return new Float(-value.value);
  throw fault('type', `Function not found: - (${typeName(value)})`, at);
}

export function plus(value, at) {
  if (typeBit(value) & NUMBER) return value;
  throw fault('type', `Function not found: + (${typeName(value)})`, at);
}

export function not(value, at) {
  if (typeof value === 'boolean') return !value;
  throw fault('type', `Function not found: ! (${typeName(value)})`, at);
}

function bitwise(symbol, whole, logical) {
  return (a, b, at) => {
    if (typeof a === 'boolean' && typeof b === 'boolean') return logical(a, b, at);
    if (!isInteger(a) || !isInteger(b)) throw noSuchOperator(symbol, a, b, at);
    return wholeNumber(BigInt.asIntN(64, whole(BigInt(a), BigInt(b))));
  };
}

const isSmall = (a) => (a | 0) === a;
const slowAnd = bitwise('&', (a, b) => a & b, (a, b) => a && b);
const slowOr = bitwise('|', (a, b) => a | b, (a, b) => a || b);
const slowXor = bitwise('^', (a, b) => a ^ b, (a, b) => a !== b);
const bothSmall = (a, b) => typeof a === 'number' && typeof b === 'number' && isSmall(a) && isSmall(b);
export const bitAnd = (a, b, at) => (bothSmall(a, b) ? a & b : slowAnd(a, b, at));
export const bitOr = (a, b, at) => (bothSmall(a, b) ? a | b : slowOr(a, b, at));
export const bitXor = (a, b, at) => (bothSmall(a, b) ? a ^ b : slowXor(a, b, at));

const noLogic = (symbol) => (a, b, at) => {
  throw noSuchOperator(symbol, a, b, at);
};
/** By a negative distance the bits go the other way; beyond 63 none is left. */
const left = (a, b) => (b < 0n ? right(a, -b) : b > 63n ? 0n : a << b);
const right = (a, b) => (b < 0n ? left(a, -b) : a >> (b > 63n ? 63n : b));
export const shiftLeft = bitwise('<<', left, noLogic('<<'));
export const shiftRight = bitwise('>>', right, noLogic('>>'));

/** `==`. Numbers are compared by value, a char with a text by its text; values of different types are different. */
export function equal(a, b) {
  // Of all values only a float that is no number differs from itself.
  if (a === b) return !(a instanceof Float) || !Number.isNaN(a.value);
  if (typeof a === 'number' && typeof b === 'number') return false;
  const types = typeBit(a) | typeBit(b);
  if ((types & ~NUMBER) === 0) return types === TYPE.int ? false : asNumber(a) === asNumber(b);
  if ((types & ~(TYPE.char | TYPE.string)) === 0) return display(a) === display(b);
  return typeBit(a) === typeBit(b) && alike(a, b, equal);
}

/** Equality by type and value, as in `switch`. */
export function same(a, b) {
  if (a === b) return true;
  return typeBit(a) === typeBit(b) && alike(a, b, same);
}

const ALIKE = new Map([
  [TYPE.float, (a, b) => a.value === b.value],
  [TYPE.char, (a, b) => a.text === b.text],
  [TYPE.array, (a, b, compare) => a.length === b.length && a.every((item, index) => compare(item, b[index]))],
  [TYPE.map, (a, b, compare) => a.size === b.size && [...a].every(([key, item]) => b.has(key) && compare(item, b.get(key)))],
  [TYPE.range, (a, b) => a.from === b.from && a.to === b.to && a.inclusive === b.inclusive],
  [TYPE.timestamp, (a, b) => a.milliseconds === b.milliseconds],
  [TYPE.fn, (a, b) => a.name === b.name && a.code === b.code],
]);

const alike = (a, b, compare) => ALIKE.get(typeBit(a))?.(a, b, compare) ?? false;

export const unequal = (a, b, at) => !equal(a, b, at);

/** -1, 0 or 1 for values that have an order, NaN where none is before the other, undefined for types that have none. */
export function compare(a, b) {
  const types = typeBit(a) | typeBit(b);
  if ((types & ~NUMBER) === 0) return types === TYPE.int ? sign(a, b) : sign(asNumber(a), asNumber(b));
  if ((types & ~(TYPE.char | TYPE.string)) === 0) return sign(display(a), display(b));
  if (types === TYPE.timestamp) return sign(a.milliseconds, b.milliseconds);
  if (types === TYPE.bool) return sign(a, b);
  return types === TYPE.unit ? 0 : undefined;
}

const sign = (a, b) => (a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) || typeof a === 'string' ? 0 : NaN);

function ordering(symbol, holds) {
  return (a, b, at) => {
    const order = compare(a, b);
    if (order !== undefined) return holds(order);
    if (typeBit(a) === typeBit(b)) throw noSuchOperator(symbol, a, b, at);
    return false;
  };
}

const slowLess = ordering('<', (order) => order < 0);
const slowAtMost = ordering('<=', (order) => order <= 0);
const slowGreater = ordering('>', (order) => order > 0);
const slowAtLeast = ordering('>=', (order) => order >= 0);
const numbers = (a, b) => typeof a === 'number' && typeof b === 'number';
export const less = (a, b, at) => (numbers(a, b) ? a < b : slowLess(a, b, at));
export const atMost = (a, b, at) => (numbers(a, b) ? a <= b : slowAtMost(a, b, at));
export const greater = (a, b, at) => (numbers(a, b) ? a > b : slowGreater(a, b, at));
export const atLeast = (a, b, at) => (numbers(a, b) ? a >= b : slowAtLeast(a, b, at));

/** What a condition must be. */
export function truth(value, at) {
  if (value === true || value === false) return value;
  throw fault('type', `Data type incorrect: ${typeName(value)} (expecting bool)`, at);
}
