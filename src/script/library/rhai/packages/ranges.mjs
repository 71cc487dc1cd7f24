// Ranges, steps through numbers, and time.
import { fault } from '../errors.mjs';
import { isIn, iterate } from '../members.mjs';
import { Float, Iterator, Range, Timestamp, asNumber, isInteger, wholeNumber } from '../values.mjs';

/** Numbers from `from` up to `to`, or down if the step is negative; `to` itself is not reached. */
function steps(from, to, step) {
  if (asNumber(step) === 0) throw fault('arithmetic', 'step value cannot be zero');
  const whole = [from, to, step].every(isInteger);
  const [first, last, width] = whole ? [from, to, step].map(BigInt) : [from, to, step].map(asNumber);
  const zero = whole ? 0n : 0;
  return new Iterator(function* walk() {
    for (let value = first; width > zero ? value < last : value > last; value += width) yield whole ? wholeNumber(value) : new Float(value);
  });
}

function now() {
  return new Timestamp(this.host.now?.() ?? globalThis.performance?.now() ?? Date.now());
}

export const RANGES = {
  'range(int, int)': (from, to) => new Range(from, to, false),
  'range(number, number, number)': steps,
  'range(range, int)': (range, step) => steps(range.from, wholeNumber(range.end), step),
  'step(range, int)': (range, step) => steps(range.from, wholeNumber(range.end), step),
  'get start(range)': ({ from }) => from,
  'get end(range)': ({ to }) => to,
  'get is_inclusive(range)': ({ inclusive }) => inclusive,
  'get is_exclusive(range)': ({ inclusive }) => !inclusive,
  'get is_empty(range)': ({ from, end }) => BigInt(from) >= end,
  'get len(range)': ({ from, end }) => (BigInt(from) >= end ? 0 : wholeNumber(end - BigInt(from))),
  'contains(range, int)': (range, value) => isIn(undefined, value, range),
  'to_array(range)': (range) => [...iterate(undefined, range)],
  'to_array(iterator)': (iterator) => [...iterator],
  'timestamp()': now,
  'get elapsed(timestamp)'(then) {
    return new Float((now.call(this).milliseconds - then.milliseconds) / 1000);
  },
};

