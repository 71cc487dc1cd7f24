// What the acceptance checks have in common whatever carries out the commands: clients, calls, and the order of messages.
import assert from 'node:assert/strict';
import { Client } from './client.mjs';
import { Server } from './server.mjs';

/** Short, so that what never happens is soon given up. */
export const TIMES = {
  CALLWRIGHT_EXCHANGE_RING_TIMEOUT_MS: '2000',
  CALLWRIGHT_CALL_API_REFER_TIMEOUT_MS: '1000',
  CALLWRIGHT_CALL_API_TRANSFER_TIMEOUT_MS: '1500',
  CALLWRIGHT_SERVER_GRACE_MS: '100',
};

/** Of each message what it is called; of an error, its text. */
export const told = (messages) =>
  messages.map(({ error, result, params }) => (error ? `refused: ${error.message}` : params?.event === 'Error' ? params.data : (result ?? params).event));

/** Fails unless these are the messages, in this order; "TransferPending*" stands for any number of them, none included. */
export function inOrder(messages, expected) {
  const names = told(messages);
  const left = [...names];
  for (const name of expected) {
    if (name === 'TransferPending*') {
      while (left[0] === 'TransferPending') {
        left.shift();
      }
    } else if (name instanceof RegExp ? name.test(left[0] ?? '') : left[0] === name) {
      left.shift();
    } else {
      assert.fail(`${names.join(', ')}\nis not\n${expected.join(', ')}`);
    }
  }
  assert.deepEqual(left, [], `behind ${expected.at(-1)} nothing may come`);
}

/** The data of the one event with this name. */
export function dataOf(messages, event) {
  const found = messages.filter(({ params }) => params?.event === event);
  assert.equal(found.length, 1, `${event} once in ${told(messages)}`);
  return found[0].params.data;
}

export const STARTED_WELL = ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'TransferPending*', 'CalleeAnswered', 'Ended'];
export const TRANSFERRED = ['Started', 'Transferring', 'TransferStart', 'TransferPending*', 'TransferSuccessful', 'Ended'];

/** A server with one client; `Exchange`, `OpenSips` and `Proxied` say what stands behind it. */
export class World {
  /** Whether a command can hold one party of a call and not the other. */
  holdsOneParty = true;
  /** Who transfers whom to whom, where one call takes the place of another. */
  transferring = ['alice', 'bob', 'carol'];
  server;
  client;
  #clients = [];
  #calls = 0;

  async serve(options) {
    this.server = await Server.start(options);
  }

  async open() {
    this.client = await this.another();
  }

  /** One more client, which goes with the world. */
  async another() {
    const client = await Client.connect(this.server.callApi);
    this.#clients.push(client);
    return client;
  }

  async close() {
    for (const client of this.#clients) {
      await client.terminate();
    }
    if (this.server) {
      assert.equal(await this.server.stop(), 0, this.server.output);
    }
  }

  /** Runs a command; gives all its messages. */
  async run(method, params, client = this.client) {
    client.request(method, params);
    return client.untilEnded();
  }

  /** A name for a command, and so the Call-ID of a first leg. */
  fresh() {
    this.#calls += 1;
    return `check-${this.#calls}`;
  }

  start(caller, callee, others = {}, client = this.client) {
    return this.run('CallStart', { caller: this.uri(caller), callee: this.uri(callee), ...others }, client);
  }

  /** Connects the two; gives the Call-ID of their call. */
  async connect(caller, callee) {
    const mark = await this.mark();
    const cmdId = this.fresh();
    const messages = await this.start(caller, callee, { cmd_id: cmdId });
    inOrder(messages, STARTED_WELL);
    await this.expectHungUp(mark, cmdId);
    return dataOf(messages, 'TransferStart').callid;
  }

  async end(callid) {
    inOrder(await this.run('CallEnd', { callid }), ['Started', 'Ended']);
  }

  async hangUpAll() {
    for (const { callid } of await this.listed()) {
      await this.run('CallEnd', { callid });
    }
  }

  /** What CallInfo tells of a call. */
  async info(callid) {
    return dataOf(await this.run('CallInfo', { callid }), 'Reply');
  }

  /** What CallList tells of all calls that there are. */
  async listed() {
    return dataOf(await this.run('CallList', {}), 'Reply').calls;
  }

  /** The same once there are so many: the end of a first leg may be known a moment after that of its command. */
  async untilListed(count) {
    let calls = await this.listed();
    for (let attempt = 0; calls.length !== count && attempt < 2000; attempt += 1) {
      calls = await this.listed();
    }
    assert.equal(calls.length, count, JSON.stringify(calls));
    return calls;
  }
}
