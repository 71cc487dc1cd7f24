// Loops that call nothing run as fast as loops of JavaScript.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, run } from '../../src/script/library/rhai.mjs';
import { FakeHost } from './lib/fake_host.mjs';

const LIMIT_MS = 100;

async function fastest(source) {
  let best = Infinity;
  for (let attempt = 0; attempt < 5; attempt++) {
    const begin = performance.now();
    await run(source, 'test.rhai', new FakeHost());
    best = Math.min(best, performance.now() - begin);
  }
  return best;
}

for (const source of [
  'let x = 0; for i in 0..1000000 { x += i; }',
  'let x = 0; let i = 0; while i < 1000000 { if i % 2 == 0 { x += i; } i += 1; }',
  'let x = 0; for i in 0..1000000 { x += i; } let f = || x; f.call()',
]) {
  test(`a million turns take at most ${LIMIT_MS} ms: ${source}`, async () => {
    const ms = await fastest(source);
    assert.ok(ms <= LIMIT_MS, `${ms} ms`);
  });
}

test('a loop that calls nothing waits for nothing', () => {
  const { code } = compile('let x = 0; for i in 0..9 { x += i * 2; }', 'test.rhai');
  assert.ok(!code.includes('await'), code);
});
