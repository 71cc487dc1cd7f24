// Expressions, by the precedence of their operators. Each node has a `kind` and `at`, the place of what an error would name.
import { RhaiSyntaxError } from './errors.mjs';
import { wholeNumber } from './values.mjs';

/** How strongly an operator binds its operands; a right-associative one says so. */
const PRECEDENCE = {
  '||': 30, '|': 30, '^': 30,
  '&&': 60, '&': 60,
  '==': 90, '!=': 90,
  in: 110, '!in': 110,
  '<': 130, '<=': 130, '>': 130, '>=': 130,
  '??': 135,
  '..': 140, '..=': 140,
  '+': 150, '-': 150,
  '*': 180, '/': 180, '%': 180,
  '**': 190,
  '<<': 210, '>>': 210,
};
const RIGHT_ASSOCIATIVE = new Set(['**']);
const LOGICAL = new Set(['||', '&&', '??']);
/** A pattern of `switch` ends before the `|` of its alternatives. */
export const PATTERN = PRECEDENCE['|'] + 1;
const DEEPEST = 64;
const ENDS_RANGE = new Set([']', ')', '}', '{', ',', ';', '=>']);

export class ExpressionParser {
  constructor(tokens, path) {
    Object.assign(this, { tokens, path, position: 0, depth: 0 });
  }

  get token() {
    return this.tokens[this.position];
  }

  next() {
    return this.tokens[this.position++];
  }

  fail(message, token = this.token) {
    throw new RhaiSyntaxError(message, { path: this.path, line: token.line, column: token.column });
  }

  is(value) {
    const { type, value: actual } = this.token;
    return actual === value && (type === 'operator' || type === 'keyword');
  }

  take(value) {
    if (!this.is(value)) return false;
    this.position++;
    return true;
  }

  expect(value, purpose) {
    if (this.is(value)) return this.next();
    return this.fail(`Expecting '${value}' ${purpose}`);
  }

  expectName(what) {
    if (this.token.type !== 'name') this.fail(`Expecting the name of ${what}`);
    return this.next();
  }

  place(token = this.token) {
    return { line: token.line, column: token.column };
  }

