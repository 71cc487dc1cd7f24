// What agents of testfiles speak, with real RTP: codecs, encryption, ICE, sounds, and what becomes of a call in which there is none any more.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CALL, neighbours, passes } from './lib/real_testfile.mjs';
import { fallingSilent, iceAgent, stunServer } from './lib/peers.mjs';

const HANGUP = 'ua1:hangup|wait ua1 AUDIO_REPORT 5s|wait ua2 AUDIO_REPORT 5s\n';
const offerOf = (told, user) => told.sip(user, 'sent').find(({ method, status }) => method === 'INVITE' && status === undefined).text.split('\r\n\r\n')[1];

describe('media of an account', { concurrency: 6 }, () => {
  for (const codec of ['opus', 'g722', 'pcmu', 'pcma', 'l16']) {
    test(`${codec} is spoken where both accounts name it`, async () => {
      const others = ['g722', 'pcma'].filter((other) => other !== codec);
      const phones = await neighbours(2, [`;audio_codecs=${[...others, codec]}`, `;audio_codecs=${codec}`]);
      const told = await passes(`${phones}${CALL}1s\n${HANGUP}`);
      for (const user of ['alice', 'bob']) {
        assert.match(told.at(user, 'AUDIO_REPORT')[0].param, new RegExp(`tx=true;rx=true;proto=RTP/AVP;codec=${codec};`, 'i'), told.why);
      }
    });
  }

  test('nothing in common is no call', async () => {
    await passes(`${await neighbours(2, [';audio_codecs=g722', ';audio_codecs=opus'])}ua1:dial ua2|wait ua2 CALL_INCOMING 5s|ua2:accept|wait ua1 CALL_CLOSED param=488* 5s`);
  });

  for (const [encryption, proto] of [['srtp-mand', 'RTP/SAVP'], ['dtls_srtp', 'UDP/TLS/RTP/SAVPF']]) {
    test(`${encryption} on both sides shows in the report, and as an event`, async () => {
      const told = await passes(`${await neighbours(2, `;mediaenc=${encryption}`)}${CALL}1s\n${HANGUP}expect ua1 CALL_MENC\nexpect ua2 CALL_MENC`);
      for (const user of ['alice', 'bob']) {
        assert.ok(told.at(user, 'AUDIO_REPORT')[0].param.includes(`tx=true;rx=true;proto=${proto};`), told.why);
      }
    });
  }

  test('who insists on encryption speaks to nobody without', async () => {
    await passes(`${await neighbours(2, [';mediaenc=srtp-mand', ''])}ua2:dial ua1|wait ua1 CALL_INCOMING 5s|ua1:accept|wait ua2 CALL_CLOSED param=488* 5s`);
  });

  test('ICE is offered, and a STUN server is asked', async () => {
    const stun = await stunServer();
    try {
      const told = await passes(`${await neighbours(2, `;medianat=ice;stunserver=stun:${stun.address}`)}${CALL}1s\n${HANGUP}`);
      assert.match(told.at('alice', 'AUDIO_REPORT')[0].param, /tx=true;rx=true;/);
      assert.ok(stun.requests >= 2, `${stun.requests} requests`);
      assert.match(offerOf(told, 'alice'), /^a=ice-ufrag:/m);
      assert.match(offerOf(told, 'alice'), /^a=candidate:/m);
    } finally {
      stun.close();
    }
  });

  test('a phone with full ICE is sent to where its checks come from', async () => {
    const peer = await iceAgent();
    try {
      const told = await passes(`${await neighbours(1, ';medianat=ice;audio_codecs=pcmu')}ua1:dial ${peer.uri}|wait ua1 CALL_RTPESTAB 5s|1s|ua1:hangup|wait ua1 AUDIO_REPORT 5s`);
      await peer.checked;
      assert.match(told.at('alice', 'AUDIO_REPORT')[0].param, /tx=true;rx=true;/);
      assert.ok(peer.packets > 20, `${peer.packets} packets`);
    } finally {
      peer.close();
    }
  });

  test('descriptions say what the STUN server saw', async () => {
    const stun = await stunServer(() => ({ ip: '192.0.2.9', port: 40_000 }));
    try {
      const told = await passes(`${await neighbours(2, [`;stunserver=${stun.address}`, ''])}ua1:dial ua2|wait ua2 CALL_INCOMING 5s`);
      assert.match(offerOf(told, 'alice'), /^c=IN IP4 192\.0\.2\.9\r$/m);
      assert.match(offerOf(told, 'alice'), /^m=audio 40000 /m);
    } finally {
      stun.close();
    }
  });

  test('packets are as long as was asked for, and RTCP has a port of its own if it is to', async () => {
    const told = await passes(`${await neighbours(2, ['', ';ptime=40;rtcp_mux=no'])}ua2:dial ua1|wait ua1 CALL_INCOMING 5s|ua1:accept|wait ua2 CALL_RTCP 8s\nexpect ua1 CALL_RTCP within 2s`);
    assert.match(offerOf(told, 'bob'), /^a=ptime:40\r$/m);
    assert.doesNotMatch(offerOf(told, 'bob'), /a=rtcp-mux/);
    const { sent } = told.at('bob', 'CALL_RTCP')[0].rtcp_stats.rx;
    assert.ok(sent > 100 && sent < 140, `${sent} packets in 5 s`);
  });

  test('a call in which no sound arrives any more is ended after 10 s', async () => {
    const peer = await fallingSilent(1000);
    try {
      const told = await passes(`${await neighbours(1)}ua1:dial ${peer.uri}|wait ua1 CALL_RTPESTAB 5s|wait ua1 CALL_CLOSED "param=rtp stream error" 20s`);
      const after = told.at('alice', 'CALL_CLOSED')[0].time - told.at('alice', 'CALL_RTPESTAB')[0].time;
      assert.ok(after > 10_000 && after < 14_000, `${after} ms`);
      assert.match(await peer.ended, /^Reason: .*RTP timeout/im);
    } finally {
      peer.close();
    }
  });
});

