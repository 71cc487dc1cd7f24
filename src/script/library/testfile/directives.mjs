// The lines that begin with `_`: what is expected of the run, not what it does.
import { SyntaxProblem } from './problems.mjs';
import { similar } from '../similar.mjs';

const HASH_MODES = ['normalised', 'telefonist'];

const items = (value) => value.split(',').map((item) => item.trim()).filter((item) => item !== '');

function needed(value, what) {
  if (value === '') throw new SyntaxProblem(`needs ${what}`);
  return value;
}

function define(value, { macros }) {
  const [name, ...words] = value.split(/\s+/);
  if (words.length === 0) throw new SyntaxProblem('needs a name and a value, such as `_define ua1 sip:alice@127.0.0.1`');
  const circle = macros.define(name, words.join(' '));
  if (circle) throw new SyntaxProblem(`the macro leads back to itself: ${circle.join(' → ')}`);
}

function repetitions(value, { settings }) {
  // As it was: what is not one whole number is ignored. Now it is said, too.
  if (!/^\+?\d+$/.test(value)) throw new SyntaxProblem('needs one whole number from 0 on, and is ignored', { severity: 'warning' });
  settings.run = Number(value);
}

function hashMode(value, { settings }) {
  const mode = value.toLowerCase() === 'normalized' ? 'normalised' : value.toLowerCase();
  if (!HASH_MODES.includes(mode)) throw new SyntaxProblem(`is one of ${HASH_MODES.join(', ')}`, { suggestion: similar(mode, HASH_MODES) });
  settings.hashMode = mode;
}

function hash(value, { settings, line }) {
  // Alone it means: nothing is expected yet.
  settings.hash = value === '' ? undefined : value;
  settings.hashLine = value === '' ? undefined : line;
}

function include(value, { settings, line, column }) {
  settings.include = { name: needed(value, 'the name of a script'), line, column };
}

function webhook(value, { settings }) {
  settings.webhook = needed(value, 'a URL');
}

/** What each one does with its value and {settings, macros, line, column}. */
const DIRECTIVES = {
  _hash: hash,
  _hashmode: hashMode,
  _include: include,
  _ignore: (value, { settings }) => settings.ignore.push(...items(value)),
  _accept: (value, { settings }) => settings.accept.push(...items(value)),
  _define: define,
  _webhook: webhook,
  _run: repetitions,
};

export function newSettings() {
  return { hash: undefined, hashLine: undefined, hashMode: undefined, include: undefined, ignore: [], accept: [], webhook: undefined, run: 1 };
}

/** Whether the trimmed line is a directive, and which; `hash:` is the old spelling of `_hash`. */
export function directiveOf(text) {
  const old = /^hash:(.*)$/i.exec(text);
  if (old) return { name: '_hash', value: old[1].trim() };
  const match = /^(_[\p{L}\p{N}_-]*)(?:\s+(.*))?$/u.exec(text);
  return match ? { name: match[1], value: (match[2] ?? '').trim() } : undefined;
}

/** Carries a directive out; throws a SyntaxProblem. */
export function applyDirective({ name, value }, context) {
  const keyword = name.toLowerCase();
  if (!Object.hasOwn(DIRECTIVES, keyword)) {
    throw new SyntaxProblem(`there is no directive ${name}`, { suggestion: similar(name, Object.keys(DIRECTIVES)) });
  }
  try {
    DIRECTIVES[keyword](value, context);
  } catch (error) {
    if (error instanceof SyntaxProblem) error.message = `${name} ${error.message}`;
    throw error;
  }
}
