// What agents say, and what they are to hear.
import { ask, emit } from './host.mjs';
import { AssertionError, leaveLabel, takeLabel } from './assertions.mjs';
import { here } from './position.mjs';
import { durationText, milliseconds } from './time.mjs';

export const tone = (hz) => ({ kind: 'tone', hz: checkedFrequency(hz) });
export const file = (path) => ({ kind: 'file', path: String(path) });
export const silence = () => ({ kind: 'silence' });
export const speech = (text, { voice = 'man' } = {}) => ({ kind: 'speech', text: checkedText(text), voice: checkedVoice(voice) });

function checkedText(text) {
  if (typeof text !== 'string' || !/[a-z0-9]/i.test(text)) {
    throw new Error(`speech(${JSON.stringify(text)}): there is nothing to say; write English words or numbers`);
  }
  return text;
}

function checkedVoice(voice) {
  if (!['man', 'woman'].includes(voice)) {
    throw new Error(`speech: there is no voice "${voice}"; it is "man" or "woman"`);
  }
  return voice;
}

function checkedFrequency(hz) {
  if (typeof hz !== 'number' || !(hz >= 10 && hz <= 20_000)) {
    throw new Error(`tone(${hz}): the frequency is a number of hertz from 10 to 20000`);
  }
  return hz;
}

/** What was heard while an agent listened. */
export class HeardSound {
  #agent;
  #report;

  constructor(agent, report) {
    this.#agent = agent;
    this.#report = report;
  }

  #read(label, value) {
    leaveLabel(`${this.#agent.name} heard ${label}`);
    return value;
  }

  get duration() {
    return this.#read('sound (ms)', this.#report.duration_ms);
  }
  get levelDbov() {
    return this.#read('level (dBov)', this.#report.level_dbov);
  }
  get peakDbov() {
    return this.#read('peak (dBov)', this.#report.peak_dbov);
  }
  get clipped() {
    return this.#read('clipped share', this.#report.clipped);
  }
  get silence() {
    return this.#read('share of silence', this.#report.silence);
  }
  get speech() {
    return this.#read('share of speech', this.#report.speech);
  }
  get glitches() {
    return this.#read('glitches', this.#report.glitches);
  }
  get similarity() {
    return this.#read('similarity', this.#report.similarity);
  }

  toJSON() {
    const { duration, levelDbov, peakDbov, clipped, silence, speech, glitches, similarity } = this;
    takeLabel();
    return { duration, levelDbov, peakDbov, clipped, silence, speech, glitches, similarity };
  }
}

let nextCheck = 1;

/** The listening of one agent. */
export class AudioChecks {
  #agent;
  #waiting = new Map();

  constructor(agent) {
    this.#agent = agent;
  }

