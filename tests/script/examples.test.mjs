// Each example runs as it is, against the built-in exchange.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { finished, of, runFile } from './lib/run_file.mjs';

for (const folder of ['scenarios', 'testfiles']) {
  const path = new URL(`../../examples/${folder}/`, import.meta.url).pathname;
  for (const name of readdirSync(path).filter((file) => /\.(js|ts|rhai|test)$/.test(file))) {
    test(`examples/${folder}/${name}`, async () => {
      const { events, status, stderr } = await runFile(path + name);
      const failed = of(events, 'scenario_finished').filter((event) => !event.passed);
      assert.equal(status, 0, `${failed.map((event) => `${event.name}: ${event.error} (${event.at})`).join('\n')}${JSON.stringify(finished(events))}${stderr}`);
    });
  }
}
