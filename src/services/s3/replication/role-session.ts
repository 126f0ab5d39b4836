/** The session that S3 has of the role that a bucket's replication names. */
import { createAuthoriser, createCall, Decisions } from '../../../auth/index.js';
import type { Caller } from '../../../core/caller.js';
import { bodyOf } from '../../../core/http-message.js';
import type { Call } from '../../../core/operation.js';
import { s3RequestId } from '../../../core/random.js';
import { s3Errors } from '../../../core/s3-errors.js';
import { HOUR_MS } from '../../../core/time.js';
import { compiledPolicy, roleCaller, tagContext } from '../../../identity/index.js';
import type { Bucket } from '../../../objects/index.js';
import type { Context } from '../../../policy/types.js';
import type { S3Ports, ServiceRole, ServiceRoles } from '../ports.js';
import { bucketArn } from '../requirements.js';

export const SERVICE = 's3.amazonaws.com';
/** As CloudTrail shows them. */
const SESSION_NAME = 's3-replication';

export type RolePorts = Pick<S3Ports, 'objects' | 'ownerOf' | 'region'> & { readonly roles: ServiceRoles };

/**
 * The session, decided by the role's trust policy; undefined where there is no such role in the account of the bucket,
 * or it does not trust S3. "Setting up permissions for live replication" (S3 User Guide) has the policies.
 */
export async function assumeFor(bucket: Bucket, arn: string, ports: RolePorts): Promise<Caller | undefined> {
  const found = await ports.roles.find(arn);
  if (found?.account.id !== bucket.owner) return undefined;
  const { account, role } = found;
  const now = ports.objects.clock.now();
  const service: Caller = {
    principal: { type: 'service', arn: SERVICE },
    userId: SERVICE,
    credentials: 'none',
    context: {},
  };
  const { decision } = await createAuthoriser({ credentials: sourceOf(ports) })(
    service,
    {
      action: 'sts:AssumeRole',
      resource: arn,
      resourceAccount: account.id,
      resourceKind: 'trust',
      resourcePolicy: {
        name: `trust policy of role ${role.name}`,
        policy: compiledPolicy(role.trust, 'trust'),
      },
      context: roleTags(found),
    },
    () => serviceContext(bucket, now),
  );
  ports.roles.record({
    ...callBy(bucket, now),
    service: 'sts',
    operation: 'AssumeRole',
    caller: service,
    parameters: { roleArn: arn, roleSessionName: SESSION_NAME },
    resources: [{ arn, owner: account.id }],
    ...(!decision.allowed && { error: { code: 'AccessDenied' } }),
  });
  return decision.allowed ? sessionOf(found, now) : undefined;
}

/** What the session asks for in a bucket. Each call is a request of its own in the log. */
export function callIn(bucket: Bucket, caller: Caller, operation: string, ports: RolePorts): Call {
  const body = bodyOf(Buffer.alloc(0));
  const arrived = ports.objects.clock.now();
  const requestId = s3RequestId();
  const facts = {
    requestId,
    service: 's3',
    operation,
    request: { method: 'PUT', path: '/', query: '', headers: new Map<string, string>(), body },
    authenticated: { caller, region: bucket.region, body, context: {} },
    region: bucket.region,
    sourceIp: SERVICE,
    secure: true,
    arrived,
  };
  return createCall(facts, new Decisions(), {
    credentials: sourceOf(ports),
    clock: ports.objects.clock,
    accessDenied: message => s3Errors.AccessDenied(message),
    note: ({ errorCode, errorMessage, resource, owner, ...made }) =>
      ports.roles.record({
        ...callBy(bucket, arrived),
        ...made,
        requestId,
        caller,
        resources: [{ arn: resource, owner }],
        ...(errorCode !== undefined && { error: { code: errorCode, message: errorMessage } }),
      }),
  });
}

/** Handing the role to S3: `iam:PassRole` ("PutBucketReplication", S3 API Reference). */
export async function passedRole(arn: string, { roles }: Pick<S3Ports, 'roles'>) {
  const found = await roles?.find(arn);
  return {
    action: 'iam:PassRole',
    resource: arn,
    resourceAccount: arn.split(':')[4],
    context: { 'iam:PassedToService': SERVICE, ...(found && roleTags(found)) },
  };
}

function sessionOf({ account, role }: ServiceRole, now: number): Caller {
  const expires = now + HOUR_MS;
  // It has no key: nothing is signed with it.
  const { accessKeyId: _, ...caller } = roleCaller(account, role, '', {
    kind: 'assume-role',
    account: account.id,
    entityId: role.id,
    entity: role.name.toLowerCase(),
    name: SESSION_NAME,
    issued: now,
    expires,
    policyArns: [],
    tags: [],
    transitiveKeys: [],
    mfa: false,
    chained: false,
  });
  return caller;
}

function sourceOf({ roles, ownerOf }: RolePorts) {
  return { owner: ownerOf, policiesOf: (caller: Caller) => roles.policiesOf(caller) };
}

function roleTags({ role: { tags } }: ServiceRole): Context {
  return { ...tagContext('iam:ResourceTag', tags), ...tagContext('aws:ResourceTag', tags) };
}

/** What S3's calls in the name of a role have in common. `arrived`: milliseconds since the epoch. */
function callBy(bucket: Bucket, arrived: number) {
  const region = bucket.region;
  return {
    arrived,
    requestId: s3RequestId(),
    region,
    sourceIp: SERVICE,
    userAgent: SERVICE,
    invokedBy: SERVICE,
  };
}

/** The condition keys of the request by which S3 assumes the role. */
function serviceContext(bucket: Bucket, now: number): Context {
  return {
    'aws:SourceArn': bucketArn(bucket),
    'aws:SourceAccount': bucket.owner,
    'aws:PrincipalIsAWSService': 'true',
    'aws:PrincipalServiceName': SERVICE,
    'aws:SecureTransport': 'true',
    'aws:RequestedRegion': bucket.region,
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
  };
}
