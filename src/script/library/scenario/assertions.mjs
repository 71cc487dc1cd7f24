// expect(): what is wanted, what there is, and who hears of the difference.
import { emit } from './host.mjs';
import { here } from './position.mjs';
import { display, equal } from './values.mjs';

export class AssertionError extends Error {
  name = 'AssertionError';
  constructor(message, failure) {
    super(message);
    this.failure = failure;
  }
}

let label;

/** A getter says what the value is that an assertion will be about. */
export const leaveLabel = (text) => {
  label = text;
};
export function takeLabel() {
  const taken = label;
  label = undefined;
  return taken;
}

let collector;

/** While `until` looks at its condition, only the last report counts. */
export function collect(into) {
  const before = collector;
  collector = into;
  return () => {
    collector = before;
  };
}

let describeAgents = () => [];
export const setAgentDescriber = (describe) => {
  describeAgents = describe;
};

/** Tells the outcome; throws when it is not `ok`. */
export function report({ label: about, expect: wanted, actual, ok, at = here() }) {
  const event = { event: 'assertion', label: about, expect: wanted, ok, actual, at };
  if (collector === undefined) {
    emit(event);
  } else {
    collector.last = event;
  }
  if (!ok) {
    const what = actual === undefined ? `expected ${wanted}` : `expected ${wanted}, but was ${actual}`;
    const error = new AssertionError(about === undefined ? what : `${about}: ${what}`, { label: about, expect: wanted, actual, agents: describeAgents() });
    error.at = event.at;
    throw error;
  }
}

const comparison = (words, holds) => ({
  text: (wanted) => `${words} ${display(wanted)}`,
  holds: (actual, wanted) => (typeof actual === 'number' || typeof actual === 'bigint') && holds(actual, wanted)
});

const sizeOf = (value) => {
  if (typeof value === 'string' || Array.isArray(value)) {
    return value.length;
  }
  if (value instanceof Set || value instanceof Map) {
    return value.size;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length;
  }
  throw new Error(`${display(value)} can be neither empty nor not; toBeEmpty takes a string, an array or an object`);
};

/** Each matcher: how it reads, and when it holds. */
const kMatchers = {
  toBe: { text: (wanted) => `equals ${display(wanted)}`, holds: equal },
  toEqual: { text: (wanted) => `equals ${display(wanted)}`, holds: equal },
  toBeTruthy: { text: () => 'is true', holds: (actual) => actual === true },
  toBeFalsy: { text: () => 'is false', holds: (actual) => actual === false },
  toBeDefined: { text: () => 'is present', holds: (actual) => actual !== undefined && actual !== null },
  toBeUndefined: { text: () => 'is absent', holds: (actual) => actual === undefined || actual === null },
  toBeEmpty: { text: () => 'is empty', holds: (actual) => sizeOf(actual) === 0 },
  toContain: {
    text: (wanted) => `contains "${display(wanted)}"`,
    holds: (actual, wanted) => (Array.isArray(actual) ? actual.some((item) => equal(item, wanted)) : display(actual).includes(display(wanted)))
  },
  toMatch: {
    text: (wanted) => `matches "${wanted instanceof RegExp ? wanted.source : wanted}"`,
    holds: (actual, wanted) => (wanted instanceof RegExp ? wanted : new RegExp(wanted)).test(display(actual))
  },
  toBeGreaterThan: comparison('greater than', (actual, wanted) => actual > wanted),
  toBeGreaterThanOrEqual: comparison('at least', (actual, wanted) => actual >= wanted),
  toBeLessThan: comparison('less than', (actual, wanted) => actual < wanted),
  toBeLessThanOrEqual: comparison('at most', (actual, wanted) => actual <= wanted),
  toBeCloseTo: {
    text: (wanted, tolerance = 0.005) => `is ${display(wanted)} ± ${tolerance}`,
    holds: (actual, wanted, tolerance = 0.005) => typeof actual === 'number' && Math.abs(actual - wanted) <= tolerance
  }
};

class Expectation {
  #actual;
  #label;
  #negated = false;

  constructor(actual, about) {
    this.#actual = actual;
    this.#label = about;
  }

  get not() {
    this.#negated = !this.#negated;
    return this;
  }

  as(about) {
    this.#label = about;
    return this;
  }

  value() {
    return this.#actual;
  }

  check(matcher, wanted) {
    const negated = this.#negated;
    this.#negated = false;
    const ok = matcher.holds(this.#actual, ...wanted) !== negated;
    report({ label: this.#label, expect: `${negated ? 'not ' : ''}${matcher.text(...wanted)}`, actual: matcher.actual?.(this.#actual, ...wanted) ?? display(this.#actual), ok });
    return this;
  }

  async wait(judge, wanted) {
    const negated = this.#negated;
    this.#negated = false;
    const at = here();
    try {
      const { label: about, expect: text, actual, ok } = await judge(this.#actual, ...wanted);
      report({ label: this.#label ?? about, expect: `${negated ? 'no ' : ''}${text}`, actual, ok: ok !== negated, at });
    } catch (error) {
      error.at ??= at;
      throw error;
    }
    return this;
  }
}

/** Adds one that takes its time: `judge(actual, …)` gives a promise of {label, expect, actual, ok}. */
export function addWaitingMatcher(name, judge) {
  Object.defineProperty(Expectation.prototype, name, {
    value(...wanted) {
      return this.wait(judge, wanted);
    }
  });
}

/** Adds a matcher to all expectations. */
export function addMatcher(name, matcher) {
  Object.defineProperty(Expectation.prototype, name, {
    value(...wanted) {
      return this.check(matcher, wanted);
    }
  });
}
for (const [name, matcher] of Object.entries(kMatchers)) {
  addMatcher(name, matcher);
}

/** All that an expectation can be asked for, besides not, as and value. */
export const matcherNames = () => Object.getOwnPropertyNames(Expectation.prototype).filter((name) => name.startsWith('to'));

export const expect = (actual) => new Expectation(actual, takeLabel());
