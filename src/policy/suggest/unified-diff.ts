/** Two texts line by line, as `diff -u` prints them. */

const CONTEXT = 3;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * A unified diff that `patch` applies; empty where the texts are equal. Meant for policies: time and space grow with
 * the product of the lines that differ.
 */
export function unifiedDiff(before: string, after: string, names: readonly [string, string]): string {
  if (before === after) return '';
  const lines = compare(linesOf(before), linesOf(after));
  const hunks = hunksOf(lines);
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...hunks].join('\n');
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start++;
  let end = 0;
  const shorter = Math.min(before.length, after.length) - start;
  while (end < shorter && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const same = (text: string): Line => ({ sign: ' ', text });
  return [
    ...before.slice(0, start).map(same),
    ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function changed(before: readonly string[], after: readonly string[]): Line[] {
  const longest = before.map(() => new Array<number>(after.length + 1).fill(0));
  longest.push(new Array<number>(after.length + 1).fill(0));
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = longest[i] as number[];
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ sign: ' ', text: before[i] as string });
      i++;
      j++;
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push({ sign: '-', text: before[i++] as string });
    else lines.push({ sign: '+', text: after[j++] as string });
  }
  return lines;
}

function hunksOf(lines: readonly Line[]): string[] {
  const out: string[] = [];
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  );
  let old = 1;
  let now = 1;
  for (let at = 0; at < lines.length; ) {
    const from = at;
    while (at < lines.length && near[at]) at++;
    const hunk = lines.slice(from, at);
    if (hunk.length > 0) {
      const olds = hunk.filter(({ sign }) => sign !== '+').length;
      const news = hunk.filter(({ sign }) => sign !== '-').length;
      out.push(`@@ -${range(old, olds)} +${range(now, news)} @@`);
      out.push(...hunk.map(({ sign, text }) => sign + text));
      old += olds;
      now += news;
    }
    for (; at < lines.length && !near[at]; at++) {
      old++;
      now++;
    }
  }
  return out;
}

/** Of no lines, the range begins at the line before. */
function range(start: number, count: number): string {
  return count === 0 ? `${start - 1},0` : `${start},${count}`;
}
