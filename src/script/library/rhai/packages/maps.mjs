// Object maps, in the order of their keys.
import { own, sortedKeys } from '../values.mjs';
import { toJson } from './json.mjs';

function mixIn({ v: map }, other) {
  for (const [key, value] of other) map.set(key, own(value));
}

function take({ v: map }, key) {
  const value = map.get(key);
  map.delete(key);
  return value;
}

/** Calls the predicate with a key and its value. */
async function partition(environment, map, holds) {
  const pointer = environment.asPointer(holds);
  const { at } = environment;
  const [yes, no] = [new Map(), new Map()];
  for (const key of sortedKeys(map)) {
    const value = map.get(key);
    const values = pointer.accepts(1) ? [key] : [key, own(value)];
    const result = await pointer.invoke(at, { v: value }, values);
    (result === true ? yes : no).set(key, value);
  }
  return [yes, no];
}

export const MAPS = {
  'len(map)': (map) => map.size,
  'is_empty(map)': (map) => map.size === 0,
  'keys(map)': sortedKeys,
  'values(map)': (map) => sortedKeys(map).map((key) => own(map.get(key))),
  'contains(map, string)': (map, key) => map.has(key),
  'get(map, string)': (map, key) => own(map.get(key)),
  'mut set(map, string, any)': ({ v: map }, key, value) => void map.set(key, own(value)),
  'mut remove(map, string)': take,
  'mut clear(map)': ({ v: map }) => map.clear(),
  'mut mixin(map, map)': mixIn,
  'mut fill_with(map, map)'({ v: map }, other) {
    for (const [key, value] of other) if (!map.has(key)) map.set(key, own(value));
  },
  'filter(map, callback)': async function filter(map, holds) {
    const [yes] = await partition(this, map, holds);
    return own(yes);
  },
  'mut drain(map, callback)': async function drain(cell, holds) {
    const [yes, no] = await partition(this, cell.v, holds);
    cell.v = no;
    return yes;
  },
  'mut retain(map, callback)': async function retain(cell, holds) {
    const [yes, no] = await partition(this, cell.v, holds);
    cell.v = yes;
    return no;
  },
  'to_json(map)': toJson,
  'to_json(array)': toJson,
};
