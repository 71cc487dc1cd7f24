// Translates a program to the text of a JavaScript function body. It gets `rt`, the environment of one module (runtime.mjs), and returns the function that
// runs the program. Variables become local variables of JavaScript, so that its compiler sees them; what has statements inside of an expression
// (`let x = if …`, `x + { … }`) is written as statements in front of it.
import { DISCARD, Emitter, RETURN, code, parameterName } from './emitter.mjs';
import { RhaiSyntaxError } from './errors.mjs';
import { EXPRESSIONS } from './compile_expressions.mjs';
import { STATEMENTS } from './compile_statements.mjs';
import { MUTATING } from './library.mjs';
import { parse } from './parser.mjs';
import { PRELUDE_NAMES } from './prelude.mjs';
import { Resolver } from './scope.mjs';

export class Compiler extends Emitter {
  constructor(program, path) {
    super(path);
    this.program = program;
    this.resolver = new Resolver(program);
    this.resolver.program(program);
    const keys = (definitions) => definitions.map(({ name, names }) => `${name}/${names.length}`);
    this.functions = new Set(keys(program.functions.filter(({ thisType }) => !thisType)));
    /** Methods for values of one type. */
    this.typedMethods = new Set(keys(program.functions.filter(({ thisType }) => thisType)));
    this.loops = [];
    this.handlers = [];
    this.level = 0;
    this.usesTemporary = false;
  }

  fail(message, at) {
    throw new RhaiSyntaxError(message, { path: this.path, ...at });
  }

  module() {
    const functions = this.program.functions.map((definition) => this.functionText(definition));
    const main = this.unit(0, () => this.block(this.program.body, RETURN));
    const modules = this.resolver.globalModules.map(({ js }) => `let ${js};`);
    const beginning = ['"use strict";', `const { ${PRELUDE_NAMES.join(', ')} } = rt;`, ...this.hoisted, ...modules];
    return [...beginning, ...functions, 'return async () => {', 'const $d0 = 0;', main, '};'].join('\n');
  }

  /** The body of something that is called, with what it needs at its beginning. */
  unit(level, write) {
    const outer = { loops: this.loops, handlers: this.handlers, level: this.level, usesTemporary: this.usesTemporary };
    Object.assign(this, { loops: [], handlers: [], level, usesTemporary: false });
    const { lines } = this.capture(write);
    if (this.usesTemporary) lines.unshift('let $t;');
    Object.assign(this, outer);
    return lines.join('\n');
  }

  functionText({ name, thisType, names, isPrivate, bindings, body, at }) {
    const js = this.functionName(name, names.length) + (thisType ? `_${this.name()}` : '');
    const text = this.unit(0, () => {
      this.emit(`if ($d0 > MAX_DEPTH) tooDeep(${this.position(at)});`);
      this.parameters(bindings);
      this.block(body.body, RETURN);
    });
    const list = bindings.map((binding) => `, ${parameterName(binding)}`).join('');
    const define = thisType ? `defineFor(${JSON.stringify(thisType)}, ` : 'define(';
    return `async function ${js}($d0, $this${list}) {\n${text}\n}\n${define}${JSON.stringify(name)}, ${names.length}, ${js}, ${isPrivate});`;
  }

  functionName(name, arity) {
    return `f_${name.replace(/[^A-Za-z0-9_]/g, (c) => `$u${c.codePointAt(0).toString(16)}`)}_${arity}`;
  }

  parameters(bindings) {
    for (const binding of bindings) if (binding.captured) this.emit(`const ${binding.js} = { v: ${parameterName(binding)} };`);
  }

  /** The statements of a block; the last one gives the value. */
  block(statements, destination) {
    const last = statements.length - 1;
    statements.forEach((statement, index) => this.into(statement, index === last ? destination : DISCARD));
    if (last < 0) this.deliver(code('undefined', { stable: true }), destination);
  }

  /** Compiles something as a part of a chain of members, or outside of one (compile_expressions.mjs). */
  inChain(chain, write) {
    const outer = this.chain;
    this.chain = chain;
    const result = write();
    this.chain = outer;
    return result;
  }

  /** Compiles a node and leaves its value where `destination` says: a variable `name`, the result of the function, or nowhere. */
  into(node, destination) {
    const write = STATEMENTS[node.kind];
    this.inChain(undefined, () => (write ? write(this, node, destination) : this.deliver(this.value(node), destination)));
  }

  deliver(value, destination) {
    if (destination.returns) this.emit(`return ${this.owned(value)};`);
    else if (destination.name) this.emit(`${destination.name} = ${this.owned(value)};`);
    else if (!value.stable) this.emit(`${value.code};`);
  }

  owned(value) {
    return value.place ? `own(${value.code})` : value.code;
  }

  /** Compiles a node to an expression. */
  value(node) {
    const write = EXPRESSIONS[node.kind];
    if (write) return write(this, node);
    const name = this.name();
    this.emit(`let ${name};`);
    this.into(node, { name });
    return code(name, { stable: true });
  }

  /** The value of a node that its receiver may keep. */
  ownedValue(node) {
    const value = this.value(node);
    return value.place ? code(this.owned(value)) : value;
  }

  condition(node) {
    const value = this.value(node);
    return value.bool ? value.code : `truth(${value.code}, ${this.position(node.at)})`;
  }

  /** A call that may give a promise; one that does not costs no turn of the event loop. */
  awaited(text) {
    this.usesTemporary = true;
    return code(`(($t = ${text}) instanceof Promise ? await $t : $t)`);
  }

  declare(binding, text) {
    const constant = binding.constant ? `, constant: ${JSON.stringify(binding.name)}` : '';
    this.emit(binding.captured ? `const ${binding.js} = { v: ${text}${constant} };` : `let ${binding.js} = ${text};`);
  }

  isMutating(name) {
    return MUTATING.has(name);
  }

  native(name, count) {
    return this.hoist('n', `native(${JSON.stringify(name)}, ${count})`);
  }

  method(name, count) {
    const script = [count, count + 1].map((arity) => (this.functions.has(`${name}/${arity}`) ? this.functionName(name, arity) : 'undefined'));
    return this.hoist('m', `method(${JSON.stringify(name)}, ${count}, ${script.join(', ')})`);
  }
}

export function compile(source, path) {
  const compiler = new Compiler(parse(source, path), path);
  const text = compiler.module();
  return { code: text, positions: compiler.positions, path };
}
