/**
 * Does `work` on each, so many at once; reads no further than that. Throws the first failure once the others have
 * ended.
 */
export async function inParallel<T>(
  source: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const item of source) {
      const one: Promise<void> = work(item)
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => running.delete(one));
      running.add(one);
      if (running.size >= limit) await Promise.race(running);
      if (failure) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failure) throw failure.error;
}

/** The results of `fetch` in order, so many fetched ahead. */
export async function* ahead<T, R>(
  items: readonly T[],
  limit: number,
  fetch: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  for (let next = 0; next < items.length || waiting.length > 0; ) {
    while (waiting.length < limit && next < items.length) {
      const one = fetch(items[next++]!);
      // Its failure is met when its turn comes, or not at all where an earlier one ends the work.
      one.catch(() => undefined);
      waiting.push(one);
    }
    yield await waiting.shift()!;
  }
}
