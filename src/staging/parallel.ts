/** Work on many things at once whose results come in order. */

/**
 * The results of `work` on each, in order. So many are taken from the source and worked on ahead of what is read, and
 * no more. After a failure, and where the reader leaves, it ends once those that were begun have ended.
 */
export async function* ahead<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  // Of a generator the next item can be asked for before the last one is there.
  const items = (async function* () {
    yield* source;
  })();
  const one = async () => {
    const next = await items.next();
    return next.done ? undefined : { result: await work(next.value) };
  };
  const begun: ReturnType<typeof one>[] = [];
  try {
    for (;;) {
      while (begun.length < limit) {
        const next = one();
        // Its failure is met when its turn comes, or not at all where an earlier one ends the work.
        next.catch(() => undefined);
        begun.push(next);
      }
      const done = await begun.shift();
      if (!done) return;
      yield done.result;
    }
  } finally {
    await Promise.allSettled(begun);
    await items.return();
  }
}

/**
 * The items of a source, and `work` on each beside their reader, so many at once: then the next item waits. Ends when
 * all of the work has ended. Throws its first failure.
 */
export async function* beside<T>(
  source: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): AsyncGenerator<T> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const check = () => {
    if (failure) throw failure.error;
  };
  try {
    for await (const item of source) {
      while (running.size >= limit) await Promise.race(running);
      check();
      const one: Promise<void> = work(item)
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => running.delete(one));
      running.add(one);
      yield item;
    }
  } finally {
    await Promise.all(running);
  }
  check();
}
