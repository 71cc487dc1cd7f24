import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../../src/script/library/testfile.mjs';

function expanded(text) {
  const { steps, problems } = parse(text, 'a.test');
  return { texts: steps.flatMap((step) => step.parts.map((part) => part.text)), problems };
}

test('the longest name wins', () => {
  assert.deepEqual(expanded('_define FOO a\n_define FOOBAR b\nFOOBAR').texts, ['b']);
});

test('a name is found before a colon', () => {
  assert.deepEqual(expanded('_define ua1 sip:t@h\nua1:dial 123').texts, ['sip:t@h:dial 123']);
});

test('a value may hold other macros, and its blanks collapse', () => {
  assert.deepEqual(expanded('_define A  B   C\n_define B Q\nA').texts, ['Q C']);
  assert.deepEqual(expanded('_define SHORT VERYLONG\n_define VERYLONG x\nSHORT').texts, ['x']);
});

test('a macro that is only the beginning of a word stays, and a warning says how to glue it', () => {
  const { texts, problems } = expanded('_define ua1 sip:a@h\nfoo ua12');
  assert.deepEqual(texts, ['foo ua12']);
  assert.equal(problems[0].severity, 'warning');
  assert.equal(problems[0].suggestion, '${ua1}2');
  assert.deepEqual([problems[0].line, problems[0].column], [2, 5]);
});

test('a password that begins like a macro is neither changed nor told', () => {
  assert.deepEqual(expanded('_define ua1 sip:a@h\nuanew <ua1>;auth_pass=ua12').problems, []);
});

test('braces glue a macro to what follows', () => {
  assert.deepEqual(expanded('_define PREFIX 0049\ndial ${PREFIX}123').texts, ['dial 0049123']);
});

test('parameters whose names hold a macro are left alone', () => {
  assert.deepEqual(expanded('_define pass x\nuanew <sip:a@h>;auth_pass=1').texts, ['uanew <sip:a@h>;auth_pass=1']);
});

test('an agent may be named as the user in its own value', () => {
  assert.deepEqual(expanded('_define alice sip:alice@h\nalice:dial 1').texts, ['sip:alice@h:dial 1']);
});

test('macros that lead back to themselves are an error where the circle is closed', () => {
  const { problems } = expanded('_define A B\n_define B A\nA');
  assert.equal(problems.length, 1);
  assert.equal(problems[0].line, 2);
  assert.match(problems[0].message, /B → A → B/);
});

test('macros that would fill the memory are stopped', () => {
  const lines = Array.from({ length: 40 }, (_, i) => `_define m${i}x m${i + 1}x m${i + 1}x`);
  const { problems } = expanded(`${lines.reverse().join('\n')}\nm0x`);
  assert.match(problems.at(-1).message, /longer than/);
});

test('a macro counts below its definition only, and the last definition counts', () => {
  assert.deepEqual(expanded('dial X\n_define X 1\ndial X\n_define X 2\ndial X').texts, ['dial X', 'dial 1', 'dial 2']);
});

test('macros that are given from outside stand above those of the file', () => {
  const { steps } = parse('_define HOST a\ndial x@HOST', 'a.test', { given: [['HOST', 'b']] });
  assert.equal(steps[0].parts[0].text, 'dial x@b');
});

test('macros do not leak into the next file', () => {
  expanded('_define X 1\ndial X');
  assert.deepEqual(expanded('dial X').texts, ['dial X']);
});

test('directives are not expanded', () => {
  const { settings } = parse('_define URL http://other\n_webhook http://URL/x', 'a.test');
  assert.equal(settings.webhook, 'http://URL/x');
});
