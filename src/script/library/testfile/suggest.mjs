// "Did you mean …?" for a mistyped word.

const LONGEST = 64;

/** Changes that turn one word into the other; two swapped letters count as one. */
function distance(left, right) {
  const rows = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; ++row) {
    rows.push([row]);
    for (let column = 1; column <= right.length; ++column) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(rows[row - 1][column] + 1, rows[row][column - 1] + 1, rows[row - 1][column - 1] + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) best = Math.min(best, rows[row - 2][column - 2] + 1);
      rows[row].push(best);
    }
  }
  return rows[left.length][right.length];
}

/** The candidate that was most likely meant, or undefined when none is near. */
export function nearest(word, candidates) {
  if (word.length > LONGEST) return undefined;
  const wanted = word.toLowerCase();
  let best;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const far = distance(wanted, candidate.toLowerCase());
    if (far < bestDistance) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}
