// What each command asks of its phone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from '../../src/script/library/testfile/agent.mjs';
import { readCommand } from '../../src/script/library/testfile/commands/index.mjs';

const CALLS = { 1: { direction: 'outgoing', callId: 'first' }, 2: { direction: 'incoming', callId: 'second' } };

/** An agent with an established call 1 and, if wanted, a ringing call 2; its phone notes what it is asked for. */
function agentWith({ calls = [1] } = {}) {
  const asked = [];
  const agent = new Agent({ alias: 'sip:a@h', options: { username: 'a', domain: 'h' } }, {});
  agent.phone = new Proxy({}, {
    get: (_, method) => (...given) => {
      asked.push([method, ...given]);
      return method === 'dial' ? { call: 9, outcome: Promise.reject(new Error('486')) } : Promise.reject(new Error('no matter'));
    },
  });
  for (const call of calls) agent.mapper.map({ type: 'call', call, peer: { uri: 'sip:b@h' }, ...CALLS[call], time: 0 });
  if (calls.includes(1)) agent.mapper.map({ type: 'established', call: 1, time: 1 });
  return { agent, asked };
}

function ask(text, { agent, asked }) {
  const logged = [];
  const { command, args } = readCommand(text);
  const result = command.run(agent, args, { log: (message) => logged.push(message), audioFile: (file) => `/files/${file}`, record: () => {} });
  assert.equal(result?.then, undefined, 'the end of the request would be waited for');
  return { asked, logged };
}

const ASKED = [
  ['dial sip:u@h;transport=tcp', ['dial', 'sip:u@h;transport=tcp', { headers: [] }]],
  ['dial 100', ['dial', 'sip:100@h', { headers: [] }]],
  ['dial "Bob B" <sip:b@h>', ['dial', 'sip:b@h', { headers: [] }]],
  ['dial 100 0', ['dial', 'sip:100@h', { headers: [] }]],
  ['dialdir 100 sendonly', ['dial', 'sip:100@h', { headers: [], direction: 'sendonly' }]],
  ['dialdir 100 audio=recvonly video=inactive', ['dial', 'sip:100@h', { headers: [], direction: 'recvonly' }]],
  ['hangup', ['hangup', 1, { code: undefined, reason: undefined }]],
  ['HANGUP first', ['hangup', 1, { code: undefined, reason: undefined }]],
  ['hangup scode=603 reason=Not now', ['hangup', 1, { code: 603, reason: 'Not' }]],
  ['hold', ['hold', 1]],
  ['resume 1', ['resume', 1]],
  ['reinvite', ['reinvite', 1]],
  ['mute', ['mute', 1, undefined]],
  ['mute yes', ['mute', 1, true]],
  ['mute no', ['mute', 1, false]],
  ['sndcode 12#a', ['dtmf', '12#A', { call: 1 }]],
  ['medialdir audio=inactive callid=first', ['setDirection', 'inactive', 1]],
  ['medialdir sendonly', ['setDirection', 'sendonly', 1]],
  ['transfer carol', ['transfer', 'sip:carol@h', 1]],
  ['atransferstart carol', ['attendedTransfer', 'sip:carol@h']],
  ['refer b sip:c@h', ['refer', 'sip:b@h', 'sip:c@h']],
  ['ausrc ausine,440', ['sendAudio', { kind: 'tone', hz: 440 }]],
  ['ausrc aufile,x.wav', ['sendAudio', { kind: 'file', path: '/files/x.wav' }]],
  ['uareg 0 0', ['unregister']],
  ['uareg 60', ['register', { expires: 60 }]],
  ['uaaddheader X-A=b%20c 0', ['addHeader', 'X-A', 'b c']],
  ['uarmheader X-A', ['removeHeader', 'X-A']],
  ['answermode early', ['setAnswerMode', 'early']],
  ['100rel required 0', ['setReliable', 'required']],
  ['dnd yes', ['respondIncoming', 480, 'Temporarily Unavailable', null]],
  ['dnd no', ['respondIncoming', null]],
  ['options b', ['options', 'sip:b@h']],
];

for (const [text, expected] of ASKED) {
  test(`${text} asks the phone for ${expected[0]}`, () => {
    assert.deepEqual(ask(text, agentWith()).asked, [expected]);
  });
}

