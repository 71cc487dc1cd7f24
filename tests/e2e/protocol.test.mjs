// The Call API's protocol over the built binary: connection, requests, answers, errors, order, limits, clients that go away.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Server, binary } from './lib/server.mjs';

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const LIMIT = { timeout: 120_000 };

let server;
before(async () => {
  server = await Server.start();
});
after(async () => {
  assert.equal(server.alive, true, `the server died during the tests:\n${server.output}`);
  assert.equal(await server.stop(), 0, server.output);
});

/** Runs `body` with a client of its own. */
async function withClient(body) {
  const client = await Client.connect(server.callApi);
  try {
    await body(client);
  } finally {
    await client.terminate();
  }
}

/** Plain HTTP to the port of the Call API. */
async function fetchText(path, options = {}) {
  const url = new URL(server.callApi.replace(/^ws/, 'http'));
  const [response] = await once(request({ host: url.hostname, port: url.port, path, agent: false, ...options }).end(), 'response');
  let body = '';
  for await (const part of response) {
    body += part;
  }
  return { status: response.statusCode, body };
}

/** Sends `text` on a new connection; checks that it is refused with `code` under `id`, and that the connection stays usable. */
async function assertRefused(text, code, id, message) {
  await withClient(async (client) => {
    client.send(text);
    const answer = await client.next();
    assert.deepEqual(Object.keys(answer), ['jsonrpc', 'id', 'error'], JSON.stringify(answer));
    assert.equal(answer.jsonrpc, '2.0');
    assert.deepEqual(answer.id, id);
    assert.equal(answer.error.code, code, JSON.stringify(answer));
    if (message) {
      assert.match(answer.error.message, message);
    }
    client.request('Echo', { still: 'here' }, 'after');
    const events = await client.untilEnded();
    assert.deepEqual(events[0].id, 'after', 'nothing else was sent');
    assert.equal(events.length, 3);
  });
}

describe('connection', LIMIT, () => {
  test('upgrades on /call-api, on both ports', async () => {
    for (const url of [server.callApi, `${server.http.replace(/^http/, 'ws')}/call-api`]) {
      const client = await Client.connect(url);
      client.request('Echo', {});
      await client.untilEnded();
      assert.equal(await client.close(), 1000);
    }
  });

  test('answers 404 on other paths', async () => {
    for (const path of ['/', '/call-api/', '/Call-Api', '/other']) {
      assert.deepEqual(await fetchText(path), { status: 404, body: '404 page not found\n' }, path);
    }
    assert.equal(await Client.refusal(server.callApi.replace('/call-api', '/other')), 404);
  });

  test('answers 400 to a plain GET', async () => {
    assert.deepEqual(await fetchText('/call-api'), { status: 400, body: 'Bad Request\n' });
  });

  test('answers 405 to other methods', async () => {
    assert.equal((await fetchText('/call-api', { method: 'POST' })).status, 405);
  });

  test('describes itself by rpc.discover and under openrpc.json alike', async () => {
    const { status, body } = await fetchText('/call-api/openrpc.json');
    assert.equal(status, 200);
    const document = JSON.parse(body);
    assert.equal(document.openrpc, '1.3.2');
    const start = document.methods.find(({ name }) => name === 'CallStart');
    assert.deepEqual(start.params.filter(({ required }) => required).map(({ name }) => name), ['caller', 'callee']);
    assert.equal(start.params.at(-1).name, 'cmd_id');
    await withClient(async (client) => {
      client.request('rpc.discover', {}, 'd');
      assert.deepEqual(await client.next(), { jsonrpc: '2.0', id: 'd', result: document });
    });
  });

  test('reports its health', async () => {
    const response = await fetch(`${server.http}/healthz`);
    assert.equal(response.status, 200);
    const health = await response.json();
    assert.equal(health.status, 'ok');
    assert.match(health.version, /^\d+\.\d+\.\d+/);
  });

  test('refuses web pages from elsewhere before the upgrade', async () => {
    assert.equal(await Client.refusal(server.callApi, { origin: 'http://evil.example' }), 403);
    assert.equal(await Client.refusal(server.callApi, { origin: 'null' }), 403);
    const own = await Client.connect(server.callApi, { origin: new URL(server.callApi.replace(/^ws/, 'http')).origin });
    assert.equal(await own.close(), 1000);
  });

  test('answers pings with their payload', async () => {
    await withClient(async (client) => assert.equal(await client.ping('are you there'), 'are you there'));
  });

  test('treats text and binary frames the same', async () => {
    await withClient(async (client) => {
      client.send(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"Echo","params":{"a":"b"}}'));
      assert.equal((await client.untilEnded()).length, 3);
    });
  });

  test('closes with 1009 on a message over 1 MiB, and takes one just under it', async () => {
    await withClient(async (client) => {
      const text = 'x'.repeat(1024 * 1024 - 200);
      client.request('Echo', { text });
      assert.equal((await client.untilEnded())[1].params.data.text, text);
      client.send('x'.repeat(1024 * 1024 + 1));
      assert.equal((await client.closedByServer()).code, 1009);
    });
  });
});

