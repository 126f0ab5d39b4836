import { useState } from 'react';
import type { Act } from '../api/act.js';
import { noteError, refresh } from './query.js';

export interface Run {
  /** Sends the calls one after the other; resolves with whether all went well. */
  run(acts: readonly Act[]): Promise<boolean>;
  readonly running: boolean;
  /** Of the call that failed. */
  readonly error: unknown;
  forget(): void;
}

/** Sends calls that change something, and has the page read again. */
export function useRun(): Run {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>();
  return {
    running,
    error,
    forget: () => setError(undefined),
    async run(acts) {
      setRunning(true);
      setError(undefined);
      try {
        for (const act of acts) await act.send();
        return true;
      } catch (thrown) {
        noteError(thrown);
        setError(thrown);
        return false;
      } finally {
        setRunning(false);
        await refresh();
      }
    },
  };
}
