/** What a request is expected to look at in the store, where that is a network away. */
import type { ReadingAhead, RequestSubject } from '../http/pipeline.js';
import type { Objects } from '../objects/index.js';
import type { Expected, ReadAhead } from '../store/read-ahead.js';

/** Undefined where the store is this machine's. */
export function readingAhead(readAhead: ReadAhead | undefined, objects: Objects): ReadingAhead | undefined {
  return readAhead && ((about, steps) => readAhead.run(() => expectedOf(about(), objects), steps));
}

function expectedOf({ service, operation, bucket, key }: RequestSubject, objects: Objects): Expected {
  const kind = `${service} ${operation}`;
  if (bucket === undefined) return { kinds: [kind] };
  if (key === undefined) return { kinds: [kind, `${kind} ${bucket}`], keys: objects.expectedRows(bucket) };
  return {
    kinds: [kind, `${kind} ${bucket}`, `${kind} ${bucket}/${key}`],
    keys: objects.expectedRows(bucket, key),
  };
}
