// Names of the host in the spelling of Rhai, and back: `statusCode` is `status_code`. Names of modules as paths.

export const toCamel = (name) => name.replace(/([a-z0-9])_+([a-z0-9])/g, (_, before, after) => before + after.toUpperCase());

export const toSnake = (name) => name.replace(/([a-z0-9])([A-Z])/g, (_, before, after) => `${before}_${after.toLowerCase()}`);

/** Verbs of an agent that nobody waits for here: what they bring about shows in its getters. */
export const PROMPT_VERBS = ['register', 'unregister', 'dial', 'accept', 'hangup', 'hold', 'resume', 'transfer', 'attendedTransfer', 'completeTransfer'];

/** Methods whose name in the host is not simply the other spelling. */
const METHODS = new Map([['on', 'respond']]);

export const hostMethod = (name) => METHODS.get(name) ?? toCamel(name);

/** `lib/helpers` in `tests/a.rhai` is `tests/lib/helpers.rhai`. */
export function modulePath(importer, path) {
  const named = /\.rhai$/.test(path) ? path : `${path}.rhai`;
  if (named.startsWith('/')) return named;
  const parts = importer.split('/').slice(0, -1);
  for (const part of named.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/') || '/';
}
