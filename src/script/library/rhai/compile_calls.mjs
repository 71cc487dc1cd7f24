// Calls of functions, methods and members of modules.
import { receiver } from './compile_expressions.mjs';
import { code } from './emitter.mjs';
import { cellOf, finished, isPlace, variableText } from './places.mjs';

/** Arguments behind others, and arguments as a list of their own. */
const listOf = (values) => values.map((value) => `, ${value.code}`).join('');
const arrayOf = (values) => `[${values.map((value) => value.code).join(', ')}]`;
const depth = (compiler) => `$d${compiler.level}`;

function call(compiler, node) {
  const { name, namespace, parameters } = node;
  if (namespace.length > 0) return qualified(compiler, node);
  if (compiler.functions.has(`${name}/${parameters.length}`)) {
    const values = owned(compiler, parameters);
    return code(`(await ${compiler.functionName(name, parameters.length)}(${depth(compiler)} + 1, undefined${listOf(values)}))`);
  }
  const special = Object.hasOwn(SPECIAL_CALLS, name) ? SPECIAL_CALLS[name] : undefined;
  if (special?.fits(node)) return special.write(compiler, node);
  if (node.variable) return ofVariable(compiler, node);
  return native(compiler, node);
}

const owned = (compiler, parameters) => compiler.sequence(parameters.map((parameter) => () => compiler.ownedValue(parameter)));
const plain = (compiler, parameters) => compiler.sequence(parameters.map((parameter) => () => compiler.value(parameter)));

/** `f(x)` is `x.f()`: where f changes its first argument, it changes the variable that is given. */
function native(compiler, { name, parameters, at }) {
  const [first, ...rest] = parameters;
  const text = compiler.native(name, parameters.length);
  const p = compiler.position(at);
  if (first && compiler.isMutating(name) && isPlace(first)) {
    const values = plain(compiler, rest).map((value) => compiler.settled(value));
    const cell = cellOf(compiler, first);
    return finished(compiler, compiler.awaited(`${text}.onCell(${p}, ${depth(compiler)}, ${cell.cell}${listOf(values)})`).code, cell);
  }
  const values = plain(compiler, parameters);
  return compiler.awaited(`${text}(${p}, ${depth(compiler)}${listOf(values)})`);
}

/** A variable that holds a function is called like one; if it does not, a library function of that name is meant. */
function ofVariable(compiler, { name, parameters, variable, at }) {
  const values = owned(compiler, parameters);
  const p = compiler.position(at);
  const library = compiler.native(name, parameters.length);
  return compiler.awaited(`callVariable(${p}, ${depth(compiler)}, ${variableText(variable)}, ${library}, ${arrayOf(values)})`);
}

function qualified(compiler, { name, namespace, parameters, module, at }) {
  const values = owned(compiler, parameters);
  const target = `${module?.js ?? 'undefined'}, ${JSON.stringify(namespace)}, ${JSON.stringify(name)}`;
  return compiler.awaited(`callModule(${compiler.position(at)}, ${depth(compiler)}, ${target}, ${arrayOf(values)})`);
}

/** Calls whose number of parameters varies, or that ask about the script itself. */
const SPECIAL_CALLS = {
  Fn: {
    fits: ({ parameters }) => parameters.length === 1,
    write: (compiler, { parameters, at }) => code(`pointer(${compiler.position(at)}, ${compiler.value(parameters[0]).code})`),
  },
  call: {
    fits: ({ parameters }) => parameters.length > 0,
    write: (compiler, { parameters, at }) => {
      const [target, ...values] = owned(compiler, parameters);
      return compiler.awaited(`callPointer(${compiler.position(at)}, ${target.code}, undefined, ${arrayOf(values)})`);
    },
  },
  curry: {
    fits: ({ parameters }) => parameters.length > 0,
    write: (compiler, { parameters, at }) => {
      const [target, ...values] = owned(compiler, parameters);
      return code(`curry(${compiler.position(at)}, ${target.code}, ${arrayOf(values)})`);
    },
  },
  is_def_var: {
    fits: ({ parameters }) => parameters.length === 1,
    write: (compiler, { parameters, visible }) => code(`isVariable(${compiler.value(parameters[0]).code}, ${JSON.stringify(visible)})`, { bool: true }),
  },
  is_def_fn: {
    fits: ({ parameters }) => parameters.length === 2,
    write: (compiler, { parameters }) => {
      const [name, count] = plain(compiler, parameters);
      return code(`isFunction(${name.code}, ${count.code})`, { bool: true });
    },
  },
};

function method(compiler, node) {
  const { name, parameters } = node;
  const key = `${name}/${parameters.length}`;
  const isScript = compiler.functions.has(key) || compiler.typedMethods.has(key);
  if (name === 'curry' && !isScript) return methodCurry(compiler, node);
  const isPointerCall = name === 'call' && !isScript;
  if ((isScript || isPointerCall || compiler.isMutating(name)) && isPlace(node.object)) return methodOnCell(compiler, node, isPointerCall);
  const object = () => receiver(compiler, node, (inner) => compiler.value(inner));
  const values = compiler.sequence([object, ...parameters.map((parameter) => () => compiler.value(parameter))]);
  const p = compiler.position(node.at);
  if (isPointerCall) {
    const [target, ...rest] = values;
    return compiler.awaited(`callMethod(${p}, { v: ${target.code} }, [${rest.map((value) => compiler.owned(value)).join(', ')}])`);
  }
  return compiler.awaited(`${compiler.method(name, parameters.length)}(${p}, ${depth(compiler)}${listOf(values)})`);
}

/** A method that may change its object gets a cell, and the change is brought back. Its parameters are evaluated first: they may change the object too. */
function methodOnCell(compiler, node, isPointerCall) {
  const { name, parameters, at } = node;
  const p = compiler.position(at);
  const { chain } = compiler;
  const values = compiler.inChain(undefined, () => owned(compiler, parameters).map((value) => compiler.settled(value)));
  let cell;
  compiler.inChain(chain, () =>
    receiver(compiler, node, (inner) => {
      cell = cellOf(compiler, inner);
      return code(`${cell.cell}.v`, { stable: true });
    }),
  );
  const text =
    isPointerCall
      ? `callMethod(${p}, ${cell.cell}, ${arrayOf(values)})`
      : `${compiler.method(name, parameters.length)}.onCell(${p}, ${depth(compiler)}, ${cell.cell}${listOf(values)})`;
  return finished(compiler, compiler.awaited(text).code, cell);
}

function methodCurry(compiler, node) {
  const object = () => receiver(compiler, node, (inner) => compiler.value(inner));
  const [target, ...values] = compiler.sequence([object, ...node.parameters.map((parameter) => () => compiler.ownedValue(parameter))]);
  return code(`curry(${compiler.position(node.at)}, ${target.code}, ${arrayOf(values)})`);
}

export const invocation = { call, method };
