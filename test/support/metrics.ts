/** Prometheus's text format, read by a test. */

/** A metric's samples, by their labels. */
export class Scrape {
  readonly #samples: { name: string; labels: Record<string, string>; value: number }[] = [];

  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === undefined) continue;
      const pairs = [...labels.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(([, key, of]) => [key!, of!]);
      this.#samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
    }
  }

  /** The sum of the samples that have these labels; 0 where there are none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#samples
      .filter(sample => sample.name === name)
      .filter(sample => Object.entries(labels).every(([key, of]) => sample.labels[key] === of))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Every value of a label of a metric. */
  labels(name: string, label: string): Set<string> {
    return new Set(this.#samples.filter(sample => sample.name === name).map(({ labels }) => labels[label]!));
  }

  get names(): Set<string> {
    return new Set([...this.text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!));
  }
}

/** Scrapes once. */
export async function scrape(url: string): Promise<Scrape> {
  const reply = await fetch(url);
  if (reply.status !== 200) throw new Error(`${reply.status}: ${await reply.text()}`);
  return new Scrape(await reply.text());
}
