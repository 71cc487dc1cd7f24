// The border to the host: values go over it both ways, and its functions, methods and properties are found by the names that Rhai has for them.
import { RhaiError, fault, locate } from './errors.mjs';
import { FunctionPointer } from './functions.mjs';
import { noProperty } from './members.mjs';
import { hostMethod, toCamel, toSnake } from './names.mjs';
import { CallState, Char, Float, TYPE, nameHandles, own, sortedKeys, typeBit, wholeNumber } from './values.mjs';

export const NOT_FOUND = Symbol('not found');

/** Measured values are floats, even where one happens to be whole. */
export const ALWAYS_FLOAT = new Set(['mos', 'sentMos', 'sent_mos', 'jitter', 'rtt', 'packetLoss', 'packet_loss', 'levelDbov', 'peakDbov', 'clipped', 'silence', 'speech', 'similarity', 'delay']);
/** What authors wrote themselves, or somebody else's program: keys stay as they are. */
const FOREIGN = new Set(['metadata', 'json', 'headers', 'query', 'body', 'data']);
/** Of these one may read a member even if there is none at the moment: it is () then, as each of its members. */
const READABLE_WHEN_ABSENT = new Set(['peer']);

function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) return false;
  if (prototype !== null && prototype.constructor?.name !== 'Object') return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every((property) => 'value' in property && typeof property.value !== 'function');
}

/** Members that every object of JavaScript has are no part of the API. */
const hasMember = (object, name) => name in object && !(name in Object.prototype);

export class HostBridge {
  constructor(host) {
    this.host = host;
    /** Maps that went to the host, by the objects that were made of them: what comes back has the types that it had. */
    this.origins = new WeakMap();
    for (const [name, member] of Object.entries(host)) if (/^[A-Z]/.test(name) && typeof member === 'function') nameHandles(member, name);
    this.states = new Map(Object.entries(host.State ?? {}).map(([name, text]) => [text, new CallState(name, text)]));
  }

  // From the script to the host.

  toHost(value) {
    if (typeof value === 'bigint') return Number(value);
    if (value === null || typeof value !== 'object') return value;
    if (value instanceof Float) return value.value;
    if (value instanceof Char || value instanceof CallState) return value.text;
    if (value instanceof FunctionPointer) return this.callable(value);
    if (Array.isArray(value)) return value.map((item) => this.inner(item));
    return value instanceof Map ? this.objectOf(value, own(value)) : value;
  }

  objectOf(map, origin) {
    const object = Object.fromEntries(sortedKeys(map).map((key) => [key, this.inner(map.get(key))]));
    this.origins.set(object, origin);
    return object;
  }

  /** Inside of data what is absent is null, as in JSON. */
  inner(value) {
    return value === undefined ? null : this.toHost(value);
  }

  /** A map of options: what is () in it is not given at all. */
  options(map) {
    return this.toHost(new Map([...map].filter(([, value]) => value !== undefined)));
  }

  /** As `toHost`, but what comes back is the very map that was given, and no copy. */
  shared(value) {
    return value instanceof Map ? this.objectOf(value, value) : this.toHost(value);
  }

  /** A function of the host that calls a closure. It takes as many arguments as the closure has parameters. */
  callable(pointer, convert = (value) => this.toHost(value)) {
    const { at } = pointer.environment;
    const arity = pointer.isAnonymous ? pointer.arity - pointer.curried.length : [0, 1, 2, 3].find((count) => pointer.accepts(count)) ?? 0;
    const call = async (...values) => {
      const all = Array.from({ length: arity }, (_, index) => this.fromHost(values[index]));
      return convert(await pointer.invoke(at, undefined, all));
    };
    return Object.defineProperty(call, 'length', { value: arity });
  }

  // From the host to the script. `name` is the property or method that gave the value: the state of a call is a value of its own type, for instance.

  fromHost(value, name) {
    if (value === null || value === undefined) return undefined;
    if (typeof value === 'number') return Number.isSafeInteger(value) && !ALWAYS_FLOAT.has(name) ? value + 0 : new Float(value);
    if (typeof value === 'bigint') return wholeNumber(value) ?? new Float(Number(value));
    if (typeof value === 'string') return (name === 'state' && this.states.get(value)) || value;
    if (typeof value !== 'object') return value;
    const origin = this.origins.get(value);
    if (origin) return origin;
    if (Array.isArray(value)) return value.map((item) => this.fromHost(item, name));
    return typeBit(value) === TYPE.native && isPlain(value) ? this.mapOf(value, name) : value;
  }

