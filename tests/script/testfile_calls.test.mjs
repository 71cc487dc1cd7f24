// What commands and events of calls are to the phones of a host; testfile_real_calls.test.mjs has what comes of them over the wire.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AGENTS, fails, passes, THREE, TWO, typesAt } from './testfile_world.mjs';

const DOMAIN = '127.0.0.1:5060';
const domains = { [DOMAIN]: { alice: 'right', bob: 'right' } };
const CALL = `${TWO}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua2:accept|wait ua1 CALL_RTPESTAB 5s\n`;

test('a basic call has the events that baresip gives it', async () => {
  const { host } = await passes(`${TWO}ua1:dial ua2|2s|ua2:accept|6s|ua1:hangup\nuadelall`);
  const fixture = readFileSync(new URL('fixtures/basic_call_all.txt', import.meta.url), 'utf8').trim().split('\n\n').map((text) => JSON.parse(text));
  const count = (events) => events.map(({ _agent, type, param = '' }) => `${/alice|bob/.exec(_agent)[0]} ${type} ${/^sip:|^peeruri/.test(param) ? '' : param}`).sort();
  const hashed = host.records().filter(({ type }) => !['SIP', 'LOG', 'CALL_RTCP'].includes(type));
  assert.deepEqual(count(hashed), count(fixture));
});

test('events of a call have the fields that baresip gives them', async () => {
  const { host } = await passes(`${CALL}ua1:hangup`);
  const fixture = readFileSync(new URL('fixtures/basic_call_all.txt', import.meta.url), 'utf8').trim().split('\n\n').map((text) => JSON.parse(text));
  for (const expected of fixture) {
    const same = host.records().find(({ type, _agent }) => type === expected.type && _agent.slice(0, 6) === expected._agent.slice(0, 6));
    for (const name of Object.keys(expected)) assert.notEqual(same[name], undefined, `${expected.type} has no ${name}`);
  }
});

test('RTCP reports come about every 5 s', async () => {
  const { host } = await passes(`${CALL}16s`);
  const times = host.records().filter(({ type, _agent }) => type === 'CALL_RTCP' && _agent.includes('alice')).map(({ time }) => time);
  assert.ok(times.length >= 3 && times.every((time, i) => i === 0 || Math.abs(time - times[i - 1] - 5000) < 1000), times.join(' '));
});

test('a call that is rejected tells the caller why, and no sound is reported', async () => {
  await passes(`${TWO}ua1:dial ua2|1s|ua2:hangup scode=486 reason=Busy
    expect ua1 CALL_CLOSED "param=486 Busy" within 2s
    expect ua1 AUDIO_REPORT param=*tx=false;rx=false;* within 2s`);
});

test('an unknown user is refused at the callee and told to the caller', async () => {
  await passes(`${TWO}ua1:dial sip:nobody@127.0.0.1:5162|1s
    expect ua1 CALL_CLOSED "param=404 Not Found"
    expect ua2 SIPSESS_FAILED "param=404 Not Found"
    expect not ua2 CALL_INCOMING`);
});

test('who does not want to be disturbed is not available', async () => {
  await passes(`${TWO}ua2:dnd yes|0s\nua1:dial ua2\nexpect ua1 CALL_CLOSED "param=480 Temporarily Unavailable" within 2s
    ua2:dnd no|0s\nua1:dial ua2\nexpect ua2 CALL_INCOMING within 2s`);
});

test('a caller who gives up ends the ringing', async () => {
  await passes(`${TWO}ua1:dial ua2|1s|ua1:hangup
    expect ua2 CALL_CLOSED "param=Connection reset by peer [104]" within 2s
    expect ua1 CALL_CLOSED "param=Rejected by user"`);
});

test('hold and resume are told to the peer, with the directions of the sound', async () => {
  await passes(`${CALL}ua1:hold
    expect ua2 CALL_HOLD remoteaudiodir=recvonly audiodir=recvonly within 2s
    ua1:resume
    expect ua2 CALL_RESUME audiodir=sendrecv within 2s`);
});

