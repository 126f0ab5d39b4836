import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Longer than any machine takes; nothing waits so long where all is well. Milliseconds. */
const DEADLINE = 180_000;
const LONGEST_WAIT = 50;

/** Resolves once the condition holds; rejects where that takes longer than any machine does. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  let wait = 1;
  const ends = performance.now() + DEADLINE;
  while (!(await condition())) {
    assert.ok(performance.now() < ends, `not within ${DEADLINE} ms: ${condition}`);
    await pause(wait);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}
