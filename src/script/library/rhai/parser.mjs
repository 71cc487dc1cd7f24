// Statements, and the program as a whole: {body, functions}.
import { ExpressionParser, PATTERN } from './expression_parser.mjs';
import { Lexer } from './lexer.mjs';

const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=', '%=', '**=', '<<=', '>>=', '&=', '|=', '^=', '??=']);
const ASSIGNABLE = new Set(['Variable', 'Property', 'Index', 'This']);
/** Statements that need no semicolon behind them. */
const SELF_TERMINATED = new Set(['If', 'Switch', 'While', 'Loop', 'For', 'Do', 'Try', 'Block', 'Function']);

class Parser extends ExpressionParser {
  constructor(source, path) {
    super(new Lexer(source, path).tokens(), path);
    this.functions = [];
    this.blocks = 0;
  }

  program() {
    const body = this.statementsUntil((parser) => parser.token.type === 'end');
    return { body, functions: this.functions };
  }

  statementsUntil(isEnd) {
    const statements = [];
    for (;;) {
      while (this.take(';'));
      if (isEnd(this)) return statements;
      if (this.token.type === 'end') this.fail(`Unexpected ${this.token.value}: expecting '}'`);
      const statement = this.statement();
      if (statement.kind !== 'Function') statements.push(statement);
      if (this.take(';') || isEnd(this) || this.token.type === 'end' || SELF_TERMINATED.has(statement.kind)) continue;
      this.fail("Expecting ';' to terminate this statement");
    }
  }

  statement() {
    const { type, value } = this.token;
    const parse = type === 'keyword' ? STATEMENTS[value] : undefined;
    if (parse) return parse.call(this);
    if (this.is('{') || this.startsCompound()) return this.compound();
    const target = this.expression();
    const operator = this.token.type === 'operator' ? this.token.value : undefined;
    if (!ASSIGNMENTS.has(operator)) return target;
    const at = this.place();
    if (!ASSIGNABLE.has(target.kind) || target.namespace?.length) this.fail('Nothing can be assigned to this expression');
    this.next();
    return { kind: 'Assign', operator: operator.slice(0, -1), target, value: this.expression(), at };
  }

  startsCompound() {
    return this.token.type === 'keyword' && Object.hasOwn(COMPOUNDS, this.token.value);
  }

  /** What has braces, and is a value as well as a statement. */
  compound() {
    return this.is('{') ? this.block() : this.nested(() => COMPOUNDS[this.token.value].call(this));
  }

  block() {
    const at = this.place(this.expect('{', 'to begin a block'));
    this.blocks++;
    const body = this.nested(() => this.statementsUntil((parser) => parser.is('}')));
    this.blocks--;
    this.next();
    return { kind: 'Block', body, at };
  }

  ifElse() {
    const at = this.place(this.next());
    const condition = this.expression();
    const then = this.block();
    let otherwise;
    if (this.take('else')) otherwise = this.is('if') ? this.nested(() => this.ifElse()) : this.block();
    return { kind: 'If', condition, then, otherwise, at };
  }

  whileLoop() {
    const at = this.place(this.next());
    return { kind: 'While', condition: this.expression(), body: this.block(), at };
  }

  endlessLoop() {
    const at = this.place(this.next());
    return { kind: 'Loop', body: this.block(), at };
  }

  doLoop() {
    const at = this.place(this.next());
    const body = this.block();
    const until = this.is('until');
    if (!until && !this.is('while')) this.fail("Expecting 'while' or 'until' behind the block of 'do'");
    this.next();
    return { kind: 'Do', body, condition: this.expression(), until, at };
  }

  forLoop() {
    const at = this.place(this.next());
    let name;
    let counter;
    if (this.take('(')) {
      name = this.expectName('the loop variable').value;
      this.expect(',', 'behind the loop variable');
      counter = this.expectName('the counter').value;
      this.expect(')', 'behind the counter');
      if (name === counter) this.fail(`'${name}' names both the item and the counter`);
    } else name = this.expectName('the loop variable').value;
    this.expect('in', 'behind the loop variable');
    return { kind: 'For', name, counter, iterable: this.expression(), body: this.block(), at };
  }

  switchCase() {
    const at = this.place(this.next());
    const subject = this.expression();
    this.expect('{', "to begin the cases of 'switch'");
    const cases = [];
    while (!this.take('}')) {
      if (cases.some(({ patterns }) => patterns.length === 0)) this.fail('The default case must be the last one');
      cases.push(this.switchArm());
    }
    return { kind: 'Switch', subject, cases, at };
  }

