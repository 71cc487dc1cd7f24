// The run of one file. The native side calls `turn` with what has happened, and when a timer is due.

/* global native */
import { deliver, metrics } from './agent.mjs';
import { ask, emit, now } from './host.mjs';
import { api } from './globals.mjs';
import { takeAnswer } from './http.mjs';
import { loadEnvironment } from './environment.mjs';
import { languages } from './languages.mjs';
import { takeRequest } from './mock_server.mjs';
import { keptArtifacts, NotRun, run } from './run.mjs';
import { abort, failureOf, limited, noteUnawaited, reasonOf, reset, runSuite, selected, suite } from './suite.mjs';
import { Skipped } from './skip.mjs';
import { notifyChange, runTimers, untilNextTimer } from './time.mjs';
import { resetDefaultTimeout } from './until.mjs';

const kPassed = 0;
const kFailed = 1;
const kInterrupted = 130;

let stopped = false;

function stop() {
  stopped = true;
  abort('stopped');
  notifyChange();
}

/** The file itself is the test. */
async function finishSingle(job, begun, failure) {
  const measured = metrics(job.display ?? job.path);
  const late = await reset();
  failure ??= late;
  const skipped = failure instanceof Skipped;
  const details = failure === undefined || skipped ? {} : failureOf(failure);
  if (job.metrics) {
    measured().forEach(emit);
  }
  const artifacts = job.mode !== 'run' ? [] : ask('scenario.end', { passed: failure === undefined || skipped }) ?? [];
  const passed = failure === undefined || skipped;
  const kept = keptArtifacts(job, passed, artifacts);
  if (skipped) {
    emit({ event: 'scenario_skipped', name: job.display ?? job.path, reason: failure.reason, tags: [] });
  }
  emit({ event: 'finished', passed, duration_ms: now() - begun, ...details, ...(kept.length > 0 ? { artifacts: kept } : {}) });
  return passed ? kPassed : kFailed;
}

const listed = (chosen) => chosen.map(({ name, tags, at, skip, only }) => ({ name, tags, at, skip, only: only || undefined }));

async function runJob(job) {
  const begun = now();
  run.begin(job);
  resetDefaultTimeout();
  const language = languages.find((known) => known.reads(job));
  if (job.mode === 'check') {
    return check(job, language);
  }
  let failure;
  try {
    loadEnvironment(job);
    if (job.mode === 'run') {
      ask('run.configure', { trace: job.trace, artifacts: job.artifacts, impair: job.impair, seed: job.seed, sip_trace: job.sip_trace, log: job.log });
      run.exchange = job.exchange ? ask('exchange.start', { config: job.exchange === true ? '' : job.exchange }) : undefined;
      run.scenarioFolder = ask('scenario.begin', { name: job.display ?? job.path, attempt: 1 }).path;
    }
    await limited(() => language.load(job), job.mode === 'run' ? language.timeLimit?.(job) : undefined);
  } catch (error) {
    failure = reasonOf(error);
  }
  if (job.mode === 'list') {
    const isSuite = suite.scenarios.length > 0;
    const wrong = failure === undefined || failure instanceof NotRun || (!isSuite && failure instanceof Skipped) ? undefined : failure;
    emit({ event: 'file_loaded', kind: isSuite ? 'suite' : 'single', scenarios: listed(selected(job.select)) });
    if (wrong !== undefined) {
      emit({ event: 'finished', passed: false, duration_ms: now() - begun, ...failureOf(wrong) });
    }
    return wrong === undefined ? kPassed : kFailed;
  }
  if (suite.scenarios.length === 0 || failure !== undefined) {
    emit({ event: 'file_loaded', kind: suite.scenarios.length > 0 ? 'suite' : 'single', scenarios: listed(selected(job.select)) });
    return finishSingle(job, begun, failure);
  }
  emit({ event: 'file_loaded', kind: 'suite', scenarios: listed(selected(job.select)) });
  await reset();
  ask('scenario.end', { passed: job.trace !== 'on' });
  return (await runSuite(job, () => stopped)) ? kPassed : kFailed;
}

async function check(job, language) {
  const problems = await language.check(job);
  for (const problem of problems) {
    emit({ event: 'problem', ...problem });
  }
  emit({ event: 'finished', passed: problems.length === 0, duration_ms: 0 });
  return problems.length === 0 ? kPassed : kFailed;
}

const kMessages = {
  job(message) {
    runJob(message.job).then(
      (status) => native.exit(String(stopped ? kInterrupted : status)),
      (error) => {
        emit({ event: 'finished', passed: false, duration_ms: 0, ...failureOf(error) });
        native.exit(String(kFailed));
      }
    );
  },
  stop,
  phone: (message) => deliver(message),
  http: takeAnswer,
  mock: takeRequest,
  // What ran was ended by force; whatever waits goes on, and fails.
  terminated(message) {
    abort(message.text);
    notifyChange();
  }
};

/** `text`: an array of messages as JSON, or "" when only a timer is due. */
globalThis.turn = (text) => {
  for (const message of text === '' ? [] : JSON.parse(text)) {
    kMessages[message.kind]?.(message);
  }
  runTimers();
};

/** A forgotten `await` is no success: what it would have thrown ends the scenario. */
globalThis.onRejection = (promise, reason) => {
  const { error, at } = failureOf(reason);
  noteUnawaited(`${error}${at === undefined ? '' : ` (${at})`} — nobody waited for that; is an await missing?`);
};

globalThis.untilNextTimer = () => native.wake(String(untilNextTimer()));

for (const [name, value] of Object.entries(api)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
