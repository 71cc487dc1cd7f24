// What an agent does. Each verb is carried out before it returns, or throws; the promise that it gives tells the SIP outcome to whoever waits for it.
import { ask } from './host.mjs';
import { headerPairs } from './agent_options.mjs';
import { milliseconds } from './time.mjs';

/** Between keys, in milliseconds; receivers need the shortest to tell two presses apart. */
const kUsualGap = 60;
const kShortestGap = 40;

const kEndReasons = ['deactivated', 'probation', 'rejected', 'timeout', 'giveup', 'noresource', 'invariant'];

/** What could not be done, at the line that asked for it. */
export class VerbError extends Error {
  name = 'VerbError';
}

/** How a request of ours ended otherwise than wanted. */
export class OutcomeError extends Error {
  name = 'OutcomeError';
  constructor(what, status, reason) {
    // Reasons of calls begin with the status.
    super(`${what}: ${String(reason ?? '').startsWith(`${status} `) ? reason : `${status ?? ''} ${reason ?? ''}`.trim()}`);
    this.status = status;
    this.reason = reason;
  }
}

/** A promise that nobody has to wait for. */
export function outcome() {
  const made = Promise.withResolvers?.() ?? deferred();
  made.promise.catch(() => {});
  return made;
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

export class Verbs {
  #agent;

  constructor(agent) {
    this.#agent = agent;
  }

  /** Carries out a native operation on the agent's phone and tells of it. */
  #carryOut(kind, detail, operation, argument) {
    const agent = this.#agent;
    try {
      const answer = ask(`phone.${operation}`, { phone: agent.nativeId, ...argument });
      agent.tellAction(kind, detail);
      return answer;
    } catch (error) {
      agent.tellAction(kind, detail, error.message);
      throw new VerbError(`${agent.name}: ${error.message}`);
    }
  }

  #call(call, kind, what) {
    const chosen = call ?? this.#agent.currentCall;
    if (chosen === undefined || !chosen.isOpen) {
      this.#agent.tellAction(kind, undefined, `there is no call to ${what}`);
      throw new VerbError(`${this.#agent.name}: there is no call to ${what}`);
    }
    return chosen;
  }

  register() {
    this.#agent.registering = outcome();
    this.#carryOut('register', undefined, 'register', {});
    return this.#agent.registering.promise;
  }

  unregister() {
    this.#agent.unregistering = outcome();
    this.#carryOut('unregister', undefined, 'unregister', {});
    return this.#agent.unregistering.promise;
  }

  dial(target, options = {}) {
    const uri = this.#agent.uriOf(target);
    const waits = outcome();
    const headers = headerPairs(options.headers);
    const answer = this.#carryOut('dial', uri, 'dial', { uri: this.#agent.routed(uri), headers, direction: options.direction ?? 'sendrecv' });
    this.#agent.placed.set(answer.call, { waits, uri });
    this.#agent.adoptEarly(answer.call);
    return waits.promise;
  }

  accept(call, options = {}) {
    const chosen = this.#call(call, 'accept', 'accept');
    if (chosen.direction !== 'incoming' || chosen.state !== 'ringing') {
      this.#agent.tellAction('accept', undefined, 'the call does not ring here');
      throw new VerbError(`${this.#agent.name}: there is no call to accept; the call ${chosen.direction === 'outgoing' ? 'was placed here' : 'is answered already'}`);
    }
    chosen.settled.answer = outcome();
    this.#carryOut('accept', undefined, 'accept', { call: chosen.id, direction: options.direction ?? 'sendrecv' });
    return chosen.settled.answer.promise;
  }

  reject(call, code = 486, reason = '', headers = {}) {
    const chosen = this.#call(call, 'reject', 'reject');
    const status = checkedStatus(code);
    this.#carryOut('reject', `${status} ${reason}`.trim(), 'refuse', { call: chosen.id, status, reason: checkedLine(reason, 'reason phrase'), headers: headerPairs(headers) });
  }

  hangup(call) {
    const chosen = this.#call(call, 'hangup', 'hang up');
    chosen.settled.end = outcome();
    this.#carryOut('hangup', undefined, 'hangup', { call: chosen.id });
    return chosen.settled.end.promise;
  }

  #change(call, kind, what, held) {
    const chosen = this.#call(call, kind, what);
    if (chosen.held === held) {
      this.#agent.tellAction(kind);
      return Promise.resolve(chosen);
    }
    chosen.settled.change = { ...outcome(), held };
    this.#carryOut(kind, undefined, held ? 'hold' : 'resume', { call: chosen.id });
    return chosen.settled.change.promise;
  }

  hold(call) {
    return this.#change(call, 'hold', 'hold', true);
  }

  resume(call) {
    return this.#change(call, 'resume', 'resume', false);
  }

  mute() {
    const agent = this.#agent;
    agent.muted = !agent.muted;
    this.#carryOut('mute', undefined, 'say', { source: agent.muted ? { kind: 'silence' } : agent.source });
  }

  dtmf(call, digits, gap) {
    const agent = this.#agent;
    const keys = String(digits).replace(/\s+/g, '').replace(/[a-d]/g, (key) => key.toUpperCase());
    const gapMs = gap === undefined ? kUsualGap : Math.max(kShortestGap, milliseconds(gap));
    const chosen = this.#call(call, 'dtmf-start', 'press keys in');
    this.#carryOut('dtmf-start', gap === undefined ? keys : `${keys} (with ${gap} gap)`, 'press', { call: chosen.id, keys, gap_ms: gapMs });
    agent.tellAction('dtmf-done', keys);
  }

  transfer(call, target) {
    const chosen = this.#call(call, 'transfer', 'transfer');
    const uri = this.#agent.uriOf(target);
    chosen.settled.transfer = outcome();
    this.#carryOut('transfer', uri, 'transfer', { call: chosen.id, uri });
    return chosen.settled.transfer.promise;
  }

  attendedTransfer(target) {
    const agent = this.#agent;
    const first = this.#call(undefined, 'attended-transfer', 'transfer');
    const uri = agent.uriOf(target);
    const waits = outcome();
    if (!first.held) {
      first.settled.change = { ...outcome(), held: true };
      this.#carryOut('hold', undefined, 'hold', { call: first.id });
    }
    const answer = this.#carryOut('attended-transfer', uri, 'dial', { uri: agent.routed(uri), headers: [], direction: 'sendrecv' });
    agent.placed.set(answer.call, { waits, uri });
    agent.consultation = { first, second: answer.call, answered: waits.promise };
    agent.adoptEarly(answer.call);
    return waits.promise;
  }

  /** A consultation call that is not answered yet is waited for: its 200 may be on its way. */
  completeTransfer() {
    const agent = this.#agent;
    const { first, second, answered } = agent.consultation ?? {};
    if (first === undefined || !first.isOpen) {
      agent.tellAction('complete-transfer', undefined, 'no transfer is pending');
      throw new VerbError(`${agent.name}: no transfer is pending; begin it with attendedTransfer()`);
    }
    const transfer = outcome();
    const complete = () => {
      first.settled.transfer = transfer;
      first.consultation = second;
      this.#carryOut('complete-transfer', undefined, 'complete', { call: first.id, other: second });
    };
    const { isOpen = true, answeredAt } = agent.callById(second) ?? {};
    if (isOpen && answeredAt === undefined) {
      answered.then(complete).catch(transfer.reject);
    } else {
      complete();
    }
    agent.consultation = undefined;
    return transfer.promise;
  }

  abortTransfer() {
    const agent = this.#agent;
    const second = agent.callById(agent.consultation?.second);
    if (second === undefined) {
      agent.tellAction('abort-transfer', undefined, 'no transfer is pending');
      throw new VerbError(`${agent.name}: no transfer is pending; begin it with attendedTransfer()`);
    }
    agent.consultation = undefined;
    this.#carryOut('abort-transfer', undefined, 'hangup', { call: second.id });
  }

  deflect(target) {
    const agent = this.#agent;
    const uri = agent.uriOf(target);
    const headers = [['Contact', `<${uri}>`], ['Diversion', `<${agent.aor}>`]];
    this.#carryOut('deflect', uri, 'answer_all', { refusal: { status: 302, reason: 'Moved Temporarily', headers } });
  }

  stopDeflect() {
    this.#carryOut('stop-deflect', undefined, 'answer_all', {});
  }

  respondIncoming(code, reason = '', headers = {}) {
    const status = checkedStatus(code);
    this.#carryOut('respond', `${status} ${reason}`.trim(), 'answer_all', { refusal: { status, reason: checkedLine(reason, 'reason phrase'), headers: headerPairs(headers) } });
  }

  sendAudio(source) {
    const agent = this.#agent;
    if (source?.kind === undefined) {
      throw new VerbError(`${agent.name}: sendAudio takes tone(440), file("hello.wav"), speech("hello") or silence()`);
    }
    const resolved = source.kind === 'file' ? { ...source, path: agent.resolvePath(source.path) } : source;
    this.#carryOut('send-audio', sourceText(source), 'say', { source: resolved });
    agent.source = resolved;
    agent.muted = false;
  }

  /** `where`: {uri} outside of calls, {call} in one. */
  #send(kind, method, where, { headers, body = '', contentType = 'text/plain' } = {}) {
    const detail = `${kind === 'request' ? `${method} ` : ''}${where.uri ?? 'in the call'}`;
    const content = body === '' ? {} : { content_type: checkedLine(contentType, 'content type'), body: String(body) };
    const uri = where.uri === undefined ? undefined : this.#agent.routed(where.uri);
    const answer = this.#carryOut(kind, detail, 'request', { method: String(method), uri, call: where.call?.id, headers: headerPairs(headers), ...content });
    return this.#agent.awaitRequest(answer.request, `${method} ${where.uri === undefined ? 'in the call' : `to ${where.uri}`}`, where.call);
  }

  request(call, method, options = {}) {
    if (typeof method !== 'string' || typeof options !== 'object' || options === null) {
      throw new VerbError(`${this.#agent.name}: request takes a method and options: request("OPTIONS", { to: "bob" })`);
    }
    return this.#send('request', method, call === undefined ? { uri: this.#agent.uriOf(options.to) } : { call: this.#call(call, 'request', `send ${method} in`) }, options);
  }

  #mustBeEvent(event) {
    if (!/^[\w.-]+$/.test(String(event))) {
      throw new VerbError(`${this.#agent.name}: "${event}" is no event package; it is a name such as "presence", "dialog" or "message-summary"`);
    }
  }

  #seconds(value, what) {
    const seconds = typeof value === 'string' ? Math.round(milliseconds(value) / 1000) : value;
    if (!Number.isInteger(seconds) || seconds < 0) {
      throw new VerbError(`${this.#agent.name}: ${what} is a whole number of seconds, or a duration such as "10m"`);
    }
    return seconds;
  }

  subscribe(event, { to, expires = 3600, accept = '' } = {}) {
    const agent = this.#agent;
    this.#mustBeEvent(event);
    const seconds = this.#seconds(expires, 'expires');
    const uri = to === undefined ? agent.aor : agent.uriOf(to);
    const kinds = checkedLine(Array.isArray(accept) ? accept.join(', ') : accept, 'list of content types');
    const answer = this.#carryOut('subscribe', `${event} of ${uri}`, 'subscribe', { package: event, uri: agent.routed(uri), expires_s: seconds, accept: kinds });
    return agent.addSubscription(answer.subscription, event);
  }

  unsubscribe(subscription) {
    this.#carryOut('unsubscribe', subscription.event, 'unsubscribe', { subscription: subscription.id });
    return subscription.ending.promise;
  }

  #told(body = '', { contentType = 'text/plain', state = 'active', headers } = {}) {
    if (state !== 'active' && state !== 'pending') {
      throw new VerbError(`${this.#agent.name}: the state of a subscription is "active" or "pending"; end() and stopNotify() terminate it`);
    }
    return { body: String(body), content_type: checkedLine(contentType, 'content type'), state, headers: headerPairs(headers) };
  }

  #ending(reason, retryAfter) {
    if (reason !== undefined && !kEndReasons.includes(reason)) {
      throw new VerbError(`${this.#agent.name}: a subscription ends with one of the reasons ${kEndReasons.join(', ')} (RFC 6665 §4.1.3)`);
    }
    return { reason, ...(retryAfter === undefined ? {} : { retry_after_s: this.#seconds(retryAfter, 'retryAfter') }) };
  }

  notify(event, body, { expires = 7200, ...options } = {}) {
    this.#mustBeEvent(event);
    this.#carryOut('notify', event, 'notify', { package: event, expires_s: this.#seconds(expires, 'expires'), ...this.#told(body, options) });
  }

  notifySubscriber(subscriber, body, options) {
    const what = `${subscriber.event} to ${subscriber.from.uri}`;
    const answer = this.#carryOut('notify', what, 'notify_subscriber', { subscriber: subscriber.id, ...this.#told(body, options) });
    subscriber.currentState = options?.state ?? 'active';
    return this.#agent.awaitRequest(answer.request, `NOTIFY of ${what}`);
  }

  endSubscriber(subscriber, reason, { retryAfter } = {}) {
    this.#carryOut('end-subscription', subscriber.event, 'end_subscriber', { subscriber: subscriber.id, ...this.#ending(reason, retryAfter) });
    return subscriber.ending.promise;
  }

  stopNotify(event, reason, { retryAfter } = {}) {
    this.#mustBeEvent(event);
    this.#carryOut('stop-notify', event, 'stop_notify', { package: event, ...this.#ending(reason, retryAfter) });
  }

  refuseSubscriptions(event, code = 403, reason = '', headers = {}) {
    this.#mustBeEvent(event);
    const status = checkedStatus(code);
    const refusal = { status, reason: checkedLine(reason, 'reason phrase'), headers: headerPairs(headers) };
    this.#carryOut('refuse-subscriptions', `${event} ${status}`, 'refuse_subscriptions', { package: event, ...refusal });
  }

  message(target, text) {
    return this.#accepted('MESSAGE', target, this.#send('message', 'MESSAGE', { uri: this.#agent.uriOf(target) }, { body: text }));
  }

  options(target) {
    return this.#accepted('OPTIONS', target, this.#send('options', 'OPTIONS', { uri: this.#agent.uriOf(target) }));
  }

  /** Only 2xx will do. */
  #accepted(method, target, answered) {
    const waits = outcome();
    answered.then((response) => {
      if (response.status >= 300) {
        throw new OutcomeError(`${this.#agent.name}: ${method} to ${this.#agent.uriOf(target)}`, response.status, response.reason);
      }
      return response;
    }).then(waits.resolve, waits.reject);
    return waits.promise;
  }
}

const kSourceTexts = { tone: ({ hz }) => `tone ${hz} Hz`, file: ({ path }) => `file ${path}`, speech: ({ text }) => `speech "${text}"` };
export const sourceText = (source) => kSourceTexts[source.kind]?.(source) ?? 'silence';

function checkedStatus(code) {
  if (!Number.isInteger(code) || code < 300 || code > 699) {
    throw new VerbError(`${code} is no final status that refuses a call; it is a number from 300 to 699`);
  }
  return code;
}

function checkedLine(text, what) {
  if (/[\r\n\0]/.test(String(text))) {
    throw new VerbError(`The ${what} holds a line end; it has to be one line`);
  }
  return String(text ?? '');
}
