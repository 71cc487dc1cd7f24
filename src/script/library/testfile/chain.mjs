// A line is a chain: parts between `|`.

const PASSWORD = 'auth_pass=';
const WITH_QUOTES = /^\s*(?:wait|expect|let)\s/i;

/** Where the value of an auth_pass that begins at `start` ends: such a value may hold `|`. */
function endOfPassword(text, start) {
  const end = text.slice(start).search(/[;\s]/);
  return end < 0 ? text.length : start + end;
}

/** The positions of the `|` that separate. In steps (not in commands, which know no quotes) quotes protect, too. */
function separators(text) {
  const found = [];
  let quotes = WITH_QUOTES.test(text);
  for (let i = 0; i < text.length; ++i) {
    if (text.startsWith(PASSWORD, i)) {
      i = endOfPassword(text, i + PASSWORD.length) - 1;
    } else if (quotes && text[i] === '"') {
      const end = text.indexOf('"', i + 1);
      i = end < 0 ? text.length : end;
    } else if (text[i] === '|') {
      found.push(i);
      quotes = WITH_QUOTES.test(text.slice(i + 1));
    }
  }
  return found;
}

/** The trimmed parts with their offsets in the text; empty ones are left out. */
export function splitChain(text) {
  const parts = [];
  let start = 0;
  for (const end of [...separators(text), text.length]) {
    const part = text.slice(start, end);
    const trimmed = part.trim();
    if (trimmed !== '') parts.push({ text: trimmed, offset: start + part.indexOf(trimmed[0]) });
    start = end + 1;
  }
  return parts;
}
