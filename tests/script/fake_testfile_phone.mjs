// A phone of the fake host: it says what a phone would, at the times that a phone would, and no SIP is sent.

const HOP_MS = 5;
const RTP_MS = 20;
const RTCP_MS = 5000;
const SILENT_MS = 32_000;
const KEY_MS = 100;

const keyOf = (uri) => uri.replace(/^sips?:/i, '').split(/[;?]/)[0];
const MIRRORED = { sendonly: 'recvonly', recvonly: 'sendonly' };

/** Both sides of a call, of which `phones[0]` is the caller's. */
class Call {
  state = 'ringing';
  numbers = [];

  constructor(host, caller, callee) {
    this.host = host;
    this.phones = [caller, callee];
    this.id = host.random() + host.random();
  }

  side(phone) {
    return this.phones.indexOf(phone);
  }

  peer(phone) {
    return this.phones[1 - this.side(phone)];
  }

  tell(phone, type, fields) {
    phone.say(type, { call: this.numbers[this.side(phone)], ...fields });
  }

  both(type, fields) {
    for (const phone of this.phones) this.tell(phone, type, fields);
  }

  later(work, ms = HOP_MS) {
    this.host.clock.after(ms, () => {
      if (this.state !== 'over') work();
    });
  }
}

export class FakePhone {
  #onEvent;
  #calls = new Map();
  #count = 0;
  #refused;
  headers = [];
  sent = [];
  registered = false;

  constructor(host, name, options, onEvent) {
    this.host = host;
    this.name = name;
    this.options = options;
    this.#onEvent = onEvent;
    this.aor = `${options.username}@${options.domain}`;
    this.answerMode = options.answerMode ?? 'manual';
  }

  say(type, fields = {}) {
    this.#onEvent({ type, time: this.host.now(), ...fields });
  }

  fail(error) {
    this.host.phones.delete(this.aor);
    this.say('failed', { error: new Error(error) });
  }

