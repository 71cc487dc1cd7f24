// A phone as testfiles take it: numbers for calls, and events of what goes over the wire.
import { adopt } from './agent.mjs';
import { ask, now } from './host.mjs';
import { partyOf } from './messages.mjs';
import { run } from './run.mjs';
import { createPhone } from './testfile_account.mjs';
import { kCallHandlers, kHandlers } from './testfile_events.mjs';
import { MessageReader } from './testfile_messages.mjs';
import { clearTimer, setTimer } from './time.mjs';
import { outcome, OutcomeError } from './verbs.mjs';

const kReportEvery = 5000;
/** How often, and for how long, it is looked whether another offer can be made; in ms. */
const kLookAgain = 20;
const kLongestWait = 5000;
/** More packets than this, and sound went that way. */
const kSomePackets = 10;

/** Nobody could be asked. */
const kNoRoute = 'Unresolvable destination';

const kByLocal = (call, event) => (event.ended_by === 'network' ? 'network' : (event.ended_by === 'caller') === (call.direction === 'outgoing') ? 'local' : 'remote');

export class TestfilePhone {
  #onEvent;
  #calls = new Map();
  #headers;
  #last = 0;
  messages = new MessageReader(this);

  constructor(name, options, onEvent) {
    run.mayCreateAgents();
    this.name = name;
    this.#onEvent = onEvent;
    this.aor = `sip:${options.username}@${options.domain}`;
    this.#headers = [...(options.headers ?? [])];
    this.gone = outcome();
    this.requests = new Map();
    this.registered = false;
    this.answerMode = options.answerMode ?? 'manual';
    this.answerDelay = options.answerDelay_ms ?? 0;
    this.endsSilentCalls = options.rtpTimeout_s > 0;
    this.id = createPhone(name, options).phone;
    adopt(this.id, this);
    if (options.source !== undefined) {
      this.sendAudio(options.source);
    }
  }

