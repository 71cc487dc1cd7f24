// Where in the author's file something happened.

let named;

/** A front end that compiles another language says here which line it is at; undefined: the stack tells. */
export function setPosition(position) {
  named = position;
}

/** Files of the author's. What is wrapped around one takes a line in front of it. */
const kAuthored = new Set();
export const noteFile = (url) => kAuthored.add(url);
const kWrapperLines = 1;
export const lineOf = (line) => Math.max(1, Number(line) - kWrapperLines);

/** "file:line:column" of the innermost frame in a file of the author's. */
export function positionOf(error) {
  if (typeof error === 'object' && error?.at !== undefined) {
    return text(error.at);
  }
  for (const line of String(error?.stack ?? '').split('\n')) {
    const frame = /^(?:.*@)?(.*):(\d+):(\d+)$/.exec(line);
    if (frame !== null && kAuthored.has(frame[1])) {
      return `${frame[1]}:${lineOf(frame[2])}:${frame[3]}`;
    }
  }
  if (error?.sourceURL !== undefined && kAuthored.has(error.sourceURL)) {
    return `${error.sourceURL}:${lineOf(error.line)}:${error.column}`;
  }
  return undefined;
}

export const here = () => (named === undefined ? positionOf(new Error()) : text(named));

const text = (position) => (typeof position === 'string' ? position : `${position.path}:${position.line}:${position.column}`);

/** The stack in the author's files alone. */
export function stackOf(error) {
  const frames = String(error?.stack ?? '')
    .split('\n')
    .map((line) => /^(?:(.*)@)?(.*):(\d+):(\d+)$/.exec(line))
    .filter((frame) => frame !== null && kAuthored.has(frame[2]))
    .map((frame) => `${frame[1] || '(top)'} ${frame[2]}:${lineOf(frame[3])}:${frame[4]}`);
  return frames.length === 0 ? undefined : frames.join('\n');
}
