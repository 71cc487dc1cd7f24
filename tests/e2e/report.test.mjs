// The HTML report of a test run, in a browser, from a file and without a network.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { exampleRun, pageOf } from './lib/report_page.mjs';

const ARGUMENTS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const folder = mkdtempSync(join(tmpdir(), 'callwright-report-'));
const address = pathToFileURL(join(folder, 'report.html')).href;
let browser;

/** A page of the report; fails when its script does, or when it asks for anything else. */
async function open(hash = '', { width = 1440, height = 900, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('request', (request) => request.url().startsWith('http') && page.problems.push(request.url()));
  await page.goto(`${address}${hash}`);
  return page;
}

async function close(page) {
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
/** A click changes the address, and what is shown follows that a moment later. */
const shown = (page, selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor();
/** Of pictures, whose elements have no inner text. */
const drawn = (page, selector) => page.locator(selector).allTextContents();

describe('the report of a test run', () => {
  before(async () => {
    writeFileSync(join(folder, 'report.html'), pageOf(exampleRun()));
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS, timeout: 20_000 });
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('opens at the first failure, with expected, actual and how the agents were', async () => {
    const page = await open();
    assert.deepEqual(await texts(page, '.counts span'), ['✗ 2 failed', '~ 1 flaky', '✓ 2 passed', '⊘ 1 skipped']);
    assert.match(await page.locator('#detail h2').innerText(), /<img src=x onerror=alert\(1\)> a busy phone/);
    assert.deepEqual(await texts(page, '.failure dd'), ['A status code: equals 486', '200']);
    assert.deepEqual(await texts(page, '.agents tbody tr:nth-child(2) > *'), ['B', 'not registered', 'idle', '0', '486 Busy Here']);
    assert.match(await page.locator('.step.bad').last().innerText(), /1\.502[\s\S]*A status code: expect equals 486 — was 200/);
    assert.equal(await page.locator('img').count(), 0);
    await close(page);
  });

  test('filters by status, tag and words', async () => {
    const page = await open();
    const names = () => texts(page, '.row .name');
    assert.equal((await names()).length, 6);
    await page.locator('.chips .flaky').click();
    assert.deepEqual(await names(), ['sometimes late']);
    await page.locator('.chips button').first().click();
    await page.getByLabel('Tag').selectOption('smoke');
    assert.equal((await names()).length, 2);
    await page.getByLabel('Tag').selectOption('');
    await page.keyboard.press('/');
    await page.keyboard.type('crash goes');
    assert.deepEqual(await names(), ['goes on']);
    await page.keyboard.type(' nowhere');
    assert.equal(await page.locator('.groups .nothing').innerText(), 'No scenario matches.');
    await close(page);
  });

  test('draws SIP messages between agents and hosts, shows each, and the difference of two', async () => {
    const page = await open('#1//sip');
    assert.deepEqual(await drawn(page, '.ladder .lane-name'), ['A', '192.0.2.10:5060', 'B']);
    assert.equal(await page.locator('.message-row').count(), 10);
    await page.locator('.message-row').first().focus();
    await page.keyboard.press('Enter');
    assert.match(await page.locator('pre.message').innerText(), /^INVITE sip:bob@example\.com SIP\/2\.0\nVia:/);
    await page.getByText('Compare with another message').click();
    await page.locator('.message-row').nth(6).click();
    assert.deepEqual((await texts(page, '.diff .gone')).map((line) => line.trim()), ['- INVITE sip:bob@example.com SIP/2.0']);
    assert.deepEqual((await texts(page, '.diff .new')).map((line) => line.trim()), ['+ SIP/2.0 200 OK']);
    await close(page);
  });

  test('shows media over time, what was measured, recordings and files', async () => {
    const page = await open('#0//media');
    assert.deepEqual(await drawn(page, '.span.tone text'), ['440 Hz']);
    assert.equal(await page.locator('.span.gap').count(), 1);
    assert.deepEqual(await drawn(page, '.timeline .key text'), ['5', '#']);
    await page.keyboard.press('Tab');
    await page.getByRole('tab', { name: 'Media' }).focus();
    await page.keyboard.press('ArrowRight');
    await shown(page, '.plot figcaption', 'Round trip');
    assert.deepEqual(await texts(page, '.plot figcaption'), ['MOS', 'Jitter', 'Packet loss', 'Round trip']);
    await page.keyboard.press('ArrowRight');
    await page.locator('.waveform .wave').waitFor({ state: 'attached' });
    assert.match(await page.locator('.recordings').innerText(), /A: gone\.wav\s+The file is not there any more\./);
    await page.waitForFunction(() => document.querySelector('audio').readyState > 0);
    await page.getByRole('tab', { name: 'Files' }).click();
    assert.equal(await page.locator('.files a[download="a.pcap"]').getAttribute('href'), 'data:application/vnd.tcpdump.pcap;base64,1MOyoQ==');
    await close(page);
  });

  test('shows each attempt of a flaky scenario, a crash, and a file that is a test itself', async () => {
    const page = await open('#2');
    await page.getByText('✗ Attempt 1').click();
    await shown(page, '.failure .error', /^not satisfied within 200ms$/);
    await page.getByRole('tab', { name: 'Log' }).click();
    await shown(page, '.level-warn', 'first');
    await page.getByText('goes on').click();
    await shown(page, '.failure .error', /^crashed: SIGSEGV \(Segmentation fault\)$/);
    await page.getByText('registers.test').last().click();
    await shown(page, '.step', 'one');
    await close(page);
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`fits a small screen, ${colorScheme}`, async () => {
      const page = await open('', { width: 360, height: 740, colorScheme });
      for (const hash of ['', '#1', '#1//sip', '#1//media', '#0//quality', '#0//recordings', '#0//log', '#0//files', '#3']) {
        await page.goto(`${address}${hash}`);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, `too wide at ${hash}`);
      }
      await page.goto(address);
      await page.locator('.row').first().click();
      await page.locator('#list').waitFor({ state: 'hidden' });
      await page.locator('.back').click();
      await page.locator('#list').waitFor({ state: 'visible' });
      await close(page);
    });
  }
});