  #do(operation, argument = {}) {
    return ask(`phone.${operation}`, { phone: this.id, ...argument });
  }

  #id(call) {
    const found = call === undefined ? [...this.#calls.values()].findLast((one) => !one.over) : [...this.#calls.values()].find((one) => one.call === call);
    if (found === undefined || found.over) {
      throw new Error('there is no such call');
    }
    return found;
  }

  callOf(callId) {
    return this.#calls.get(callId);
  }

  tell(event) {
    this.#onEvent({ time: this.time ?? now(), ...event });
  }

  /** An event of the native side. */
  take(event) {
    this.time = event.time;
    const call = this.callOf(event.call);
    if (event.type in kHandlers) {
      kHandlers[event.type](this, event);
    } else if (call !== undefined && event.type in kCallHandlers) {
      kCallHandlers[event.type](this, call, event);
    }
    this.time = undefined;
  }

  begin(event) {
    if (this.#calls.has(event.call)) {
      return;
    }
    const outgoing = event.placed === 'here';
    const invite = this.messages.inviteOf(event.call);
    const peer = outgoing ? { uri: event.to_party } : partyOf(invite?.header('From') ?? event.from_party);
    const contact = invite?.header('Contact');
    const call = { call: ++this.#last, id: event.call, direction: outgoing ? 'outgoing' : 'incoming', peer, offers: new Set() };
    this.#calls.set(event.call, call);
    this.tell({
      type: 'call', call: call.call, callId: event.call, direction: call.direction, peer: { uri: peer.uri, name: peer.name }, localUri: this.aor,
      contact: contact === undefined ? undefined : partyOf(contact).uri, headers: invite?.fields ?? []
    });
    if (invite !== undefined) {
      this.messages.describe(call, invite);
    }
    return call;
  }

  /** As its answer mode says: not at all, with early media, or whole. */
  answerByItself(call) {
    const { answerMode: mode } = this;
    if (mode === 'manual') {
      return;
    }
    const answer = () => {
      if (call.over || call.answered) {
        return;
      }
      try {
        mode === 'early' ? this.#beginEarlyMedia(call) : this.accept(call.call);
      } catch (error) {
        this.tell({ type: 'log', text: `it cannot answer by itself: ${error.message}` });
      }
    };
    this.answerDelay > 0 ? setTimer(answer, this.answerDelay) : answer();
  }

  #beginEarlyMedia(call) {
    call.opened = true;
    this.#do('early', { call: call.id });
  }

  establish(call) {
    if (!call.established) {
      call.established = true;
      this.tell({ type: 'established', call: call.call });
      call.dialled?.resolve();
      call.reports = setTimer(() => this.#report(call), kReportEvery, true);
    }
  }

  #report(call) {
    const counted = this.#do('measure', { call: call.id })?.statistics;
    if (counted !== undefined) {
      const microseconds = (ms = 0) => Math.round(ms * 1000);
      this.tell({
        type: 'rtcp', call: call.call, rtt_us: microseconds(counted.round_trip_ms),
        tx: { sent: counted.packets_sent, lost: counted.remote_lost ?? 0, jitter_us: microseconds(counted.remote_jitter_ms) },
        rx: { sent: counted.packets_received, lost: counted.lost, jitter_us: microseconds(counted.jitter_ms) }
      });
    }
  }

  takeResponse(event) {
    const waits = this.requests.get(event.request);
    this.requests.delete(event.request);
    this.tell({ type: 'log', text: `${event.status} ${event.reason}` });
    if (event.status < 300) {
      waits?.resolve(event);
    } else {
      waits?.reject(new OutcomeError('request', event.status, event.reason));
    }
  }

  takeTransfer(call, event) {
    const final = event.status >= 300 || event.status === 0 || (event.stage !== 'answered' && event.status >= 200);
    this.tell({ type: 'transfer_progress', call: call.call, status: event.status, reason: event.reason, final });
    if (final && event.status < 300 && event.status > 0) {
      call.transfer?.resolve();
      for (const one of [call, this.#calls.get(call.consultation)]) {
        if (one !== undefined && !one.over) {
          one.given = 'Call transfered';
          this.#hangUp(one);
        }
      }
    } else if (final) {
      call.transfer?.reject(new OutcomeError('transfer', event.status, event.reason));
    }
  }

  end(call, event) {
    call.over = true;
    clearTimer(call.reports);
    const by = event.reason === kNoRoute ? 'unreachable' : kByLocal(call, event);
    if (by === 'local' && this.#calls.get(call.replacedBy)?.opened) {
      call.given ??= 'replaced';
    }
    const refused = by === 'remote' && event.status >= 300 && call.direction === 'outgoing';
    this.tell({ type: 'closed', call: call.call, by, reason: call.given ?? (refused || by === 'network' || by === 'unreachable' ? event.reason : ''), ...(refused ? { status: event.status } : {}) });
    call.change?.reject(new OutcomeError('re-INVITE', event.status, event.reason));
    call.dialled?.reject(new OutcomeError('call', event.status, event.reason));
    if (call.direction === 'incoming' && !call.opened) {
      this.reportAudio(call, undefined);
    }
  }

  reportAudio(call, counted) {
    this.tell({
      type: 'audio_report', call: call.call, tx: (counted?.packets_sent ?? 0) > kSomePackets, rx: (counted?.packets_received ?? 0) > kSomePackets,
      profile: call.profile ?? 'RTP/AVP', codec: call.codec
    });
  }

  // What a testfile tells it to do.
  register() {
    this.registering = outcome();
    this.tell({ type: 'registering' });
    this.#do('register');
    return this.registering.promise;
  }
  unregister() {
    this.tell({ type: 'unregistering' });
    this.#do('unregister');
    return Promise.resolve();
  }
  dial(uri, { headers = [], direction = 'sendrecv' } = {}) {
    const answer = this.#do('dial', { uri, headers, direction });
    const call = this.begin({ call: answer.call, placed: 'here', to_party: uri, from_party: this.aor });
    call.dialled = outcome();
    return { call: call.call, outcome: call.dialled.promise };
  }
  accept(call, { direction = 'sendrecv' } = {}) {
    const one = this.#id(call);
    one.opened = true;
    this.#do('accept', { call: one.id, direction });
  }
  reject(call, code = 486, reason = '') {
    this.#do('refuse', { call: this.#id(call).id, status: code, reason });
  }
  hangup(call) {
    this.#hangUp(this.#id(call));
  }
  /** That it has ended meanwhile is told by an event. */
  #hangUp({ id }) {
    try {
      this.#do('hangup', { call: id });
    } catch (error) {
      this.tell({ type: 'log', text: `hangup: ${error.message}` });
    }
  }
  /** One after another: as long as an offer is under way there can be no other (RFC 3261 §14.1), also one of the other side that waits for its ACK. */
  #change(operation, call, argument = {}) {
    const one = this.#id(call);
    const begin = (waited = 0) => {
      try {
        this.#do(operation, { call: one.id, ...argument });
      } catch (error) {
        if (one.over || waited >= kLongestWait || !/under way/.test(error.message)) {
          throw error;
        }
        return new Promise((resolve) => setTimer(resolve, kLookAgain)).then(() => later(waited + kLookAgain));
      }
      one.change = outcome();
      return one.change.promise;
    };
    // Its step is over by then, so that a failure is told by the log; what fails at once is thrown, and fails the step.
    const later = (waited) => {
      try {
        return begin(waited);
      } catch (error) {
        this.tell({ type: 'log', text: `${operation}: ${error.message}` });
        throw error;
      }
    };
    const done = one.changes === undefined ? begin() : one.changes.then(() => later(), () => later());
    const forget = () => {
      one.changes = one.changes === done ? undefined : one.changes;
    };
    one.changes = done;
    done.then(forget, forget);
    return done;
  }
  hold(call) {
    return this.#change('hold', call);
  }
  resume(call) {
    return this.#change('resume', call);
  }
  setDirection(direction, call) {
    return this.#change('direction', call, { direction });
  }
  reinvite(call) {
    return this.#change('direction', call, { direction: 'sendrecv' });
  }
  mute(call, on) {
    this.muted = on ?? !this.muted;
    this.#do('say', { source: this.muted ? { kind: 'silence' } : (this.source ?? { kind: 'silence' }) });
  }
  dtmf(digits, { call, gap_ms: gap = 60 } = {}) {
    this.#do('press', { call: this.#id(call).id, keys: digits, gap_ms: gap });
  }
  transfer(uri, call) {
    const one = this.#id(call);
    one.transfer = outcome();
    this.#do('transfer', { call: one.id, uri });
    return one.transfer.promise;
  }
  attendedTransfer(uri) {
    const first = this.#id();
    this.hold(first.call).catch(() => {});
    const dialled = this.dial(uri);
    this.consultation = { first, second: this.#id(dialled.call) };
    return dialled.outcome;
  }
  completeTransfer() {
    const { first, second } = this.consultation ?? {};
    if (first === undefined || first.over || second.over) {
      throw new Error('no transfer is pending');
    }
    first.consultation = second.id;
    first.transfer = outcome();
    this.#do('complete', { call: first.id, other: second.id });
    return first.transfer.promise;
  }
  abortTransfer() {
    this.consultation = undefined;
  }
  #request(method, uri, { headers = [], ...more } = {}) {
    const waits = outcome();
    this.requests.set(this.#do('request', { method, uri, headers: [...this.#headers, ...headers], ...more }).request, waits);
    return waits.promise;
  }
  refer(uri, referTo) {
    return this.#request('REFER', uri, { headers: [['Refer-To', `<${referTo}>`]] });
  }
  message(uri, text) {
    return this.#request('MESSAGE', uri, { content_type: 'text/plain', body: text });
  }
  options(uri) {
    return this.#request('OPTIONS', uri);
  }
  sendAudio(source) {
    this.#do('say', { source });
    this.source = source;
  }
  setAnswerMode(mode) {
    this.answerMode = mode;
  }
  setReliable(mode) {
    this.#do('reliable', { mode });
  }
  respondIncoming(code, reason = '', headers = null) {
    this.refusesAll = code !== null;
    this.#do('answer_all', code === null ? {} : { refusal: { status: code, reason, headers: headers ?? [] } });
  }
  addHeader(name, value) {
    this.#headers.push([name, value]);
    this.#do('headers', { headers: this.#headers });
  }
  removeHeader(name) {
    this.#headers = this.#headers.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
    this.#do('headers', { headers: this.#headers });
  }
  calls() {
    return [...this.#calls.values()].filter((call) => !call.over).map((call) => ({ call: call.call, callId: call.id, direction: call.direction, peer: call.peer, state: call.established ? 'established' : 'ringing' }));
  }
  close() {
    if (this.closing === undefined) {
      if (this.registered) {
        this.tell({ type: 'unregistering' });
      }
      this.closing = this.gone.promise;
      for (const call of this.#calls.values()) {
        clearTimer(call.reports);
      }
      try {
        this.#do('close');
      } catch {
        this.gone.resolve();
      }
    }
    return this.closing;
  }
}
