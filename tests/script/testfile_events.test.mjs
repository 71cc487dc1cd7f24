import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../src/script/library/testfile.mjs';
import { EventMapper } from '../../src/script/library/testfile/events.mjs';
import { headerName, parseSip } from '../../src/script/library/testfile/sip_record.mjs';

const ALIAS = 'sip:alice@h';

function mapper(direction = 'outgoing') {
  const made = new EventMapper(ALIAS, 'alice');
  made.map({ type: 'call', call: 1, direction, callId: 'id-1', peer: { uri: 'sip:bob@h', name: 'Bob' }, contact: 'sip:bob@10.0.0.1:5060', time: 1 });
  return made;
}

const eventOf = (made, event) => made.map({ call: 1, time: 2, ...event })[0]?.event;
const closed = (fields, given) => {
  const made = mapper();
  if (given !== undefined) made.calls.get(1).givenReason = given;
  return eventOf(made, { type: 'closed', ...fields }).param;
};

test('a call that ends here says so, or why', () => {
  assert.equal(closed({ by: 'local' }), 'Rejected by user');
  assert.equal(closed({ by: 'local' }, 'Busy'), 'Busy');
  assert.equal(closed({ by: 'local', reason: 'transferred' }), 'Call transfered');
  assert.equal(closed({ by: 'local', reason: 'replaced' }), 'id-1 replaced');
  assert.equal(closed({ by: 'local', reason: 'timeout' }), 'Local timeout');
});

test('a call that the peer ends says so with the status, if it has one', () => {
  assert.equal(closed({ by: 'remote', status: 486, reason: 'Busy' }), '486 Busy');
  assert.equal(closed({ by: 'remote', status: 503, reason: 'Media failure' }), '503 Media failure');
  assert.equal(closed({ by: 'remote', status: 200, reason: 'OK' }), 'Connection reset by peer [104]');
  assert.equal(closed({ by: 'remote' }), 'Connection reset by peer [104]');
});

test('a call that the network ends says how', () => {
  assert.equal(closed({ by: 'network', reason: 'connection refused' }), 'Connection refused [111]');
  assert.equal(closed({ by: 'network' }), 'Connection timed out [110]');
  assert.equal(closed({ by: 'network', reason: 'no RTP for 10 s' }), 'rtp stream error');
});

test('the contact of the peer is that of an incoming call, and the URI that was dialled of an outgoing one', () => {
  const established = { type: 'established' };
  assert.equal(eventOf(mapper('incoming'), established).contacturi, 'sip:bob@10.0.0.1:5060');
  assert.equal(eventOf(mapper('outgoing'), established).contacturi, 'sip:bob@h');
  assert.equal(eventOf(mapper(), established).peerdisplayname, 'Bob');
});

test('the first offer to an incoming call has no id, later ones do', () => {
  const made = mapper('incoming');
  assert.equal(eventOf(made, { type: 'remote_sdp', kind: 'offer' }).id, undefined);
  assert.equal(eventOf(made, { type: 'remote_sdp', kind: 'offer' }).id, 'id-1');
});

test('ringing with sound is progress, and 100 is nothing', () => {
  assert.equal(eventOf(mapper(), { type: 'progress', status: 183, early: true }).type, 'CALL_PROGRESS');
  assert.equal(eventOf(mapper(), { type: 'progress', status: 180, early: false }).type, 'CALL_RINGING');
  assert.equal(eventOf(mapper(), { type: 'progress', status: 100, early: false }), undefined);
});

test('transfers and redirections say where to', () => {
  assert.equal(eventOf(mapper(), { type: 'transfer_requested', referTo: 'sip:carol@h' }).type, 'TRANSFER');
  assert.equal(eventOf(mapper(), { type: 'transfer_requested', call: undefined, referTo: 'sip:carol@h' }).type, 'REFER');
  assert.equal(eventOf(mapper(), { type: 'transfer_progress', status: 487, reason: 'Request Terminated', final: true }).param, '487 Request Terminated');
  assert.equal(eventOf(mapper(), { type: 'transfer_progress', status: 200, reason: 'OK', final: true }), undefined);
  assert.equal(eventOf(mapper(), { type: 'redirected', status: 302, uri: 'sip:carol@h' }).param, '302,sip:carol@h');
});

test('events of calls that are over are dropped', () => {
  const made = mapper();
  made.map({ type: 'closed', call: 1, by: 'local', time: 3 });
  assert.equal(eventOf(made, { type: 'dtmf_start', key: '1' }), undefined);
});

test('registrations that fail say with what', () => {
  const param = (fields) => eventOf(mapper(), { type: 'registration_failed', ...fields }).param;
  assert.equal(param({ status: 401, reason: 'Unauthorized' }), '401 Unauthorized');
  assert.equal(param({ reason: 'connection refused' }), 'Connection refused [111]');
  assert.equal(param({ status: 408, reason: 'timed out' }), 'Connection timed out [110]');
});

test('counted packets are logged in a table when a call ends', () => {
  const made = mapper();
  made.map({ type: 'rtcp', call: 1, tx: { sent: 5, lost: 0, jitter_us: 1500 }, rx: { sent: 5, lost: 1, jitter_us: 0 }, time: 2 });
  const side = { packets: 250, kbps: 28.04, errors: 0 };
  const records = made.map({ type: 'audio_report', call: 1, tx: true, rx: true, statistics: { tx: side, rx: side }, time: 3 });
  assert.deepEqual(records.map(({ type }) => type), ['LOG', 'LOG', 'AUDIO_REPORT']);
  assert.match(records[0].event.param, /^\d\d:\d\d:\d\d\.\d{3}\|audio +Transmit: +Receive:\npackets: +250 +250\navg\. bitrate: +28\.0 +28\.0 {2}\(kbit\/s\)\nerrors: +0 +0\n$/);
  assert.match(records[1].event.param, /lost: +0 +1\njitter: +1\.5 +0\.0 {2}\(ms\)/);
});

test('SIP headers have one spelling, folded and repeated ones one value', () => {
  assert.deepEqual(['v', 'call-id', 'CSEQ', 'x-my-header', 'www-authenticate'].map(headerName), ['Via', 'Call-ID', 'CSeq', 'X-My-Header', 'WWW-Authenticate']);
  const { headers, method, status, callId, body } = parseSip('SIP/2.0 200 OK\r\nvia: a\r\nVia: b\r\nSubject: one\r\n two\r\ni: 7\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n');
  assert.deepEqual(headers, { Via: 'a, b', Subject: 'one two', 'Call-ID': '7', CSeq: '1 INVITE' });
  assert.deepEqual([method, status, callId, body], ['INVITE', 200, '7', 'v=0\r\n']);
});

test('no text makes the checker itself fail', () => {
  const pieces = ['_define', '_hash', 'ua1', '|', '${', '}', 'wait', 'expect not', 'let', '=', 'repeat 2', 'parallel', 'end', 'call', '"', '10s', '5', ':', ';', 'auth_pass=',
    'uanew <sip:a@h>', 'dial', 'constructor', '__proto__', 'hash:', '\n', ' ', '\r', '\t', '<', '>', '~(', 'CALL_CLOSED', '100rel', 'toString', '📞'];
  let state = 7;
  const next = (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % most;
  };
  for (let round = 0; round < 3000; ++round) {
    const text = Array.from({ length: next(24) }, () => pieces[next(pieces.length)] + (next(2) ? ' ' : '')).join('');
    const problems = check(text, 'a.test', { fileExists: () => false });
    for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1, JSON.stringify(text));
  }
});
