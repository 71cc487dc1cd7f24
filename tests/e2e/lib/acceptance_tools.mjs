// The command line, as a user's shell sees it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, tie, within } from './server.mjs';

const LIMIT_MS = 20_000;

/** Runs the binary in an empty directory to its end: { code, lines, errors }. */
export async function callwright(...args) {
  const directory = mkdtempSync(join(tmpdir(), 'callwright-tools-'));
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CALLWRIGHT_')));
  const child = tie(spawn(binary(), args, { cwd: directory, env: { ...inherited, HOME: directory }, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (errors += data));
  try {
    const [code] = await within(LIMIT_MS, once(child, 'close'), `callwright ${args.join(' ')} does not end`);
    return { code, lines: output.trim().split('\n'), errors };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
