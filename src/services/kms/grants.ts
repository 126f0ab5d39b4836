import type {
  CreateGrantRequest,
  CreateGrantResponse,
  GrantListEntry,
  GrantOperation,
  ListGrantsRequest,
  ListGrantsResponse,
  ListRetirableGrantsRequest,
  RetireGrantRequest,
  RevokeGrantRequest,
} from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import type { PlacedGrant } from '../../kms/grants.js';
import { policyWithGrants, policyWithRetiring } from '../../kms/key-policies.js';
import { demandUsable } from '../../kms/key-states.js';
import { homeOf, type Kms, type Target } from '../../kms/kms.js';
import { shownPrincipal, storedPrincipal } from '../../kms/principals.js';
import { type GrantConstraint, type GrantRecord, type KeyRecord, keyArn } from '../../kms/records.js';
import type { Context } from '../../policy/types.js';
import {
  accountOperation,
  demandKey,
  encryptionContextKeys,
  keyOperation,
  keyRequirement,
  kmsOperation,
} from './access.js';
import { page, pageLimit, readMarker } from './pages.js';
import { pairsOf } from './usage.js';

const GENERAL: readonly GrantOperation[] = ['CreateGrant', 'RetireGrant', 'DescribeKey'];
const SYMMETRIC: readonly GrantOperation[] = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
];

/** What a grant on a key can allow (KMS Developer Guide, "Grant operations"). */
function grantable({ spec, usage }: KeyRecord): readonly GrantOperation[] {
  if (spec === 'SYMMETRIC_DEFAULT') return SYMMETRIC;
  switch (usage) {
    case 'ENCRYPT_DECRYPT':
      return ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GetPublicKey'];
    case 'SIGN_VERIFY':
      return ['Sign', 'Verify', 'GetPublicKey'];
    case 'GENERATE_VERIFY_MAC':
      return ['GenerateMac', 'VerifyMac'];
    case 'KEY_AGREEMENT':
      return ['DeriveSharedSecret', 'GetPublicKey'];
  }
}

function readConstraint({ Constraints }: CreateGrantRequest): GrantConstraint | undefined {
  if (!Constraints) return undefined;
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset, SourceArn } = Constraints;
  if (!equals && !subset && SourceArn === undefined) return undefined;
  return {
    ...(equals && { equals: pairsOf(equals) }),
    ...(subset && { subset: pairsOf(subset) }),
    ...(SourceArn !== undefined && { sourceArn: SourceArn }),
  };
}

/** The condition keys of the encryption context that a constraint speaks of. */
function constraintContext({ equals = [], subset = [] }: GrantConstraint = {}): Context {
  return encryptionContextKeys([...new Map([...subset, ...equals])]);
}

function grantContext(input: CreateGrantRequest): Context {
  const { equals, subset } = readConstraint(input) ?? {};
  const kinds = [
    ...(equals ? ['EncryptionContextEquals'] : []),
    ...(subset ? ['EncryptionContextSubset'] : []),
  ];
  return {
    'kms:GrantIsForAWSResource': 'false',
    'kms:GrantOperations': input.Operations!,
    ...(input.GranteePrincipal !== undefined && { 'kms:GranteePrincipal': input.GranteePrincipal }),
    ...(input.RetiringPrincipal !== undefined && { 'kms:RetiringPrincipal': input.RetiringPrincipal }),
    ...(kinds.length > 0 && { 'kms:GrantConstraintType': kinds }),
    ...constraintContext({ equals, subset }),
  };
}

function checkGrant(key: KeyRecord, input: CreateGrantRequest): void {
  demandUsable(key);
  const known = [...GENERAL, ...grantable(key)];
  const foreign = input.Operations!.find(operation => !known.includes(operation));
  if (foreign !== undefined || input.Operations!.length === 0) {
    throw errors.ValidationException(
      foreign === undefined
        ? 'A grant must allow at least one operation.'
        : `The operation ${foreign} is not supported by a key with key spec ${key.spec} and key usage ${key.usage}.`,
    );
  }
  const { equals, subset } = readConstraint(input) ?? {};
  if ((equals || subset) && key.spec !== 'SYMMETRIC_DEFAULT') {
    throw errors.ValidationException(
      'Encryption context constraints are for grants on symmetric encryption keys.',
    );
  }
  if (input.GranteeServicePrincipal !== undefined || input.RetiringServicePrincipal !== undefined) {
    throw errors.UnsupportedOperationException('Grants for service principals are not supported.');
  }
  if (input.GranteePrincipal === undefined) {
    throw errors.ValidationException('You must specify a GranteePrincipal.');
  }
}

