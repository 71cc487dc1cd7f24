// Runs a testfile on a host and says how it went.
import { Agents } from './agents.mjs';
import { allParts, parse } from './parser.mjs';
import { problemsOf } from './check.mjs';
import { judgeByScript } from './include.mjs';
import { describeProblem, place, StepFailure, Stopped, withSuggestion } from './problems.mjs';
import { Secrets } from './secrets.mjs';
import { Session } from './session.mjs';
import { Steps } from './steps.mjs';
import { hashesOf, judgeByHash } from './verdict.mjs';
import { card } from './webhook.mjs';

const RTP_TIMEOUT_S = 10;

/** Somebody may be told of a failure that nobody waits for. */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

function signal() {
  let raise;
  const promise = quiet(new Promise((_, reject) => {
    raise = reject;
  }));
  return { promise, raise };
}

/** One run of one file: what its steps, agents and verdict share. */
class Run {
  agents = new Agents(this);
  secrets = new Secrets();
  session = new Session();
  defaults;
  #file;
  #options;
  #known = new Set();
  /** Failures that a step was looking for, as `agent TYPE`, and all that there were. */
  #covered = new Set();
  #failures = [];
  #over;
  #stop = signal();
  /** Whether a step looks for failures of this kind. */
  #looksFor;

  constructor(file, host, options) {
    this.#file = file;
    this.host = host;
    this.#options = options;
    this.defaults = { rtpTimeout_s: options.rtpTimeout_s ?? RTP_TIMEOUT_S };
    const parts = [...allParts(file.steps)];
    for (const { text } of parts) this.secrets.addFrom(text);
    this.#looksFor = (wanted) => parts.some(({ kind, type, not }) => kind === 'call' || (type === wanted && !not));
  }

  get dataFolder() {
    return this.#options.dataFolder ?? this.host.dataFolder;
  }

  get tools() {
    const { host } = this;
    return {
      fileExists: (path) => host.fileExists(path),
      readFile: (path) => host.readFile(path),
      resolve: (file, from) => host.resolve(file, from),
      soundPath: (file) => this.soundPath(file),
      dataFolder: this.dataFolder,
    };
  }

  soundPath(file) {
    return this.host.sound(file);
  }

  audioFile(file, from) {
    const { host } = this;
    if (host.fileExists(file)) return file;
    const resolved = host.resolve(file, from);
    if (!host.fileExists(resolved)) throw new StepFailure(`there is no file ${file}`);
    return resolved;
  }

  /** Texts for people go out without passwords. */
  emit(event) {
    this.host.emit(this.secrets.maskTexts(event));
  }

  position() {
    return { ...this.host.position };
  }

  knownAgent(alias) {
    return this.#known.has(alias);
  }

  sleep(ms) {
    return quiet(this.host.sleep(ms).catch((error) => {
      throw new Stopped(error?.message ?? 'stopped');
    }));
  }

