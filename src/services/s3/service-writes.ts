/** Objects that services of AWS write, S3's own and CloudTrail, where the bucket's policy lets them. */
import { createHash } from 'node:crypto';
import { createAuthoriser } from '../../auth/index.js';
import type { Account } from '../../core/caller.js';
import type { RequestBody } from '../../core/http-message.js';
import { s3RequestId } from '../../core/random.js';
import type { AclGrant, Bucket, ObjectRecord } from '../../objects/index.js';
import type { Context } from '../../policy/types.js';
import { aclsEnabled, isPublicAcl } from './acl/acl.js';
import { bucketAcl } from './acl/acl-policy.js';
import { blocks } from './bucket/public-access.js';
import { type Encrypting, ownEncryption, PRESET } from './encryption/encryption.js';
import { attributesOf } from './object/attributes.js';
import type { S3Ports } from './ports.js';
import { bucketArn, policyForService } from './requirements.js';

/** What such a write takes. */
export type ServicePorts = Pick<S3Ports, 'objects' | 'ownerOf'>;

/** The service may not write there, or the bucket is not one that it writes to; the message says why. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused';
}

/** There is no bucket of that name. */
export class NoTarget extends ServiceRefused {}

/** A bucket or a trail. */
export interface WriteSource {
  readonly arn: string;
  /** 12 digits. */
  readonly owner: string;
  /** Where the bucket must be that is written to; absent where it may be anywhere. */
  readonly region?: string | undefined;
}

/** A bucket as what its lists and logs are written for. */
export function bucketSource(bucket: Bucket): WriteSource {
  return { arn: bucketArn(bucket), owner: bucket.owner, region: bucket.region };
}

interface ServiceWrite {
  /** `logging.s3.amazonaws.com` */
  readonly service: string;
  /** In whose name it is written: `aws:SourceArn`, `aws:SourceAccount`. */
  readonly source: WriteSource;
  /** The name of the bucket that it is written to. */
  readonly target: string;
  /** Its owner's account, where that must not be another one. */
  readonly owner?: string | undefined;
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly body: RequestBody;
  /**
   * Encrypted with SSE-S3, or under a key that the service may use, whatever the bucket's default is. Default: the
   * bucket's, which may be no key of KMS.
   */
  readonly encrypted?: 'SSE-S3' | ServiceKey | undefined;
  /** What the object's list grants beside the full control of the bucket's owner, where lists count. */
  readonly grants?: readonly AclGrant[] | undefined;
}

/** A data key of KMS for an object that a service writes. */
export type ServiceKey = (bucket: Bucket) => Promise<Encrypting>;

/** Writes an object. Throws `ServiceRefused`, and what the engine throws. */
export async function writeAsService(write: ServiceWrite, ports: ServicePorts): Promise<ObjectRecord> {
  const { service, key, body } = write;
  const { objects } = ports;
  const bucket = await targetOf(write, ports);
  await demandAllowed(write, bucket, ports);
  const acl = await aclOf(write, bucket, ports);
  const { encryption, dataKey } = await encryptionOf(write, bucket, ports);
  const received = await objects.contents.receive(body, body.length, {}, { dataKey });
  const { contentType: ContentType, contentEncoding: ContentEncoding, metadata } = write;
  const described = { ContentType, ContentEncoding, ...(metadata && { Metadata: { ...metadata } }) };
  const attributes = attributesOf(described, bucket, objects.clock.now());
  const origin = { requestId: s3RequestId(), principalId: service, requester: service, sourceIp: service };
  const cause = { event: 'ObjectCreated:Put', origin } as const;
  return objects.versions.put(bucket, key, { ...attributes, acl, encryption }, received, {}, cause);
}

type Addressed = Pick<ServiceWrite, 'service' | 'source' | 'target' | 'owner' | 'key'>;

/**
 * Whether the service could write there, and could read the bucket's list where it looks at that first. Answers the
 * bucket. Throws `ServiceRefused`.
 */
export async function demandWritable(write: Addressed, ports: ServicePorts): Promise<Bucket> {
  const bucket = await targetOf(write, ports);
  await demandService('s3:GetBucketAcl', bucketArn(bucket), write, bucket, ports);
  await demandAllowed(write, bucket, ports);
  return bucket;
}

