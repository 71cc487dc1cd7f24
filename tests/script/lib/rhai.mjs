// Short ways to run scripts in tests.
import assert from 'node:assert/strict';
import { debug } from '../../../src/script/library/rhai/display.mjs';
import { run } from '../../../src/script/library/rhai.mjs';
import { FakeHost } from './fake_host.mjs';

/** The value of a script, in the notation of Rhai that tells types apart: 1.0, "a", #{"k": 1}. */
export async function value(source, options = {}) {
  return debug(await run(source, 'test.rhai', options.host ?? new FakeHost(), options));
}

/** Each script of the table has the value behind it. */
export async function expectValues(table) {
  for (const [source, expected] of table) assert.equal(await value(source), expected, source);
}

/** The error of a script that must fail. */
export async function failure(source, options = {}) {
  try {
    await value(source, options);
  } catch (error) {
    return error;
  }
  return assert.fail(`does not fail: ${source}`);
}

export const place = ({ at }) => `${at.path}:${at.line}:${at.column}`;
