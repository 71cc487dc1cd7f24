// The languages of files: how each is read, run and checked.
import { ask } from './host.mjs';
import { runScript, wrapped } from './modules.mjs';
import { failureOf } from './suite.mjs';

const endsIn = (job, ...extensions) => extensions.some((extension) => job.path.endsWith(extension));

const script = {
  reads: (job) => ['js', 'ts'].includes(job.language) || (job.language === undefined && endsIn(job, '.js', '.mjs', '.ts')),
  isTest: true,
  async load(job) {
    for (const [name, value] of Object.entries(job.set ?? {})) {
      globalThis[name] = value;
    }
    await runScript(job.path);
  },
  async check(job) {
    try {
      wrapped(ask('file.read', { path: job.path }), job.path);
      return [];
    } catch (error) {
      const { error: message, at } = failureOf(error);
      return [{ at: at ?? job.path, message }];
    }
  }
};

export const languages = [script];
