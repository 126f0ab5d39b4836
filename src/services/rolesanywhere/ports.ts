import type { Call, Requirement } from '../../core/operation.js';
import {
  type Account,
  type AnywhereKind,
  anywhereArn,
  anywhereErrors,
  type Identity,
  type Place,
  type Tags,
  tagContext,
} from '../../identity/index.js';

export interface RolesAnywherePorts {
  readonly identity: Identity;
}

export interface TagInput {
  readonly key: string;
  readonly value: string;
}

/** The caller's account in the region of the request. */
export interface Home extends Place {
  readonly home: Account;
}

/** Throws `AccessDeniedException` for anonymous callers. */
export function homeOf({ caller, region }: Call): Home {
  if (caller.account) return { home: caller.account, region };
  throw anywhereErrors.AccessDeniedException('Missing Authentication Token', {
    advice: 'Sign the request.',
  });
}

/** What must be allowed on a resource of the caller's account. `tags`: those that it has. */
export function onResource(
  { action }: Call,
  { home, region }: Home,
  kind: AnywhereKind,
  id: string,
  tags: Tags = [],
): Requirement {
  return {
    action,
    resource: anywhereArn(home, region, kind, id),
    resourceAccount: home.id,
    context: tagContext('aws:ResourceTag', tags),
  };
}

/** What must be allowed for an operation that makes something: on everything, and tagging where tags come with it. */
export function onCreation(call: Call, place: Home, kind: AnywhereKind, tags: Tags): Requirement[] {
  const context = requestTagContext(tags);
  const create = { action: call.action, resource: '*', context };
  if (tags.length === 0) return [create];
  const resource = anywhereArn(place.home, place.region, kind, '*');
  return [create, { action: 'rolesanywhere:TagResource', resource, context }];
}

export function requestTagContext(tags: Tags) {
  return {
    ...tagContext('aws:RequestTag', tags),
    ...(tags.length > 0 && { 'aws:TagKeys': tags.map(([key]) => key) }),
  };
}

const MOST_TAGS = 50;

/** Throws `ValidationException` for a key that is given twice or reserved, `TooManyTagsException`. */
export function tagsOf(input: readonly TagInput[] | undefined): Tags {
  const tags = (input ?? []).map(({ key, value }) => [key, value] as const);
  const keys = new Set(tags.map(([key]) => key));
  if (keys.size < tags.length) throw anywhereErrors.ValidationException('Duplicate tag keys found.');
  if ([...keys].some(key => key.toLowerCase().startsWith('aws:')))
    throw anywhereErrors.ValidationException('Tag keys that begin with aws: are reserved.');
  return demandFew(tags);
}

/** Throws `TooManyTagsException`. */
export function demandFew(tags: Tags): Tags {
  if (tags.length <= MOST_TAGS) return tags;
  throw anywhereErrors.TooManyTagsException(`A resource has at most ${MOST_TAGS} tags.`);
}

export interface ListInput {
  readonly nextToken?: string;
  readonly pageSize?: number;
}

const PAGE = 100;

/** A page of a list, with the token of the next. Throws `ValidationException` for a token that was not handed out. */
export async function pageOf<T extends { readonly id: string }>(
  { nextToken, pageSize = PAGE }: ListInput,
  list: (page: { after?: string | undefined; limit: number }) => Promise<readonly T[]>,
): Promise<{ items: readonly T[]; nextToken?: string }> {
  if (pageSize < 1 || pageSize > 1000)
    throw anywhereErrors.ValidationException('pageSize is between 1 and 1000.');
  const after = nextToken === undefined ? undefined : Buffer.from(nextToken, 'base64url').toString('latin1');
  if (after !== undefined && !/^[0-9a-f-]{36}$/.test(after))
    throw anywhereErrors.ValidationException('The nextToken is not valid.');
  const found = await list({ after, limit: pageSize + 1 });
  const items = found.slice(0, pageSize);
  const last = found.length > pageSize ? items.at(-1) : undefined;
  return { items, ...(last && { nextToken: Buffer.from(last.id).toString('base64url') }) };
}
