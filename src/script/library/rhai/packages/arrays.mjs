// Arrays. Positions count from the end if they are negative. Callbacks get (item), (item, index), or the item as `this` if they have no parameters.
import { display } from '../display.mjs';
import { fault } from '../errors.mjs';
import { offset, span } from '../members.mjs';
import { compare, equal } from '../operators.mjs';
import { own, typeBit, typeName } from '../values.mjs';

/** A callback as (item, index) => result or promise of one. */
function callback(environment, value) {
  const pointer = environment.asPointer(value);
  const { at } = environment;
  if (pointer.accepts(1)) return (item) => pointer.invoke(at, undefined, [own(item)]);
  if (pointer.accepts(2)) return (item, index) => pointer.invoke(at, undefined, [own(item), index]);
  if (pointer.accepts(0)) return (item) => pointer.invoke(at, { v: item }, []);
  return (item) => pointer.invoke(at, undefined, [own(item)]);
}

function predicate(environment, value) {
  const call = callback(environment, value);
  return async (item, index) => (await call(item, index)) === true;
}

/** The items in two lists: those for which the predicate holds, and the others. */
async function partition(items, holds) {
  const [yes, no] = [[], []];
  for (const [index, item] of items.entries()) ((await holds(item, index)) ? yes : no).push(item);
  return [yes, no];
}

async function search(items, holds, start = 0) {
  for (let index = start; index < items.length; index++) if (await holds(items[index], index)) return index;
  return -1;
}

async function reduce(environment, items, value, initial) {
  const pointer = environment.asPointer(value);
  const { at } = environment;
  let result = initial;
  for (const [index, item] of items) {
    const values = pointer.accepts(3) ? [result, own(item), index] : [result, own(item)];
    result = await pointer.invoke(at, undefined, values);
  }
  return result;
}

const entries = (array) => [...array.entries()];

/** Sorts without the sort of JavaScript, which cannot wait for a comparison: merges runs, and keeps the order of equal items. */
async function mergeSort(items, order) {
  if (items.length < 2) return items;
  const middle = items.length >> 1;
  const [left, right] = [await mergeSort(items.slice(0, middle), order), await mergeSort(items.slice(middle), order)];
  const merged = [];
  while (left.length > 0 && right.length > 0) merged.push((await order(left[0], right[0])) > 0 ? right.shift() : left.shift());
  return [...merged, ...left, ...right];
}

function naturalOrder(a, b) {
  const order = compare(a, b);
  if (order === undefined || typeBit(a) !== typeBit(b)) {
    throw fault('type', `Cannot sort items of different types, or without an order: ${typeName(a)}, ${typeName(b)}; give a function that compares them`);
  }
  return order;
}

async function sortWith(environment, cell, comparer) {
  const pointer = environment.asPointer(comparer);
  const { at } = environment;
  const order = async (a, b) => {
    const result = await pointer.invoke(at, undefined, [own(a), own(b)]);
    if (typeof result === 'boolean') return result ? -1 : 1;
    return Number(result?.value ?? result);
  };
  cell.v = await mergeSort(cell.v, order);
}

function removeSpan(cell, start, count) {
  const [from, to] = span(start, count, cell.v.length);
  return cell.v.splice(from, to - from);
}

/** Retaining nothing is taken for a mistake: the array stays as it is. */
function retainSpan(cell, start, count) {
  const [from, to] = span(start, count, cell.v.length);
  if (from === to) return [];
  const removed = [...cell.v.slice(0, from), ...cell.v.slice(to)];
  cell.v = cell.v.slice(from, to);
  return removed;
}

async function dedup(cell, holds) {
  const kept = [];
  for (const item of cell.v) if (kept.length === 0 || !(await holds(kept.at(-1), item))) kept.push(item);
  cell.v = kept;
}

const positionOf = (array, position) => (Number(position) < 0 ? array.length + Number(position) : Number(position));

function chop(cell, length) {
  cell.v.splice(0, Math.max(0, cell.v.length - Math.max(0, Number(length))));
}

function insert({ v: array }, position, item) {
  array.splice(offset(position, array.length), 0, own(item));
}

function pad({ v: array }, length, item) {
  if (length > 1e7) throw fault('runtime', `Size of array too large: ${length}`);
  while (array.length < length) array.push(own(item));
}

function splice({ v: array }, start, count, other) {
  const [from, to] = span(start, count, array.length);
  array.splice(from, to - from, ...own(other));
}

function split(cell, position) {
  const at = offset(position, cell.v.length);
  return cell.v.splice(at);
}

function zip(array, other) {
  return array.slice(0, other.length).map((item, index) => [own(item), own(other[index])]);
}

