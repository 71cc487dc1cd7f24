import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { difference, firstDifference } from '../../src/script/library/testfile/difference.mjs';
import { fingerprint } from '../../src/script/library/testfile/fingerprint.mjs';
import { passes } from './testfile_world.mjs';

const fixture = readFileSync(new URL('fixtures/basic_call_all.txt', import.meta.url), 'utf8').trim().split('\n\n').map((text) => JSON.parse(text));
const recordsOf = (events) => events.map((event) => ({ type: event.type, agent: event._agent, event }));
const hashOf = (events, filters = {}) => fingerprint(recordsOf(events), filters).hash;

const CALLS = (host) => `
_define ua1 sip:alice@${host}:5160
_define ua2 sip:bob@${host}:5162
_define ua3 sip:carol@${host}:5164
uanew <ua1>;regint=0
uanew <ua2>;regint=0
uanew <ua3>;regint=0
ua1:dial ua2|1s|ua2:accept|1s
`;
const hashOfRun = async (text, options) => (await passes(text, options)).verdict.repetitions[0].hash;

test('another host, other ports and other Call-IDs change nothing', async () => {
  const body = 'ua2:atransferstart ua3|1s|ua3:accept|1s|ua2:atransferexec|2s\nuadelall';
  const here = await hashOfRun(CALLS('192.0.2.2') + body, { seed: 1 });
  const there = await hashOfRun(CALLS('198.51.100.7').replaceAll('516', '717') + body, { seed: 77 });
  assert.equal(here, there);
});

test('races between agents change nothing', () => {
  const alice = fixture.filter(({ _agent }) => _agent.includes('alice'));
  const bob = fixture.filter(({ _agent }) => _agent.includes('bob'));
  assert.equal(hashOf([...alice, ...bob]), hashOf(fixture));
  assert.equal(hashOf([...bob, ...alice]), hashOf(fixture));
});

test('the first packet may come before or after the end of the signalling', () => {
  const events = [...fixture];
  const at = events.findIndex(({ type, _agent }) => type === 'CALL_RTPESTAB' && _agent.includes('bob'));
  const [packet] = events.splice(at, 1);
  events.splice(events.findIndex(({ type }) => type === 'CALL_ESTABLISHED'), 0, packet);
  assert.equal(hashOf(events), hashOf(fixture));
});

test('another order at one agent changes it', () => {
  const events = [...fixture];
  const ringing = events.findIndex(({ type }) => type === 'CALL_RINGING');
  const answered = events.findIndex(({ type }) => type === 'CALL_ANSWERED');
  [events[ringing], events[answered]] = [events[answered], events[ringing]];
  assert.notEqual(hashOf(events), hashOf(fixture));
});

test('a missing event, another outcome and sound in one direction change it', () => {
  const without = (type) => fixture.filter((event) => event.type !== type);
  const changed = (type, change) => fixture.map((event) => (event.type === type ? { ...event, ...change } : event));
  assert.notEqual(hashOf(without('CALL_RTPESTAB')), hashOf(fixture));
  assert.notEqual(hashOf(changed('CALL_CLOSED', { param: '486 Busy' })), hashOf(fixture));
  assert.notEqual(hashOf(changed('AUDIO_REPORT', { param: 'peeruri=sip:a@h;tx=true;rx=false;proto=RTP/AVP;codec=opus;' })), hashOf(fixture));
});

test('texts of errors and reasons change nothing, statuses do', () => {
  const closed = (param) => hashOf([{ _agent: 'sip:a@h', type: 'CALL_CLOSED', class: 'call', id: 'x', param }]);
  assert.equal(closed('486 Busy'), closed('486 Busy Here'));
  assert.notEqual(closed('486 Busy'), closed('480 Temporarily Unavailable'));
  assert.equal(closed('Connection timed out [110]'), closed('Connection refused [111]'));
  assert.equal(closed('8a3f;tag1;tag2 replaced'), closed('77;x;y replaced'));
});

test('registrations that are refreshed and ringing that is repeated count once', () => {
  const at = (type, fields) => ({ _agent: 'sip:a@h', type, class: 'ua', ...fields });
  const once = [at('REGISTERING'), at('REGISTER_OK', { param: '200 OK' }), at('CALL_RINGING')];
  const often = [...once.slice(0, 2), at('REGISTERING'), at('CALL_RINGING'), at('REGISTER_OK', { param: '200 OK' }), at('CALL_RINGING')];
  assert.equal(hashOf(once), hashOf(often));
});

test('lists choose what counts', () => {
  const accept = ['CALL_ESTABLISHED'];
  assert.equal(fingerprint(recordsOf(fixture), { accept }).text, 'alice: CALL_ESTABLISHED #1 sendrecv\nbob: CALL_ESTABLISHED #1 sendrecv\n');
});

test('the lines are for people to read', () => {
  const { text } = fingerprint(recordsOf(fixture), {});
  assert.match(text, /^alice: CALL_OUTGOING #1 to bob$/m);
  assert.match(text, /^bob: CALL_CLOSED #1 remote$/m);
  assert.match(text, /^bob media: AUDIO_REPORT alice tx=true rx=true proto=RTP\/AVP codec=opus$/m);
  assert.doesNotMatch(text, /192\.0\.2|5160/);
});

test('a difference shows what is missing and what is too much, with its neighbours', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
  const after = 'a\nb\nc\nx\ne\nf\ng\nh\n';
  assert.equal(difference(before, after), '  b\n  c\n- d\n+ x\n  e\n  f');
  assert.equal(difference(before, before), '');
  assert.equal(firstDifference(before, after), 'expected "d", missing');
  assert.equal(firstDifference('a\n', 'a\nb\n'), '"b" was not expected');
});