/** A grant may also allow making grants: these then may not go beyond it. */
export const CreateGrant = kmsOperation<CreateGrantRequest, CreateGrantResponse, Target>({
  async resolve(input, call, { kms }) {
    const target = await kms.target(input.KeyId!, homeOf(call.caller, call.region), false);
    const child = { operations: input.Operations!, constraint: readConstraint(input) };
    const requirement = await keyRequirement(kms, call, target, {
      action: call.action,
      crossAccount: true,
      context: grantContext(input),
      grant: { operation: 'CreateGrant', child },
    });
    return { requires: [requirement], subject: target };
  },
  async run(target, input, call, { kms }) {
    const key = demandKey(target);
    checkGrant(key, input);
    const grantee = await demandPrincipal(kms, key, input.GranteePrincipal!);
    const retiring =
      input.RetiringPrincipal === undefined
        ? undefined
        : await demandPrincipal(kms, key, input.RetiringPrincipal);
    if (input.DryRun) throw errors.DryRunOperationException();
    const { partition, account } = homeOf(call.caller, call.region);
    const grant = await kms.grants.create(key, {
      name: input.Name,
      grantee,
      retiring,
      issuer: `arn:${partition}:iam::${account}:root`,
      operations: input.Operations!,
      constraint: readConstraint(input),
    });
    return { GrantToken: kms.grants.token(key, grant.id), GrantId: grant.id };
  },
});

async function demandPrincipal(kms: Kms, { partition }: KeyRecord, arn: string): Promise<string> {
  const stored = await storedPrincipal(kms.principals, arn, partition);
  if (stored !== undefined && stored !== '*') return stored;
  throw errors.InvalidArnException(`ARN does not refer to a valid principal: ${arn}`);
}

async function grantEntry(kms: Kms, key: KeyRecord, grant: GrantRecord): Promise<GrantListEntry> {
  const { equals, subset, sourceArn } = grant.constraint ?? {};
  return {
    KeyId: keyArn(key),
    GrantId: grant.id,
    Name: grant.name ?? '',
    CreationDate: new Date(grant.created),
    GranteePrincipal: await shownPrincipal(kms.principals, grant.grantee),
    ...(grant.retiring !== undefined && {
      RetiringPrincipal: await shownPrincipal(kms.principals, grant.retiring),
    }),
    IssuingAccount: grant.issuer,
    Operations: [...grant.operations],
    ...(grant.constraint && {
      Constraints: {
        ...(equals && { EncryptionContextEquals: Object.fromEntries(equals) }),
        ...(subset && { EncryptionContextSubset: Object.fromEntries(subset) }),
        ...(sourceArn !== undefined && { SourceArn: sourceArn }),
      },
    }),
  };
}

const AWS_RESOURCE: Context = { 'kms:GrantIsForAWSResource': 'false' };

export const ListGrants = keyOperation<ListGrantsRequest, ListGrantsResponse>({
  crossAccount: true,
  context: () => AWS_RESOURCE,
  async run(key, input, _call, kms) {
    const limit = pageLimit(input, 50, 100);
    const [after] = readMarker(input) ?? [];
    const wanted = await grantFilter(kms, key, input);
    const found: GrantRecord[] = [];
    let last = after;
    while (found.length < limit) {
      const batch = await kms.grants.list(key, limit, last);
      found.push(...batch.filter(wanted));
      last = batch.at(-1)?.id;
      if (batch.length < limit) break;
    }
    const { items, output } = page(found.slice(0, limit), limit, grant => [grant.id]);
    return { ...output, Grants: await Promise.all(items.map(grant => grantEntry(kms, key, grant))) };
  },
});

