// Runs testfiles on the fake host, where time is not real. With real phones: lib/real_testfile.mjs.
import assert from 'node:assert/strict';
import { run } from '../../src/script/library/testfile.mjs';
import { FakeHost } from './fake_testfile_host.mjs';

export const AGENTS = `
_define ua1 sip:alice@127.0.0.1:5160
_define ua2 sip:bob@127.0.0.1:5162
_define ua3 sip:carol@127.0.0.1:5164
`;
export const TWO = `${AGENTS}uanew <ua1>;regint=0\nuanew <ua2>;regint=0\n`;
export const THREE = `${TWO}uanew <ua3>;regint=0\n`;

/** {verdict, host}; `prepare` gets the host before the run. */
export async function runText(text, { path = 'suite/call.test', prepare = () => {}, options, ...world } = {}) {
  const host = new FakeHost(world);
  prepare(host);
  const verdict = await host.drive(run(text, path, host, options));
  return { verdict, host };
}

export async function passes(text, options) {
  const result = await runText(text, options);
  assert.equal(result.verdict.error, undefined);
  assert.equal(result.verdict.passed, true);
  return result;
}

export async function fails(text, pattern, options) {
  const result = await runText(text, options);
  assert.equal(result.verdict.passed, false, 'it passed');
  assert.match(result.verdict.error, pattern);
  return result;
}

/** Kinds of the events at an agent, in order. */
export function typesAt(host, alias) {
  return host.records().filter((record) => record._agent === alias).map(({ type }) => type);
}
