// Texts and characters. Positions count characters, from the end if they are negative. What changes a text gives its cell another one.
import { display } from '../display.mjs';
import { fault } from '../errors.mjs';
import { characters, offset, slice, span, textLength } from '../members.mjs';
import { compare } from '../operators.mjs';
import { Char, Iterator } from '../values.mjs';

const BLANKS = /\s+/u;
const utf8Length = (text) => [...text].reduce((sum, c) => sum + (c < '\u0080' ? 1 : c < '\u0800' ? 2 : c < '\u{10000}' ? 3 : 4), 0);

/** Splits into at most `limit` parts; the last one has the rest. */
function split(text, separator, limit = Infinity) {
  const parts = separator === '' ? ['', ...text, ''] : text.split(separator);
  if (parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

/** The same from the end: the last part is first, and the last one given has what is before it. */
function splitReverse(text, separator, limit = Infinity) {
  const parts = text.split(separator).reverse();
  if (parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).reverse().join(separator)];
}

const portion = (text, start, count) => slice(text, ...span(start, count, textLength(text)));
const charsOf = (text) => new Iterator(() => Array.from(text, (c) => new Char(c)).values());

function splitAt(text, position) {
  const at = offset(position, textLength(text));
  return [slice(text, 0, at), slice(text, at)];
}

/** Where a part is, in characters, or -1. */
function indexOf(text, part, start = 0) {
  if (text === '') return -1;
  const units = slice(text, 0, offset(start, textLength(text))).length;
  const found = text.indexOf(display(part), units);
  return found < 0 ? -1 : textLength(text.slice(0, found));
}

function characterAt(text, position) {
  const all = characters(text);
  const at = Number(position) < 0 ? all.length + Number(position) : Number(position);
  return at >= 0 && at < all.length ? new Char(all[at]) : undefined;
}

function setCharacter(cell, position, replacement) {
  const all = Array.from(cell.v);
  const at = Number(position) < 0 ? all.length + Number(position) : Number(position);
  if (at in all) all[at] = replacement.text;
  cell.v = all.join('');
}

function pad(cell, length, filler) {
  const missing = Number(length) - textLength(cell.v);
  if (missing > 1e7) throw fault('runtime', `Length of string too large: ${length}`);
  if (missing > 0 && display(filler) !== '') cell.v += slice(display(filler).repeat(missing), 0, missing);
}

function pop(cell, count) {
  const at = Math.max(0, textLength(cell.v) - Number(count ?? 1));
  const taken = slice(cell.v, at);
  cell.v = slice(cell.v, 0, at);
  if (count !== undefined) return taken;
  return taken === '' ? undefined : new Char(taken);
}

const changing = (change) => (cell, ...values) => {
  cell.v = change(cell.v, ...values);
};
const ofChar = (change) => ({ text }) => new Char(change(text));

export const STRINGS = {
  'get len(string)': textLength,
  'get is_empty(string)': (text) => text === '',
  'get bytes(string)': utf8Length,
  'chars(string)': (text) => charsOf(text),
  'chars(string, int|range, int?)': (text, start, count) => charsOf(portion(text, start, count)),
  'to_chars(string)': (text) => Array.from(text, (c) => new Char(c)),
  'split(string)': (text) => text.split(BLANKS).filter((part) => part !== ''),
  'split(string, text)': (text, separator) => split(text, display(separator)),
  'split(string, text, int)': (text, separator, limit) => split(text, display(separator), Math.max(1, Number(limit))),
  'split(string, int)': splitAt,
  'split_rev(string, text)': (text, separator) => splitReverse(text, display(separator)),
  'split_rev(string, text, int)': (text, separator, limit) => splitReverse(text, display(separator), Math.max(1, Number(limit))),
  'mut trim(string)': changing((text) => text.trim()),
  'mut replace(string, text, text)': changing((text, part, other) => (display(part) === '' ? text : text.replaceAll(display(part), () => display(other)))),
  'to_upper(string)': (text) => text.toUpperCase(),
  'to_lower(string)': (text) => text.toLowerCase(),
  'to_upper(char)': ofChar((text) => text.toUpperCase()),
  'to_lower(char)': ofChar((text) => text.toLowerCase()),
  'mut make_upper(string)': changing((text) => text.toUpperCase()),
  'mut make_lower(string)': changing((text) => text.toLowerCase()),
  'mut make_upper(char)': changing(ofChar((text) => text.toUpperCase())),
  'mut make_lower(char)': changing(ofChar((text) => text.toLowerCase())),
  'contains(string, text)': (text, part) => text.includes(display(part)),
  'starts_with(string, text)': (text, part) => text.startsWith(display(part)),
  'ends_with(string, text)': (text, part) => text.endsWith(display(part)),
  'index_of(string, text, int?)': indexOf,
  'sub_string(string, int|range, int?)': (text, start, count) => portion(text, start, count),
  'mut crop(string, int|range, int?)': changing((text, start, count) => portion(text, start, count)),
  'mut truncate(string, int)': changing((text, length) => slice(text, 0, Math.max(0, Number(length)))),
  'mut pad(string, int, text)': pad,
  'mut clear(string)': changing(() => ''),
  'mut remove(string, text)': changing((text, part) => text.replaceAll(display(part), '')),
  'get(string, int)': characterAt,
  'mut set(string, int, char)': setCharacter,
  'mut append(string, any)': changing((text, other) => text + display(other)),
  'mut push(string, text)': changing((text, other) => text + display(other)),
  'mut pop(string, int?)': pop,
  'min(text, text)': (a, b) => (compare(a, b) < 0 ? a : b),
  'max(text, text)': (a, b) => (compare(a, b) < 0 ? b : a),
};
