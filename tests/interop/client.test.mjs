// The JavaScript client of clients/js, at the built binary and phones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { CallApi, CallError } from '../../clients/js/callwright.mjs';
import { types } from '../../clients/js/types.mjs';
import { WebSocket } from '../e2e/lib/client.mjs';
import { Server, within } from '../e2e/lib/server.mjs';
import { Baresip } from './lib/baresip.mjs';
import { Phone } from './lib/phone.mjs';

const LIMIT_MS = 20_000;

let server;
let alice;
let bob;
let api;

/** The next event of an iterator. */
async function next(iterator) {
  const { value, done } = await within(LIMIT_MS, iterator.next(), 'next event');
  assert.equal(done, false);
  return value;
}

describe('the JavaScript client', () => {
  before(async () => {
    server = await Server.start();
    alice = await Baresip.start('alice', 'alice-demo', server.sip);
    bob = await Baresip.start('bob', 'bob-demo', server.sip);
    api = await CallApi.connect(server.callApi, { WebSocket });
  });
  after(async () => {
    api?.close();
    await alice?.stop();
    await bob?.stop();
    assert.equal(await server?.stop(), 0);
  });

  test('starts a call, holds it, hangs it up, and hears of it all', async () => {
    const events = api.subscribe({ what: 'calls' })[Symbol.asyncIterator]();
    const callid = await api.start(`sip:alice@${server.sip}`, `sip:bob@${server.sip}`);
    const held = await api.command('CallHold', { callid }).done;
    assert.equal(held[0].event, 'CallHolding');
    assert.deepEqual((await api.call(callid)).held, ['caller', 'callee']);
    assert.equal((await api.calls()).total, 1);
    await api.command('CallEnd', { callid }).done;
    const seen = [];
    while (!(seen.at(-1)?.event === 'CallEnded' && seen.at(-1).data.callid === callid)) {
      seen.push(await next(events));
    }
    assert.deepEqual(
      seen.filter(({ data }) => data.callid === callid).map(({ event }) => event),
      ['CallStarted', 'CallRinging', 'CallAnswered', 'CallHeld', 'CallEnded'],
    );
    assert.deepEqual((await api.registrations()).registrations.map(({ user }) => user), ['alice', 'bob']);
    assert.deepEqual(await events.return(), { value: undefined, done: true });
  });

  test('tells why a command failed, was refused, or was cancelled', async () => {
    const failed = api.command('CallHold', { callid: 'nothing' });
    await assert.rejects(failed.done, (error) => error instanceof CallError && error.message === '404 Dialog not found');
    await assert.rejects(api.command('CallHold', {}).done, (error) => error.code === -32602 && error.message === 'callid not specified');
    await assert.rejects(api.command('CallHolt', {}).done, (error) => error.code === -32601);
    const carol = await Phone.connect('udp', server.sip, { user: 'carol', password: 'carol-demo', domain: server.sip });
    try {
      assert.equal((await carol.register()).status, 200);
      const patient = api.command('CallStart', { caller: `sip:carol@${server.sip}`, callee: `sip:bob@${server.sip}` });
      await carol.incoming();
      await patient.cancel();
      await assert.rejects(patient.done, /the command was cancelled/);
    } finally {
      carol.close();
    }
    const seen = [];
    await assert.rejects(async () => {
      for await (const { event } of api.command('CallInfo', { callid: 'nothing' })) {
        seen.push(event);
      }
    }, /404/);
    assert.deepEqual(seen, []);
  });

  test('goes on where it was after the connection was lost', async () => {
    const sockets = [];
    class Remembered extends WebSocket {
      constructor(...args) {
        super(...args);
        sockets.push(this);
      }
    }
    const other = await CallApi.connect(server.callApi, { WebSocket: Remembered, reconnect_ms: 20 });
    try {
      const events = other.subscribe({ what: 'calls', user: 'bob' })[Symbol.asyncIterator]();
      const callid = await other.start(`sip:alice@${server.sip}`, `sip:bob@${server.sip}`);
      sockets[0].terminate();
      await api.command('CallEnd', { callid }).done;
      const seen = [];
      while (seen.at(-1) !== 'CallEnded') {
        const { event, data } = await next(events);
        seen.push(...(data.callid === callid ? [event] : []));
      }
      assert.deepEqual(seen, ['CallStarted', 'CallRinging', 'CallAnswered', 'CallEnded'], 'none is lost, none comes twice');
      assert.equal(sockets.length, 2);
      other.close();
      assert.equal((await events.next()).done, true);
      await assert.rejects(other.command('Echo', {}).done, /not connected/);
    } finally {
      other.close();
    }
  });

  test('says so when nobody is there, or the platform has no WebSocket', async () => {
    await assert.rejects(CallApi.connect('ws://127.0.0.1:9/call-api', { WebSocket }), /no connection to ws:\/\/127.0.0.1:9\/call-api/);
    await assert.rejects(CallApi.connect(server.callApi, { WebSocket: null }), /this platform has no WebSocket/);
  });

  test('has types that fit the server', async () => {
    const document = await (await fetch(`${server.http}/call-api/openrpc.json`)).json();
    assert.equal(readFileSync(new URL('../../clients/js/methods.d.ts', import.meta.url), 'utf8'), types(document), 'run clients/js/types.mjs');
  });
});
