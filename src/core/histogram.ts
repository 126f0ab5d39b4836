/** Counts values by size, as a metric shows them: cheap enough for every request. */
export class Histogram {
  /** Values up to each bound and above the one before it; the last count is of those above all bounds. */
  readonly counts: number[];
  sum = 0;

  /** `bounds`: ascending, inclusive. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    counts[index]!++;
    this.sum += value;
  }
}
