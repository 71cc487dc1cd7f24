// What an agent is told of a state that it subscribed to (RFC 6665).
import { leaveLabel } from './assertions.mjs';
import { outcome } from './verbs.mjs';

export class Subscription {
  constructor(agent, id, event) {
    this.agent = agent;
    this.id = id;
    this.event = event;
    this.currentState = 'pending';
    this.notifications = [];
    this.ending = outcome();
  }

  get state() {
    leaveLabel(`${this.agent.name} subscription to ${this.event}`);
    return this.currentState;
  }

  unsubscribe() {
    return this.agent.verbs.unsubscribe(this);
  }

  takeNotification(event) {
    this.currentState = event.state;
    this.notifications.push({ state: event.state, reason: event.reason || undefined, contentType: event.content_type, body: event.body });
  }

  /** `statusCode`: what refused the SUBSCRIBE; where a NOTIFY has ended it there is none. */
  end(event) {
    this.currentState = 'terminated';
    this.reason = event.reason || undefined;
    if (event.status >= 300) {
      const refusal = this.agent.messages.findLast(({ direction, method, status }) => direction === 'received' && method === 'SUBSCRIBE' && status === event.status);
      this.statusCode = event.status;
      this.reason = `${event.status} ${refusal?.reason ?? event.status_reason}`.trim();
    }
    this.ending.resolve(this);
  }

  toJSON() {
    return { event: this.event, state: this.currentState, statusCode: this.statusCode, reason: this.reason, notifications: this.notifications };
  }
}
