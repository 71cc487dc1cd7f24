// What a file registers, and the order in which it is run.
import { closeAgents, describeAgents, metrics } from './agent.mjs';
import { AssertionError, takeLabel } from './assertions.mjs';
import { ask, emit, now } from './host.mjs';
import { stopServers } from './mock_server.mjs';
import { here, positionOf, setPosition, stackOf } from './position.mjs';
import { keptArtifacts, run } from './run.mjs';
import { Skipped } from './skip.mjs';
import { clearTimer, clearTimersSince, delay, durationText, notifyChange, setTimer, timerMark } from './time.mjs';
import { outcome } from './verbs.mjs';

export const suite = { scenarios: [], setup: undefined, teardown: undefined, before: [], after: [] };

const names = (tags) => (typeof tags === 'string' ? [tags] : Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []);

export function scenario(name, ...rest) {
  const [options, body] = rest.length > 1 ? rest : [{}, rest[0]];
  if (typeof name !== 'string') {
    throw new TypeError('scenario takes a name: scenario("answers a call", async () => {…})');
  }
  if (typeof body !== 'function') {
    throw new TypeError('scenario body must be a function');
  }
  const { tags, skip, only } = options ?? {};
  suite.scenarios.push({ name, body, tags: names(tags), skip: skip === true || typeof skip === 'string' ? skip : undefined, only: only === true, at: here() });
}

/** One scenario for each row; $key in the name stands for a field of the row. */
scenario.each = (table) => {
  if (!Array.isArray(table)) {
    throw new TypeError('scenario.each takes an array of rows');
  }
  return (name, ...rest) => {
    const [options, body] = rest.length > 1 ? rest : [{}, rest[0]];
    if (typeof name !== 'string' || typeof body !== 'function') {
      throw new TypeError('scenario.each(rows) takes a name and a function: (ctx, row) => {…}');
    }
    for (const row of table) {
      const title = name.replace(/\$([A-Za-z_]\w*)/g, (_, key) => String(row?.[key] ?? ''));
      scenario(title, options, (context) => body(context, row));
    }
  };
};

const asFunction = (what, body) => {
  if (typeof body !== 'function') {
    throw new TypeError(`${what} takes a function`);
  }
  return body;
};
export const setup = (body) => {
  suite.setup = asFunction('setup', body);
};
export const teardown = (body) => {
  suite.teardown = asFunction('teardown', body);
};
export const beforeAll = (body) => suite.before.push(asFunction('beforeAll', body));
export const afterAll = (body) => suite.after.push(asFunction('afterAll', body));

function expressionOf(option, source) {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new Error(`${option}: "${source}" is no regular expression: ${error.message.replace(/^Invalid regular expression: /, '')}`);
  }
}

/** How a pattern of --scenario selects. */
function matcher(pattern) {
  if (pattern.startsWith('re:')) {
    const expression = expressionOf('--scenario', pattern.slice(3));
    return (name) => expression.test(name);
  }
  const lower = pattern.toLowerCase();
  return (name) => name.toLowerCase().includes(lower);
}

/** Those that the job selects. */
export function selected(select = {}) {
  const patterns = (select.scenario ?? []).map(matcher);
  const grep = select.grep === undefined ? undefined : expressionOf('--grep', select.grep);
  return suite.scenarios.filter(
    (one) =>
      (patterns.length === 0 || patterns.some((holds) => holds(one.name))) &&
      (grep === undefined || grep.test(one.name)) &&
      ((select.tags ?? []).length === 0 || one.tags.some((tag) => select.tags.includes(tag))) &&
      !one.tags.some((tag) => (select.exclude_tags ?? []).includes(tag)) &&
      (select.only !== true || one.only)
  );
}

/** Fails what runs now, from outside of it: its time is up, or the run is stopped. */
let current;
export function abort(message) {
  run.ended = message;
  current?.reject(new AssertionError(message));
  notifyChange();
}

/** What nobody waited for went wrong; of a scenario that is just ending, too. */
let unawaited;
export function noteUnawaited(error) {
  if (current !== undefined) {
    abort(error);
  } else {
    unawaited ??= new AssertionError(error);
  }
}

/** What was thrown, also where that is nothing: then it failed as well. */
export const reasonOf = (error) => error ?? new Error(`failed with ${error}; throw an Error that says why`);

/** Error text, place and details for the events. */
export function failureOf(error) {
  const isError = error !== null && typeof error === 'object' && 'message' in error;
  const message = isError ? (error.name && !['Error', 'AssertionError', 'VerbError', 'OutcomeError'].includes(error.name) ? `${error.name}: ${error.message}` : error.message) : String(error);
  return { error: message, at: positionOf(error), stack: isError ? stackOf(error) : undefined, failure: error?.failure };
}

/** Runs `task` with the time limit of a scenario. */
export async function limited(task, limit) {
  current = outcome();
  run.ended = undefined;
  const timer =
    limit === undefined ? undefined : setTimer(() => abort(`the scenario took longer than ${durationText(limit)}; give it more time with --timeout, or look at what it waits for`), limit);
  try {
    // In a turn of its own: what is ended by force takes everything with it that is on its stack.
    return await Promise.race([Promise.resolve().then(task), current.promise]);
  } finally {
    clearTimer(timer);
    current = undefined;
    setPosition(undefined);
    takeLabel();
  }
}

