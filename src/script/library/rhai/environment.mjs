// What translated code of one module calls: the functions of the library, other modules, the names of the script itself.
import { NOT_FOUND } from './bridge.mjs';
import { display } from './display.mjs';
import { RhaiError, RhaiThrow, fault, locate } from './errors.mjs';
import { FunctionPointer, MAX_DEPTH, select, signature } from './functions.mjs';
import * as members from './members.mjs';
import * as operators from './operators.mjs';
import { MEMBER_NAMES, OPERATOR_NAMES } from './prelude.mjs';
import { Char, Float, TYPE, declareType, own, typeBit, typeName } from './values.mjs';

/** What `import` gives: functions by name and number of parameters, values, further modules. */
export class Module {
  constructor(path) {
    this.path = path;
    this.functions = new Map();
    this.variables = new Map();
    this.modules = new Map();
  }
}
declareType(Module, TYPE.module);

/** Names of types in `fn int.f()` that differ from what `type_of` says. */
const TYPE_ALIASES = new Map([['int', 'i64'], ['float', 'f64']]);

const PURE = Object.fromEntries([
  ...OPERATOR_NAMES.map((name) => [name, operators[name]]),
  ...MEMBER_NAMES.map((name) => [name, members[name]]),
]);

export class Environment {
  /** `run` is what all modules of a run share: {library, bridge, host, constants, staticModules, load(at, module, path)}. */
  constructor(run, { path, positions, chain }) {
    this.run = run;
    this.host = run.host;
    this.path = path;
    this.chain = chain;
    this.module = new Module(path);
    this.functions = new Map();
    this.typedMethods = new Map();
    this.globals = new Map();
    this.exports = [];
    this.positions = positions.map((position) => Object.freeze({ path, ...position }));
  }

  /** The object whose members translated code takes as its prelude. */
  prelude() {
    const own_ = { Float, Char, own, display, MAX_DEPTH, positions: this.positions, globals: this.globals };
    const methods = Object.fromEntries(METHODS.map((name) => [name, this[name].bind(this)]));
    const { library, bridge } = this.run;
    return { ...PURE, ...own_, ...methods, ...members.memberAccess({ library, bridge, environment: this }) };
  }

  define(name, arity, code, isPrivate) {
    this.functions.set(`${name}/${arity}`, code);
    if (!isPrivate) this.module.functions.set(`${name}/${arity}`, code);
  }

  /** A method for the values of one type only. */
  defineFor(type, name, arity, code) {
    const key = `${name}/${arity}`;
    const methods = this.typedMethods.get(key) ?? new Map();
    this.typedMethods.set(key, methods.set(TYPE_ALIASES.get(type) ?? type, code));
  }

  isFunction(name, count) {
    return this.functions.has(`${name}/${count}`) || this.run.library.find(name, Number(count)).length > 0;
  }

  isVariable(name, visible) {
    return visible.includes(name) || this.run.constants.has(name);
  }

  /** A caller of the library functions of a name. `onCell` is for who gives a variable, not only its value. */
  native(name, count) {
    const overloads = this.run.library.find(name, count);
    const call = (at, depth, ...values) => this.callNative(at, name, overloads, values);
    call.onCell = (at, depth, cell, ...rest) => this.callNative(at, name, overloads, [cell.v, ...rest], cell);
    call.fits = (values) => select(overloads, values) !== undefined || (typeBit(values[0]) === TYPE.native && this.run.bridge.hasMethod(values[0], name));
    return call;
  }

  callNative(at, name, overloads, values, cell) {
    const entry = select(overloads, values);
    if (!entry) {
      const result = this.run.bridge.call(at, name, values);
      return result === NOT_FOUND ? this.noFunction(at, name, values) : result;
    }
    if (entry.mutates && cell?.constant) this.constantFault(at, cell.constant);
    this.at = at;
    try {
      if (entry.mutates) values[0] = cell ?? { v: values[0] };
      const result = entry.run.apply(this, values);
      return result instanceof Promise ? located(result, at) : result;
    } catch (error) {
      throw locate(error, at);
    }
  }

  noFunction(at, name, values) {
    const error = fault('type', `Function not found: ${signature(name, values)}`, at);
    // A function that is there for other values than (): what is absent may come, which is what one waits for.
    error.isMistake = !(values.includes(undefined) && this.run.library.arities().has(name));
    throw error;
  }

  /**
   * A caller of methods. In this order: a function that the map holds, a function of the script with `this` (one for the type of the object before one for
   * all), one of the library, one of the script with the object as its first parameter.
   */
  method(name, count, script, scriptWithObject) {
    const library = this.native(name, count + 1);
    const member = (object) => {
      const value = object instanceof Map ? object.get(name) : undefined;
      return value instanceof FunctionPointer ? value : undefined;
    };
    const key = `${name}/${count}`;
    const scriptFor = (object) => (this.typedMethods.size > 0 && this.typedMethods.get(key)?.get(typeName(object))) || script;
    const call = (at, depth, object, ...values) => {
      const pointer = member(object);
      if (pointer) return pointer.invoke(at, { v: object }, values.map(own));
      const ours = scriptFor(object);
      if (ours) return ours(depth + 1, { v: object }, ...values.map(own));
      if (scriptWithObject && !library.fits([object, ...values])) return scriptWithObject(depth + 1, undefined, own(object), ...values.map(own));
      return library(at, depth, object, ...values);
    };
    call.onCell = (at, depth, cell, ...values) => {
      const pointer = member(cell.v);
      if (pointer) return pointer.invoke(at, cell, values);
      const ours = scriptFor(cell.v);
      if (ours) return ours(depth + 1, cell, ...values);
      if (scriptWithObject && !library.fits([cell.v, ...values])) return scriptWithObject(depth + 1, undefined, own(cell.v), ...values);
      return library.onCell(at, depth, cell, ...values);
    };
    return call;
  }

