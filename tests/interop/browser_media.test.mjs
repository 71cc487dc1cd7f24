// JsSIP in headless Chromium and `callwright phone`, which hear each other: DTLS-SRTP and ICE, with every codec of the browser, directly and through coturn.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Browser, until } from './lib/browser.mjs';
import { CallwrightPhone } from './lib/callwright_phone.mjs';
import { tone } from './lib/sound.mjs';
import { TurnServer } from './lib/turn.mjs';
import { WEB_MEDIA } from './lib/web_media.mjs';

const OURS_HZ = 440;
const MICROPHONE_HZ = 660;
const OSCILLATOR_HZ = 880;

let browser;
/** Names in the place of addresses. */
let shy;
let server;
let turn;

async function heard(page, event) {
  await page
    .waitForFunction((wanted) => {
      const index = window.phone.events.findIndex((one) => one.startsWith(wanted));
      if (index >= 0) window.phone.events.splice(0, index + 1);
      return index >= 0;
    }, event, { polling: 20 })
    .catch(async (error) => {
      error.message += `\nwanted: ${event}; there were: ${await page.evaluate(() => window.phone.events.join(', '))}`;
      throw error;
    });
}

/** A page with these media that is registered as bob, and our phone as alice; both end after `use`. */
async function together(media, use, from = browser) {
  const page = await from.open('phone');
  await page.evaluate((all) => window.phone.register(all), { url: `ws://${server.transports.ws}`, user: 'bob', password: 'bob-demo', domain: server.sip, hertz: OSCILLATOR_HZ, ...media });
  await heard(page, 'registered');
  const alice = await CallwrightPhone.start('--account', `alice@${server.sip}`, '--password', 'alice-demo', '--srtp', 'dtls', '--ice', '--codec', media.phone ?? 'opus,G722,PCMU,PCMA', '--play', `tone:${OURS_HZ}`);
  try {
    await alice.event('registered');
    await use(page, alice);
    await page.evaluate(() => window.phone.leave());
    await heard(page, 'unregistered');
  } finally {
    assert.equal(await alice.stop(), 0);
    await page.close();
  }
}

/** Each hears the tone of the other, for a while. */
async function assertTalking(page, alice, hertz = MICROPHONE_HZ) {
  await alice.tone(hertz);
  await until(page, async (wanted) => Math.abs((await window.phone.heard()) - wanted) < 15, OURS_HZ);
  await until(page, async () => { const { received, sent } = await window.phone.statistics(); return received > 50 && sent > 50; });
}

/** What both sides counted of a call that the page hangs up. */
async function finish(page, alice) {
  const statistics = await page.evaluate(() => window.phone.statistics());
  await page.evaluate(() => window.phone.hangUp());
  await alice.event('ended');
  const ours = await alice.event('statistics');
  assert.ok(statistics.received > 20 && statistics.sent > 20, JSON.stringify(statistics));
  assert.equal(statistics.lost, 0, JSON.stringify(statistics));
  assert.ok(ours.packets_received > 20, JSON.stringify(ours));
  assert.equal(ours.lost + ours.unauthentic + ours.refused, 0, JSON.stringify(ours));
  return statistics;
}

async function call(page, alice, caller) {
  if (caller === 'the page') {
    await page.evaluate(() => window.phone.call('alice'));
  } else {
    alice.type('dial bob');
  }
  await heard(page, 'accepted');
  const media = await alice.event('media');
  assert.equal(media.security, 'dtls');
  assert.equal(media.ice, true);
  await alice.event('secured');
  return media;
}

describe('sound between Chromium and callwright phone', () => {
  before(async () => {
    browser = await Browser.start({ phone: WEB_MEDIA }, { microphone: tone(MICROPHONE_HZ) });
    shy = await Browser.start({ phone: WEB_MEDIA }, { names: true });
    const config = join(browser.directory, 'callwright.toml');
    // The media are between the two; what the exchange does with them is the matter of media.test.mjs.
    writeFileSync(config, `[media]\nmode = "bypass"\n[sip]\nallowed_origins = ["${browser.origin}", "${shy.origin}"]\n[[listeners]]\ntransport = "ws"\naddress = "127.0.0.1:0"\n`);
    server = await Server.start({ args: ['--config', config] });
    turn = await TurnServer.start();
  });
  after(async () => {
    await browser?.close();
    await shy?.close();
    await turn?.stop();
    assert.equal(await server?.stop(), 0);
  });

  for (const codec of ['opus', 'G722', 'PCMU']) {
    for (const caller of ['the page', 'the phone']) {
      test(`in ${codec}, when ${caller} calls`, () =>
        // Chromium sends in the first codec of an offer whatever its answer takes, so the offer has one alone.
        together({ codec, phone: caller === 'the phone' ? codec : undefined }, async (page, alice) => {
          const media = await call(page, alice, caller);
          assert.equal(media.codec.toLowerCase(), codec.toLowerCase());
          await assertTalking(page, alice);
          const statistics = await finish(page, alice);
          assert.equal(statistics.codec.toLowerCase(), `audio/${codec.toLowerCase()}`);
          assert.equal(statistics.dtls, 'connected');
        }));
    }
  }

  test('keys of the page are heard', () =>
    together({ codec: 'opus' }, async (page, alice) => {
      await call(page, alice, 'the page');
      await assertTalking(page, alice);
      await page.evaluate(() => window.phone.press('42#'));
      for (const key of '42#') {
        const event = await alice.event('key');
        assert.deepEqual([event.key, event.by], [key, 'event']);
      }
      await finish(page, alice);
    }));

  test('ICE begins anew in a call', () =>
    together({ codec: 'opus' }, async (page, alice) => {
      await call(page, alice, 'the page');
      await assertTalking(page, alice);
      const before = await page.evaluate(() => window.phone.offered());
      await page.evaluate(() => window.phone.restart());
      await alice.event('media');
      const later = await page.evaluate(() => window.phone.offered());
      const ufrag = (description) => /a=ice-ufrag:(\S+)/.exec(description)[1];
      assert.notEqual(ufrag(later), ufrag(before));
      // Packets go on arriving on the new path, both ways.
      const { received } = await page.evaluate(() => window.phone.statistics());
      await until(page, async (least) => (await window.phone.statistics()).received > least + 50, received);
      await finish(page, alice);
    }));

  test('names in the place of addresses (mDNS) are no obstacle', () =>
    together({ codec: 'opus', voice: 'oscillator' }, async (page, alice) => {
      await call(page, alice, 'the page');
      assert.match(await page.evaluate(() => window.phone.offered()), /a=candidate:\S+ 1 udp \d+ [0-9a-f-]+\.local /);
      await assertTalking(page, alice, OSCILLATOR_HZ);
      await finish(page, alice);
    }, shy));

  for (const caller of ['the page', 'the phone']) {
    test(`through coturn alone, when ${caller} calls`, () =>
      together({ codec: 'opus', iceServers: turn.iceServers, policy: 'relay' }, async (page, alice) => {
        await call(page, alice, caller);
        await assertTalking(page, alice);
        assert.equal((await finish(page, alice)).path, 'relay');
      }));
  }
});
