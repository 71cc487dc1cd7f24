// Carries the steps of a testfile out.
import { readCommand } from './commands/index.mjs';
import { spellDuration } from './durations.mjs';
import { EVENT_TYPES } from './event_types.mjs';
import { describeFields, fieldOf } from './matchers.mjs';
import { place, StepFailure, Stopped, SyntaxProblem, withSuggestion } from './problems.mjs';
import { endsInPassword } from './secrets.mjs';
import { similar } from '../similar.mjs';
import { aliasOf, splitTarget } from './target.mjs';

const TAIL_MS = 1000;
const MOST_CALLED_FILES = 16;
const MOST_REPETITIONS = 100_000;

/** `${name}` → its value. Within a password it is text when there is no such variable. */
function substitute(text, { variables }) {
  return text.replace(/\$\{([^{}\s]+)\}/g, (whole, name, offset) => {
    if (variables.has(name)) return variables.get(name);
    if (endsInPassword(text.slice(0, offset))) return whole;
    throw new StepFailure(`there is no variable ${name}; \`let ${name} = …\` gives it a value`);
  });
}

export class Steps {
  #run;

  /** `run`: what runner.mjs hands over. */
  constructor(run) {
    this.#run = run;
  }

  async all(steps, scope) {
    for (const step of steps) await BLOCKS[step.kind].call(this, step, scope);
  }

  async line(step, scope) {
    const { host } = this.#run;
    const began = host.now();
    const report = (result) => {
      this.#run.emit({ event: 'step', line: step.line, text: step.text, ...result, duration_ms: host.now() - began, at: place(step) });
    };
    try {
      for (const part of step.parts) await this.#part(part, scope);
      // As it always was: a line that does not end in a wait takes a second more.
      if (step.parts.at(-1).kind === 'command') await this.#run.pause(TAIL_MS);
    } catch (error) {
      report({ passed: false, error: error.message });
      throw error;
    }
    report({ passed: true });
  }

