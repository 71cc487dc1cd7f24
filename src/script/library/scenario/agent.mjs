// A phone of the scenario: what it was told, what happened to it, what it can be asked.
import { leaveLabel, setAgentDescriber } from './assertions.mjs';
import { kAgentKeys, nativeOptions, readAgentOptions } from './agent_options.mjs';
import { AudioChecks } from './audio.mjs';
import { Call } from './call.mjs';
import { ask, emit } from './host.mjs';
import { mailboxOf, SipMessage } from './messages.mjs';
import { here } from './position.mjs';
import { CallQuality, metricOf } from './quality.mjs';
import { run } from './run.mjs';
import { SpeechChecks } from './speech.mjs';
import { Subscriber } from './subscriber.mjs';
import { Subscription } from './subscription.mjs';
import { notifyChange } from './time.mjs';
import { OutcomeError, outcome, VerbError, Verbs } from './verbs.mjs';

/** By name, and by the number that the native side gave. */
const agents = new Map();
const byId = new Map();

/** How all agents are, for a failure. */
export const describeAgents = () =>
  [...agents.values()].map((agent) => ({
    agent: agent.name,
    registered: agent.isRegistered,
    state: agent.currentState,
    calls: agent.openCalls.length,
    reason: agent.latestCall?.reason,
    status: agent.latestCall?.statusCode
  }));
setAgentDescriber(describeAgents);

const kHandlers = {
  registered(agent, event) {
    agent.isRegistered = true;
    agent.registrationStatus = 200;
    agent.registrationError = undefined;
    agent.registering?.resolve(event);
  },
  registration_failed(agent, event) {
    agent.isRegistered = false;
    agent.registrationStatus = event.status;
    agent.registrationError = `${event.status} ${event.reason}`.trim();
    agent.registering?.reject(new OutcomeError(`${agent.name}: REGISTER`, event.status, event.reason));
  },
  unregistered(agent) {
    agent.isRegistered = false;
    agent.unregistering?.resolve();
  },
  gone(agent) {
    agent.hearing.close();
    agent.whenGone.resolve();
  },
  sip(agent, event) {
    agent.takeMessage(new SipMessage(event));
  },
  text(agent, event) {
    agent.texts.push({ from: event.from, contentType: event.content_type, body: event.body, time: event.time });
  },
  check(agent, event) {
    agent.checks.settle(event);
  },
  recognized(agent, event) {
    agent.hearing.recognized(event);
  },
  recognition_ended(agent, event) {
    agent.hearing.ended(event);
  },
  response(agent, event) {
    const request = agent.requests.get(event.request);
    agent.requests.delete(event.request);
    // What was answered has just come; without an answer the status is one of our own (RFC 3261 §8.1.3.1).
    const response = agent.messages.findLast(({ direction, callId, status }) => direction === 'received' && callId === event.call_id && status === event.status);
    if (response === undefined) {
      request?.waits.reject(new OutcomeError(`${agent.name}: ${request.what}`, event.status, event.reason));
    } else {
      request?.waits.resolve(response);
    }
  },
  notified(agent, event) {
    agent.subscriptionById(event.subscription)?.takeNotification(event);
  },
  subscription_ended(agent, event) {
    agent.subscriptionById(event.subscription)?.end(event);
  },
  subscribed(agent, event) {
    agent.subscribers.push(new Subscriber(agent, event));
  },
  subscriber_refreshed(agent, event) {
    agent.subscriberById(event.subscriber)?.refresh(event);
  },
  subscriber_ended(agent, event) {
    agent.subscriberById(event.subscriber)?.close(event);
  },
  mwi(agent, event) {
    agent.mailbox = mailboxOf(event.body);
  }
};