describe('Echo', LIMIT, () => {
  test('answers, replies, ends, in this order', async () => {
    await withClient(async (client) => {
      client.send({ jsonrpc: '2.0', id: 'e1', method: 'Echo', params: { test: 'echo' } });
      const [answer, reply, ended] = await client.take(3);
      const id = answer.result.cmd_id;
      assert.match(id, UUID4);
      assert.deepEqual(answer, { jsonrpc: '2.0', id: 'e1', result: { cmd_id: id, event: 'Started' } });
      assert.deepEqual(reply, { jsonrpc: '2.0', method: 'Echo', params: { cmd_id: id, data: { test: 'echo' }, event: 'Reply' } });
      assert.deepEqual(ended, { jsonrpc: '2.0', method: 'Echo', params: { cmd_id: id, event: 'Ended' } });
    });
  });

  test('keeps the cmd_id of the client', async () => {
    await withClient(async (client) => {
      client.request('Echo', { cmd_id: 'my-id', z: '1', a: '<&>' });
      assert.equal(await client.text(), '{"jsonrpc":"2.0","id":1,"result":{"cmd_id":"my-id","event":"Started"}}');
      assert.equal(
        await client.text(),
        '{"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"my-id","data":{"a":"\\u003c\\u0026\\u003e","cmd_id":"my-id","z":"1"},"event":"Reply"}}',
      );
      assert.equal(await client.text(), '{"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"my-id","event":"Ended"}}');
    });
  });

  test('gives values of every kind back unchanged', async () => {
    await withClient(async (client) => {
      client.send('{"id":1,"method":"Echo","params":{"n":5,"big":12345678901234567890,"e":1e3,"o":{"b":[null,true]},"u":"\\u00e9\\ud83d\\udcde"}}');
      await client.next();
      assert.match(await client.text(), /"data":\{"big":12345678901234567890,"e":1e3,"n":5,"o":\{"b":\[null,true\]\},"u":"é📞"\}/);
    });
  });

  test('repeats ids exactly', async () => {
    await withClient(async (client) => {
      for (const id of ['"text"', '7', '12345678901234567890', '1.5', '1e3', 'null', 'true', '{"z":1,"a":[]}', '"\\""']) {
        client.send(`{"jsonrpc":"2.0","id":${id},"method":"Echo","params":{}}`);
        assert.ok((await client.text()).startsWith(`{"jsonrpc":"2.0","id":${id},"result":`), id);
        await client.take(2);
      }
    });
  });
});

