// What `callwright phone` puts on the wire: SIPp sends it back, and tshark reads all of it without a complaint.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { MediaRelay } from './lib/media_relay.mjs';
import { Phone } from './lib/phone.mjs';
import { freePort } from './lib/ports.mjs';
import { answer, callee, request, scenario } from './lib/scenario.mjs';
import { Sipp } from './lib/sipp.mjs';
import { tone } from './lib/sound.mjs';

const HZ = 440;
const CODECS = [
  { name: 'PCMU', number: 0, map: 'PCMU/8000' },
  { name: 'PCMA', number: 8, map: 'PCMA/8000' },
  { name: 'G722', number: 9, map: 'G722/8000' },
  { name: 'opus', number: 96, map: 'opus/48000/2', keys: 48000 },
];
/** RTCP that begins with a sender report; the last packet of it says BYE. */
const isReport = (data) => data[1] === 200;
const isGoodbye = (data) => isReport(data) && data.includes(Buffer.from([0x81, 203, 0, 1]));

let directory;
const file = (name) => join(directory, name);

function tshark(capture, decode, ...args) {
  return execFileSync('tshark', ['-r', capture, ...decode, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** What tshark says of each packet. */
function packets(capture, decode) {
  const fields = ['frame.protocols', '_ws.malformed', '_ws.expert.severity', 'rtcp.pt', 'rtcp.sdes.text', '_ws.col.Protocol'];
  return tshark(capture, decode, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
    .map(([protocols, malformed, severity, reports, cname, column]) => ({ protocols, malformed, severity, reports: reports.split(','), cname, column }));
}

/** The rows of tshark's table of streams: { packets, lost }. */
function streams(capture, decode) {
  return tshark(capture, decode, '-q', '-z', 'rtp,streams')
    .split('\n')
    .map((line) => /127\.0\.0\.1 .* 0x[0-9A-F]+ .*?(\d+)\s+(-?\d+) \(/.exec(line))
    .filter((row) => row)
    .map(([, count, lost]) => ({ packets: Number(count), lost: Number(lost) }));
}

/** The severity of an error of tshark's experts (PI_ERROR); a warning is less. */
const ERROR = 0x00800000;

function assertClean(all) {
  assert.deepEqual(all.filter(({ malformed, severity }) => malformed || severity.split(',').some((one) => Number(one) >= ERROR)), []);
}

/** Answers with RTP on this port, in this codec. Opus is the only dynamic number of our offer besides its keys. */
function echoing(port, { name, number, map, keys = 8000 }) {
  const text =
    'v=0\no=sipp 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n' +
    `m=audio ${port} RTP/AVP ${number} 101\na=rtpmap:${number} ${map}\na=rtpmap:101 telephone-event/${keys}\na=rtcp-xr:voip-metrics`;
  const body = { type: 'application/sdp', text };
  return scenario(`echo ${name}`, callee.invited(), callee.reply('180 Ringing'), callee.reply('200 OK', { body }), request('ACK'), request('BYE'), answer('200 OK'));
}

describe('RTP of callwright phone', () => {
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-wire-'));
    writeFileSync(file('tone.wav'), tone(HZ, { seconds: 1 }));
  });
  after(() => rmSync(directory, { recursive: true }));

  for (const codec of CODECS) {
    test(`in ${codec.name} comes back from SIPp whole, and tshark finds 0 lost`, async () => {
      const echo = await freePort();
      const relay = await MediaRelay.start(echo);
      const sipp = await Sipp.start(echoing(relay.port, codec), { echo });
      const alice = await CallwrightPhone.start('--codec', codec.name, '--play', file('tone.wav'), '--dial', sipp.uri);
      try {
        await alice.event('media');
        // G.722 that begins in the middle, since SIPp was not there from the first packet on, is a little off for a moment.
        const heard = await alice.tone(HZ, 15);
        assert.ok(heard.since_start_ms < 1500, JSON.stringify(heard));
        await alice.event('played');
        alice.type('press 12');
        assert.equal((await alice.event('key')).key, '1');
        assert.equal((await alice.event('key')).key, '2');
        if (codec.name === 'opus') {
          await relay.came(isReport);  // In mid-call.
        }
        alice.type('hang-up');
        const statistics = await alice.event('statistics');
        await relay.came(isGoodbye);
        await sipp.succeeded();
        assert.equal(await alice.ended(), 0);
        assert.ok(statistics.packets_received > 50 && statistics.concealed_ms < 60, JSON.stringify(statistics));
        assert.equal(statistics.lost + statistics.duplicates + statistics.refused, 0, JSON.stringify(statistics));
        assert.ok(statistics.late <= 2, JSON.stringify(statistics));  // The machine may have had something else to do.
      } finally {
        sipp.kill();
        relay.close();
      }
      const capture = file(`${codec.name}.pcap`);
      relay.write(capture);
      const decode = ['-d', `udp.port==${relay.port},rtp`, '-d', `udp.port==${relay.port + 1},rtcp`];
      const all = packets(capture, decode);
      assertClean(all);
      assert.ok(all.every(({ protocols }) => /^raw:ip:udp:(rtp|rtcp)(:|$)/.test(protocols)), JSON.stringify(all.map(({ protocols }) => protocols)));
      const types = new Set(all.flatMap(({ reports }) => reports));
      for (const type of ['200', '202', '203', ...(codec.name === 'opus' ? ['207'] : [])]) {
        assert.ok(types.has(type), `no RTCP ${type} in ${[...types]}`);
      }
      assert.ok(all.some(({ cname }) => cname), 'no CNAME');
      const found = streams(capture, decode);
      assert.equal(found.length, 2);
      for (const { packets: count, lost } of found) {
        assert.ok(count > 30, `${count} packets`);
        assert.equal(lost, 0);
      }
    });
  }

  test('that is encrypted is read as SRTP and SRTCP by whoever has seen the descriptions', async () => {
    const relay = await MediaRelay.start();
    const alice = await CallwrightPhone.start('--codec', 'PCMU', '--srtp', 'sdes', '--play', `tone:${HZ}`);
    const bob = await Phone.connect('udp', alice.address, { user: 'bob', password: '', domain: alice.address });
    try {
      alice.type(`dial ${/<([^>]+)>/.exec(bob.contact)[1]}`);
      const call = await bob.incoming();
      assert.match(call.invite.body, /^m=audio \d+ RTP\/SAVP /m);
      const crypto = 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
      const body = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${relay.port} RTP/SAVP 0\r\n${crypto}\r\n`;
      relay.keep(5060, 5060, call.invite.text);
      relay.keep(5060, 5060, call.invite.text.replace(/^INVITE .*\r\n/, 'SIP/2.0 200 OK\r\n').replace(/\r\n\r\n[^]*/, '\r\n\r\n').replace(/Content-Length: \d+/i, `Content-Length: ${body.length}`) + body);
      call.respond('200 OK', { body });
      await call.expect('ACK');
      await alice.event('secured');
      await relay.came(isReport);
      alice.type('hang-up');
      await call.ok('BYE');
      await alice.event('statistics');
    } finally {
      assert.equal(await alice.stop(), 0);
      bob.close();
      relay.close();
    }
    relay.write(file('srtp.pcap'));
    const all = packets(file('srtp.pcap'), []);
    assertClean(all);
    const count = (name) => all.filter(({ column }) => column === name).length;
    assert.equal(count('SIP/SDP'), 2);
    assert.ok(count('SRTP') > 30, JSON.stringify(all.map(({ column }) => column)));
    assert.ok(count('SRTCP') >= 2);
    assert.equal(count('SIP/SDP') + count('SRTP') + count('SRTCP'), all.length);
  });
});
