// What can be known to be wrong without running: commands, parameters, agents, events, files.
import { readCommand } from './commands/index.mjs';
import { findScript } from './include.mjs';
import { allParts, parse } from './parser.mjs';
import { describeProblem, problemAt, SyntaxProblem } from './problems.mjs';
import { fileOf, relativeTo } from './paths.mjs';
import { similar } from '../similar.mjs';
import { aliasOf, splitTarget } from './target.mjs';

const hasVariable = (text) => /\$\{[^{}\s]+\}/.test(text);
const MOST_CALLED_FILES = 16;

/** Follows a file from its first line to its last, with the agents that there are at each. */
class Checker {
  problems = [];
  #alive = new Set();
  #ever = new Set();
  #guessing = false;
  #tools;

  /** `tools`: {fileExists(path), readFile?(path), resolve?(file, from), soundPath?(file), dataFolder?} */
  constructor(tools) {
    this.#tools = tools;
  }

  file(file, depth = 0) {
    if (file.settings.include !== undefined && depth === 0) this.#script(file);
    for (const part of allParts(file.steps)) this.#part(part, depth);
  }

  #report(part, problem, offset = 0) {
    this.problems.push(problemAt(part.line, part.columns?.[offset] ?? part.column, problem));
  }

  #script({ path, settings: { include } }) {
    const { fileExists, dataFolder } = this.#tools;
    if (fileExists === undefined || findScript(include.name, path, { fileExists, dataFolder }) !== undefined) return;
    this.#report(include, { message: `failed to read include script ${fileOf(include.name)}: it is not in the folder scripts` });
  }

  #part(part, depth) {
    try {
      if (part.kind === 'command') this.#command(part);
      else if (part.kind === 'wait' || part.kind === 'expect') this.#agent(part.agent);
      else if (part.kind === 'let' && part.from !== undefined) this.#agent(part.from.agent);
      else if (part.kind === 'call') this.#call(part, depth);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      this.#report(part, error, error.offset);
    }
  }

  #agent(name) {
    const alias = aliasOf(name);
    if (hasVariable(name) || name.toLowerCase() === 'any' || this.#ever.has(alias)) return;
    this.#noAgent(alias);
  }

  /** A file that was called and could not be read may have created any agent. */
  #noAgent(alias) {
    if (this.#guessing) return;
    throw new SyntaxProblem(`there is no agent ${alias}`, { suggestion: similar(alias, [...this.#ever]) });
  }

  #command({ text }) {
    if (hasVariable(text)) {
      this.#guessing ||= /^uanew\s/i.test(text);
      return;
    }
    const { alias, command, offset, claimed } = splitTarget(text, (name) => this.#alive.has(name));
    let read;
    try {
      read = readCommand(command, this.#tools);
    } catch (error) {
      if (claimed !== undefined) this.#noAgent(claimed);
      if (claimed === undefined) error.offset = offset;
      if (claimed === undefined || !(error instanceof SyntaxProblem)) throw error;
      return;
    }
    this.#effects(read, alias);
  }

  #effects({ name, command, args }, alias) {
    if (name === 'uanew') {
      this.#sound(args.account.options.source);
      this.#alive.add(args.account.alias);
      this.#ever.add(args.account.alias);
    } else if (name === 'ausrc') {
      this.#sound(args.source);
    } else if (name === 'uadelall') {
      this.#alive.clear();
    } else if (name === 'quit' || name === 'uadel') {
      this.#alive.delete(args.alias === undefined ? alias : aliasOf(args.alias));
    }
    if (!command.global && this.#ever.size === 0 && !this.#guessing) {
      throw new SyntaxProblem(`${name}: there is no agent yet; uanew creates one`);
    }
  }

  #sound(source) {
    const { fileExists } = this.#tools;
    if (source?.kind !== 'file' || fileExists === undefined || fileExists(source.path)) return;
    // Only the host knows where its sounds are.
    if (this.#tools.soundPath === undefined && !source.path.includes('/')) return;
    const resolved = this.#resolve(source.path, this.#tools.path ?? '');
    if (!fileExists(resolved)) throw new SyntaxProblem(`there is no file ${source.path}`);
  }

  #resolve(file, from) {
    return (this.#tools.resolve ?? relativeTo)(file, from);
  }

  #call(part, depth) {
    const { fileExists, readFile } = this.#tools;
    if (hasVariable(part.file) || fileExists === undefined) {
      this.#guessing = true;
      return;
    }
    const path = this.#resolve(part.file, part.path);
    if (!fileExists(path)) throw new SyntaxProblem(`call: there is no file ${part.file}`);
    if (readFile === undefined || part.values.some(([, value]) => hasVariable(value))) {
      this.#guessing = true;
    } else {
      this.#called(part, path, readFile, depth + 1);
    }
  }

  #called(part, path, readFile, depth) {
    if (depth > MOST_CALLED_FILES) throw new SyntaxProblem(`call: more than ${MOST_CALLED_FILES} files call each other`);
    let text;
    try {
      text = readFile(path);
    } catch (error) {
      throw new SyntaxProblem(`call: ${part.file} cannot be read: ${error.message}`);
    }
    const file = parse(text, path, { macros: part.macros, given: part.values });
    const before = this.problems.splice(0);
    this.file(file, depth);
    const inner = [...file.problems, ...this.problems];
    this.problems = before;
    for (const problem of inner) this.#report(part, { ...problem, message: describeProblem(path, { ...problem, suggestion: undefined }) });
  }
}

const byPlace = (left, right) => left.line - right.line || left.column - right.column;

/** All problems of a parsed file, by line and column: {line, column, message, suggestion?, severity}. */
export function problemsOf(file, tools = {}) {
  const checker = new Checker({ ...tools, path: file.path });
  checker.file(file);
  return [...file.problems, ...checker.problems].sort(byPlace);
}
