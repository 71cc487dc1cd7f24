// One call of an agent, as it went so far.
import { partyOf } from './messages.mjs';

const kLocalEnd = 'Rejected by user';
const kRemoteEnd = 'Connection reset by peer [104]';

export class Call {
  constructor(agent, number, id, event) {
    this.agent = agent;
    this.number = number;
    /** Call-ID */
    this.id = id;
    this.direction = event.placed === 'here' ? 'outgoing' : 'incoming';
    this.state = 'ringing';
    this.startedAt = event.time;
    this.peerUri = this.direction === 'outgoing' ? event.to_party : event.from_party;
    this.held = false;
    this.onHold = false;
    this.early = false;
    this.receivedDtmf = '';
    this.messages = [];
    this.settled = { dial: undefined, answer: undefined, change: undefined, transfer: undefined };
  }

  get isOpen() {
    return this.state !== 'ended';
  }

  /** The INVITE that began it. */
  get invite() {
    return this.messages.find((message) => message.isRequest && message.method === 'INVITE');
  }

  get peer() {
    const from = this.direction === 'incoming' ? this.invite?.header('From') : undefined;
    return partyOf(from ?? this.peerUri);
  }

  /** Milliseconds from INVITE to the first ringing; undefined before. */
  get postDialDelay() {
    return this.ringingAt === undefined ? undefined : this.ringingAt - this.startedAt;
  }

  get duration() {
    return this.answeredAt === undefined ? undefined : (this.endedAt ?? Date.now()) - this.answeredAt;
  }

  /** What is said of its end, and the status code where the other side refused it. */
  close(event) {
    this.state = 'ended';
    this.endedAt = event.time;
    if (this.endReason !== undefined) {
      this.reason = this.endReason;
    } else if (event.ended_by !== 'network' && (event.ended_by === 'caller') === (this.direction === 'outgoing')) {
      this.reason = kLocalEnd;
    } else if (event.status >= 300 && this.direction === 'outgoing' && this.answeredAt === undefined) {
      this.reason = `${event.status} ${event.reason}`.trim();
      this.statusCode = event.status;
    } else if (event.ended_by === 'network') {
      this.reason = event.reason || 'Connection timed out [110]';
    } else {
      this.reason = kRemoteEnd;
    }
  }

  accept(options) {
    return this.agent.verbs.accept(this, options);
  }
  reject(code, reason, headers) {
    return this.agent.verbs.reject(this, code, reason, headers);
  }
  hangup() {
    return this.agent.verbs.hangup(this);
  }
  hold() {
    return this.agent.verbs.hold(this);
  }
  resume() {
    return this.agent.verbs.resume(this);
  }
  dtmf(digits, gap) {
    return this.agent.verbs.dtmf(this, digits, gap);
  }
  transfer(target) {
    return this.agent.verbs.transfer(this, target);
  }
  request(method, options) {
    return this.agent.verbs.request(this, method, options);
  }

  toJSON() {
    return { id: this.id, number: this.number, direction: this.direction, state: this.state, peer: this.peer, reason: this.reason, statusCode: this.statusCode };
  }
}