  closure(factory, cells, arity) {
    return new FunctionPointer('anon$', { environment: this, factory, cells, arity });
  }

  pointer(at, name) {
    if (typeof name !== 'string') throw fault('type', `Data type incorrect: ${typeName(name)} (expecting string)`, at);
    return new FunctionPointer(name, { environment: this });
  }

  /** A pointer from what a library function takes as one: a closure, or the name of a function. */
  asPointer(value) {
    return value instanceof FunctionPointer ? value : this.pointer(this.at, value);
  }

  callNamed(at, name, cell, values) {
    const script = this.functions.get(`${name}/${values.length}`);
    if (script) return script(1, cell, ...values);
    const [first] = values;
    if (cell && first === undefined && values.length === 0) return this.native(name, 1).onCell(at, 0, cell);
    return this.native(name, values.length)(at, 0, ...values);
  }

  requirePointer(at, value) {
    if (value instanceof FunctionPointer) return value;
    throw fault('type', `Data type incorrect: ${typeName(value)} (expecting Fn)`, at);
  }

  callPointer(at, pointer, cell, values) {
    return this.requirePointer(at, pointer).invoke(at, cell, values);
  }

  /** `f.call(x)`; or `x.call(f, y)`, which calls f with x as `this`. A map may have a function of that name. */
  callMethod(at, cell, values) {
    if (cell.v instanceof FunctionPointer) return cell.v.invoke(at, undefined, values);
    const member = cell.v instanceof Map ? cell.v.get('call') : undefined;
    if (member instanceof FunctionPointer) return member.invoke(at, cell, values);
    const [target, ...rest] = values;
    return this.requirePointer(at, target).invoke(at, cell, rest);
  }

  callVariable(at, depth, value, library, values) {
    return value instanceof FunctionPointer ? value.invoke(at, undefined, values) : library(at, depth, ...values);
  }

  curry(at, pointer, values) {
    return this.requirePointer(at, pointer).curry(values);
  }

  moduleAt(at, module, [first, ...inner]) {
    let current = module ?? this.run.staticModules.get(first);
    for (const name of inner) current = current?.modules.get(name);
    if (!current) throw fault('module', `Module not found: ${[first, ...inner].join('::')}`, at);
    return current;
  }

  callModule(at, depth, module, path, name, values) {
    const target = this.moduleAt(at, module, path).functions.get(`${name}/${values.length}`);
    if (!target) throw fault('type', `Function not found: ${path.join('::')}::${signature(name, values)}`, at);
    return target(depth + 1, undefined, ...values);
  }

  moduleVariable(at, module, path, name) {
    const { variables } = this.moduleAt(at, module, path);
    return variables.has(name) ? variables.get(name) : this.missing(at, `${path.join('::')}::${name}`);
  }

  globalConstant(at, name) {
    return this.globals.has(name) ? this.globals.get(name) : this.missing(at, `global::${name}`);
  }

  scriptConstant(at, name) {
    return this.run.constants.has(name) ? this.run.constants.get(name) : this.missing(at, name);
  }

  missing(at, name) {
    throw fault('variable', `Variable not found: ${name}`, at);
  }

  constantFault(at, name) {
    throw fault('constant', `Cannot modify constant: ${name}`, at);
  }

  self(cell, at) {
    if (cell === undefined) throw fault('unbound', "'this' not bound", at);
    return cell;
  }

  tooDeep(at) {
    throw fault('depth', 'Stack overflow', at);
  }

  async importModule(at, path) {
    if (typeof path !== 'string') throw fault('type', `Data type incorrect: ${typeName(path)} (expecting string)`, at);
    return this.run.load(at, this, path);
  }

  exportModule(name, module) {
    this.module.modules.set(name, module);
  }

  exportValue(at, name, read) {
    this.exports.push([name, read]);
  }

  thrown(at, value) {
    const text = value instanceof Map && value.get('error') ? value.get('message') : display(value);
    return new RhaiThrow(value, text, at);
  }

  /** What `catch` gives to the script. Ends of a run that are no fault of the script pass it by. */
  caught(error) {
    if (error instanceof RhaiThrow) return error.value;
    if (error?.kind === 'ErrorStackOverflow' || this.run.bridge.isFinal(error)) throw error;
    if (!(error instanceof RhaiError)) return error?.message ?? String(error);
    const { line, column } = error.at ?? {};
    return new Map([['error', error.kind], ['line', line], ['message', error.message], ['position', column]]);
  }
}

const located = (promise, at) =>
  promise.catch((error) => {
    throw locate(error, at);
  });

const METHODS = (
  'native method define defineFor closure pointer curry callPointer callMethod callVariable callModule globalConstant moduleVariable scriptConstant missing ' +
  'constantFault isVariable isFunction importModule exportModule exportValue thrown caught tooDeep self'
).split(' ');
