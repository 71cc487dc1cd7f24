// A phone that acts by itself, as its script says: also as phones do that know no REFER, never answer it, or refuse to be held.
import { Call, Phone, SDP } from './phone.mjs';

/** What becomes of the direction that the other side wants (RFC 3264 §6.1). */
const MIRRORED = { sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive', sendrecv: 'sendrecv' };
const directionOf = (sdp) => /a=(sendonly|recvonly|inactive|sendrecv)/.exec(sdp ?? '')?.[1] ?? 'sendrecv';
const answerTo = (sdp) => `${SDP}a=${MIRRORED[directionOf(sdp)]}\r\n`;
const NOTIFIED = (state) => `Event: refer\r\nSubscription-State: ${state}\r\n`;

/** A well-behaved phone. */
const USUAL = {
  /** To INVITE; a 1xx is all that there is until CANCEL, a 2xx has an answer. */
  invite: '200 OK',
  /** To REFER: "follow", "ignore" or the status of a refusal. */
  refer: 'follow',
  /** Whether it tells by NOTIFY how the call goes that REFER asked for. */
  notifies: true,
  /** To a re-INVITE. */
  reinvite: '200 OK',
  /** Hangs up as soon as its answer is acknowledged. */
  quits: false,
};

export class ScriptedPhone {
  #phone;
  #script;
  #calls = new Map();
  /** Why following a REFER went wrong, if it did. */
  failures = [];

  /** Registers `user` at `registrar` ("127.0.0.1:5060"). */
  static async start(user, password, registrar, script = {}) {
    const scripted = new ScriptedPhone();
    scripted.#script = { ...USUAL, ...script };
    scripted.#phone = await Phone.connect('udp', registrar, { user, password, domain: registrar });
    if (!/^(405|501)/.test(scripted.#script.refer)) {
      scripted.#phone.allow += ', REFER, NOTIFY';
    }
    scripted.#phone.handler = (message) => scripted.#take(message);
    const { status, start } = await scripted.#phone.register();
    if (status !== 200) {
      throw new Error(`${user} is not registered: ${start}`);
    }
    return scripted;
  }

  /** Each so-manieth message is lost on its way to it; 0: none is. */
  loseEach(count) {
    this.#phone.loseEach = count;
  }

  close() {
    this.#phone.close();
  }

  /** Registers once more, before that ends. */
  refresh() {
    return this.#phone.register();
  }

  /** Un-registers, then closes. */
  leave() {
    return this.#phone.leave();
  }

  /** Hangs up the call with this Call-ID. */
  hangUp(callId) {
    return this.#calls.get(callId).hangUp();
  }

  #take(message) {
    if (!message.request) {
      return false;
    }
    const call = this.#calls.get(message.header('Call-ID'));
    if (call === undefined && message.method === 'INVITE') {
      this.#ring(new Call(this.#phone, message));
      return true;
    }
    if (call === undefined) {
      this.#phone.respond(message, '481 Call/Transaction Does Not Exist', { call: { local: message.header('To') } });
      return true;
    }
    const act = { INVITE: () => this.#change(call, message), ACK: () => this.#acknowledged(call), REFER: () => this.#refer(call, message), CANCEL: () => this.#cancelled(call, message), BYE: () => this.#ended(call, message) };
    (act[message.method] ?? (() => call.respond('200 OK', { to: message })))();
    return true;
  }

  #ring(call) {
    this.#calls.set(call.callId, call);
    const status = this.#script.invite;
    if (!/^[3-6]/.test(status)) {
      call.respond('180 Ringing');
    }
    if (!status.startsWith('1')) {
      call.respond(status, { body: status.startsWith('2') ? answerTo(call.invite.body) : '' });
    }
    if (/^[3-6]/.test(status)) {
      // What is left is the ACK of the refusal.
      call.refused = true;
    }
    call.replaces = call.invite.header('Replaces')?.split(';')[0];
  }

  #acknowledged(call) {
    if (call.refused) {
      this.#calls.delete(call.callId);
    } else if (this.#script.quits && !call.quit) {
      call.quit = true;
      this.#calls.delete(call.callId);
      call.send('BYE');
    } else if (this.#calls.has(call.replaces)) {
      // RFC 3891 §3: the call in whose place this one is ends.
      this.#calls.get(call.replaces).send('BYE');
      this.#calls.delete(call.replaces);
    }
  }

  #change(call, invite) {
    const refuses = !this.#script.reinvite.startsWith('2');
    call.respond(this.#script.reinvite, { to: invite, body: refuses ? '' : answerTo(invite.body) });
  }

  #cancelled(call, cancel) {
    call.respond('200 OK', { to: cancel });
    call.respond('487 Request Terminated');
    call.refused = true;
  }

  #ended(call, bye) {
    call.respond('200 OK', { to: bye });
    this.#calls.delete(call.callId);
  }

  #refer(call, refer) {
    const does = this.#script.refer;
    if (does === 'ignore') {
      return;
    }
    if (does !== 'follow') {
      call.respond(does, { to: refer });
      return;
    }
    call.respond('202 Accepted', { to: refer });
    this.#follow(call, /<([^>]+)>/.exec(refer.header('Refer-To'))[1]).catch((error) => this.failures.push(error));
  }

  async #follow(call, target) {
    const tell = (status, state) => {
      // Who has hung up meanwhile is not told.
      if (this.#script.notifies && this.#calls.has(call.callId)) {
        call.send('NOTIFY', { headers: NOTIFIED(state), body: `SIP/2.0 ${status}\r\n`, type: 'message/sipfrag' });
      }
    };
    tell('100 Trying', 'active;expires=60');
    const [uri, embedded] = target.split('?');
    const replaces = /Replaces=([^&]+)/.exec(embedded ?? '')?.[1];
    const made = new Call(this.#phone);
    this.#calls.set(made.callId, made);
    const final = await made.place(uri, { headers: replaces ? `Replaces: ${decodeURIComponent(replaces)}\r\n` : '' });
    if (final.status >= 300) {
      this.#calls.delete(made.callId);
    }
    tell(final.start.replace('SIP/2.0 ', ''), 'terminated;reason=noresource');
  }
}
