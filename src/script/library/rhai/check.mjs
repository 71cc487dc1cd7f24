// Checks a script without running it: its syntax, and whether the names that it uses exist.
import { Compiler } from './compiler.mjs';
import { RhaiSyntaxError } from './errors.mjs';
import { Library } from './functions.mjs';
import { HOST_FUNCTIONS } from './host_functions.mjs';
import { BASE } from './library.mjs';
import { modulePath, toSnake } from './names.mjs';
import { parse } from './parser.mjs';
import { similar } from '../similar.mjs';

/** Functions of the host that need no table to be called (bridge.mjs), with the numbers of their parameters. */
const FUNCTIONS = { env: [1, 2], load_env: [1], uuid: [0], wait: [1], default_timeout: [1], skip: [0, 1], now: [0], expect: [1] };
const each = (names, counts) => Object.fromEntries(names.split(' ').map((name) => [name, counts]));
/** Of handles of the host, with the numbers of their parameters. */
export const METHODS = {
  ...each('register unregister unsubscribe hangup hold resume mute complete_transfer abort_transfer stop_deflect info stop close calls', [0]),
  ...each('transfer attended_transfer deflect send_audio header query expect_status options attribute as', [1]),
  ...each('accept request_count last_request requests json headers verify_silence verify_speech recognize', [0, 1]),
  ...each('listen end', [0, 1, 2]),
  ...each('dial dtmf verify_audio request subscribe', [1, 2]),
  message: [2],
  ...each('respond_incoming respond on', [2, 3]),
  // Of what expect gives.
  ...each('to_be_truthy to_be_falsy to_be_defined to_be_undefined to_be_empty', [0]),
  ...each('to_be to_equal to_contain to_match to_be_greater_than to_be_greater_than_or_equal to_be_less_than to_be_less_than_or_equal to_have_exchanged', [1]),
  ...each('to_be_close_to to_have_received to_have_sent to_hear', [1, 2]),
  // Of a subscriber the body, of an agent the event before it.
  notify: [0, 1, 2, 3],
  stop_notify: [1, 2, 3],
  refuse_subscriptions: [1, 2, 3, 4],
  reject: [0, 1, 2, 3],
};
/** What the compiler translates itself, with any number of parameters. */
const BUILT_IN = ['Fn', 'call', 'curry', 'is_def_var', 'is_def_fn'];
const STATES = new Set(['Idle', 'Ringing', 'Established']);

/** Names with their numbers of parameters; undefined: any. Takes a list of names or an object {name: numbers}, in the spelling of the host or of Rhai. */
function known(defaults, more = {}) {
  const entries = Array.isArray(more) || more instanceof Set ? [...more].map((name) => [name, undefined]) : Object.entries(more);
  const result = new Map(Object.entries(defaults).map(([name, counts]) => [name, new Set(counts)]));
  for (const [name, counts] of entries) result.set(toSnake(name), counts === undefined || counts === null ? undefined : new Set([counts].flat()));
  return result;
}

class Checker {
  constructor(program, path, { knownFunctions, knownMethods, constants = [], readModule }) {
    this.path = path;
    this.readModule = readModule;
    this.compiler = new Compiler(program, path);
    this.program = program;
    this.problems = [];
    this.library = new Library(BASE).add(HOST_FUNCTIONS).arities();
    this.functions = known(FUNCTIONS, knownFunctions);
    this.methods = known(METHODS, knownMethods);
    this.constants = new Set(Array.isArray(constants) ? constants : Object.keys(constants));
    this.script = countsByName(program.functions);
    this.keys = new Set();
    this.modules = new Map();
    this.imports = false;
  }

  check() {
    this.compiler.module();
    eachNode(this.program, (node) => this.collectKeys(node));
    eachNode(this.program, (node) => node.kind === 'Import' && this.importModule(node));
    eachNode(this.program, (node) => CHECKS[node.kind]?.call(this, node));
    for (const item of this.compiler.resolver.unresolved) this.unresolved(item);
    return this.problems.sort((a, b) => a.line - b.line || a.column - b.column);
  }

  /** Names of members that maps of the program may have: they can be functions. */
  collectKeys(node) {
    if (node.kind === 'Map') for (const { key } of node.entries) this.keys.add(key);
    if (node.kind === 'Assign' && node.target.kind === 'Property') this.keys.add(node.target.name);
  }

  /** Looks into a module whose text can be had, for its functions. */
  importModule({ path, binding, at }) {
    this.imports = true;
    if (!this.readModule || path.kind !== 'Literal' || typeof path.value !== 'string') return;
    const file = modulePath(this.path, path.value);
    let source;
    try {
      source = this.readModule(file);
    } catch {
      source = undefined;
    }
    if (typeof source !== 'string') {
      this.problem(at, `Module not found: ${path.value}`);
      return;
    }
    try {
      const program = parse(source, file);
      eachNode(program, (node) => this.collectKeys(node));
      if (binding) this.modules.set(binding, countsByName(program.functions.filter(({ isPrivate }) => !isPrivate)));
    } catch (error) {
      if (!(error instanceof RhaiSyntaxError)) throw error;
      this.problem(at, `${file}:${error.line}:${error.column}: ${error.message}`);
    }
  }

