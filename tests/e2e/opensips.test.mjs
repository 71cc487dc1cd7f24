// How the server reaches an OpenSIPS besides UDP: by Unix datagrams and HTTP, with a stand-in for the proxy. What it does there, over UDP, is in acceptance.test.mjs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { told } from './lib/acceptance_world.mjs';
import { Client } from './lib/client.mjs';
import { Proxy } from './lib/opensips.mjs';
import { Server } from './lib/server.mjs';

const LIMIT = { timeout: 60_000 };
const TALKING = ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'TransferPending', 'CalleeAnswered', 'Ended'];

for (const kind of ['unix', 'http']) {
  describe(`over ${kind}`, LIMIT, () => {
    const folder = mkdtempSync(join(tmpdir(), 'callwright-opensips-'));
    let proxy;
    let server;
    let client;
    before(async () => {
      proxy = await Proxy.start(kind, kind === 'unix' ? join(folder, 'mi.sock') : '127.0.0.1:0');
      server = await Server.start({
        env: {
          CALLWRIGHT_CALL_API_CONNECTOR: 'opensips',
          CALLWRIGHT_OPENSIPS_MI: kind === 'http' ? `http://${proxy.where}/mi` : `unix:${proxy.where}`,
          CALLWRIGHT_OPENSIPS_EVENTS: kind === 'unix' ? `unix:${join(folder, 'events.sock')}` : 'udp:127.0.0.1:0',
          CALLWRIGHT_OPENSIPS_ANSWER_TIMEOUT_MS: '1500',
        },
      });
      await server.printed(/OpenSIPS answers/);
      client = await Client.connect(server.callApi);
    });
    after(async () => {
      await client.close();
      assert.equal(await server.stop(), 0, server.output);
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const run = async (method, params) => {
      client.request(method, params);
      return told(await client.untilEnded());
    };

    test('starts a call', async () => {
      client.request('CallStart', { caller: 'sip:alice@p', callee: 'sip:bob@p', cmd_id: 'c1' });
      const messages = await client.untilEnded();
      assert.deepEqual(told(messages), TALKING);
      const { callid, ...parties } = messages.at(-2).params.data;
      assert.deepEqual(parties, { callee: 'sip:bob@p', caller: 'sip:alice@p' });
      assert.equal(proxy.count('t_uac_dlg'), 1);
      assert.deepEqual(await run('CallEnd', { callid }), ['Started', 'Ended']);
    });

    test('starts many calls at once', async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(server.callApi)));
      clients.forEach((each) => each.request('CallStart', { caller: 'sip:alice@p', callee: 'sip:bob@p' }));
      for (const each of clients) {
        assert.deepEqual(told(await each.untilEnded()), TALKING);
        await each.close();
      }
    });

    test('holds a call, takes it back, and transfers it', async () => {
      assert.equal((await run('CallHold', { callid: 'x1' })).length, 7);
      assert.deepEqual(await run('CallHold', { callid: 'x1' }), ['Started', '480 Both dialog legs are on hold', 'Ended']);
      assert.equal((await run('CallUnhold', { callid: 'x1' })).length, 7);
      assert.deepEqual(await run('CallBlindTransfer', { callid: 'x1', leg: 'callee', destination: 'sip:carol@p' }),
        ['Started', 'Transferring', 'TransferStart', 'TransferPending', 'TransferSuccessful', 'Ended']);
      assert.deepEqual(await run('CallEnd', { callid: 'x1' }), ['Started', '404 Requested Dialog not found', 'Ended']);
    });

    test('cancels a call that rings', async () => {
      client.request('CallStart', { caller: 'sip:silent@p', callee: 'sip:bob@p', cmd_id: 'ringing' });
      await client.next();
      const canceller = await Client.connect(server.callApi);
      canceller.request('CommandCancel', { target: 'ringing' });
      await canceller.untilEnded();
      assert.deepEqual(told(await client.untilEnded()), ['the command was cancelled', 'Ended']);
      await canceller.close();
    });

    test('fails in time while the proxy is away, and works when it is back', async () => {
      const where = proxy.where;
      await proxy.stop();
      assert.deepEqual(await run('CallStart', { caller: 'sip:alice@p', callee: 'sip:bob@p' }), ['Started', '503 OpenSIPS does not answer', 'Ended']);
      assert.deepEqual(await run('CallEnd', { callid: 'x1' }), ['Started', '503 OpenSIPS does not answer', 'Ended']);
      proxy = await Proxy.start(kind, where);
      assert.deepEqual(await run('CallStart', { caller: 'sip:alice@p', callee: 'sip:bob@p' }), TALKING);
    });
  });
}

test('a server that cannot listen for events says which setting to change', LIMIT, async () => {
  const env = { CALLWRIGHT_CALL_API_CONNECTOR: 'opensips', CALLWRIGHT_OPENSIPS_EVENTS: 'unix:/nonexistent/events.sock' };
  await assert.rejects(Server.start({ env }), /set opensips\.events to an address that is free/);
});
