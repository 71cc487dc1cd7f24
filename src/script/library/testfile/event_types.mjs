// The kinds of events, as docs/testing/testfiles.md lists them.

const CALL_EVENTS = [
  'CALL_INCOMING', 'CALL_OUTGOING', 'CALL_RINGING', 'CALL_PROGRESS', 'CALL_ANSWERED', 'CALL_ESTABLISHED', 'CALL_CLOSED', 'CALL_LOCAL_SDP',
  'CALL_REMOTE_SDP', 'CALL_RTPESTAB', 'CALL_RTCP', 'CALL_MENC', 'CALL_HOLD', 'CALL_RESUME', 'CALL_DTMF_START', 'CALL_DTMF_END', 'CALL_REDIRECT',
  'TRANSFER', 'TRANSFER_FAILED', 'AUDIO_ERROR',
];

const AGENT_EVENTS = [
  'CREATE', 'REGISTERING', 'REGISTER_OK', 'REGISTER_FAIL', 'UNREGISTERING', 'FALLBACK_OK', 'FALLBACK_FAIL', 'REFER', 'AUDIO_REPORT',
  'MWI_NOTIFY', 'MESSAGE', 'SHUTDOWN', 'EXIT', 'SIPSESS_CONN', 'SIPSESS_FAILED', 'SIP', 'LOG',
];

export const EVENT_TYPES = [...CALL_EVENTS, ...AGENT_EVENTS];

/** No hash ever depends on these: traces, and what comes at intervals of its own. */
export const NEVER_HASHED = ['CALL_RTCP', 'SIP', 'LOG'];

/** telefonist knows no such events, so its hash cannot depend on them either. */
export const UNKNOWN_TO_TELEFONIST = ['MESSAGE', 'MWI_NOTIFY'];
