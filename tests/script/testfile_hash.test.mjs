import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventText } from '../../src/script/library/testfile/event_text.mjs';
import { chosen, hashOfEvent, hashOfTexts, telefonistHash } from '../../src/script/library/testfile/telefonist_hash.mjs';
import { hex16, utf8, xxhash64 } from '../../src/script/library/testfile/xxhash64.mjs';
import { passes } from './testfile_world.mjs';

const ESTABLISHED = '{"event":true,"type":"CALL_ESTABLISHED","id":"123"}';
const CLOSED = '{"event":true,"type":"CALL_CLOSED","id":"9"}';
const fixture = (name) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8').trim().split('\n\n');

test('XXH64 gives its published values', () => {
  const values = { '': 'ef46db3751d8e999', a: 'd24ec4f1a98c6e5b', abc: '44bc2cf5ad770999', xxhash: '32dd38952c4bc720' };
  for (const [text, value] of Object.entries(values)) assert.equal(hex16(xxhash64(text)), value);
});

test('texts are hashed as UTF-8', () => {
  for (const text of ['Grüße', '日本', '📞']) assert.deepEqual([...utf8(text)], [...new TextEncoder().encode(text)]);
});

test('no events have a hash', () => {
  assert.equal(hashOfTexts([]), '37b27b5f01d313fe');
});

test('one event is hashed with its call id blanked', () => {
  assert.equal(hex16(hashOfEvent(ESTABLISHED)), '6d48f52ea43711d8');
  assert.equal(hashOfTexts([ESTABLISHED]), '46afbfa53722698a');
});

test('the order of events does not count, and their number does', () => {
  assert.equal(hashOfTexts([ESTABLISHED, CLOSED]), '20e2ad863e9e5443');
  assert.equal(hashOfTexts([CLOSED, ESTABLISHED]), '20e2ad863e9e5443');
  assert.equal(hashOfTexts([ESTABLISHED, ESTABLISHED]), '8c2197432af79589');
});

test('events of several agents are one sum', () => {
  const lines = [
    '{"_agent":"sip:a@h","class":"call","event":true,"id":"1","type":"CALL_RINGING"}',
    '{"_agent":"sip:b@h","class":"call","event":true,"id":"1","type":"CALL_INCOMING"}',
    '{"_agent":"sip:a@h","class":"call","event":true,"id":"1","param":"486 Busy","type":"CALL_CLOSED"}',
  ];
  assert.equal(hashOfTexts(lines), '2727be3c07137906');
});

test('times are blanked', () => {
  assert.equal(hashOfTexts(['{"time":"x","type":"A"}']), '4291982aca211dc3');
  assert.equal(hashOfTexts(['{"time":"y","type":"A"}']), '4291982aca211dc3');
});

test('whole calls have the hashes that telefonist gave them', () => {
  assert.equal(hashOfTexts(fixture('basic_call_all.txt')), 'b3cc32f42e19be17');
  assert.equal(hashOfTexts(fixture('basic_call_accept.txt')), '3cd6da1b27da0f2a');
});

test('the texts of events are as telefonist writes them', () => {
  for (const text of fixture('basic_call_all.txt')) assert.equal(eventText(JSON.parse(text)), text);
  assert.equal(eventText({ b: '<sip:a&b>', a: undefined, _c: 1 }), '{"_c":1,"b":"\\u003csip:a\\u0026b\\u003e"}');
});

test('traces, logs and RTCP never count; lists do not look at letter cases', () => {
  for (const type of ['LOG', 'SIP', 'CALL_RTCP']) assert.equal(chosen(type, { accept: [type] }), false);
  assert.equal(chosen('CALL_HOLD', { ignore: ['call_hold'] }), false);
  assert.equal(chosen('CALL_HOLD', { accept: ['call_hold'] }), true);
  assert.equal(chosen('CALL_HOLD', { accept: ['call_hold'], ignore: ['CALL_HOLD'] }), false);
  assert.equal(chosen('CALL_HOLD', { accept: ['CALL_CLOSED'] }), false);
});

test('events that telefonist does not know do not change its hash', () => {
  assert.equal(telefonistHash([{ type: 'MESSAGE', raw: '{}' }], {}), '37b27b5f01d313fe');
});

test('a basic call between the same addresses has the hash that telefonist gave it', async () => {
  const text = `
_hashmode telefonist
_hash b3cc32f42e19be17
_define ua1 sip:alice@192.0.2.2:5160
_define ua2 sip:bob@192.0.2.2:5162
uanew <ua1>;regint=0
uanew <ua2>;regint=0
ua1:dial ua2|2s|ua2:accept|6s|ua1:hangup
uadelall`;
  const prepare = (host) => {
    host.plainContacts = true;
  };
  const { verdict } = await passes(text, { prepare });
  assert.equal(verdict.repetitions[0].matched, 'telefonist');
  const accepted = text.replace('b3cc32f42e19be17', '3cd6da1b27da0f2a') +
    '\n_accept CALL_RINGING,CALL_ESTABLISHED,CALL_RTPESTAB,CALL_CLOSED,AUDIO_REPORT';
  await passes(accepted, { prepare });
});
