// What calls look like to a testfile, with phones that call each other: no exchange, as telefonist's files have it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CALL, fails, neighbours, passes } from './lib/real_testfile.mjs';

const FIXTURE = readFileSync(new URL('fixtures/basic_call_all.txt', import.meta.url), 'utf8').trim().split('\n\n').map((text) => JSON.parse(text));
const NOT_HASHED = ['SIP', 'LOG', 'CALL_RTCP'];
const userOf = ({ _agent }) => /^sip:(\w+)@/.exec(_agent)[1];
const kinds = (records) => records.map(({ type }) => type);

describe('calls between two phones', { concurrency: 6 }, () => {
  test('a basic call has the events of baresip, with their fields, and RTCP reports about every 5 s', async () => {
    const told = await passes(`${await neighbours(2, '', { after: '' })}ua1:dial ua2|2s|ua2:accept|11s|ua1:hangup\nuadelall`);
    const count = (records) => records.map((record) => `${userOf(record)} ${record.type} ${/^sip:|^peeruri/.test(record.param) ? '' : (record.param ?? '')}`).sort();
    assert.deepEqual(count(told.records.filter(({ type }) => !NOT_HASHED.includes(type))), count(FIXTURE));
    for (const expected of FIXTURE) {
      const same = told.records.find((record) => record.type === expected.type && userOf(record) === userOf(expected));
      const missing = Object.keys(expected).filter((name) => same[name] === undefined);
      assert.deepEqual(missing, [], `${userOf(expected)} ${expected.type}`);
      for (const name of ['audiodir', 'localaudiodir', 'remoteaudiodir', 'direction', 'class', 'cuser']) {
        assert.equal(same[name], expected[name], `${userOf(expected)} ${expected.type} ${name}`);
      }
    }
    for (const user of ['alice', 'bob']) {
      const reports = told.at(user, 'CALL_RTCP');
      assert.equal(reports.length, 2, told.why);
      assert.ok(Math.abs(reports[1].time - reports[0].time - 5000) < 1000, reports.map(({ time }) => time).join(' '));
      assert.ok(reports[1].rtcp_stats.tx.sent > 300 && reports[1].rtcp_stats.rx.sent > 300, JSON.stringify(reports[1].rtcp_stats));
    }
  });

  test('a refused call tells the caller why, and no sound is reported', async () => {
    const told = await passes(`${await neighbours(2)}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua2:hangup scode=486 reason=Busy
      expect ua1 CALL_CLOSED "param=486 Busy" within 2s
      expect ua1 AUDIO_REPORT param=*tx=false;rx=false;* within 2s
      expect ua2 AUDIO_REPORT param=*tx=false;rx=false;* within 2s`);
    assert.equal(told.at('bob', 'AUDIO_REPORT').length, 1);
  });

  test('an unknown user is refused at the callee and told to the caller, unless the callee takes all', async () => {
    const told = await passes(`${await neighbours(2)}ua1:dial sip:nobody@HOST2|wait ua1 CALL_CLOSED "param=404 Not Found" 5s
      expect ua2 SIPSESS_FAILED "param=404 Not Found" from=sip:alice@* within 1s
      expect not ua2 CALL_INCOMING`);
    assert.equal(told.at('bob', 'SIPSESS_FAILED').length, 1, told.why);
    await passes(`${await neighbours(2, ';catchall=yes')}ua1:dial sip:nobody@HOST2|wait ua2 CALL_INCOMING 5s`);
  });

  test('who does not want to be disturbed is not available, and nobody hears of it there', async () => {
    const told = await passes(`${await neighbours(2)}ua2:dnd yes|0s
      ua1:dial ua2|wait ua1 CALL_CLOSED "param=480 Temporarily Unavailable" 5s
      ua2:dnd no|0s\nua1:dial ua2|wait ua2 CALL_INCOMING 5s`);
    assert.equal(told.at('bob', 'CALL_INCOMING', 'SIPSESS_FAILED').length, 1, told.why);
  });

  test('a caller who gives up ends the ringing', async () => {
    await passes(`${await neighbours(2)}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua1:hangup
      expect ua2 CALL_CLOSED "param=Connection reset by peer [104]" within 2s
      expect ua1 CALL_CLOSED "param=Rejected by user" within 2s`);
  });

  test('hold and resume are told to the peer, with the directions of the sound on both sides', async () => {
    const told = await passes(`${await neighbours(2)}${CALL}ua1:hold|0s
      expect ua2 CALL_HOLD audiodir=recvonly remoteaudiodir=recvonly within 2s
      expect ua1 CALL_REMOTE_SDP new param=answer within 2s
      ua1:resume|0s
      expect ua2 CALL_RESUME audiodir=sendrecv remoteaudiodir=sendrecv within 2s
      expect ua1 CALL_REMOTE_SDP new param=answer within 2s`.replaceAll(' new param', ' param'));
    const directions = told.at('alice', 'CALL_REMOTE_SDP').map(({ audiodir, localaudiodir }) => `${localaudiodir} ${audiodir}`);
    assert.deepEqual(directions, ['sendrecv sendrecv', 'sendonly sendonly', 'sendrecv sendrecv'], told.why);
  });

  test('a call that only rings cannot be put on hold, and that step fails', async () => {
    await fails(`${await neighbours(2)}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua1:hold`, /^hold: .*not answered/);
  });

  for (const mode of ['rtpevent', 'info']) {
    test(`keys arrive one after another by ${mode}, each with its begin and end`, async () => {
      const told = await passes(`${await neighbours(2, `;dtmfmode=${mode}`)}${CALL}ua1:sndcode 12#|0s\nwait ua2 CALL_DTMF_END\nwait ua2 CALL_DTMF_END\nwait ua2 CALL_DTMF_END`);
      const keys = told.at('bob', 'CALL_DTMF_START', 'CALL_DTMF_END').map(({ type, param = '' }) => type.slice('CALL_DTMF_'.length) + param);
      assert.deepEqual(keys, ['START1', 'END', 'START2', 'END', 'START#', 'END']);
      assert.equal(told.at('alice', 'CALL_DTMF_START').length, 0);
    });
  }

  test('a blind transfer moves the peer to the target', async () => {
    const told = await passes(`${await neighbours(3)}${CALL}ua2:transfer ua3|wait ua3 CALL_INCOMING 5s|ua3:accept|wait ua3 CALL_ESTABLISHED 5s
      expect ua1 TRANSFER param=*carol*
      expect ua2 CALL_CLOSED "param=Call transfered" within 5s
      expect ua1 CALL_CLOSED peeruri=*bob* within 5s
      expect ua1 CALL_RTPESTAB peeruri=*carol* within 5s
      ua1:hangup`);
    assert.deepEqual(told.at('alice', 'CALL_OUTGOING').map(({ peeruri }) => /sip:(\w+)/.exec(peeruri)[1]), ['bob', 'carol']);
    assert.equal(told.at('alice', 'CALL_CLOSED').length, 2);
  });

  test('a transfer to somebody who refuses fails, and the first call goes on', async () => {
    await passes(`${await neighbours(3)}${CALL}ua3:dnd yes|0s\nua2:transfer ua3|wait ua2 TRANSFER_FAILED param=480* 5s
      expect not ua1 CALL_CLOSED peeruri=*bob*
      expect not ua2 CALL_CLOSED
      ua2:hangup`);
  });

  test('an attended transfer replaces the call of the target', async () => {
    const told = await passes(`${await neighbours(3)}${CALL}ua2:atransferstart ua3|wait ua3 CALL_INCOMING 5s|ua3:accept|wait ua2 CALL_ESTABLISHED peeruri=*carol* 5s
      expect ua1 CALL_HOLD within 2s
      ua2:atransferexec|wait ua1 TRANSFER param=*Replaces=* 5s
      expect ua3 CALL_CLOSED "param=* replaced" within 5s
      expect ua2 CALL_CLOSED "param=Call transfered" peeruri=*alice* within 5s
      expect ua3 CALL_ESTABLISHED peeruri=*alice* within 5s
      expect ua1 CALL_CLOSED peeruri=*bob* within 5s
      ua1:hangup|wait ua3 CALL_CLOSED peeruri=*alice* 5s`);
    assert.equal(told.at('bob', 'CALL_CLOSED').length, 2, told.why);
  });

  test('a phone answers by itself, at once or after a while, and can be told to', async () => {
    const told = await passes(`${await neighbours(3, ['', ';answermode=auto;answerdelay=700', ''])}ua1:dial ua2|wait ua1 CALL_ESTABLISHED 5s|ua1:hangup|0s
      ua3:answermode auto|0s\nua1:dial ua3|wait ua1 CALL_ESTABLISHED peeruri=*carol* 5s`);
    const [answered] = told.at('bob', 'CALL_ESTABLISHED');
    const after = answered.time - told.at('bob', 'CALL_INCOMING')[0].time;
    assert.ok(after >= 690 && after < 2000, `${after} ms`);
  });

  test('early media come before the answer, which is the same', async () => {
    const told = await passes(`${await neighbours(2, ['', ';audio_source=ausine,440'])}ua2:answermode early|0s
      ua1:dial ua2|wait ua1 CALL_PROGRESS 5s|wait ua1 CALL_RTPESTAB 5s
      expect not ua1 CALL_ESTABLISHED
      expect any SIP status=183 direction=IN
      ua2:accept|wait ua1 CALL_ESTABLISHED 5s|1s|ua1:hangup
      expect ua1 AUDIO_REPORT param=*tx=true;rx=true;* within 2s`);
    const answers = told.sip('alice', 'received').filter(({ method, status }) => method === 'INVITE' && status >= 183).map(({ text }) => text.split('\r\n\r\n')[1]);
    assert.equal(new Set(answers.filter((description) => description !== '')).size, 1, answers.join('\n'));
    assert.equal(told.at('bob', 'AUDIO_REPORT').length, 1, told.why);
  });

  test('early media that nobody answers end with one report', async () => {
    const told = await passes(`${await neighbours(2, ['', ';answermode=early'])}ua1:dial ua2|wait ua1 CALL_PROGRESS 5s|ua1:hangup|wait ua2 AUDIO_REPORT 5s`);
    assert.equal(told.at('bob', 'AUDIO_REPORT').length, 1, told.why);
  });

  test('provisional answers are reliable as the phones are told', async () => {
    const early = 'ua1:dial ua2|wait ua1 CALL_PROGRESS 5s|ua2:accept|wait ua1 CALL_ESTABLISHED 5s|ua1:hangup|0s\n';
    const refused = 'ua1:100rel required|0s\nua2:100rel no|0s\nua1:dial ua2|wait ua1 CALL_CLOSED param=420* 5s\n';
    const told = await passes(`${await neighbours(2, ['', ';answermode=early;100rel=no'])}${early}wait ua1 CALL_CLOSED
      expect not any SIP method=PRACK
      ua2:100rel yes|0s\n${early}expect any SIP method=PRACK\n${refused}`);
    assert.ok(told.sip('bob', 'received').some(({ method, status }) => method === 'PRACK' && status === undefined), told.why);
  });

  test('auto-answer headers and others go with calls, numbers are completed, lines are chosen', async () => {
    const told = await passes(`${await neighbours(3)}ua1:uaaddheader X-Test=a%20b 0|0s\nua1:uaaddheader X-Gone=1|0s\nua1:uarmheader X-Gone 0|0s
      ua1:setadelay 2|0s\nua1:setansval info=alert|0s
      ua1:dial ua2 userdata=first|wait ua2 CALL_INCOMING 5s
      expect ua2 SIP method=INVITE "headers.X-Test=a b" "headers.Call-Info=*answer-after=2" headers.Alert-Info=info=alert
      expect ua1 CALL_RINGING userdata=first within 2s
      ua1:dial ua3|wait ua3 CALL_INCOMING 5s\nua1:line 1|0s\nua1:hangup|wait ua2 CALL_CLOSED 2s
      expect not ua3 CALL_CLOSED
      ua1:hangupall|wait ua3 CALL_CLOSED 2s
      ua1:addcontact ua2|0s\nua1:message hello world|wait ua2 MESSAGE "param=hello world" from=sip:alice@* 2s
      expect ua2 SIP method=MESSAGE "headers.X-Test=a b" direction=IN`);
    assert.ok(told.sip('bob', 'received').every(({ text }) => !text.includes('X-Gone')));
  });

  test('a hangup of the reason that was given, and the end of an agent, are told', async () => {
    await passes(`${await neighbours(2)}${CALL}ua1:hangup reason=Lunch|wait ua1 CALL_CLOSED param=Lunch 2s\nwait ua2 CALL_CLOSED 2s\n${CALL}ua2:uadel
      expect ua2 CALL_CLOSED "param=User-Agent deleted" within 2s
      expect ua1 CALL_CLOSED "param=Connection reset by peer [104]" within 2s`);
  });
});