  #begin(kind, options, within, operation = 'check') {
    const id = nextCheck++;
    const call = this.#agent.currentCall;
    if (call === undefined) {
      return Promise.resolve({ ok: false, score: 0, rms: 0, samples: 0, why: 'there is no call' });
    }
    return new Promise((resolve) => {
      this.#waiting.set(id, { resolve, call });
      ask(`phone.${operation}`, { phone: this.#agent.nativeId, call: call.id, id, kind, ...options, within_ms: milliseconds(within) });
    });
  }

  settle(event) {
    this.#waiting.get(event.id)?.resolve(event);
    this.#waiting.delete(event.id);
  }

  end(call) {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.call === call) {
        this.#waiting.delete(id);
        waiting.resolve({ ok: false, score: 0, rms: 0, samples: 0, why: 'the call ended' });
      }
    }
  }

  #judge(heard, at, expect, failure, label) {
    const actual = `score ${heard.score.toFixed(2)}, rms ${Math.round(heard.rms)}, ${heard.samples} samples`;
    emit({ event: 'assertion', label, expect, ok: heard.ok, actual, at });
    if (!heard.ok) {
      const error = new AssertionError(`${failure} (${heard.why === undefined ? actual : heard.why})`, { label, expect, actual });
      error.at = at;
      throw error;
    }
  }

  /** Ends as soon as the tone is certain; fails when it was not heard within that time. */
  async verifyTone(frequency, within = '5s', expect = `audio tone ${frequency} Hz`) {
    const at = here();
    const heard = await this.#begin('tone', { hz: checkedFrequency(frequency) }, within);
    this.#judge(heard, at, expect, `verify_audio on ${this.#agent.name}: tone ${frequency} Hz not detected`, this.#agent.name);
  }

  /** Ends as soon as somebody speaks for certain. */
  async verifySpeech(within = '5s') {
    const at = here();
    const heard = await this.#begin('speech', {}, within);
    this.#judge(heard, at, 'speech', `verify_speech on ${this.#agent.name}: nobody speaks`, this.#agent.name);
  }

  hearProbe = (within) => this.#begin('probe', {}, within, 'hear_probe');
  playProbe = (within) => this.#begin('probe', {}, within, 'probe');

  /** Tells how it was; fails only where there is nothing to listen to. */
  async listen(within = '2s', { reference } = {}) {
    const agent = this.#agent;
    const at = here();
    const path = reference === undefined ? undefined : agent.resolvePath(reference?.kind === 'file' ? reference.path : String(reference));
    const report = await this.#begin('report', { reference: path }, within, 'listen');
    if (!report.ok) {
      const error = new Error(`listen on ${agent.name}: ${report.why}`);
      error.at = at;
      throw error;
    }
    return new HeardSound(agent, report);
  }

  /** Listens for all of that time. */
  async verifySilence(within = '1s') {
    const at = here();
    const heard = await this.#begin('silence', {}, within);
    this.#judge(heard, at, `silence for ${durationText(milliseconds(within))}`, `verify_silence on ${this.#agent.name}: something is heard`, this.#agent.name);
  }
}

const kProbeHz = 1000;

async function hears(sender, receiver) {
  const before = sender.source;
  try {
    ask('phone.say', { phone: sender.nativeId, source: tone(kProbeHz) });
    await receiver.checks.verifyTone(kProbeHz, '2s', `audio ${sender.name} → ${receiver.name} ${kProbeHz} Hz`);
  } finally {
    ask('phone.say', { phone: sender.nativeId, source: before });
  }
}

/** Each hears the other; what they said before, they say again afterwards. A failure says whether one way is silent, or both. */
export async function verifyAudioConnection(one, other) {
  const silent = [];
  let first;
  for (const [sender, receiver] of [[one, other], [other, one]]) {
    try {
      await hears(sender, receiver);
    } catch (error) {
      if (!(error instanceof AssertionError)) {
        throw error;
      }
      silent.push(`${sender.name} → ${receiver.name}`);
      first ??= error;
    }
  }
  if (first !== undefined) {
    const ways = silent.length > 1 ? `both ways are silent, ${silent.join(' and ')}` : `one way is silent, ${silent[0]}`;
    first.message = `${ways}: ${first.message}`;
    throw first;
  }
}

/** Milliseconds from when `speaker` says something until `listener` hears it. */
export async function audioDelay(speaker, listener) {
  const at = here();
  const before = speaker.source;
  let heard;
  let played;
  try {
    const listening = listener.checks.hearProbe('5s');
    [heard, played] = await Promise.all([listening, speaker.checks.playProbe('5s')]);
  } finally {
    ask('phone.say', { phone: speaker.nativeId, source: before });
  }
  const way = `${speaker.name} → ${listener.name}`;
  if (!heard.ok || !played.ok) {
    const error = new AssertionError(`audio delay ${way}: ${(played.ok ? heard : played).why}`, { label: way, expect: 'sound that arrives' });
    error.at = at;
    throw error;
  }
  leaveLabel(`audio delay ${way} (ms)`);
  return heard.at_ms - played.at_ms;
}
