// What can go wrong in a script, in the words that authors of Rhai know.

/** The text is no program. `line` and `column` count from 1. */
export class RhaiSyntaxError extends Error {
  constructor(message, { path, line, column }) {
    super(message);
    this.name = 'SyntaxError';
    Object.assign(this, { path, line, column });
    this.at = { path, line, column };
  }
}

/**
 * A fault of a running script. `kind` names it for the script that catches it. `isMistake` is true of what no waiting mends, a name that does not
 * exist for instance: a wait for a condition gives up at once.
 */
export class RhaiError extends Error {
  constructor(kind, message, { at, isMistake = false } = {}) {
    super(message);
    this.kind = kind;
    this.isMistake = isMistake;
    if (at) this.at = at;
  }
}

/** What `throw` throws; `value` is what the script gave. */
export class RhaiThrow extends RhaiError {
  constructor(value, text, at) {
    super('ErrorRuntime', text === '' ? 'Runtime error' : `Runtime error: ${text}`, { at });
    this.value = value;
  }
}

const KINDS = {
  arithmetic: ['ErrorArithmetic', false],
  array: ['ErrorArrayBounds', false],
  string: ['ErrorStringBounds', false],
  bits: ['ErrorBitFieldBounds', false],
  type: ['ErrorMismatchDataType', true],
  indexing: ['ErrorIndexingType', true],
  property: ['ErrorDotExpr', true],
  variable: ['ErrorVariableNotFound', true],
  module: ['ErrorModuleNotFound', true],
  constant: ['ErrorAssignmentToConstant', true],
  iteration: ['ErrorFor', true],
  unbound: ['ErrorUnboundThis', true],
  runtime: ['ErrorRuntime', false],
  depth: ['ErrorStackOverflow', true],
};

/** An error of one of the kinds above. */
export function fault(kind, message, at) {
  const [name, isMistake] = KINDS[kind];
  return new RhaiError(name, message, { at, isMistake });
}

/** Gives an error of the host or of a library function the place of the call, unless it has one from further inside. */
export function locate(error, at) {
  if (error instanceof RangeError && /call stack/i.test(error.message)) return fault('depth', 'Stack overflow', at);
  if (error !== null && typeof error === 'object' && error.at === undefined && at && Object.isExtensible(error)) error.at = at;
  return error;
}
