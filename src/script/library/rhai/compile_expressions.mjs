// Expressions of each kind, as JavaScript: (compiler, node) => {code, stable, place, bool}.
import { invocation } from './compile_calls.mjs';
import { RETURN, code, parameterName } from './emitter.mjs';
import { variableText } from './places.mjs';

const OPERATORS = {
  '+': 'add', '-': 'subtract', '*': 'multiply', '/': 'divide', '%': 'remainder', '**': 'power',
  '<<': 'shiftLeft', '>>': 'shiftRight', '&': 'bitAnd', '|': 'bitOr', '^': 'bitXor',
  '==': 'equal', '!=': 'unequal', '<': 'less', '<=': 'atMost', '>': 'greater', '>=': 'atLeast',
};
const UNARY = { '-': 'negate', '+': 'plus', '!': 'not' };
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** The function of the runtime for an operator; `+=` adds to arrays in place. */
export const operatorFunction = (operator, assigning) => (assigning && operator === '+' ? 'addTo' : OPERATORS[operator]);

export const EXPRESSIONS = {
  Literal: (compiler, { value }) => compiler.literal(value),
  Variable: variable,
  This: (compiler, { at }) => code(`self($this, ${compiler.position(at)}).v`, { place: true }),
  Array: array,
  Map: map,
  Template: template,
  Unary: unary,
  Binary: binary,
  Logical: logical,
  In: membership,
  Range: range,
  Property: chained(property),
  Index: chained(index),
  MethodCall: chained(invocation.method),
  Call: invocation.call,
  Closure: closure,
  If: conditional,
};

function variable(compiler, node) {
  const { binding, namespace } = node;
  if (binding) return code(variableText(binding), { place: true, stable: binding.constant });
  const p = compiler.position(node.at);
  const name = JSON.stringify(node.name);
  if (namespace.length > 0) {
    if (!node.module && namespace[0] === 'global') return code(`globalConstant(${p}, ${name})`, { place: true });
    return code(`moduleVariable(${p}, ${node.module?.js ?? 'undefined'}, ${JSON.stringify(namespace)}, ${name})`, { place: true });
  }
  if (node.definition) return code(`pointer(${p}, ${name})`);
  return code(node.inFunction ? `missing(${p}, ${name})` : `scriptConstant(${p}, ${name})`);
}

function array(compiler, { items }) {
  const values = compiler.sequence(items.map((item) => () => compiler.ownedValue(item)));
  return code(`[${values.map((value) => value.code).join(', ')}]`);
}

function map(compiler, { entries }) {
  const values = compiler.sequence(entries.map(({ value }) => () => compiler.ownedValue(value)));
  const pairs = entries.map(({ key }, index) => `[${JSON.stringify(key)}, ${values[index].code}]`);
  return code(`new Map([${pairs.join(', ')}])`);
}

function template(compiler, { parts }) {
  const expressions = parts.filter((part) => typeof part !== 'string');
  const values = compiler.sequence(expressions.map((part) => () => code(`display(${compiler.value(part).code})`)));
  const texts = parts.map((part) => (typeof part === 'string' ? JSON.stringify(part) : values.shift().code)).filter((text) => text !== '""');
  return code(texts.length === 0 ? '""' : `(${['""', ...texts].join(' + ')})`);
}

function unary(compiler, { operator, operand, at }) {
  const value = compiler.value(operand);
  if (operator === '!' && value.bool) return code(`!${value.code}`, { bool: true });
  return code(`${UNARY[operator]}(${value.code}, ${compiler.position(at)})`, { bool: operator === '!' });
}

function binary(compiler, { operator, left, right, at }) {
  const [a, b] = compiler.sequence([() => compiler.value(left), () => compiler.value(right)]);
  return code(`${OPERATORS[operator]}(${a.code}, ${b.code}, ${compiler.position(at)})`, { bool: COMPARISONS.has(operator) });
}

function logical(compiler, { operator, left, right }) {
  const evaluate = operator === '??' ? (node) => compiler.ownedValue(node).code : (node) => compiler.condition(node);
  const first = evaluate(left);
  const { lines, result } = compiler.capture(() => evaluate(right));
  const bool = operator !== '??';
  if (lines.length === 0) return code(`(${first} ${operator} ${result})`, { bool });
  const name = compiler.name();
  const goesOn = { '&&': name, '||': `!${name}`, '??': `${name} === undefined` }[operator];
  compiler.emit(`let ${name} = ${first};`, `if (${goesOn}) {`, ...lines, `${name} = ${result};`, '}');
  return code(name, { stable: true, bool });
}