describe('errors', LIMIT, () => {
  const echo = (params) => `{"jsonrpc":"2.0","id":5,"method":"Echo"${params}}`;

  test('parse error', async () => {
    for (const text of ['not json', '', '{"id":1', '['.repeat(100_000)]) {
      await assertRefused(text, -32700, null);
    }
  });

  test('invalid request', async () => {
    for (const text of ['5', 'null', '"x"', '{}', '[]', '{"method":5}']) {
      await assertRefused(text, -32600, null);
    }
    await assertRefused('{"id":9,"method":5}', -32600, 9);
  });

  test('params missing or no object', async () => {
    for (const params of ['', ',"params":null', ',"params":[]', ',"params":["a"]', ',"params":"x"']) {
      await assertRefused(echo(params), -32602, 5);
    }
  });

  test('unknown method', async () => {
    for (const method of ['Nope', 'echo', '', 'callstart']) {
      await assertRefused(`{"id":5,"method":"${method}","params":{}}`, -32601, 5);
    }
  });

  test('methods that were never meant to be called cost nothing', async () => {
    const memory = server.memoryKib();
    const cpu = server.cpuMs();
    for (const method of ['Run', 'RunSync', 'Wait', 'Notify', 'NotifyError', 'NotifyNewError', 'NotifyEvent', 'NotifyEnd']) {
      await assertRefused(`{"id":5,"method":"${method}","params":{}}`, -32601, 5);
    }
    assert.ok(server.memoryKib() - memory < 8 * 1024, 'memory is flat');
    assert.ok(server.cpuMs() - cpu < 1000, 'processor time is flat');
  });

  test('a missing parameter is named', async () => {
    const uri = '"sip:x@127.0.0.1"';
    await assertRefused(`{"id":5,"method":"CallStart","params":{}}`, -32602, 5, /^caller not specified$/);
    await assertRefused(`{"id":5,"method":"CallStart","params":{"callee":${uri}}}`, -32602, 5, /^caller not specified$/);
    await assertRefused(`{"id":5,"method":"CallStart","params":{"caller":${uri}}}`, -32602, 5, /^callee not specified$/);
    await assertRefused(`{"id":5,"method":"CallEnd","params":{}}`, -32602, 5, /^callid not specified$/);
  });

  test('a parameter that is no string is named', async () => {
    await assertRefused(`{"id":5,"method":"CallStart","params":{"caller":1,"callee":"sip:x@h"}}`, -32602, 5, /caller/);
    await assertRefused(`{"id":5,"method":"CallEnd","params":{"callid":null}}`, -32602, 5, /callid/);
    await assertRefused(echo(',"params":{"cmd_id":7}'), -32602, 5, /cmd_id/);
  });

  test('what could end a header or a URI is refused and no SIP leaves', async () => {
    const phone = createSocket('udp4');
    phone.bind(0, '127.0.0.1');
    await once(phone, 'listening');
    let datagrams = 0;
    phone.on('message', () => (datagrams += 1));
    const uri = `sip:x@127.0.0.1:${phone.address().port}`;
    try {
      for (const bad of ['\r\nX-Evil: yes', '<', '>', '\0', '\n']) {
        const start = { caller: uri, callee: uri, cmd_id: 'ok' };
        for (const name of ['caller', 'callee', 'cmd_id']) {
          const params = { ...start, [name]: start[name] + bad };
          await assertRefused(JSON.stringify({ id: 5, method: 'CallStart', params }), -32602, 5, new RegExp(name));
        }
        await assertRefused(JSON.stringify({ id: 5, method: 'CallEnd', params: { callid: `a${bad}` } }), -32602, 5, /callid/);
      }
      // Anything sent before this datagram would have arrived before it.
      const marker = once(phone, 'message');
      phone.send('end', phone.address().port, '127.0.0.1');
      await marker;
      assert.equal(datagrams, 1);
    } finally {
      phone.close();
    }
  });

  test('malformed URIs are refused', async () => {
    for (const bad of ['alice', 'tel:+49301', 'http://h/', 'sip:', 'sip:a@', 'sip:a b@h', '']) {
      await assertRefused(JSON.stringify({ id: 5, method: 'CallStart', params: { caller: bad, callee: 'sip:x@h' } }), -32602, 5, /caller/);
    }
  });

  test('an unknown call ends with an Error', async () => {
    await withClient(async (client) => {
      client.request('CallEnd', { callid: 'no-such-call' });
      const [answer, error, ended] = await client.take(3);
      assert.equal(answer.result.event, 'Started');
      assert.equal(error.params.event, 'Error');
      assert.equal(error.params.data, '404 Requested Dialog not found');
      assert.equal(ended.params.event, 'Ended');
    });
  });
});

