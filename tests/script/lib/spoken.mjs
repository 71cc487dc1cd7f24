// Something like speech, as WAV files of any form, and whether it is in a recording.
import { read } from '../../interop/lib/sound.mjs';

const PARTIALS = Array.from({ length: 14 }, (_, index) => ({ hertz: 310 * 1.171 ** index, phase: (index * 2.399) % (2 * Math.PI) }));
const TEMPLATE_AT_S = 0.2;
const TEMPLATE_S = 0.12;
const ALIKE = 0.85;

export const TONE_HZ = 1000;

/** Half a second in which each 50 ms sound otherwise, then half a second of a tone. */
function spoken(within) {
  if (within >= 0.5) return 0.3 * Math.sin(2 * Math.PI * TONE_HZ * within);
  const syllable = Math.floor(within * 20);
  return PARTIALS.reduce((sum, { hertz, phase }, index) => {
    const level = 0.2 + Math.abs(Math.sin(12.9898 * (syllable + 1) * (index + 3)));
    return sum + level * Math.sin(2 * Math.PI * hertz * within + phase);
  }, 0) / 40;
}

/** G.711: sign, exponent and mantissa of 14 (µ) or 13 bits (A). */
function muLaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const level = Math.min(Math.abs(sample), 32635) + 132;
  const exponent = Math.floor(Math.log2(level)) - 7;
  return ~(sign | (exponent << 4) | ((level >> (exponent + 3)) & 0xf)) & 0xff;
}

function aLaw(sample) {
  const sign = sample < 0 ? 0 : 0x80;
  const level = Math.min(Math.abs(sample), 32767);
  const exponent = level < 256 ? 0 : Math.floor(Math.log2(level)) - 7;
  const mantissa = (level >> (exponent === 0 ? 4 : exponent + 3)) & 0xf;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

const FORMS = {
  linear: { tag: 1, bytes: 2, write: (buffer, at, sample) => buffer.writeInt16LE(sample, at) },
  alaw: { tag: 6, bytes: 1, write: (buffer, at, sample) => buffer.writeUInt8(aLaw(sample), at) },
  mulaw: { tag: 7, bytes: 1, write: (buffer, at, sample) => buffer.writeUInt8(muLaw(sample), at) },
};

/** A WAV file of one second of speech. */
export const speech = (rate, form) => soundFile(spoken, rate, form);

/** A WAV file of one second of what `sound` gives, -1 to 1, for each time in seconds. */
export function soundFile(sound, rate, { form = 'linear', channels = 1 } = {}) {
  const { tag, bytes, write } = FORMS[form];
  const frame = bytes * channels;
  const file = Buffer.alloc(44 + rate * frame);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + rate * frame, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(tag, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * frame, 28);
  file.writeUInt16LE(frame, 32);
  file.writeUInt16LE(bytes * 8, 34);
  file.write('data', 36);
  file.writeUInt32LE(rate * frame, 40);
  for (let index = 0; index < rate; ++index) {
    for (let channel = 0; channel < channels; ++channel) {
      write(file, 44 + index * frame + channel * bytes, Math.round(32767 * sound(index / rate)));
    }
  }
  return file;
}

/** Seconds at which the same syllables begin in a recording. */
export function findSpeech(wav) {
  const { rate, samples } = read(wav);
  const length = Math.round(rate * TEMPLATE_S);
  const template = Array.from({ length }, (_, index) => spoken(TEMPLATE_AT_S + index / rate));
  const norm = Math.sqrt(template.reduce((sum, value) => sum + value ** 2, 0));
  const found = [];
  let power = samples.slice(0, length).reduce((sum, value) => sum + value ** 2, 0);
  for (let at = 0; at + length < samples.length; ++at) {
    let product = 0;
    for (let index = 0; index < length; ++index) product += template[index] * samples[at + index];
    const alike = power > 1e-3 ? product / (norm * Math.sqrt(power)) : 0;
    const last = found.at(-1);
    if (alike > ALIKE && last !== undefined && at - last.at < rate / 2) {
      if (alike > last.alike) Object.assign(last, { at, alike });
    } else if (alike > ALIKE) {
      found.push({ at, alike });
    }
    power += samples[at + length] ** 2 - samples[at] ** 2;
  }
  return found.map(({ at }) => at / rate);
}
