// Statements of each kind: (compiler, node, destination) writes them, and leaves their value at the destination.
import { hasOptional, operatorFunction } from './compile_expressions.mjs';
import { DISCARD, code } from './emitter.mjs';
import { place } from './places.mjs';

const UNIT = code('undefined', { stable: true });

export const STATEMENTS = {
  Let: declaration,
  Assign: assignment,
  Block: block,
  If: ifElse,
  Switch: switchCase,
  While: (compiler, node, destination) => loop(compiler, destination, (label) => whileBody(compiler, node, label)),
  Loop: (compiler, node, destination) => loop(compiler, destination, (label) => repeated(compiler, label, 'for (;;)', node.body)),
  Do: (compiler, node, destination) => loop(compiler, destination, (label) => doBody(compiler, node, label)),
  For: forLoop,
  Break: leave,
  Continue: continueLoop,
  Return: (compiler, { value }) => compiler.emit(value ? `return ${compiler.ownedValue(value).code};` : 'return undefined;'),
  Throw: throwValue,
  Try: tryCatch,
  Import: importModule,
  Export: exportNames,
};

function declaration(compiler, { binding, value, global, exported, at }, destination) {
  const text = value ? compiler.ownedValue(value).code : 'undefined';
  compiler.declare(binding, text);
  const read = binding.captured ? `${binding.js}.v` : binding.js;
  if (global && binding.constant) compiler.emit(`globals.set(${JSON.stringify(binding.name)}, own(${read}));`);
  if (exported) compiler.emit(`exportValue(${compiler.position(at)}, ${JSON.stringify(exported)}, () => own(${read}));`);
  compiler.deliver(UNIT, destination);
}

function assignment(compiler, { target, operator, value, at }, destination) {
  if (target.kind === 'Variable' && target.binding?.constant) compiler.fail(`Cannot assign to constant '${target.name}'`, target.at);
  if (hasOptional(target)) assignInChain(compiler, { target, operator, value, at });
  else if (operator === '??') assignIfUnit(compiler, target, value);
  else {
    const result = operator ? compiler.value(value) : compiler.ownedValue(value);
    // What is assigned is evaluated before the place that it is assigned to.
    const isLocal = target.kind === 'Variable' && target.binding && !target.binding.captured;
    const { code: text } = isLocal ? result : compiler.settled(result);
    const { read, write } = place(compiler, target);
    write(operator ? `${operatorFunction(operator, true)}(${read}, ${text}, ${compiler.position(at)})` : text);
  }
  compiler.deliver(UNIT, destination);
}

/** `a?.b = c` does nothing where `a` is (). */
function assignInChain(compiler, { target, operator, value, at }) {
  const { code: text } = compiler.settled(compiler.ownedValue(value));
  const label = `chain${compiler.name()}`;
  compiler.emit(`${label}: {`);
  compiler.inChain({ label, next: target }, () => {
    const { read, write } = place(compiler, target);
    if (operator === '??') compiler.emit(`if (${read} !== undefined) break ${label};`);
    write(operator && operator !== '??' ? `${operatorFunction(operator, true)}(${read}, ${text}, ${compiler.position(at)})` : text);
  });
  compiler.emit('}');
}

function assignIfUnit(compiler, target, value) {
  const { read, write } = place(compiler, target);
  compiler.emit(`if (${read} === undefined) {`);
  write(compiler.ownedValue(value).code);
  compiler.emit('}');
}

function block(compiler, { body }, destination) {
  compiler.emit('{');
  compiler.block(body, destination);
  compiler.emit('}');
}

function ifElse(compiler, { condition, then, otherwise }, destination) {
  compiler.emit(`if (${compiler.condition(condition)}) {`);
  compiler.block(then.body, destination);
  if (otherwise || !destination.discard) {
    compiler.emit('} else {');
    if (otherwise?.kind === 'Block') compiler.block(otherwise.body, destination);
    else if (otherwise) compiler.into(otherwise, destination);
    else compiler.deliver(UNIT, destination);
  }
  compiler.emit('}');
}

function switchCase(compiler, { subject, cases }, destination) {
  const value = compiler.temp(compiler.value(subject).code);
  const label = `switch${compiler.name()}`;
  compiler.emit(`${label}: {`);
  for (const { patterns, guard, body } of cases) {
    const test = patterns.map((pattern) => patternTest(compiler, value, pattern)).join(' || ');
    compiler.emit(test === '' ? '{' : `if (${test}) {`);
    if (guard) compiler.emit(`if (${compiler.condition(guard)}) {`);
    compiler.into(body, destination);
    compiler.emit(`break ${label};`);
    compiler.emit(guard ? '} }' : '}');
  }
  compiler.deliver(UNIT, destination);
  compiler.emit('}');
}

/** Cases are compared by type and value: 1 is not 1.0 here. */
function patternTest(compiler, value, pattern) {
  const text = compiler.value(pattern).code;
  if (pattern.kind === 'Range') return `inCase(${compiler.position(pattern.at)}, ${value}, ${text})`;
  const simple = pattern.kind === 'Literal' && typeof pattern.value !== 'object';
  return simple ? `${value} === ${text}` : `same(${value}, ${text})`;
}

