/** Puts a proposed policy into a copy of accounts, in the place of what is there. */

import { parseArn } from '../evaluate/arn.js';
import { guessKind } from '../parse/guess-kind.js';
import { parsePolicy } from '../parse/parse.js';
import { type AccountCopy, type EntityCopy, UNKNOWN_ACCOUNT } from './copy.js';

/** A policy that is to be, and where. */
export interface ProposedPolicy {
  /** How messages name it: its file. */
  readonly name: string;
  readonly document: string;
  /**
   * ARN of what it is the policy of: a user, group or role (all its identity policies are replaced), `trust:` and a
   * role's ARN, a managed policy, a bucket, a key, an organization's policy. Where absent, it is found from the
   * document as far as that can be.
   */
  readonly place?: string | undefined;
  /** Name of the inline policy that it is, or will be: the other policies of the user, group or role stay. */
  readonly inline?: string | undefined;
}

/**
 * The copies with the change made; what they lack is made up, so that a change can stand alone. Throws `Error` for a
 * document that does not say where it belongs, and `PolicySyntaxError`.
 */
export function withChange(copies: readonly AccountCopy[], change: ProposedPolicy): AccountCopy[] {
  const place = change.place ?? placeOf(change);
  const [kind, arn] = place.startsWith('trust:')
    ? (['trust', place.slice(6)] as const)
    : ([undefined, place] as const);
  const parsed = parseArn(arn);
  if (!parsed) throw new Error(`${change.name}: "${arn}" is no ARN of what the policy belongs to`);
  const account = accountOf(arn, copies);
  const known = copies.some(copy => copy.account === account);
  const all = known ? copies : [...copies, emptyCopy(account, parsed.partition)];
  return all.map(copy => (copy.account === account ? changed(copy, arn, kind, change) : copy));
}

/**
 * What stands where the change goes: of identity policies all statements together. `undefined` where there is nothing,
 * or the copies do not have it.
 */
export function documentAt(copies: readonly AccountCopy[], change: ProposedPolicy): string | undefined {
  const place = change.place ?? placeOf(change);
  if (place.startsWith('trust:')) {
    const trust = copies.flatMap(({ roles }) => roles).find(({ arn }) => arn === place.slice(6))?.trust;
    return trust === '' ? undefined : trust;
  }
  for (const copy of copies) {
    const entity = [...copy.users, ...copy.groups, ...copy.roles].find(({ arn }) => arn === place);
    if (entity && change.inline !== undefined)
      return entity.inline.find(({ name }) => name === change.inline)?.document;
    if (entity)
      return merged([...entity.inline, ...copy.policies.filter(({ arn }) => entity.attached.includes(arn))]);
    const whole = [
      copy.policies.find(({ arn }) => arn === place)?.document,
      copy.keys.find(({ arn }) => arn === place)?.policy,
      copy.buckets.find(({ name }) => place.endsWith(`:s3:::${name}`))?.policy,
      copy.organization?.policies.find(({ id }) => place.endsWith(`/${id}`))?.document,
    ].find(document => document !== undefined);
    if (whole !== undefined) return whole;
  }
  return undefined;
}

