// Turns the text of a script into tokens: {type, value, line, column}, and `joined` where no blank is before it.
import { RhaiSyntaxError } from './errors.mjs';
import { Char, Float, wholeNumber } from './values.mjs';

const KEYWORDS = new Set(
  ('let const if else switch do while until loop for in continue break return throw try catch fn private import export as ' + 'true false this').split(' '),
);
// Longest first, so that the first that fits is the right one.
const OPERATORS = (
  '>>= <<= **= ..= ??= || && == != <= >= => << >> ** += -= *= /= %= &= |= ^= .. :: ?. ?[ ?? #{ ' + '+ - * / % < > = ! & | ^ . , : ; ( ) [ ] { } ? @'
).split(' ');
const ESCAPES = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'", '`': '`', 0: '\0' };
const HEX_ESCAPES = { x: 2, u: 4, U: 8 };
const RADIX = { x: [16, /[0-9a-fA-F_]/], o: [8, /[0-7_]/], b: [2, /[01_]/] };

export class Lexer {
  constructor(source, path) {
    this.source = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
    this.path = path;
    this.at = 0;
    this.line = 1;
    this.lineStart = 0;
  }

  /** All tokens; the last one is of type `end`. */
  tokens() {
    if (this.source.startsWith('#!')) this.skipLine();
    const tokens = this.tokensUntil(null);
    tokens.push({ ...this.here(), type: 'end', value: 'end of script' });
    return tokens;
  }

  /** Tokens up to the end of the text or, in an interpolation, to the brace that closes it. */
  tokensUntil(closing) {
    const tokens = [];
    let depth = 0;
    for (;;) {
      const before = this.at;
      this.skipBlanks();
      if (this.at >= this.source.length) {
        if (closing) this.fail('Open string is not terminated');
        return tokens;
      }
      if (closing && this.source[this.at] === '}' && depth === 0) {
        this.at++;
        return tokens;
      }
      const token = { ...this.here(), joined: before === this.at, ...this.read() };
      if (token.type === 'operator') depth += { '{': 1, '#{': 1, '}': -1 }[token.value] ?? 0;
      tokens.push(token);
    }
  }

  here() {
    return { line: this.line, column: this.at - this.lineStart + 1 };
  }

  fail(message, place = this.here()) {
    throw new RhaiSyntaxError(message, { path: this.path, ...place });
  }

  newLine() {
    this.line++;
    this.lineStart = this.at;
  }

  skipLine() {
    while (this.at < this.source.length && this.source[this.at] !== '\n') this.at++;
  }

  skipBlanks() {
    for (;;) {
      const c = this.source[this.at];
      if (c === '\n') {
        this.at++;
        this.newLine();
      } else if (c === ' ' || c === '\t' || (c !== undefined && /\s/.test(c))) this.at++;
      else if (c === '/' && this.source[this.at + 1] === '/') this.skipLine();
      else if (c === '/' && this.source[this.at + 1] === '*') this.skipBlockComment();
      else return;
    }
  }

  /** Comments nest. One that is never closed ends with the text. */
  skipBlockComment() {
    let depth = 0;
    while (this.at < this.source.length) {
      const two = this.source.slice(this.at, this.at + 2);
      if (two === '/*' || two === '*/') {
        depth += two === '/*' ? 1 : -1;
        this.at += 2;
        if (depth === 0) return;
      } else if (this.source[this.at++] === '\n') this.newLine();
    }
  }

