// Many commands and many clients at once, with SIPp as the phones.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from '../e2e/lib/client.mjs';
import { Server } from '../e2e/lib/server.mjs';
import { Sipp } from './lib/sipp.mjs';

let server;
const phones = [];

async function phone(scenario, count) {
  const sipp = await Sipp.start(scenario, { count });
  phones.push(sipp);
  return sipp;
}

/** What a command reported, by cmd_id, in order; TransferPending left out. */
function byCommand(messages) {
  const commands = new Map();
  for (const message of messages) {
    const body = message.result ?? message.params;
    const events = commands.get(body.cmd_id) ?? [];
    if (body.event !== 'TransferPending') {
      events.push(body);
    }
    commands.set(body.cmd_id, events);
  }
  return commands;
}

/** Messages until `count` commands have ended. */
async function untilAllEnded(client, count) {
  const messages = [];
  for (let ended = 0; ended < count;) {
    const message = await client.next();
    messages.push(message);
    ended += message.params?.event === 'Ended' ? 1 : 0;
  }
  return messages;
}

/** Starts `count` calls at once, checks the events of each, and hangs all up. */
async function startAndEnd(client, prefix, count, alice, bob) {
  for (let index = 0; index < count; ++index) {
    client.request('CallStart', { caller: alice.uri, callee: bob.uri, cmd_id: `${prefix}-${index}` }, index);
  }
  const commands = byCommand(await untilAllEnded(client, count));
  assert.equal(commands.size, count);
  for (const events of commands.values()) {
    assert.deepEqual(
      events.map((body) => body.event),
      ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'CalleeAnswered', 'Ended'],
    );
    const { callid } = events.find((body) => body.event === 'TransferStart').data;
    client.request('CallEnd', { callid }, callid);
  }
  for (const events of byCommand(await untilAllEnded(client, count)).values()) {
    assert.deepEqual(
      events.map((body) => body.event),
      ['Started', 'Ended'],
    );
  }
}

describe('load', () => {
  before(async () => {
    server = await Server.start();
  });
  after(async () => {
    phones.forEach((one) => one.kill());
    assert.equal(await server.stop(), 0);
  });

  test('two CallStart at once on one connection end right', async () => {
    const alice = await phone('phone_without_refer', 2);
    const bob = await phone('callee', 2);
    const client = await Client.connect(server.callApi);
    await startAndEnd(client, 'two', 2, alice, bob);
    await alice.succeeded();
    await bob.succeeded();
    await client.close();
  });

  test('100 CallStart at once over 10 connections end right', async () => {
    const alice = await phone('phone_without_refer', 100);
    const bob = await phone('callee', 100);
    const clients = await Promise.all(Array.from({ length: 10 }, () => Client.connect(server.callApi)));
    await Promise.all(clients.map((client, index) => startAndEnd(client, `hundred-${index}`, 10, alice, bob)));
    await alice.succeeded();
    await bob.succeeded();
    await Promise.all(clients.map((client) => client.close()));
  });

  test('1 000 clients that come and go, some in mid-command, leave sockets and memory where they were', async () => {
    const visit = async (index) => {
      const client = await Client.connect(server.callApi);
      if (index % 3 === 0) {
        // Nobody listens there: the command ends some time after its client has gone.
        client.request('CallStart', { caller: 'sip:nobody@127.0.0.1:9', callee: 'sip:bob@127.0.0.1:9' });
        await client.next();
        await client.terminate();
      } else {
        await client.close();
      }
    };
    const round = async (count) => {
      for (let index = 0; index < count; index += 20) {
        await Promise.all(Array.from({ length: 20 }, (_, offset) => visit(index + offset)));
      }
    };
    const witness = await Client.connect(server.callApi);
    // The server notices the last ends a moment after the client; what it answers over a connection of its own tells that it has gone on.
    const settled = async (limit) => {
      for (let attempt = 0; server.descriptors() > limit && attempt < 2000; attempt += 1) {
        witness.request('Echo', {});
        await witness.untilEnded();
      }
      return server.descriptors();
    };
    const descriptors = server.descriptors();
    await round(200);
    await settled(descriptors);
    const memory = server.memoryKib();
    await round(1000);
    const left = await settled(descriptors);
    assert.ok(left <= descriptors, `${descriptors} descriptors before, ${left} after`);
    assert.ok(server.memoryKib() <= memory * 1.1 + 2048, `${memory} KiB before, ${server.memoryKib()} KiB after`);
    await witness.close();
  });
});