async function targetOf({ target, owner, source }: Addressed, { objects }: ServicePorts): Promise<Bucket> {
  const bucket = await objects.buckets.find(target);
  if (!bucket || bucket.deleting) throw new NoTarget(`there is no bucket ${target}`);
  if (owner !== undefined && bucket.owner !== owner) {
    throw new ServiceRefused(`the bucket ${target} belongs to another account`);
  }
  if (bucket.region !== (source.region ?? bucket.region))
    throw new ServiceRefused(`the bucket ${target} is in another region`);
  return bucket;
}

/** A service has only what the bucket's policy gives it, and its list, where lists are enabled. */
async function demandAllowed(write: Addressed, bucket: Bucket, ports: ServicePorts): Promise<void> {
  await demandService('s3:PutObject', `${bucketArn(bucket)}/${write.key}`, write, bucket, ports);
}

async function demandService(
  action: string,
  resource: string,
  { service, source, key }: Addressed,
  bucket: Bucket,
  { objects, ownerOf }: ServicePorts,
): Promise<void> {
  const sourceOwner = await ownerOf(source.owner);
  const authorise = createAuthoriser({
    credentials: { owner: ownerOf, policiesOf: async () => NO_POLICIES },
  });
  const { decision } = await authorise(
    { principal: { type: 'service', arn: service }, userId: service, credentials: 'none', context: {} },
    {
      action,
      resource,
      resourceAccount: bucket.owner,
      resourcePolicy: policyForService(bucket),
      ...(aclsEnabled(bucket) && bucketAcl(bucket, bucketArn(bucket))),
    },
    () => ({
      ...serviceContext(service, source, sourceOwner?.account, objects.clock.now()),
      's3:ResourceAccount': bucket.owner,
      // The policies in AWS's own examples ask for it ("Granting permissions for Amazon S3 Inventory").
      ...(action === 's3:PutObject' && { 's3:x-amz-acl': 'bucket-owner-full-control' }),
    }),
  );
  if (decision.allowed) return;
  const what = action === 's3:PutObject' ? `put ${key}` : `do ${action}`;
  throw new ServiceRefused(`the policy of the bucket ${bucket.name} does not let ${service} ${what}`);
}

const NO_POLICIES = { identity: [] };

/** The condition keys of a service's own requests ("AWS global condition context keys", IAM User Guide). */
export function serviceContext(
  service: string,
  source: WriteSource,
  account: Account | undefined,
  now: number,
): Context {
  const organization = account?.organization?.id;
  return {
    'aws:SourceArn': source.arn,
    'aws:SourceAccount': source.owner,
    ...(organization !== undefined && { 'aws:SourceOrgID': organization }),
    'aws:PrincipalIsAWSService': 'true',
    'aws:PrincipalServiceName': service,
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
  };
}

/**
 * "The bucket owner is automatically granted FULL_CONTROL to all logs" (PutBucketLogging, S3 API Reference). Throws
 * `ServiceRefused` for what Block Public Access refuses of anyone ("PutObject calls fail if the request includes a
 * public ACL").
 */
async function aclOf(
  { service, grants }: ServiceWrite,
  bucket: Bucket,
  { objects, ownerOf }: ServicePorts,
): Promise<readonly AclGrant[] | undefined> {
  if (!grants || !aclsEnabled(bucket)) return undefined;
  if (isPublicAcl(grants) && blocks(await objects.accountBlocks.over(bucket), 'blockPublicAcls')) {
    throw new ServiceRefused(`the bucket ${bucket.name} blocks the public list that ${service} was to give`);
  }
  const owner = (await ownerOf(bucket.owner))?.account.canonicalId;
  return owner === undefined ? grants : [{ grantee: owner, permission: 'FULL_CONTROL' }, ...grants];
}

/** Throws `ServiceRefused` for a key of KMS: no caller's name would stand for its use. */
async function encryptionOf(
  { encrypted }: ServiceWrite,
  bucket: Bucket,
  ports: ServicePorts,
): Promise<Encrypting> {
  if (typeof encrypted === 'function') return await encrypted(bucket);
  if (encrypted || (bucket.encryption ?? PRESET).kind === 'AES256') return ownEncryption(ports);
  throw new ServiceRefused(`the bucket ${bucket.name} encrypts with KMS, which S3's own objects cannot`);
}

/** Hexadecimal MD5. */
export function md5Of(text: string | Uint8Array): string {
  return createHash('md5').update(text).digest('hex');
}
