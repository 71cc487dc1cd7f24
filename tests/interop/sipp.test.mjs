// The built binary against SIPp as caller and as answerer.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from '../e2e/lib/client.mjs';
import { Server } from '../e2e/lib/server.mjs';
import { Sipp } from './lib/sipp.mjs';

const ALICE = { service: 'alice', password: 'alice-demo' };

let server;
const phones = [];

/** A phone that is registered as `user` and plays `scenario` when called. */
async function phone(user, scenario, transport) {
  const callee = await Sipp.start(scenario, { service: user, transport });
  phones.push(callee);
  await Sipp.run('register', { remote: server.sip, service: user, password: `${user}-demo`, keys: { contact: callee.contact } });
  return callee;
}

/** Removes the bindings that a test left, so that the next one finds only its own phone. */
async function unregister(user) {
  await Sipp.run('unregister', { remote: server.sip, service: user, password: `${user}-demo` });
}

async function call(scenario, callee) {
  await Sipp.run(scenario, { remote: server.sip, ...ALICE, keys: { callee } });
}

function events(messages) {
  return messages.map((message) => message.result?.event ?? message.params?.event ?? `error ${message.error.code}`);
}

describe('SIPp', () => {
  before(async () => {
    server = await Server.start({ env: { CALLWRIGHT_SIP_T1_MS: '100' } });
  });
  after(async () => {
    phones.forEach((one) => one.kill());
    assert.equal(await server.stop(), 0);
  });

  test('registers with digest', async () => {
    await Sipp.run('register', { remote: server.sip, ...ALICE, keys: { contact: '127.0.0.1:9' } });
    await unregister('alice');
  });

  test('is refused with 403 when the password is wrong', async () => {
    await Sipp.run('register_refused', { remote: server.sip, service: 'alice', password: 'wrong', keys: { contact: '127.0.0.1:9' } });
  });

  test('calls another phone, talks and hangs up', async () => {
    const bob = await phone('bob', 'callee');
    await call('caller', 'bob');
    await bob.succeeded();
    await unregister('bob');
  });

  test('calls over TCP a phone on UDP', async () => {
    const bob = await phone('bob', 'callee');
    await Sipp.run('caller', { remote: server.sip, ...ALICE, keys: { callee: 'bob' }, transport: 't1' });
    await bob.succeeded();
    await unregister('bob');
  });

  test('hears 486 from a busy phone', async () => {
    const bob = await phone('bob', 'callee_busy');
    await call('caller_busy', 'bob');
    await bob.succeeded();
    await unregister('bob');
  });

  test('hears 404 when nobody is registered', async () => {
    await call('caller_not_found', 'carol');
  });

  test('cancels while the other phone rings', async () => {
    const bob = await phone('bob', 'callee_cancelled');
    await call('caller_cancels', 'bob');
    await bob.succeeded();
    await unregister('bob');
  });

  test('gets its INVITE repeated until it answers', async () => {
    const bob = await phone('bob', 'callee_slow');
    await call('caller', 'bob');
    await bob.succeeded();
    assert.ok(bob.repeated('INVITE') >= 2, 'the INVITE was not repeated');
    await unregister('bob');
  });

  test('that sends no ACK gets the 200 again, then BYE, and so does the other phone', async () => {
    const bob = await phone('bob', 'callee');
    const alice = await Sipp.run('caller_no_ack', { remote: server.sip, ...ALICE, keys: { callee: 'bob' } });
    assert.ok(alice.repeated('200') >= 3, 'the 200 was not repeated');
    await bob.succeeded();
    await unregister('bob');
  });

  test('as a phone that refuses REFER is connected by third-party call control, and hung up by CallEnd', async () => {
    const alice = await Sipp.start('phone_without_refer');
    const bob = await Sipp.start('callee');
    phones.push(alice, bob);
    const client = await Client.connect(server.callApi);
    client.request('CallStart', { caller: alice.uri, callee: bob.uri, cmd_id: 'third-party-1' });
    const messages = await client.untilEnded();
    assert.deepEqual(
      events(messages).filter((event) => event !== 'TransferPending'),
      ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'CalleeAnswered', 'Ended'],
    );
    const { callid } = messages.find((message) => message.params?.event === 'TransferStart').params.data;
    client.request('CallEnd', { callid }, 2);
    assert.deepEqual(events(await client.untilEnded()), ['Started', 'Ended']);
    await alice.succeeded();
    await bob.succeeded();
    await client.close();
  });

  test('as a busy callee ends CallStart with 486, and the first leg is hung up', async () => {
    const alice = await Sipp.start('phone_without_refer_hung_up');
    const bob = await Sipp.start('callee_busy');
    phones.push(alice, bob);
    const client = await Client.connect(server.callApi);
    client.request('CallStart', { caller: alice.uri, callee: bob.uri });
    const messages = await client.untilEnded();
    const error = messages.find((message) => message.params?.event === 'Error');
    assert.match(error.params.data, /486 Busy Here/);
    assert.equal(messages.at(-1).params.event, 'Ended');
    await alice.succeeded();
    await bob.succeeded();
    await client.close();
  });

  test('as a busy caller ends CallStart with 486 and no REFER', async () => {
    const alice = await Sipp.start('callee_busy');
    phones.push(alice);
    const client = await Client.connect(server.callApi);
    client.request('CallStart', { caller: alice.uri, callee: 'sip:bob@127.0.0.1' });
    const messages = await client.untilEnded();
    assert.deepEqual(events(messages), ['Started', 'Error', 'Ended']);
    assert.equal(messages[1].params.data, 'failed to establish initial call: 486 Busy Here');
    await alice.succeeded();
    await client.close();
  });
});
