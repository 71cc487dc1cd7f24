// Passwords never leave the runner in a text for people.

const PARAMETER = /((?:auth_pass|stunpass|uas_pass|password|passwd|secret|token|authorization)\s*=\s*)[^;\s]+/gi;
const IN_URI = /(sips?:[^\s:@;<>|]+:)[^\s@;<>]+@/gi;
const MASK = '***';
const SHORTEST = 3;
const TEXTS = new Set(['text', 'message', 'error', 'expect', 'actual', 'detail', 'stack']);

/** A text of the author's without the passwords that it spells out. */
export function maskText(text) {
  return text.replace(PARAMETER, `$1${MASK}`).replace(IN_URI, `$1${MASK}@`);
}

/** Whether what comes behind this text is within a password. */
export const endsInPassword = (text) => /(?:auth_pass|stunpass|uas_pass)\s*=\s*[^;\s]*$/i.test(text);

export class Secrets {
  #values = new Set();

  /** Those that a command spells out. */
  addFrom(text) {
    for (const [whole, value] of text.matchAll(/auth_pass\s*=\s*([^;\s]+)/gi)) this.add(value, text.replace(whole, ''));
  }

  /** A very short one would mask half of every text, and one that is also the user's name the names of agents. */
  add(value, elsewhere = '') {
    if (value !== undefined && value.length >= SHORTEST && !elsewhere.includes(value)) this.#values.add(value);
  }

  /** The event, or verdict, with its texts for people masked. */
  maskTexts(object) {
    const entries = Object.entries(object).map(([name, value]) => {
      if (TEXTS.has(name) && typeof value === 'string') return [name, this.mask(value)];
      return [name, name === 'failure' && value !== undefined ? this.maskTexts(value) : value];
    });
    return Object.fromEntries(entries);
  }

  mask(text) {
    let masked = maskText(String(text));
    for (const value of this.#values) masked = masked.split(value).join(MASK);
    return masked;
  }
}
