// What is wrong with a testfile, and failures of its steps.

/** A mistake in the text. `offset` counts characters of the text that was looked at. */
export class SyntaxProblem extends Error {
  constructor(message, { suggestion, offset = 0, severity = 'error' } = {}) {
    super(message);
    this.suggestion = suggestion;
    this.offset = offset;
    this.severity = severity;
  }
}

/** A step that did not do what it should. `failure` is as in docs/testing/events.md. */
export class StepFailure extends Error {
  constructor(message, { at, failure } = {}) {
    super(message);
    this.name = 'StepFailure';
    this.at = at;
    this.failure = failure;
  }
}

/** The run was stopped from outside: not the fault of any step. */
export class Stopped extends Error {
  constructor(reason) {
    super(reason);
    this.name = 'Stopped';
  }
}

export function problemAt(line, column, problem) {
  const { message, suggestion, severity = 'error' } = problem;
  return suggestion === undefined ? { line, column, message, severity } : { line, column, message, suggestion, severity };
}

/** `a.test:3:7`, as events have it. */
export function place({ path, line, column }) {
  return `${path}:${line}:${column}`;
}

export const withSuggestion = ({ message, suggestion }) => (suggestion === undefined ? message : `${message}; did you mean ${suggestion}?`);

export function describeProblem(path, problem) {
  return `${place({ path, ...problem })}: ${withSuggestion(problem)}`;
}
