// What CALL_CLOSED and REGISTER_FAIL say, in the words that testfiles and scripts look for.

/** Reasons of the host that have a wording of their own, whoever ended the call; `callId` is that of the call that is replaced. */
const WORDINGS = [
  [/^call transfer|^transferr?ed/i, () => 'Call transfered'],
  [/replaced/i, ({ callId }) => `${callId} replaced`],
  [/\b(?:rtp|media)\b/i, () => 'rtp stream error'],
  [/user-agent deleted|phone closed|agent closed/i, () => 'User-Agent deleted'],
];

const ERRNOS = [
  [/refused|destination unreachable/i, 'Connection refused [111]'],
  [/unreachable|no route/i, 'No route to host [113]'],
  [/reset/i, 'Connection reset by peer [104]'],
  [/time.?out|timed out|no answer/i, 'Connection timed out [110]'],
];

const errno = (reason) => ERRNOS.find(([pattern]) => pattern.test(reason))?.[1];

const BY = {
  local({ status, reason = '', given }) {
    if (given !== undefined) return given;
    const localTimeout = status === undefined && /time.?out|no answer/i.test(reason);
    return localTimeout ? 'Local timeout' : 'Rejected by user';
  },
  remote({ status, reason = '' }) {
    return status >= 300 ? `${status} ${reason}`.trim() : 'Connection reset by peer [104]';
  },
  network({ reason = '' }) {
    return errno(reason) ?? (reason === '' ? 'Connection timed out [110]' : reason);
  },
  unreachable: ({ reason }) => reason,
};

/** `closed`: the event of the host; `given`: the reason that the author gave with the command. */
export function closedText(closed, { callId = '', given } = {}) {
  const { by = 'remote', reason = '' } = closed;
  const answered = by === 'remote' && closed.status >= 300;
  const wording = answered || given !== undefined ? undefined : WORDINGS.find(([pattern]) => pattern.test(reason));
  return wording ? wording[1]({ callId }) : (BY[by] ?? BY.remote)({ ...closed, given });
}

/** `401 Unauthorized`, `Connection timed out [110]` … */
export function registrationText({ status, reason = '' }) {
  // The time-out of a transaction is no answer of anybody's.
  if (status > 0 && !(status === 408 && /time.?out|timed out/i.test(reason) && !/request/i.test(reason))) return `${status} ${reason}`.trim();
  return errno(reason) ?? (reason || 'Connection timed out [110]');
}

/** The fingerprint's view of such a text, the same on every host. */
export function closingClass(text) {
  const status = /^(\d{3})(?:\s|$)/.exec(text);
  if (status) return status[1];
  const kinds = [
    [/^Rejected by user/, 'local'],
    [/^Connection reset by peer/, 'remote'],
    [/^Call transfered/, 'transferred'],
    [/ replaced(?:,|$)/, 'replaced'],
    [/^Local timeout/, 'timeout'],
    [/^rtp stream error/, 'no media'],
    [/^User-Agent deleted/, 'deleted'],
    [/\[\d+\]$|^Unresolvable/, 'network'],
  ];
  // Any other text is a reason that the author gave when the call was ended here.
  return kinds.find(([pattern]) => pattern.test(text))?.[1] ?? 'local';
}
