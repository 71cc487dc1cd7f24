// SIPp plays a pcap file (play_pcap_audio, which needs the right to send raw packets) through the exchange, and to `callwright phone` itself.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { writeTone } from './lib/pcap.mjs';
import { freePort } from './lib/ports.mjs';
import { caller, response, scenario, sdp } from './lib/scenario.mjs';
import { Sipp } from './lib/sipp.mjs';

const HZ = 440;
const SECONDS = 2;
/** A packet in ten is missing, but neither the first nor the last. */
const lossy = (number) => number % 10 !== 5;

let directory;
let whole;
let holey;

/** Calls, plays, and hangs up when all was played. */
function playing(file, ...invite) {
  const play = `<nop><action><exec play_pcap_audio="${file}"/></action></nop>\n<pause milliseconds="${SECONDS * 1000 + 200}"/>`;
  const last = invite.length;
  return scenario('plays a pcap', ...invite, response(200, { rrs: true }), caller.send('ACK', last), play, caller.send('BYE', last + 1), response(200));
}

const unasked = [caller.send('INVITE', 1, { inDialog: false, body: sdp() }), response(100, { optional: true }), response(180, { optional: true })];
const asked = [...caller.invite(), response(180, { optional: true })];

async function start(steps, file, options) {
  return Sipp.start(playing(join(directory, file), ...steps), { media: await freePort(), ...options });
}

describe('a pcap that SIPp plays', () => {
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-pcap-'));
    whole = writeTone(join(directory, 'whole.pcap'), HZ, SECONDS);
    holey = writeTone(join(directory, 'holey.pcap'), HZ, SECONDS, lossy);
  });
  after(() => rmSync(directory, { recursive: true }));

  test('is heard by callwright phone, packet by packet', async () => {
    const bob = await CallwrightPhone.start('--codec', 'PCMU');
    const sipp = await start(unasked, 'whole.pcap', { remote: bob.address, keys: { callee: 'phone' } });
    try {
      await bob.tone(HZ);
      await sipp.succeeded();
      const statistics = await bob.event('statistics');
      assert.deepEqual([statistics.packets_received, statistics.lost, statistics.refused], [whole, 0, 0]);
    } finally {
      sipp.kill();
      await bob.stop();
    }
  });

  for (const [mode, codec] of [
    ['relay', 'PCMU'],
    ['process', 'G722'],
  ]) {
    describe(`with media.mode ${mode}`, () => {
      let server;
      before(async () => {
        server = await Server.start({ env: { CALLWRIGHT_MEDIA_MODE: mode } });
      });
      after(async () => {
        assert.equal(await server?.stop(), 0);
      });

      for (const [file, packets] of [
        ['whole.pcap', () => whole],
        ['holey.pcap', () => holey],
      ]) {
        test(`${file} is heard in ${codec}, and the journal tells what each side was like`, async () => {
          const from = server.output.split('\n').length;
          const bob = await CallwrightPhone.start('--account', `bob@${server.sip}`, '--password', 'bob-demo', '--codec', codec);
          await bob.event('registered');
          const sipp = await start(asked, file, { remote: server.sip, service: 'alice', password: 'alice-demo', keys: { callee: 'bob' } });
          try {
            assert.notEqual((await bob.event('media')).remote, `127.0.0.1:${sipp.media}`, 'the media do not pass through the exchange');
            await bob.tone(HZ);
            await sipp.succeeded();
            const lost = whole - packets();
            await server.printed(new RegExp(`media ended .*party=sip:alice@\\S* codec=PCMU .*packets_received=${packets()} lost=${lost} .*received_mos=[1-4]`), from);
            await server.printed(new RegExp(`media ended .*party=sip:bob@\\S* codec=${codec} .* lost=0 `), from);
            const { lost: missed, concealed_ms: concealed } = await bob.event('statistics');
            // What is relayed is missing beyond the exchange too; what is processed has been made up in it.
            assert.equal(missed, mode === 'relay' ? lost : 0);
            if (mode === 'process') {
              assert.ok(concealed < 100, `${concealed} ms`);
            }
          } finally {
            sipp.kill();
            await bob.stop();
          }
        });
      }
    });
  }
});
