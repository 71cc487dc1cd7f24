// Runs programs against a host, and loads the modules that they import.
import { HostBridge } from './bridge.mjs';
import { compile } from './compiler.mjs';
import { Environment, Module } from './environment.mjs';
import { fault } from './errors.mjs';
import { HOST_FUNCTIONS } from './host_functions.mjs';
import { Library } from './functions.mjs';
import { BASE } from './library.mjs';
import { modulePath } from './names.mjs';

class Run {
  constructor(host, { readModule, constants = {} }) {
    this.host = host;
    this.readModule = readModule;
    this.bridge = new HostBridge(host);
    this.library = new Library(BASE).add(HOST_FUNCTIONS);
    this.constants = new Map(constants instanceof Map ? constants : Object.entries(constants));
    const state = new Module('State');
    for (const value of this.bridge.states.values()) state.variables.set(value.name, value);
    this.staticModules = new Map([['State', state]]);
    this.compiled = new Map();
  }

  /** Reads, translates and evaluates a module. It is evaluated again by each import, but translated once. */
  async load(at, importer, name) {
    const path = modulePath(importer.path, name);
    if (importer.chain.includes(path)) throw fault('module', `Module not found: ${name}: it imports itself`, at);
    if (!this.compiled.has(path)) this.compiled.set(path, compile(await this.read(at, path, name), path));
    const { environment } = await this.evaluate(this.compiled.get(path), [...importer.chain, path]);
    return environment.module;
  }

  async read(at, path, name) {
    let source;
    let cause;
    try {
      source = await this.readModule?.(path);
    } catch (error) {
      cause = error;
    }
    if (typeof source === 'string') return source;
    throw fault('module', `Module not found: ${name}${cause ? `: ${cause.message}` : ''}`, at);
  }

  async evaluate({ code, positions, path }, chain) {
    const environment = new Environment(this, { path, positions, chain });
    const main = new Function('rt', `${code}\n//# sourceURL=${path.replace(/\s/g, '_')}.js`)(environment.prelude());
    const value = await main();
    for (const [name, read] of environment.exports) environment.module.variables.set(name, read());
    return { environment, value };
  }
}

/** Evaluates a program; the promise gives the value of its last statement. */
export async function run(source, path, host, options = {}) {
  const { value } = await new Run(host, options).evaluate(compile(source, path), [path]);
  return value;
}
