// What two texts have in common and what not, line by line, for people.

const CONTEXT = 2;
const MOST_LINES = 1500;

/** The longest common subsequence, as [kind, line]: ' ' in both, '-' only in the first, '+' only in the second. */
function align(before, after) {
  const table = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; --i) {
    for (let j = after.length - 1; j >= 0; --j) {
      table[i][j] = before[i] === after[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const changes = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      changes.push([' ', before[i]]);
      ++i;
      ++j;
    } else if (i < before.length && (j === after.length || table[i + 1][j] >= table[i][j + 1])) {
      changes.push(['-', before[i++]]);
    } else {
      changes.push(['+', after[j++]]);
    }
  }
  return changes;
}

const linesOf = (text) => text.split('\n').filter((line) => line !== '').slice(0, MOST_LINES);

function near(changes, index) {
  return changes.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(([kind]) => kind !== ' ');
}

/** Differing lines with their neighbours; '' when there is no difference. */
export function difference(expected, actual) {
  const changes = align(linesOf(expected), linesOf(actual));
  if (changes.every(([kind]) => kind === ' ')) return '';
  const lines = [];
  let skipped = false;
  changes.forEach(([kind, line], index) => {
    if (!near(changes, index)) {
      skipped = true;
      return;
    }
    if (skipped && lines.length > 0) lines.push('  …');
    skipped = false;
    lines.push(`${kind} ${line}`);
  });
  return lines.join('\n');
}

/** The first thing that is missing or too much, in a sentence. */
export function firstDifference(expected, actual) {
  const change = align(linesOf(expected), linesOf(actual)).find(([kind]) => kind !== ' ');
  if (change === undefined) return undefined;
  const [kind, line] = change;
  return kind === '-' ? `expected "${line}", missing` : `"${line}" was not expected`;
}