test('digits arrive one after another, each with its begin and end', async () => {
  const { host } = await passes(`${CALL}ua1:sndcode 12#|2s`);
  const digits = host.records().filter(({ type }) => type.startsWith('CALL_DTMF')).map(({ type, param = '' }) => type.slice(10) + param);
  assert.deepEqual(digits, ['START1', 'END', 'START2', 'END', 'START#', 'END']);
});

test('a blind transfer moves the peer to the target', async () => {
  const { host } = await passes(`${THREE}ua1:dial ua2|1s|ua2:accept|1s|ua2:transfer ua3|1s|ua3:accept|1s
    expect ua1 TRANSFER param=*carol*
    expect ua3 CALL_ESTABLISHED
    expect ua2 CALL_CLOSED "param=Call transfered"`);
  assert.equal(typesAt(host, 'sip:alice@127.0.0.1:5160').filter((type) => type === 'CALL_OUTGOING').length, 2);
});

test('an attended transfer replaces the call of the target', async () => {
  await passes(`${THREE}ua1:dial ua2|1s|ua2:accept|1s|ua2:atransferstart ua3|1s|ua3:accept|1s|ua2:atransferexec|1s
    expect ua1 TRANSFER param=*Replaces=*
    expect ua3 CALL_CLOSED "param=* replaced"
    expect ua2 CALL_CLOSED "param=Call transfered"`);
});

test('agents register, refresh and un-register', async () => {
  const text = `_define ua1 sip:alice@${DOMAIN}\nuanew <ua1>;auth_pass=right
    expect ua1 REGISTER_OK "param=200 OK" within 5s
    ua1:uareg 60 0
    expect ua1 REGISTER_OK within 5s
    uadelall
    expect ua1 UNREGISTERING
    expect ua1 EXIT`;
  await passes(text, { domains });
});

test('a registrar that does not answer is given up after 32 s', async () => {
  const text = `_define ua1 sip:alice@${DOMAIN}\nuanew <ua1>;auth_pass=right\n33s`;
  const { verdict } = await fails(text, /Registration failed: .*Connection timed out \[110\]/, { domains: { [DOMAIN]: 'silent' } });
  assert.equal(verdict.duration_ms, 32_000);
});

test('codecs are those that both accounts name', async () => {
  const agents = `${AGENTS}uanew <ua1>;regint=0;audio_codecs=g722/16000/1,pcmu\nuanew <ua2>;regint=0;audio_codecs=pcmu,g722\n`;
  await passes(`${agents}ua1:dial ua2|1s|ua2:accept|2s|ua1:hangup\nexpect ua2 AUDIO_REPORT param=*codec=g722;`);
});

test('mandatory SRTP shows in the reports and as an event', async () => {
  const agents = `${AGENTS}uanew <ua1>;regint=0;mediaenc=srtp-mand\nuanew <ua2>;regint=0;mediaenc=srtp-mand\n`;
  await passes(`${agents}ua1:dial ua2|1s|ua2:accept|2s|ua1:hangup\nexpect ua1 CALL_MENC\nexpect ua1 AUDIO_REPORT param=*proto=RTP/SAVP;*`);
});

test('headers that an agent adds go to its phone, decoded', async () => {
  let headers;
  const prepare = (host) => {
    const { createPhone } = host;
    host.createPhone = (...given) => {
      const phone = createPhone.apply(host, given);
      headers ??= () => phone.headers;
      return phone;
    };
  };
  await passes(`${TWO}ua1:uaaddheader X-Test=a%20b 0\nua1:uaaddheader X-Gone=1\nua1:uarmheader X-Gone 0`, { prepare });
  assert.deepEqual(headers(), [['X-Test', 'a b']]);
});

