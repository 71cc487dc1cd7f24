// XXH64 with seed 0 (the specification of the xxHash project), of texts in UTF-8.

const MASK = (1n << 64n) - 1n;
const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;
const STRIPE = 32;

const times = (left, right) => (left * right) & MASK;
const plus = (left, right) => (left + right) & MASK;
const rotate = (value, bits) => ((value << bits) | (value >> (64n - bits))) & MASK;
const round = (lane, word) => times(rotate(plus(lane, times(word, PRIME_2)), 31n), PRIME_1);
const merge = (hash, lane) => plus(times(hash ^ round(0n, lane), PRIME_1), PRIME_4);

/** The embedded engine brings no TextEncoder. */
export function utf8(text) {
  const bytes = [];
  for (const character of text) {
    const code = character.codePointAt(0);
    if (code < 0x80) {
      bytes.push(code);
    } else if (code < 0x800) {
      bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    } else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    }
  }
  return Uint8Array.from(bytes);
}

function accumulate(view, length) {
  const lanes = [plus(PRIME_1, PRIME_2), PRIME_2, 0n, (MASK + 1n - PRIME_1) & MASK];
  for (let at = 0; at + STRIPE <= length; at += STRIPE) {
    for (let lane = 0; lane < 4; ++lane) lanes[lane] = round(lanes[lane], view.getBigUint64(at + 8 * lane, true));
  }
  const turned = [1n, 7n, 12n, 18n].reduce((sum, bits, lane) => plus(sum, rotate(lanes[lane], bits)), 0n);
  return lanes.reduce(merge, turned);
}

function addRest(start, view, from, length) {
  let hash = start;
  let at = from;
  for (; at + 8 <= length; at += 8) {
    hash = plus(times(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n), PRIME_1), PRIME_4);
  }
  if (at + 4 <= length) {
    hash = plus(times(rotate(hash ^ times(BigInt(view.getUint32(at, true)), PRIME_1), 23n), PRIME_2), PRIME_3);
    at += 4;
  }
  for (; at < length; ++at) hash = times(rotate(hash ^ times(BigInt(view.getUint8(at)), PRIME_5), 11n), PRIME_1);
  return hash;
}

function avalanche(hash) {
  const first = times(hash ^ (hash >> 33n), PRIME_2);
  const second = times(first ^ (first >> 29n), PRIME_3);
  return second ^ (second >> 32n);
}

/** The hash as a BigInt. */
export function xxhash64(text) {
  const bytes = utf8(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  const start = length >= STRIPE ? accumulate(view, length) : PRIME_5;
  return avalanche(addRest(plus(start, BigInt(length)), view, length - (length % STRIPE), length));
}

export const hex16 = (value) => value.toString(16).padStart(16, '0');
