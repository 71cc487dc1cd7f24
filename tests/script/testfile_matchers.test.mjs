import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFields, fieldOf, matchesAll } from '../../src/script/library/testfile/matchers.mjs';

const EVENT = { type: 'SIP', param: '486 Busy (x)', status: 486, headers: { 'X-Test': 'a.b' }, rtcp_stats: { tx: { lost: 0 } } };
const fits = (field, operator, pattern) => matchesAll(EVENT, [{ field, operator, pattern }]);

test('stars and question marks stand for text, all else for itself', () => {
  assert.ok(fits('param', '=', '486*'));
  assert.ok(fits('param', '=', '4?6 Busy (?)'));
  assert.ok(!fits('param', '=', '486'));
  assert.ok(!fits('headers.X-Test', '=', 'aXb'));
  assert.ok(fits('status', '=', '486'));
});

test('other than a pattern is also what is not there', () => {
  assert.ok(fits('param', '!=', '404*'));
  assert.ok(!fits('param', '!=', '486*'));
  assert.ok(fits('nothing', '!=', '*'));
  assert.ok(!fits('nothing', '=', '*'));
});

test('expressions may match anywhere', () => {
  assert.ok(fits('param', '~', 'Bu.y'));
  assert.ok(!fits('param', '~', '^Busy'));
  assert.ok(!fits('nothing', '~', '.*'));
});

test('fields within fields are found in any letter case', () => {
  assert.equal(fieldOf(EVENT, 'headers.x-test'), 'a.b');
  assert.equal(fieldOf(EVENT, 'rtcp_stats.tx.lost'), '0');
  assert.equal(fieldOf(EVENT, 'rtcp_stats.tx'), '{"lost":0}');
  assert.equal(fieldOf(EVENT, 'param.length'), undefined);
  assert.equal(fieldOf(EVENT, 'headers.none.deeper'), undefined);
  assert.equal(fieldOf(EVENT, 'constructor'), undefined);
  assert.equal(fieldOf({ x: null }, 'x'), undefined);
  assert.equal(fieldOf({ x: null }, 'x.y'), undefined);
});

test('what is there instead is said in the fields that were asked for', () => {
  assert.equal(describeFields(EVENT, []), 'param=486 Busy (x)');
  assert.equal(describeFields(EVENT, [{ field: 'status' }, { field: 'x' }]), 'status=486 x=(none)');
});
