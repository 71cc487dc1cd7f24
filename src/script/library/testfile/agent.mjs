// An agent of a testfile: a phone of the host, with what the commands need to know of it.
import { EventMapper } from './events.mjs';
import { StepFailure } from './problems.mjs';

/** Completes `100` and `bob@host` to URIs, as a phone does with what is keyed in. */
function completeUri(text, domain) {
  const bracketed = /<([^>]+)>/.exec(text);
  const target = (bracketed ? bracketed[1] : text).trim();
  if (/^(?:sips?|tel):/i.test(target)) return target;
  return target.includes('@') ? `sip:${target}` : `sip:${target}@${domain}`;
}

/** Events tell how a request ends; that its promise tells it, too, must not end the run. */
function withoutOutcomes(phone) {
  const get = (target, name) => {
    const method = target[name];
    if (typeof method !== 'function') return method;
    return (...given) => {
      const result = method.apply(target, given);
      (result?.outcome ?? result)?.catch?.(() => {});
      return result;
    };
  };
  return new Proxy(phone, { get });
}

export class Agent {
  contacts = [];
  contact = 0;
  /** What asks callees to answer by themselves: {delay, value}, and the headers that say so. */
  auto = { delay: 0, value: undefined };
  answerHeaders = [];
  consulting = false;
  alive = true;
  /** Settles when the agent is gone; set as soon as it is to go. */
  closing;
  error;
  mapper;
  /** Where the testfile created it. */
  at;
  #selected;
  #phone;

  constructor({ alias, options }, at) {
    this.alias = alias;
    this.options = options;
    this.at = at;
    this.mapper = new EventMapper(alias, options.username);
  }

  get phone() {
    return this.#phone;
  }

  set phone(phone) {
    this.#phone = withoutOutcomes(phone);
  }

  uri(text) {
    return completeUri(text, this.options.domain);
  }

  calls() {
    return [...this.mapper.calls.values()];
  }

  select(call) {
    this.#selected = call;
  }

  /** The selected call, else the latest one. */
  current() {
    return this.mapper.calls.get(this.#selected) ?? this.calls().at(-1);
  }

  /** The call of that Call-ID (or number), else the current one. */
  find(id) {
    if (id === undefined) return this.current();
    return this.calls().find((call) => call.id === id || String(call.call) === id);
  }

  /** As `find`; fails when there is none. */
  need(id, purpose) {
    const call = this.find(id);
    if (call === undefined) throw new StepFailure(id === undefined ? `${this.alias} has no call to ${purpose}` : `${this.alias} has no call ${id}`);
    return call;
  }

  /** The call that `accept` is for: the given one, the current one when it rings, else the first that does. */
  ringing(id) {
    const rings = (call) => call?.direction === 'incoming' && call.state === 'incoming';
    if (id !== undefined) return this.need(id, 'accept');
    const call = rings(this.current()) ? this.current() : this.calls().find(rings);
    if (call === undefined) throw new StepFailure(`${this.alias} has no incoming call to accept`);
    return call;
  }

  /** How it is, as `failure` of docs/testing/events.md has it. */
  snapshot() {
    const up = this.calls();
    const state = up.some((call) => call.state === 'established') ? 'established' : up.length > 0 ? 'ringing' : 'idle';
    const snapshot = { agent: this.alias, registered: this.mapper.registered, state, calls: up.length };
    const { last } = this.mapper;
    if (up.length === 0 && last !== undefined) {
      snapshot.reason = last.reason;
      if (last.status !== undefined) snapshot.status = last.status;
    }
    return snapshot;
  }
}
