// The definitions for editors, and the page that is made of them, say what there is.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiPage } from '../../src/script/library/api_page.mjs';
import { check } from '../../src/script/library/rhai.mjs';
import { METHODS } from '../../src/script/library/rhai/check.mjs';
import { rhaiDefinitions } from '../../src/script/library/rhai_definitions.mjs';
import { finished, runText } from './lib/run_file.mjs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const definitions = read('src/script/library/callwright.d.ts');

test('docs/testing/api.md is made of callwright.d.ts', () => assert.equal(read('docs/testing/api.md'), apiPage(definitions)));

test('what is declared is there, and the other way round', async () => {
  const declared = [...definitions.matchAll(/^declare (?:function|class|const|namespace) (\w+)/gm)].map((match) => match[1]);
  const names = [...new Set(declared)].filter((name) => !['Call', 'SipMessage'].includes(name));
  const { events } = await runText(`const missing = ${JSON.stringify(names)}.filter((name) => globalThis[name] === undefined); expect(missing).toEqual([]);`);
  assert.equal(finished(events).passed, true, finished(events).error);
});

test('options of agents are those that are declared', async () => {
  const { kAgentKeys } = await import('../../src/script/library/scenario/agent_options.mjs');
  const config = definitions.slice(definitions.indexOf('interface AgentConfig'), definitions.indexOf('declare class Agent'));
  const declared = [...config.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1]);
  assert.deepEqual(declared.sort(), Object.keys(kAgentKeys).sort());
});

const rhai = read('src/script/library/callwright.d.rhai');
/** All functions of the definitions of Rhai: {name, parameters: [[name, type]], isMethod}. */
const rhaiFunctions = [...rhai.matchAll(/^fn (\w+)\((.*?)\)(?: -> .*)?;$/gm)].map(([, name, list]) => {
  const parameters = list === '' ? [] : list.split(', ').map((one) => one.split(': '));
  return { name, parameters, isMethod: parameters.length > 0 && rhai.includes(`// # ${parameters[0][1]}`) };
});

test('callwright.d.rhai is made of callwright.d.ts', () => assert.equal(rhai, rhaiDefinitions(definitions)));

test('all that is defined for Rhai stands a check with its number of parameters', () => {
  assert.ok(rhaiFunctions.length > 150);
  for (const { name, parameters, isMethod } of rhaiFunctions) {
    const given = parameters.map((_, index) => String(index));
    assert.deepEqual(check(isMethod ? `let a = 1; a.${name}(${given.slice(1).join(', ')});` : `${name}(${given.join(', ')});`, 'x.rhai'), [], name);
  }
});

test('all that a check of Rhai lets pass is defined', () => {
  const counts = new Set(rhaiFunctions.filter(({ isMethod }) => isMethod).map(({ name, parameters }) => `${name}/${parameters.length - 1}`));
  // Of a description of a session: what `sdp` of a message gives. The others read what a closure of a mock server is given.
  const elsewhere = ['attribute/1', 'query/1', 'headers/0', 'headers/1', 'header/1', 'calls/0'];
  const known = Object.entries(METHODS).flatMap(([name, numbers]) => numbers.map((count) => `${name}/${count}`));
  assert.deepEqual(known.filter((one) => !counts.has(one) && !elsewhere.includes(one)), []);
});

test('definitions of Rhai have what takes no other form in the language', () => {
  assert.match(rhai, /^module static;$/m);
  assert.ok(!/\b(Promise|undefined|Record)\b/.test(rhai.replace(/^\/\/\/.*$/gm, '')));
  for (const line of ['fn agent(name: String, config: Map) -> Agent;', 'fn get status_code(agent: Agent) -> int;', 'fn to_have_exchanged(expectation: Expectation, steps: Array) -> Expectation;']) {
    assert.ok(rhai.includes(`\n${line}\n`), line);
  }
  assert.ok(/^\/\/\/ - `display_name`: String\. For the From field\.$/m.test(rhai));
});

test('callwright definitions writes either, by option or by the name of the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callwright-'));
  const run = (...given) => spawnSync(process.env.CALLWRIGHT_BIN, ['definitions', ...given], { cwd: folder, encoding: 'utf8' });
  try {
    assert.equal(run('-').stdout, definitions);
    assert.equal(run('--rhai', '-').stdout, rhai);
    for (const [given, file, text] of [[[], 'callwright.d.ts', definitions], [['--rhai'], 'callwright.d.rhai', rhai], [['api.d.rhai'], 'api.d.rhai', rhai], [['--rhai', 'other'], 'other', rhai]]) {
      const { status, stdout } = run(...given);
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`^${file} written;`));
      assert.equal(readFileSync(join(folder, file), 'utf8'), text);
    }
    assert.equal(run('--rhai', 'no/such/folder').status, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
