// Values as text: `display` is what `print` shows, `debug` tells a text from a number.
import { Char, Float, TYPE, sortedKeys, typeBit, typeName } from './values.mjs';

const ESCAPED = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export const quoted = (text) => `"${text.replace(/[\\"\n\r\t]/g, (c) => ESCAPED[c])}"`;

/** Floats always show that they are: 1.0, never 1. Those of a size outside of the limits have an exponent. */
function floatText(number, smallest, largest) {
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? 'inf' : '-inf';
  const size = Math.abs(number);
  if (size !== 0 && (size > largest || size < smallest)) return number.toExponential().replace('e+', 'e');
  if (Number.isInteger(number)) return `${Object.is(number, -0) ? '-0' : number}.0`;
  // Shorter than with toFixed: the digits that are needed, and no more.
  const [digits, exponent] = number.toExponential().split('e-');
  return size < 1e-6 ? `${number < 0 ? '-' : ''}0.${'0'.repeat(exponent - 1)}${digits.replace(/[-.]/g, '')}` : String(number);
}

const shownFloat = ({ value }) => floatText(value === 0 ? 0 : value, 1e-13, 9_999_999_999_999);
export const exactFloat = ({ value }) => floatText(value, 1e-4, 9_999_999_999_999_998);

export function display(value) {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value instanceof Char) return value.text;
  if (value instanceof Float) return shownFloat(value);
  return value === undefined ? '' : debug(value);
}

export function debug(value) {
  return render(value, debug);
}

/** How assertions and their reports show a value: (), [1, a], #{k: 2}. */
export function plain(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Float) return shownFloat(value);
  return value instanceof Char ? value.text : render(value, plain, (key) => key);
}

function render(value, inner, key = quoted) {
  const write = WRITERS.get(typeBit(value));
  if (write) return write(value, inner, key);
  return typeof value?.toString === 'function' && value.toString !== Object.prototype.toString ? String(value) : typeName(value);
}

const WRITERS = new Map([
  [TYPE.unit, () => '()'],
  [TYPE.int, String],
  [TYPE.bool, String],
  [TYPE.string, quoted],
  [TYPE.char, ({ text }) => `'${text === "'" ? "\\'" : text}'`],
  [TYPE.float, exactFloat],
  [TYPE.array, (items, inner) => `[${items.map((item) => inner(item)).join(', ')}]`],
  [TYPE.map, (map, inner, key) => `#{${sortedKeys(map).map((name) => `${key(name)}: ${inner(map.get(name))}`).join(', ')}}`],
  [TYPE.range, ({ from, to, inclusive }) => `${from}..${inclusive ? '=' : ''}${to}`],
  [TYPE.timestamp, () => '<timestamp>'],
  [TYPE.state, ({ name }) => name],
  [TYPE.iterator, () => '<iterator>'],
]);

