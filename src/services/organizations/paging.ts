/** Lists in pages. Source: AWS Organizations API Reference: `MaxResults` (1 to 20) and `NextToken`. */
import { invalidInput, type Page } from '../../identity/index.js';

const MOST = 20;

export interface PagingInput {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
}

export interface Listed<T> {
  readonly items: readonly T[];
  /** Where to go on; absent at the end. */
  readonly next: { readonly NextToken?: string };
}

/**
 * One page of what `fetch` lists in the order of keys. Throws `InvalidInputException` for a token that this
 * server did not make.
 */
export async function listPage<T>(
  { NextToken, MaxResults = MOST }: PagingInput,
  fetch: (page: Page) => Promise<readonly T[]>,
  keyOf: (item: T) => string,
): Promise<Listed<T>> {
  const after = readToken(NextToken);
  const items = await fetch({ after, limit: MaxResults + 1 });
  if (items.length <= MaxResults) return { items, next: {} };
  const kept = items.slice(0, MaxResults);
  return { items: kept, next: { NextToken: writeToken(keyOf(kept.at(-1)!)) } };
}

/** The same of a list that is at hand, in the order that it has. */
export function slicePage<T>(input: PagingInput, all: readonly T[], keyOf: (item: T) => string) {
  return listPage(
    input,
    async ({ after, limit }) => {
      const start = after === undefined ? 0 : all.findIndex(item => keyOf(item) === after) + 1;
      return all.slice(start, start + limit);
    },
    keyOf,
  );
}

function writeToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function readToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key === '' || writeToken(key) !== token) {
    throw invalidInput(
      'INVALID_NEXT_TOKEN',
      'Get the NextToken parameter from the response to a previous call of the operation.',
    );
  }
  return key;
}
