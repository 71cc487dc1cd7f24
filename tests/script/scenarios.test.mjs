// Scenarios that have to pass, each against the built-in exchange: tests/script/scenarios.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { outcomes, runFile } from './lib/run_file.mjs';

const folder = new URL('scenarios/', import.meta.url).pathname;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
  test(name, async () => {
    const { events, status, stderr } = await runFile(folder + name, {}, undefined, { MOCK_PORT: String(await freePort()) });
    const told = outcomes(events);
    assert.deepEqual(Object.fromEntries(Object.entries(told).filter(([, outcome]) => outcome !== true)), {}, stderr);
    assert.equal(status, 0);
    assert.ok(Object.keys(told).length > 0);
  });
}
