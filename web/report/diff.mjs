import { h } from './dom.mjs';

// Two messages side by side, line by line.

const MAX_LINES = 400;

/** The lines of both: " " in both, "-" only in the first, "+" only in the second. By longest common subsequence. */
export function diffLines(first, second) {
  const left = first.split(/\r?\n/).slice(0, MAX_LINES);
  const right = second.split(/\r?\n/).slice(0, MAX_LINES);
  const common = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      common[i][j] = left[i] === right[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push({ mark: ' ', text: left[i] });
      i += 1;
      j += 1;
    } else if (j === right.length || (i < left.length && common[i + 1][j] >= common[i][j + 1])) {
      lines.push({ mark: '-', text: left[i] });
      i += 1;
    } else {
      lines.push({ mark: '+', text: right[j] });
      j += 1;
    }
  }
  return lines;
}

export function diffView(first, second) {
  const classes = { ' ': '', '-': 'gone', '+': 'new' };
  return h('pre', { class: 'message diff', tabindex: '0' }, diffLines(first, second).map(({ mark, text }) => h('span', { class: classes[mark] }, `${mark} ${text}\n`)));
}
