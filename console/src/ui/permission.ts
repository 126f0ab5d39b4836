/** What the caller may do, asked by simulation before a button is pressed. */
import { useQueries } from '@tanstack/react-query';
import type { Asked } from '../api/asked.js';
import { karikagi } from '../api/karikagi.js';
import { useSignedIn } from '../session/store.js';

interface Simulated {
  readonly Results: readonly { readonly Allowed: boolean; readonly Message?: string }[];
}

interface Waiting {
  readonly asked: Asked;
  resolve(forbidden: string | null): void;
  reject(error: unknown): void;
}

let waiting: Waiting[] = [];

/** Why the caller may not do each; `undefined` where it may, or where that is not known (yet). */
export function usePermissions(asked: readonly Asked[]): readonly (string | undefined)[] {
  const { current } = useSignedIn();
  const scope = [current.arn, current.account];
  const answers = useQueries({
    queries: asked.map(one => ({
      queryKey: [...scope, 'permission', one],
      queryFn: () => ask(one),
      staleTime: 30_000,
    })),
  });
  return answers.map(({ data }) => data ?? undefined);
}

/** Questions of one moment go together. */
function ask(asked: Asked): Promise<string | null> {
  return new Promise((resolve, reject) => {
    if (waiting.push({ asked, resolve, reject }) === 1) setTimeout(send, 10);
  });
}

async function send(): Promise<void> {
  const batch = waiting;
  waiting = [];
  try {
    const Requests = batch.map(({ asked }) => ({ Action: asked.action, Resource: asked.resource }));
    const { Results } = await karikagi<Simulated>('SimulateOwnRequests', { Requests }).send();
    batch.forEach(({ resolve }, index) => {
      const result = Results[index];
      resolve(result === undefined || result.Allowed ? null : (result.Message ?? ''));
    });
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
