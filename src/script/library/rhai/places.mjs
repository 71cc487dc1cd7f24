// What can be assigned to: variables, `this`, properties and elements.
import { code } from './emitter.mjs';

export const variableText = (binding) => (binding.captured ? `${binding.js}.v` : binding.js);

/**
 * A place is {read, write(text), constant}: `read` is an expression without effects, `write` emits an assignment. Objects and indexes on the way are evaluated
 * once. `constant` is the name of the constant that it is part of.
 */
export function place(compiler, node) {
  const make = PLACES[node.kind];
  return make && !node.namespace?.length ? make(compiler, node) : anonymous(compiler, node);
}

const PLACES = { Variable: variable, This: self, Property: property, Index: element };

export const isPlace = (node) => PLACES[node.kind] !== undefined && !node.namespace?.length && (node.kind !== 'Variable' || node.binding !== undefined);

function variable(compiler, node) {
  const { binding } = node;
  if (!binding) return unknown(compiler, node);
  const read = variableText(binding);
  const { constant } = binding;
  const fault = () => compiler.emit(`constantFault(${compiler.position(node.at)}, ${JSON.stringify(node.name)});`);
  return { read, binding, constant: constant ? node.name : undefined, write: constant ? fault : (text) => compiler.emit(`${read} = ${text};`) };
}

function unknown(compiler, node) {
  const read = compiler.temp(compiler.value(node).code);
  return { read, constant: node.name, write: () => compiler.emit(`constantFault(${compiler.position(node.at)}, ${JSON.stringify(node.name)});`) };
}

function self(compiler, { at }) {
  const read = `self($this, ${compiler.position(at)}).v`;
  return { read, write: (text) => compiler.emit(`${read} = ${text};`) };
}

function property(compiler, node) {
  const parent = place(compiler, node.object);
  const object = compiler.temp(parent.read);
  if (node.optional) leaveChain(compiler, object);
  const p = compiler.position(node.at);
  const name = JSON.stringify(node.name);
  const read = compiler.awaited(`property(${p}, ${object}, ${name})`).code;
  const write = (text) => compiler.emit(...guarded(compiler, parent, node), `setProperty(${p}, ${object}, ${name}, ${text});`);
  return { read, constant: parent.constant, write };
}

function element(compiler, node) {
  const parent = place(compiler, node.object);
  const object = compiler.temp(parent.read);
  if (node.optional) leaveChain(compiler, object);
  const key = compiler.inChain(undefined, () => compiler.settled(compiler.value(node.index)).code);
  const p = compiler.position(node.at);
  const write = (text) => {
    // An element of a text or a bit of a number: the whole value is another one then, and belongs where the old one was.
    const changed = compiler.name();
    compiler.emit(...guarded(compiler, parent, node), `const ${changed} = setIndex(${p}, ${object}, ${key}, ${text});`, `if (${changed} !== undefined) {`);
    parent.write(changed);
    compiler.emit('}');
  };
  return { read: `index(${p}, ${object}, ${key})`, constant: parent.constant, write };
}

function guarded(compiler, { constant }, { at }) {
  return constant ? [`constantFault(${compiler.position(at)}, ${JSON.stringify(constant)});`] : [];
}

/** `?.` within a chain of members leaves all of it. */
function leaveChain(compiler, object) {
  if (compiler.chain) compiler.emit(`if (${object} === undefined) break ${compiler.chain.label};`);
}

function anonymous(compiler, node) {
  const chain = compiler.chain && { ...compiler.chain, next: node };
  const value = compiler.inChain(chain, () => compiler.settled(compiler.value(node)));
  return { read: value.code, write: () => {} };
}

/** A cell with the value of a place, for who may change it: {cell, finish}; `finish` emits what brings the change back. */
export function cellOf(compiler, node) {
  const target = place(compiler, node);
  if (target.binding?.captured) return { cell: target.binding.js, finish() {} };
  const before = compiler.temp(target.read);
  const constant = target.constant ? `, constant: ${JSON.stringify(target.constant)}` : '';
  const cell = compiler.temp(`{ v: ${before}${constant} }`);
  const finish = () => {
    const { lines } = compiler.capture(() => target.write(`${cell}.v`));
    if (lines.length > 0 && !target.constant) compiler.emit(`if (${cell}.v !== ${before}) {`, ...lines, '}');
  };
  return { cell, finish };
}

export const finished = (compiler, text, { finish }) => {
  const result = compiler.temp(text);
  finish();
  return code(result, { stable: true });
};
