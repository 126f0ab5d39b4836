/** Reading the API in components: cached, refreshed after each change, and over when the session is. */
import { QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { Act } from '../api/act.js';
import { endSession, useSignedIn } from '../session/store.js';
import { codeOf, messageOf, requestIdOf } from './errors.js';

/** What services answer to credentials that are over: expired, revoked, or of a user or role that is gone. */
const OVER = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidToken',
  'InvalidAccessKeyId',
  'UnrecognizedClientException',
]);

/** Ends the session where an error says that it is over. */
export function noteError(error: unknown): void {
  if (OVER.has(codeOf(error))) endSession(messageOf(error), requestIdOf(error));
}

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 5_000, refetchOnWindowFocus: false } },
});

queries.getQueryCache().subscribe(event => {
  if (event.type === 'updated' && event.action.type === 'error') noteError(event.action.error);
});

/** The answer to one call. Asked again when the identity or the region changes. `undefined`: nothing to ask yet. */
export function useAct<O>(act: Act<O> | undefined, options: { readonly refetchInterval?: number } = {}) {
  const scope = useScope();
  return useQuery({
    queryKey: [...scope, act?.service, act?.operation, act?.input],
    queryFn: ({ signal }) => act!.send(signal),
    enabled: act !== undefined,
    ...options,
  });
}

/** The answer of several calls together. */
export function useLoaded<O>(
  name: readonly unknown[],
  load: (signal: AbortSignal) => Promise<O>,
  enabled = true,
) {
  const scope = useScope();
  return useQuery({
    queryKey: [...scope, ...name],
    queryFn: ({ signal }) => load(signal),
    enabled,
  });
}

export interface Page<T> {
  readonly items: readonly T[];
  /** What the next page is asked for with; absent behind the last. */
  readonly next?: string | undefined;
}

/** How IAM (`Marker`) and KMS (`NextMarker`) say that there is more. */
export interface Listed {
  readonly IsTruncated?: boolean | undefined;
  readonly Marker?: string | undefined;
  readonly Truncated?: boolean | undefined;
  readonly NextMarker?: string | undefined;
}

/** A page of what an operation of IAM or KMS lists. */
export function pageOf<T, L extends Listed>(
  output: L,
  items: (output: L) => readonly T[] | undefined,
): Page<T> {
  const next = output.IsTruncated ? output.Marker : output.Truncated ? output.NextMarker : undefined;
  return { items: items(output) ?? [], next };
}

interface PagesOptions {
  /** Milliseconds. */
  readonly refetchInterval?: number;
  /** What the first page is asked for with, where that is not the beginning of the list. */
  readonly from?: string | undefined;
}

/** A list that comes page by page. */
export function usePages<T>(
  name: readonly unknown[],
  load: (next: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  { from, ...options }: PagesOptions = {},
) {
  const scope = useScope();
  return useInfiniteQuery({
    queryKey: [...scope, 'pages', ...name, from],
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: from,
    getNextPageParam: page => page.next,
    // What one has gone past is not held.
    ...(from !== undefined && { gcTime: 0 }),
    ...options,
  });
}

/** Everything on the page is read again: a change in one place shows in others. */
export function refresh(): Promise<void> {
  return queries.invalidateQueries();
}

function useScope(): readonly unknown[] {
  const { current, region } = useSignedIn();
  return [current.arn, current.account, region];
}