test('a call without sound is ended when the time for it is over', async () => {
  const prepare = (host) => host.clock.after(4000, () => host.phones.get('alice@127.0.0.1:5160').cutMedia());
  await passes(`${CALL}4s\nexpect ua1 CALL_CLOSED "param=rtp stream error" within 10s`, { prepare });
});

test('sounds and tones are what an agent plays', async () => {
  const { host } = await passes(`${AGENTS}uanew <ua1>;regint=0;input_wav=alice.wav|0s|ua1:ausrc ausine,440|ua1:ausrc aufile,bob.wav`, {
    files: { 'suite/bob.wav': '' },
    prepare: (fresh) => {
      const { createPhone } = fresh;
      fresh.createPhone = (...given) => {
        fresh.made = createPhone.apply(fresh, given);
        return fresh.made;
      };
    },
  });
  assert.deepEqual(host.made.options.source, { kind: 'file', path: '/sounds/alice.wav' });
  assert.deepEqual(host.made.sent, [{ kind: 'tone', hz: 440 }, { kind: 'file', path: 'suite/bob.wav' }]);
});

test('an agent may answer by itself, and be told to', async () => {
  await passes(`${AGENTS}uanew <ua1>;regint=0\nuanew <ua2>;regint=0;answermode=auto\nua1:dial ua2\nexpect ua1 CALL_ESTABLISHED within 2s`);
  await passes(`${TWO}ua2:answermode auto\nua1:dial ua2\nexpect ua1 CALL_ESTABLISHED within 2s`);
});

test('messages go to the current contact and arrive', async () => {
  await passes(`${TWO}ua1:addcontact ua2|0s|ua1:message hello world\nexpect ua2 MESSAGE "param=hello world" from=*alice*`);
});

test('the selected line is the one that is ended', async () => {
  const { host } = await passes(`${THREE}ua1:dial ua2|1s|ua1:dial ua3|1s|ua1:line 1|ua1:hangup\nexpect ua2 CALL_CLOSED within 1s\nexpect not ua3 CALL_CLOSED
    ua1:hangupall\nexpect ua3 CALL_CLOSED within 1s`);
  assert.ok(host);
});

test('auto-answer headers go with calls', async () => {
  let phone;
  const prepare = (host) => {
    const { createPhone } = host;
    host.createPhone = (...given) => {
      const made = createPhone.apply(host, given);
      phone ??= made;
      return made;
    };
  };
  await passes(`${TWO}ua1:setadelay 2|ua1:setansval info=alert|ua1:dial ua2`, { prepare });
  assert.deepEqual(phone.dialled.headers, [['Call-Info', '<sip:127.0.0.1:5160>;answer-after=2'], ['Alert-Info', 'info=alert']]);
});

test('a call has the text that the author gave it', async () => {
  await passes(`${TWO}ua1:dial ua2 userdata=first\nexpect ua1 CALL_RINGING userdata=first within 1s\nexpect not ua2 CALL_INCOMING userdata=*`);
});

test('uadel ends an agent but not its process, and quit both', async () => {
  const { host } = await passes(`${TWO}ua1:uadel\nua2:quit`);
  assert.deepEqual(typesAt(host, 'sip:alice@127.0.0.1:5160'), ['CREATE', 'SHUTDOWN']);
  assert.deepEqual(typesAt(host, 'sip:bob@127.0.0.1:5162'), ['CREATE', 'SHUTDOWN', 'EXIT']);
  await fails(`${TWO}ua1:uadel sip:bob@127.0.0.1:5162\nuafind ua2`, /no agent sip:bob/);
});

test('numbers and users are completed to URIs', async () => {
  const agents = `uanew <sip:alice@pbx>;regint=0\nuanew <sip:100@pbx>;regint=0\n`;
  await passes(`${agents}sip:alice@pbx:dial 100\nexpect sip:100@pbx CALL_INCOMING\nsip:alice@pbx:hangup\nsip:alice@pbx:dial 100@pbx\nexpect sip:100@pbx CALL_INCOMING`);
});