  async repeat(step, scope) {
    const times = Number(this.#guarded(step, () => substitute(step.times, scope)));
    if (!Number.isInteger(times) || times < 0 || times > MOST_REPETITIONS) {
      throw new StepFailure(`repeat: ${step.times} is no number from 0 to ${MOST_REPETITIONS}`, { at: place(step) });
    }
    for (let count = 1; count <= times; ++count) {
      if (step.name !== undefined) scope.variables.set(step.name, String(count));
      await this.all(step.body, scope);
    }
  }

  async parallel(step, scope) {
    // A branch that fails ends the others, for the test has failed.
    const branches = step.body.map((branch) => this.all([branch], { ...scope }).catch((error) => this.#run.end(error)));
    await Promise.all(branches);
    this.#run.throwIfOver();
  }

  sequence(step, scope) {
    return this.all(step.body, scope);
  }

  /** What goes wrong gets the place where it did, and loses passwords. */
  #guarded(part, work) {
    try {
      return work();
    } catch (error) {
      throw this.#located(error, part);
    }
  }

  #located(error, part) {
    if (error instanceof Stopped || (error instanceof StepFailure && error.at !== undefined)) return error;
    const message = this.#run.secrets.mask(error instanceof Error ? withSuggestion(error) : error);
    const failure = error?.failure ?? { expect: part.source ?? part.text, actual: message, agents: this.#run.agents.snapshots() };
    return new StepFailure(message, { at: place(part), failure });
  }

  async #part(part, scope) {
    this.#run.throwIfOver();
    this.#run.host.position = { path: part.path, line: part.line, column: part.column };
    try {
      await PARTS[part.kind].call(this, part, scope);
    } catch (error) {
      throw this.#located(error, part);
    }
  }

  async pause({ ms, ...part }) {
    this.#run.emit({ event: 'wait', seconds: ms / 1000, at: place(part) });
    await this.#run.pause(ms);
  }

  async command(part, scope) {
    const { agents } = this.#run;
    const { alias, command: text, claimed } = splitTarget(substitute(part.text, scope), (name) => agents.has(name));
    const { name, command, args } = this.#read(text, claimed, part);
    const agent = alias === undefined ? scope.active : agents.need(alias);
    if (command.global) {
      await command.run(agent, args, this.#context(part, scope));
      return;
    }
    if (agent === undefined) throw new StepFailure(`${name}: there is no agent yet; uanew creates one`);
    agents.need(agent.alias);
    const action = { event: 'action', agent: agent.alias, kind: command.kind ?? name, at: place(part) };
    try {
      const result = await command.run(agent, args, this.#context(part, scope));
      this.#run.emit(result?.detail === undefined ? action : { ...action, detail: result.detail });
    } catch (error) {
      const message = this.#run.secrets.mask(error.message);
      this.#run.emit({ ...action, error: message });
      throw error instanceof StepFailure ? error : new StepFailure(`${name}: ${message}`);
    }
  }

  #read(text, claimed, part) {
    try {
      return readCommand(text, { soundPath: (file) => this.#run.soundPath(file) });
    } catch (error) {
      if (claimed === undefined) throw error;
      const names = this.#run.agents.names();
      throw new StepFailure(`there is no agent ${claimed}; ${names.length === 0 ? 'uanew creates one' : `there are ${names.join(', ')}`}`, { at: place(part) });
    }
  }

  #context(part, scope) {
    const { host, agents } = this.#run;
    return {
      host,
      agents,
      scope,
      log: (message, level) => this.#run.emit({ event: 'log', message, ...(level && { level }) }),
      record: (agent, text) => agents.log(agent, text),
      audioFile: (file) => this.#run.audioFile(file, part.path),
    };
  }

  /** The pattern of a step with its variables filled in and its agent found. */
  #pattern(part, scope) {
    const name = substitute(part.agent, scope);
    const type = substitute(part.type, scope).toUpperCase();
    if (!EVENT_TYPES.includes(type)) throw new SyntaxProblem(`there is no event ${type}`, { suggestion: similar(type, EVENT_TYPES) });
    const alias = name.toLowerCase() === 'any' ? undefined : aliasOf(name);
    if (alias !== undefined && !this.#run.knownAgent(alias)) this.#run.agents.need(alias);
    const matchers = (part.matchers ?? []).map((matcher) => ({ ...matcher, pattern: substitute(matcher.pattern, scope) }));
    return { alias, type, matchers };
  }

  /** The first event that fits, at the latest after `within_ms`; undefined when there is none. */
  async #await(pattern, { fresh, within_ms }) {
    const { session } = this.#run;
    const from = fresh ? session.records.length : 0;
    const found = session.find(pattern, from);
    if (found !== undefined || within_ms === 0) return { found, from };
    const { promise, cancel } = session.next(pattern);
    return { found: await this.#run.within(promise, within_ms, cancel), from };
  }

  async wait(part, scope) {
    const { host } = this.#run;
    const began = host.now();
    const pattern = this.#pattern(part, scope);
    const { found, from } = await this.#await(pattern, part);
    const looked = this.#run.session.records.length - from;
    const { within_ms } = part;
    this.#run.emit({ event: 'until', within_ms, passed: found !== undefined, duration_ms: host.now() - began, evaluations: looked, at: place(part) });
    if (found === undefined) this.#missing(part, pattern, from);
    this.#run.took(found);
  }

  async expect(part, scope) {
    const pattern = this.#pattern(part, scope);
    const { found, from } = await this.#await(pattern, part);
    const ok = part.not ? found === undefined : found !== undefined;
    if (!ok && part.not) this.#unwanted(part, pattern, found);
    if (!ok) this.#missing(part, pattern, from);
    this.#run.emit({ event: 'assertion', expect: part.source, ok: true, at: place(part) });
    if (found !== undefined) this.#run.took(found);
  }

  #missing(part, pattern, from) {
    const at = pattern.alias ?? 'any agent';
    const misses = this.#run.session.misses(pattern, from).map(({ event }) => describeFields(event, pattern.matchers));
    const wanted = pattern.matchers.map(({ field, operator, pattern: value }) => ` ${field}${operator}${value}`).join('');
    const time = part.within_ms > 0 ? ` within ${spellDuration(part.within_ms)}` : '';
    const actual = misses.length > 0 ? misses.slice(-3).join(', ') : undefined;
    this.#fail(part, `no ${pattern.type}${wanted} at ${at}${time}${actual === undefined ? '' : `; there was ${actual}`}`, actual ?? `no ${pattern.type}`);
  }

  #unwanted(part, pattern, found) {
    const actual = describeFields(found.event, pattern.matchers);
    this.#fail(part, `there was a ${pattern.type} at ${found.agent}, which was not expected: ${actual}`, actual);
  }

  #fail(part, message, actual) {
    if (part.kind === 'expect') this.#run.emit({ event: 'assertion', expect: part.source, ok: false, actual, at: place(part) });
    throw new StepFailure(message, { failure: { expect: part.source, actual, agents: this.#run.agents.snapshots() } });
  }

  let(part, scope) {
    scope.variables.set(part.name, part.from === undefined ? substitute(part.value, scope) : this.#captured(part.from, scope));
  }

  #captured(from, scope) {
    const pattern = this.#pattern(from, scope);
    const found = this.#run.session.findLast(pattern);
    if (found === undefined) throw new StepFailure(`let: there was no ${pattern.type} at ${pattern.alias ?? 'any agent'} yet`);
    const value = fieldOf(found.event, from.field);
    if (value === undefined) throw new StepFailure(`let: the ${pattern.type} has no field ${from.field}`);
    return value;
  }

  async call(part, scope) {
    if (scope.depth >= MOST_CALLED_FILES) throw new StepFailure(`call: more than ${MOST_CALLED_FILES} files call each other`);
    const values = part.values.map(([name, value]) => [name, substitute(value, scope)]);
    const file = this.#run.load(substitute(part.file, scope), part.path, { macros: part.macros, given: values });
    const inner = { ...scope, depth: scope.depth + 1 };
    await this.all(file.steps, inner);
    scope.active = inner.active;
  }
}

const { line, repeat, parallel, sequence, pause, command, wait, expect, let: assign, call } = Steps.prototype;
const BLOCKS = { line, repeat, parallel, sequence };
const PARTS = { pause, command, wait, expect, let: assign, call };
