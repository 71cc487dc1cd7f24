import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../../src/script/library/testfile.mjs';
import { AGENTS, passes, TWO } from './testfile_world.mjs';

/** `a|1s` → ['a', 1000] */
function parts(text) {
  const { steps } = parse(text, 'a.test');
  return steps.flatMap((step) => step.parts.map((part) => (part.kind === 'pause' ? part.ms : part.text)));
}

function errors(text) {
  return parse(text, 'a.test').problems.filter(({ severity }) => severity === 'error');
}

test('a line is split at its bars into commands and waits', () => {
  assert.deepEqual(parts('a|10s|b'), ['a', 10_000, 'b']);
  assert.deepEqual(parts('500ms|x'), [500, 'x']);
  assert.deepEqual(parts('dial x|2s|3s|hangup'), ['dial x', 2000, 3000, 'hangup']);
});

test('blanks around parts and empty parts do not count', () => {
  assert.deepEqual(parts(' dial 1 | 10s | hangup '), ['dial 1', 10_000, 'hangup']);
  assert.deepEqual(parts('||a|| 1s |'), ['a', 1000]);
  assert.deepEqual(parts(''), []);
  assert.deepEqual(parts(' | |'), []);
});

test('durations are whole numbers of ms, s or m', () => {
  assert.deepEqual(parts('10s|500ms|2m|0s'), [10_000, 500, 120_000, 0]);
});

test('what was meant as a duration and is none is named with its line and column', () => {
  for (const text of ['10', '10xs', '10 s', '10S', '10h', '1.5s']) {
    const [problem] = errors(`hangup|${text}`);
    assert.equal(problem?.line, 1, text);
    assert.equal(problem.column, 8);
    assert.match(problem.message, /^bad duration/);
  }
  assert.equal(errors('hangup|10')[0].suggestion, '10s');
  assert.equal(errors('hangup|2h')[0].suggestion, '120m');
});

test('100rel is a command and no duration', () => {
  assert.deepEqual(errors('100rel yes'), []);
});

test('semicolons stay in their command', () => {
  const uri = 'dial sip:u@h;transport=tcp;maddr=10.0.0.1';
  assert.deepEqual(parts(`${uri}|5s|hangup`), [uri, 5000, 'hangup']);
});

test('a password may hold a bar', () => {
  assert.deepEqual(parts('uanew <sip:a@h>;auth_pass=p|q r|1s|x'), ['uanew <sip:a@h>;auth_pass=p|q r', 1000, 'x']);
  assert.deepEqual(parts('uanew <sip:a@h>;auth_pass=p|q;regint=0|1s'), ['uanew <sip:a@h>;auth_pass=p|q;regint=0', 1000]);
});

test('a wait that became part of a password is warned of', () => {
  const [problem] = parse('uanew <sip:a@h>;auth_pass=secret|2s', 'a.test').problems;
  assert.equal(problem.severity, 'warning');
  assert.doesNotMatch(problem.message, /secret/);
  assert.deepEqual(parts('uanew <sip:a@h>;auth_pass=secret;|2s'), ['uanew <sip:a@h>;auth_pass=secret;', 2000]);
});

test('quotes of a step may hold a bar, and those of a command do not', () => {
  assert.equal(parts('wait a CALL_CLOSED "param~4|5" 2s|1s').length, 2);
  assert.deepEqual(parts('dial "a|b"'), ['dial "a', 'b"']);
});

test('comments begin a line, and only there', () => {
  assert.deepEqual(parts('# x\n  # y\ndial 1 # z'), ['dial 1 # z']);
});

test('lines may end with a carriage return', () => {
  assert.deepEqual(parts('dial 1|2s\r\nhangup\r\n'), ['dial 1', 2000, 'hangup']);
});

test('parts know their line and column, also behind a macro', () => {
  const { steps } = parse(`${AGENTS}\n  ua1:dial ua2 | 2s|ua2:accept`, 'a.test');
  assert.deepEqual(steps[0].parts.map(({ line, column }) => [line, column]), [[6, 3], [6, 18], [6, 21]]);
});

test('parts are told as they were written, with macros by their names', () => {
  const { steps } = parse(`${AGENTS}ua1:dial ua2 | wait ua2 CALL_INCOMING 5s|ua1`, 'a.test');
  assert.deepEqual(steps[0].parts.map(({ source }) => source), ['ua1:dial ua2', 'wait ua2 CALL_INCOMING 5s', 'ua1']);
});

test('a line that does not end in a wait takes a second more', async () => {
  const plain = await passes(`${TWO}ua1:dial ua2`);
  const waiting = await passes(`${TWO}ua1:dial ua2|200ms`);
  assert.equal(plain.verdict.duration_ms, 3000);
  assert.equal(waiting.verdict.duration_ms, 2200);
});

test('a line that ends in a step which waits takes no second more', async () => {
  const { verdict } = await passes(`${TWO}ua1:dial ua2|wait ua2 CALL_INCOMING 5s`);
  assert.equal(verdict.duration_ms, 2005);
});
