// Pointers to functions, and the sets of library functions that a name stands for.
import { ANY, NUMBER, TYPE, declareType, own, typeBit, typeName } from './values.mjs';
import { fault } from './errors.mjs';

/** Calls within each other, as deep as Rhai allows. */
export const MAX_DEPTH = 64;
let depth = 0;

/** Closures do not know who calls them, so what is counted is how many of them have begun and not given a promise yet. */
function nested(at, call) {
  if (depth >= MAX_DEPTH) throw fault('depth', 'Stack overflow', at);
  depth++;
  try {
    return call();
  } finally {
    depth--;
  }
}

/** A closure, or the name of a function that is looked up when it is called. */
export class FunctionPointer {
  constructor(name, { environment, factory, cells = [], arity, curried = [] }) {
    Object.assign(this, { name, environment, factory, cells, arity, curried });
    this.code = factory?.(...cells);
  }

  get isAnonymous() {
    return this.factory !== undefined;
  }

  toString() {
    return `Fn(${this.name})`;
  }

  /** Can it be called with so many arguments? */
  accepts(count) {
    const all = count + this.curried.length;
    return this.isAnonymous ? this.arity === all : this.environment.isFunction(this.name, all);
  }

  /** `cell` holds `this`. The result may be a promise. */
  invoke(at, cell, values) {
    const all = this.curried.length > 0 ? [...this.curried.map(own), ...values] : values;
    if (!this.isAnonymous) return this.environment.callNamed(at, this.name, cell, all);
    if (all.length !== this.arity) throw fault('type', `Function not found: ${signature(this.name, all)}: the closure takes ${this.arity}`, at);
    return nested(at, () => this.code(cell, ...all));
  }

  curry(values) {
    const copy = Object.assign(Object.create(FunctionPointer.prototype), this);
    copy.curried = [...this.curried, ...values];
    return copy;
  }

  /** A closure with copies of what it captured. `copies` keeps variables that two closures share shared among their copies. */
  fork(copies = new Map()) {
    if (copies.has(this)) return copies.get(this);
    const copy = Object.assign(Object.create(FunctionPointer.prototype), this);
    copies.set(this, copy);
    copy.cells = this.cells.map((cell) => forkCell(cell, copies));
    copy.code = this.factory?.(...copy.cells);
    copy.curried = this.curried.map((value) => forkValue(value, copies));
    return copy;
  }
}
declareType(FunctionPointer, TYPE.fn);

function forkCell(cell, copies) {
  let copy = copies.get(cell);
  if (!copy) {
    copy = { ...cell };
    copies.set(cell, copy);
    copy.v = forkValue(cell.v, copies);
  }
  return copy;
}

function forkValue(value, copies) {
  if (value instanceof FunctionPointer) return value.fork(copies);
  if (Array.isArray(value)) return value.map((item) => forkValue(item, copies));
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, forkValue(item, copies)])) : value;
}

export const signature = (name, values) => `${name} (${values.map(typeName).join(', ')})`;

const ALIASES = { any: ANY, number: NUMBER, text: TYPE.string | TYPE.char, callback: TYPE.fn | TYPE.string };

const mask = (text) => text.split('|').reduce((bits, name) => bits | (ALIASES[name] ?? TYPE[name]), 0);

/**
 * Library functions by name and number of arguments. A package is a table {signature: function}:
 *   'sub_string(string, int, int?)'  a function; `?` may be absent, `|` separates types
 *   'get len(string)'                the same, and readable as a property
 *   'mut push(array, any)'           gets a cell {v} instead of its first argument, which it may replace
 * Functions are called with the environment of the script as `this`.
 */
export class Library {
  constructor(parent) {
    this.parent = parent;
    this.overloads = new Map();
    this.getters = new Map();
    this.mutating = new Set(parent?.mutating);
  }

  add(table) {
    for (const [text, run] of Object.entries(table)) this.define(text, run);
    return this;
  }

  define(text, run) {
    const [, flag, name, list] = /^(?:(get|mut) )?([\w$]+)\((.*)\)$/.exec(text);
    const parameters = list === '' ? [] : list.split(', ');
    const masks = parameters.map((parameter) => mask(parameter.replace('?', '')));
    const required = parameters.filter((parameter) => !parameter.endsWith('?')).length;
    const entry = { name, masks, run, mutates: flag === 'mut' };
    if (entry.mutates) this.mutating.add(name);
    for (let count = required; count <= parameters.length; count++) append(this.overloads, `${name}/${count}`, entry);
    if (flag === 'get') append(this.getters, name, entry);
  }

  find(name, count) {
    const mine = this.overloads.get(`${name}/${count}`) ?? [];
    return this.parent ? [...mine, ...this.parent.find(name, count)] : mine;
  }

  getter(name, value) {
    const entry = this.getters.get(name)?.find(({ masks }) => typeBit(value) & masks[0]);
    return entry ?? this.parent?.getter(name, value);
  }

  /** All names, with the numbers of arguments that each takes. */
  arities() {
    const all = new Map(this.parent?.arities());
    for (const key of this.overloads.keys()) {
      const [name, count] = key.split('/');
      all.set(name, new Set([...(all.get(name) ?? []), Number(count)]));
    }
    return all;
  }
}

function append(map, key, entry) {
  const list = map.get(key);
  if (list) list.push(entry);
  else map.set(key, [entry]);
}

/** The first of the overloads whose parameters take these values. */
export function select(overloads, values) {
  for (const entry of overloads) {
    let fits = true;
    for (let index = 0; fits && index < values.length; index++) fits = (typeBit(values[index]) & entry.masks[index]) !== 0;
    if (fits) return entry;
  }
  return undefined;
}
