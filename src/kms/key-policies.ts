/** Key policies (KMS Developer Guide, "Key policies in AWS KMS") and what grants add to them. */
import type { Caller } from '../core/caller.js';
import { compiledPolicy } from '../identity/index.js';
import { compilePolicy, evaluate, PolicySyntaxError, validatePolicy } from '../policy/index.js';
import type { Context, NamedPolicy, PolicyPlace } from '../policy/types.js';
import { errors } from './errors.js';
import type { PrincipalMapper } from './principals.js';
import { type GrantRecord, type KeyRecord, keyArn } from './records.js';

/** Bytes (KMS Developer Guide, "Resource quotas"). */
const MAX_POLICY = 32_768;

/** The name that every key policy has. */
export const POLICY_NAME = 'default';

/** What CreateKey attaches where it is given no policy: the account decides with its IAM policies. */
export function defaultPolicy(partition: string, account: string): string {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  return policyText('key-default-1', [statement]);
}

/**
 * The policy of the AWS managed key `aws/s3`: everyone in the account may use it, through S3 only (Amazon S3 User
 * Guide, "Using server-side encryption with AWS KMS keys").
 */
export function managedPolicyOfS3(partition: string, region: string, account: string): string {
  const use = {
    Sid: 'Allow access through S3 for all principals in the account that are authorized to use S3',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
    Resource: '*',
    Condition: {
      StringEquals: { 'kms:ViaService': s3Endpoint(partition, region), 'kms:CallerAccount': account },
    },
  };
  const look = {
    Sid: 'Allow direct access to key metadata to the account',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
    Resource: '*',
  };
  return policyText('auto-s3-2', [use, look]);
}

/** What `kms:ViaService` says of a request that S3 makes for a caller. */
export function s3Endpoint(partition: string, region: string): string {
  return `s3.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}

function policyText(id: string, statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: id, Statement: statements }, undefined, 2);
}

/**
 * Checks a key policy and answers with it as it is stored. Throws `LimitExceededException` for one of more than
 * 32 KiB, `MalformedPolicyDocumentException` for what is no policy or names no principal.
 */
export async function readPolicy(
  principals: PrincipalMapper,
  text: string,
  partition: string,
): Promise<string> {
  if (Buffer.byteLength(text) > MAX_POLICY) {
    throw errors.LimitExceededException(`Key policies are limited to ${MAX_POLICY} bytes.`);
  }
  try {
    validatePolicy(text, 'key', { partition });
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw errors.MalformedPolicyDocumentException(error.message, { cause: error });
  }
  try {
    return await principals.toStored(text, 'key', partition);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw errors.MalformedPolicyDocumentException(
      'Policy contains a statement with one or more invalid principals.',
      { reason: error.message, cause: error },
    );
  }
}

const everything: NamedPolicy = {
  name: 'everything',
  policy: compilePolicy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    'identity',
  ),
};

/**
 * The lockout safety check: throws `MalformedPolicyDocumentException` where a policy would not let its author
 * change it again, be it directly or through the account's IAM policies (KMS API Reference, PutKeyPolicy,
 * BypassPolicyLockoutSafetyCheck).
 */
export function demandNoLockout(stored: string, caller: Caller, context: Context, account: string): void {
  const decision = evaluate(
    {
      principal: caller.principal,
      action: 'kms:PutKeyPolicy',
      resource: '*',
      resourceAccount: account,
      context: { ...caller.context, ...context },
    },
    {
      identity: [everything],
      resource: { name: 'new key policy', policy: compiledPolicy(stored, 'key') },
      resourceKind: 'key',
    },
  );
  if (decision.allowed) return;
  throw errors.MalformedPolicyDocumentException(
    'The new key policy will not allow you to update the key policy in the future.',
    {
      advice: `Add a statement that lets you change the policy again: { "Effect": "Allow", "Principal": { "AWS": "arn:${partitionOf(caller)}:iam::${account}:root" }, "Action": "kms:*", "Resource": "*" }. BypassPolicyLockoutSafetyCheck skips the check, and may leave a key that nobody can manage.`,
    },
  );
}

function partitionOf({ account }: Caller): string {
  return account?.partition ?? 'aws';
}

/**
 * What speaks for the key in a decision: its policy, and one statement for each grant that applies to the
 * request. `action` is the one that is asked for.
 */
export function policyWithGrants(
  key: KeyRecord,
  grants: readonly GrantRecord[],
  action: string,
): NamedPolicy {
  const name = `key policy of ${keyArn(key)}`;
  const place = placeOf(key);
  if (grants.length === 0) return { name, policy: compiledPolicy(key.policy, 'key'), place };
  const policy = JSON.parse(key.policy) as { Statement: unknown };
  const added = grants.map(({ id, grantee }) => allow(`Grant ${id}`, grantee, action));
  const text = JSON.stringify({ ...policy, Statement: [policy.Statement, added].flat(2) });
  return { name: `${name} and its grants`, policy: compiledPolicy(text, 'key'), place, source: key.policy };
}

function placeOf(key: KeyRecord): PolicyPlace {
  return { kind: 'key', key: keyArn(key), managed: key.manager === 'AWS' };
}

/** The policy with a statement that lets a grant's retiring principal retire it. */
export function policyWithRetiring(key: KeyRecord, { id, retiring }: GrantRecord): NamedPolicy {
  const policy = JSON.parse(key.policy) as { Statement: unknown };
  const added = retiring === undefined ? [] : [allow(`Retire ${id}`, retiring, 'kms:RetireGrant')];
  const text = JSON.stringify({ ...policy, Statement: [policy.Statement, added].flat() });
  return {
    name: `key policy of ${keyArn(key)} and its grant ${id}`,
    policy: compiledPolicy(text, 'key'),
    place: placeOf(key),
    source: key.policy,
  };
}

function allow(sid: string, principal: string, action: string): object {
  return { Sid: sid, Effect: 'Allow', Principal: { AWS: principal }, Action: action, Resource: '*' };
}