  switchArm() {
    const at = this.place();
    const patterns = [];
    let guard;
    if (this.token.type === 'name' && this.token.value === '_') this.next();
    else {
      do patterns.push(this.expression(PATTERN));
      while (this.take('|'));
    }
    if (this.is('if')) {
      if (patterns.length === 0) this.fail('The default case cannot have a condition');
      this.next();
      guard = this.expression();
    }
    this.expect('=>', 'behind the pattern of a case');
    const body = this.nested(() => this.statement());
    if (!this.take(',') && !this.is('}') && !SELF_TERMINATED.has(body.kind)) this.fail("Expecting ',' to separate the cases of 'switch'");
    return { patterns, guard, body, at };
  }

  declaration() {
    const constant = this.next().value === 'const';
    const name = this.expectName(constant ? 'a constant' : 'a variable');
    const value = this.take('=') ? this.expression() : undefined;
    return { kind: 'Let', name: name.value, constant, value, at: this.place(name) };
  }

  jump() {
    const token = this.next();
    const at = this.place(token);
    const bare = this.is(';') || this.is('}') || this.is(',') || this.is(')') || this.token.type === 'end';
    const value = bare || token.value === 'continue' ? undefined : this.expression();
    return { kind: { break: 'Break', continue: 'Continue', return: 'Return', throw: 'Throw' }[token.value], value, at };
  }

  tryCatch() {
    const at = this.place(this.next());
    const body = this.block();
    this.expect('catch', "behind the block of 'try'");
    let name;
    if (this.take('(')) {
      name = this.expectName('the error').value;
      this.expect(')', 'behind the name of the error');
    }
    return { kind: 'Try', body, name, handler: this.block(), at };
  }

  functionDefinition() {
    const isPrivate = this.take('private');
    const start = this.expect('fn', "behind 'private'");
    if (this.blocks > 0 || this.depth > 0) this.fail('Functions can only be defined at the global level', start);
    const { name, thisType } = this.functionName();
    this.expect('(', 'to begin the parameters of the function');
    const names = this.list(')', 'to end the parameters of the function', () => this.expectName('a parameter').value);
    if (new Set(names).size < names.length) this.fail(`Two parameters of '${name.value}' have one name`, name);
    const same = this.functions.some((other) => other.name === name.value && other.names.length === names.length && other.thisType === thisType);
    if (same) this.fail(`Function '${name.value}' with ${names.length} parameters is defined twice`, name);
    const definition = { kind: 'Function', name: name.value, thisType, names, isPrivate, body: this.block(), at: this.place(name) };
    this.functions.push(definition);
    return definition;
  }

  /** `name`, or `type.name` of a method for values of one type. */
  functionName() {
    const isText = this.token.type === 'literal' && typeof this.token.value === 'string';
    const first = isText ? this.next() : this.expectName('the function');
    if (!isText && !this.is('.')) return { name: first };
    this.expect('.', 'between the type and the name of the method');
    return { name: this.expectName('the method'), thisType: first.value };
  }

  importModule() {
    const at = this.place(this.next());
    const path = this.expression();
    const alias = this.take('as') ? this.expectName('the module').value : undefined;
    return { kind: 'Import', path, alias, global: this.blocks === 0 && this.depth === 0, at };
  }

  exportNames() {
    const at = this.place(this.next());
    if (this.blocks > 0 || this.depth > 0) this.fail("'export' can only be used at the global level");
    if (this.is('let') || this.is('const')) {
      const declaration = this.declaration();
      return { ...declaration, exported: declaration.name };
    }
    const names = [];
    do {
      const token = this.expectName('what is exported');
      const alias = this.take('as') ? this.expectName('the export').value : token.value;
      names.push({ name: token.value, alias, at: this.place(token) });
    } while (this.take(','));
    return { kind: 'Export', names, at };
  }
}

const { prototype } = Parser;
const STATEMENTS = {
  let: prototype.declaration,
  const: prototype.declaration,
  break: prototype.jump,
  continue: prototype.jump,
  return: prototype.jump,
  throw: prototype.jump,
  try: prototype.tryCatch,
  fn: prototype.functionDefinition,
  private: prototype.functionDefinition,
  import: prototype.importModule,
  export: prototype.exportNames,
};
const COMPOUNDS = {
  if: prototype.ifElse,
  switch: prototype.switchCase,
  while: prototype.whileLoop,
  loop: prototype.endlessLoop,
  for: prototype.forLoop,
  do: prototype.doLoop,
};

export const parse = (source, path) => new Parser(source, path).program();
