import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, parse } from '../../src/script/library/testfile.mjs';
import { scriptPlaces } from '../../src/script/library/testfile/include.mjs';
import { passes, runText, TWO } from './testfile_world.mjs';

const settings = (text) => parse(text, 'a.test').settings;
const errors = (text) => parse(text, 'a.test').problems.filter(({ severity }) => severity === 'error');

test('lists are gathered over lines and letter cases, without blanks and empty items', () => {
  assert.deepEqual(settings('_Accept A , b,,C\n_accept D').accept, ['A', 'b', 'C', 'D']);
  assert.deepEqual(settings('_IGNORE x').ignore, ['x']);
});

test('the last expected hash counts, and the old spelling too', () => {
  assert.equal(settings('_HASH abc ').hash, 'abc');
  assert.equal(settings('_hash abc\nhash:def').hash, 'def');
});

test('a hash directive without a value expects nothing', () => {
  const parsed = parse('_hash abc\n_hash', 'a.test');
  assert.equal(parsed.settings.hash, undefined);
  assert.deepEqual(parsed.problems, []);
  assert.deepEqual(parsed.steps, []);
});

test('a directive may be followed by a tab', () => {
  assert.equal(settings('_hash\tabc').hash, 'abc');
});

test('an unknown directive is an error with its line and the one that was meant', () => {
  const [problem] = errors('\n\n_inclde x.js');
  assert.equal(problem.line, 3);
  assert.match(problem.message, /no directive _inclde/);
  assert.equal(problem.suggestion, '_include');
  assert.match(errors('_unknown z')[0].message, /no directive _unknown/);
});

test('directives that need a value say so', () => {
  for (const text of ['_include', '_webhook', '_define', '_define X']) assert.match(errors(text)[0]?.message ?? '', /needs/, text);
});

test('the hash mode is one of two', () => {
  assert.equal(settings('_hashmode Telefonist').hashMode, 'telefonist');
  assert.equal(settings('_hashmode normalized').hashMode, 'normalised');
  assert.equal(errors('_hashmode telefonst')[0].suggestion, 'telefonist');
});

test('no repetition means that the file is skipped and passes', async () => {
  const { verdict } = await passes(`_run 0\n${TWO}`);
  assert.equal(verdict.total, 0);
  assert.deepEqual(verdict.repetitions, []);
});

test('a number of repetitions that is none is ignored with a warning', () => {
  for (const text of ['_run x', '_run 2 3', '_run -1']) {
    const { settings: { run }, problems } = parse(text, 'a.test');
    assert.equal(run, 1);
    assert.equal(problems[0].severity, 'warning');
  }
});

test('the script of _include is looked for in the folders for scripts and nowhere else', () => {
  assert.deepEqual(scriptPlaces('../../etc/passwd', 'suite/a.test', { dataFolder: 'data' }), ['suite/scripts/passwd', 'data/scripts/passwd']);
  assert.deepEqual(scriptPlaces('..', 'suite/a.test'), []);
});

test('a check reports all problems at once, without running', () => {
  const text = `_unknown z\n${TWO}ua1:dail ua2\nua1:hangup scode=999\nua4:hangup\nwait ua1 CALL_CLOSD 2s\nua1:insmod x.so`;
  const problems = check(text, 'a.test', { fileExists: () => true });
  assert.deepEqual(problems.map(({ line }) => line), [1, 8, 9, 10, 11, 12]);
  assert.equal(problems[1].suggestion, 'dial');
  assert.match(problems[3].message, /no agent ua4|no command ua4/);
  assert.equal(problems[4].suggestion, 'CALL_CLOSED');
  assert.match(problems[5].message, /not supported: agents have no modules/);
});

test('a check names files that are missing', () => {
  const text = '_include gone.js\nuanew <sip:a@h>;regint=0;audio_source=aufile,/x/gone.wav\ncall gone.test';
  const problems = check(text, 'a.test', { fileExists: () => false });
  assert.deepEqual(problems.map(({ message }) => /gone\.\w+/.exec(message)[0]), ['gone.js', 'gone.wav', 'gone.test']);
});

test('a check looks into the files that are called', () => {
  const files = { 'suite/setup.test': 'uanew <sip:a@h>;regint=0\ndail x' };
  const tools = { fileExists: (path) => Object.hasOwn(files, path), readFile: (path) => files[path] };
  const problems = check('call setup.test\nsip:a@h:dial x', 'suite/a.test', tools);
  assert.equal(problems.length, 1);
  assert.equal(problems[0].line, 1);
  assert.match(problems[0].message, /setup\.test:2:1.*dail/);
});

test('a check names agents that nobody creates, but not those that end before', () => {
  const problems = check(`${TWO}wait ua3 CALL_CLOSED 2s\nexpect ua4 CALL_CLOSED\nlet x from ua5 CREATE param\nuadelall\nexpect ua1 EXIT\nua1:hangup`, 'a.test');
  assert.deepEqual(problems.map(({ line, message }) => [line, /no agent \S+/.exec(message)?.[0]]), [
    [7, 'no agent sip:carol@127.0.0.1:5164'], [8, 'no agent ua4'], [9, 'no agent ua5'], [12, 'no agent sip:alice@127.0.0.1:5160'],
  ]);
});

test('a check cannot know files and agents whose names come from variables', () => {
  const tools = { fileExists: () => false };
  assert.deepEqual(check('let f = x.test\ncall ${f}\nwait ua1 CALL_CLOSED 1s\nua1:hangup', 'a.test', tools), []);
  const called = { fileExists: () => true, readFile: () => 'AGENT:hangup' };
  assert.deepEqual(check('let a = sip:a@h\ncall x.test AGENT=${a}', 'a.test', called), []);
  assert.equal(check('call x.test AGENT=sip:a@h', 'a.test', called).length, 1);
  assert.deepEqual(check('let n = 1\nuanew <sip:a${n}@h>;regint=0\nsip:a1@h:hangup', 'a.test', tools), []);
});

test('a file with a problem does not run at all', async () => {
  const { verdict, host } = await runText(`${TWO}ua1:dail ua2`);
  assert.equal(verdict.passed, false);
  assert.match(verdict.error, /^there is no command dail; did you mean dial\?$/);
  assert.equal(verdict.at, 'suite/call.test:7:5');
  assert.equal(host.phones.size, 0);
});
