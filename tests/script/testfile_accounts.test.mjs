import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandSounds, parseAccount } from '../../src/script/library/testfile/account.mjs';
import { aliasOf, splitTarget } from '../../src/script/library/testfile/target.mjs';

const soundPath = (file) => `/sounds/${file}`;

test('input_wav becomes the audio source of a new agent, and of nothing else', () => {
  const command = 'uanew <ua;t=1>;auth_pass=s;input_wav=alice.wav';
  assert.equal(expandSounds(command, soundPath), 'uanew <ua;t=1>;auth_pass=s;audio_source=aufile,/sounds/alice.wav');
  assert.equal(expandSounds('uanew <sip:a@h> input_wav=a.wav', soundPath), 'uanew <sip:a@h>;audio_source=aufile,/sounds/a.wav');
  assert.equal(expandSounds('dial x input_wav=a.wav', soundPath), 'dial x input_wav=a.wav');
});

test('an agent is named by its address without display name and parameters', () => {
  assert.equal(aliasOf('"Al" <sip:a@h;transport=tls>;auth_pass=x'), 'sip:a@h');
  assert.equal(aliasOf('<sip:a@[::1]:5060>'), 'sip:a@[::1]:5060');
});

test('a command goes to the agent before its last colon, or whole to the active one', () => {
  const known = (alias) => ['sip:test1@host.com', 'ua1'].includes(alias);
  assert.deepEqual(splitTarget('sip:test1@host.com;transport=tls:dial d', known), { alias: 'sip:test1@host.com', command: 'dial d', offset: 33 });
  assert.equal(splitTarget('dial sip:other@host', known).command, 'dial sip:other@host');
  assert.equal(splitTarget('dial sip:other@host', known).alias, undefined);
});

test('an account line becomes the options of a phone', () => {
  const { alias, options } = parseAccount('"Al B" <sip:a@h:5070;transport=tcp;x=1>;auth_pass=p|q;auth_user=u;regint=60;audio_codecs=opus/48000/2,PCMU;answermode=auto;100rel=required');
  assert.equal(alias, 'sip:a@h:5070');
  assert.deepEqual(options, {
    displayName: 'Al B', username: 'a', domain: 'h:5070', transport: 'tcp', uriParameters: { x: '1' }, password: 'p|q', authUser: 'u', regint: 60,
    codecs: ['opus', 'pcmu'], answerMode: 'auto', reliable: 'required',
  });
});

test('yes is yes, and no is no', () => {
  const { options } = parseAccount('<sip:a@h>;rtcp_mux=yes;mwi=no;sip_autoredirect=YES');
  assert.deepEqual([options.rtcpMux, options.mwi, options.autoRedirect], [true, false, true]);
  assert.throws(() => parseAccount('<sip:a@h>;mwi=maybe'), /one of yes, no/);
});

test('a value in quotes may hold a semicolon', () => {
  const { options } = parseAccount('<sip:a@h>;outbound="sip:p;transport=tcp" ; regint = 5;;auth_pass="x');
  assert.deepEqual([options.outbound, options.regint, options.password], ['sip:p;transport=tcp', 5, '"x']);
});

test('without regint an agent registers for an hour', () => {
  assert.equal(parseAccount('<sip:a@h>').options.regint, 3600);
});

test('sources are files and tones; sound devices there are none', () => {
  assert.deepEqual(parseAccount('<sip:a@h>;audio_source=ausine,440').options.source, { kind: 'tone', hz: 440 });
  assert.deepEqual(parseAccount('<sip:a@h>;audio_source=aufile,/a.wav').options.source, { kind: 'file', path: '/a.wav' });
  assert.throws(() => parseAccount('<sip:a@h>;audio_source=alsa,default'), /no sound devices/);
});

test('a mistyped parameter or value is named, and what it might be', () => {
  assert.throws(() => parseAccount('<sip:a@h>;auth_pas=secret'), { message: 'there is no account parameter auth_pas', suggestion: 'auth_pass' });
  assert.throws(() => parseAccount('<sip:a@h>;answermode=atuo'), { suggestion: 'auto' });
  assert.throws(() => parseAccount('<sip:a@h;transport=tlss>'), { suggestion: 'tls' });
  assert.throws(() => parseAccount('alice'), /needs an account/);
});

test('what may be the rest of a password is not quoted', () => {
  assert.throws(() => parseAccount('<sip:a@h>;auth_pass=one;two'), ({ message }) => !message.includes('two') && message.includes('cannot hold'));
});

test('names that lead out of a folder are refused', () => {
  for (const uri of ['sip:../x@h', 'sip:a/b@h', 'sip:a\\b@h']) assert.throws(() => parseAccount(`<${uri}>`), /cannot be named/, uri);
});

test('a STUN server is named as it is found, without its scheme; relays are not asked', () => {
  const serverOf = (value) => parseAccount(`<sip:a@h>;stunserver=${value}`).options.stunServer;
  assert.deepEqual(['stun:192.0.2.1', '192.0.2.1:3479', 'STUN:stun.example.com:19302'].map(serverOf), ['192.0.2.1', '192.0.2.1:3479', 'stun.example.com:19302']);
  assert.throws(() => parseAccount('<sip:a@h>;medianat=turn'), /one of stun, ice/);
});

test('parameters that have no effect here are accepted and named', () => {
  assert.deepEqual(parseAccount('<sip:a@h>;audio_player=aufile,x;regq=0.5').withoutEffect, ['audio_player', 'regq']);
});
