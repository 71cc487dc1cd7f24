// A hundred clients that subscribe to everything, while calls go through the exchange that make so many events a second. Who reads too slowly is closed and goes
// on behind the last event that it got; what it did not get then is lost, unless it is told so. Prints one JSON object a line. CALLWRIGHT_BIN names the binary.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Server, binary, tie, within } from '../tests/e2e/lib/server.mjs';
import { FrameReader, frame, open, report } from './raw_websocket.mjs';

const CLIENTS = 100;
const EVENTS_A_CALL = 4; // Started, ringing, answered, ended: to choose the rate of calls by.
const EVENTS = 10_000;
const SECONDS = 8;
const LIMIT_MS = 120_000;

/** A program of benchmarks/, which prints its port first. */
async function program(name, ...parameters) {
  const child = tie(spawn(join(dirname(binary()), '../../benchmarks', name), parameters.map(String), { stdio: ['pipe', 'pipe', 'inherit'] }));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, lines, port: Number((await within(LIMIT_MS, lines.next(), `${name} does not start`)).value) };
}

class Subscriber {
  #url;
  #socket;
  #feed;
  #latest;
  #waiting;
  received = 0;
  missed = 0;
  closed = 0;

  constructor(url) {
    this.#url = url;
  }

  /** Resolves when the server has said from which event on. */
  async subscribe() {
    this.#socket = await open(this.#url);
    const position = this.#feed === undefined ? {} : { feed: this.#feed, after: this.seq() };
    const subscribed = new Promise((resolve) => {
      const reader = new FrameReader((payload) => this.#take(payload, resolve));
      this.#socket.on('data', (data) => this.#read(reader, data));
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#again());
    this.#socket.write(frame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'Subscribe', params: { cmd_id: 's', ...position } })));
    await subscribed;
  }

  /** Of the latest event that came. */
  seq() {
    return JSON.parse(this.#latest).params.data.seq;
  }

  async until(seq) {
    while (this.seq() < seq) await new Promise((resolve) => (this.#waiting = resolve));
  }

  leave() {
    this.#socket.removeAllListeners('close').destroy();
  }

  #read(reader, data) {
    try {
      reader.push(data);
    } catch {
      this.#socket.destroy(); // The close frame.
      return;
    }
    this.#latest = Buffer.from(this.#latest);
    this.#waiting?.();
  }

  #take(payload, subscribed) {
    if (payload.includes('"event":"Subscribed"')) {
      const { data } = JSON.parse(payload).params;
      this.#feed ??= data.feed;
      this.#latest ??= payload;
      subscribed();
    } else if (payload.includes('"event":"Missed"')) {
      const { from, to } = JSON.parse(payload).params.data;
      this.missed += to - from + 1;
    } else if (payload.includes('"seq":')) {
      this.#latest = payload;
      this.received += 1;
    }
  }

  async #again() {
    this.closed += 1;
    await this.subscribe().catch(() => {}); // The server has ended.
  }
}

const folder = mkdtempSync(join(tmpdir(), 'callwright-bench-'));
const answerer = await program('sip_answerer');
writeFileSync(join(folder, 'callwright.toml'), `[exchange]\ntrusted = ["127.0.0.1"]\n[[routes]]\nuser = "*"\ntarget = "sip:127.0.0.1:${answerer.port}"\n[sip]\nmax_transactions = 2000000\n[log]\nlevel = "warn"\n`);
const server = await Server.start({ args: ['--config', join(folder, 'callwright.toml')] });
try {
  const subscribers = Array.from({ length: CLIENTS }, () => new Subscriber(server.callApi));
  await Promise.all(subscribers.map((subscriber) => subscriber.subscribe()));
  const rate = Math.ceil(EVENTS / EVENTS_A_CALL);
  const begin = performance.now();
  const caller = await program('sip_caller', server.sip.split(':')[1], rate, rate * SECONDS);
  const [, good, , bad] = (await within(LIMIT_MS, caller.lines.next(), 'the calls do not end')).value.split(' ').map(Number);
  const called = (performance.now() - begin) / 1000;
  caller.child.stdin.end();
  const last = new Subscriber(server.callApi); // It hears of the number of the latest event, whatever that is: under load not every call is heard to ring.
  await within(LIMIT_MS, last.subscribe(), 'no answer to Subscribe');
  const expected = last.seq();
  last.leave();
  const all = Promise.all(subscribers.map((subscriber) => subscriber.until(expected)));
  await within(LIMIT_MS, all, `${expected} events, of which each got`).catch((error) => {
    throw new Error(`${error.message}: ${subscribers.map((subscriber) => subscriber.seq())}`);
  });
  const seconds = (performance.now() - begin) / 1000;
  const sum = (what) => subscribers.reduce((total, subscriber) => total + subscriber[what], 0);
  console.log(`${good} calls, ${bad} failed, ${expected} events in ${called.toFixed(1)} s, all delivered after ${seconds.toFixed(1)} s; ${sum('closed')} times a client was closed for reading too slowly`);
  report('events to 100 clients, a second until the last has come', (expected * CLIENTS) / seconds, 'events/s');
  report('events to 100 clients, lost without a word', expected * CLIENTS - sum('received') - sum('missed'), 'events', { max: 0 });
  report('events to 100 clients, told of as missed', sum('missed'), 'events');
  subscribers.forEach((subscriber) => subscriber.leave());
} finally {
  await server.stop();
  answerer.child.stdin.end();
  await within(LIMIT_MS, once(answerer.child, 'exit'), 'sip_answerer does not end');
  rmSync(folder, { recursive: true });
}
