// Files of scripts: modules, TypeScript, and what is wrapped around them so that the engine, which runs scripts only, takes them.
import { ask, compile, part } from './host.mjs';
import { lineOf, noteFile } from './position.mjs';

const folderOf = (path) => path.slice(0, path.lastIndexOf('/')) || '/';
const kExtensions = ['', '.js', '.mjs', '.ts'];

const loaded = new Map();

/** CommonJS of a source, with its lines where they were. */
function translated(source, path) {
  const typescript = path.endsWith('.ts');
  if (!typescript && !/\b(import|export)\b/.test(source)) {
    return source;
  }
  return transpiled(source, path, typescript ? ['typescript', 'imports'] : ['imports']);
}

function transpiled(source, path, transforms) {
  try {
    return part('transpiler').transform(source, { transforms, filePath: path, production: true }).code;
  } catch (error) {
    const place = /\((\d+):(\d+)\)/.exec(error.message);
    const failed = new SyntaxError(error.message.replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, ''));
    failed.at = place === null ? path : `${path}:${place[1]}:${place[2]}`;
    throw failed;
  }
}

/** The function that runs a file: (exports, require, module). */
export function wrapped(source, path) {
  noteFile(path);
  const code = translated(source.replace(/^#!.*/, ''), path);
  try {
    return compile(`(async function (exports, require, module) {\n${code}\n})`, path);
  } catch (error) {
    error.at ??= placeOfMistake(source, path) ?? `${path}:${lineOf(error.line ?? 2)}:${error.column ?? 1}`;
    throw error;
  }
}

/** The tree of a source, types left out. */
const treeOf = (source, path) =>
  part('syntax').treeOf(path.endsWith('.ts') ? withoutTypes(source, path) : source);

/** Where the author's text is wrong; the engine knows only places in what is made of it. */
function placeOfMistake(source, path) {
  try {
    treeOf(source, path);
  } catch (error) {
    return error.loc === undefined ? undefined : `${path}:${error.loc.line}:${error.loc.column + 1}`;
  }
  return undefined;
}

/** The files that `from` may mean by that name. */
function candidates(name, from) {
  const base = name.startsWith('/') ? name : ask('file.resolve', { folder: folderOf(from), path: name });
  return kExtensions.map((extension) => base + extension);
}

/** The one that is there; undefined: none is. */
const find = (name, from) => candidates(name, from).find((path) => ask('file.exists', { path }));

/** The same for a name that stands at `at`, where it has to be there. */
function locate(name, from, at = from) {
  const found = find(name, from);
  if (found === undefined) {
    throw Object.assign(new Error(`cannot find module "${name}"; looked for ${candidates(name, from).join(', ')}`), { at });
  }
  return found;
}

const kImporting = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression'];

/** The modules that a source names: [{name, line, column, dynamic}]. None in what cannot be read, which says so itself when it is run. */
function importsOf(source, path) {
  if (!/\b(import|export)\b/.test(source)) {
    return [];
  }
  const found = [];
  try {
    part('syntax').full(treeOf(source, path), (node) => {
      if (kImporting.includes(node.type) && typeof node.source?.value === 'string') {
        const { line, column } = node.source.loc.start;
        found.push({ name: node.source.value, line, column: column + 2, dynamic: node.type === 'ImportExpression' });
      }
    });
  } catch {
    return [];
  }
  return found.sort((one, other) => one.line - other.line || one.column - other.column);
}

async function load(path, readFile) {
  if (loaded.has(path)) {
    return loaded.get(path);
  }
  const module = { exports: {} };
  loaded.set(path, module);
  const source = readFile(path);
  // They have to be there before it runs, since what they export may come late.
  for (const { name, line, column, dynamic } of importsOf(source, path)) {
    const found = dynamic ? find(name, path) : locate(name, path, `${path}:${line}:${column}`);
    if (found !== undefined) {
      await load(found, readFile);
    }
  }
  const require = (name) => {
    const found = loaded.get(locate(name, path));
    if (found === undefined) {
      throw new Error(`module "${name}" has to be imported at the top of the file`);
    }
    return found.exports;
  };
  await wrapped(source, path)(module.exports, require, module);
  return module;
}

/** Modules that a file imports and that are not there: [{line, column, message}]. */
export function missingModules(source, path) {
  const problems = [];
  for (const { name, line, column } of importsOf(source, path)) {
    try {
      locate(name, path);
    } catch (error) {
      problems.push({ line, column, message: error.message });
    }
  }
  return problems;
}

/** TypeScript as JavaScript, line for line. */
export const withoutTypes = (source, path) => transpiled(source, path, ['typescript']);

/** Runs a script file and what it imports; gives what it exports. */
export async function runScript(path) {
  return (await load(path, (name) => ask('file.read', { path: name }))).exports;
}