/** Agents and servers go; everything is as before the first scenario. Gives what went wrong unseen. */
export async function reset() {
  run.ended ??= 'the scenario is over';
  stopServers();
  notifyChange();
  await closeAgents();
  // The engine tells of promises that nobody waits for at the end of a turn.
  await delay(0);
  const late = unawaited;
  unawaited = undefined;
  return late;
}

async function prepare() {
  try {
    return await suite.setup?.();
  } catch (error) {
    if (!(error instanceof Skipped) && error !== null && typeof error === 'object') {
      error.message = `setup: ${error.message}`;
      throw error;
    }
    throw error instanceof Skipped ? error : new Error(`setup: ${error}`);
  }
}

/** Setup, body and teardown. The last also after a body that failed or whose time was up; its own failure is told and does not count. */
async function runBody(one, limit) {
  let ready = false;
  let context;
  try {
    await limited(async () => {
      context = await prepare();
      ready = true;
      await one.body(context);
    }, limit);
  } finally {
    if (ready && suite.teardown !== undefined && !(run.ended?.startsWith('stopped') ?? false)) {
      try {
        await limited(() => suite.teardown(context), limit);
      } catch (error) {
        emit({ event: 'log', level: 'warn', message: `teardown: ${failureOf(error).error}` });
      }
    }
  }
}

/** One attempt. Gives "passed", "failed" or "skipped". */
async function attempt(one, number, last, job) {
  const begun = now();
  emit({ event: 'scenario_started', name: one.name, tags: one.tags, at: one.at, attempt: number });
  run.artifacts = [];
  run.recorders = 0;
  run.scenarioFolder = ask('scenario.begin', { name: one.name, attempt: number }).path;
  const mark = timerMark();
  let failure;
  try {
    await runBody(one, job.timeout_ms);
  } catch (error) {
    failure = reasonOf(error);
  }
  const agents = describeAgents();
  const measured = metrics(one.name);
  const stopped = run.ended;
  const late = await reset();
  // A body that did not end in its time does not go on in the next scenario.
  clearTimersSince(mark);
  failure ??= late;
  const skipped = failure instanceof Skipped;
  const details = failure === undefined || skipped ? {} : { ...failureOf(failure), failure: failure.failure ?? { agents } };
  if (job.metrics) {
    measured().forEach(emit);
  }
  const artifacts = ask('scenario.end', { passed: failure === undefined || skipped }) ?? [];
  if (skipped) {
    emit({ event: 'scenario_skipped', name: one.name, reason: failure.reason, tags: one.tags });
    return 'skipped';
  }
  const passed = failure === undefined;
  const retried = !passed && !last && !stopped?.startsWith('stopped');
  const kept = keptArtifacts(job, passed, artifacts);
  emit({
    event: 'scenario_finished', name: one.name, attempt: number, passed, duration_ms: now() - begun, ...details,
    ...(retried ? { retried: true } : {}), ...(kept.length > 0 ? { artifacts: kept } : {})
  });
  return passed ? 'passed' : retried ? 'retry' : 'failed';
}

/** What went wrong: {error, at, stack}; undefined: nothing. */
async function hooks(bodies, what) {
  for (const body of bodies) {
    try {
      await limited(body);
    } catch (error) {
      const { error: message, at, stack } = failureOf(reasonOf(error));
      emit({ event: 'log', level: 'error', message: `${what}: ${message}` });
      return { error: `${what}: ${message}`, at, stack };
    }
  }
  return undefined;
}

/** Of a scenario that cannot run, since what all of them need failed. */
function failUnrun(one, why) {
  emit({ event: 'scenario_started', name: one.name, tags: one.tags, at: one.at, attempt: 1 });
  emit({ event: 'scenario_finished', name: one.name, attempt: 1, passed: false, duration_ms: 0, ...why });
  return 'failed';
}

/** All selected scenarios in the order of registration; true when all passed. */
export async function runSuite(job, isStopped) {
  const chosen = selected(job.select);
  const count = { passed: 0, failed: 0, skipped: 0 };
  const begun = now();
  const unready = await hooks(suite.before, 'beforeAll');
  for (const one of chosen) {
    for (let repetition = 0; repetition < (job.repeat ?? 1) && !isStopped(); ++repetition) {
      if (one.skip !== undefined) {
        emit({ event: 'scenario_skipped', name: one.name, reason: one.skip === true ? undefined : one.skip, tags: one.tags });
        ++count.skipped;
        continue;
      }
      let result = unready === undefined ? 'retry' : failUnrun(one, unready);
      for (let number = 1; result === 'retry'; ++number) {
        result = await attempt(one, number, number > (job.retries ?? 0), job);
      }
      ++count[result];
    }
  }
  const unended = await hooks(suite.after, 'afterAll');
  const late = await reset();
  const total = count.passed + count.failed + count.skipped;
  emit({ event: 'suite_finished', total, passed: count.passed, skipped: count.skipped });
  const wrong = unready ?? unended ?? (late && failureOf(late));
  if (wrong !== undefined) {
    emit({ event: 'finished', passed: false, duration_ms: now() - begun, ...wrong });
  }
  return count.failed === 0 && wrong === undefined;
}
