// JsSIP and SIP.js in headless Chromium against the built binary: signalling over WebSocket, and media that the browsers agree on by themselves.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Browser, until } from './lib/browser.mjs';
import { Phone } from './lib/phone.mjs';
import { JSSIP, SIPJS } from './lib/web_phones.mjs';

let browser;
let server;

/** Resolves when the page has noted `event`, which is given once. */
async function heard(page, event) {
  try {
    await page.waitForFunction(
      (wanted) => {
        const index = window.phone.events.indexOf(wanted);
        if (index >= 0) window.phone.events.splice(index, 1);
        return index >= 0;
      },
      event,
      { polling: 20 },
    );
  } catch (error) {
    error.message += `\nwanted: ${event}; there were: ${await page.evaluate(() => window.phone.events.join(', '))}`;
    throw error;
  }
}

async function registered(library, user, password = `${user}-demo`) {
  const page = await browser.open(library);
  await page.evaluate((account) => window.phone.register(account), { url: `ws://${server.transports.ws}`, user, password, domain: server.sip });
  return page;
}

async function leave(page) {
  await page.evaluate(() => window.phone.leave());
  await heard(page, 'unregistered');
  await page.close();
}

describe('web phones', () => {
  before(async () => {
    browser = await Browser.start({ jssip: JSSIP, sipjs: SIPJS });
    const config = join(browser.directory, 'callwright.toml');
    writeFileSync(config, `[sip]\nallowed_origins = ["${browser.origin}"]\n[[listeners]]\ntransport = "ws"\naddress = "127.0.0.1:0"\n`);
    server = await Server.start({ args: ['--config', config], env: { CALLWRIGHT_SIP_T1_MS: '100' } });
  });
  after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0);
  });

  for (const library of ['jssip', 'sipjs']) {
    test(`${library} is refused with a wrong password`, async () => {
      const page = await registered(library, 'bob', 'wrong');
      await page.waitForFunction(() => window.phone.events.some((event) => event.startsWith('refused')));
      await page.close();
    });

    test(`${library} is called by a phone on UDP and calls it, through the exchange, which speaks DTLS and ICE with the one and neither with the other`, async () => {
      const page = await registered(library, 'bob');
      await heard(page, 'registered');
      const alice = await Phone.connect('udp', server.sip, { user: 'alice', password: 'alice-demo', domain: server.sip });
      assert.equal((await alice.register()).status, 200);
      const call = await alice.call('bob');
      const answer = await call.final();
      assert.equal(answer.status, 200);
      assert.match(answer.body, /m=audio \d+ RTP\/AVP 0\r\n/);
      await heard(page, 'media connected');
      assert.equal((await call.hangUp()).status, 200);
      await heard(page, 'ended remote');
      await page.evaluate(() => window.phone.events.splice(0));
      await page.evaluate(() => window.phone.call('alice'));
      const into = await alice.incoming();
      assert.match(into.invite.body, /m=audio \d+ RTP\/AVP /);
      await into.answer();
      await heard(page, 'media connected');
      assert.equal((await into.hangUp()).status, 200);
      alice.close();
      await leave(page);
    });
  }

  for (const [from, to] of [['jssip', 'sipjs'], ['sipjs', 'jssip'], ['jssip', 'jssip']]) {
    test(`${from} calls ${to}, media flow, and either hangs up`, async () => {
      const alice = await registered(from, 'alice');
      const bob = await registered(to, 'bob');
      await heard(alice, 'registered');
      await heard(bob, 'registered');
      for (const [one, other] of [[alice, bob], [bob, alice]]) {
        await alice.evaluate(() => window.phone.call('bob'));
        await heard(bob, 'incoming alice');
        await heard(alice, 'accepted');
        for (const page of [alice, bob]) {
          await heard(page, 'media connected');
          await until(page, async () => (await window.phone.received()) > 0);
        }
        await one.evaluate(() => window.phone.digit('5'));
        await other.waitForFunction(() => window.phone.events.some((event) => /^(info|dtmf).*5/.test(event)), undefined, { polling: 20 });
        await one.evaluate(() => window.phone.hangUp());
        await heard(other, 'ended remote');
        await heard(one, 'ended local');
        for (const page of [alice, bob]) await page.evaluate(() => window.phone.events.splice(0));
      }
      await leave(alice);
      await leave(bob);
    });
  }

  test('jssip hands its call with sipjs over to another jssip, after it has talked to that one', async () => {
    const alice = await registered('jssip', 'alice');
    const bob = await registered('sipjs', 'bob');
    const carol = await registered('jssip', 'carol');
    for (const [user, page] of [['bob', bob], ['carol', carol]]) {
      await heard(page, 'registered');
      await alice.evaluate((callee) => window.phone.call(callee), user);
      await heard(page, 'incoming alice');
      await heard(alice, 'confirmed');
      await heard(page, 'media connected');
    }
    await bob.evaluate(() => window.phone.events.splice(0));
    await alice.evaluate(() => window.phone.transfer());
    await heard(alice, 'transferring');
    await heard(bob, 'accepted');
    await heard(alice, 'ended remote');
    await heard(bob, 'media connected');
    // Bob's connection is a new one, and what he hears on it is carol.
    await until(bob, async () => (await window.phone.received()) > 0);
    await carol.evaluate(() => window.phone.hangUp());
    await heard(bob, 'ended remote');
    for (const page of [alice, bob, carol]) {
      await leave(page);
    }
  });
});
