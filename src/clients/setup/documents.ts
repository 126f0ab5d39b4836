/** The policies of a set-up: each grants what its holder needs and nothing else. */
import type { Sites } from './sites.js';
import type { Access, Place, SetupOptions, Source } from './types.js';

const VERSION = '2012-10-17';

export interface Names {
  readonly role: string;
  readonly roleArn: string;
  /** Of the user, the instance's role or the principal; a service's name. */
  readonly sourceArn: string;
  readonly instanceRole: string;
  readonly alias: string;
  readonly bucketArn: string;
}

export function namesOf({ name, source, bucket }: SetupOptions, sites: Sites): Names {
  const { partition, account } = sites.bucket.place;
  const instanceRole = `${name}-agent`;
  return {
    role: name,
    roleArn: `arn:${partition}:iam::${account}:role/${name}`,
    sourceArn: sourceArnOf(source, instanceRole, sites.source.place),
    instanceRole,
    alias: `alias/${name}`,
    bucketArn: `arn:${partition}:s3:::${bucket}`,
  };
}

function sourceArnOf(source: Source, instanceRole: string, { partition, account }: Place): string {
  const iam = `arn:${partition}:iam::${account}`;
  if (source.kind === 'principal') return source.arn;
  if (source.kind === 'service') return source.name;
  return source.kind === 'user' ? `${iam}:user/${source.name}` : `${iam}:role/${instanceRole}`;
}

/** The user or role that gets the policy to assume the role; `undefined` for a service, which needs none. */
export function holderOf(
  source: Source,
  { instanceRole }: Names,
): { readonly kind: 'user' | 'role'; readonly name: string } | undefined {
  if (source.kind === 'principal') {
    const kind = /:user\//.test(source.arn) ? 'user' : 'role';
    return { kind, name: source.arn.split('/').at(-1)! };
  }
  if (source.kind === 'service') return undefined;
  return source.kind === 'user' ? { kind: 'user', name: source.name } : { kind: 'role', name: instanceRole };
}

/** Who may assume the role: with which external ID, or on whose behalf. */
export function trustPolicy(
  { source, sourceArn }: SetupOptions,
  names: Names,
  externalId: string | undefined,
): object {
  const service = source.kind === 'service';
  const account = sourceArn?.split(':')[4];
  const condition =
    service && sourceArn !== undefined
      ? {
          ArnLike: { 'aws:SourceArn': sourceArn },
          ...(/^\d{12}$/.test(account ?? '') && { StringEquals: { 'aws:SourceAccount': account } }),
        }
      : externalId !== undefined && { StringEquals: { 'sts:ExternalId': externalId } };
  return {
    Version: VERSION,
    Statement: [
      {
        Effect: 'Allow',
        Principal: service ? { Service: names.sourceArn } : { AWS: names.sourceArn },
        Action: 'sts:AssumeRole',
        ...(condition && { Condition: condition }),
      },
    ],
  };
}

/** Who may hold the instance's role. */
export function instanceTrust({ partition }: Place): object {
  const service = partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com';
  return {
    Version: VERSION,
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  };
}

/** What who assumes the role may do: nothing but that. */
export function sourcePolicy({ roleArn }: Names): object {
  return {
    Version: VERSION,
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn }],
  };
}

const reads = (access: Access) => access !== 'write';
const writes = (access: Access) => access !== 'read';

/**
 * What the role may do. Listing is decided on the bucket, so its prefix is a condition, which a list of uploads in
 * parts does not have; objects have ARNs of their own
 * ("Actions, resources, and condition keys for Amazon S3", Service Authorization Reference).
 */
export function rolePolicy(options: SetupOptions, names: Names, keyArn: string | undefined): object {
  const { bucketArn } = names;
  const { prefix, access } = options;
  const list = {
    Sid: 'List',
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: bucketArn,
    Condition: { StringLike: { 's3:prefix': `${prefix}*` } },
  };
  const uploads = writes(access) ? ['s3:ListBucketMultipartUploads'] : [];
  const uses = keyUses(access);
  return {
    Version: VERSION,
    Statement: [
      ...(reads(access) ? [list] : []),
      {
        Sid: 'Bucket',
        Effect: 'Allow',
        Action: ['s3:GetBucketLocation', ...uploads],
        Resource: bucketArn,
      },
      {
        Sid: 'Objects',
        Effect: 'Allow',
        Action: objectActions(access),
        Resource: `${bucketArn}/${prefix}*`,
      },
      ...(keyArn === undefined ? [] : [{ Sid: 'Key', Effect: 'Allow', Action: uses, Resource: keyArn }]),
    ],
  };
}

/** Who puts only may not overwrite by deleting, and may abort and resume its uploads in parts. */
export function objectActions(access: Access): string[] {
  return [
    ...(reads(access) ? ['s3:GetObject'] : []),
    ...(writes(access) ? ['s3:PutObject'] : []),
    ...(access === 'read-write' ? ['s3:DeleteObject'] : []),
    ...(writes(access) ? ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'] : []),
  ];
}

/**
 * Uploads in parts to a KMS key read what they wrote, so they need Decrypt beside GenerateDataKey ("Uploading and
 * copying objects using multipart upload", S3 User Guide).
 */
const keyUses = (access: Access) => [...(writes(access) ? ['kms:GenerateDataKey'] : []), 'kms:Decrypt'];

/** The key's policy: the account administers it through IAM, and the role uses it through S3 of the region. */
export function keyPolicy(
  { access }: SetupOptions,
  names: Names,
  { partition, account, region }: Place,
): object {
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    Version: VERSION,
    Statement: [
      {
        Sid: 'Account',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Sid: 'Role',
        Effect: 'Allow',
        Principal: { AWS: names.roleArn },
        Action: keyUses(access),
        Resource: '*',
        Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.${domain}` } },
      },
    ],
  };
}