  #sip(direction, method, status, call) {
    const first = status === undefined ? `${method} sip:x@h SIP/2.0` : `SIP/2.0 ${status} Reason`;
    const text = `${first}\r\nv: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK${call.id}\r\nCall-ID: ${call.id}\r\nCSeq: 1 ${method}\r\n\r\n`;
    this.say('sip', { direction, transport: 'udp', source: '127.0.0.1:5060', destination: '127.0.0.1:5070', text });
  }

  register() {
    const domain = this.host.domains[this.options.domain];
    this.say('registering');
    if (domain === 'silent') {
      this.host.clock.after(SILENT_MS, () => this.say('registration_failed', { status: 0, reason: 'timed out' }));
    } else if (domain === undefined) {
      this.host.clock.after(HOP_MS, () => this.say('registration_failed', { status: 0, reason: 'connection refused' }));
    } else {
      const right = domain[this.options.username] === this.options.password;
      this.host.clock.after(HOP_MS, () => this.#registration(right));
    }
    return Promise.resolve();
  }

  #registration(right) {
    this.registered = right;
    if (right) this.say('registered', { status: 200, reason: 'OK', expires: this.options.regint });
    else this.say('registration_failed', { status: 401, reason: 'Unauthorized' });
  }

  unregister() {
    this.say('unregistering');
    this.registered = false;
    this.host.clock.after(HOP_MS, () => this.say('unregistered'));
    return Promise.resolve();
  }

  #number(call) {
    const number = ++this.#count;
    call.numbers[call.side(this)] = number;
    this.#calls.set(number, call);
    return number;
  }

  dial(uri, { headers = [], direction } = {}) {
    const target = keyOf(uri);
    const domain = target.split('@')[1];
    const neighbour = [...this.host.phones.values()].find((phone) => phone.options.domain === domain);
    if (neighbour === undefined && this.host.domains[domain] === undefined) throw new Error(`there is no route to ${domain}`);
    const call = new Call(this.host, this, this.host.phones.get(target));
    this.dialled = { uri, headers, direction };
    const number = this.#number(call);
    this.#announce(call, 'outgoing', uri);
    this.say('local_sdp', { call: number, kind: 'offer' });
    this.#sip('sent', 'INVITE', undefined, call);
    call.later(() => this.#arrive(call, neighbour));
    return { call: number, outcome: Promise.resolve({ status: 200 }) };
  }

  #announce(call, direction, uri, contact) {
    const number = call.numbers[call.side(this)];
    this.say('call', { call: number, direction, callId: call.id, peer: { uri }, contact, localUri: `sip:${this.aor}`, headers: [] });
  }

  #arrive(call, neighbour) {
    const [caller, callee] = call.phones;
    if (callee === undefined) {
      neighbour?.say('session_refused', { status: 404, reason: 'Not Found', from: `sip:${caller.aor}`, contact: `sip:${caller.aor}` });
      call.later(() => caller.#over(call, { by: 'remote', status: 404, reason: 'Not Found' }));
      return;
    }
    callee.#incoming(call, caller);
  }

  #contact() {
    const { username, domain } = this.options;
    return this.host.plainContacts ? `sip:${this.aor}` : `sip:${username}-0x${this.host.random()}@${domain}`;
  }

  #incoming(call, caller) {
    if (this.#refused !== undefined) {
      call.later(() => caller.#over(call, { by: 'remote', ...this.#refused }));
      return;
    }
    this.#number(call);
    this.#announce(call, 'incoming', `sip:${caller.aor}`, caller.#contact());
    call.tell(this, 'remote_sdp', { kind: 'offer' });
    this.#sip('received', 'INVITE', undefined, call);
    call.later(() => {
      call.tell(caller, 'progress', { status: 180, reason: 'Ringing', early: false });
      caller.#sip('received', 'INVITE', 180, call);
    });
    if (this.answerMode === 'auto') call.later(() => this.accept(), 2 * HOP_MS);
  }

  #find(number) {
    const call = number === undefined ? [...this.#calls.values()].at(-1) : this.#calls.get(number);
    if (call === undefined) throw new Error('there is no such call');
    return call;
  }

  accept(number) {
    const call = this.#find(number);
    const [caller] = call.phones;
    const codec = (caller.options.codecs ?? ['opus']).find((name) => (this.options.codecs ?? ['opus']).includes(name));
    call.tell(this, 'local_sdp', { kind: 'answer' });
    call.later(() => this.#answered(call, caller, codec));
  }

  #answered(call, caller, codec) {
    call.state = 'up';
    const secured = caller.options.mediaEncryption !== undefined && this.options.mediaEncryption !== undefined;
    const profile = secured ? 'RTP/SAVP' : 'RTP/AVP';
    call.report = { profile, codec };
    const media = { codec, rate: 48_000, direction: 'sendrecv', remoteDirection: 'sendrecv', encryption: secured ? 'sdes' : 'none', profile };
    call.tell(caller, 'answered', { status: 200, reason: 'OK' });
    call.tell(caller, 'remote_sdp', { kind: 'answer' });
    call.both('media', media);
    call.both('established');
    call.later(() => call.both('rtp_established'), RTP_MS);
    this.#reports(call);
  }

  #reports(call) {
    const report = { sent: 250, lost: 0, jitter_us: 120 };
    call.later(() => {
      call.both('rtcp', { rtt_us: 900, tx: report, rx: report });
      this.#reports(call);
    }, RTCP_MS);
  }

  #over(call, fields) {
    const number = call.numbers[call.side(this)];
    if (!this.#calls.delete(number)) return;
    const up = call.state === 'up' || call.wasUp === true;
    call.wasUp = up;
    call.state = 'over';
    this.say('closed', { call: number, reason: '', ...fields });
    this.say('audio_report', { call: number, tx: up, rx: up, profile: 'RTP/AVP', ...(up && call.report) });
  }

  /** Ends this side at once, and the other a moment later. */
  #end(call, mine, theirs) {
    const peer = call.peer(this);
    this.#over(call, mine);
    this.host.clock.after(HOP_MS, () => peer?.#over(call, theirs));
  }

  reject(number, status, reason) {
    this.#end(this.#find(number), { by: 'local', status, reason }, { by: 'remote', status, reason });
  }

  hangup(number) {
    this.#end(this.#find(number), { by: 'local' }, { by: 'remote' });
  }

  #direct(call, direction, type) {
    const peer = call.peer(this);
    const other = MIRRORED[direction] ?? direction;
    call.later(() => {
      call.tell(this, 'media', { codec: 'opus', direction, remoteDirection: other });
      call.tell(peer, 'media', { codec: 'opus', direction: other, remoteDirection: direction });
      if (type !== undefined) call.tell(peer, type);
    });
    return Promise.resolve();
  }

  hold(number) {
    return this.#direct(this.#find(number), 'sendonly', 'held');
  }

  resume(number) {
    return this.#direct(this.#find(number), 'sendrecv', 'resumed');
  }

  setDirection(direction, number) {
    return this.#direct(this.#find(number), direction);
  }

  reinvite(number) {
    return this.#direct(this.#find(number), 'sendrecv');
  }

  mute(number, on) {
    this.#find(number);
    this.muted = on ?? !this.muted;
  }

  dtmf(digits, { call: number }) {
    const call = this.#find(number);
    const peer = call.peer(this);
    [...digits].forEach((key, index) => {
      call.later(() => call.tell(peer, 'dtmf_start', { key }), HOP_MS + 2 * index * KEY_MS);
      call.later(() => call.tell(peer, 'dtmf_end', { key, duration_ms: KEY_MS }), HOP_MS + (2 * index + 1) * KEY_MS);
    });
  }

  transfer(uri, number) {
    const call = this.#find(number);
    const peer = call.peer(this);
    call.later(() => {
      call.tell(peer, 'transfer_requested', { referTo: uri, referredBy: `sip:${this.aor}` });
      peer.dial(uri);
    });
    call.later(() => {
      call.tell(this, 'transfer_progress', { status: 200, reason: 'OK', final: true });
      this.#end(call, { by: 'local', reason: 'transferred' }, { by: 'remote' });
    }, 4 * HOP_MS);
    return Promise.resolve();
  }

  attendedTransfer(uri) {
    const first = this.#find();
    this.consulted = { first, second: this.dial(uri).call };
    return this.hold(first.numbers[first.side(this)]);
  }

  completeTransfer() {
    const { first, second } = this.consulted;
    const call = this.#find(second);
    const peer = first.peer(this);
    const target = call.peer(this);
    const tags = `to-tag%3D${this.host.random()}%3Bfrom-tag%3D${this.host.random()}`;
    first.later(() => {
      first.tell(peer, 'transfer_requested', { referTo: `sip:${target.aor}?Replaces=${call.id}%3B${tags}` });
      target.#over(call, { by: 'local', reason: 'replaced' });
      this.#over(call, { by: 'remote' });
      this.#end(first, { by: 'local', reason: 'transferred' }, { by: 'remote' });
    });
    return Promise.resolve();
  }

  respondIncoming(status, reason) {
    this.#refused = status === null ? undefined : { status, reason };
  }

  setAnswerMode(mode) {
    this.answerMode = mode;
  }

  setReliable(mode) {
    this.reliable = mode;
  }

  addHeader(name, value) {
    this.headers.push([name, value]);
  }

  removeHeader(name) {
    this.headers = this.headers.filter(([known]) => known !== name);
  }

  sendAudio(source) {
    this.sent.push(source);
  }

  message(uri, text) {
    const target = this.host.phones.get(keyOf(uri));
    this.host.clock.after(HOP_MS, () => target?.say('message', { from: `sip:${this.aor}`, contentType: 'text/plain', body: text }));
    return Promise.resolve();
  }

  options() {
    return Promise.resolve({ status: 200, reason: 'OK' });
  }

  calls() {
    return [...this.#calls].map(([call, { id, state }]) => ({ call, callId: id, state }));
  }

  /** From now on no sound arrives here, and the phone gives up when its time is over. */
  cutMedia() {
    const call = this.#find();
    call.later(() => this.#end(call, { by: 'network', reason: 'rtp timeout' }, { by: 'remote' }), this.options.rtpTimeout_s * 1000);
  }

  async close() {
    this.host.phones.delete(this.aor);
    for (const [number] of [...this.#calls]) this.hangup(number);
    if (this.registered) await this.unregister();
  }
}
