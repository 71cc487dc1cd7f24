// Whether the events of a repetition are those that `_hash` expects.
import { difference, firstDifference } from './difference.mjs';
import { fingerprint, hashOfFingerprint } from './fingerprint.mjs';
import { telefonistHash } from './telefonist_hash.mjs';

const BASELINE = 'baseline';

/** {hash, telefonistHash, text} of the records. */
export function hashesOf(records, settings) {
  const { text, hash } = fingerprint(records, settings);
  return { text, hash, telefonistHash: telefonistHash(records, settings) };
}

/** Which of the two algorithms gives the expected hash. Without `_hashmode` either will do: files of telefonist have its hash in them. */
function matched({ hash: expected, hashMode }, { hash, telefonistHash: classic }) {
  const modes = { normalised: hash, telefonist: classic };
  const tried = hashMode === undefined ? Object.keys(modes) : [hashMode];
  return tried.find((mode) => modes[mode] === expected);
}

function compareWithBaseline(hashes, baseline) {
  if (baseline === undefined) return { passed: false, message: 'there is no baseline yet; run once with --update-baseline' };
  if (baseline === hashes.text) return { passed: true, matched: BASELINE };
  return { passed: false, message: `not as the baseline: ${firstDifference(baseline, hashes.text)}`, difference: difference(baseline, hashes.text) };
}

function explain(expected, hashes, baseline, hashMode) {
  if (baseline === undefined) return 'no baseline is stored: run with --update-baseline when all is well, and the next mismatch says what differs';
  if (baseline === hashes.text) return 'the events are those of the stored baseline, so it is the _hash that is out of date';
  const other = hashMode !== 'telefonist' && hashOfFingerprint(baseline) !== expected;
  const note = other ? ' (the baseline is of another run than the _hash)' : '';
  return `${firstDifference(baseline, hashes.text)}${note}`;
}

function compareWithHash(settings, hashes, baseline) {
  const { hash: expected, hashMode } = settings;
  const mode = matched(settings, hashes);
  if (mode !== undefined) return { passed: true, matched: mode };
  const actual = hashMode === 'telefonist' ? hashes.telefonistHash : hashes.hash;
  const also = hashMode === undefined ? ` (telefonist's: ${hashes.telefonistHash})` : '';
  const result = {
    passed: false,
    message: `Hash mismatch: expected ${expected}, actual ${actual}${also}; ${explain(expected, hashes, baseline, hashMode)}`,
  };
  if (baseline !== undefined && baseline !== hashes.text) result.difference = difference(baseline, hashes.text);
  return result;
}

/** {passed, matched?, message?, difference?} */
export function judgeByHash(settings, hashes, baseline) {
  if (settings.hash === undefined) return { passed: true };
  return settings.hash.toLowerCase() === BASELINE ? compareWithBaseline(hashes, baseline) : compareWithHash(settings, hashes, baseline);
}
