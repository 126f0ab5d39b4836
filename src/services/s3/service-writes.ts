/** Objects that S3 itself writes, in the name of one of its services, where the bucket's policy lets it. */
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
import { ownEncryption, PRESET } from './encryption/encryption.js';
import { attributesOf } from './object/attributes.js';
import type { S3Ports } from './ports.js';
import { bucketArn, policyForService } from './requirements.js';

/** What such a write takes. */
export type ServicePorts = Pick<S3Ports, 'objects' | 'ownerOf'>;

/** The service may not write there, or the bucket is not one that it writes to; the message says why. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused';
}

interface ServiceWrite {
  /** `logging.s3.amazonaws.com` */
  readonly service: string;
  /** The bucket in whose name it is written: `aws:SourceArn`, `aws:SourceAccount`. */
  readonly source: Bucket;
  /** The name of the bucket that it is written to. */
  readonly target: string;
  /** Its owner's account, where that must not be another one. */
  readonly owner?: string | undefined;
  readonly key: string;
  readonly contentType: string;
  readonly body: RequestBody;
  /** Encrypted with SSE-S3, whatever the bucket's default is. */
  readonly encrypted?: boolean | undefined;
  /** What the object's list grants beside the full control of the bucket's owner, where lists count. */
  readonly grants?: readonly AclGrant[] | undefined;
}

/** Writes an object. Throws `ServiceRefused`, and what the engine throws. */
export async function writeAsService(write: ServiceWrite, ports: ServicePorts): Promise<ObjectRecord> {
  const { service, key, body } = write;
  const { objects } = ports;
  const bucket = await targetOf(write, ports);
  await demandAllowed(write, bucket, ports);
  const acl = await aclOf(write, bucket, ports);
  const { encryption, dataKey } = await encryptionOf(write, bucket, ports);
  const received = await objects.contents.receive(body, body.length, {}, { dataKey });
  const attributes = attributesOf({ ContentType: write.contentType }, bucket, objects.clock.now());
  const origin = { requestId: s3RequestId(), principalId: service, requester: service, sourceIp: service };
  const cause = { event: 'ObjectCreated:Put', origin } as const;
  return objects.versions.put(bucket, key, { ...attributes, acl, encryption }, received, {}, cause);
}

async function targetOf({ target, owner, source }: ServiceWrite, { objects }: ServicePorts): Promise<Bucket> {
  const bucket = await objects.buckets.find(target);
  if (!bucket || bucket.deleting) throw new ServiceRefused(`there is no bucket ${target}`);
  if (owner !== undefined && bucket.owner !== owner) {
    throw new ServiceRefused(`the bucket ${target} belongs to another account`);
  }
  if (bucket.region !== source.region) throw new ServiceRefused(`the bucket ${target} is in another region`);
  return bucket;
}

/** A service has only what the bucket's policy gives it, and its list, where lists are enabled. */
async function demandAllowed(write: ServiceWrite, bucket: Bucket, { objects, ownerOf }: ServicePorts) {
  const { service, source, key } = write;
  const sourceOwner = await ownerOf(source.owner);
  const authorise = createAuthoriser({
    credentials: { owner: ownerOf, policiesOf: async () => NO_POLICIES },
  });
  const arn = bucketArn(bucket);
  const { decision } = await authorise(
    { principal: { type: 'service', arn: service }, userId: service, credentials: 'none', context: {} },
    {
      action: 's3:PutObject',
      resource: `${arn}/${key}`,
      resourceAccount: bucket.owner,
      resourcePolicy: policyForService(bucket),
      ...(aclsEnabled(bucket) && bucketAcl(bucket, arn)),
    },
    () => serviceContext(service, source, bucket, sourceOwner?.account, objects.clock.now()),
  );
  if (decision.allowed) return;
  throw new ServiceRefused(`the policy of the bucket ${bucket.name} does not let ${service} put ${key}`);
}

const NO_POLICIES = { identity: [] };

/** The condition keys of a service's own requests ("AWS global condition context keys", IAM User Guide). */
function serviceContext(
  service: string,
  source: Bucket,
  bucket: Bucket,
  account: Account | undefined,
  now: number,
): Context {
  const organization = account?.organization?.id;
  return {
    'aws:SourceArn': bucketArn(source),
    'aws:SourceAccount': source.owner,
    ...(organization !== undefined && { 'aws:SourceOrgID': organization }),
    'aws:PrincipalIsAWSService': 'true',
    'aws:PrincipalServiceName': service,
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    's3:ResourceAccount': bucket.owner,
    // The policies in AWS's own examples ask for it ("Granting permissions for Amazon S3 Inventory").
    's3:x-amz-acl': 'bucket-owner-full-control',
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
async function encryptionOf({ encrypted }: ServiceWrite, bucket: Bucket, ports: ServicePorts) {
  if (encrypted || (bucket.encryption ?? PRESET).kind === 'AES256') return ownEncryption(ports);
  throw new ServiceRefused(`the bucket ${bucket.name} encrypts with KMS, which S3's own objects cannot`);
}

/** Hexadecimal MD5. */
export function md5Of(text: string | Uint8Array): string {
  return createHash('md5').update(text).digest('hex');
}
