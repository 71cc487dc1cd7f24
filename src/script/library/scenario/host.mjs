// The native side: functions of the process that runs this, with JSON at the border.

/* global native */

/** Calls a native function; its failures are thrown as Error. */
export function ask(operation, argument) {
  const answer = native.ask(JSON.stringify([operation, argument ?? null]));
  return answer === undefined ? undefined : JSON.parse(answer);
}

/** One event of docs/testing/events.md. */
export function emit(event) {
  native.emit(JSON.stringify({ ...event, ts: timestamp(now()) }));
}

/** Milliseconds since the epoch, with fractions. */
export const now = () => native.now() * 1;

/** Evaluates a script and gives its value. */
export const compile = (source, url) => native.compile(source, url);

const parts = new Map();

/** What a part of this library exports: "rhai", "testfile", "syntax", "transpiler". It is read for the first who asks: most files need none of them. */
export function part(name) {
  if (!parts.has(name)) {
    parts.set(name, compile(native.part(name), `callwright:${name}`));
  }
  return parts.get(name);
}

const two = (number) => String(number).padStart(2, '0');

/** RFC 3339, local time, milliseconds. */
export function timestamp(ms) {
  const date = new Date(ms);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}:${two(
    date.getSeconds()
  )}.${String(date.getMilliseconds()).padStart(3, '0')}${zone}`;
}