const kCallHandlers = {
  ringing(call, event) {
    call.ringingAt ??= event.time;
  },
  answered(call, event) {
    call.answeredAt ??= event.time;
    // Whoever has waited for the answer may ask at once what was agreed on.
    if (call.direction === 'outgoing' && call.codec !== undefined) {
      call.agent.establish(call);
    }
  },
  ended(call, event) {
    call.close(event);
    call.agent.tellEnd(call, event);
  },
  heard(call, event) {
    call.heard = { frequency: event.frequency_hz, level: event.level_dbov, time: event.time };
    emit({ event: 'audio', agent: call.agent.name, call: call.number, frequency_hz: event.frequency_hz, level_dbov: event.level_dbov, since_start_ms: event.since_start_ms });
  },
  agreed(call, event) {
    Object.assign(call, { codec: event.codec, codecRate: event.rate, mediaDirection: event.direction, encryption: event.encryption, profile: event.profile });
    if (call.state === 'ringing' && call.answeredAt === undefined) {
      call.early = true;
    }
    call.onHold = event.held;
    if (call.direction === 'outgoing' && call.answeredAt !== undefined) {
      call.agent.establish(call);
    }
    emit({ event: 'media', agent: call.agent.name, call: call.number, codec: event.codec, rate: event.rate, direction: event.direction, encryption: event.encryption });
  },
  renegotiated(call, event) {
    const change = call.settled.change;
    if (event.status < 300) {
      call.held = change?.held ?? call.held;
      change?.resolve(call);
    } else {
      change?.reject(new OutcomeError(`${call.agent.name}: ${change.held ? 'hold' : 'resume'}`, event.status, event.reason));
    }
  },
  key(call, event) {
    call.receivedDtmf += event.key;
    emit({ event: 'dtmf', agent: call.agent.name, call: call.number, key: event.key, duration_ms: event.duration_ms, by: event.by });
  },
  statistics(call, event) {
    call.finalStatistics = event.statistics;
  },
  media_failed(call, event) {
    call.mediaError = event.reason;
    call.agent.problem(event.reason);
  },
  keys_failed(call, event) {
    call.agent.problem(event.reason);
  },
  address_unknown(call, event) {
    call.agent.problem(event.reason);
  },
  recorded(call, event) {
    run.recorded(call.agent.name, event.paths);
  },
  transfer_requested(call, event) {
    call.transferRequested = { referTo: event.refer_to, referredBy: event.referred_by };
  },
  transfer(call, event) {
    call.agent.takeTransfer(call, event);
  }
};