test('a call that rings is accepted or refused rather than one that is up', () => {
  assert.deepEqual(ask('accept', agentWith({ calls: [1, 2] })).asked, [['accept', 2, {}]]);
  assert.deepEqual(ask('acceptdir sendonly second', agentWith({ calls: [1, 2] })).asked, [['accept', 2, { direction: 'sendonly' }]]);
  assert.deepEqual(ask('hangup', agentWith({ calls: [2] })).asked, [['reject', 2, 486, 'Busy Here']]);
  assert.deepEqual(ask('hangup scode=603', agentWith({ calls: [2] })).asked, [['reject', 2, 603, undefined]]);
});

test('hangupall ends all calls or those of one direction, and never fails', () => {
  const methods = (text, calls) => ask(text, agentWith({ calls })).asked.map(([method, call]) => [method, call]);
  assert.deepEqual(methods('hangupall', [1, 2]), [['hangup', 1], ['reject', 2]]);
  assert.deepEqual(methods('hangupall in', [1, 2]), [['reject', 2]]);
  assert.deepEqual(methods('hangupall dir=out', [1, 2]), [['hangup', 1]]);
  assert.deepEqual(methods('hangupall', []), []);
});

test('line and callfind select the call that commands are for', () => {
  const world = agentWith({ calls: [1, 2] });
  ask('line 1', world);
  assert.deepEqual(ask('hold', world).asked.at(-1), ['hold', 1]);
  ask('callfind second', world);
  assert.deepEqual(ask('hold', world).asked.at(-1), ['hold', 2]);
  assert.throws(() => ask('line 3', world), /has no call 3/);
});

test('an attended transfer is completed or given up once', () => {
  const world = agentWith();
  assert.throws(() => ask('atransferexec', world), /no transfer that was started/);
  ask('atransferstart carol', world);
  assert.deepEqual(ask('atransferexec', world).asked.at(-1), ['completeTransfer']);
  assert.throws(() => ask('atransferabort', world), /no transfer/);
});

test('contacts are kept, gone through and called', () => {
  const world = agentWith();
  for (const text of ['addcontact b', 'addcontact c', 'addcontact d', 'contact_next', 'contact_next', 'contact_next', 'contact_prev', 'dialcontact']) ask(text, world);
  assert.deepEqual(world.asked.at(-1).slice(0, 2), ['dial', 'sip:c@h']);
  ask('rmcontact c', world);
  ask('message hi  there', world);
  assert.deepEqual(world.asked.at(-1), ['message', 'sip:b@h', 'hi there']);
  assert.throws(() => ask('rmcontact c', world), /no contact c/);
  ask('clrcontacts', world);
  assert.throws(() => ask('dialcontact', world), /no contact/);
});

test('states are logged', () => {
  const world = agentWith({ calls: [1, 2] });
  world.agent.phone = { calls: () => [{ call: 1 }] };
  assert.deepEqual(ask('listcalls', world).logged, ['sip:a@h: 2 calls\n  1: outgoing sip:b@h established first\n  2: incoming sip:b@h incoming second']);
  assert.deepEqual(ask('callstat', world).logged, ['[{"call":1}]']);
  assert.match(ask('uastat', world).logged[0], /"state":"established","calls":2/);
  assert.match(ask('siptrace on', world).logged[0], /always recorded/);
});

test('what stands behind a command is checked, with the way it is written', () => {
  const wrong = {
    dial: /dial: write `dial/,
    'dial a b c': /write `dial/,
    'dialdir a': /write `dialdir/,
    'dialdir a sendonli': /write `dialdir/,
    'hangup scode=200': /write `hangup/,
    'hold a b': /write `hold/,
    'mute maybe': /write `mute/,
    'sndcode 12x': /write `sndcode/,
    'line 0': /write `line/,
    'transfer': /write `transfer/,
    'refer a': /write `refer/,
    'refer a b c': /write `refer/,
    'uareg': /write `uareg/,
    'uaaddheader X': /write `uaaddheader/,
    'answermode never': /one of manual/,
    'atransferexec now': /write `atransferexec/,
    'uanew': /needs an account/,
    'ausrc alsa,x': /no sound devices/,
  };
  for (const [text, pattern] of Object.entries(wrong)) assert.throws(() => readCommand(text), pattern, text);
});

test('every other command of baresip is an error that says why', () => {
  for (const name of ['insmod', 'vidsrc', 'auplay', 'netstat', 'autodialadd', 'conf_reload', 'entransp', 'tlsissuer', 'aubitrate', 'play']) {
    assert.throws(() => readCommand(`${name} x`), /is not supported: \w+/, name);
  }
});