async function grantFilter(
  kms: Kms,
  key: KeyRecord,
  { GrantId, GranteePrincipal }: ListGrantsRequest,
): Promise<(grant: GrantRecord) => boolean> {
  const grantee =
    GranteePrincipal === undefined
      ? undefined
      : ((await storedPrincipal(kms.principals, GranteePrincipal, key.partition)) ?? GranteePrincipal);
  return grant =>
    (GrantId === undefined || grant.id === GrantId) && (grantee === undefined || grant.grantee === grantee);
}

/** The grants in the caller's account and the region that a principal may retire. */
export const ListRetirableGrants = accountOperation<ListRetirableGrantsRequest, ListGrantsResponse>(
  async ({ partition, ...place }, input, _call, kms) => {
    const limit = pageLimit(input, 50, 100);
    const retiring = await storedPrincipal(kms.principals, input.RetiringPrincipal!, partition);
    if (retiring === undefined) {
      throw errors.InvalidArnException(`ARN does not refer to a valid principal: ${input.RetiringPrincipal}`);
    }
    const after = readMarker(input);
    const placed = await kms.grants.listRetirable(retiring, place, limit, after);
    const { items, output } = page(placed, limit, ({ key, grant }) => [key, grant]);
    const entries = await Promise.all(items.map(one => placedEntry(kms, one)));
    return { ...output, Grants: entries.filter(entry => entry !== undefined) };
  },
);

async function placedEntry(kms: Kms, place: PlacedGrant): Promise<GrantListEntry | undefined> {
  const grant = await kms.grants.find(place);
  const key = await kms.keys.find(place.account, place.region, place.key);
  return grant && key && (await grantEntry(kms, key, grant));
}

export const RevokeGrant = keyOperation<RevokeGrantRequest, object>({
  crossAccount: true,
  context: () => AWS_RESOURCE,
  async run(key, input, _call, kms) {
    await kms.grants.delete(key, input.GrantId!);
    return {};
  },
});

interface Retiring {
  readonly target: Target;
  readonly grant: GrantRecord | undefined;
  readonly grantId: string;
}

/**
 * May be called by the grant's retiring principal, by its grantee where the grant allows RetireGrant, and by
 * whom policies allow `kms:RetireGrant` (KMS Developer Guide, "Retiring and revoking grants").
 */
export const RetireGrant = kmsOperation<RetireGrantRequest, object, Retiring>({
  async resolve(input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const { keyId, grantId } = readGrantName(kms, input);
    const target = await kms.target(keyId, home, false);
    const { key } = target;
    const grant =
      key &&
      (await kms.grants.find({ account: key.account, region: key.region, key: key.id, grant: grantId }));
    const requirement = await keyRequirement(kms, call, target, {
      action: call.action,
      crossAccount: true,
      context: constraintContext(grant?.constraint),
    });
    const mine = key && grant && { resourcePolicy: retiringPolicy(key, grant) };
    return { requires: [{ ...requirement, ...mine }], subject: { target, grant, grantId } };
  },
  async run({ target, grant, grantId }, input, _call, { kms }) {
    const key = demandKey(target);
    if (!grant) throw errors.NotFoundException(`Grant ID ${grantId} not found`);
    if (input.DryRun) throw errors.DryRunOperationException();
    await kms.grants.delete(key, grantId);
    return {};
  },
});

function retiringPolicy(key: KeyRecord, grant: GrantRecord) {
  const grantees = grant.operations.includes('RetireGrant') ? [grant] : [];
  const own = policyWithGrants(key, grantees, 'kms:RetireGrant');
  return policyWithRetiring({ ...key, policy: own.policy.text }, grant);
}

function readGrantName(kms: Kms, input: RetireGrantRequest): { keyId: string; grantId: string } {
  const { GrantToken, KeyId, GrantId } = input;
  if (GrantToken !== undefined && KeyId === undefined && GrantId === undefined) {
    const { partition, region, account, key, grant } = kms.grants.readToken(GrantToken);
    return { keyId: keyArn({ partition, region, account, id: key }), grantId: grant };
  }
  if (GrantToken === undefined && KeyId !== undefined && GrantId !== undefined) {
    return { keyId: KeyId, grantId: GrantId };
  }
  throw errors.ValidationException('Specify either a grant token or a key ID and a grant ID.');
}
