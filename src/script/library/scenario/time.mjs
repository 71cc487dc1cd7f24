// Durations, timers and what waits for something to happen.
import { now } from './host.mjs';

const kUnits = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of "300ms", "10s" or "2m". */
export function milliseconds(text) {
  const match = typeof text === 'string' ? /^\s*(\d+)(ms|s|m)\s*$/.exec(text) : null;
  if (match === null) {
    throw new Error(`"${text}" is no duration; write a whole number and a unit: "500ms", "10s" or "2m"`);
  }
  const value = Number(match[1]) * kUnits[match[2]];
  if (!Number.isSafeInteger(value) || value > 2 ** 40) {
    throw new Error(`"${text}" is too long a duration`);
  }
  return value;
}

/** "300ms" or "10s", as durations are told. */
export const durationText = (ms) => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

let nextTimer = 1;
const timers = new Map();

export function setTimer(callback, delay, repeat) {
  const id = nextTimer++;
  timers.set(id, { due: now() + Math.max(0, Number(delay) || 0), callback, every: repeat ? Math.max(1, Number(delay) || 1) : undefined });
  return id;
}

export const clearTimer = (id) => {
  timers.delete(id);
};

/** For `clearTimersSince`. */
export const timerMark = () => nextTimer;

/** What was to happen in its time, and was set since then, does not. */
export function clearTimersSince(mark) {
  for (const id of [...timers.keys()].filter((set) => set >= mark)) {
    timers.delete(id);
  }
}

/** Runs the timers that are due. */
export function runTimers() {
  const at = now();
  const due = [...timers].filter(([, timer]) => timer.due <= at).sort((one, other) => one[1].due - other[1].due);
  for (const [id, timer] of due) {
    if (!timers.has(id)) {
      continue;
    }
    if (timer.every === undefined) {
      timers.delete(id);
    } else {
      timer.due = at + timer.every;
    }
    timer.callback();
  }
}

/** Milliseconds until the next timer is due; -1: there is none. */
export function untilNextTimer() {
  let first = Infinity;
  for (const timer of timers.values()) {
    first = Math.min(first, timer.due);
  }
  return first === Infinity ? -1 : Math.max(0, first - now());
}

export const delay = (ms) => new Promise((resolve) => setTimer(resolve, ms));

let waiting = [];

/** Ends with the next thing that happens to any agent or mock server, or after `ms`. */
export function change(ms) {
  return new Promise((resolve) => {
    const timer = setTimer(resolve, ms);
    waiting.push(() => {
      clearTimer(timer);
      resolve();
    });
  });
}

/** Something happened: conditions are looked at again. */
export function notifyChange() {
  const those = waiting;
  waiting = [];
  for (const resolve of those) {
    resolve();
  }
}
