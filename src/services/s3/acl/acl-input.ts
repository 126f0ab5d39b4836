/** The access control list that a request brings: the name of a canned one, headers, or a document. */
import type { AccessControlPolicy, Grant, Grantee } from '@aws-sdk/client-s3';
import type { Call } from '../../../core/operation.js';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import type { AclGrant, Bucket, Permission } from '../../../objects/index.js';
import { blockCommand, blocks } from '../bucket/public-access.js';
import type { S3Ports } from '../ports.js';
import { ALL_USERS, ANONYMOUS_OWNER, AUTHENTICATED_USERS, isPublicAcl, LOG_DELIVERY } from './acl.js';

export interface AclInput {
  readonly ACL?: string | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
  readonly AccessControlPolicy?: AccessControlPolicy | undefined;
}

/** "An ACL can have up to 100 grants" ("Access control list (ACL) overview"). */
const MOST_GRANTS = 100;

/** The account of Amazon EC2 that reads the bundles of machine images. */
const EC2 = '6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c';

const GROUPS: ReadonlySet<string> = new Set([ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY]);
const PERMISSIONS: ReadonlySet<string | undefined> = new Set([
  'FULL_CONTROL',
  'READ',
  'WRITE',
  'READ_ACP',
  'WRITE_ACP',
]);

const HEADERS: readonly (readonly [
  member: Exclude<keyof AclInput, 'ACL' | 'AccessControlPolicy'>,
  header: string,
  Permission,
])[] = [
  ['GrantFullControl', 'x-amz-grant-full-control', 'FULL_CONTROL'],
  ['GrantRead', 'x-amz-grant-read', 'READ'],
  ['GrantWrite', 'x-amz-grant-write', 'WRITE'],
  ['GrantReadACP', 'x-amz-grant-read-acp', 'READ_ACP'],
  ['GrantWriteACP', 'x-amz-grant-write-acp', 'WRITE_ACP'],
];

/** Whether a request brings grants one by one in its headers. */
export function hasGrantHeaders(input: AclInput): boolean {
  return HEADERS.some(([member]) => input[member] !== undefined);
}

/** Whose is what the list is of: canonical ids, read where the list names them. */
export interface AclOwners {
  readonly owner: () => Promise<string>;
  readonly bucketOwner: () => Promise<string>;
}

/** The canonical id of an account. */
export async function canonicalIdOf(account: string, call: Call, { accountOf }: S3Ports): Promise<string> {
  const own = call.caller.account;
  const found = own?.id === account ? own : await accountOf(account);
  if (!found) throw new TypeError(`there is no account ${account}`);
  return found.canonicalId;
}

/**
 * The grants that a request asks for; undefined where they are the owner's full control alone, as they are where it
 * says nothing. Throws InvalidRequest, UnexpectedContent for lists given in two ways; InvalidArgument,
 * UnresolvableGrantByEmailAddress for grantees that are none; MalformedACLError; AccessDenied for a document that
 * names another owner.
 */
export async function requestedGrants(
  input: AclInput,
  owners: AclOwners,
  ports: S3Ports,
): Promise<readonly AclGrant[] | undefined> {
  const { ACL, AccessControlPolicy: document } = input;
  const byHeaders = hasGrantHeaders(input);
  if (ACL !== undefined && byHeaders) {
    throw s3Errors.InvalidRequest('Specifying both Canned ACLs and Header Grants is not allowed');
  }
  if (document && (ACL !== undefined || byHeaders)) throw s3Errors.UnexpectedContent();
  if (document) return documentGrants(document, owners, ports);
  return byHeaders ? headerGrants(input, ports) : cannedGrants(ACL, owners);
}

/** "Canned ACL", S3 User Guide. What it has for objects alone says nothing of a bucket. */
async function cannedGrants(
  name: string | undefined,
  { owner, bucketOwner }: AclOwners,
): Promise<readonly AclGrant[] | undefined> {
  const beside = async (...grants: (readonly [grantee: string, permission: Permission])[]) => [
    { grantee: await owner(), permission: 'FULL_CONTROL' as const },
    ...grants.map(([grantee, permission]) => ({ grantee, permission })),
  ];
  switch (name) {
    case 'public-read':
      return beside([ALL_USERS, 'READ']);
    case 'public-read-write':
      return beside([ALL_USERS, 'READ'], [ALL_USERS, 'WRITE']);
    case 'authenticated-read':
      return beside([AUTHENTICATED_USERS, 'READ']);
    case 'aws-exec-read':
      return beside([EC2, 'READ']);
    case 'log-delivery-write':
      return beside([LOG_DELIVERY, 'WRITE'], [LOG_DELIVERY, 'READ_ACP']);
    case 'bucket-owner-read':
    case 'bucket-owner-full-control': {
      const other = await bucketOwner();
      if (other === (await owner())) return undefined;
      return beside([other, name === 'bucket-owner-read' ? 'READ' : 'FULL_CONTROL']);
    }
    default:
      return undefined;
  }
}

