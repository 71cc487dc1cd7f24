// "Did you mean …?" for a mistyped word.

const kLongest = 64;

/** How many letters must be changed, added, left out or swapped to make one word of the other. */
function distance(a, b) {
  const rows = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(changed, rows[i - 1][j] + 1, rows[i][j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

/** The name that is most like a word, if one is like it at all. */
export function similar(word, names) {
  if (word.length > kLongest) return undefined;
  let best;
  let least = Math.floor(word.length / 3) + 1;
  for (const name of names) {
    if (Math.abs(name.length - word.length) >= least) continue;
    const far = distance(word.toLowerCase(), name.toLowerCase());
    if (far < least && name !== word) [best, least] = [name, far];
  }
  return best;
}
