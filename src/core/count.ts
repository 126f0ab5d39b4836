/** `1 file`, `1,200 files`. `many`: the plural where it does not end in s alone. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
