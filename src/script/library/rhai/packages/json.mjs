// JSON: () is null, and a number is an integer if it is written like one.
import { fault } from '../errors.mjs';
import { Float, TYPE, sortedKeys, typeBit, wholeNumber } from '../values.mjs';
import { display, exactFloat } from '../display.mjs';

const WRITERS = new Map([
  [TYPE.unit, () => 'null'],
  [TYPE.bool, String],
  [TYPE.int, String],
  [TYPE.float, ({ value }) => (Number.isFinite(value) ? exactFloat({ value }) : 'null')],
  [TYPE.string, (text) => JSON.stringify(text)],
  [TYPE.char, ({ text }) => JSON.stringify(text)],
  [TYPE.array, (items) => `[${items.map(toJson).join(',')}]`],
  [TYPE.map, (map) => `{${sortedKeys(map).map((key) => `${JSON.stringify(key)}:${toJson(map.get(key))}`).join(',')}}`],
]);

export function toJson(value) {
  const write = WRITERS.get(typeBit(value));
  return write ? write(value) : JSON.stringify(display(value));
}

const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;

/** Reads JSON itself: `JSON.parse` cannot tell 1.0 from 1, and loses digits of large integers. */
class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  fail() {
    const what = this.at < this.text.length ? `unexpected '${this.text[this.at]}'` : 'unexpected end';
    throw fault('runtime', `Invalid JSON: ${what} at character ${this.at + 1}`);
  }

  skip() {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++;
  }

  take(token) {
    this.skip();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  expect(token) {
    if (!this.take(token)) this.fail();
  }

  document() {
    const value = this.value();
    this.skip();
    if (this.at < this.text.length) this.fail();
    return value;
  }

  value() {
    if (this.take('{')) return new Map(this.list('}', () => this.entry()));
    if (this.take('[')) return this.list(']', () => this.value());
    if (this.take('true')) return true;
    if (this.take('false')) return false;
    if (this.take('null')) return undefined;
    return this.text[this.at] === '"' ? this.string() : this.number();
  }

  list(end, item) {
    const items = [];
    // A comma behind the last item is not JSON, but Rhai takes it.
    while (!this.take(end)) {
      items.push(item());
      if (!this.take(',')) {
        this.expect(end);
        break;
      }
    }
    return items;
  }

  entry() {
    this.skip();
    const key = this.string();
    this.expect(':');
    return [key, this.value()];
  }

  string() {
    const pattern = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) this.fail();
    try {
      const value = JSON.parse(found[0]);
      this.at = pattern.lastIndex;
      return value;
    } catch {
      return this.fail();
    }
  }

  number() {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (!found) this.fail();
    this.at = NUMBER.lastIndex;
    const [text, fraction, exponent] = found;
    const whole = fraction || exponent ? undefined : wholeNumber(BigInt(text));
    return whole ?? new Float(Number(text));
  }
}

const parseJson = (text) => new Reader(text).document();
export const JSON_FUNCTIONS = { 'parse_json(string)': parseJson };
