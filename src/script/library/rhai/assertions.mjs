// `assert(x)` and its matchers. Each reports to the host what was expected and what was there.
import { debug, plain, quoted } from './display.mjs';
import { fault } from './errors.mjs';
import { compare, same } from './operators.mjs';
import { NUMBER, TYPE, declareType, own, typeBit, typeName } from './values.mjs';

export class Assertion {
  constructor(environment, value, label) {
    Object.assign(this, { environment, value, label });
  }

  toString() {
    return `assert(${plain(this.value)})`;
  }

  /** Reports, and gives the assertion again so that another matcher can follow. The host throws if it failed. */
  report(at, { expect, ok, actual = plain(this.value) }) {
    const { bridge } = this.environment.run;
    return bridge.crossing(at, () => this.environment.host.report({ label: this.label, expect, actual, ok }), () => this);
  }
}
declareType(Assertion, TYPE.assertion);


function equality(negated) {
  return function matcher(assertion, expected) {
    const { value } = assertion;
    const equal = same(value, expected);
    // Where different values look the same, as 1 and "1", the texts must tell them apart.
    const show = !negated && !equal && plain(value) === plain(expected) ? debug : plain;
    return assertion.report(this.at, { expect: `${negated ? 'not ' : ''}equals ${show(expected)}`, ok: equal !== negated, actual: show(value) });
  };
}

function simple(expect, test) {
  return function matcher(assertion) {
    return assertion.report(this.at, { expect, ok: test(assertion.value) });
  };
}

function emptiness(expect, wanted) {
  return function matcher(assertion) {
    const { value } = assertion;
    if ((typeBit(value) & (TYPE.string | TYPE.array | TYPE.map)) === 0) {
      throw fault('runtime', `'${expect}' takes a string, an array or a map, not ${typeName(value)}`, this.at);
    }
    return assertion.report(this.at, { expect, ok: ((value.size ?? value.length) === 0) === wanted });
  };
}

function bound(words, holds) {
  return function matcher(assertion, limit) {
    const { value } = assertion;
    const ok = (typeBit(value) & NUMBER) !== 0 && holds(compare(value, limit));
    return assertion.report(this.at, { expect: `${words} ${plain(limit)}`, ok });
  };
}

/** Of an agent: what it is to hear, or not, within some time. */
function hearing(negated) {
  return function matcher(assertion, wanted, within) {
    const { bridge } = this.run;
    const judge = () => {
      const expectation = this.host.expect(bridge.toHost(assertion.value));
      return (negated ? expectation.not : expectation).toHear(bridge.toHost(wanted), ...(within === undefined ? [] : [within]));
    };
    return bridge.crossing(this.at, judge, () => assertion);
  };
}

function pattern(text, at) {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw fault('runtime', `'${text}' is no regular expression: ${error.message}`, at);
  }
}

export const ASSERTIONS = {
  'assert(any)'(value) {
    return new Assertion(this, own(value), this.host.takeLabel?.());
  },
  'describe(assertion, string)'(assertion, label) {
    return new Assertion(this, assertion.value, label);
  },
  'value(assertion)': (assertion) => own(assertion.value),
  'equals(assertion, any)': equality(false),
  'not_equals(assertion, any)': equality(true),
  'is_true(assertion)': simple('is true', (value) => value === true),
  'is_false(assertion)': simple('is false', (value) => value === false),
  'is_present(assertion)': simple('is present', (value) => value !== undefined),
  'is_absent(assertion)': simple('is absent', (value) => value === undefined),
  'is_empty(assertion)': emptiness('is empty', true),
  'is_not_empty(assertion)': emptiness('is not empty', false),
  'contains(assertion, any)'(assertion, part) {
    return assertion.report(this.at, { expect: `contains ${quoted(plain(part))}`, ok: plain(assertion.value).includes(plain(part)) });
  },
  'matches(assertion, string)'(assertion, text) {
    return assertion.report(this.at, { expect: `matches ${quoted(text)}`, ok: pattern(text, this.at).test(plain(assertion.value)) });
  },
  'hears(assertion, any, string?)': hearing(false),
  'does_not_hear(assertion, any, string?)': hearing(true),
  'greater_than(assertion, number)': bound('greater than', (order) => order > 0),
  'at_least(assertion, number)': bound('at least', (order) => order >= 0),
  'less_than(assertion, number)': bound('less than', (order) => order < 0),
  'at_most(assertion, number)': bound('at most', (order) => order <= 0),
};
