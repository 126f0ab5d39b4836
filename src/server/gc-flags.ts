/** How V8 is set up in a process that serves requests and nothing else. */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from placing new objects among the old ones. It does so where those of a kind were found to live long, and
 * falsely of some that each request makes: the whole request then lives as long as they, until all of the heap is
 * collected.
 *
 * Lets the old ones grow to five times what lives, some 100 MB, before all of the heap is collected. Buffers count
 * among them, and those of large bodies alone would have it collected ten times a second. To be called before the
 * first request.
 */
export function tuneCollector(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--heap-growing-percent=400');
}