  read() {
    const c = this.source[this.at];
    if (/[0-9]/.test(c)) return this.readNumber();
    if (/[\p{L}_]/u.test(c)) return this.readWord();
    if (c === '"') return this.readString();
    if (c === "'") return this.readChar();
    if (c === '`') return this.readTemplate();
    if (c === '#' && /^#+"/.test(this.source.slice(this.at, this.at + 32))) return this.readRawString();
    const operator = OPERATORS.find((text) => this.source.startsWith(text, this.at));
    if (!operator) this.fail(`Unexpected '${c}'`);
    this.at += operator.length;
    return { type: 'operator', value: operator };
  }

  readWord() {
    const [word] = /^[\p{L}\p{N}_]+/u.exec(this.source.slice(this.at, this.at + 256));
    this.at += word.length;
    return { type: KEYWORDS.has(word) ? 'keyword' : 'name', value: word };
  }

  readNumber() {
    const prefix = RADIX[this.source[this.at + 1]?.toLowerCase()];
    if (this.source[this.at] === '0' && prefix) return this.readRadix(...prefix);
    const [text] = /^[0-9][0-9_]*/.exec(this.source.slice(this.at));
    const rest = this.source.slice(this.at + text.length, this.at + text.length + 64);
    // `1..3` is a range and `1.max(2)` a call: a point belongs to the number only if no name and no second point follows.
    const [fraction] = /^(\.[0-9][0-9_]*|\.(?![\p{L}_.]))?([eE][+-]?[0-9_]+)?/u.exec(rest);
    this.at += text.length + fraction.length;
    const digits = (text + fraction).replaceAll('_', '');
    if (fraction === '') {
      const whole = BigInt(digits);
      // The most negative integer has no positive counterpart: the parser asks for this when it sees a minus.
      return { type: 'literal', value: wholeNumber(whole) ?? new Float(Number(digits)), smallest: whole === 1n << 63n };
    }
    return { type: 'literal', value: new Float(Number(digits)) };
  }

  readRadix(radix, pattern) {
    const start = this.here();
    const prefix = this.source.slice(this.at, this.at + 2).toLowerCase();
    this.at += 2;
    let digits = '';
    while (this.at < this.source.length && pattern.test(this.source[this.at])) digits += this.source[this.at++];
    digits = digits.replaceAll('_', '');
    if (digits === '') this.fail(`Invalid number of radix ${radix}`, start);
    // All 64 bits may be written, the uppermost is the sign.
    const value = BigInt(prefix + digits);
    if (value >= 1n << 64n) this.fail(`Number out of range: ${prefix}${digits}`, start);
    return { type: 'literal', value: wholeNumber(BigInt.asIntN(64, value)) };
  }

  readString() {
    const start = this.here();
    let text = '';
    this.at++;
    for (;;) {
      const c = this.source[this.at];
      if (c === undefined || c === '\n') this.fail('Open string is not terminated', start);
      this.at++;
      if (c === '"') {
        if (this.source[this.at] !== '"') return { type: 'literal', value: text };
        text += '"';
        this.at++;
      } else if (c !== '\\') text += c;
      else if (this.source[this.at] === '\n') this.continueLine(start.column);
      else text += this.readEscape();
    }
  }

  /** A backslash ends the line: blanks up to the column of the opening quote do not belong to the text. */
  continueLine(column) {
    this.at++;
    this.newLine();
    while (/[ \t]/.test(this.source[this.at] ?? '') && this.here().column < column + 1) this.at++;
  }

  readEscape() {
    const c = this.source[this.at];
    const length = HEX_ESCAPES[c];
    if (length) {
      const digits = this.source.slice(this.at + 1, this.at + 1 + length);
      const code = new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digits) ? parseInt(digits, 16) : Infinity;
      if (code > 0x10ffff) this.fail(`Invalid escape sequence: \\${c}${digits}`);
      this.at += 1 + length;
      return String.fromCodePoint(code);
    }
    if (!Object.hasOwn(ESCAPES, c ?? '')) this.fail(`Invalid escape sequence: \\${c ?? ''}`);
    this.at++;
    return ESCAPES[c];
  }

  readChar() {
    const start = this.here();
    this.at++;
    let value;
    if (this.source[this.at] === '\\') {
      this.at++;
      value = this.readEscape();
    } else {
      const [next = ''] = this.source.slice(this.at, this.at + 2);
      value = next === '\n' || next === "'" ? '' : next;
      this.at += value.length;
    }
    if (this.source[this.at] !== "'" || value === '') this.fail('Invalid character', start);
    this.at++;
    return { type: 'literal', value: new Char(value) };
  }

  readRawString() {
    const start = this.here();
    const [opening] = /^#+"/.exec(this.source.slice(this.at));
    const closing = `"${'#'.repeat(opening.length - 1)}`;
    const end = this.source.indexOf(closing, this.at + opening.length);
    if (end < 0) this.fail('Open string is not terminated', start);
    const value = this.source.slice(this.at + opening.length, end);
    this.at += opening.length;
    while (this.at < end) if (this.source[this.at++] === '\n') this.newLine();
    this.at = end + closing.length;
    return { type: 'literal', value };
  }

  /** Text between back-ticks is literal but for `${…}`, which holds statements; the value has strings and lists of tokens in turn. */
  readTemplate() {
    const start = this.here();
    const parts = [''];
    this.at++;
    if (this.source[this.at] === '\n') {
      this.at++;
      this.newLine();
    }
    for (;;) {
      const c = this.source[this.at];
      if (c === undefined) this.fail('Open string is not terminated', start);
      this.at++;
      if (c === '`') {
        if (this.source[this.at] !== '`') return { type: 'template', value: parts };
        this.at++;
        parts[parts.length - 1] += '`';
      } else if (c === '$' && this.source[this.at] === '{') {
        this.at++;
        const tokens = this.tokensUntil('}');
        parts.push([...tokens, { ...this.here(), type: 'end', value: '}' }], '');
      } else {
        parts[parts.length - 1] += c;
        if (c === '\n') this.newLine();
      }
    }
  }
}
