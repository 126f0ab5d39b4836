/** Takes a set-up away: what has its tag, and its policy in a user who was there before. */
import {
  DeleteAccessKeyCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListUserPoliciesCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { DeleteAliasCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { holderOf, type Names, namesOf } from './documents.js';
import { orMissing } from './reader.js';
import type { Site, Sites } from './sites.js';
import { BUCKET_POLICY, sourcePolicyName } from './steps.js';
import type { SetupClients, SetupOptions } from './types.js';

export interface RemoveReport {
  /** `role staging` */
  readonly removed: readonly string[];
  /** What stays, and why. */
  readonly left: readonly string[];
}

/** Days that KMS waits before it deletes a key: its shortest (ScheduleKeyDeletion, KMS API Reference). */
const KEY_DAYS = 7;

/** What was taken away, and what stays. */
class Removal {
  readonly removed: string[] = [];
  readonly left: string[] = [];

  /** Notes what was there. Throws what a service answers otherwise. */
  async take(what: string, call: Promise<unknown>): Promise<void> {
    if ((await orMissing(call)) !== undefined) this.removed.push(what);
  }
}

interface Removing {
  readonly options: SetupOptions;
  readonly names: Names;
  readonly site: Site & { readonly clients: SetupClients };
  readonly report: Removal;
}

/**
 * Objects are never deleted: a bucket that holds any stays, and its key with it. So does what is in an account without
 * keys. Throws what the services answer.
 */
export async function removeSetup(options: SetupOptions, sites: Sites): Promise<RemoveReport> {
  const names = namesOf(options, sites);
  const report = new Removal();
  const within = async (site: Site, what: string, remove: (of: Removing) => Promise<void>) => {
    const { clients } = site;
    if (clients) await remove({ options, names, report, site: { ...site, clients } });
    else report.left.push(`${what}: in account ${site.place.account}, of which there are no keys here`);
  };
  const ofBucket = `role ${names.role}, bucket ${options.bucket}${options.kms ? ' and its key' : ''}`;
  await within(sites.bucket, ofBucket, of => removeRole(of, names.role, BUCKET_POLICY));
  if (options.source.kind !== 'service') {
    await within(sites.source, `policy of ${names.sourceArn}`, removeSource);
  }
  if (sites.bucket.clients) await within(sites.bucket, ofBucket, removeBucketAndKey);
  const { removed, left } = report;
  return { removed, left };
}

async function removeRole({ site, options, report }: Removing, role: string, policy: string): Promise<void> {
  const { iam } = site.clients;
  const found = await site.reader.role(role);
  if (!found) return;
  if (found.setup !== options.name) {
    report.left.push(`role ${role}: not of this set-up`);
    return;
  }
  await orMissing(iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: policy })));
  await report.take(`role ${role}`, iam.send(new DeleteRoleCommand({ RoleName: role })));
}

async function removeSource(removing: Removing): Promise<void> {
  const { options, names, site, report } = removing;
  const { iam } = site.clients;
  const PolicyName = sourcePolicyName(options.name);
  if (options.source.kind === 'instance-profile') {
    await removeProfile(removing, options.source.name);
    return;
  }
  const { kind, name } = holderOf(options.source, names)!;
  const what = `policy of ${name}`;
  if (kind === 'role') {
    await report.take(what, iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName })));
    return;
  }
  await report.take(what, iam.send(new DeleteUserPolicyCommand({ UserName: name, PolicyName })));
  if (options.source.kind === 'user') await removeUser(removing, name);
}

async function removeUser({ site, options, report }: Removing, UserName: string): Promise<void> {
  const { iam } = site.clients;
  const found = await site.reader.user(UserName);
  if (!found) return;
  if (found.setup !== options.name) {
    report.left.push(`user ${UserName}: it was there before`);
    return;
  }
  const inline = await iam.send(new ListUserPoliciesCommand({ UserName }));
  const attached = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
  const others = [
    ...(inline.PolicyNames ?? []),
    ...(attached.AttachedPolicies ?? []).map(({ PolicyName }) => PolicyName),
  ];
  if (others.length > 0) {
    report.left.push(`user ${UserName}: has other policies: ${others.join(', ')}`);
    return;
  }
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId } of AccessKeyMetadata) {
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  }
  await report.take(`user ${UserName}`, iam.send(new DeleteUserCommand({ UserName })));
}

async function removeProfile(removing: Removing, InstanceProfileName: string): Promise<void> {
  const { site, options, names, report } = removing;
  const { iam } = site.clients;
  const found = await site.reader.profile(InstanceProfileName);
  if (found?.roles.includes(names.instanceRole)) {
    const input = { InstanceProfileName, RoleName: names.instanceRole };
    await iam.send(new RemoveRoleFromInstanceProfileCommand(input));
  }
  if (found?.setup === options.name) {
    const call = iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    await report.take(`instance profile ${InstanceProfileName}`, call);
  } else if (found) report.left.push(`instance profile ${InstanceProfileName}: it was there before`);
  await removeRole(removing, names.instanceRole, sourcePolicyName(options.name));
}

async function removeBucketAndKey(removing: Removing): Promise<void> {
  const { site, options, names, report } = removing;
  const free = await removeBucket(removing);
  const key = await site.reader.key(names.alias);
  if (key?.setup === options.name && free) {
    const { kms } = site.clients;
    await kms.send(new DeleteAliasCommand({ AliasName: names.alias }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.arn, PendingWindowInDays: KEY_DAYS }));
    report.removed.push(`KMS key ${key.arn}, after ${KEY_DAYS} days`);
  } else if (key) report.left.push(`KMS key ${key.arn}: ${free ? 'not of this set-up' : 'objects need it'}`);
}

/** Whether nothing needs the key any more. */
async function removeBucket({ site, options, report }: Removing): Promise<boolean> {
  const { bucket } = options;
  const found = await site.reader.bucket(bucket);
  if (!found) return true;
  if (found.setup !== options.name) {
    report.left.push(`bucket ${bucket}: it was there before`);
    return true;
  }
  try {
    await site.clients.s3.send(new DeleteBucketCommand({ Bucket: bucket }));
    report.removed.push(`bucket ${bucket}`);
    return true;
  } catch (error) {
    if ((error as Error).name !== 'BucketNotEmpty') throw error;
    report.left.push(`bucket ${bucket}: it is not empty; empty it and run this again`);
    return false;
  }
}
