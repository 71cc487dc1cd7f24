// What can be known to be wrong with a script without running it: names that nothing has, options of agents, verbs, matchers, missing modules.
import { similar } from '../similar.mjs';
import { kAgentKeys } from './agent_options.mjs';
import { Agent } from './agent.mjs';
import { Call } from './call.mjs';
import { api } from './globals.mjs';
import { part } from './host.mjs';
import { MockServer } from './mock_server.mjs';
import { matcherNames } from './assertions.mjs';

const full = (...given) => part('syntax').full(...given);

/** Of the language. */
const kLanguage = new Set(
  `Array ArrayBuffer Atomics BigInt Boolean DataView Date Error EvalError Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl JSON Map Math NaN
   Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array WeakMap
   WeakRef WeakSet AggregateError arguments decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined
   unescape exports require module`.split(/\s+/)
);

/** All that an object of the class can be asked or told, and what others set on it. */
const membersOf = (type, more) => new Set([...Object.getOwnPropertyNames(type.prototype), ...Object.getOwnPropertyNames(Object.prototype), ...more]);
const kCallMembers = 'id number direction state peerUri held onHold early receivedDtmf messages reason statusCode codec encryption profile startedAt ringingAt answeredAt endedAt agent';
const kMembers = {
  Agent: membersOf(Agent, 'name config aor verbs checks hearing calls messages texts subscriptions subscribers placed requests isRegistered muted source address nativeId mailbox'.split(' ')),
  MockServer: membersOf(MockServer, ['id', 'url', 'port'])
};
export const callMembers = membersOf(Call, kCallMembers.split(' '));
const kMatchers = new Set([...matcherNames(), 'not', 'as', 'value']);

/** Every name that the file itself declares, in whatever scope: what is used and nowhere declared is a mistake for certain. */
function declaredNames(tree) {
  const names = new Set();
  const pattern = (node) => {
    if (node === null || node === undefined) return;
    if (node.type === 'Identifier') names.add(node.name);
    else if (node.type === 'ObjectPattern') node.properties.forEach((property) => pattern(property.value ?? property.argument));
    else if (node.type === 'ArrayPattern') node.elements.forEach(pattern);
    else if (node.type === 'AssignmentPattern') pattern(node.left);
    else if (node.type === 'RestElement') pattern(node.argument);
  };
  full(tree, (node) => {
    if (node.type === 'VariableDeclarator') pattern(node.id);
    else if (/Function/.test(node.type)) {
      pattern(node.id);
      node.params.forEach(pattern);
    } else if (/^Class/.test(node.type)) pattern(node.id);
    else if (node.type === 'CatchClause') pattern(node.param);
    else if (/^Import.*Specifier$/.test(node.type)) pattern(node.local);
  });
  return names;
}

/** Variables that hold nothing but what `new Agent(…)` or `new MockServer(…)` gave. */
function typedVariables(tree) {
  const types = new Map();
  const counts = new Map();
  full(tree, (node) => {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') {
      counts.set(node.id.name, (counts.get(node.id.name) ?? 0) + 1);
      const made = node.init?.type === 'NewExpression' ? node.init.callee.name : undefined;
      if (made in kMembers) types.set(node.id.name, made);
    }
  });
  full(tree, (node) => {
    const written = node.type === 'AssignmentExpression' ? node.left.name : undefined;
    if (types.has(written) || [...counts].some(([name, count]) => name === written && count > 1)) types.delete(written);
  });
  for (const [name, count] of counts) if (count > 1) types.delete(name);
  return types;
}

const didYouMean = (word, names) => {
  const suggestion = similar(word, [...names]);
  return suggestion === undefined ? {} : { suggestion };
};

class Checker {
  problems = [];

  constructor(tree, globals) {
    this.tree = tree;
    this.known = new Set([...declaredNames(tree), ...kLanguage, ...Object.keys(api), ...globals]);
    this.types = typedVariables(tree);
  }

  tell(node, message, more = {}) {
    this.problems.push({ line: node.loc.start.line, column: node.loc.start.column + 1, message, ...more });
  }

  run() {
    full(this.tree, (node) => this[node.type]?.(node));
    return this.problems.sort((one, other) => one.line - other.line || one.column - other.column);
  }

  Identifier(node) {
    if (!this.known.has(node.name)) {
      this.tell(node, `${node.name} is not defined`, didYouMean(node.name, Object.keys(api)));
    }
  }

  MemberExpression(node) {
    if (node.computed || node.property.type !== 'Identifier') return;
    const type = node.object.type === 'Identifier' ? this.types.get(node.object.name) : undefined;
    const { name } = node.property;
    if (type !== undefined && !kMembers[type].has(name)) {
      this.tell(node.property, `${node.object.name}.${name}: ${type} has no ${name}`, didYouMean(name, kMembers[type]));
    } else if (isExpectation(node.object) && !kMatchers.has(name)) {
      this.tell(node.property, `expect(…).${name}: there is no such matcher`, didYouMean(name, kMatchers));
    }
  }

  NewExpression(node) {
    const options = node.arguments[1];
    if (node.callee.name !== 'Agent' || options?.type !== 'ObjectExpression') return;
    for (const property of options.properties) {
      const name = property.key?.name ?? property.key?.value;
      if (property.type === 'Property' && !property.computed && !((name ?? '').replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()) in kAgentKeys)) {
        this.tell(property, `an agent has no option ${name}`, didYouMean(String(name), Object.keys(kAgentKeys)));
      }
    }
  }
}

/** expect(…), or what follows it in a chain. */
function isExpectation(node) {
  if (node.type === 'CallExpression') {
    return node.callee.name === 'expect' || (node.callee.type === 'MemberExpression' && isExpectation(node.callee.object));
  }
  return node.type === 'MemberExpression' && node.property.name === 'not' && isExpectation(node.object);
}

/** [{line, column, message, suggestion?}]; `globals`: names that come from outside. */
export function checkScript(source, globals = []) {
  let tree;
  try {
    tree = part('syntax').treeOf(source);
  } catch (error) {
    return [{ line: error.loc?.line ?? 1, column: (error.loc?.column ?? 0) + 1, message: `SyntaxError: ${error.message.replace(/ \(\d+:\d+\)$/, '')}` }];
  }
  return new Checker(tree, globals).run();
}
