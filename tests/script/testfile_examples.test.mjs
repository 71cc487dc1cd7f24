import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { passes } from './testfile_world.mjs';

const FOLDER = new URL('../../examples/testfiles/', import.meta.url);
const domains = { '127.0.0.1:5060': { alice: 'alice-demo', bob: 'bob-demo', carol: 'carol-demo' } };

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.test'))) {
  test(`the example ${name} passes`, async () => {
    await passes(readFileSync(new URL(name, FOLDER), 'utf8'), { path: `examples/testfiles/${name}`, domains });
  });
}

test('the macros of an example can be given from outside', async () => {
  const text = readFileSync(new URL('basic_call.test', FOLDER), 'utf8');
  const [users] = Object.values(domains);
  await passes(text, { domains: { 'pbx.invalid': users }, options: { macros: { EXCHANGE: 'pbx.invalid' } } });
});
