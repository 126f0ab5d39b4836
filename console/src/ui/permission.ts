/** What the caller may do, asked by simulation before a button is pressed. */
import { useQuery } from '@tanstack/react-query';
import { karikagi } from '../api/karikagi.js';
import { useSignedIn } from '../session/store.js';

/** An action on a resource; `*` where it takes none. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
}

interface Simulated {
  readonly Results: readonly { readonly Allowed: boolean; readonly Message?: string }[];
}

interface Waiting {
  readonly asked: Asked;
  resolve(forbidden: string | null): void;
  reject(error: unknown): void;
}

let waiting: Waiting[] = [];

/** Why the caller may not; `undefined` where it may, or where that is not known (yet). */
export function usePermission(asked: Asked | undefined): string | undefined {
  const { current } = useSignedIn();
  const { data } = useQuery({
    queryKey: [current.arn, current.account, 'permission', asked],
    queryFn: () => ask(asked!),
    enabled: asked !== undefined,
    staleTime: 30_000,
  });
  return data ?? undefined;
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