  problem({ line, column }, message, suggestion) {
    this.problems.push({ line, column, message: suggestion ? `${message}; did you mean '${suggestion}'?` : message, ...(suggestion && { suggestion }) });
  }

  unresolved({ node, visible = [], module }) {
    if (module) this.problem(node.start, `Module not found: ${module}`, similar(module, this.moduleNames()));
    else if (node.inFunction || !this.constants.has(node.name)) {
      const names = [...visible, ...(node.inFunction ? [] : this.constants), ...this.script.keys()];
      this.problem(node.at, `Variable not found: ${node.name}`, similar(node.name, names));
    }
  }

  moduleNames() {
    return ['State', 'global', ...this.compiler.resolver.globalModules.map(({ name }) => name)];
  }

  call({ namespace, name, parameters, variable, module, at }) {
    const count = parameters.length;
    const functions = namespace.length === 1 && this.modules.get(module);
    if (functions) this.verify({ at, name, count }, [functions], []);
    if (namespace.length > 0 || variable || BUILT_IN.includes(name)) return;
    const asMethod = this.methods.has(name) && count > 0 && (this.methods.get(name)?.has(count - 1) ?? true);
    if (asMethod) return;
    this.verify({ at, name, count }, [this.script, this.library, this.functions], [...BUILT_IN, 'parallel']);
  }

  methodCall({ name, parameters, at }) {
    if (BUILT_IN.includes(name) || this.keys.has(name)) return;
    const count = parameters.length;
    const withObject = [this.script, this.library, this.functions].some((names) => names.has(name) && (names.get(name)?.has(count + 1) ?? true));
    if (!withObject) this.verify({ at, name, count, object: 1 }, [this.script, this.methods, this.library], [...this.keys]);
  }

  /** A name must be in one of the maps with this number of parameters. */
  verify({ at, name, count, object = 0 }, maps, otherNames) {
    const found = maps.filter((names) => names.has(name));
    const offset = (names) => (names === this.library ? object : 0);
    if (found.some((names) => names.get(name)?.has(count + offset(names)) ?? true)) return;
    if (found.length === 0) {
      const suggestion = similar(name, [...maps.flatMap((all) => [...all.keys()]), ...otherNames]);
      // A map of a module may hold a function of any name.
      if (suggestion || !object || !this.imports) this.problem(at, `Function not found: ${name}`, suggestion);
      return;
    }
    const counts = [...new Set(found.flatMap((names) => [...names.get(name)].map((number) => number - offset(names))))].filter((number) => number >= 0).sort();
    this.problem(at, `Function not found: ${name} with ${parametersText(count)}: it takes ${counts.join(' or ')}`);
  }

  variable({ namespace, name, at }) {
    const isState = namespace.length === 1 && namespace[0] === 'State';
    if (isState && !STATES.has(name)) this.problem(at, `Variable not found: State::${name}`, similar(name, STATES));
  }
}

/** What the resolver added to nodes, which would lead in circles. */
const ANNOTATIONS = new Set(['at', 'start', 'binding', 'bindings', 'captures', 'variable', 'module', 'definition', 'counterBinding']);
const CHECKS = { Call: Checker.prototype.call, MethodCall: Checker.prototype.methodCall, Variable: Checker.prototype.variable };

function eachNode({ body, functions }, visit) {
  const seen = new Set();
  const walk = (node) => {
    if (node === null || typeof node !== 'object' || seen.has(node)) return;
    seen.add(node);
    if (node.kind) visit(node);
    for (const [key, child] of Object.entries(node)) if (!ANNOTATIONS.has(key)) walk(child);
  };
  walk(body);
  walk(functions);
}

function countsByName(functions) {
  const counts = new Map();
  for (const { name, names } of functions) counts.set(name, new Set([...(counts.get(name) ?? []), names.length]));
  return counts;
}

const parametersText = (count) => (count === 0 ? 'no parameters' : count === 1 ? '1 parameter' : `${count} parameters`);

/**
 * All problems of a script, in the order of its lines: {line, column, message, suggestion?}. With `readModule(path)`, which gives the text of a file at once,
 * it also looks for the functions of modules.
 */
export function check(source, path, options = {}) {
  try {
    return new Checker(parse(source, path), path, options).check();
  } catch (error) {
    if (!(error instanceof RhaiSyntaxError)) throw error;
    return [{ line: error.line, column: error.column, message: error.message }];
  }
}