describe('dialect of 2020', LIMIT, () => {
  test('is spoken to who asks for it in the URL', async () => {
    const client = await Client.connect(`${server.callApi}?dialect=2020`);
    client.request('Echo', { cmd_id: 'e', n: 5 });
    assert.deepEqual(await client.take(3), [
      { jsonrpc: '2.0', id: 1, result: { cmd_id: 'e', status: 'Started' } },
      { jsonrpc: '2.0', method: 'Event', params: { cmd_id: 'e', data: { cmd_id: 'e', n: 5 } } },
      { jsonrpc: '2.0', method: 'Ended', params: { cmd_id: 'e' } },
    ]);
    client.request('CallEnd', { cmd_id: 'c', callid: 'no-such-call' });
    assert.deepEqual(await client.take(3), [
      { jsonrpc: '2.0', id: 1, result: { cmd_id: 'c', status: 'Started' } },
      { jsonrpc: '2.0', method: 'Error', params: { cmd_id: 'c', error_msg: '404 Requested Dialog not found' } },
      { jsonrpc: '2.0', method: 'Ended', params: { cmd_id: 'c' } },
    ]);
    await client.close();
  });

  test('one that there is not is refused before the upgrade', async () => {
    assert.equal(await Client.refusal(`${server.callApi}?dialect=2021`), 400);
  });
});

test('the configuration chooses dialect and errors; the command line reads its own', LIMIT, async () => {
  const own = await Server.start({ env: { CALLWRIGHT_CALL_API_DIALECT: '2020', CALLWRIGHT_CALL_API_ERRORS: 'reference' } });
  try {
    const client = await Client.connect(own.callApi);
    client.send('not json');
    assert.deepEqual(await client.next(), { jsonrpc: '2.0', id: '', error: { code: 32000, message: 'failed to parse JSON-RPC request' } });
    client.request('CallStart', { cmd_id: 'c' });
    assert.deepEqual(await client.take(3), [
      { jsonrpc: '2.0', id: 1, result: { cmd_id: 'c', status: 'Started' } },
      { jsonrpc: '2.0', method: 'Error', params: { cmd_id: 'c', error_msg: 'caller not specified' } },
      { jsonrpc: '2.0', method: 'Ended', params: { cmd_id: 'c' } },
    ]);
    await client.close();
    const { status, stdout } = spawnSync(binary(), ['call', 'Echo', 'a=b', '--url', own.callApi], { encoding: 'utf8', timeout: 20_000 });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^Started .*\nReply {2}a=b\nEnded\n$/);
  } finally {
    assert.equal(await own.stop(), 0, own.output);
  }
});

describe('batches and notifications', LIMIT, () => {
  test('a batch is answered with one array, before all events', async () => {
    await withClient(async (client) => {
      client.send('[{"id":1,"method":"Echo","params":{"cmd_id":"a"}},{"id":2,"method":"Nope","params":{}},{"id":3,"method":"Echo","params":{"cmd_id":"b"}}]');
      const answers = await client.next();
      assert.deepEqual(
        answers.map((answer) => [answer.id, answer.result?.cmd_id ?? answer.error.code]),
        [[1, 'a'], [2, -32601], [3, 'b']],
      );
      const events = await client.take(4);
      assert.deepEqual(
        events.map(({ params }) => `${params.cmd_id} ${params.event}`),
        ['a Reply', 'a Ended', 'b Reply', 'b Ended'],
      );
    });
  });

  test('requests without id get no answer, their events come', async () => {
    await withClient(async (client) => {
      client.send({ jsonrpc: '2.0', method: 'Echo', params: { cmd_id: 'n' } });
      client.send([{ jsonrpc: '2.0', method: 'Echo', params: { cmd_id: 'm' } }]);
      client.send({ jsonrpc: '2.0', method: 'Nope', params: {} });
      client.request('Echo', { cmd_id: 'last' }, 'last');
      const events = await client.take(5);
      assert.deepEqual(
        events.map((message) => message.params?.event ?? message.id),
        ['Reply', 'Ended', 'Reply', 'Ended', 'last'],
      );
    });
  });

  test('more than 100 entries are refused', async () => {
    const entry = { id: 1, method: 'Echo', params: {} };
    await assertRefused(JSON.stringify(Array(101).fill(entry)), -32600, null);
  });
});