/** Each loop has a label: what `break` and `continue` mean would change inside of helper blocks otherwise. */
function loop(compiler, destination, write) {
  const label = `loop${compiler.name()}`;
  compiler.loops.push({ label: `${label}_`, end: label, destination });
  compiler.emit(`${label}: {`);
  write(label);
  compiler.deliver(UNIT, destination);
  compiler.emit('}');
  compiler.loops.pop();
}

function repeated(compiler, label, head, body, begin = []) {
  compiler.emit(`${label}_: ${head} {`, ...begin);
  compiler.block(body.body, DISCARD);
  compiler.emit('}');
}

function whileBody(compiler, { condition, body }, label) {
  const { lines, result } = compiler.capture(() => compiler.condition(condition));
  if (lines.length === 0) repeated(compiler, label, `while (${result})`, body);
  else repeated(compiler, label, 'for (;;)', body, [...lines, `if (!${result}) break;`]);
}

/** `continue` goes on with the condition, so the body is a block of its own inside the loop. */
function doBody(compiler, { body, condition, until }, label) {
  const current = compiler.loops.at(-1);
  compiler.emit(`${label}_: for (;;) {`, `${label}_body: {`);
  compiler.loops.push({ ...current, label: `${label}_body`, leavesBlock: true });
  compiler.block(body.body, DISCARD);
  compiler.loops.pop();
  compiler.emit('}');
  compiler.emit(`if (${until ? '' : '!'}${compiler.condition(condition)}) break;`, '}');
}

function forLoop(compiler, node, destination) {
  const { iterable, at } = node;
  const p = compiler.position(at);
  const direct = iterable.kind === 'Range' && iterable.to;
  const parts = direct ? [iterable.from ?? { kind: 'Literal', value: 0, at }, iterable.to] : [iterable];
  const [first, last] = compiler.sequence(parts.map((part) => () => compiler.value(part)));
  const start = direct ? compiler.settled(first).code : first.code;
  const item = compiler.name();
  loop(compiler, destination, (label) => {
    let head;
    if (direct) {
      // A range that is written in the loop becomes a loop of numbers, without an object for it.
      const end = compiler.name();
      compiler.emit(`const ${end} = rangeEnd(${p}, ${start}, ${last.code}, ${iterable.inclusive});`);
      head = `for (let ${item} = ${start}; ${item} < ${end}; ${item}++)`;
    } else head = `for (const ${item} of iterate(${p}, ${start}))`;
    forBody(compiler, node, { label, head, item, direct });
  });
}

function forBody(compiler, { binding, counterBinding, body }, { label, head, item, direct }) {
  const counter = counterBinding && compiler.name();
  if (counter) compiler.emit(`let ${counter} = 0;`);
  const { lines } = compiler.capture(() => {
    compiler.declare(binding, direct ? item : `own(${item})`);
    if (counter) compiler.declare(counterBinding, `${counter}++`);
  });
  repeated(compiler, label, head, body, lines);
}

function currentLoop(compiler, { at }, what) {
  const current = compiler.loops.at(-1);
  if (!current) compiler.fail(`${what} statement outside of a loop`, at);
  return current;
}

function continueLoop(compiler, node) {
  const current = currentLoop(compiler, node, 'Continue');
  compiler.emit(`${current.leavesBlock ? 'break' : 'continue'} ${current.label};`);
}

function leave(compiler, node) {
  const { destination, end } = currentLoop(compiler, node, 'Break');
  if (node.value) compiler.into(node.value, destination);
  else compiler.deliver(UNIT, destination);
  compiler.emit(`break ${end};`);
}

function throwValue(compiler, { value, at }) {
  const rethrown = compiler.handlers.at(-1);
  if (!value && rethrown) compiler.emit(`throw ${rethrown};`);
  else compiler.emit(`throw thrown(${compiler.position(at)}, ${value ? compiler.ownedValue(value).code : 'undefined'});`);
}

function tryCatch(compiler, { body, handler, binding }, destination) {
  const error = compiler.name();
  compiler.emit('try {');
  compiler.block(body.body, destination);
  compiler.emit(`} catch (${error}) {`);
  const caught = compiler.temp(`caught(${error})`);
  if (binding) compiler.declare(binding, caught);
  compiler.handlers.push(error);
  compiler.block(handler.body, destination);
  compiler.handlers.pop();
  compiler.emit('}');
}

function importModule(compiler, { path, binding, global, at }, destination) {
  const module = compiler.awaited(`importModule(${compiler.position(at)}, ${compiler.value(path).code})`).code;
  if (!binding) compiler.emit(`${module};`);
  else compiler.emit(global ? `${binding.js} = ${module};` : `const ${binding.js} = ${module};`);
  if (binding && global) compiler.emit(`exportModule(${JSON.stringify(binding.name)}, ${binding.js});`);
  compiler.deliver(UNIT, destination);
}

function exportNames(compiler, { names }, destination) {
  for (const { name, alias, binding, at } of names) {
    const p = compiler.position(at);
    const read = binding ? `own(${binding.captured ? `${binding.js}.v` : binding.js})` : `missing(${p}, ${JSON.stringify(name)})`;
    compiler.emit(`exportValue(${p}, ${JSON.stringify(alias)}, () => ${read});`);
  }
  compiler.deliver(UNIT, destination);
}
