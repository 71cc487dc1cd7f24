// `10s`, `500ms`, `2m`: the durations of the language.

const UNITS = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds, or undefined when the text is no duration. */
export function parseDuration(text) {
  const match = /^(\d+)(ms|s|m)$/.exec(text);
  return match ? Number(match[1]) * UNITS[match[2]] : undefined;
}

/** Whether somebody meant a duration, such as `10`, `10h`, `1.5s` or `10 s`. */
export function resemblesDuration(text) {
  return /^\d+(?:[.,]\d+)?\s*[A-Za-z]*$/.test(text);
}

export function spellDuration(ms) {
  if (ms % 1000 !== 0) return `${ms} ms`;
  return ms % 60_000 === 0 && ms > 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
