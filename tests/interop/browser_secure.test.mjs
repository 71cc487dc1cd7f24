// JsSIP and SIP.js in headless Chromium over secure WebSocket: what a web phone has to use from any page that is not on this machine.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Browser, keyOf, until } from './lib/browser.mjs';
import { Authority } from './lib/certificates.mjs';
import { JSSIP, SIPJS } from './lib/web_phones.mjs';

let authority;
let browser;
let server;

/** Resolves when the page has noted `event`. */
async function heard(page, event) {
  await page.waitForFunction((wanted) => window.phone.events.includes(wanted), event, { polling: 20 }).catch(async (error) => {
    error.message += `\nwanted: ${event}; there were: ${await page.evaluate(() => window.phone.events.join(', '))}`;
    throw error;
  });
}

async function registered(library, user) {
  const page = await browser.open(library);
  await page.evaluate((account) => window.phone.register(account), { url: `wss://${server.transports.wss}`, user, password: `${user}-demo`, domain: server.sip });
  await heard(page, 'registered');
  return page;
}

describe('web phones over secure WebSocket', () => {
  before(async () => {
    authority = new Authority();
    const { chain, key } = authority.issue('IP:127.0.0.1');
    browser = await Browser.start({ jssip: JSSIP, sipjs: SIPJS }, { keys: [keyOf(readFileSync(chain))] });
    const config = join(authority.directory, 'callwright.toml');
    writeFileSync(config, `[sip]\nallowed_origins = ["${browser.origin}"]\n[[listeners]]\ntransport = "wss"\naddress = "127.0.0.1:0"\n[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    server = await Server.start({ args: ['--config', config] });
  });
  after(async () => {
    await browser?.close();
    authority.remove();
    assert.equal(await server?.stop(), 0);
  });

  for (const [from, to] of [['jssip', 'sipjs'], ['sipjs', 'jssip']]) {
    test(`${from} calls ${to}, media flow, the other hangs up`, async () => {
      const alice = await registered(from, 'alice');
      const bob = await registered(to, 'bob');
      await alice.evaluate(() => window.phone.call('bob'));
      await heard(bob, 'incoming alice');
      for (const page of [alice, bob]) {
        await heard(page, 'media connected');
        await until(page, async () => (await window.phone.received()) > 0);
      }
      await bob.evaluate(() => window.phone.hangUp());
      await heard(alice, 'ended remote');
      for (const page of [alice, bob]) {
        await page.evaluate(() => window.phone.leave());
        await heard(page, 'unregistered');
        await page.close();
      }
    });
  }

  test('with another certificate the browser does not connect', async () => {
    authority.issue('IP:127.0.0.1');
    await server.reloadCertificates();
    const page = await browser.open('jssip');
    const outcome = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url, 'sip');
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      `wss://${server.transports.wss}`,
    );
    assert.equal(outcome, 'refused');
    await page.close();
  });
});
