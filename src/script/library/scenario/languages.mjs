// The languages of files: how each is read, run and checked.
import { AssertionError } from './assertions.mjs';
import { ask, part } from './host.mjs';
import { checkScript } from './check.mjs';
import { missingModules, runScript, withoutTypes } from './modules.mjs';
import { NotRun } from './run.mjs';
import { rhaiHost } from './rhai_host.mjs';
import { failureOf } from './suite.mjs';
import { testfileHost, testfileTools } from './testfile_host.mjs';

const read = (path) => ask('file.read', { path });
const is = (job, language, ...extensions) => job.language === language || (job.language === undefined && extensions.some((extension) => job.path.endsWith(extension)));
const placed = (job, { line, column, message, suggestion }) => ({ at: `${job.path}:${line}:${column}`, message, ...(suggestion === undefined ? {} : { suggestion }) });

const script = {
  reads: (job) => is(job, 'js', '.js', '.mjs') || is(job, 'ts', '.ts'),
  /** Of a file that is a scenario itself. */
  timeLimit: (job) => job.timeout_ms,
  async load(job) {
    for (const [name, value] of Object.entries(job.set ?? {})) {
      globalThis[name] = value;
    }
    await runScript(job.path);
  },
  async check(job) {
    const source = read(job.path);
    let plain = source;
    if (is(job, 'ts', '.ts')) {
      try {
        plain = withoutTypes(source, job.path);
      } catch (error) {
        const { error: message, at } = failureOf(error);
        return [{ at: at ?? job.path, message }];
      }
    }
    return [...checkScript(plain, Object.keys(job.set ?? {})), ...missingModules(source, job.path)].map((problem) => placed(job, problem));
  }
};

const rhai = {
  reads: (job) => is(job, 'rhai', '.rhai'),
  timeLimit: (job) => job.timeout_ms,
  async load(job) {
    await part('rhai').run(read(job.path), job.path, rhaiHost, { readModule: read, constants: job.set ?? {} });
  },
  check: async (job) => part('rhai').check(read(job.path), job.path, { constants: Object.keys(job.set ?? {}) }).map((problem) => placed(job, problem))
};

/** How long a testfile takes stands in its lines; only the limit of the file ends it. */
const testfile = {
  reads: (job) => is(job, 'test', '.test'),
  async load(job) {
    if (job.mode === 'list') {
      throw new NotRun();
    }
    const verdict = await part('testfile').run(read(job.path), job.path, testfileHost(job), { macros: job.set ?? {} });
    if (!verdict.passed) {
      throw Object.assign(new AssertionError(verdict.error, verdict.failure), { at: verdict.at ?? job.path });
    }
  },
  check: async (job) => part('testfile').check(read(job.path), job.path, { ...testfileTools(job), macros: job.set ?? {} }).map((problem) => placed(job, problem))
};

export const languages = [script, rhai, testfile];
