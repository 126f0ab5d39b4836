import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Longer than any machine takes; nothing waits so long where all is well. Milliseconds. */
const DEADLINE = 60_000;

/** Resolves once the condition holds; rejects where that takes longer than any machine does. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const ends = performance.now() + DEADLINE;
  while (!(await condition())) {
    assert.ok(performance.now() < ends, `not within ${DEADLINE} ms: ${condition}`);
    await pause(50);
  }
}
