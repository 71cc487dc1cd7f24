// The text of an event as telefonist keeps and hashes it: compact JSON, keys in the order of their bytes, `<`, `>` and `&` escaped.

const ESCAPED = /[<>&\u2028\u2029]/g;
const escape = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function sorted(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** What is undefined is left out. */
export function eventText(fields) {
  return JSON.stringify(sorted(fields)).replace(ESCAPED, escape);
}
