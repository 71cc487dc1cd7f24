// What users have set up for their calls: configured, changed over the Call API, kept in a file.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Server } from './lib/server.mjs';

const LIMIT = { timeout: 120_000 };
const folder = mkdtempSync(join(tmpdir(), 'callwright-features-'));
const file = join(folder, 'features.json');
const config = join(folder, 'callwright.toml');
after(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(config, `
[exchange]
features_file = ${JSON.stringify(file)}
[[accounts]]
username = "alice"
password = "a"
forward = { busy = "bob" }
[[accounts]]
username = "bob"
password = "b"
find_me = [{ to = "phones", time_s = 15 }]
`);

/** Runs `body` with a server and a client of it. */
async function withServer(body) {
  const server = await Server.start({ args: ['--config', config] });
  const client = await Client.connect(server.callApi);
  try {
    await body(client);
  } finally {
    await client.terminate();
    assert.equal(await server.stop(), 0, server.output);
  }
}

/** The data of the one Reply to this command. */
async function reply(client, method, params) {
  client.request(method, params);
  const [started, answer, ended] = await client.untilEnded();
  assert.equal(started.result?.event, 'Started', JSON.stringify(started));
  assert.equal(answer.params.event, 'Reply', JSON.stringify(answer));
  assert.equal(ended.params.event, 'Ended');
  return answer.params.data;
}

test('features of users are those of the configuration until a client changes them, and stay so', LIMIT, async () => {
  await withServer(async (client) => {
    assert.deepEqual((await reply(client, 'UserFeatures', { user: 'alice' })).forward, { after_s: 20, busy: 'bob' });
    const changed = await reply(client, 'UserFeaturesSet', { user: 'alice', forward: {}, screening: { incoming: { deny: ['eve'] } } });
    assert.deepEqual(changed.forward, { after_s: 20 });
    assert.deepEqual(changed.screening.incoming, { allow: [], deny: ['eve'] });
  });
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(file))), ['alice'], 'who was not changed is not in the file');
  await withServer(async (client) => {
    const kept = await reply(client, 'UserFeatures', { user: 'alice' });
    assert.deepEqual(kept.forward, { after_s: 20 });
    assert.deepEqual(kept.screening.incoming.deny, ['eve']);
    assert.deepEqual((await reply(client, 'UserFeatures', { user: 'bob' })).find_me, [{ time_s: 15, to: ['phones'] }]);
  });
});

test('a wrong value changes nothing and is named', LIMIT, async () => {
  await withServer(async (client) => {
    client.request('UserFeaturesSet', { user: 'bob', forward: { busy: 'a b' } });
    const refused = await client.next();
    assert.equal(refused.error.code, -32602);
    assert.match(refused.error.message, /^forward\.busy: expected a user or number/);
    client.request('UserFeatures', { user: 'nobody' });
    const events = await client.untilEnded();
    assert.equal(events[1].params.data, '404 User not found');
  });
});
