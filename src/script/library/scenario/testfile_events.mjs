// What a phone of a testfile makes of the events of the native side.
import { emit } from './host.mjs';
import { mailboxOf, SipMessage } from './messages.mjs';
import { run } from './run.mjs';
import { OutcomeError } from './verbs.mjs';

export const kHandlers = {
  registered: (phone, event) => {
    phone.registered = true;
    phone.tell({ type: 'registered', status: 200, reason: 'OK', expires: event.expires });
    phone.registering?.resolve();
  },
  registration_failed: (phone, event) => {
    phone.registered = false;
    // A status that nobody sent stands for a network that did not get there.
    const status = event.status === phone.messages.registerStatus ? event.status : 0;
    phone.tell({ type: 'registration_failed', status, reason: event.reason });
    phone.registering?.reject(new OutcomeError('REGISTER', event.status, event.reason));
  },
  unregistered: (phone) => {
    phone.registered = false;
    phone.tell({ type: 'unregistered' });
  },
  gone: (phone) => phone.gone.resolve(),
  sip: (phone, event) => phone.messages.take(new SipMessage(event)),
  text: (phone, event) => phone.tell({ type: 'message', from: event.from, contentType: event.content_type, body: event.body }),
  response: (phone, event) => phone.takeResponse(event),
  mwi: (phone, event) => phone.tell({ type: 'mwi', ...mailboxOf(event.body) }),
  call: (phone, event) => {
    const call = phone.begin(event);
    if (call?.direction === 'incoming') {
      phone.answerByItself(call);
    }
  }
};

export const kCallHandlers = {
  answered: (phone, call) => {
    call.answered = true;
    call.opened = true;
    if (call.direction === 'outgoing') {
      phone.establish(call);
    }
  },
  flows: (phone, call) => phone.tell({ type: 'rtp_established', call: call.call }),
  agreed: (phone, call, event) => {
    call.codec = event.codec;
    emit({ event: 'media', agent: phone.name, call: call.call, codec: event.codec, rate: event.rate, direction: event.direction, encryption: event.encryption });
    phone.tell({ type: 'media', call: call.call, codec: event.codec, rate: event.rate, direction: event.direction, encryption: event.encryption, profile: call.profile });
    if (event.held !== (call.onHold ?? false)) {
      call.onHold = event.held;
      phone.tell({ type: event.held ? 'held' : 'resumed', call: call.call });
    }
  },
  renegotiated: (phone, call, event) => {
    if (event.status < 300) {
      call.change?.resolve();
    } else {
      call.change?.reject(new OutcomeError('re-INVITE', event.status, event.reason));
    }
  },
  key: (phone, call, event) => {
    phone.tell({ type: 'dtmf_start', call: call.call, key: event.key });
    phone.tell({ type: 'dtmf_end', call: call.call, key: event.key, duration_ms: event.duration_ms });
  },
  transfer_requested: (phone, call, event) => {
    phone.tell({ type: 'transfer_requested', call: call.call, referTo: call.referTo ?? event.refer_to, referredBy: event.referred_by });
  },
  transfer: (phone, call, event) => phone.takeTransfer(call, event),
  silent: (phone, call) => {
    if (phone.endsSilentCalls) {
      call.given = 'rtp timeout';
    }
  },
  ended: (phone, call, event) => phone.end(call, event),
  statistics: (phone, call, event) => phone.reportAudio(call, event.statistics),
  media_failed: (phone, call, event) => phone.tell({ type: 'log', text: event.reason }),
  address_unknown: (phone, call, event) => phone.tell({ type: 'log', text: event.reason }),
  keys_failed: (phone, call, event) => phone.tell({ type: 'log', text: event.reason }),
  recorded: (phone, call, event) => run.recorded(phone.name, event.paths)
};