  async pause(ms) {
    await Promise.race([this.sleep(ms), this.#stop.promise]);
  }

  /** What the promise gives, or undefined when it takes too long. */
  async within(promise, ms, cancel) {
    try {
      return await Promise.race([promise, this.sleep(ms).then(() => undefined), this.#stop.promise]);
    } finally {
      cancel();
    }
  }

  throwIfOver() {
    if (this.#over !== undefined) throw this.#over;
  }

  /** Ends the repetition wherever it is; the first reason counts, and a stop more than any. */
  end(error) {
    if (this.#over === undefined || error instanceof Stopped) this.#over = error;
    this.#stop.raise(this.#over);
  }

  onRecord(record, agent) {
    this.#known.add(record.agent);
    this.session.add(record);
    // The host tells SIP messages itself.
    if (record.type !== 'SIP') this.host.emit({ event: 'phone_event', agent: record.agent, type: record.type, record: record.event });
    if (agent.closing !== undefined) return;
    const { type, event } = record;
    if (type === 'REGISTER_FAIL') this.#failed(record, `Registration failed: ${agent.alias}: ${event.param}`, agent.at);
    if (type === 'CALL_CLOSED' && event.by === 'unreachable') this.#failed(record, `dial: ${event.peeruri} cannot be reached: ${event.param}`, this.host.position);
  }

  onGone(agent) {
    this.end(new StepFailure(`the agent ${agent.alias} is gone: ${agent.error}`, { at: place(this.host.position) }));
  }

  /** A step that expects the failure may still come; then it is judged at the end. */
  #failed({ agent, type }, message, at) {
    const failure = new StepFailure(message, { at: place(at) });
    this.#failures.push({ name: `${agent} ${type}`, failure });
    if (!this.#looksFor(type)) this.end(failure);
  }

  /** An event that a step was looking for. */
  took(record) {
    this.session.take(record);
    this.#covered.add(`${record.agent} ${record.type}`);
  }

  /** The parsed file of a `call`. */
  load(file, from, macros) {
    const { host } = this;
    const path = host.resolve(file, from);
    let text;
    try {
      text = host.readFile(path);
    } catch (error) {
      throw new StepFailure(`call: ${file} cannot be read: ${error.message}`);
    }
    const parsed = parse(text, path, macros);
    const problem = parsed.problems.find(({ severity }) => severity === 'error');
    if (problem !== undefined) throw new StepFailure(describeProblem(path, problem));
    return parsed;
  }

  async #steps() {
    this.session = new Session();
    this.#over = undefined;
    this.#stop = signal();
    this.#covered.clear();
    this.#failures = [];
    const scope = { active: [...this.agents].at(-1), variables: new Map(), depth: 0 };
    await new Steps(this).all(this.#file.steps, scope);
    this.throwIfOver();
    const unexpected = this.#failures.find(({ name }) => !this.#covered.has(name));
    if (unexpected !== undefined) throw unexpected.failure;
  }

  async #judge(hashes) {
    const { settings, path } = this.#file;
    if (settings.include !== undefined) {
      await judgeByScript(settings.include, path, this.session.records, this);
      return {};
    }
    const judged = judgeByHash(settings, hashes, this.host.baseline?.(path));
    if (judged.passed) return { matched: judged.matched };
    if (this.host.updateBaseline) return { updated: true };
    const at = place({ path, line: settings.hashLine, column: 1 });
    const failure = { expect: `_hash ${settings.hash}`, actual: hashes.hash, agents: this.agents.snapshots() };
    const error = new StepFailure(judged.message, { at, failure });
    error.difference = judged.difference;
    throw error;
  }

  #updateBaseline(hashes, { updated }) {
    if (!this.host.updateBaseline) return;
    this.host.saveBaseline(this.#file.path, hashes.text);
    const { hash, hashLine } = this.#file.settings;
    const advice = updated && hash.toLowerCase() !== 'baseline' ? `; write \`_hash ${hashes.hash}\` into line ${hashLine}` : '';
    this.emit({ event: 'log', message: `the baseline of ${this.#file.path} is updated${advice}`, ...(advice && { level: 'warn' }) });
  }

  /** One repetition: its steps, then what its events are worth. Only a stop is thrown. */
  async repetition(number) {
    const { host } = this;
    const { settings } = this.#file;
    const began = host.now();
    this.emit({ event: 'repetition_started', number, of: settings.run });
    const result = { number, passed: true };
    const failure = await this.#attempt(result, () => this.#steps());
    const hashes = hashesOf(this.session.records, settings);
    if (failure === undefined) await this.#attempt(result, () => this.#conclude(result, hashes));
    Object.assign(result, { hash: hashes.hash, telefonist_hash: hashes.telefonistHash, fingerprint: hashes.text, duration_ms: host.now() - began });
    if (settings.hash !== undefined) result.expected = settings.hash;
    this.emit({ event: 'repetition_finished', ...result });
    if (failure instanceof Stopped) throw Object.assign(failure, { result });
    await this.#tellWebhook(result);
    return result;
  }

  /** Does the work; what is thrown fails the result, and is returned. */
  async #attempt(result, work) {
    try {
      await work();
      return undefined;
    } catch (error) {
      this.#fail(result, error);
      return error;
    }
  }

  async #conclude(result, hashes) {
    const judged = await this.#judge(hashes);
    if (judged.matched !== undefined) result.matched = judged.matched;
    this.#updateBaseline(hashes, judged);
  }

  #fail(result, error) {
    result.passed = false;
    const { message, at, failure, difference, stack } = error;
    const told = { error: message, at, failure, difference, ...(!(error instanceof StepFailure || error instanceof Stopped) && { stack }) };
    const known = Object.entries(told).filter(([, value]) => value !== undefined);
    Object.assign(result, this.secrets.maskTexts(Object.fromEntries(known)));
    if (error instanceof Stopped) result.stopped = true;
  }

  async #tellWebhook(result) {
    const { webhook } = this.#file.settings;
    if (webhook === undefined) return;
    const { path } = this.#file;
    try {
      await this.host.postJson(webhook, card({ ...result, run: this.#options.run ?? result.number }, { path, project: this.#options.project }));
    } catch (error) {
      this.emit({ event: 'log', level: 'warn', message: `the webhook was not told: ${error.message}` });
    }
  }

  async all() {
    const results = [];
    try {
      for (let number = 1; number <= this.#file.settings.run; ++number) results.push(await this.repetition(number));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      results.push(error.result);
    } finally {
      await this.agents.closeAll();
    }
    return results;
  }
}

function* linesOf(steps) {
  for (const step of steps) {
    if (step.kind === 'line') yield step;
    else yield* linesOf(step.body);
  }
}

function resultOf(failed) {
  if (failed === undefined) return 'PASS';
  return failed.stopped ? 'ABORTED' : 'FAIL';
}

function verdictOf(results, total, duration_ms) {
  const failed = results.find(({ passed }) => !passed);
  const verdict = { passed: failed === undefined, result: resultOf(failed), total, repetitions: results, duration_ms };
  for (const name of ['error', 'at', 'failure', 'difference', 'stopped', 'stack']) {
    if (failed?.[name] !== undefined) verdict[name] = failed[name];
  }
  return verdict;
}

function refused(file, problems, work) {
  const [problem] = problems;
  const { line, column } = problem;
  for (const one of problems) work.emit({ event: 'log', level: 'error', message: describeProblem(file.path, one) });
  const error = work.secrets.mask(withSuggestion(problem));
  return { passed: false, result: 'FAIL', total: 0, repetitions: [], duration_ms: 0, error, at: place({ path: file.path, line, column }), problems };
}

/**
 * `options`: {macros: {name: value} that stand above those of the file, project, run: number for the webhook, dataFolder, rtpTimeout_s}.
 * Carries the file out: {passed, result, error?, at?, failure?, difference?, stopped?, problems?, total, repetitions, duration_ms}. Never
 * rejects.
 */
export async function run(text, path, host, options = {}) {
  const file = parse(text, path, { given: options.macros });
  const began = host.now();
  const lines = [...linesOf(file.steps)];
  if (file.settings.run < 1) return verdictOf([], 0, 0);
  const work = new Run(file, host, options);
  const problems = problemsOf(file, work.tools);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return refused(file, errors, work);
  for (const warning of problems) work.emit({ event: 'log', level: 'warn', message: describeProblem(path, warning) });
  if (lines.length === 0) return verdictOf([], 0, 0);
  const results = await work.all();
  return verdictOf(results, lines.length, host.now() - began);
}
