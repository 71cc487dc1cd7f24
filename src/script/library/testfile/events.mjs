// Events of a phone of the host → events in the form that testfiles, scripts and hashes know.
import { closedText, registrationText } from './closing.mjs';
import { flowing, mirrored } from './directions.mjs';
import { eventText } from './event_text.mjs';
import { logParam, sipExtras, sipParam, statisticsTables } from './sip_record.mjs';

const rtcpDirection = ({ sent = 0, lost = 0, jitter_us = 0 } = {}) => ({ sent, lost, jit: jitter_us });

/** `<n>,<text>` of CALL_MENC: 0 says that the medium is encrypted now. */
const encryptionParam = ({ suite }) => (suite === undefined ? '0,audio' : `0,audio,${suite}`);

function newCall(event) {
  const outgoing = event.direction === 'outgoing';
  const uri = event.peer?.uri;
  return {
    call: event.call,
    id: event.callId,
    direction: event.direction,
    peeruri: uri,
    peerdisplayname: event.peer?.name,
    contacturi: outgoing ? uri : (event.contact ?? uri),
    state: outgoing ? 'outgoing' : 'incoming',
    local: outgoing ? 'inactive' : 'sendrecv',
    remote: outgoing ? 'inactive' : 'sendrecv',
    encrypted: false,
    offered: false,
  };
}

/** Each takes the mapper, the event of the host, its call and its time; what it returns is recorded: {type, class, …fields}, or several of them. */
const HANDLERS = {
  registering: () => ({ type: 'REGISTERING', class: 'ua' }),
  registered: (mapper, { status, reason = 'OK' }) => {
    mapper.registered = true;
    return { type: 'REGISTER_OK', class: 'ua', param: `${status} ${reason}` };
  },
  registration_failed: (mapper, event) => {
    mapper.registered = false;
    return { type: 'REGISTER_FAIL', class: 'ua', param: registrationText(event) };
  },
  unregistering: () => ({ type: 'UNREGISTERING', class: 'ua' }),
  unregistered: (mapper) => {
    mapper.registered = false;
    return undefined;
  },
  call: (mapper, event) => {
    const call = newCall(event);
    mapper.calls.set(event.call, call);
    return mapper.ofCall(call, event.direction === 'outgoing' ? 'CALL_OUTGOING' : 'CALL_INCOMING', call.peeruri);
  },
  local_sdp: (mapper, event, call) => {
    const { kind, direction } = event;
    if (direction !== undefined && (kind === 'answer' || call.state === 'established')) call.local = direction;
    return mapper.ofCall(call, 'CALL_LOCAL_SDP', kind);
  },
  remote_sdp: (mapper, event, call) => remoteDescription(mapper, event, call),
  progress: (mapper, { status, early }, call) => {
    if (status <= 100) return undefined;
    return mapper.ofCall(call, early ? 'CALL_PROGRESS' : 'CALL_RINGING', call.peeruri);
  },
  answered: (mapper, _event, call) => mapper.ofCall(call, 'CALL_ANSWERED', call.peeruri),
  established: (mapper, _event, call) => {
    call.state = 'established';
    return mapper.ofCall(call, 'CALL_ESTABLISHED', call.peeruri);
  },
  rtp_established: (mapper, _event, call) => mapper.ofCall(call, 'CALL_RTPESTAB', 'audio'),
  media: (mapper, event, call) => mediaChange(mapper, event, call),
  held: (mapper, _event, call) => {
    if (call.remote === 'sendrecv') call.remote = 'recvonly';
    return mapper.ofCall(call, 'CALL_HOLD');
  },
  resumed: (mapper, _event, call) => {
    if (call.remote === 'recvonly') call.remote = 'sendrecv';
    if (call.local === 'recvonly') call.local = 'sendrecv';
    return mapper.ofCall(call, 'CALL_RESUME');
  },
  dtmf_start: (mapper, { key }, call) => mapper.ofCall(call, 'CALL_DTMF_START', key),
  dtmf_end: (mapper, { duration_ms }, call) => mapper.ofCall(call, 'CALL_DTMF_END', undefined, { duration_ms }),
  transfer_requested: (mapper, { referTo, referredBy }, call) => {
    if (call === undefined) return { type: 'REFER', class: 'ua', param: referTo };
    return mapper.ofCall(call, 'TRANSFER', referTo, { referredBy });
  },
  transfer_progress: (mapper, { status, reason = '', final }, call) => {
    if (!final || status < 300) return undefined;
    return mapper.ofCall(call, 'TRANSFER_FAILED', `${status} ${reason}`.trim());
  },
  redirected: (mapper, { status, uri }, call) => mapper.ofCall(call, 'CALL_REDIRECT', `${status},${uri}`),
  rtcp: (mapper, { rtt_us = 0, tx, rx }, call) => {
    call.rtcp = { tx: rtcpDirection(tx), rx: rtcpDirection(rx) };
    return { ...mapper.ofCall(call, 'CALL_RTCP', 'audio'), rtcp_stats: { rtt: rtt_us, ...call.rtcp } };
  },
  closed: (mapper, event, call) => closeCall(mapper, event, call),
  audio_report: (mapper, event, _call, time) => {
    const call = mapper.ended.get(event.call) ?? mapper.calls.get(event.call);
    return [...statisticsTables(event, call?.rtcp).map((text) => ({ type: 'LOG', param: logParam(text, time) })), audioReport(event, call)];
  },
  session_refused: (_mapper, { status, reason, from, contact, display }) => {
    return { type: 'SIPSESS_FAILED', class: 'sip', param: `${status} ${reason}`, from, contact, display };
  },
  message: (_mapper, { from, contentType, body }) => ({ type: 'MESSAGE', class: 'ua', param: body, from, extras: { contentType } }),
  mwi: (_mapper, { waiting, newMessages, oldMessages, body }) => {
    return { type: 'MWI_NOTIFY', class: 'ua', param: body, extras: { waiting, newMessages, oldMessages } };
  },
  sip: (_mapper, event, _call, time) => ({ type: 'SIP', param: sipParam(event, time), extras: sipExtras(event) }),
  log: (_mapper, { text }, _call, time) => ({ type: 'LOG', param: logParam(text, time) }),
};

