// A web server that takes call records, or alerts, as docs/records.md tells its readers to: what it checks signatures with is the example there.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createRequire } from 'node:module';
import { within } from './server.mjs';

const LIMIT_MS = 20_000;

/** The function that docs/records.md shows. */
function documented() {
  const text = readFileSync(new URL('../../../docs/records.md', import.meta.url), 'utf8');
  const [, block] = /```js\n([\s\S]*?)\nconst secret =/.exec(text);
  return new Function('require', `${block}\nreturn isFromCallwright;`)(createRequire(import.meta.url));
}

export const isFromCallwright = documented();

export class Receiver {
  #server;
  #waiting = [];
  /** All requests so far: { path, id, genuine, record, status }. */
  requests = [];
  url;

  /** `answers` are the statuses of the first requests, 200 follows; `tls` is { cert, key }, `redirect` where a 3xx leads. */
  static async start(secret, { answers = [], tls, redirect } = {}) {
    const receiver = new Receiver();
    const take = (request, response) => receiver.#take(request, response, { secret, answers, redirect });
    receiver.#server = tls ? createSecureServer(tls, take) : createServer(take);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    receiver.url = `${tls ? 'https' : 'http'}://127.0.0.1:${receiver.#server.address().port}/calls`;
    return receiver;
  }

  /** Resolves when so many requests have come, or when `wanted` is true of one of them. */
  async until(wanted) {
    const there = () => (typeof wanted === 'number' ? this.requests.length >= wanted : this.requests.some(wanted));
    const done = async () => {
      while (!there()) {
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    await within(LIMIT_MS, done(), `requests to the receiver, of which ${this.requests.length} came`);
    return this.requests;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request, response, { secret, answers, redirect }) {
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    const body = Buffer.concat(parts);
    const status = answers[this.requests.length] ?? 200;
    this.requests.push({
      path: request.url,
      id: request.headers['x-callwright-record'] ?? request.headers['x-callwright-alert'],
      type: request.headers['content-type'],
      genuine: 'x-callwright-signature' in request.headers && isFromCallwright(secret, request.headers['x-callwright-signature'], body),
      record: JSON.parse(body),
      status,
    });
    response.writeHead(status, redirect ? { Location: redirect } : {}).end('thank you');
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}
