// Runs web pages with the SIP libraries of browsers in headless Chromium.
import { X509Certificate, createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from '../../e2e/lib/server.mjs';

// The packages are installed for the end-to-end tests.
const modules = new URL('../../e2e/package.json', import.meta.url);
const require = createRequire(modules);
const esbuild = require('esbuild');
const { chromium } = require('playwright-core');

const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];
/** Pages may use the microphone without a question, and tell addresses of loopback as candidates, not names that nobody here can look up. */
const TRUSTED = ['--use-fake-ui-for-media-stream', '--disable-features=WebRtcHideLocalIpsWithMdns'];
const LIMIT_MS = 20_000;

/** What Chromium calls the public key of this certificate (PEM). */
export function keyOf(certificate) {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

/** Resolves once `predicate` (which may be asynchronous; Playwright's own waiting takes its promise for a yes) is true in the page. */
export async function until(page, predicate, argument) {
  const loop = `(async (argument) => { while (!(await (${predicate})(argument))) await new Promise((again) => setTimeout(again, 20)); })(${JSON.stringify(argument)})`;
  await within(LIMIT_MS, page.evaluate(loop), `in the page it is never true that ${predicate}`);
}

/** Chromium with a web server for its pages. */
export class Browser {
  #context;
  #directory = mkdtempSync(join(tmpdir(), 'callwright-chromium-'));
  #server;

  /**
   * Serves `scripts` ({ name: source }) as pages "/name"; each is bundled with the packages that it imports. Of certificates that no authority known to it
   * has signed it takes those with a public key in `keys` (`keyOf`). `microphone` is a WAV file that its microphone hears over and over; with `names` it
   * tells the other side names (mDNS) in place of its addresses, and lets no page use the microphone.
   */
  static async start(scripts, { keys = [], microphone, names = false } = {}) {
    const browser = new Browser();
    const own = [...(names ? [] : TRUSTED), ...keys.map((key) => `--ignore-certificate-errors-spki-list=${key}`)];
    if (microphone) {
      const file = join(browser.#directory, 'microphone.wav');
      writeFileSync(file, microphone);
      own.push(`--use-file-for-fake-audio-capture=${file}`);
    }
    const bundles = Object.fromEntries(await Promise.all(Object.entries(scripts).map(async ([name, source]) => [name, await bundle(source)])));
    browser.#server = createServer((request, response) => {
      const name = request.url.slice(1).replace(/\.js$/, '');
      response.setHeader('Content-Type', request.url.endsWith('.js') ? 'text/javascript' : 'text/html');
      response.end(request.url.endsWith('.js') ? bundles[name] : `<!doctype html><meta charset="utf-8"><title>${name}</title><script src="/${name}.js"></script>`);
    });
    browser.#server.listen(0, '127.0.0.1');
    await once(browser.#server, 'listening');
    browser.#context = await chromium.launchPersistentContext(join(browser.#directory, 'user'), { executablePath: '/usr/bin/chromium', args: [...ARGUMENTS, ...own], timeout: LIMIT_MS });
    browser.#context.setDefaultTimeout(LIMIT_MS);
    return browser;
  }

  /** A folder of its own, which goes with it. */
  get directory() {
    return this.#directory;
  }

  get origin() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** A page of its own with this script; fails when the page does. */
  async open(name) {
    const page = await this.#context.newPage();
    await page.goto(`${this.origin}/${name}`);
    return page;
  }

  async close() {
    await this.#context?.close();
    this.#server?.close();
    this.#server?.closeAllConnections();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function bundle(contents) {
  const resolveDir = fileURLToPath(new URL('.', modules));
  const { outputFiles } = await esbuild.build({ stdin: { contents, resolveDir }, bundle: true, write: false, format: 'iife', platform: 'browser', define: { global: 'window' } });
  return outputFiles[0].text;
}
