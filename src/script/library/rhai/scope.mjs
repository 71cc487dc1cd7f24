// Says of each name in a program what it stands for, and which variables closures share.
//
// Nodes get: `binding` (of what they declare or name), `bindings` (of parameters), `captures` (of closures), `variable` (calls of a name that is
// a variable), `module` (of qualified names). A variable that a closure uses is `captured`: it lives in a cell, so that `parallel` can give each task copies.

class Binding {
  constructor(name, js, { constant = false, isModule = false, at } = {}) {
    Object.assign(this, { name, js, constant, isModule, at, captured: false, owner: undefined });
  }
}

/** A body of code with parameters: the program, a function, a closure. */
class Unit {
  constructor(parent, isFunction) {
    this.parent = parent;
    this.level = parent ? parent.level + 1 : 0;
    this.inFunction = isFunction || (parent?.inFunction ?? false);
    this.captures = new Set();
  }
}

class Frame {
  constructor(outer, unit) {
    this.outer = outer;
    this.unit = unit;
    this.variables = new Map();
    this.modules = new Map();
  }
}

export class Resolver {
  constructor({ functions }) {
    this.functions = functions;
    this.used = new Map();
    this.unresolved = [];
    this.globalModules = [];
  }

  program({ body }) {
    this.unit = new Unit();
    this.frame = new Frame(undefined, this.unit);
    const root = this.frame;
    this.visitAll(body);
    this.globalFrame = root;
    for (const definition of this.functions) this.functionBody(definition, root);
  }

  /** Functions see no variables from outside, but the modules that the program imports. */
  functionBody(definition, root) {
    this.unit = new Unit(undefined, true);
    this.frame = new Frame(undefined, this.unit);
    this.frame.modules = new Map(root.modules);
    definition.bindings = definition.names.map((name) => this.declare(name, { at: definition.at }));
    this.visit(definition.body);
  }

  declare(name, options) {
    const binding = new Binding(name, this.unique(`v_${name}`), options);
    binding.owner = this.unit;
    this.frame.variables.set(name, binding);
    return binding;
  }

  /** Shadowing gives the same name again and again; each gets one of its own in the translation. */
  unique(name) {
    const ascii = name.replace(/[^A-Za-z0-9_]/g, (c) => `$u${c.codePointAt(0).toString(16)}`);
    const count = this.used.get(ascii) ?? 0;
    this.used.set(ascii, count + 1);
    return count === 0 ? ascii : `${ascii}$${count}`;
  }

  lookUp(name, kind = 'variables') {
    for (let frame = this.frame; frame; frame = frame.outer) {
      const binding = frame[kind].get(name);
      if (binding) return kind === 'variables' ? this.share(binding) : binding;
    }
    return undefined;
  }

  share(binding) {
    for (let unit = this.unit; unit !== binding.owner; unit = unit.parent) {
      binding.captured = true;
      unit.captures.add(binding);
    }
    return binding;
  }

  visibleNames() {
    const names = new Set();
    for (let frame = this.frame; frame; frame = frame.outer) for (const name of frame.variables.keys()) names.add(name);
    return [...names];
  }

  inFrame(visit) {
    const outer = this.frame;
    this.frame = new Frame(outer, this.unit);
    visit();
    this.frame = outer;
  }

  visitAll(nodes) {
    for (const node of nodes) this.visit(node);
  }

  visit(node) {
    if (node === undefined || typeof node === 'string') return;
    const special = VISITORS[node.kind];
    if (special) special.call(this, node);
    else for (const child of children(node)) this.visit(child);
  }

  variable(node) {
    if (node.namespace.length > 0) return this.qualified(node);
    node.binding = this.lookUp(node.name);
    node.inFunction = this.unit.inFunction;
    if (!node.binding) {
      node.definition = this.functions.find(({ name, thisType }) => !thisType && name === node.name);
      if (!node.definition) this.unresolved.push({ node, visible: this.visibleNames() });
    }
    return undefined;
  }

  qualified(node) {
    const [first] = node.namespace;
    node.module = this.lookUp(first, 'modules');
    if (!node.module && first !== 'global' && first !== 'State') this.unresolved.push({ node, module: first });
  }

  call(node) {
    this.visitAll(node.parameters);
    if (node.namespace.length > 0) this.qualified(node);
    else {
      const isScript = this.functions.some(({ name, names, thisType }) => !thisType && name === node.name && names.length === node.parameters.length);
      if (!isScript) node.variable = this.lookUp(node.name);
      if (node.name === 'is_def_var') node.visible = this.visibleNames();
    }
  }

  closure(node) {
    const outer = { unit: this.unit, frame: this.frame };
    this.unit = new Unit(outer.unit, false);
    this.frame = new Frame(outer.frame, this.unit);
    node.bindings = node.names.map((name) => this.declare(name, { at: node.at }));
    node.level = this.unit.level;
    this.inFrame(() => this.visit(node.body));
    node.captures = [...this.unit.captures];
    Object.assign(this, outer);
  }

  declaration(node) {
    this.visit(node.value);
    node.global = !this.frame.outer && !this.unit.inFunction && this.unit.level === 0;
    node.binding = this.declare(node.name, { constant: node.constant, at: node.at });
  }

  loop(node) {
    this.visit(node.iterable);
    this.inFrame(() => {
      node.binding = this.declare(node.name, { at: node.at });
      if (node.counter) node.counterBinding = this.declare(node.counter, { at: node.at });
      this.visit(node.body);
    });
  }

  tryCatch(node) {
    this.visit(node.body);
    this.inFrame(() => {
      if (node.name) node.binding = this.declare(node.name, { at: node.at });
      this.visit(node.handler);
    });
  }

  switchCase(node) {
    this.visit(node.subject);
    for (const { patterns, guard, body } of node.cases) {
      this.visitAll(patterns);
      this.visit(guard);
      this.inFrame(() => this.visit(body));
    }
  }

  importModule(node) {
    this.visit(node.path);
    if (!node.alias) return;
    node.binding = new Binding(node.alias, this.unique(`m_${node.alias}`), { isModule: true, at: node.at });
    this.frame.modules.set(node.alias, node.binding);
    if (node.global) this.globalModules.push(node.binding);
  }

  exportNames(node) {
    for (const item of node.names) {
      item.binding = this.lookUp(item.name);
      if (!item.binding) this.unresolved.push({ node: { ...item, kind: 'Variable' }, visible: this.visibleNames() });
    }
  }
}

function children(node) {
  const result = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'at' || key === 'start' || value === null || typeof value !== 'object') continue;
    if (Array.isArray(value)) result.push(...value.filter((item) => item?.kind));
    else if (value.kind) result.push(value);
  }
  return result;
}

const { prototype } = Resolver;
const VISITORS = {
  Variable: prototype.variable,
  Call: prototype.call,
  Closure: prototype.closure,
  Let: prototype.declaration,
  For: prototype.loop,
  Try: prototype.tryCatch,
  Switch: prototype.switchCase,
  Import: prototype.importModule,
  Export: prototype.exportNames,
  Literal() {},
  Block(node) {
    this.inFrame(() => this.visitAll(node.body));
  },
  Map(node) {
    this.visitAll(node.entries.map(({ value }) => value));
  },
};
