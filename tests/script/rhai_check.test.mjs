// What is found in a script without running it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RhaiSyntaxError, check, compile } from '../../src/script/library/rhai.mjs';

const problems = (source, options) => check(source, 'test.rhai', options).map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('check', () => {
  test('finds nothing in a script that is right', () => assert.deepEqual(problems('let a = agent("A", #{ username: "a" }); fn f(x) { x } f(a.state == State::Idle); a.my_method_in_map = || 1; a.my_method_in_map();'), []));

  test('names unknown functions and methods, with what may be meant', () => {
    assert.deepEqual(problems('let x = 1;\nassrt(x);\nx.hangpu();\nfoo();'), ["2:1 Function not found: assrt; did you mean 'assert'?", "3:3 Function not found: hangpu; did you mean 'hangup'?", '4:1 Function not found: foo']);
    assert.equal(check('assrt(1)', 'test.rhai')[0].suggestion, 'assert');
  });

  test('looks into closures, functions and templates', () => {
    assert.deepEqual(problems('await_until(|| assrt(1));'), ["1:16 Function not found: assrt; did you mean 'assert'?"]);
    assert.deepEqual(problems('fn f() { `${nothing()}` }'), ['1:13 Function not found: nothing']);
  });

  test('names variables and modules that do not exist', () => {
    assert.deepEqual(problems('let caller = 1; log(calller); h::f(); State::Ringin;'), ["1:21 Variable not found: calller; did you mean 'caller'?", '1:31 Module not found: h', "1:46 Variable not found: State::Ringin; did you mean 'Ringing'?"]);
    assert.deepEqual(problems('let x = 1; fn f() { x }'), ['1:21 Variable not found: x']);
    assert.deepEqual(problems('log(k);', { constants: ['k'] }), []);
    assert.deepEqual(problems('export nothing;'), ['1:8 Variable not found: nothing']);
  });

  test('counts parameters', () => {
    assert.deepEqual(problems('fn f(a) { a } f(); agent("A"); "s".sub_string(); let a = 1; a.dial();'), [
      '1:15 Function not found: f with no parameters: it takes 1',
      '1:20 Function not found: agent with 1 parameter: it takes 2',
      '1:36 Function not found: sub_string with no parameters: it takes 1 or 2',
      '1:63 Function not found: dial with no parameters: it takes 1 or 2',
    ]);
  });

  test('is told about functions and methods of the host', () => {
    const source = 'something_new(1); let a = 1; a.newMethod; a.new_method(2);';
    assert.equal(problems(source).length, 2);
    assert.deepEqual(problems(source, { knownFunctions: ['somethingNew'], knownMethods: { newMethod: [1] } }), []);
    assert.deepEqual(problems(source, { knownFunctions: { somethingNew: [2] }, knownMethods: ['newMethod'] }), ['1:1 Function not found: something_new with 1 parameter: it takes 2']);
  });

  test('looks into modules whose text it gets', () => {
    const files = { 'lib/a.rhai': 'fn talk(x) { x } private fn hidden() { 1 } fn tools() { #{ mend: || 1 } }', 'lib/broken.rhai': 'let' };
    const readModule = (path) => files[path];
    assert.deepEqual(problems('import "lib/a" as a; a::talk(1); a::tawk(1); a::talk(); a::hidden(); a::tools().mend();', { readModule }), [
      "1:37 Function not found: tawk; did you mean 'talk'?",
      '1:49 Function not found: talk with no parameters: it takes 1',
      '1:60 Function not found: hidden',
    ]);
    assert.deepEqual(problems('import "lib/none" as n;\nimport "lib/broken" as b;', { readModule }), ['1:1 Module not found: lib/none', '2:1 lib/broken.rhai:1:4: Expecting the name of a variable']);
  });

  test('reports a syntax error as the one problem', () => assert.deepEqual(problems('let x = 1;\nlet y = ;'), ["2:9 Unexpected ';'"]));
});

describe('syntax errors', () => {
  const TABLE = [
    ['let x = 1 let y = 2', 1, 11, "Expecting ';' to terminate this statement"],
    ['log("a\n")', 1, 5, 'Open string is not terminated'],
    ['`a ${1', 1, 7, 'Open string is not terminated'],
    ['"\\q"', 1, 3, 'Invalid escape sequence: \\q'],
    ["'ab'", 1, 1, 'Invalid character'],
    ['f(1', 1, 4, "Expecting ',' or ')' to end the parameters"],
    ['[1 2]', 1, 4, "Expecting ',' or ']' to end the array"],
    ['if true 1', 1, 9, "Expecting '{' to begin a block"],
    ['{ 1', 1, 4, "Unexpected end of script: expecting '}'"],
    ['#{ a: 1, a: 2 }', 1, 10, "Duplicated property 'a' in the map"],
    ['switch 1 { _ => 1, 2 => 3 }', 1, 20, 'The default case must be the last one'],
    ['1 = 2', 1, 3, 'Nothing can be assigned to this expression'],
    ['break', 1, 1, 'Break statement outside of a loop'],
    ['|| continue', 1, 4, 'Continue statement outside of a loop'],
    ['if true { fn f() {} }', 1, 11, 'Functions can only be defined at the global level'],
    ['fn f(a) {} fn f(b) {}', 1, 15, "Function 'f' with 1 parameters is defined twice"],
    ['eval("1")', 1, 1, "'eval' is disabled"],
    ['let x = 1;\n\nlet 5 = x;', 3, 5, 'Expecting the name of a variable'],
    ['1 ~ 2', 1, 3, "Unexpected '~'"],
    ['{ export x; }', 1, 10, "'export' can only be used at the global level"],
    ['const X = 1; X += 1', 1, 14, "Cannot assign to constant 'X'"],
    [`${'('.repeat(70)}1${')'.repeat(70)}`, 1, 65, 'Expression exceeds maximum complexity'],
  ];

  for (const [source, line, column, message] of TABLE) {
    test(`${message}: ${source.slice(0, 24).replaceAll('\n', '⏎')}`, () => {
      const error = assert.throws(() => compile(source, 'test.rhai'), RhaiSyntaxError) ?? caught(source);
      assert.deepEqual([error.line, error.column, error.message, error.path], [line, column, message, 'test.rhai']);
    });
  }

  function caught(source) {
    try {
      return compile(source, 'test.rhai');
    } catch (error) {
      return error;
    }
  }
});
