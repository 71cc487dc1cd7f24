// Writes JavaScript: lines in buffers, temporary names, constants that are made once for a module.
import { Char, Float } from './values.mjs';

/**
 * An expression in JavaScript. `stable`: nothing that is evaluated later changes it. `place`: what it gives still belongs to a variable. `bool`: it is surely
 * true or false.
 */
export const code = (text, properties = {}) => ({ code: text, stable: false, place: false, bool: false, ...properties });

/** Where the value of a node goes. A third kind is {name}: the variable that it is assigned to. */
export const DISCARD = Object.freeze({ discard: true });
export const RETURN = Object.freeze({ returns: true });

/** A captured parameter arrives as a value and is moved to its cell. */
export const parameterName = (binding) => (binding.captured ? `${binding.js}$p` : binding.js);

export class Emitter {
  constructor(path) {
    this.path = path;
    this.lines = [];
    this.hoisted = [];
    this.hoistedNames = new Map();
    this.positions = [];
    this.positionIndexes = new Map();
    this.names = 0;
  }

  emit(...lines) {
    this.lines.push(...lines);
  }

  name() {
    return `$${++this.names}`;
  }

  temp(text) {
    const name = this.name();
    this.emit(`const ${name} = ${text};`);
    return name;
  }

  /** What `write` emits, apart; with the result of `write`. */
  capture(write) {
    const outer = this.lines;
    this.lines = [];
    const result = write();
    const { lines } = this;
    this.lines = outer;
    return { lines, result };
  }

  /** A constant of the module, made once for each text. */
  hoist(prefix, text) {
    let name = this.hoistedNames.get(text);
    if (!name) {
      name = `${prefix}${this.hoistedNames.size}`;
      this.hoistedNames.set(text, name);
      this.hoisted.push(`const ${name} = ${text};`);
    }
    return name;
  }

  position({ line, column }) {
    const key = `${line}:${column}`;
    let index = this.positionIndexes.get(key);
    if (index === undefined) {
      index = this.positions.push({ line, column }) - 1;
      this.positionIndexes.set(key, index);
    }
    return this.hoist('p', `positions[${index}]`);
  }

  literal(value) {
    if (value instanceof Float) return code(this.hoist('c', `new Float(${floatText(value.value)})`), { stable: true });
    if (value instanceof Char) return code(this.hoist('c', `new Char(${JSON.stringify(value.text)})`), { stable: true });
    if (typeof value === 'bigint') return code(`${value}n`, { stable: true });
    if (typeof value === 'number') return code(value < 0 ? `(${value})` : `${value}`, { stable: true });
    return code(value === undefined ? 'undefined' : JSON.stringify(value), { stable: true, bool: typeof value === 'boolean' });
  }

  /**
   * Compiles operands from left to right. Where one needs statements of its own, those before it are kept in temporaries first, so that everything is
   * still evaluated in the order in which it is written.
   */
  sequence(operands) {
    const results = [];
    for (const operand of operands) {
      const { lines, result } = this.capture(operand);
      if (lines.length > 0) results.forEach((earlier, index) => (results[index] = this.settled(earlier)));
      this.emit(...lines);
      results.push(result);
    }
    return results;
  }

  settled(value) {
    return value.stable ? value : { ...value, code: this.temp(value.code), stable: true };
  }
}

const floatText = (number) => (Object.is(number, -0) ? '-0' : String(number));
