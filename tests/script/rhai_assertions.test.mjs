// Check 19 of the scenario reference: every matcher, holding and failing, with the words that it reports.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run } from '../../src/script/library/rhai.mjs';
import { FakeHost } from './lib/fake_host.mjs';
import { failure, value } from './lib/rhai.mjs';

async function passes(table) {
  for (const [source, expect] of table) {
    const host = new FakeHost();
    await run(source, 'test.rhai', host);
    const [event] = host.eventsOf('assertion');
    assert.equal(event.expect, expect, source);
    assert.equal(event.ok, true, source);
  }
}

async function fails(table) {
  for (const [source, message] of table) {
    const host = new FakeHost();
    assert.equal((await failure(source, { host })).message, message, source);
    assert.equal(host.eventsOf('assertion').at(-1)?.ok, false, source);
  }
}

test('equals compares type and value of all that a script can hold', () =>
  passes([
    ['assert(true).equals(true)', 'equals true'],
    ['assert(2).equals(2)', 'equals 2'],
    ['assert(2.0).equals(2.0)', 'equals 2.0'],
    ['assert("a").equals("a")', 'equals a'],
    ['assert(State::Idle).equals(State::Idle)', 'equals Idle'],
    ['assert([1, "a"]).equals([1, "a"])', 'equals [1, a]'],
    ['assert(#{ k: 2, a: 1 }).equals(#{ a: 1, k: 2 })', 'equals #{a: 1, k: 2}'],
    ['assert(()).equals(())', 'equals ()'],
  ]));

test('equals fails for another value, and shows the types where the values look alike', () =>
  fails([
    ['assert(1).equals(2)', 'expected equals 2, but was 1'],
    ['assert(1).equals("1")', 'expected equals "1", but was 1'],
    ['assert(1).equals(1.0)', 'expected equals 1.0, but was 1'],
    ['assert(["1"]).equals([1])', 'expected equals [1], but was ["1"]'],
    ['assert(State::Idle).equals("Idle")', 'expected equals "Idle", but was Idle'],
    ['assert(State::Idle).equals(State::Ringing)', 'expected equals Ringing, but was Idle'],
    ['assert(#{ a: 1 }).equals(#{ a: 1, b: () })', 'expected equals #{a: 1, b: ()}, but was #{a: 1}'],
    ['assert(()).equals(false)', 'expected equals false, but was ()'],
  ]));

test('not_equals is the opposite of equals', async () => {
  await passes([
    ['assert(1).not_equals(2)', 'not equals 2'],
    ['assert(1).not_equals("1")', 'not equals 1'],
  ]);
  await fails([['assert([1]).not_equals([1])', 'expected not equals [1], but was [1]']]);
});

test('is_true and is_false take truth values only', async () => {
  await passes([
    ['assert(true).is_true()', 'is true'],
    ['assert(false).is_false()', 'is false'],
  ]);
  await fails([
    ['assert(1).is_true()', 'expected is true, but was 1'],
    ['assert(()).is_false()', 'expected is false, but was ()'],
  ]);
});

test('is_present and is_absent ask for ()', async () => {
  await passes([
    ['assert(0).is_present()', 'is present'],
    ['assert(()).is_absent()', 'is absent'],
  ]);
  await fails([
    ['assert(()).is_present()', 'expected is present, but was ()'],
    ['assert(0).is_absent()', 'expected is absent, but was 0'],
  ]);
});

test('is_empty takes texts, arrays and maps', async () => {
  await passes([
    ['assert("").is_empty()', 'is empty'],
    ['assert([]).is_empty()', 'is empty'],
    ['assert(#{}).is_empty()', 'is empty'],
    ['assert([0]).is_not_empty()', 'is not empty'],
  ]);
  await fails([['assert([0]).is_empty()', 'expected is empty, but was [0]']]);
  const host = new FakeHost();
  assert.match((await failure('assert(5).is_empty()', { host })).message, /takes a string, an array or a map, not i64/);
  assert.deepEqual(host.eventsOf('assertion'), []);
});

test('contains and matches look at texts and at the text of numbers', async () => {
  await passes([
    ['assert("hello").contains("ell")', 'contains "ell"'],
    ['assert(486).contains("48")', 'contains "48"'],
    ['assert("ab12").matches("[a-z]+\\\\d")', 'matches "[a-z]+\\\\d"'],
    ['assert(486).matches("^4..$")', 'matches "^4..$"'],
  ]);
  await fails([
    ['assert("hello").contains("x")', 'expected contains "x", but was hello'],
    ['assert(200).matches("^4")', 'expected matches "^4", but was 200'],
  ]);
  assert.match((await failure('assert("a").matches("(")')).message, /'\(' is no regular expression/);
});

test('numeric matchers take integers and floats on both sides', async () => {
  await passes([
    ['assert(5).greater_than(4)', 'greater than 4'],
    ['assert(4.2).at_least(4.0)', 'at least 4.0'],
    ['assert(4).at_least(4.0)', 'at least 4.0'],
    ['assert(3.5).less_than(4)', 'less than 4'],
    ['assert(4.0).at_most(4)', 'at most 4'],
  ]);
  await fails([
    ['assert(4).greater_than(4)', 'expected greater than 4, but was 4'],
    ['assert(3.9).at_least(4)', 'expected at least 4, but was 3.9'],
    ['assert(4).less_than(4.0)', 'expected less than 4.0, but was 4'],
    ['assert(5).at_most(4)', 'expected at most 4, but was 5'],
    ['assert(()).at_least(1)', 'expected at least 1, but was ()'],
    ['assert("9").at_least(1)', 'expected at least 1, but was 9'],
  ]);
});

describe('assertions as values', () => {
  test('matchers follow each other, and value gives what was asserted', async () => {
    assert.equal(await value('assert(250).at_least(200).at_most(299).value()'), '250');
    assert.equal((await failure('assert(300).at_least(200).at_most(299)')).message, 'expected at most 299, but was 300');
  });

  test('a label is the one of the getter that was read, or the one that describe gives', async () => {
    const config = '#{ username: "a", domain: "d" }';
    assert.equal((await failure(`assert(agent("A", ${config}).registered).is_true()`)).message, 'A registered: expected is true, but was false');
    assert.equal((await failure('assert(1).describe("answer").equals(2)')).message, 'answer: expected equals 2, but was 1');
  });

  test('a matcher does not exist for another number of parameters', async () => {
    assert.equal((await failure('assert(1).equals()')).message, 'Function not found: equals (Assertion)');
  });

  test('an assertion that failed can be caught as a text', async () => {
    assert.equal(await value('try { assert(1).equals(2); } catch (e) { e }'), '"expected equals 2, but was 1"');
  });
});
