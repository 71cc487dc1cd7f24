// Values as assertions tell and compare them.

export const State = Object.freeze({ Idle: 'idle', Ringing: 'ringing', Established: 'established' });

const kStateNames = { idle: 'Idle', ringing: 'Ringing', established: 'Established' };
const kStateValues = new Set(Object.values(State));

/** How a value reads in a report. */
export function display(value, within = []) {
  if (value === undefined || value === null) {
    return '()';
  }
  if (typeof value === 'string') {
    return kStateValues.has(value) ? kStateNames[value] : value;
  }
  if (value instanceof RegExp || value instanceof Date || value instanceof Error) {
    return String(value);
  }
  if (typeof value === 'object') {
    if (within.includes(value)) {
      return '…';
    }
    const inner = (of) => display(of, [...within, value]);
    if (Array.isArray(value) || value instanceof Set) {
      return `[${[...value].map(inner).join(', ')}]`;
    }
    if (typeof value.toJSON === 'function') {
      return inner(value.toJSON());
    }
    return `#{${(value instanceof Map ? [...value] : Object.entries(value)).map(([key, of]) => `${key}: ${inner(of)}`).join(', ')}}`;
  }
  return String(value);
}

/** For what keeps its content elsewhere than in properties. */
const kSameContent = {
  Date: (one, other) => Object.is(one.getTime(), other.getTime()),
  RegExp: (one, other) => String(one) === String(other),
  Error: (one, other) => one.name === other.name && one.message === other.message,
  Set: (one, other, deeper) => one.size === other.size && [...one].every((item) => other.has(item) || [...other].some((its) => deeper(item, its))),
  Map: (one, other, deeper) => one.size === other.size && [...one].every(([key, value]) => other.has(key) && deeper(value, other.get(key)))
};

/** The same kind and content; maps in any order. */
export function equal(one, other, within = []) {
  if (Object.is(one, other) || (one == null && other == null) || within.some(([its, others]) => its === one && others === other)) {
    return true;
  }
  if (typeof one === 'number' && typeof other === 'number') {
    return one === other;
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) {
    return false;
  }
  const deeper = (its, others) => equal(its, others, [...within, [one, other]]);
  for (const type of [Date, RegExp, Error, Set, Map]) {
    if (one instanceof type || other instanceof type) {
      return one instanceof type && other instanceof type && kSameContent[type.name](one, other, deeper);
    }
  }
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && deeper(one[key], other[key]));
}