function membership(compiler, { item, container, negated, at }) {
  const [value, all] = compiler.sequence([() => compiler.value(item), () => compiler.value(container)]);
  return code(`${negated ? '!' : ''}isIn(${compiler.position(at)}, ${value.code}, ${all.code})`, { bool: true });
}

function range(compiler, { from, to, inclusive, at }) {
  const end = (node) => () => (node ? compiler.value(node) : code('undefined', { stable: true }));
  const [first, last] = compiler.sequence([end(from), end(to)]);
  return code(`makeRange(${compiler.position(at)}, ${first.code}, ${last.code}, ${inclusive})`);
}

/** `a?.b.c` gives () for all of it where `a` is (): the outermost member of such a chain makes the block that the inner ones leave. */
function chained(write) {
  return (compiler, node) => {
    const { chain } = compiler;
    if (chain?.next === node) return compiler.inChain(chain, () => write(compiler, node));
    if (!hasOptional(node)) return compiler.inChain(undefined, () => write(compiler, node));
    const result = compiler.name();
    const label = `chain${result}`;
    compiler.emit(`let ${result};`, `${label}: {`);
    const value = compiler.inChain({ label, next: node }, () => write(compiler, node));
    compiler.emit(`${result} = ${compiler.owned(value)};`, '}');
    return code(result, { stable: true });
  };
}

const LINKS = new Set(['Property', 'Index', 'MethodCall']);

export function hasOptional(node) {
  return LINKS.has(node.kind) && (node.optional || hasOptional(node.object));
}

/** The object of a member, behind the test of `?.`. What is compiled after it, as parameters, begins chains of its own. */
export function receiver(compiler, node, evaluate) {
  const { chain } = compiler;
  const value = compiler.inChain(chain && { ...chain, next: node.object }, () => evaluate(node.object));
  compiler.chain = undefined;
  if (!node.optional || !chain) return value;
  const settled = compiler.settled(value);
  compiler.emit(`if (${settled.code} === undefined) break ${chain.label};`);
  return settled;
}

function property(compiler, node) {
  const object = receiver(compiler, node, (inner) => compiler.value(inner));
  const text = compiler.awaited(`property(${compiler.position(node.at)}, ${object.code}, ${JSON.stringify(node.name)})`).code;
  return code(text, { place: true });
}

function index(compiler, node) {
  const operands = [() => receiver(compiler, node, (inner) => compiler.value(inner)), () => compiler.value(node.index)];
  const [object, key] = compiler.sequence(operands);
  return code(`index(${compiler.position(node.at)}, ${object.code}, ${key.code})`, { place: true });
}

function closure(compiler, { bindings, captures, body, level, at }) {
  const text = compiler.unit(level, () => {
    compiler.emit(`const $d${level} = $d${level - 1} + 1;`, `if ($d${level} > MAX_DEPTH) tooDeep(${compiler.position(at)});`);
    compiler.parameters(bindings);
    if (body.kind === 'Block') compiler.block(body.body, RETURN);
    else compiler.into(body, RETURN);
  });
  const cells = captures.map(({ js }) => js).join(', ');
  const parameters = ['$this', ...bindings.map(parameterName)].join(', ');
  return code(`closure((${cells}) => async (${parameters}) => {\n${text}\n}, [${cells}], ${bindings.length})`);
}

/** `if` with one expression on each side is an expression of JavaScript too, as long as none of the three needs statements. */
function conditional(compiler, node) {
  const simple = (block) => block?.kind === 'Block' && block.body.length === 1 && block.body[0].kind !== 'If' && EXPRESSIONS[block.body[0].kind];
  if (simple(node.then) && simple(node.otherwise)) {
    const { lines, result } = compiler.capture(() => {
      const values = [() => code(compiler.condition(node.condition)), ...[node.then, node.otherwise].map(({ body }) => () => compiler.ownedValue(body[0]))];
      return compiler.sequence(values).map((value) => value.code);
    });
    if (lines.length === 0) return code(`(${result[0]} ? ${result[1]} : ${result[2]})`);
  }
  const name = compiler.name();
  compiler.emit(`let ${name};`);
  compiler.into(node, { name });
  return code(name, { stable: true });
}
