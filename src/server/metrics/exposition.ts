/** What a scrape gets: the metrics of all processes, added up. */
import type { Family } from './families.js';

type Json = readonly Family[];

/** The metrics of one process: its own, and Node's. */
export interface ProcessMetrics {
  snapshot(): Promise<Json>;
}

/**
 * Begins to measure Node itself: event loop, heap, garbage collection, processor time. `read`: the process's own
 * metrics. Loads `prom-client`, which only a server that shows metrics needs.
 */
export async function measureProcess(read: () => Json): Promise<ProcessMetrics> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    snapshot: async () => {
      const all = (await registry.getMetricsAsJSON()) as unknown as Json;
      // Some gauges of `prom-client` are named as only counters may be; `promtool` objects.
      return [...read(), ...all.filter(({ name, type }) => type !== 'gauge' || !name.endsWith('_total'))];
    },
  };
}

/**
 * Adds up what processes have counted. Those of a process that has ended still count: a sum that falls would look to
 * Prometheus like a server that began again.
 */
export class Totals {
  #ended: Json[] = [];

  /** Takes note of the last that a process which has ended had counted. */
  end(last: Json): void {
    if (last.length > 0) this.#ended.push(last.filter(({ type }) => type !== 'gauge'));
  }

  /** The text of a scrape. */
  async text(all: readonly Json[]): Promise<string> {
    const ended = this.#ended;
    const { text } = await added([...all, ...ended]);
    // Many processes may end in the life of a server.
    if (ended.length > 1 && this.#ended === ended) this.#ended = [(await added(ended)).json];
    return await text();
  }
}

async function added(all: readonly Json[]) {
  const { AggregatorRegistry } = await import('prom-client');
  const registry = AggregatorRegistry.aggregate([...all] as object[]);
  return {
    json: (await registry.getMetricsAsJSON()) as unknown as Json,
    text: () => registry.metrics(),
  };
}

/** Prometheus's text format ("Exposition formats"). */
export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
