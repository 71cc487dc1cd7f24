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
    return part('transpiler').transform(source, { transforms, filePath: path, preserveDynamicImport: true, production: true }).code;
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
    error.at ??= `${path}:${lineOf(error.line ?? 2)}:${error.column ?? 1}`;
    throw error;
  }
}

function locate(name, from) {
  const base = name.startsWith('/') ? name : ask('file.resolve', { folder: folderOf(from), path: name });
  const found = kExtensions.map((extension) => base + extension).find((path) => ask('file.exists', { path }));
  if (found === undefined) {
    const error = new Error(`cannot find module "${name}"; looked for ${kExtensions.map((extension) => base + extension).join(', ')}`);
    error.at = from;
    throw error;
  }
  return found;
}

/** Modules of a file have to be there before it runs, since what they export may come late. */
const kImports = /(?:^|[\n;])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*["']([^"'\n]+)["']|(?:^|[\n;])\s*import\s*["']([^"'\n]+)["']/g;

async function load(path, readFile) {
  if (loaded.has(path)) {
    return loaded.get(path);
  }
  const module = { exports: {} };
  loaded.set(path, module);
  const source = readFile(path);
  for (const match of source.matchAll(kImports)) {
    await load(locate(match[1] ?? match[2], path), readFile);
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
  for (const match of source.matchAll(kImports)) {
    const name = match[1] ?? match[2];
    try {
      locate(name, path);
    } catch (error) {
      const before = source.slice(0, match.index + match[0].lastIndexOf(name)).split('\n');
      problems.push({ line: before.length, column: before.at(-1).length + 1, message: error.message });
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
