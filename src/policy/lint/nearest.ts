/** Finds the name that a misspelt one was meant to be. */

/** The candidate within an edit distance of `most`, the nearest; spelled as `spelled` has it. */
export function nearest(
  name: string,
  candidates: readonly string[],
  spelled: (candidate: string) => string | undefined = same => same,
  most = 2,
): string | undefined {
  let best: string | undefined;
  let least = Math.min(most + 1, name.length);
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best === undefined ? undefined : (spelled(best) ?? best);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
