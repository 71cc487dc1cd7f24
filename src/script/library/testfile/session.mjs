// The events of one repetition, and those who wait for one.
import { matchesAll } from './matchers.mjs';

export class Session {
  records = [];
  #taken = new Set();
  #waiters = new Set();

  add(record) {
    this.records.push(record);
    for (const waiter of [...this.#waiters]) waiter(record);
  }

  #fits(record, { alias, type, matchers }) {
    return (alias === undefined || record.agent === alias) && record.type === type && matchesAll(record.event, matchers);
  }

  /** The first event that fits and that no earlier step took, from position `from` on. */
  find(pattern, from = 0) {
    return this.records.find((record, index) => index >= from && !this.#taken.has(record) && this.#fits(record, pattern));
  }

  findLast(pattern) {
    return this.records.filter((record) => this.#fits(record, pattern)).at(-1);
  }

  /** An event satisfies one step only. */
  take(record) {
    this.#taken.add(record);
    return record;
  }

  /** Events of that kind at that agent which do not fit; for messages. */
  misses({ alias, type }, from = 0) {
    return this.records.slice(from).filter((record) => !this.#taken.has(record) && this.#fits(record, { alias, type, matchers: [] }));
  }

  /** {promise, cancel}: the next event that fits. */
  next(pattern) {
    let waiter;
    const cancel = () => this.#waiters.delete(waiter);
    const promise = new Promise((resolve) => {
      waiter = (record) => {
        if (!this.#fits(record, pattern)) return;
        cancel();
        resolve(record);
      };
      this.#waiters.add(waiter);
    });
    return { promise, cancel };
  }
}
