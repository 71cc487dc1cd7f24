// A host for testfiles without sockets, and with a clock of its own: hours pass in milliseconds.
import { FakePhone } from './fake_testfile_phone.mjs';

class Clock {
  #timers = [];
  #order = 0;
  now = Date.UTC(2026, 3, 26, 21, 36, 22, 101);

  after(ms, work) {
    this.#timers.push({ at: this.now + ms, order: this.#order++, work });
    this.#timers.sort((left, right) => left.at - right.at || left.order - right.order);
  }

  /** Whether there was anything left to happen. */
  step() {
    const timer = this.#timers.shift();
    if (timer === undefined) return false;
    this.now = Math.max(this.now, timer.at);
    timer.work();
    return true;
  }
}

export class FakeHost {
  clock = new Clock();
  /** user@domain → phone */
  phones = new Map();
  events = [];
  posted = [];
  baselines = new Map();
  updateBaseline = false;
  /** Contacts of phones have random users, unless somebody wants the same each time. */
  plainContacts = false;
  position = {};
  #rejecters = new Set();
  #random;
  #stopped;

  /** `files`: path → text; `domains`: exchanges, domain → {user: password} or 'silent'; `seed`: what is random differs with it. */
  constructor({ files = {}, domains = {}, sounds = ['alice.wav', 'bob.wav'], seed = 1 } = {}) {
    this.files = files;
    this.domains = domains;
    this.sounds = sounds;
    this.#random = seed;
  }

  random() {
    this.#random = (Math.imul(this.#random, 1103515245) + 12345) >>> 0;
    return this.#random.toString(16).padStart(8, '0');
  }

  now() {
    return this.clock.now;
  }

  sleep(ms) {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => {
      this.#rejecters.add(reject);
      this.clock.after(ms, () => {
        this.#rejecters.delete(reject);
        resolve();
      });
    });
  }

  stop(reason = 'stopped by the user') {
    this.#stopped = new Error(reason);
    for (const reject of this.#rejecters) reject(this.#stopped);
  }

  /** Lets time pass until the promise is settled. */
  async drive(promise) {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    for (;;) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      if (settled) return promise;
      if (!this.clock.step()) throw new Error('everybody waits, and nothing is left to happen');
    }
  }

  createPhone(name, options, onEvent) {
    const phone = new FakePhone(this, name, options, onEvent);
    this.phones.set(phone.aor, phone);
    return phone;
  }

  readFile(path) {
    if (!Object.hasOwn(this.files, path)) throw new Error(`no such file: ${path}`);
    return this.files[path];
  }

  fileExists(path) {
    return Object.hasOwn(this.files, path) || this.sounds.some((sound) => path === this.sound(sound));
  }

  resolve(path, from) {
    if (path.startsWith('/')) return path;
    const folder = from.includes('/') ? from.slice(0, from.lastIndexOf('/') + 1) : '';
    return folder + path;
  }

  sound(name) {
    return `/sounds/${name}`;
  }

  emit(event) {
    this.events.push(event);
  }

  async postJson(url, body) {
    this.posted.push({ url, body });
  }

  /** The time limit of the real host is that of a `while (true) {}` here. */
  evaluate(source, _path, globals) {
    if (/while\s*\(true\)\s*\{\s*\}/.test(source)) throw new Error('the script took longer than 5 s');
    return Function(...Object.keys(globals), source)(...Object.values(globals));
  }

  baseline(path) {
    return this.baselines.get(path);
  }

  saveBaseline(path, text) {
    this.baselines.set(path, text);
  }

  all(kind) {
    return this.events.filter(({ event }) => event === kind);
  }

  /** What the phones did, as scripts get it. */
  records() {
    return this.all('phone_event').map(({ record }) => record);
  }
}
