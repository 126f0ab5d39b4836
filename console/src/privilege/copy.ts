/** What decides in the account, as far as recorded calls are about it: read by the calls that anyone may make. */
import type { RecordedCall } from '../../../src/policy/recorded/index.js';
import type { AccountCopy } from '../../../src/policy/replay/index.js';
import { bucketOf, readerOf } from '../../../src/replay/pull-bucket.js';
import { authorizationDetails } from '../../../src/replay/pull-details.js';
import { aliasesOf, keyOf } from '../../../src/replay/pull-keys.js';
import { pullOrganization } from '../../../src/replay/pull-organization.js';
import { currentPartition } from '../api/arn.js';
import { iamClient } from '../api/iam.js';
import { kmsClientOf } from '../api/kms.js';
import { organizationsClient } from '../api/organizations.js';
import { s3Client } from '../api/s3.js';
import { currentIdentity, session } from '../session/store.js';

type Details = Pick<AccountCopy, 'users' | 'groups' | 'roles' | 'policies'>;

/** Users, groups, roles and policies. Throws where they cannot be read. */
export const readDetails = (): Promise<Details> => authorizationDetails({ iam: iamClient() });

/** Buckets and keys that are looked at: the calls of one principal are about few. */
const MOST = 100;

interface Read {
  readonly copy: AccountCopy;
  /** What could not be read. */
  readonly problems: readonly string[];
}

/** `details`, with the buckets and keys of the account that the calls and `places` (ARNs) name. */
export async function readCopy(
  details: Details,
  calls: readonly RecordedCall[],
  places: readonly string[],
): Promise<Read> {
  const account = currentIdentity()?.account ?? '';
  const partition = currentPartition();
  const problems: string[] = [];
  const failed = (what: string, problem: string) => problems.push(`${what}: ${problem}`);
  const named = [
    ...calls.flatMap(call =>
      call.checks
        .filter(check => (check.account ?? call.principal.account) === account)
        .map(({ resource }) => resource),
    ),
    ...places,
  ];
  const [buckets, keys, organization] = await Promise.all([
    bucketsIn(named, failed),
    keysIn(named, account, failed),
    pullOrganization({ organizations: organizationsClient() }, { failed }),
  ]);
  const none = { instanceProfiles: [], oidcProviders: [], samlProviders: [] };
  return { copy: { account, partition, ...details, ...none, buckets, keys, organization }, problems };
}

type Failed = (what: string, problem: string) => void;

async function bucketsIn(named: readonly string[], failed: Failed): Promise<AccountCopy['buckets']> {
  const names = new Set(named.flatMap(arn => /^arn:[^:]+:s3:::([^/*?]+)/.exec(arn)?.[1] ?? []));
  const region = session().signedIn?.region ?? 'us-east-1';
  const found = [...names].slice(0, MOST).map(async name => {
    // Where something of a bucket cannot be read, its policy counts as it did.
    let isRead = true;
    const read = readerOf((what, problem) => {
      isRead = false;
      // One that is gone has no policy to hold anything against.
      if (!/not exist/.test(problem)) failed(what, problem);
    });
    const bucket = await bucketOf({ name, region }, s3Client(), read);
    return isRead ? [bucket] : [];
  });
  return (await Promise.all(found)).flat();
}

async function keysIn(
  named: readonly string[],
  account: string,
  failed: Failed,
): Promise<AccountCopy['keys']> {
  const arns = new Set(named.filter(arn => arn.includes(`:${account}:key/`)));
  const found = [...arns].slice(0, MOST).map(async arn => {
    const [, , , region = '', , resource = ''] = arn.split(':');
    const client = kmsClientOf(region);
    const aliases = await aliasesOf(client).catch(() => new Map<string, string[]>());
    const key = await keyOf(client, resource.replace('key/', ''), region, aliases, failed);
    return key ? [key] : [];
  });
  return (await Promise.all(found)).flat();
}
