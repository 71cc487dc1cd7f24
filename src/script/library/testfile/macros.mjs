// `_define NAME VALUE`: whole words are replaced, the longest name first, and values may hold other macros.
import { SyntaxProblem } from './problems.mjs';

const WORD = /[\p{L}\p{N}_]/u;
const MOST_CHARACTERS = 65_536;
const BRACED = /\$\{([^{}\s]+)\}/y;

const isWord = (character) => character !== undefined && WORD.test(character);

function standsAlone(text, start, name) {
  const end = start + name.length;
  const openLeft = isWord(name[0]) && isWord(text[start - 1]);
  const openRight = isWord(name[name.length - 1]) && isWord(text[end]);
  return !openLeft && !openRight;
}

/** A text in the making that knows for each character which character of the source it came from. */
class Mapped {
  text = '';
  offsets = [];

  add(piece, offsetOf) {
    this.text += piece;
    for (let i = 0; i < piece.length; ++i) this.offsets.push(offsetOf(i));
  }
}

export class Macros {
  #values;
  #given;
  #names;

  /** `given` stand above any definition: what the caller of a file, or who starts the run, wants. */
  constructor(initial = [], given = []) {
    const above = Array.isArray(given) ? given : Object.entries(given);
    this.#values = new Map([...initial, ...above]);
    this.#given = new Set(above.map(([name]) => name));
    this.#sort();
  }

  #sort() {
    this.#names = [...this.#values.keys()].sort((left, right) => right.length - left.length || (left < right ? -1 : 1));
  }

  [Symbol.iterator]() {
    return this.#values[Symbol.iterator]();
  }

  has(name) {
    return this.#values.has(name);
  }

  /** A later definition replaces an earlier one. Returns the names of the circle that it closes, if it does. */
  define(name, value) {
    if (this.#given.has(name)) return undefined;
    this.#values.set(name, value);
    this.#sort();
    return this.expand(name).circle;
  }

  /**
   * `text` with the macros replaced, `offsets` of each of its characters in the source, `circle`: names that lead back to themselves, and
   * `glued`: macros that are only the beginning of a word (ua1 in ua12), which stay as they are.
   */
  expand(source) {
    const result = { mapped: new Mapped(), circle: undefined, glued: [] };
    this.#scan(source, (i) => i, [], result);
    return { text: result.mapped.text, offsets: result.mapped.offsets, circle: result.circle, glued: result.glued };
  }

  #scan(source, offsetOf, active, result) {
    let i = 0;
    while (i < source.length) {
      const found = this.#at(source, i);
      if (found?.name === undefined) {
        const length = found?.length ?? 1;
        result.mapped.add(source.slice(i, i + length), (k) => offsetOf(i + k));
        i += length;
        continue;
      }
      this.#replace(found, offsetOf(i), active, result);
      i += found.length;
    }
    if (active.length === 0) result.glued = this.#glued(source);
  }

  #replace({ name }, offset, active, result) {
    if (result.mapped.text.length > MOST_CHARACTERS) throw new SyntaxProblem(`the macro ${name} makes the line longer than ${MOST_CHARACTERS} characters`);
    // A name within its own value is text: `_define alice sip:alice@host` is how people name their agents.
    if (name === active[active.length - 1]) {
      result.mapped.add(name, () => offset);
    } else if (active.includes(name)) {
      result.circle ??= [...active.slice(active.indexOf(name)), name];
      result.mapped.add(name, () => offset);
    } else {
      this.#scan(this.#values.get(name), () => offset, [...active, name], result);
    }
  }

  /** The macro at this place; without a name: text that is copied as it is (the `${…}` of a variable). */
  #at(source, i) {
    if (source[i] === '$') {
      BRACED.lastIndex = i;
      const braced = BRACED.exec(source);
      if (braced) return { name: this.#values.has(braced[1]) ? braced[1] : undefined, length: braced[0].length };
    }
    const name = this.#names.find((candidate) => source.startsWith(candidate, i) && standsAlone(source, i, candidate));
    return name === undefined ? undefined : { name, length: name.length };
  }

  #glued(source) {
    const found = [];
    for (const match of source.matchAll(/[\p{L}\p{N}_]+/gu)) {
      if (this.#values.has(match[0])) continue;
      const name = this.#names.find((candidate) => match[0].startsWith(candidate) && /^\d+$/.test(match[0].slice(candidate.length)));
      if (name !== undefined) found.push({ name, word: match[0], offset: match.index });
    }
    return found;
  }
}
