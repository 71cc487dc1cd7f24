// The same calls through the built-in exchange: its phones register, and it stands between them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CALL, passes, subscribers } from './lib/real_testfile.mjs';

const EXCHANGE = { args: ['--exchange'] };
const REGISTRATION = ['REGISTERING', 'REGISTER_OK', 'UNREGISTERING'];
const FIXTURE = readFileSync(new URL('fixtures/basic_call_all.txt', import.meta.url), 'utf8').trim().split('\n\n').map((text) => JSON.parse(text));
const count = (records) => records.map(({ _agent, type }) => `${/alice|bob/.exec(_agent)[0]} ${type}`).sort();

describe('testfiles with the built-in exchange', { concurrency: 5 }, () => {
  test('a basic call has the events of baresip, and those of its registrations', async () => {
    const told = await passes(`${subscribers(2)}${CALL}1s|ua1:hangup|wait ua2 AUDIO_REPORT 2s\nuadelall`, EXCHANGE);
    const hashed = told.records.filter(({ type }) => !['SIP', 'LOG', 'CALL_RTCP', ...REGISTRATION].includes(type));
    assert.deepEqual(count(hashed), count(FIXTURE));
    for (const user of ['alice', 'bob']) {
      assert.deepEqual(told.at(user, ...REGISTRATION).map(({ type }) => type), REGISTRATION);
    }
  });

  test('refusals reach the caller, and his giving up the callee', async () => {
    await passes(`${subscribers(2)}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua2:hangup scode=486 reason=Busy
      expect ua1 CALL_CLOSED param=486* within 2s
      ua2:dnd yes|ua1:dial ua2|wait ua1 CALL_CLOSED param=480* 5s|ua2:dnd no|0s
      ua1:dial nobody|wait ua1 CALL_CLOSED "param=404 Not Found" 5s
      ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua1:hangup|wait ua2 CALL_CLOSED "param=Connection reset by peer [104]" 5s`, EXCHANGE);
  });

  test('hold and keys go through', async () => {
    await passes(`${subscribers(2)}${CALL}ua1:hold|wait ua2 CALL_HOLD audiodir=recvonly 5s|ua1:resume|wait ua2 CALL_RESUME audiodir=sendrecv 5s
      ua2:hold|wait ua1 CALL_HOLD audiodir=recvonly 5s|ua2:resume|wait ua1 CALL_RESUME 5s
      ua2:sndcode 12#|wait ua1 CALL_DTMF_START param=1 5s|wait ua1 CALL_DTMF_START param=2 5s|wait ua1 CALL_DTMF_START param=# 5s`, EXCHANGE);
  });

  test('a blind transfer connects the peer with the target', async () => {
    await passes(`${subscribers(3)}${CALL}ua2:transfer ua3|wait ua3 CALL_INCOMING 5s|ua3:accept|wait ua3 CALL_RTPESTAB 5s
      expect ua2 CALL_CLOSED "param=Call transfered" within 5s
      expect ua1 TRANSFER param=*carol*
      expect ua1 CALL_CLOSED peeruri=*bob* within 5s
      1s|ua3:hangup|wait ua1 CALL_CLOSED peeruri=*carol* 5s|wait ua3 AUDIO_REPORT param=*tx=true;rx=true;* 5s`, EXCHANGE);
  });

  test('an attended transfer does so, too', async () => {
    await passes(`${subscribers(3)}${CALL}ua2:atransferstart ua3|wait ua3 CALL_INCOMING 5s|ua3:accept|wait ua3 CALL_RTPESTAB 5s|wait ua1 CALL_HOLD 5s
      ua2:atransferexec|wait ua2 CALL_CLOSED "param=Call transfered" 5s|wait ua2 CALL_CLOSED 5s|1s
      ua1:hangupall|wait ua3 CALL_CLOSED 5s|wait ua3 AUDIO_REPORT param=*tx=true;rx=true;* 5s`, EXCHANGE);
  });
});
