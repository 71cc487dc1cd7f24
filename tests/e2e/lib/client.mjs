// A WebSocket client that keeps what it receives until a test asks for it.
import { once } from 'node:events';
import WebSocket from 'ws';
import { within } from './server.mjs';

export { WebSocket };

const LIMIT_MS = 20_000;

export class Client {
  #socket;
  #texts = [];
  #waiting = [];
  #closed;

  static async connect(url, options = {}) {
    const client = new Client(url, options);
    await within(LIMIT_MS, once(client.#socket, 'open'), `connect to ${url}`);
    return client;
  }

  /** Resolves with the HTTP status when the server refuses the handshake. */
  static async refusal(url, options = {}) {
    const socket = new WebSocket(url, options);
    const status = new Promise((resolve, reject) => {
      socket.once('unexpected-response', (_request, response) => {
        response.resume();
        resolve(response.statusCode);
      });
      socket.once('open', () => reject(new Error('the handshake succeeded')));
    });
    socket.on('error', () => {});
    return within(LIMIT_MS, status, `refusal of ${url}`).finally(() => socket.terminate());
  }

  constructor(url, options) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.#socket.on('message', (data) => {
      this.#texts.push(data.toString());
      this.#wake();
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.#closed.then(() => this.#wake());
  }

  /** A string or Buffer goes as it is, anything else as JSON. */
  send(message) {
    this.#socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  request(method, params, id = 1) {
    this.send({ jsonrpc: '2.0', id, method, params });
  }

  /** The next message as text. */
  async text() {
    while (this.#texts.length === 0) {
      if (this.#socket.readyState >= WebSocket.CLOSING) {
        throw new Error('the connection has ended');
      }
      await within(LIMIT_MS, new Promise((resolve) => this.#waiting.push(resolve)), 'next message');
    }
    return this.#texts.shift();
  }

  /** The next message, parsed. */
  async next() {
    return JSON.parse(await this.text());
  }

  /** The next `count` messages, parsed. */
  async take(count) {
    const messages = [];
    while (messages.length < count) {
      messages.push(await this.next());
    }
    return messages;
  }

  /** The messages up to the `Ended` of this command, or up to an error answer. */
  async untilEnded() {
    const messages = [];
    while (true) {
      const message = await this.next();
      messages.push(message);
      if (message.error || message.params?.event === 'Ended') {
        return messages;
      }
    }
  }

  /** Messages received and not asked for yet. */
  get waiting() {
    return this.#texts.length;
  }

  /** Closes in good order; gives the close code. */
  async close() {
    this.#socket.close(1000);
    return (await within(LIMIT_MS, this.#closed, 'close')).code;
  }

  /** Cuts the connection. */
  async terminate() {
    this.#socket.terminate();
    await within(LIMIT_MS, this.#closed, 'terminate');
  }

  /** Resolves with code and reason when the server has closed. */
  closedByServer() {
    return within(LIMIT_MS, this.#closed, 'close by the server');
  }

  ping(payload) {
    const pong = once(this.#socket, 'pong');
    this.#socket.ping(payload);
    return within(LIMIT_MS, pong, 'pong').then(([data]) => data.toString());
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }
}
