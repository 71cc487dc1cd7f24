// Who has subscribed to what an agent tells (RFC 6665).
import { leaveLabel } from './assertions.mjs';
import { partyOf } from './messages.mjs';
import { outcome } from './verbs.mjs';

export class Subscriber {
  constructor(agent, event) {
    this.agent = agent;
    this.id = event.subscriber;
    this.event = event.event;
    this.eventId = event.event_id || undefined;
    this.from = partyOf(event.from);
    this.callId = event.call_id;
    this.expires = event.expires;
    this.refreshes = 0;
    this.currentState = event.state;
    this.ending = outcome();
  }

  get state() {
    leaveLabel(`${this.agent.name} subscriber to ${this.event}`);
    return this.currentState;
  }

  notify(body, options) {
    return this.agent.verbs.notifySubscriber(this, body, options);
  }

  end(reason, options) {
    return this.agent.verbs.endSubscriber(this, reason, options);
  }

  refresh(event) {
    this.expires = event.expires;
    this.refreshes += 1;
  }

  /** `endedBy`: "subscriber", "expiry", "agent", or "refusal" with the status of the NOTIFY that was refused. */
  close(event) {
    this.currentState = 'terminated';
    this.endedBy = event.by;
    if (event.by === 'refusal') {
      this.statusCode = event.status;
      this.reason = `${event.status} ${event.status_reason}`.trim();
    }
    this.ending.resolve(this);
  }

  toJSON() {
    return { event: this.event, from: this.from, state: this.currentState, expires: this.expires, endedBy: this.endedBy, statusCode: this.statusCode };
  }
}