export class Agent {
  constructor(name, config) {
    run.mayCreateAgents();
    const options = readAgentOptions(name, config, run.agentDefaults());
    this.name = name;
    this.config = options;
    this.aor = `sip:${options.username}@${options.domain}`;
    this.verbs = new Verbs(this);
    this.checks = new AudioChecks(this);
    this.hearing = new SpeechChecks(this);
    Object.assign(this, { calls: [], messages: [], texts: [], subscriptions: [], subscribers: [], placed: new Map(), requests: new Map(), isRegistered: false, muted: false });
    this.source = { kind: 'silence' };
    this.whenGone = outcome();
    agents.get(name)?.close();
    try {
      const made = ask('phone.create', nativeOptions(name, { ...options, ...run.wayOut({ ...options, tls: this.#tlsFiles(options.tls) }) }, run.recording()));
      this.nativeId = made.phone;
      this.address = made.address;
    } catch (error) {
      throw new VerbError(`agent ${name}: ${error.message}`);
    }
    agents.set(name, this);
    byId.set(this.nativeId, this);
    emit({ event: 'agent_started', name, aor: this.aor });
    this.#begin(options);
  }

  #tlsFiles(tls) {
    const path = (file) => (file === undefined ? undefined : run.resolve(file));
    return tls && { ...tls, ca: path(tls.ca), certificate: path(tls.certificate), key: path(tls.key) };
  }

  #begin(options) {
    for (const [header, value] of Object.entries(options.headers ?? {})) {
      this.tellAction('header', `${header}: ${/^(proxy-)?authorization$/i.test(header) ? '***' : value}`);
    }
    if (options.deflectTo !== undefined) {
      this.deflect(options.deflectTo);
    }
    if (Number(options.regint ?? 3600) > 0) {
      this.registering = outcome();
      ask('phone.register', { phone: this.nativeId });
    }
  }

  // What it is told: docs/testing/api.md.
  register() {
    return Number(this.config.regint ?? 3600) > 0 ? this.verbs.register() : Promise.resolve();
  }
  unregister() {
    return this.verbs.unregister();
  }
  dial(target, options) {
    return this.verbs.dial(target, options);
  }
  accept(options) {
    return this.verbs.accept(this.openCalls.findLast((call) => call.direction === 'incoming' && call.state === 'ringing'), options);
  }
  reject(code, reason, headers) {
    return this.verbs.reject(undefined, code, reason, headers);
  }
  hangup() {
    return this.verbs.hangup();
  }
  hold() {
    return this.verbs.hold();
  }
  resume() {
    return this.verbs.resume();
  }
  mute() {
    return this.verbs.mute();
  }
  dtmf(digits, gap) {
    return this.verbs.dtmf(undefined, digits, gap);
  }
  transfer(target) {
    return this.verbs.transfer(undefined, target);
  }
  attendedTransfer(target) {
    return this.verbs.attendedTransfer(target);
  }
  completeTransfer() {
    return this.verbs.completeTransfer();
  }
  abortTransfer() {
    return this.verbs.abortTransfer();
  }
  deflect(target) {
    return this.verbs.deflect(target);
  }
  stopDeflect() {
    return this.verbs.stopDeflect();
  }
  respondIncoming(code, reason, headers) {
    return this.verbs.respondIncoming(code, reason, headers);
  }
  sendAudio(source) {
    return this.verbs.sendAudio(source);
  }
  request(method, options) {
    return this.verbs.request(undefined, method, options);
  }
  subscribe(event, options) {
    return this.verbs.subscribe(event, options);
  }
  notify(event, body, options) {
    return this.verbs.notify(event, body, options);
  }
  stopNotify(event, reason, options) {
    return this.verbs.stopNotify(event, reason, options);
  }
  refuseSubscriptions(event, code, reason, headers) {
    return this.verbs.refuseSubscriptions(event, code, reason, headers);
  }
  message(target, text) {
    return this.verbs.message(target, text);
  }
  options(target) {
    return this.verbs.options(target);
  }
  verifyAudio(frequency, within) {
    return this.checks.verifyTone(frequency, within);
  }
  verifySilence(within) {
    return this.checks.verifySilence(within);
  }
  verifySpeech(within) {
    return this.checks.verifySpeech(within);
  }
  listen(within, options) {
    return this.checks.listen(within, options);
  }
  recognize(within) {
    return this.hearing.recognize(within);
  }

  // What can be asked.
  get registered() {
    leaveLabel(`${this.name} registered`);
    return this.isRegistered;
  }
  get state() {
    leaveLabel(`${this.name} state`);
    return this.currentState;
  }
  get reason() {
    leaveLabel(`${this.name} reason`);
    return this.latestCall?.reason;
  }
  get statusCode() {
    leaveLabel(`${this.name} status code`);
    return this.latestCall?.statusCode;
  }
  get receivedDtmf() {
    leaveLabel(`${this.name} received DTMF`);
    return this.chosenCall?.receivedDtmf ?? '';
  }
  get peer() {
    const peer = this.currentCall?.peer;
    return peer === undefined ? undefined : labelled(peer, { uri: `${this.name} peer uri`, number: `${this.name} peer number`, name: `${this.name} peer name` });
  }
  get quality() {
    return new CallQuality(this, this.chosenCall);
  }
  get metadata() {
    return this.config.metadata ?? {};
  }
  get mwi() {
    leaveLabel(`${this.name} message waiting`);
    return this.mailbox;
  }
  get registrationState() {
    return { registered: this.isRegistered, status: this.registrationStatus, error: this.registrationError };
  }
  get headers() {
    return this.#latestInvite?.headers ?? {};
  }
  get held() {
    leaveLabel(`${this.name} held`);
    return this.chosenCall?.held ?? false;
  }
  get onHold() {
    leaveLabel(`${this.name} on hold`);
    return this.chosenCall?.onHold ?? false;
  }
  get codec() {
    leaveLabel(`${this.name} codec`);
    return this.chosenCall?.codec;
  }
  get encryption() {
    leaveLabel(`${this.name} encryption`);
    return this.chosenCall?.encryption;
  }

  header(name) {
    leaveLabel(`${this.name} header ${name}`);
    return this.#latestInvite?.header(name);
  }

  get #latestInvite() {
    return this.messages.findLast((message) => message.isRequest && message.method === 'INVITE' && message.direction === 'received');
  }

  info() {
    const peer = this.currentCall?.peer;
    return {
      name: this.name,
      aor: this.aor,
      registered: this.isRegistered,
      state: this.currentState,
      reason: this.latestCall?.reason,
      statusCode: this.latestCall?.statusCode,
      peer: peer?.toJSON(),
      calls: this.openCalls.length
    };
  }

  toJSON() {
    return this.info();
  }
  toString() {
    return this.name;
  }

  get openCalls() {
    return this.calls.filter((call) => call.isOpen);
  }
  /** The latest call that there is. */
  get currentCall() {
    return this.calls.findLast((call) => call.isOpen);
  }
  /** The latest call, whether it goes on or not. */
  get latestCall() {
    return this.calls.at(-1);
  }
  /** Whose sound is asked for: that of the call that there is, or else of the latest. */
  get chosenCall() {
    return this.currentCall ?? this.latestCall;
  }
  get currentState() {
    const states = this.openCalls.map((call) => call.state);
    return states.includes('established') ? 'established' : states.length > 0 ? 'ringing' : 'idle';
  }

  callById(id) {
    return this.calls.find((call) => call.id === id);
  }

  subscriptionById(id) {
    return this.subscriptions.find((subscription) => subscription.id === id);
  }

  subscriberById(id) {
    return this.subscribers.find((subscriber) => subscriber.id === id);
  }

  addSubscription(id, event) {
    const made = new Subscription(this, id, event);
    this.subscriptions.push(made);
    return made;
  }

  /** The URI of an agent, a whole URI, or a number in our domain. */
  uriOf(target) {
    if (target instanceof Agent) {
      if (agents.get(target.name) !== target) {
        throw new VerbError(`agent ${target.name} is not connected — create it with new Agent("${target.name}", …) first`);
      }
      return target.aor;
    }
    const text = String(target ?? '');
    if (text === '' || /[\s<>"]/.test(text)) {
      throw new VerbError(`${this.name}: "${text}" is nobody to call; name an agent, a number or a SIP URI`);
    }
    return /^(sips?|tel):/i.test(text) ? text : text.includes('@') ? `sip:${text}` : `sip:${text}@${this.config.domain}`;
  }

  /** For the Request-URI: with the transport of this agent, where no proxy decides. */
  routed(uri) {
    const transport = this.config.transport ?? 'udp';
    return transport === 'udp' || this.config.outbound || /;transport=/i.test(uri) || !/^sip:/i.test(uri) ? uri : `${uri};transport=${transport}`;
  }

  resolvePath(path) {
    return run.resolve(path);
  }

  tellAction(kind, detail, error) {
    emit({ event: 'action', agent: this.name, kind, detail, error, at: here() });
  }

  /** Went wrong by itself: told in the log, and in the next failure. */
  problem(text) {
    emit({ event: 'log', level: 'warn', message: `${this.name}: ${text}` });
  }

  awaitRequest(id, what, call) {
    const waits = outcome();
    this.requests.set(id, { waits, what, call });
    return waits.promise;
  }

  take(event) {
    if (event.type in kHandlers) {
      kHandlers[event.type](this, event);
    } else if (event.type === 'call') {
      this.#callFor(event.call, event);
    } else if (event.type in kCallHandlers) {
      const call = this.callById(event.call);
      if (call !== undefined) {
        kCallHandlers[event.type](call, event);
      }
    }
    this.#tellState();
    this.onEvent?.(event);
  }

  /** A call that was placed just now exists at once, not when its event comes. */
  adoptEarly(id) {
    this.#callFor(id, { placed: 'here', time: Date.now(), to_party: this.placed.get(id).uri, from_party: this.aor });
    this.#tellState();
  }

  #callFor(id, event) {
    let call = this.callById(id);
    if (call === undefined) {
      call = new Call(this, this.calls.length + 1, id, event);
      call.messages = this.messages.filter((message) => message.callId === id);
      call.settled.dial = this.placed.get(id)?.waits;
      this.calls.push(call);
    }
    return call;
  }

  takeMessage(message) {
    this.messages.push(message);
    const call = this.callById(message.callId);
    call?.messages.push(message);
    emit({
      event: 'sip', agent: this.name, direction: message.direction, transport: message.transport, source: message.source, destination: message.destination,
      method: message.method, status: message.status, call_id: message.callId, cseq: message.cseq, text: message.text
    });
    // For whoever answers, a call is established by the ACK.
    if (call?.direction === 'incoming' && message.direction === 'received' && message.method === 'ACK' && call.answeredAt !== undefined) {
      this.establish(call);
    }
  }

  establish(call) {
    if (call.state === 'ringing') {
      call.state = 'established';
      call.settled.dial?.resolve(call);
      call.settled.answer?.resolve(call);
    }
  }

  tellEnd(call, event) {
    const failure = new OutcomeError(`${this.name}: call to ${call.peerUri}`, call.statusCode ?? event.status, call.reason);
    call.settled.dial?.reject(failure);
    call.settled.answer?.reject(failure);
    call.settled.change?.reject(failure);
    call.settled.transfer?.reject(failure);
    call.settled.end?.resolve(call);
    for (const request of this.requests.values()) {
      if (request.call === call) {
        request.waits.reject(new OutcomeError(`${this.name}: ${request.what}`, undefined, 'the call has ended'));
      }
    }
    this.checks.end(call);
  }

  takeTransfer(call, event) {
    call.transferStatus = event.status;
    call.transferReason = event.reason;
    if (event.stage === 'answered' && event.status < 300) {
      return;
    }
    if (event.status >= 300 || event.status === 0) {
      call.settled.transfer?.reject(new OutcomeError(`${this.name}: transfer`, event.status, event.reason || 'ended without a word'));
    } else if (event.status >= 200) {
      call.settled.transfer?.resolve(call);
      this.#endTransferred(call);
    }
  }

  /** The transferred party speaks with somebody else now: both our calls are over. */
  #endTransferred(call) {
    for (const one of [call, this.callById(call.consultation)]) {
      if (one?.isOpen) {
        one.endReason = 'Call transfered';
        ask('phone.hangup', { phone: this.nativeId, call: one.id });
      }
    }
  }

  #tellState() {
    const call = this.latestCall;
    const said = JSON.stringify([this.isRegistered, this.currentState, call?.number, call?.state, call?.reason]);
    if (said !== this.said) {
      this.said = said;
      emit({ event: 'state', agent: this.name, registered: this.isRegistered, state: this.currentState, call: call?.number, reason: call?.reason, status: call?.statusCode });
    }
  }

