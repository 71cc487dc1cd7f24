// Waiting for conditions, and for time.
import { AssertionError, collect } from './assertions.mjs';
import { allAgents } from './agent.mjs';
import { emit, now } from './host.mjs';
import { here, positionOf } from './position.mjs';
import { run } from './run.mjs';
import { Skipped } from './skip.mjs';
import { change, clearTimer, delay, durationText, milliseconds, setTimer } from './time.mjs';

const kUsualTimeout = 5000;
/** Values that no event tells of, such as jitter, are looked at so often. */
const kLookAgain = 250;
const kMistakes = [TypeError, ReferenceError, SyntaxError];

let usual = kUsualTimeout;
export const defaultTimeout = (text) => {
  usual = milliseconds(text);
};
/** Each file has its own. */
export const resetDefaultTimeout = () => {
  usual = kUsualTimeout;
};

/** What it gives, or an error after so many milliseconds. */
async function inTime(promise, left) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimer(() => reject(new AssertionError('the condition has not ended')), left);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimer(timer);
  }
}

async function evaluate(body, collector, left) {
  const restore = collect(collector);
  let value;
  try {
    value = body();
  } finally {
    if (typeof value?.then !== 'function') {
      restore();
    }
  }
  if (typeof value?.then === 'function') {
    try {
      value = await inTime(value, left);
    } finally {
      restore();
    }
  }
  return value;
}

/** What came over the wire since then, for whoever wonders why a condition was not met. */
function meanwhile(since) {
  const lines = allAgents().flatMap((agent) =>
    agent.messages
      .filter((message) => message.time >= since)
      .map((message) => [message.time, `${agent.name} ${message.direction} ${message.startLine.replace(' SIP/2.0', '').replace('SIP/2.0 ', '')}`])
  );
  lines.sort((one, other) => one[0] - other[0]);
  const kMost = 8;
  const shown = lines.slice(-kMost).map(([time, text]) => `\n    +${((time - since) / 1000).toFixed(2)}s ${text}`);
  return lines.length === 0 ? '' : `\n  meanwhile:${lines.length > kMost ? ` (${lines.length - kMost} more before)` : ''}${shown.join('')}`;
}

/** The value of `body` as soon as it ends without an error. */
export async function until(body, within) {
  if (typeof body !== 'function') {
    throw new TypeError('until takes a function: await until(() => expect(a.state).toBe(State.Ringing))');
  }
  const limit = within === undefined ? usual : milliseconds(within);
  const at = here();
  const begun = now();
  const collector = {};
  const tell = (passed, evaluations) => {
    if (collector.last !== undefined) {
      emit({ ...collector.last, at });
    }
    emit({ event: 'until', within_ms: limit, passed, duration_ms: now() - begun, evaluations, at });
  };
  for (let evaluations = 1; ; ++evaluations) {
    try {
      const value = await evaluate(body, collector, Math.max(0, begun + limit - now()));
      tell(true, evaluations);
      return value;
    } catch (error) {
      if (error instanceof Skipped) {
        throw error;
      }
      if (kMistakes.some((kind) => error instanceof kind) || error?.isMistake === true) {
        tell(false, evaluations);
        error.message = `the condition has a bug: ${error.message}`;
        throw error;
      }
      const left = begun + limit - now();
      if (left <= 0 || run.ended !== undefined) {
        tell(false, evaluations);
        const failed = new AssertionError(run.ended ?? `not satisfied within ${durationText(limit)}: ${error?.message ?? String(error)}${meanwhile(begun)}`, error?.failure);
        failed.at = at ?? positionOf(error);
        throw failed;
      }
      await change(Math.min(left, kLookAgain));
    }
  }
}

/** Fails as soon as `body` ends without an error within that time: what must not happen. */
export async function never(body, within) {
  const limit = within === undefined ? usual : milliseconds(within);
  const at = here();
  const begun = now();
  for (let left = limit; left > 0; left = begun + limit - now()) {
    const collector = {};
    let happened = true;
    try {
      await evaluate(body, collector, left);
    } catch (error) {
      if (error instanceof Skipped) {
        throw error;
      }
      if (kMistakes.some((kind) => error instanceof kind)) {
        error.message = `the condition has a bug: ${error.message}`;
        throw error;
      }
      happened = false;
    }
    if (happened || run.ended !== undefined) {
      const { label, expect: wanted } = collector.last ?? {};
      const what = wanted === undefined ? '' : `: ${label === undefined ? '' : `${label} `}${wanted}`;
      const after = Math.round(now() - begun);
      if (run.ended === undefined) {
        emit({ event: 'assertion', label, expect: `never within ${durationText(limit)}: ${wanted ?? 'the condition'}`, actual: `so after ${after}ms`, ok: false, at });
      }
      const failed = new AssertionError(run.ended ?? `what must never be was so after ${after}ms${what}`);
      failed.at = at;
      throw failed;
    }
    await change(Math.min(left, kLookAgain));
  }
  emit({ event: 'assertion', expect: `never within ${durationText(limit)}`, ok: true, at });
}

/** Holds for so many seconds; a call that is up then and ends meanwhile is a failure. */
export async function wait(seconds) {
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) {
    throw new TypeError('wait takes a number of seconds: await wait(2)');
  }
  const held = allAgents().flatMap((agent) => agent.openCalls.filter((call) => call.state === 'established'));
  const at = here();
  const end = now() + Math.max(0, seconds) * 1000;
  emit({ event: 'wait', seconds: Math.max(0, seconds), at });
  for (let left = end - now(); left > 0; left = end - now()) {
    await change(left);
    const dropped = held.find((call) => !call.isOpen);
    if (dropped !== undefined || run.ended !== undefined) {
      const error = new AssertionError(run.ended ?? `call on ${dropped.agent.name} dropped during wait — reason: "${dropped.reason}"`);
      error.at = at;
      throw error;
    }
  }
}

export const sleep = (ms) => delay(ms);