  expression(minimum = 0) {
    if (++this.depth > DEEPEST) this.fail('Expression exceeds maximum complexity');
    let left = this.unary();
    for (;;) {
      const operator = this.binaryOperator();
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < minimum) break;
      left = this.binary(left, operator, precedence);
    }
    this.depth--;
    return left;
  }

  binaryOperator() {
    const { type, value } = this.token;
    if (type === 'keyword') return value === 'in' ? 'in' : undefined;
    if (type !== 'operator') return undefined;
    const following = this.tokens[this.position + 1];
    return value === '!' && following?.value === 'in' && following.joined ? '!in' : value;
  }

  binary(left, operator, precedence) {
    const at = this.place();
    this.position += operator === '!in' ? 2 : 1;
    if (operator === '..' || operator === '..=') return this.range(left, operator, precedence, at);
    const right = this.expression(RIGHT_ASSOCIATIVE.has(operator) ? precedence : precedence + 1);
    if (LOGICAL.has(operator)) return { kind: 'Logical', operator, left, right, at };
    if (operator === 'in' || operator === '!in') return { kind: 'In', item: left, container: right, negated: operator === '!in', at };
    return { kind: 'Binary', operator, left, right, at };
  }

  range(from, operator, precedence, at) {
    const open = this.token.type === 'end' || (this.token.type === 'operator' && ENDS_RANGE.has(this.token.value));
    const to = open ? undefined : this.expression(precedence + 1);
    return { kind: 'Range', from, to, inclusive: operator === '..=', at };
  }

  unary() {
    const at = this.place();
    if (this.is('..') || this.is('..=')) return this.range(undefined, this.next().value, PRECEDENCE['..'], at);
    for (const operator of ['-', '+', '!']) {
      if (!this.take(operator)) continue;
      if (operator === '-' && this.token.type === 'literal' && this.token.smallest) return this.postfix({ ...this.literal(), value: -(1n << 63n) });
      const operand = this.nested(() => this.unary());
      const literal = operator === '-' && operand.kind === 'Literal' && typeof operand.value === 'number';
      return literal ? { ...operand, value: wholeNumber(-BigInt(operand.value)), at } : { kind: 'Unary', operator, operand, at };
    }
    return this.postfix(this.primary());
  }

  nested(parse) {
    if (++this.depth > DEEPEST) this.fail('Expression exceeds maximum complexity');
    const node = parse();
    this.depth--;
    return node;
  }

  postfix(start) {
    let node = start;
    for (;;) {
      if (this.is('.') || this.is('?.')) node = this.member(node, this.next().value === '?.');
      else if (this.is('[') || this.is('?[')) node = this.index(node);
      else return node;
    }
  }

  member(object, optional) {
    if (this.token.type !== 'name' && this.token.type !== 'keyword') this.fail('Expecting the name of a property');
    const name = this.next();
    const at = this.place(name);
    if (this.is('(')) return { kind: 'MethodCall', object, name: name.value, parameters: this.parameters(), optional, at };
    return { kind: 'Property', object, name: name.value, optional, at };
  }

  index(object) {
    const token = this.next();
    const index = this.expression();
    this.expect(']', 'to end the index');
    return { kind: 'Index', object, index, optional: token.value === '?[', at: beginning(index) };
  }

  parameters() {
    this.expect('(', 'to begin the parameters');
    return this.list(')', 'to end the parameters', () => this.expression());
  }

  /** Items between commas up to `closing`; a comma behind the last one is fine. */
  list(closing, purpose, item) {
    const items = [];
    while (!this.is(closing)) {
      items.push(item());
      if (!this.take(',') && !this.is(closing)) this.fail(`Expecting ',' or '${closing}' ${purpose}`);
    }
    this.next();
    return items;
  }

  primary() {
    const { type, value } = this.token;
    if (type === 'literal') return this.literal();
    if (type === 'template') return this.template();
    if (type === 'name') return this.named();
    const parse = PRIMARY[value];
    if (parse && type !== 'end') return parse.call(this);
    return this.fail(type === 'end' ? `Unexpected ${value}` : `Unexpected '${value}'`);
  }

  literal() {
    const token = this.next();
    return { kind: 'Literal', value: token.value, at: this.place(token) };
  }

  template() {
    const token = this.next();
    const parts = token.value.map((part) => (typeof part === 'string' ? part : this.interpolation(part)));
    return { kind: 'Template', parts, at: this.place(token) };
  }

  /** The tokens of an interpolation are read in the middle of ours. */
  interpolation(tokens) {
    const outer = { tokens: this.tokens, position: this.position };
    Object.assign(this, { tokens, position: 0 });
    const at = this.place();
    const body = this.statementsUntil((parser) => parser.token.type === 'end');
    Object.assign(this, outer);
    return body.length === 1 && body[0].kind !== 'Let' ? body[0] : { kind: 'Block', body, at };
  }

  named() {
    const token = this.next();
    const at = this.place(token);
    if (token.value === 'eval') this.fail("'eval' is disabled", token);
    const path = [token.value];
    let last = at;
    while (this.take('::')) {
      const part = this.expectName('a member of the module');
      last = this.place(part);
      path.push(part.value);
    }
    const name = path.pop();
    if (this.is('(')) return { kind: 'Call', namespace: path, name, parameters: this.parameters(), at: last, start: at };
    return { kind: 'Variable', namespace: path, name, at: last, start: at };
  }

  array() {
    const at = this.place(this.next());
    return { kind: 'Array', items: this.list(']', 'to end the array', () => this.expression()), at };
  }

  map() {
    const at = this.place(this.next());
    const seen = new Set();
    const entries = this.list('}', 'to end the map', () => {
      const key = this.next();
      const text = key.type === 'template' && key.value.length === 1 ? key.value[0] : key.value;
      const usable = key.type === 'name' || key.type === 'keyword' || (key.type !== 'operator' && key.type !== 'end' && typeof text === 'string');
      if (!usable) this.fail('Expecting the name of a property', key);
      if (seen.has(text)) this.fail(`Duplicated property '${text}' in the map`, key);
      seen.add(text);
      this.expect(':', 'between the name of a property and its value');
      return { key: text, value: this.expression() };
    });
    return { kind: 'Map', entries, at };
  }

  closure() {
    const token = this.next();
    const names = [];
    if (token.value === '|') {
      while (!this.is('|')) {
        names.push(this.expectName('a parameter').value);
        if (!this.take(',') && !this.is('|')) this.fail("Expecting ',' or '|' to end the parameters of the closure");
      }
      this.next();
    }
    if (new Set(names).size < names.length) this.fail('Two parameters of the closure have one name', token);
    const body = this.nested(() => this.statement());
    return { kind: 'Closure', names, body, at: this.place(token) };
  }

  parenthesized() {
    const at = this.place(this.next());
    if (this.take(')')) return { kind: 'Literal', value: undefined, at };
    const inner = this.expression();
    this.expect(')', 'to end the expression');
    return inner;
  }

  constant(value) {
    return { kind: 'Literal', value, at: this.place(this.next()) };
  }
}

/** Where a node begins; what it reports itself is the place of its operator or name. */
function beginning(node) {
  const first = node.left ?? node.object ?? node.item ?? node.from;
  return first ? beginning(first) : node.start ?? node.at;
}

const block = function parseCompound() {
  return this.compound();
};
/** `x ?? break`: a jump can be an operand. */
const jump = function parseJump() {
  return this.jump();
};
const PRIMARY = {
  '(': ExpressionParser.prototype.parenthesized,
  '[': ExpressionParser.prototype.array,
  '#{': ExpressionParser.prototype.map,
  '|': ExpressionParser.prototype.closure,
  '||': ExpressionParser.prototype.closure,
  true: function parseTrue() {
    return this.constant(true);
  },
  false: function parseFalse() {
    return this.constant(false);
  },
  this: function parseThis() {
    return { kind: 'This', at: this.place(this.next()) };
  },
  break: jump, continue: jump, return: jump, throw: jump,
  '{': block, if: block, switch: block, loop: block, while: block, for: block, do: block,
};
