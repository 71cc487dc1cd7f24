// What agents understand of what they hear.
import { addWaitingMatcher, leaveLabel, takeLabel } from './assertions.mjs';
import { ask } from './host.mjs';
import { PathPattern } from './mock_server.mjs';
import { here } from './position.mjs';
import { durationText, milliseconds } from './time.mjs';

/** What was said while an agent listened. */
export class RecognizedSpeech {
  #agent;
  #heard;

  constructor(agent, heard) {
    this.#agent = agent;
    this.#heard = heard;
  }

  get text() {
    leaveLabel(`${this.#agent.name} heard words`);
    return this.#heard.text;
  }
  get words() {
    return this.#heard.words;
  }

  toJSON() {
    const { text, words } = this;
    takeLabel();
    return { text, words };
  }
}

/** As it is recognised: lower case, single blanks, no punctuation. */
const plain = (text) =>
  text
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[.,;:!?"()]+/g, ' ')
    .trim()
    .replace(/\s+/g, ' ');

/** All that was understood up to now, also of what may change still. */
const soFar = ({ text, partial }) => `${text} ${partial}`.trim();

/** What toHear waits for: {phrase, text, holds}. */
function wish(wanted) {
  if (wanted instanceof RegExp || wanted instanceof PathPattern) {
    const expression = new RegExp(wanted.source, wanted.flags?.replace(/[gy]/g, ''));
    return { phrase: '', text: `matching "${wanted.source}"`, holds: (heard) => expression.test(soFar(heard)) };
  }
  const phrase = typeof wanted === 'string' ? plain(wanted) : '';
  if (phrase === '') {
    throw new TypeError('toHear takes words or a regular expression: await expect(a).toHear("welcome")');
  }
  return { phrase, text: `with "${phrase}"`, holds: (heard) => ` ${soFar(heard)} `.includes(` ${phrase} `) };
}

let nextRecognition = 1;

/** The recognisers of one agent. */
export class SpeechChecks {
  #agent;
  #running = new Map();

  constructor(agent) {
    this.#agent = agent;
  }

  /** Ends as soon as it is `enough`, or when the time is over and all that was heard is recognised: {text, words, why}. */
  #begin(phrase, within, enough) {
    const call = this.#agent.currentCall;
    const heard = { text: '', words: [], partial: '' };
    if (call === undefined) {
      return Promise.resolve({ ...heard, silent: 'no call' });
    }
    const id = nextRecognition++;
    return new Promise((resolve) => {
      this.#running.set(id, { heard, enough, resolve });
      ask('phone.recognize', { phone: this.#agent.nativeId, call: call.id, id, phrase, within_ms: milliseconds(within) });
    });
  }

  recognized({ id, final, text, words }) {
    const { heard, enough, resolve } = this.#running.get(id) ?? {};
    if (heard === undefined) {
      return;
    }
    heard.partial = final ? '' : text;
    if (final) {
      heard.text = `${heard.text} ${text}`.trim();
      heard.words.push(...words);
    }
    if (enough(heard)) {
      this.#running.delete(id);
      ask('phone.end_recognition', { phone: this.#agent.nativeId, id });
      resolve(heard);
    }
  }

  ended({ id, why }) {
    this.#running.get(id)?.resolve({ ...this.#running.get(id).heard, why });
    this.#running.delete(id);
  }

  /** The phone is gone. */
  close() {
    for (const id of [...this.#running.keys()]) {
      this.ended({ id });
    }
  }

  async recognize(within = '5s') {
    const at = here();
    const heard = await this.#begin('', within, () => false);
    const why = heard.why ?? (heard.silent && 'there is no call');
    if (why !== undefined) {
      throw Object.assign(new Error(`recognize on ${this.#agent.name}: ${why}`), { at });
    }
    return new RecognizedSpeech(this.#agent, heard);
  }

  async toHear({ phrase, text, holds }, within) {
    const heard = await this.#begin(phrase, within, holds);
    if (heard.why !== undefined) {
      throw Object.assign(new Error(`toHear on ${this.#agent.name}: ${heard.why}`), { isMistake: true });
    }
    const said = soFar(heard) === '' ? 'no words' : `"${soFar(heard)}"`;
    return { ok: holds(heard), label: this.#agent.name, expect: `speech ${text} within ${durationText(milliseconds(within))}`, actual: heard.silent ?? said };
  }
}

addWaitingMatcher('toHear', (agent, wanted, within = '10s') => {
  if (!(agent?.hearing instanceof SpeechChecks)) {
    throw new TypeError('toHear is about an agent: await expect(a).toHear("welcome")');
  }
  return agent.hearing.toHear(wish(wanted), within);
});