function merged(documents: readonly { readonly document: string }[]): string | undefined {
  const statements = documents.flatMap(({ document }) => {
    const { Statement } = JSON.parse(document) as { readonly Statement?: unknown };
    return [Statement ?? []].flat();
  });
  return statements.length === 0
    ? undefined
    : JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

function accountOf(arn: string, copies: readonly AccountCopy[]): string {
  const { account, service, resource } = parseArn(arn) as NonNullable<ReturnType<typeof parseArn>>;
  if (service === 'organizations') {
    const id = resource.slice(resource.lastIndexOf('/') + 1);
    return (
      copies.find(({ organization }) => organization?.policies.some(one => one.id === id))?.account ?? account
    );
  }
  if (account !== '') return account;
  const owner = copies.find(({ buckets }) => buckets.some(({ name }) => name === resource));
  return owner?.account ?? copies[0]?.account ?? UNKNOWN_ACCOUNT;
}

function emptyCopy(account: string, partition: string): AccountCopy {
  const none = { users: [], groups: [], roles: [], policies: [], instanceProfiles: [] };
  return { account, partition, ...none, buckets: [], keys: [], oidcProviders: [], samlProviders: [] };
}

/** A bucket's policy says itself which bucket it is of; the others need to be given their place. */
function placeOf({ name, document }: ProposedPolicy): string {
  const kind = guessKind(document);
  if (kind === 'resource') {
    const resources = parsePolicy(document, kind).statements.flatMap(
      ({ resource }) => resource?.values ?? [],
    );
    const buckets = new Set(
      resources.flatMap(({ value }) => /^(arn:[^:]+:s3:::[^/*?]+)/.exec(value)?.[1] ?? []),
    );
    const [only] = buckets;
    if (buckets.size === 1 && only !== undefined) return only;
  }
  throw new Error(
    `${name}: say what it is the policy of, as in arn:aws:iam::111122223333:role/app=${name} (trust:arn:… for a trust policy)`,
  );
}

function changed(
  copy: AccountCopy,
  arn: string,
  kind: 'trust' | undefined,
  change: ProposedPolicy,
): AccountCopy {
  const { service, resource } = parseArn(arn) as NonNullable<ReturnType<typeof parseArn>>;
  const { document, name } = change;
  if (change.inline !== undefined) return withInline(copy, arn, change.inline, document);
  if (kind === 'trust') return withRole(copy, arn, { trust: document });
  if (service === 's3') return withBucket(copy, resource, document);
  if (service === 'kms') return withKey(copy, arn, document);
  if (service === 'organizations') return withControl(copy, resource, change);
  const identity = { inline: [{ name: 'proposed', document }], attached: [] };
  if (resource.startsWith('role/')) return withRole(copy, arn, identity);
  if (resource.startsWith('user/')) {
    const made = { ...entity(arn), groups: [], tags: {} };
    return { ...copy, users: put(copy.users, arn, made, { ...identity, groups: [] }) };
  }
  if (resource.startsWith('group/')) return { ...copy, groups: put(copy.groups, arn, entity(arn), identity) };
  if (resource.startsWith('policy/')) {
    return { ...copy, policies: put(copy.policies, arn, { ...entity(arn), document }, { document }) };
  }
  throw new Error(`${name}: "${arn}" has no policy`);
}

function withInline(copy: AccountCopy, arn: string, name: string, document: string): AccountCopy {
  const changeIn = <T extends EntityCopy>(all: readonly T[]): T[] =>
    all.map(one => {
      if (one.arn !== arn) return one;
      const others = one.inline.filter(policy => policy.name !== name);
      return { ...one, inline: [...others, { name, document }] };
    });
  const { users, groups, roles } = copy;
  return { ...copy, users: changeIn(users), groups: changeIn(groups), roles: changeIn(roles) };
}

function put<T extends { readonly arn: string }>(
  all: readonly T[],
  arn: string,
  made: T,
  change: Partial<T>,
): T[] {
  const known = all.some(one => one.arn === arn);
  return known
    ? all.map(one => (one.arn === arn ? { ...one, ...change } : one))
    : [...all, { ...made, ...change }];
}

function entity(arn: string) {
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const path = /:\w[\w-]*(\/(?:.+\/)?)[^/]+$/.exec(arn)?.[1] ?? '/';
  return { name, arn, path, id: '', inline: [], attached: [] };
}

function withRole(
  copy: AccountCopy,
  arn: string,
  change: Partial<AccountCopy['roles'][number]>,
): AccountCopy {
  // A role that is made up trusts whom it trusted, and may do what it might, as far as that is not changed.
  const made = {
    ...entity(arn),
    tags: {},
    trust: '',
    ...('trust' in change && { isPartial: true as const }),
  };
  return { ...copy, roles: put(copy.roles, arn, made, change) };
}

function withBucket(copy: AccountCopy, name: string, policy: string): AccountCopy {
  const known = copy.buckets.some(one => one.name === name);
  const buckets = known ? copy.buckets : [...copy.buckets, { name, region: 'us-east-1' }];
  return { ...copy, buckets: buckets.map(one => (one.name === name ? { ...one, policy } : one)) };
}

function withKey(copy: AccountCopy, arn: string, policy: string): AccountCopy {
  const [, region = ''] = /^arn:[^:]+:kms:([^:]*):/.exec(arn) ?? [];
  const id = arn.slice(arn.lastIndexOf('/') + 1);
  const kind = { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', multiRegion: false };
  const made = { ...{ arn, id, region, aliases: [], grants: [], manager: 'CUSTOMER' }, ...kind };
  return { ...copy, keys: put(copy.keys, arn, made, { policy }) };
}

function withControl(copy: AccountCopy, resource: string, { name, document }: ProposedPolicy): AccountCopy {
  const id = resource.slice(resource.lastIndexOf('/') + 1);
  const { organization } = copy;
  if (!organization?.policies.some(policy => policy.id === id))
    throw new Error(`${name}: the copy has no policy ${id} of an organization`);
  const policies = organization.policies.map(policy => (policy.id === id ? { ...policy, document } : policy));
  return { ...copy, organization: { ...organization, policies } };
}
