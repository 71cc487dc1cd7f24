// Testfiles: the front end of the test runner for `.test` files. docs/testing/testfiles.md is the language.
import { problemsOf } from './testfile/check.mjs';
import { parse } from './testfile/parser.mjs';

export { parse } from './testfile/parser.mjs';
export { run } from './testfile/runner.mjs';

/**
 * All that can be known to be wrong without running: [{line, column, message, suggestion?, severity}]. `tools`: {fileExists(path), and, if there
 * are, readFile(path), resolve(file, from), soundPath(file), dataFolder, macros}.
 */
export function check(text, path, tools = {}) {
  return problemsOf(parse(text, path, { given: tools.macros }), tools);
}