/** These need no call that is known; all others are dropped when it is not (it is over, say). */
const WITHOUT_CALL = new Set([
  'registering', 'registered', 'registration_failed', 'unregistering', 'unregistered', 'call', 'transfer_requested', 'audio_report', 'session_refused',
  'message', 'mwi', 'sip', 'log',
]);

function remoteDescription(mapper, { kind, direction }, call) {
  call.remote = direction === undefined ? 'sendrecv' : mirrored(direction);
  if (call.local === 'inactive') call.local = 'sendrecv';
  const record = mapper.ofCall(call, 'CALL_REMOTE_SDP', kind);
  // The offer of a new call comes before anybody has named the call.
  if (call.direction === 'incoming' && !call.offered && call.state === 'incoming') delete record.id;
  call.offered = true;
  return record;
}

function mediaChange(mapper, event, call) {
  if (event.direction !== undefined) call.local = event.direction;
  if (event.remoteDirection !== undefined) call.remote = mirrored(event.remoteDirection);
  call.codec = event.codec ?? call.codec;
  call.profile = event.profile ?? call.profile;
  const secured = event.encryption !== undefined && event.encryption !== 'none' && !call.encrypted;
  if (!secured) return undefined;
  call.encrypted = true;
  return mapper.ofCall(call, 'CALL_MENC', encryptionParam(event));
}

function closeCall(mapper, event, call) {
  call.state = 'closed';
  call.reason = closedText(event, { callId: call.id, given: event.by === 'local' ? call.givenReason : undefined });
  call.status = event.status;
  mapper.calls.delete(call.call);
  mapper.ended.set(call.call, call);
  mapper.last = call;
  return mapper.ofCall(call, 'CALL_CLOSED', call.reason, { status: event.status, by: event.by });
}

function audioReport(event, call) {
  const codec = event.codec ? `codec=${event.codec};` : '';
  const peer = call?.peeruri ?? event.peer?.uri ?? '';
  const param = `peeruri=${peer};tx=${Boolean(event.tx)};rx=${Boolean(event.rx)};proto=${event.profile ?? 'RTP/AVP'};${codec}`;
  return { type: 'AUDIO_REPORT', class: 'ua', param };
}

export class EventMapper {
  /** Calls that are up, by their number at this agent. */
  calls = new Map();
  ended = new Map();
  last;
  registered = false;
  #alias;
  #user;

  constructor(alias, user) {
    this.#alias = alias;
    this.#user = user;
  }

  /** Fields of an event of a call. */
  ofCall(call, type, param, extras) {
    return {
      type,
      class: 'call',
      param,
      direction: call.direction,
      peeruri: call.peeruri,
      contacturi: call.contacturi,
      localuri: this.#alias,
      id: call.id,
      peerdisplayname: call.peerdisplayname,
      userdata: call.userdata,
      audiodir: flowing(call.local, call.remote),
      localaudiodir: call.local,
      remoteaudiodir: call.remote,
      videodir: 'inactive',
      localvideodir: 'inactive',
      remotevideodir: 'inactive',
      extras: { ...extras, call: call.call },
    };
  }

  /** The records of an event of the host. */
  map(event) {
    const handler = Object.hasOwn(HANDLERS, event.type) ? HANDLERS[event.type] : undefined;
    const call = this.calls.get(event.call);
    if (handler === undefined || (call === undefined && !WITHOUT_CALL.has(event.type))) return [];
    const found = handler(this, event, call, event.time) ?? [];
    return (Array.isArray(found) ? found : [found]).map((fields) => this.record(fields, event.time));
  }

  /** {type, agent, time, raw, event}: `raw` is what counts for the hash, `event` is what scripts see. */
  record({ extras = {}, ...fields }, time) {
    const whole = { _agent: this.#alias, event: true, ...fields };
    if (fields.class !== undefined && fields.class !== 'application') {
      if (fields.class !== 'sip') whole.cuser = this.#user;
      whole.accountaor = this.#alias;
    }
    const raw = eventText(whole);
    const named = Object.fromEntries(Object.entries(extras).filter(([, value]) => value !== undefined));
    return { type: fields.type, agent: this.#alias, time, raw, event: { ...JSON.parse(raw), ...named, time } };
  }
}