  /** Hangs up, un-registers and ends; the promise is ready when all of it is done. */
  close() {
    if (agents.get(this.name) === this) {
      agents.delete(this.name);
    }
    if (this.closing === undefined) {
      this.closing = this.whenGone.promise;
      try {
        ask('phone.close', { phone: this.nativeId });
      } catch {
        this.whenGone.resolve();
      }
    }
    return this.closing;
  }
}

/** Options that an agent may have, for checks of a file. */
export const agentKeys = Object.keys(kAgentKeys);

/** Getters that leave a label before they are read. */
function labelled(object, labels) {
  const wrapped = Object.create(object);
  for (const [key, label] of Object.entries(labels)) {
    Object.defineProperty(wrapped, key, {
      get() {
        leaveLabel(label);
        return object[key];
      }
    });
  }
  return wrapped;
}

/** Who else takes events of a phone, and is closed with the agents. */
export const adopt = (id, taker) => byId.set(id, taker);

/** An event of the native side for one agent. */
export function deliver(event) {
  byId.get(event.to)?.take(event);
  notifyChange();
}

export const allAgents = () => [...agents.values()];

/** How all agents are now; gives one line for each, by name, once they have gone and all is counted: `--metrics`. */
export function metrics(scenario) {
  const noted = allAgents().map((agent) => ({ scenario, agent: agent.name, registered: agent.isRegistered, call: agent.chosenCall }));
  noted.sort((one, other) => (one.agent < other.agent ? -1 : 1));
  return () => noted.map(metricOf);
}

/** All agents hang up, un-register and go. */
export async function closeAgents() {
  const closing = [...byId.values()].map((agent) => agent.close());
  await Promise.all(closing);
  byId.clear();
}
