/** Takes a set-up away: what has its tag, and its policy in a user who was there before. */
import {
  DeleteAccessKeyCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  ListAccessKeysCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { DeleteAliasCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { namesOf } from './documents.js';
import { orMissing, readerOf } from './reader.js';
import { BUCKET_POLICY, sourcePolicyName } from './steps.js';
import type { Place, SetupClients, SetupOptions } from './types.js';

export interface RemoveReport {
  /** `role staging` */
  readonly removed: readonly string[];
  /** What stays, and why. */
  readonly left: readonly string[];
}

/** Days that KMS waits before it deletes a key: its shortest (ScheduleKeyDeletion, KMS API Reference). */
const KEY_DAYS = 7;

/** Objects are never deleted: a bucket that holds any stays, and its key with it. Throws what the services answer. */
export async function removeSetup(
  options: SetupOptions,
  place: Place,
  clients: SetupClients,
): Promise<RemoveReport> {
  const { iam, s3, kms } = clients;
  const { name, source, bucket } = options;
  const names = namesOf(options, place);
  const reader = readerOf(clients);
  const removed: string[] = [];
  const left: string[] = [];
  const note = async (what: string, call: Promise<unknown>) => {
    if ((await orMissing(call)) !== undefined) removed.push(what);
  };

  const dropRole = async (role: string, policy: string) => {
    const found = await reader.role(role);
    if (!found) return;
    if (found.setup !== name) {
      left.push(`role ${role}: not of this set-up`);
      return;
    }
    await orMissing(iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: policy })));
    await note(`role ${role}`, iam.send(new DeleteRoleCommand({ RoleName: role })));
  };

  const dropUser = async (UserName: string) => {
    const found = await reader.user(UserName);
    if (!found) return;
    const PolicyName = sourcePolicyName(name);
    await note(`policy of ${UserName}`, iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName })));
    if (found.setup !== name) {
      left.push(`user ${UserName}: it was there before`);
      return;
    }
    const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
    for (const { AccessKeyId } of AccessKeyMetadata) {
      await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    }
    await note(`user ${UserName}`, iam.send(new DeleteUserCommand({ UserName })));
  };

  const dropProfile = async (InstanceProfileName: string) => {
    const found = await reader.profile(InstanceProfileName);
    if (found?.roles.includes(names.instanceRole)) {
      const input = { InstanceProfileName, RoleName: names.instanceRole };
      await iam.send(new RemoveRoleFromInstanceProfileCommand(input));
    }
    if (found?.setup === name) {
      const call = iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
      await note(`instance profile ${InstanceProfileName}`, call);
    } else if (found) left.push(`instance profile ${InstanceProfileName}: it was there before`);
    await dropRole(names.instanceRole, sourcePolicyName(name));
  };

  /** Whether nothing needs the key any more. */
  const dropBucket = async (): Promise<boolean> => {
    const found = await reader.bucket(bucket);
    if (!found) return true;
    if (found.setup !== name) {
      left.push(`bucket ${bucket}: it was there before`);
      return true;
    }
    try {
      await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
      removed.push(`bucket ${bucket}`);
      return true;
    } catch (error) {
      if ((error as Error).name !== 'BucketNotEmpty') throw error;
      left.push(`bucket ${bucket}: it is not empty; empty it and run this again`);
      return false;
    }
  };

  await dropRole(names.role, BUCKET_POLICY);
  await (source.kind === 'user' ? dropUser(source.name) : dropProfile(source.name));
  const free = await dropBucket();
  const key = await reader.key(names.alias);
  if (key?.setup === name && free) {
    await kms.send(new DeleteAliasCommand({ AliasName: names.alias }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.arn, PendingWindowInDays: KEY_DAYS }));
    removed.push(`KMS key ${key.arn}, after ${KEY_DAYS} days`);
  } else if (key) left.push(`KMS key ${key.arn}: ${free ? 'not of this set-up' : 'objects need it'}`);
  return { removed, left };
}
