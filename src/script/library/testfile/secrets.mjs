// Passwords never leave the runner in a text for people.

const PARAMETER = /((?:auth_pass|stunpass|uas_pass)\s*=\s*)[^;\s]+/gi;
const IN_URI = /(sips?:[^\s:@;<>|]+:)[^\s@;<>]+@/gi;
const MASK = '***';
const SHORTEST = 3;

/** A text of the author's without the passwords that it spells out. */
export function maskText(text) {
  return text.replace(PARAMETER, `$1${MASK}`).replace(IN_URI, `$1${MASK}@`);
}

export class Secrets {
  #values = new Set();

  /** A very short one would mask half of every text. */
  add(value) {
    if (value !== undefined && value.length >= SHORTEST) this.#values.add(value);
  }

  mask(text) {
    let masked = maskText(String(text));
    for (const value of this.#values) masked = masked.split(value).join(MASK);
    return masked;
  }
}
