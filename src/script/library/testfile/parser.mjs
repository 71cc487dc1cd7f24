// The text of a testfile → its settings and steps, each with its line and column, and what is wrong with it. Pure.
import { splitChain } from './chain.mjs';
import { applyDirective, directiveOf, newSettings } from './directives.mjs';
import { parseDuration, resemblesDuration } from './durations.mjs';
import { Macros } from './macros.mjs';
import { problemAt, SyntaxProblem } from './problems.mjs';
import { isCommand } from './commands/index.mjs';
import { endsInPassword, maskText } from './secrets.mjs';
import { parseStep, repeatHead, words } from './step_syntax.mjs';

const BLOCKS = {
  repeat: repeatHead,
  parallel: (list) => emptyHead('parallel', list),
  sequence: (list) => emptyHead('sequence', list),
};

function emptyHead(kind, list) {
  if (list.length > 0) throw new SyntaxProblem(`${kind} stands alone on its line`);
  return { kind };
}

class Parser {
  settings = newSettings();
  problems = [];
  #macros;
  #path;
  #blocks;

  constructor(path, macros, given) {
    this.#path = path;
    this.#macros = new Macros(macros, given);
    this.#blocks = [{ kind: 'file', body: [] }];
  }

  get steps() {
    return this.#blocks[0].body;
  }

  text(text) {
    let line = 0;
    for (const source of text.split('\n')) this.#line(source, ++line);
    for (const { kind, line: opened, column } of this.#blocks.splice(1)) {
      this.#report(opened, column, { message: `${kind} has no \`end\`` });
    }
  }

  #report(line, column, problem) {
    this.problems.push(problemAt(line, column, problem));
  }

  /** Does `work`; a SyntaxProblem becomes a problem at its place. */
  #guard(line, columnOf, work) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      this.#report(line, columnOf(error.offset), error);
      return undefined;
    }
  }

  #line(source, line) {
    const trimmed = source.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const column = source.length - source.trimStart().length + 1;
    const directive = directiveOf(trimmed);
    if (directive) {
      const context = { settings: this.settings, macros: this.#macros, line, column };
      this.#guard(line, () => column, () => applyDirective(directive, context));
    } else {
      this.#steps(trimmed, line, column);
    }
  }

  #steps(source, line, column) {
    const expanded = this.#guard(line, () => column, () => this.#macros.expand(source));
    if (expanded === undefined) return;
    const { text, offsets, glued } = expanded;
    const columnOf = (offset) => column + (offsets[offset] ?? source.length);
    for (const { name, word, offset } of glued) {
      if (endsInPassword(source.slice(0, offset))) continue;
      const message = `${word} only begins with the macro ${name} and stays as it is`;
      this.#report(line, column + offset, { message, suggestion: `\${${name}}${word.slice(name.length)}`, severity: 'warning' });
    }
    const place = { path: this.#path, line, column };
    if (this.#block(text, place, columnOf)) return;
    const sourceOf = (start, end) => maskText(source.slice(offsets[start], end < text.length ? offsets[end] : source.length).trim());
    const parts = splitChain(text).flatMap((part) => this.#part(part, line, columnOf, sourceOf));
    if (/auth_pass=[^;\s|]*\|\d+(?:ms|s|m)(?:\||$)/.test(text)) {
      const message = 'a `|` behind auth_pass= belongs to the password; write a `;` behind the password, or the wait on the next line';
      this.#report(line, column, { message, severity: 'warning' });
    }
    if (parts.length > 0) this.#add({ kind: 'line', ...place, text: maskText(source), parts });
  }

  #add(step) {
    this.#blocks[this.#blocks.length - 1].body.push(step);
  }

  /** Whether the line opens or closes a block. */
  #block(text, place, columnOf) {
    const [head, ...list] = words(text);
    const keyword = head.text.toLowerCase();
    if (keyword === 'end' && list.length === 0) {
      if (this.#blocks.length === 1) this.#report(place.line, place.column, { message: '`end` ends nothing here' });
      else this.#blocks.pop();
      return true;
    }
    if (!Object.hasOwn(BLOCKS, keyword)) return false;
    const parsed = this.#guard(place.line, columnOf, () => BLOCKS[keyword](list));
    // A head that is wrong still opens its block, or its `end` would be a second mistake.
    const block = { kind: keyword, times: '1', ...place, text: text.trim(), ...parsed, body: [] };
    this.#add(block);
    this.#blocks.push(block);
    return true;
  }

  #part({ text, offset }, line, columnOf, sourceOf) {
    const source = sourceOf(offset, offset + text.length);
    // Where each character of the text was written; what macros bring was written where they stand.
    const columns = Array.from({ length: text.length }, (_, index) => columnOf(offset + index));
    const at = { line, column: columns[0], columns, text, source: source === '' ? maskText(text) : source };
    const step = this.#guard(line, (inner) => columnOf(offset + inner), () => this.#parsePart(text));
    return step === undefined ? [] : [{ ...at, path: this.#path, ...step, ...(step.kind === 'call' ? { macros: [...this.#macros] } : {}) }];
  }

  #parsePart(text) {
    const ms = parseDuration(text);
    if (ms !== undefined) return { kind: 'pause', ms };
    if (resemblesDuration(text) && !isCommand(text)) {
      throw new SyntaxProblem(`bad duration "${text}": write it like 10s, 500ms or 2m`, { suggestion: betterDuration(text) });
    }
    const keyword = /^\S+/.exec(text)[0].toLowerCase();
    if (Object.hasOwn(BLOCKS, keyword) || keyword === 'end') throw new SyntaxProblem(`${keyword} stands on a line of its own`);
    return parseStep(text) ?? { kind: 'command' };
  }
}

function betterDuration(text) {
  const [, number, unit] = /^(\d+)(?:[.,]\d+)?\s*([A-Za-z]*)$/.exec(text) ?? [];
  if (number === undefined || /[.,]/.test(text)) return undefined;
  const known = { '': 's', h: undefined, min: 'm', sec: 's', msec: 'ms' };
  if (unit.toLowerCase() === 'h') return `${Number(number) * 60}m`;
  const short = Object.hasOwn(known, unit.toLowerCase()) ? known[unit.toLowerCase()] : unit.toLowerCase();
  return ['ms', 's', 'm'].includes(short) ? `${number}${short}` : undefined;
}

/** Commands, waits and steps that a file has, blocks included. */
export function* allParts(steps) {
  for (const step of steps) {
    if (step.kind === 'line') yield* step.parts;
    else yield* allParts(step.body);
  }
}

/**
 * `macros`: [[name, value]] of a file that calls this one; `given`: those, also as {name: value}, that no `_define` of the
 * file replaces.
 */
export function parse(text, path = '', { macros = [], given = [] } = {}) {
  const parser = new Parser(path, macros, given);
  parser.text(text);
  return { path, settings: parser.settings, steps: parser.steps, problems: parser.problems };
}
