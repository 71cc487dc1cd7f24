// Sound files for tests: made, read and listened to.

/** A mono WAV file of 16 bits: a tone for so long. */
export function tone(hertz, { rate = 48_000, seconds = 2, level = 0.3 } = {}) {
  const samples = Buffer.alloc(rate * seconds * 2);
  for (let index = 0; index < rate * seconds; ++index) {
    samples.writeInt16LE(Math.round(32767 * level * Math.sin((2 * Math.PI * hertz * index) / rate)), index * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** The first channel of a WAV file of 16 bits: { rate, samples }. */
export function read(wav) {
  const format = wav.indexOf('fmt ', 12) + 8;
  const channels = wav.readUInt16LE(format + 2);
  const rate = wav.readUInt32LE(format + 4);
  const start = wav.indexOf('data', 12) + 8;
  const samples = [];
  for (let at = start; at + 2 <= wav.length; at += 2 * channels) {
    samples.push(wav.readInt16LE(at) / 32768);
  }
  return { rate, samples };
}

/** How much of the power of `samples` is at this frequency: 1 for a pure tone. */
function share(samples, rate, hertz) {
  let real = 0;
  let imaginary = 0;
  let power = 0;
  for (let index = 0; index < samples.length; ++index) {
    const angle = (2 * Math.PI * hertz * index) / rate;
    real += samples[index] * Math.cos(angle);
    imaginary += samples[index] * Math.sin(angle);
    power += samples[index] ** 2;
  }
  return power === 0 ? 0 : (2 * (real ** 2 + imaginary ** 2)) / (samples.length * power);
}

/** How long a tone of this frequency is to be heard in a WAV file, in ms, to 20 ms: where most of the power is at it. */
export function heardFor(wav, hertz) {
  const { rate, samples } = read(wav);
  const window = Math.round(rate / 50);
  let windows = 0;
  for (let at = 0; at + window <= samples.length; at += window) {
    const part = samples.slice(at, at + window);
    const loud = part.reduce((sum, sample) => sum + sample ** 2, 0) / window > 1e-5;
    windows += loud && share(part, rate, hertz) > 0.8 ? 1 : 0;
  }
  return windows * 20;
}
