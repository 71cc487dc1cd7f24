// An agent of the fake host. Requests arrive a little later, as over a network, so that a script has to wait for what it causes.
const LATER_MS = 5;

export class FakeAgent {
  constructor(host, name, config) {
    for (const key of ['username', 'domain']) if (config[key] === undefined) throw new Error(`agent ${name}: ${key} is required`);
    Object.assign(this, { host, name, config, registered_: false, list: [], invite: new Map(), deflection: undefined, heldCall: undefined });
    host.agents.set(name, this);
    host.event('agent_started', { name, aor: this.aor });
  }

  get aor() {
    return `sip:${this.config.username}@${this.config.domain}`;
  }

  toString() {
    return `Agent ${this.name}`;
  }

  read(label, value) {
    this.host.label(`${this.name} ${label}`);
    return value;
  }

  get registered() {
    return this.read('registered', this.registered_);
  }
  get state() {
    const phases = this.list.map((leg) => leg.call.phase);
    return this.read('state', ['established', 'ringing'].find((phase) => phases.includes(phase)) ?? 'idle');
  }
  get reason() {
    return this.read('reason', this.lastReason);
  }
  get statusCode() {
    return this.read('status code', /^\d{3}/.test(this.lastReason ?? '') ? Number(this.lastReason.slice(0, 3)) : undefined);
  }
  get peer() {
    const { other } = this.list.at(-1) ?? {};
    return other && { uri: other.aor, number: other.config.username, name: other.config.display_name };
  }
  get peerAgent() {
    return this.list.at(-1)?.other;
  }
  get receivedDtmf() {
    return this.read('received DTMF', this.digits ?? '');
  }
  get quality() {
    return { mos: 4, jitter: 1.5, rtt: 2, packetLoss: 0 };
  }
  get metadata() {
    return this.config.metadata ?? {};
  }
  get headers() {
    return Object.fromEntries(this.invite);
  }

  header(name) {
    const found = [...this.invite].find(([key]) => key.toLowerCase() === name.toLowerCase());
    return this.read(`header ${name}`, found?.[1][0]);
  }

  info() {
    const { peer } = this;
    return { name: this.name, aor: this.aor, registered: this.registered_, state: this.state, reason: this.lastReason, statusCode: this.statusCode, peer, calls: this.list.length };
  }

  action(kind, detail) {
    this.host.event('action', { agent: this.name, kind, detail });
  }

  later(change) {
    setTimeout(change, LATER_MS);
  }

  register() {
    this.action('register');
    this.later(() => (this.registered_ = true));
  }

  target(to) {
    if (to instanceof FakeAgent) return to;
    const user = /^(?:sip:)?([^@]+)/.exec(to)[1];
    return [...this.host.agents.values()].find(({ config }) => config.username === user);
  }

  dial(to) {
    this.action('dial', String(to));
    this.invitation(this.target(to));
  }

  invitation(other, replaced) {
    const call = { phase: 'ringing' };
    this.list.push({ call, other, outgoing: true });
    this.later(() => {
      if (!other) return this.end(call, '404 Not Found');
      if (other.deflection?.code) return this.end(call, `${other.deflection.code} ${other.deflection.reason}`);
      const real = other.deflection?.to ?? other;
      real.invite = new Map(Object.entries(this.config.headers ?? {}).map(([key, value]) => [key, [value].flat()]));
      this.list.find((leg) => leg.call === call).other = real;
      real.list.push({ call, other: this, outgoing: false, replaced });
      return undefined;
    });
    return call;
  }

  accept() {
    this.action('accept');
    const leg = this.list.at(-1);
    if (!leg || leg.outgoing || leg.call.phase !== 'ringing') return;
    leg.call.phase = 'established';
    if (leg.replaced) this.later(() => leg.replaced());
  }

  /** A call ends on both sides, with what each says about it. */
  end(call, reason, others = reason) {
    for (const agent of this.host.agents.values()) {
      if (!agent.list.some((leg) => leg.call === call)) continue;
      agent.list = agent.list.filter((leg) => leg.call !== call);
      agent.lastReason = agent === this ? reason : others;
    }
  }

  hangup() {
    this.action('hangup');
    const leg = this.list.at(-1);
    if (!leg) return;
    const rejected = leg.call.phase === 'ringing' && !leg.outgoing;
    this.end(leg.call, 'Rejected by user', rejected ? '486 Busy Here' : 'Connection reset by peer [104]');
  }

  hold() {
    this.action('hold');
  }
  resume() {
    this.action('resume');
  }
  mute() {
    this.action('mute');
  }

  sendAudio(spec) {
    this.action('send-audio', String(spec));
    this.audio = spec;
  }

  async verifyAudio(hz, within) {
    const heard = this.peerAgent?.audio?.hz;
    this.host.event('audio', { agent: this.name, hz, within });
    if (heard !== hz) throw new this.host.AssertionError(`tone ${hz} Hz not detected`);
  }

  dtmf(digits, gap) {
    this.action('dtmf-start', gap === undefined ? digits : `${digits} (with ${gap} gap)`);
    const other = this.peerAgent;
    this.later(() => (other.digits = (other.digits ?? '') + digits));
  }

  transfer(to) {
    this.action('transfer', String(to));
    const { call, other } = this.list.at(-1);
    this.later(() => {
      this.end(call, 'Call transferred');
      other.invitation(this.target(to));
    });
  }

  attendedTransfer(to) {
    this.action('attended-transfer', String(to));
    this.heldCall = this.list.at(-1);
    this.invitation(this.target(to));
  }

  completeTransfer() {
    this.action('complete-transfer');
    const [held, consultation] = [this.heldCall, this.list.at(-1)];
    if (!held) throw new Error(`${this.name}: no transfer is pending`);
    this.later(() => {
      this.end(held.call, 'Call transferred');
      this.end(consultation.call, 'Call transferred');
      const call = { phase: 'established' };
      held.other.list.push({ call, other: consultation.other, outgoing: true });
      consultation.other.list.push({ call, other: held.other, outgoing: false });
    });
  }

  abortTransfer() {
    this.action('abort-transfer');
    this.end(this.list.at(-1).call, 'Rejected by user');
    this.heldCall = undefined;
  }

  deflect(to) {
    this.action('deflect', String(to));
    this.deflection = { to: this.target(to) };
  }

  respondIncoming(code, reason, headers) {
    this.action('respond', `${code} ${reason}${headers ? ` ${JSON.stringify(headers)}` : ''}`);
    this.deflection = { code, reason };
  }

  stopDeflect() {
    this.action('stop-deflect');
    this.deflection = undefined;
  }
}