describe('load', LIMIT, () => {
  /** Checks that each of the commands 0 … count-1 had its three messages in their order. */
  function assertComplete(messages, count) {
    const steps = new Map();
    for (const message of messages) {
      const { cmd_id: id, event } = message.result ?? message.params;
      steps.set(id, [...(steps.get(id) ?? []), event]);
    }
    assert.equal(steps.size, count);
    for (const [id, events] of steps) {
      assert.deepEqual(events, ['Started', 'Reply', 'Ended'], id);
    }
  }

  test('10 000 Echo in one burst lose nothing', async () => {
    await withClient(async (client) => {
      for (let number = 0; number < 10_000; number += 1) {
        client.request('Echo', { cmd_id: `c${number}`, number }, number);
      }
      assertComplete(await client.take(30_000), 10_000);
      assert.equal(client.waiting, 0);
    });
  });

  test('10 000 Echo one by one lose nothing', async () => {
    await withClient(async (client) => {
      const messages = [];
      for (let number = 0; number < 10_000; number += 1) {
        client.request('Echo', { cmd_id: `c${number}` }, number);
        messages.push(...(await client.take(3)));
      }
      assertComplete(messages, 10_000);
    });
  });

  test('a client that goes away with a call pending disturbs nobody', async () => {
    await withClient(async (other) => {
      for (let round = 0; round < 20; round += 1) {
        const client = await Client.connect(server.callApi);
        client.request('CallStart', { caller: 'sip:nobody@127.0.0.1:9', callee: 'sip:nobody@127.0.0.1:9' });
        if (round % 2 === 0) {
          assert.equal((await client.next()).result.event, 'Started');
        }
        await client.terminate();
        other.request('Echo', {}, round);
        assert.equal((await other.untilEnded()).length, 3);
      }
    });
  });

  test('1 000 connects leave descriptors and memory where they were', async () => {
    const round = async (number) => {
      const client = await Client.connect(server.callApi);
      client.request('Echo', { number });
      if (number % 3 === 0) {
        await client.terminate();
        return;
      }
      await client.untilEnded();
      await client.close();
    };
    const rounds = async (count) => {
      for (let number = 0; number < count; number += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, offset) => round(number + offset)));
      }
    };
    await withClient(async (witness) => {
      // The server notices the last ends a moment after the client; what it answers over a connection of its own tells that it has gone on.
      const settled = async (limit) => {
        for (let attempt = 0; server.descriptors() > limit && attempt < 2000; attempt += 1) {
          witness.request('Echo', {});
          await witness.untilEnded();
        }
        return server.descriptors();
      };
      const before = server.descriptors();
      await rounds(200);
      await settled(before);
      const memory = server.memoryKib();
      await rounds(1000);
      const left = await settled(before);
      assert.ok(left <= before, `${left} descriptors, ${before} before`);
      const growth = server.memoryKib() - memory;
      assert.ok(growth < 4096, `memory grew by ${growth} KiB`);
    });
  });
});

test('a stop closes clients with 1001 and ends with 0', LIMIT, async () => {
  const own = await Server.start();
  const client = await Client.connect(own.callApi);
  client.request('Echo', {});
  await client.untilEnded();
  const [code, closed] = await Promise.all([own.stop(), client.closedByServer()]);
  assert.equal(closed.code, 1001);
  assert.equal(code, 0, own.output);
});
