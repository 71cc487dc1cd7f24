// What a run did, in lines that are the same on every host: no addresses, ports, tags, Call-IDs, times and texts of errors. Each agent has lines of
// its own, in the order of its events, so that races between agents change nothing. Signalling, media and registration of an agent go by clocks
// of their own, too, and stand apart.
import { closingClass } from './closing.mjs';
import { chosen } from './telefonist_hash.mjs';
import { hex16, xxhash64 } from './xxhash64.mjs';

const LANES = { registration: 'registration', signalling: '', media: 'media' };

/** The user of a URI, which is what people mean; a URI without one is only a host. */
function userOf(uri = '') {
  const bracketed = /<([^>]+)>/.exec(uri);
  const match = /^(?:sips?|tel):([^@;?]+)(@?)/i.exec((bracketed ? bracketed[1] : uri).trim());
  if (!match) return uri === '' ? 'nobody' : 'someone';
  return match[2] === '@' || /^tel:/i.test(uri) ? match[1].split(':')[0] : 'host';
}

const statusOf = (text = '') => closingClass(text);
const attended = (uri = '') => (/Replaces=/i.test(uri) ? ' with Replaces' : '');
const reported = (param = '', name) => new RegExp(`(?:^|;)${name}=([^;]*)`).exec(param)?.[1];

function audioReport({ param }) {
  const fields = ['tx', 'rx', 'proto', 'codec'].map((name) => [name, reported(param, name)]).filter(([, value]) => value !== undefined);
  return `${userOf(reported(param, 'peeruri'))} ${fields.map(([name, value]) => `${name}=${value}`).join(' ')}`;
}

/** Kind → {lane, detail(event), directions: whether it says which way the sound goes}. Others stand in the signalling with nothing but the kind. */
const KINDS = {
  REGISTERING: { lane: 'registration' },
  UNREGISTERING: { lane: 'registration' },
  REGISTER_OK: { lane: 'registration' },
  REGISTER_FAIL: { lane: 'registration', detail: ({ param }) => statusOf(param) },
  FALLBACK_OK: { lane: 'registration' },
  FALLBACK_FAIL: { lane: 'registration', detail: ({ param }) => statusOf(param) },
  CALL_OUTGOING: { detail: ({ peeruri }) => `to ${userOf(peeruri)}` },
  CALL_INCOMING: { detail: ({ peeruri }) => `from ${userOf(peeruri)}` },
  CALL_LOCAL_SDP: { detail: ({ param }) => param },
  CALL_REMOTE_SDP: { detail: ({ param }) => param },
  CALL_ESTABLISHED: { directions: true },
  CALL_HOLD: { directions: true },
  CALL_RESUME: { directions: true },
  CALL_CLOSED: { detail: ({ param }) => statusOf(param) },
  CALL_REDIRECT: { detail: ({ param = '' }) => `${param.slice(0, 3)} to ${userOf(param.slice(4))}` },
  TRANSFER: { detail: ({ param }) => `to ${userOf(param)}${attended(param)}` },
  TRANSFER_FAILED: { detail: ({ param }) => statusOf(param) },
  REFER: { detail: ({ param }) => `to ${userOf(param)}${attended(param)}` },
  SIPSESS_FAILED: { detail: ({ param }) => statusOf(param) },
  MESSAGE: { detail: ({ from, param }) => `from ${userOf(from)}: ${JSON.stringify(param)}` },
  MWI_NOTIFY: { detail: ({ waiting }) => `waiting=${waiting}` },
  CALL_RTPESTAB: { lane: 'media', detail: ({ param }) => param },
  CALL_MENC: { lane: 'media' },
  CALL_DTMF_START: { lane: 'media', detail: ({ param }) => param },
  CALL_DTMF_END: { lane: 'media' },
  AUDIO_REPORT: { lane: 'media', detail: audioReport },
};

/** These come once, twice or at intervals, as the network and the peers like it. */
const REPEATED = new Set(['CALL_RINGING', 'CALL_PROGRESS']);

class AgentLines {
  #lanes = { registration: [], signalling: [], media: [] };
  #calls = new Map();

  #number({ id }) {
    if (id === undefined || id === '') return '';
    if (!this.#calls.has(id)) this.#calls.set(id, this.#calls.size + 1);
    return ` #${this.#calls.get(id)}`;
  }

  add(event) {
    const { lane = 'signalling', detail, directions = false } = KINDS[event.type] ?? {};
    const number = event.class === 'call' ? this.#number(event) : '';
    const said = detail === undefined ? '' : ` ${detail(event)}`;
    const line = `${event.type}${number}${said}${directions ? ` ${event.audiodir}` : ''}`;
    const lines = this.#lanes[lane];
    if (REPEATED.has(event.type) && lines.at(-1) === line) return;
    if (lane === 'registration') this.#register(lines, event.type, line);
    else lines.push(line);
  }

  /** A refreshed registration is no news: only what changes counts. */
  #register(lines, type, line) {
    if (type === 'REGISTERING' && lines.length > 0) return;
    if (lines.at(-1) !== line) lines.push(line);
  }

  *lines(name) {
    for (const [lane, label] of Object.entries(LANES)) {
      for (const line of this.#lanes[lane]) yield `${label === '' ? name : `${name} ${label}`}: ${line}`;
    }
  }
}

/** Agent → its name in the lines: its user, numbered when two agents have the same. */
function namesOf(records) {
  const names = new Map();
  const taken = new Map();
  for (const { agent } of records) {
    if (names.has(agent)) continue;
    const user = userOf(agent);
    const count = (taken.get(user) ?? 0) + 1;
    taken.set(user, count);
    names.set(agent, count === 1 ? user : `${user}/${count}`);
  }
  return names;
}

/** {text, hash} of records with `type`, `agent` and `event`; `filters`: {ignore, accept}. */
export function fingerprint(records, filters) {
  const names = namesOf(records);
  const agents = new Map();
  for (const { type, agent, event } of records) {
    if (!chosen(type, filters)) continue;
    const name = names.get(agent);
    if (!agents.has(name)) agents.set(name, new AgentLines());
    agents.get(name).add(event);
  }
  const ordered = [...agents.keys()].sort();
  const text = ordered.flatMap((name) => [...agents.get(name).lines(name)]).map((line) => `${line}\n`).join('');
  return { text, hash: hashOfFingerprint(text) };
}

export const hashOfFingerprint = (text) => hex16(xxhash64(text));