  mapOf(object, name) {
    const foreign = FOREIGN.has(name);
    const entries = Object.entries(object).map(([key, value]) => [foreign ? key : toSnake(key), this.fromHost(value, foreign ? name : key)]);
    const map = new Map(entries);
    if (name === 'info' && map.get('state') instanceof CallState) map.set('state', map.get('state').name);
    return map;
  }

  propertyValue(value, name) {
    if (value === undefined && READABLE_WHEN_ABSENT.has(name)) return new Map();
    return own(this.fromHost(value, name));
  }

  // Calls and properties by name.

  read(at, object, name) {
    const property = toCamel(name);
    if (!hasMember(object, property)) throw noProperty(at, object, name);
    return this.crossing(at, () => object[property], (value) => {
      if (typeof value === 'function') throw noProperty(at, object, name);
      return this.propertyValue(value, property);
    });
  }

  write(at, object, name, item) {
    const property = toCamel(name);
    if (!hasMember(object, property)) throw noProperty(at, object, name, 'setter');
    this.crossing(at, () => (object[property] = this.toHost(item)));
  }

  hasMethod(object, name) {
    return hasMember(object, hostMethod(name));
  }

  /** A method of a handle or a function of the host that no table mentions, so that new ones can be used at once. */
  call(at, name, [first, ...rest]) {
    if (typeBit(first) === TYPE.native) {
      const method = hostMethod(name);
      if (hasMember(first, method) && typeof first[method] === 'function') {
        return this.invoke(at, () => first[method](...rest.map((value) => this.toHost(value))), method);
      }
      if (rest.length === 0 && hasMember(first, method)) return this.read(at, first, name);
    }
    const global = toCamel(name);
    const values = first === undefined && rest.length === 0 ? [] : [first, ...rest];
    if (HIDDEN.has(global) || !hasMember(this.host, global) || typeof this.host[global] !== 'function' || /^[A-Z]/.test(global)) return NOT_FOUND;
    return this.invoke(at, () => this.host[global](...values.map((value) => this.toHost(value))), global);
  }

  invoke(at, call, name) {
    return this.crossing(at, call, (value) => own(this.fromHost(value, name)));
  }

  /** Leaves the script at `at`: events and errors of the host name that place. The result may be a promise. */
  crossing(at, call, convert = (value) => value) {
    this.host.position = at;
    try {
      const result = call();
      if (typeof result?.then !== 'function') return convert(result);
      return Promise.resolve(result).then(convert, (error) => {
        throw locate(error, at);
      });
    } catch (error) {
      throw locate(error, at);
    }
  }

  /** Skipping a scenario is no error that a script could catch. */
  isFinal(error) {
    return error?.final === true || /^Skip/.test(error?.name ?? '') || /^Skip/.test(error?.constructor?.name ?? '');
  }

  /**
   * An error inside of a condition that is waited for. A wait goes on over failed assertions only; in Rhai it also goes on over what the script throws and what
   * is not there yet, but a name that nothing has will not come: that ends the wait at once.
   */
  whileWaiting(error) {
    if (!(error instanceof RhaiError) || error.isMistake) return error;
    const Base = this.host.AssertionError ?? Error;
    const text = error.value === undefined ? error.message : error.message.replace(/^Runtime error: /, '');
    return Object.assign(new Base(text), { name: 'AssertionError', message: text, at: error.at, cause: error });
  }

  requireFunction(pointer, at, what, most) {
    const fits = pointer instanceof FunctionPointer && Array.from({ length: most + 1 }, (_, count) => count).some((count) => pointer.accepts(count));
    if (fits) return;
    const takes = most === 0 ? 'no parameters' : 'no parameter or one';
    throw fault('type', pointer instanceof FunctionPointer ? `${what} takes ${takes}, not ${pointer.arity}` : `${what} must be a function`, at);
  }
}

/** Members of the host that are for the front ends, not for scripts. */
const HIDDEN = new Set(['takeLabel', 'report', 'until', 'scenario', 'setup', 'teardown', 'beforeAll', 'afterAll']);
