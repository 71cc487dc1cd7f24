// Runs `callwright test` in a folder of its own, as people do.
import { execFile } from 'node:child_process';
import { binary } from '../../e2e/lib/server.mjs';

const kGuardMs = 60_000;

/** Gives { status, stdout, stderr, events }; the events are those of --json. */
export function testCommand(folder, args, environment = {}) {
  const env = { ...process.env, GITHUB_ACTIONS: '', NO_COLOR: '1', ...environment };
  return new Promise((resolve) => {
    execFile(binary(), ['test', ...args], { cwd: folder, env, timeout: kGuardMs, killSignal: 'SIGKILL', maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const events = args.includes('--json') ? stdout.trimEnd().split('\n').map((line) => JSON.parse(line)) : [];
      resolve({ status: error?.signal ?? error?.code ?? 0, stdout, stderr, events });
    });
  });
}
