/** Finds why a set-up with a role, a bucket and a key does not work, with the caller's rights alone. */
import { GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import { type Clock, systemClock } from '../../core/clock.js';
import {
  assumeRole,
  type CallerIdentity,
  CHAINING_LIMIT,
  CredentialsError,
  type CredentialsProvider,
  callerIdentity,
  DEFAULT_DURATION,
  partitionOf,
  roleMaximum,
  type StsTarget,
  sessionCap,
  staticCredentials,
} from '../../credentials/index.js';
import { bucketFindings } from './bucket.js';
import { clockFindings } from './clock.js';
import { documentFindings } from './documents.js';
import { type DoctorOptions, denialBy, type Finding, keyFinding } from './finding.js';
import { keyStateFindings } from './key.js';
import { metadataFindings } from './metadata.js';
import { policyFindings, trustFindings } from './policies.js';

export interface DoctorTarget extends StsTarget {
  readonly region: string;
  readonly credentials: CredentialsProvider;
  /** Signed with the caller's keys. */
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly clock?: Clock | undefined;
  /** Says where the endpoint of instance metadata is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** An empty list: all that could be tried works. Writes no object; an upload in parts is begun and aborted. */
export async function diagnose(options: DoctorOptions, target: DoctorTarget): Promise<Finding[]> {
  const { clock = systemClock } = target;
  const found = await clockFindings(target, clock);
  const caller = await callerOf(target, clock);
  const lost = !('arn' in caller) && caller.code === 'no-credentials';
  if (options.metadata || lost) {
    const metadata = await metadataFindings(target.environment);
    // Where there are no keys, most machines are no EC2 instance: that alone says nothing.
    found.push(...metadata.filter(({ code }) => options.metadata || code !== 'imds-unreachable'));
  }
  const partition = 'arn' in caller ? partitionOf(caller.arn) : regionPartition(target.region);
  const context = { partition, duration: options.duration };
  for (const text of options.documents ?? []) found.push(...(await documentFindings(text, context)));
  if (!('arn' in caller)) {
    const { role } = options;
    const strange = role === undefined ? [] : regionFindings(target.region, partitionOf(role), 'the role');
    return [...found, ...(caller.code === 'unknown-key' ? strange : []), caller];
  }
  const wrong = argumentFindings(options, caller, target.region);
  if (wrong.length > 0 || options.role === undefined) return [...found, ...wrong];
  const near = accountOf(options.role) === caller.account;
  return [
    ...found,
    ...(await durationFindings(options, caller, target)),
    ...(near ? await policyFindings(options.role, target.iam, context) : []),
    ...(options.key === undefined ? [] : await keyStateFindings(options.key, target.kms)),
    ...(await roleFindings(options, caller, target)),
  ];
}

const accountOf = (arn: string) => arn.split(':')[4]!;

async function callerOf(target: DoctorTarget, clock: Clock): Promise<CallerIdentity | Finding> {
  const where = target.profile === undefined ? 'your keys' : `profile ${target.profile}`;
  try {
    const keys = await target.credentials();
    if (keys.expiration && keys.expiration.getTime() <= clock.now()) {
      return keyFinding(Object.assign(new Error(), { answered: 'ExpiredToken' }), where)!;
    }
    return await callerIdentity(staticCredentials(keys), target);
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    const found = keyFinding(error, where);
    if (found) return found;
    const fix = 'set AWS_PROFILE, or the keys in the environment; on EC2, give the instance a profile';
    if (error.problem === 'NoSource')
      return { code: 'no-credentials', what: error.message, where, fix, sure: 'certain' };
    return {
      code: 'unreachable',
      what: error.message,
      where: target.endpoint ?? 'STS',
      fix: 'check --endpoint, --region and the network',
      sure: 'likely',
    };
  }
}

const ROLE_ARN = /^arn:aws[\w-]*:iam::\d{12}:role\/([\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/;

const regionPartition = (region: string) =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

function argumentFindings({ role, key }: DoctorOptions, caller: CallerIdentity, region: string): Finding[] {
  const found: Finding[] = [];
  if (role !== undefined && !ROLE_ARN.test(role)) {
    const fix = 'write arn:PARTITION:iam::ACCOUNT:role/NAME, without spaces, < and >';
    found.push({ code: 'role-arn', what: 'this is no ARN of a role', where: role, fix, sure: 'certain' });
  }
  const partition = partitionOf(caller.arn);
  for (const arn of [role, key]) {
    if (arn === undefined || !/^arn:aws[\w-]*:/.test(arn) || partitionOf(arn) === partition) continue;
    const what = `it is in partition ${partitionOf(arn)}, your keys in ${partition}: no delegation crosses partitions`;
    found.push({
      code: 'partition',
      what,
      where: arn,
      fix: `use an ARN that begins with arn:${partition}:`,
      sure: 'certain',
    });
  }
  found.push(...regionFindings(region, partition, 'your keys'));
  if (role !== undefined && caller.kind === 'root') {
    const what = 'the root user cannot assume roles';
    found.push({
      code: 'root',
      what,
      where: caller.arn,
      fix: 'use the keys of a user or a role',
      sure: 'certain',
    });
  }
  return found;
}

function regionFindings(region: string, partition: string, whose: string): Finding[] {
  if (regionPartition(region) === partition) return [];
  const what = `the region is not in partition ${partition}, where ${whose} ${whose === 'the role' ? 'is' : 'are'}`;
  const fix = `use a --region of ${partition}`;
  return [{ code: 'partition', what, where: region, fix, sure: 'certain' }];
}

async function durationFindings(
  { role, duration }: DoctorOptions,
  caller: CallerIdentity,
  target: DoctorTarget,
): Promise<Finding[]> {
  const maximum = await roleMaximum(target.credentials, role!, target);
  const cap = sessionCap({ source: caller.kind, asked: duration, roleMaximum: maximum });
  if (!cap.refused) return [];
  const code = cap.longest === CHAINING_LIMIT && caller.kind === 'role' ? 'chaining' : 'duration';
  return [
    {
      code,
      what: cap.text,
      where: `--duration ${duration}`,
      fix: `ask for ${cap.longest} seconds at most`,
      sure: 'certain',
    },
  ];
}

async function roleFindings(
  options: DoctorOptions,
  caller: CallerIdentity,
  target: DoctorTarget,
): Promise<Finding[]> {
  const { externalId, duration = DEFAULT_DURATION } = options;
  const { endpoint, region, profile, credentials: source } = target;
  const role = options.role!;
  const request = { roleArn: role, duration: 900, endpoint, region, profile, source };
  try {
    const keys = await assumeRole({ ...request, externalId })();
    const findings = await tooLong({ ...request, externalId, duration }, role);
    if (externalId !== undefined && (await worksWithout(request))) {
      const fix = 'add Condition StringEquals sts:ExternalId to the trust policy';
      const what = 'the role is assumed without the external ID too: it protects nothing';
      findings.push({ code: 'external-id-not-demanded', what, where: role, fix, sure: 'certain' });
    }
    const { kms } = target;
    const neighbour = accountOf(role) === caller.account ? source : undefined;
    const reached = { endpoint, region, role, kms, neighbour };
    return [...findings, ...(await bucketFindings(options, staticCredentials(keys), reached))];
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    const known = keyFinding(error, region) ?? denialBy(error, role);
    if (known) return [known];
    const answer = await target.iam
      .send(new GetRoleCommand({ RoleName: role.split('/').at(-1)! }))
      .catch(() => undefined);
    // Another account's role may share its name with one of the caller's.
    const read = answer?.Role?.Arn === role ? answer.Role : undefined;
    return trustFindings(options, caller, error, read);
  }
}

/** The role's maximum is not for everyone to read: STS says whether the duration is above it. */
async function tooLong(request: Parameters<typeof assumeRole>[0], role: string): Promise<Finding[]> {
  try {
    await assumeRole(request)();
    return [];
  } catch (error) {
    if (!(error instanceof CredentialsError) || error.problem !== 'TooLong') throw error;
    if (/1 hour session limit/.test(error.message)) return [];
    const fix = "ask for less, or raise the role's MaxSessionDuration";
    return [{ code: 'duration', what: error.message, where: role, fix, sure: 'certain' }];
  }
}

async function worksWithout(request: Parameters<typeof assumeRole>[0]): Promise<boolean> {
  return assumeRole(request)().then(
    () => true,
    () => false,
  );
}
