// The definitions for editors, and the page that is made of them, say what there is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiPage } from '../../src/script/library/api_page.mjs';
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
