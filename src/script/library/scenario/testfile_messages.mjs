// What a phone of a testfile says and hears of SIP, as events: offers and answers, progress, calls that nobody was asked about.
import { emit } from './host.mjs';
import { partyOf } from './messages.mjs';

export class MessageReader {
  #phone;
  #seen = new Set();
  /** The latest that no call was made of yet. */
  #invite;

  /** `phone`: {name, refusesAll, callOf(callId), tell(event), establish(call)} */
  constructor(phone) {
    this.#phone = phone;
  }

  /** The INVITE of a call that begins. */
  inviteOf(callId) {
    return this.#invite?.callId === callId ? this.#invite : undefined;
  }

  /** To the latest REGISTER; undefined as long as there is none. */
  registerStatus;

  take(message) {
    const { direction, transport, source, destination, method, status, callId, cseq, text } = message;
    emit({ event: 'sip', agent: this.#phone.name, direction, transport, source, destination, method, status, call_id: callId, cseq, text });
    this.#phone.tell({ type: 'sip', direction, transport, source, destination, text });
    if (method === 'REGISTER') {
      this.registerStatus = status;
    }
    const call = this.#phone.callOf(callId);
    if (message.isRequest && message.direction === 'received') {
      this.#noteTransfer(call, message);
    }
    if (call === undefined) {
      if (message.isRequest && message.method === 'INVITE' && message.direction === 'received') {
        this.#invite = message;
      } else if (message.direction === 'sent' && message.method === 'INVITE' && message.status >= 300) {
        this.#refused(message);
      }
      return;
    }
    this.#answer(call, message);
    this.describe(call, message);
    this.#progress(call, message);
  }

  /** The answer comes before what is in it. */
  #answer(call, { direction, method, status, reason }) {
    if (call.direction === 'outgoing' && direction === 'received' && method === 'INVITE' && status >= 200 && status < 300 && !call.accepted) {
      call.accepted = true;
      this.#phone.tell({ type: 'answered', call: call.call, status, reason });
    }
  }

  /** Where to a call is to go, and which one takes its place. */
  #noteTransfer(call, message) {
    if (call !== undefined && message.method === 'REFER') {
      call.referTo = (message.header('Refer-To') ?? '').replace(/^.*?<|>.*$/g, '');
    }
    const replaces = message.method === 'INVITE' ? message.header('Replaces') : undefined;
    const replaced = this.#phone.callOf(replaces?.split(';')[0].trim());
    if (replaced !== undefined) {
      replaced.replacedBy = message.callId;
    }
  }

  /** A call that nobody was asked about. That all are refused is the wish of the author. */
  #refused({ status, reason, callId, cseq }) {
    const invite = this.#invite;
    const key = `${callId} ${cseq}`;
    if (invite?.callId !== callId || this.#phone.refusesAll || this.#seen.has(key)) {
      return;
    }
    this.#seen.add(key);
    const { uri, name } = partyOf(invite.header('From'));
    this.#phone.tell({ type: 'session_refused', status, reason, from: uri, contact: partyOf(invite.header('Contact') ?? '').uri, display: name });
  }

  /** Offers and answers, once each although messages may be repeated. */
  describe(call, message) {
    const description = message.sdp;
    const key = `${message.callId} ${message.direction} ${message.cseq} ${message.status ?? message.method}`;
    if (description === undefined || this.#seen.has(key)) {
      return;
    }
    this.#seen.add(key);
    call.profile = description.profile;
    const number = message.cseq.split(' ')[0];
    const offers = message.isRequest ? message.method !== 'ACK' : !call.offers.has(number);
    if (message.isRequest && offers) {
      call.offers.add(number);
    }
    // The same once more, with credentials, is no other offer.
    const again = message.isRequest && message.direction === 'sent' && call.challenged;
    if (again) {
      call.challenged = false;
      return;
    }
    this.#phone.tell({ type: message.direction === 'sent' ? 'local_sdp' : 'remote_sdp', call: call.call, kind: offers ? 'offer' : 'answer', direction: description.direction });
  }

  #progress(call, message) {
    const received = message.direction === 'received';
    if (received && !message.isRequest && message.method === 'INVITE' && message.status > 100 && message.status < 200) {
      this.#phone.tell({ type: 'progress', call: call.call, status: message.status, reason: message.reason, early: message.sdp !== undefined });
    } else if (received && !message.isRequest && message.method === 'INVITE' && message.status >= 300 && message.status < 400) {
      this.#phone.tell({ type: 'redirected', call: call.call, status: message.status, uri: partyOf(message.header('Contact') ?? '').uri });
    } else if (received && message.method === 'INVITE' && [401, 407].includes(message.status)) {
      call.challenged = true;
    } else if (received && message.isRequest && message.method === 'ACK' && call.answered) {
      this.#phone.establish(call);
    }
  }
}
