// Values as assertions tell and compare them.

export const State = Object.freeze({ Idle: 'idle', Ringing: 'ringing', Established: 'established' });

const kStateNames = { idle: 'Idle', ringing: 'Ringing', established: 'Established' };
const kStateValues = new Set(Object.values(State));

/** How a value reads in a report. */
export function display(value) {
  if (value === undefined || value === null) {
    return '()';
  }
  if (typeof value === 'string') {
    return kStateValues.has(value) ? kStateNames[value] : value;
  }
  if (Array.isArray(value)) {
    return `[${value.map(display).join(', ')}]`;
  }
  if (value instanceof RegExp || value instanceof Date) {
    return String(value);
  }
  if (typeof value === 'object') {
    return typeof value.toJSON === 'function' ? display(value.toJSON()) : `#{${Object.entries(value).map(([key, of]) => `${key}: ${display(of)}`).join(', ')}}`;
  }
  return String(value);
}

/** The same kind and content; maps in any order. */
export function equal(one, other) {
  if (Object.is(one, other) || (one == null && other == null)) {
    return true;
  }
  if (typeof one === 'number' && typeof other === 'number') {
    return one === other;
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) {
    return false;
  }
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]));
}
