/** A scenario that says of itself that it is not to be run. */
export class Skipped extends Error {
  name = 'Skipped';
  constructor(reason) {
    super(reason ?? 'skipped');
    this.reason = reason;
  }
}

export function skip(reason) {
  throw new Skipped(reason === undefined ? undefined : String(reason));
}
