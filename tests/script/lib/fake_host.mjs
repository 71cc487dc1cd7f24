// A host for scenarios without a telephone network: agents whose calls are objects in memory, and a runner of what a script registers.
import { randomUUID } from 'node:crypto';
import { FakeAgent } from './fake_agent.mjs';
import { FakeMockServer, respond } from './fake_http.mjs';

export class AssertionError extends Error {
  name = 'AssertionError';
}

export class SkipScenario extends Error {
  name = 'SkipScenario';
}

const UNITS = { ms: 1, s: 1000, m: 60_000 };

export function milliseconds(text) {
  const [, number, unit] = /^\s*(\d+)(ms|s|m)\s*$/.exec(text) ?? [];
  if (!unit) throw new Error(`'${text}' is no duration; write for instance "500ms", "10s" or "2m"`);
  return Number(number) * UNITS[unit];
}

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class FakeHost {
  State = { Idle: 'idle', Ringing: 'ringing', Established: 'established' };
  AssertionError = AssertionError;
  events = [];
  agents = new Map();
  servers = [];
  environment = new Map();
  scenarios = [];
  position = undefined;
  defaultMs = 5000;
  waiting = 0;

  constructor() {
    const host = this;
    this.Agent = class Agent extends FakeAgent {
      constructor(name, config) {
        super(host, name, config);
      }
    };
    this.MockServer = class MockServer extends FakeMockServer {
      constructor(options) {
        super(host, options);
      }
    };
    for (const name of Object.getOwnPropertyNames(FakeHost.prototype)) if (name !== 'constructor') this[name] = this[name].bind(this);
  }

  event(kind, fields = {}) {
    const at = this.position && `${this.position.path}:${this.position.line}:${this.position.column}`;
    this.events.push({ event: kind, at, ...fields });
  }

  eventsOf(kind) {
    return this.events.filter(({ event }) => event === kind);
  }

  // Assertions.

  label(text) {
    this.pendingLabel = text;
  }

  takeLabel() {
    const label = this.pendingLabel;
    this.pendingLabel = undefined;
    return label;
  }

  report({ label, expect, actual, ok }) {
    const fields = { label, expect, actual, ok };
    if (this.waiting > 0) this.lastReport = fields;
    else this.event('assertion', fields);
    if (!ok) throw new AssertionError(`${label ? `${label}: ` : ''}expected ${expect}, but was ${actual}`);
  }

  async until(condition, within) {
    const ms = within === undefined ? this.defaultMs : milliseconds(within);
    const deadline = performance.now() + ms;
    const { position } = this;
    this.lastReport = undefined;
    for (let evaluations = 1; ; evaluations++) {
      const failure = await this.attempt(condition);
      if (failure && performance.now() < deadline) {
        await delay(Math.min(5, ms));
        continue;
      }
      this.position = position;
      if (this.lastReport) this.event('assertion', this.lastReport);
      this.event('until', { within_ms: ms, passed: !failure, evaluations });
      if (failure) throw new AssertionError(`not satisfied within ${within ?? `${ms / 1000}s`}: ${failure.message}`);
      return;
    }
  }

  async attempt(condition) {
    this.waiting++;
    try {
      await condition();
      return undefined;
    } catch (error) {
      if (error.name !== 'AssertionError') throw error;
      return error;
    } finally {
      this.waiting--;
    }
  }

  // What scenarios call.

  tone = (hz) => ({ kind: 'tone', hz, toString: () => `tone ${hz} Hz` });
  file = (path) => ({ kind: 'file', path, toString: () => `file ${path}` });
  silence = () => ({ kind: 'silence', toString: () => 'silence' });
  regex = (text) => ({ kind: 'regex', pattern: new RegExp(`^(?:${text})$`), toString: () => `~^${text}$` });
  jsonResponse = (body, status = 200) => ({ kind: 'response', status, contentType: 'application/json', body: JSON.stringify(body) });
  textResponse = (body, status = 200) => ({ kind: 'response', status, contentType: 'text/plain', body });

  async wait(seconds) {
    this.event('wait', { seconds });
    const calls = [...this.agents.values()].filter(({ state }) => state === 'established');
    await delay(seconds * 20);
    const dropped = calls.find(({ state }) => state !== 'established');
    if (dropped) throw new Error(`call on ${dropped.name} dropped during wait — reason: "${dropped.reason}"`);
  }

  sleep(ms) {
    return delay(ms / 50);
  }

  defaultTimeout(text) {
    this.defaultMs = milliseconds(text);
  }

  env(name, other) {
    const value = this.environment.get(name) ?? other;
    if (value === undefined) throw new Error(`environment variable \`${name}\` is not set`);
    return value;
  }

  loadEnv(path) {
    this.environment.set('LOADED', path);
  }

  uuid() {
    return randomUUID();
  }

  log(message) {
    this.event('log', { message });
  }

  print(text) {
    this.event('print', { text });
  }

  skip(reason) {
    throw new SkipScenario(reason ?? 'skipped');
  }

  async http(method, url, options = {}) {
    this.event('http', { method, url });
    return respond(this, method, url, options);
  }

  async verifyAudioConnection(one, other) {
    if (one.peerAgent !== other) throw new AssertionError(`no audio between ${one.name} and ${other.name}`);
    this.event('audio', { agents: [one.name, other.name] });
  }

  // What a script registers, and the run of it.

  scenario(name, options, body) {
    this.scenarios.push({ name, options, body, at: this.position });
  }

  setup(body) {
    this.setupBody = body;
  }

  teardown(body) {
    this.teardownBody = body;
  }

  async runScenarios({ tag } = {}) {
    const only = this.scenarios.some(({ options }) => options.only);
    const chosen = this.scenarios.filter(({ options }) => (!only || options.only) && (!tag || (options.tags ?? []).includes(tag)));
    const results = [];
    for (const scenario of chosen) results.push(await this.runScenario(scenario));
    return results;
  }

  async runScenario({ name, options, body }) {
    this.agents.clear();
    if (options.skip) return { name, skipped: options.skip };
    let context;
    try {
      context = await this.setupBody?.();
    } catch (error) {
      return error instanceof SkipScenario ? { name, skipped: error.message } : { name, error: `setup: ${error.message}`, at: error.at };
    }
    const result = { name };
    try {
      await body(context);
    } catch (error) {
      if (error instanceof SkipScenario) result.skipped = error.message;
      else Object.assign(result, { error: error.message, at: error.at });
    }
    await this.teardownBody?.(context)?.catch(() => {});
    return result;
  }
}