/** `id="…", uri="…"`: what each `x-amz-grant-` header lists. */
async function headerGrants(input: AclInput, ports: S3Ports): Promise<readonly AclGrant[]> {
  const given = HEADERS.flatMap(([member, header, permission]) =>
    (input[member]?.split(',') ?? []).map(text => ({ text, header, permission })),
  );
  const grants: AclGrant[] = [];
  for (const { text, header, permission } of demandFew(given)) {
    const [, kind = '', value = ''] = /^\s*(\w+)\s*=\s*"?([^"]*?)"?\s*$/.exec(text) ?? [];
    grants.push({ grantee: await headerGrantee(kind.toLowerCase(), value, header, text, ports), permission });
  }
  return grants;
}

function headerGrantee(
  kind: string,
  value: string,
  header: string,
  text: string,
  ports: S3Ports,
): string | Promise<string> {
  switch (kind) {
    case 'id':
      return knownAccount(value, 'id', ports);
    case 'uri':
      return knownGroup(value, 'uri');
    case 'emailaddress':
      throw unresolvable(value);
    default:
      throw invalidArgument('Argument format not recognized', header, text.trim());
  }
}

async function documentGrants(
  { Owner, Grants = [] }: AccessControlPolicy,
  { owner }: AclOwners,
  ports: S3Ports,
): Promise<readonly AclGrant[]> {
  if (Owner?.ID === undefined) throw s3Errors.MalformedACLError();
  await knownAccount(Owner.ID, 'CanonicalUser/ID', ports);
  if (Owner.ID !== (await owner())) {
    throw s3Errors.AccessDenied('Access Denied', {
      reason: 'the list names another owner',
      advice:
        'Leave the Owner of the list as GetBucketAcl or GetObjectAcl answers it: an owner cannot be changed.',
    });
  }
  return listedGrants(Grants, ports);
}

/**
 * The grants of a document. Throws MalformedACLError; InvalidArgument and UnresolvableGrantByEmailAddress for grantees
 * that are none.
 */
export async function listedGrants(grants: readonly Grant[], ports: S3Ports): Promise<readonly AclGrant[]> {
  return Promise.all(demandFew(grants).map(grant => documentGrant(grant, ports)));
}

async function documentGrant(
  { Grantee: grantee, Permission: permission }: Grant,
  ports: S3Ports,
): Promise<AclGrant> {
  if (!grantee || !isPermission(permission)) throw s3Errors.MalformedACLError();
  return { grantee: await documentGrantee(grantee, ports), permission };
}

function documentGrantee({ Type, ID, URI, EmailAddress }: Grantee, ports: S3Ports): string | Promise<string> {
  if (Type === 'CanonicalUser' && ID !== undefined) return knownAccount(ID, 'CanonicalUser/ID', ports);
  if (Type === 'Group' && URI !== undefined) return knownGroup(URI, 'Group/URI');
  if (Type === 'AmazonCustomerByEmail' && EmailAddress !== undefined) throw unresolvable(EmailAddress);
  throw s3Errors.MalformedACLError();
}

function isPermission(text: string | undefined): text is Permission {
  return PERMISSIONS.has(text);
}

/** The canonical id of an account that is given by it, or by its account id. Throws InvalidArgument. */
async function knownAccount(id: string, argument: string, ports: S3Ports): Promise<string> {
  if (id === EC2 || id === ANONYMOUS_OWNER.canonicalId) return id;
  const account = /^\d{12}$/.test(id) ? await ports.accountOf(id) : await ports.accountOfCanonicalId(id);
  if (!account) throw invalidArgument('Invalid id', argument, id);
  return account.canonicalId;
}

/** Throws InvalidArgument. */
function knownGroup(uri: string, argument: string): string {
  if (!GROUPS.has(uri)) throw invalidArgument('Invalid group uri', argument, uri);
  return uri;
}

/** Accounts have no address here by which S3 could know them. */
function unresolvable(address: string): Error {
  return s3Errors.UnresolvableGrantByEmailAddress({ members: { EmailAddress: address } });
}

function demandFew<T>(grants: readonly T[]): readonly T[] {
  if (grants.length > MOST_GRANTS) throw s3Errors.MalformedACLError();
  return grants;
}

/** Throws AccessDenied for a list that is public where the bucket blocks such ("Blocking public access"). */
export function demandNotBlocked(
  bucket: Bucket,
  grants: readonly AclGrant[] | undefined,
  call: Call,
  what: { readonly action: string; readonly resource: string },
): void {
  if (!blocks(bucket, 'blockPublicAcls') || !isPublicAcl(grants)) return;
  const { account, principal } = call.caller;
  const reason = 'public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.';
  const message =
    account?.id === bucket.owner
      ? `User: ${principal.arn} is not authorized to perform: ${what.action} on resource: "${what.resource}" because ${reason}`
      : 'Access Denied';
  throw s3Errors.AccessDenied(message, {
    reason,
    owner: bucket.owner,
    advice: `The list grants something to everyone. Send another one, or let the owner of the bucket switch BlockPublicAcls off (${blockCommand(bucket, 'blockPublicAcls')} …).`,
  });
}
