// Folds the events of a run (docs/testing/events.md) into files, scenarios, attempts.

export const STATUSES = ['failed', 'flaky', 'passed', 'skipped'];
export const MARKS = { passed: '✓', failed: '✗', flaky: '~', skipped: '⊘' };

class FileFold {
  constructor(file) {
    this.result = { path: file.path, dropped: file.dropped ?? 0, scenarios: [], error: undefined, at: undefined, failure: undefined, single: false };
    this.before = [];
    this.current = undefined;
    for (const event of file.events) this.take(event);
    this.settle();
  }

  take(event) {
    const handler = { file_loaded: this.load, scenario_started: this.start, scenario_finished: this.finish, scenario_skipped: this.skip, finished: this.end, file_finished: this.close }[event.event];
    if (handler) handler.call(this, event);
    else if (event.event !== 'file_started' && event.event !== 'suite_finished') (this.current?.attempts.at(-1)?.events ?? this.before).push(event);
  }

  load(event) {
    this.result.single = event.kind === 'single';
  }

  start(event) {
    const again = (event.attempt ?? 1) > 1 && this.current?.name === event.name;
    if (!again) {
      this.current = { name: event.name, path: this.result.path, tags: event.tags ?? [], at: event.at, status: 'failed', attempts: [] };
      this.result.scenarios.push(this.current);
    }
    // What agents did at the top of the file belongs to the first one.
    this.current.attempts.push({ started: event.ts, events: again ? [] : this.before.splice(0), artifacts: [] });
  }

  finish(event) {
    const attempt = this.current?.attempts.at(-1);
    if (!attempt) return;
    Object.assign(attempt, { ended: event.ts, artifacts: event.artifacts ?? [] });
    for (const name of ['passed', 'duration_ms', 'error', 'at', 'stack', 'failure']) attempt[name] = event[name];
    this.current.status = !event.passed ? 'failed' : this.current.attempts.length > 1 ? 'flaky' : 'passed';
    if (!event.retried) this.current = undefined;
  }

  skip(event) {
    const scenario = this.current?.name === event.name ? this.current : { name: event.name, path: this.result.path, attempts: [] };
    Object.assign(scenario, { tags: event.tags ?? scenario.tags ?? [], status: 'skipped', reason: event.reason });
    if (scenario !== this.current) this.result.scenarios.push(scenario);
    this.current = undefined;
  }

  end(event) {
    if (!this.result.single) {
      if (!event.passed) Object.assign(this.result, { error: event.error ?? 'failed outside of its scenarios', at: event.at, failure: event.failure });
      return;
    }
    const events = this.before.splice(0);
    this.current = { name: this.result.path.split('/').at(-1), path: this.result.path, tags: [], at: event.at, attempts: [{ started: events[0]?.ts ?? event.ts, events }] };
    this.result.scenarios.push(this.current);
    this.finish(event);
  }

  close(event) {
    if (!event.error) return;
    this.result.error = this.result.error ? `${this.result.error}; ${event.error}` : event.error;
    const attempt = this.current?.attempts.at(-1);
    if (attempt) Object.assign(attempt, { passed: false, error: event.error, ended: event.ts });
  }

  /** What ended outside of all scenarios is shown like one. */
  settle() {
    const { error, scenarios } = this.result;
    if (error === undefined || scenarios.some((scenario) => scenario.attempts.at(-1)?.error === error)) return;
    const attempt = { passed: false, error, at: this.result.at, failure: this.result.failure, events: this.before, artifacts: [], started: this.before[0]?.ts };
    scenarios.push({ name: '(the file)', path: this.result.path, tags: [], at: this.result.at, status: 'failed', attempts: [attempt] });
  }
}

/** Adds times since the beginning and the agents, in the order in which they came. */
function complete(attempt) {
  const begin = Date.parse(attempt.started ?? attempt.events[0]?.ts ?? '');
  attempt.begin = begin;
  attempt.agents = [];
  let last = 0;
  for (const event of attempt.events) {
    const offset = Date.parse(event.ts) - begin;
    event.offset = Number.isFinite(offset) ? offset : last;
    last = event.offset;
    const agent = event.event === 'agent_started' ? event.name : event.agent;
    if (agent && !attempt.agents.includes(agent)) attempt.agents.push(agent);
  }
  attempt.length = Math.max(attempt.duration_ms ?? 0, last, 1);
}

/** The run as the page shows it. */
export function fold(data) {
  const files = data.files.map((file) => new FileFold(file).result);
  const scenarios = files.flatMap((file) => file.scenarios);
  scenarios.forEach((scenario, index) => {
    scenario.id = index;
    scenario.duration_ms = scenario.attempts.reduce((sum, attempt) => sum + (attempt.duration_ms ?? 0), 0);
    scenario.attempts.forEach(complete);
  });
  const counts = Object.fromEntries(STATUSES.map((status) => [status, scenarios.filter((scenario) => scenario.status === status).length]));
  return { ...data, files, scenarios, counts, tags: [...new Set(scenarios.flatMap((scenario) => scenario.tags))].sort() };
}
