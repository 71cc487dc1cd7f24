// Variables of a file: those of --set and its own first, then those of the process.
import { ask } from './host.mjs';
import { run } from './run.mjs';

let variables = {};

/** dotenv text: KEY=VALUE, comments, `export`, one pair of quotes. */
export function readDotenv(text, path) {
  const values = {};
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim().replace(/^export\s+/, '');
    if (trimmed === '' || trimmed.startsWith('#')) {
      return;
    }
    const equals = trimmed.indexOf('=');
    if (equals <= 0) {
      throw new Error(`${path}:${index + 1}: "${trimmed}" is no variable; write NAME=VALUE`);
    }
    const value = trimmed.slice(equals + 1).trim();
    const quoted = /^(["'])(.*)\1$/s.exec(value);
    values[trimmed.slice(0, equals).trim()] = quoted === null ? value : quoted[2];
  });
  return values;
}

function merge(path) {
  Object.assign(variables, readDotenv(ask('file.read', { path }), path));
}

/** Those of --env-file, then the file of the same name with ".env". */
export function loadEnvironment(job) {
  variables = {};
  for (const path of job.env_files ?? []) {
    merge(path);
  }
  const sibling = job.path.replace(/\.[^./]*$/, '.env');
  if (ask('file.exists', { path: sibling })) {
    merge(sibling);
  }
}

export const loadEnv = (path) => merge(run.resolve(path));

export function env(name, ...fallback) {
  const set = run.job?.set ?? {};
  const value = Object.hasOwn(set, name) ? String(set[name]) : Object.hasOwn(variables, name) ? variables[name] : ask('env', { name });
  if (value !== undefined && value !== null) {
    return value;
  }
  if (fallback.length > 0) {
    return fallback[0];
  }
  throw new Error(`environment variable \`${name}\` is not set`);
}
