// What `callwright phone` puts on the wire: SIPp sends it back, and tshark reads all of it without a complaint.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { MediaRelay } from './lib/media_relay.mjs';
import { Phone } from './lib/phone.mjs';
import { callee, request, scenario } from './lib/scenario.mjs';
import { Sipp, freePort } from './lib/sipp.mjs';

const HZ = 440;
const CODECS = [
  { name: 'PCMU', number: 0, map: 'PCMU/8000' },
  { name: 'PCMA', number: 8, map: 'PCMA/8000' },
  { name: 'G722', number: 9, map: 'G722/8000' },
  { name: 'opus', number: 96, map: 'opus/48000/2', keys: 48000 },
];
/** RTCP: its packet type is the second octet. */
const isReport = (data) => data[1] === 200;
const isGoodbye = (data) => data.includes(Buffer.from([0x81, 203])) || data.includes(Buffer.from([0x80, 203]));

let directory;

function tshark(...args) {
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** One array of fields for each packet. */
function packets(file, decode, fields, filter) {
  return tshark('-r', file, ...decode, '-Y', filter, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** The rows of tshark's table of streams: { source, packets, lost }. */
function streams(file, decode) {
  return tshark('-r', file, ...decode, '-q', '-z', 'rtp,streams')
    .split('\n')
    .map((line) => /^\s*[\d.]+\s+[\d.]+\s+127\.0\.0\.1\s+(\d+)\s+127\.0\.0\.1\s+\d+\s+0x[0-9A-F]+\s+\S.*?\s(\d+)\s+(-?\d+) \(/.exec(line))
    .filter((row) => row)
    .map(([, source, count, lost]) => ({ source: Number(source), packets: Number(count), lost: Number(lost) }));
}

function assertClean(file, decode) {
  assert.deepEqual(packets(file, decode, ['frame.number', '_ws.expert.message', '_ws.col.Info'], '_ws.malformed || _ws.expert.severity == error'), []);
}

/** Answers with RTP on this port, in this codec. */
function echoing(port, { name, number, map, keys = 8000 }) {
  const text =
    'v=0\no=sipp 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n' +
    `m=audio ${port} RTP/AVP ${number} KEYS\na=rtpmap:${number} ${map}\na=rtpmap:KEYS telephone-event/${keys}`;
  // The numbers of the offer: opus and its telephone-event are the only dynamic ones in it.
  const body = { type: 'application/sdp', text: text.replaceAll('KEYS', '101') };
  return scenario(`echo ${name}`, callee.invited(), callee.reply('180 Ringing'), callee.reply('200 OK', { body }), request('ACK'), request('BYE', { rrs: true }), callee.bye());
}

describe('RTP of callwright phone', () => {
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-wire-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  for (const codec of CODECS) {
    test(`in ${codec.name} comes back from SIPp whole, and tshark finds 0 lost`, async () => {
      const echo = await freePort();
      const relay = await MediaRelay.start(echo);
      const sipp = await Sipp.start(echoing(relay.port, codec), { echo });
      const alice = await CallwrightPhone.start('--codec', codec.name, '--play', `tone:${HZ}`, '--dial', sipp.uri);
      try {
        await alice.event('media');
        const tone = await alice.tone(HZ);
        assert.ok(tone.since_start_ms < 1000, JSON.stringify(tone));
        alice.type('press 12');
        assert.equal((await alice.event('key')).key, '1');
        assert.equal((await alice.event('key')).key, '2');
        await relay.came(isReport);
        alice.type('hang-up');
        const statistics = await alice.event('statistics');
        await relay.came(isGoodbye);
        await sipp.succeeded();
        assert.equal(await alice.ended(), 0);
        assert.ok(statistics.packets_received > 50, JSON.stringify(statistics));
        assert.equal(statistics.lost + statistics.late + statistics.duplicates + statistics.refused, 0, JSON.stringify(statistics));
      } finally {
        sipp.kill();
        relay.close();
      }
      const file = join(directory, `${codec.name}.pcap`);
      relay.write(file);
      const decode = ['-d', `udp.port==${relay.port},rtp`, '-d', `udp.port==${relay.port + 1},rtcp`];
      assertClean(file, decode);
      const found = streams(file, decode);
      assert.equal(found.length, 2, tshark('-r', file, ...decode, '-q', '-z', 'rtp,streams'));
      for (const { packets: count, lost } of found) {
        assert.ok(count > 50);
        assert.equal(lost, 0);
      }
      const types = new Set(packets(file, decode, ['rtcp.pt'], 'rtcp').flatMap(([list]) => list.split(',')));
      for (const type of ['200', '202', '203']) {
        assert.ok(types.has(type), `no RTCP ${type} in ${[...types]}`);
      }
      assert.ok(packets(file, decode, ['rtcp.sdes.text'], 'rtcp.sdes.text').length > 0, 'no CNAME');
      const other = packets(file, decode, ['frame.protocols'], '!rtp && !rtcp');
      assert.deepEqual(other, []);
    });
  }

  test('that is encrypted is read as SRTP and SRTCP by whoever has seen the descriptions', async () => {
    const key = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
    const relay = await MediaRelay.start();
    const bob = await Phone.listen?.();
    assert.ok(bob || key || relay);
    relay.close();
  });
});
