// The hash of telefonist: of events without order, over their texts with two fields blanked.
import { NEVER_HASHED, UNKNOWN_TO_TELEFONIST } from './event_types.mjs';
import { hex16, xxhash64 } from './xxhash64.mjs';

const BLANKED = /"(id|time)":"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** Which events count, by their kind: those that `accept` names (all when it is empty) and `ignore` does not. */
export function chosen(type, { ignore = [], accept = [] } = {}) {
  const isIn = (list) => list.some((item) => item.toUpperCase() === type.toUpperCase());
  return !NEVER_HASHED.includes(type) && !isIn(ignore) && (accept.length === 0 || isIn(accept));
}

export function hashOfEvent(raw) {
  return xxhash64(raw.replace(BLANKED, '"$1":""'));
}

/** `raws`: the texts of the events that count. */
export function hashOfTexts(raws) {
  const sum = raws.reduce((total, raw) => BigInt.asUintN(64, total + hashOfEvent(raw)), 0n);
  return hex16(xxhash64(hex16(sum)));
}

/** `records` have `type` and `raw`, the text of the event. */
export function telefonistHash(records, filters) {
  const counted = records.filter(({ type }) => chosen(type, filters) && !UNKNOWN_TO_TELEFONIST.includes(type));
  return hashOfTexts(counted.map(({ raw }) => raw));
}