export const ARRAYS = {
  'get len(array)': (array) => array.length,
  'get is_empty(array)': (array) => array.length === 0,
  'get(array, int)': (array, position) => own(array[positionOf(array, position)]),
  'mut set(array, int, any)'({ v: array }, position, item) {
    if (positionOf(array, position) in array) array[positionOf(array, position)] = own(item);
  },
  'mut push(array, any)': ({ v: array }, item) => void array.push(own(item)),
  'mut append(array, array)': ({ v: array }, other) => void array.push(...own(other)),
  'concat(array, array)': (array, other) => own([...array, ...other]),
  'mut insert(array, int, any)': insert,
  'mut pop(array)': ({ v: array }) => array.pop(),
  'mut shift(array)': ({ v: array }) => array.shift(),
  'mut remove(array, int)': ({ v: array }, position) => (positionOf(array, position) in array ? array.splice(positionOf(array, position), 1)[0] : undefined),
  'mut clear(array)': ({ v: array }) => void (array.length = 0),
  'mut reverse(array)': ({ v: array }) => void array.reverse(),
  'mut truncate(array, int)': ({ v: array }, length) => void (array.length = Math.min(array.length, Math.max(0, Number(length)))),
  'mut chop(array, int)': chop,
  'mut pad(array, int, any)': pad,
  'extract(array, int|range, int?)': (array, start, count) => own(array.slice(...span(start, count, array.length))),
  'mut splice(array, int, int, array)': splice,
  'mut splice(array, range, array)': (cell, range, other) => splice(cell, range, undefined, other),
  'mut split(array, int)': split,
  'zip(array, array)': zip,
  'mut drain(array, callback)': async function drain(cell, holds) {
    const [yes, no] = await partition(cell.v, predicate(this, holds));
    cell.v = no;
    return yes;
  },
  'mut drain(array, int, int)': removeSpan,
  'mut drain(array, range)': removeSpan,
  'mut retain(array, callback)': async function retain(cell, holds) {
    const [yes, no] = await partition(cell.v, predicate(this, holds));
    cell.v = yes;
    return no;
  },
  'mut retain(array, int, int)': retainSpan,
  'mut retain(array, range)': retainSpan,
  'mut dedup(array)': (cell) => dedup(cell, equal),
  'mut dedup(array, callback)'(cell, same) {
    const pointer = this.asPointer(same);
    const { at } = this;
    return dedup(cell, async (a, b) => (await pointer.invoke(at, undefined, [own(a), own(b)])) === true);
  },
  'contains(array, any)': (array, item) => array.some((other) => equal(other, item)),
  'index_of(array, fn, int?)'(array, holds, start = 0) {
    return search(array, predicate(this, holds), offset(start, array.length));
  },
  'index_of(array, any, int?)': (array, item, start = 0) => array.findIndex((other, index) => index >= offset(start, array.length) && equal(other, item)),
  'find(array, callback, int?)': async function find(array, holds, start = 0) {
    const found = await search(array, predicate(this, holds), offset(start, array.length));
    return found < 0 ? undefined : own(array[found]);
  },
  'find_index(array, callback, int?)'(array, holds, start = 0) {
    return search(array, predicate(this, holds), offset(start, array.length));
  },
  'find_map(array, callback)': async function findMap(array, convert) {
    const call = callback(this, convert);
    for (const [index, item] of array.entries()) {
      const result = await call(item, index);
      if (result !== undefined) return result;
    }
    return undefined;
  },
  'map(array, callback)': async function map(array, convert) {
    const call = callback(this, convert);
    const result = [];
    for (const [index, item] of array.entries()) result.push(await call(item, index));
    return result;
  },
  'filter(array, callback)': async function filter(array, holds) {
    const [yes] = await partition(array, predicate(this, holds));
    return own(yes);
  },
  'mut for_each(array, callback)': async function forEach(cell, action) {
    const pointer = this.asPointer(action);
    const { at } = this;
    for (const [index, item] of [...cell.v.entries()]) {
      const element = { v: item };
      // The item is `this`, for the closure may change it; a parameter is its position.
      await pointer.invoke(at, element, pointer.accepts(0) ? [] : pointer.accepts(2) ? [own(item), index] : [index]);
      if (element.v !== item) cell.v[index] = element.v;
    }
  },
  'some(array, callback)': async function some(array, holds) {
    return (await search(array, predicate(this, holds))) >= 0;
  },
  'all(array, callback)': async function all(array, holds) {
    const test = predicate(this, holds);
    return (await search(array, async (item, index) => !(await test(item, index)))) < 0;
  },
  'none(array, callback)': async function none(array, holds) {
    return (await search(array, predicate(this, holds))) < 0;
  },
  'reduce(array, callback, any?)'(array, combine, initial) {
    return reduce(this, entries(array), combine, own(initial));
  },
  'reduce_rev(array, callback, any?)'(array, combine, initial) {
    return reduce(this, entries(array).reverse(), combine, own(initial));
  },
  'mut sort(array)': ({ v: array }) => void array.sort(naturalOrder),
  'mut sort(array, callback)'(cell, comparer) {
    return sortWith(this, cell, comparer);
  },
  'join(array, text)': (array, separator) => array.map(display).join(display(separator)),
};

