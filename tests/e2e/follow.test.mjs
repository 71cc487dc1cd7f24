// callwright call --follow: what it prints, and how it goes on when the connection breaks.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { Server, binary, tie, within } from './lib/server.mjs';

const LIMIT = { timeout: 120_000 };
const LIMIT_MS = 20_000;

/** A process and the lines that it prints. */
class Process {
  lines = [];
  errors = [];
  #wake = [];

  constructor(args, env = {}) {
    this.child = tie(spawn(binary(), args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] }));
    this.exited = once(this.child, 'exit').then(([code, signal]) => code ?? signal);
    for (const [stream, lines] of [[this.child.stdout, this.lines], [this.child.stderr, this.errors]]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        this.#wake.splice(0).forEach((wake) => wake());
      });
    }
  }

  /** The first of the lines that `matches`, once it is there. */
  async line(lines, matches) {
    const found = async () => {
      while (!lines.some(matches)) {
        await new Promise((resolve) => this.#wake.push(resolve));
      }
      return lines.find(matches);
    };
    return within(LIMIT_MS, found(), `a line among ${JSON.stringify(lines)} and ${JSON.stringify(this.errors)}`);
  }

  /** The first event of that name. */
  async event(name) {
    return JSON.parse(await this.line(this.lines, (line) => JSON.parse(line).event === name));
  }

  get events() {
    return this.lines.map((line) => JSON.parse(line));
  }

  ended() {
    return within(LIMIT_MS, this.exited, 'end of the process');
  }
}

/** A phone that is registered until it is told to quit. */
class Phone extends Process {
  static async start(user, exchange) {
    const phone = new Phone(['phone', '--account', `${user}@${exchange}`, '--json'], { CALLWRIGHT_PHONE_PASSWORD: `${user}-demo` });
    await phone.line(phone.lines, (line) => /registered/i.test(line));
    return phone;
  }

  async quit() {
    this.child.stdin.end('quit\n');
    await this.ended();
  }
}

/** Passes connections on to a port, and can cut them. */
class Gate {
  #sockets = new Set();
  open = true;

  constructor(port) {
    this.server = createServer((socket) => {
      if (!this.open) {
        socket.destroy();
        return;
      }
      const there = connect(port, '127.0.0.1');
      for (const end of [socket, there]) {
        this.#sockets.add(end);
        end.on('error', () => {}).on('close', () => {
          this.#sockets.delete(end);
          socket.destroy();
          there.destroy();
        });
      }
      socket.pipe(there);
      there.pipe(socket);
    });
  }

  async listen() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this.server.address().port;
  }

  cut() {
    this.open = false;
    this.#sockets.forEach((socket) => socket.destroy());
  }
}

describe('callwright call --follow', LIMIT, () => {
  let server;
  before(async () => {
    server = await Server.start();
  });
  after(async () => {
    assert.equal(await server.stop(), 0, server.output);
  });
  const run = (...args) => spawnSync(binary(), ['call', ...args], { encoding: 'utf8', timeout: 20_000 });

  test('prints a line of JSON for each event, goes on when the connection breaks, and ends with Ctrl-C', async () => {
    const gate = new Gate(new URL(server.callApi).port);
    const url = `ws://127.0.0.1:${await gate.listen()}/call-api`;
    const follow = new Process(['call', 'Subscribe', 'what=registrations', '--follow', '--url', url]);
    const { data } = await follow.event('Subscribed');
    const alice = await Phone.start('alice', server.sip);
    const registered = await follow.event('Registered');
    assert.deepEqual([registered.method, registered.data.user, registered.data.seq > data.seq], ['Subscribe', 'alice', true]);

    gate.cut();
    await follow.line(follow.errors, (line) => /connecting again every second/.test(line));
    const bob = await Phone.start('bob', server.sip);
    gate.open = true;
    await follow.line(follow.errors, (line) => line.includes(`connected again; going on behind event ${registered.data.seq}`));
    await follow.line(follow.lines, (line) => JSON.parse(line).data.user === 'bob');
    await alice.quit();
    await follow.event('Unregistered');
    await bob.quit();
    follow.child.kill('SIGINT');
    assert.equal(await follow.ended(), 0);
    assert.deepEqual(follow.events.slice(0, 4).map(({ event, data: { user } }) => [event, user]),
      [['Subscribed', undefined], ['Registered', 'alice'], ['Registered', 'bob'], ['Unregistered', 'alice']], 'none is lost, none comes twice');
    gate.server.close();
  });

  test('tells a command and then its call, and ends with it', async () => {
    const alice = await Phone.start('alice', server.sip);
    const bob = await Phone.start('bob', server.sip);
    const follow = new Process(['call', 'CallStart', `caller=sip:alice@${server.sip}`, `callee=sip:bob@${server.sip}`, '--follow', '--url', server.callApi]);
    const { data } = await follow.event('CallAnswered');
    assert.equal(run('CallEnd', `callid=${data.callid}`, '--url', server.callApi).status, 0);
    assert.equal(await follow.ended(), 0);
    const events = follow.events.map(({ method, event }) => `${method} ${event}`);
    assert.equal(events[0], 'CallStart CallerAnswered');
    assert.deepEqual(events.slice(events.indexOf('CallStart Ended')),
      ['CallStart Ended', 'Subscribe CallStarted', 'Subscribe CallRinging', 'Subscribe CallAnswered', 'Subscribe CallEnded']);
    await alice.quit();
    await bob.quit();
  });

  test('ends as without it where there is nothing to follow', () => {
    assert.equal(run('Echo', 'a=b', '--follow', '--url', server.callApi).stdout,
      '{"method":"Echo","event":"Reply","data":{"a":"b"}}\n{"method":"Echo","event":"Ended"}\n');
    assert.equal(run('CallEnd', 'callid=nothing', '--follow', '--url', server.callApi).status, 1);
    const unknown = run('CallEndd', '--follow', '--url', server.callApi);
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /Method not found/);
    assert.equal(run('Subscribe', 'what', '--follow', '--url', server.callApi).status, 2);
    assert.equal(run('Subscribe', '--follow', '--url', 'http://h/').status, 2);
    assert.equal(run('Subscribe', '--follow', '--url', 'ws://127.0.0.1:9/call-api').status, 3);
  });

  test('prints coloured lines on a terminal, unless that has none', () => {
    const onTerminal = (env) => spawnSync('script', ['-qec', `'${binary()}' call Echo a=b --follow --url '${server.callApi}'`, '/dev/null'],
      { encoding: 'utf8', timeout: 20_000, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }).stdout;
    assert.equal(onTerminal({}), '\x1b[36mReply\x1b[0m  a=b\r\n\x1b[36mEnded\x1b[0m\r\n');
    assert.equal(onTerminal({ NO_COLOR: '1' }), 'Reply  a=b\r\nEnded\r\n');
  });
});
