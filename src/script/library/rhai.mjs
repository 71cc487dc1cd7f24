// The Rhai front end of the scenario runner: translates scripts to JavaScript, checks them, runs them against the scenario API of a host.
export { check } from './rhai/check.mjs';
export { compile } from './rhai/compiler.mjs';
export { RhaiError, RhaiSyntaxError, RhaiThrow } from './rhai/errors.mjs';
export { run } from './rhai/runtime.mjs';
