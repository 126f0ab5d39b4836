/** The policies of a set-up: each grants what its holder needs and nothing else. */
import type { Place, SetupOptions } from './types.js';

const VERSION = '2012-10-17';

export interface Names {
  readonly role: string;
  readonly roleArn: string;
  /** Of the user, or of the instance's role. */
  readonly sourceArn: string;
  readonly instanceRole: string;
  readonly alias: string;
  readonly bucketArn: string;
}

export function namesOf(options: SetupOptions, { partition, account }: Place): Names {
  const { name, source, bucket } = options;
  const iam = `arn:${partition}:iam::${account}`;
  const instanceRole = `${name}-agent`;
  return {
    role: name,
    roleArn: `${iam}:role/${name}`,
    sourceArn: source.kind === 'user' ? `${iam}:user/${source.name}` : `${iam}:role/${instanceRole}`,
    instanceRole,
    alias: `alias/${name}`,
    bucketArn: `arn:${partition}:s3:::${bucket}`,
  };
}

/** Who may assume the role, and with which external ID. */
export function trustPolicy({ sourceArn }: Names, externalId: string): object {
  return {
    Version: VERSION,
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: sourceArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
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

/** What the user, or the instance's role, may do: nothing but assume the role. */
export function sourcePolicy({ roleArn }: Names): object {
  return {
    Version: VERSION,
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn }],
  };
}

/**
 * What the role may do. Listing is decided on the bucket, so its prefix is a condition, which a list of uploads in
 * parts does not have; objects have ARNs of their own
 * ("Actions, resources, and condition keys for Amazon S3", Service Authorization Reference). Uploads in parts to a KMS
 * key read what they wrote, so they need Decrypt beside GenerateDataKey ("Uploading and copying objects using multipart
 * upload", S3 User Guide).
 */
export function rolePolicy(options: SetupOptions, names: Names, keyArn: string | undefined): object {
  const { bucketArn } = names;
  const { prefix } = options;
  return {
    Version: VERSION,
    Statement: [
      {
        Sid: 'List',
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: bucketArn,
        Condition: { StringLike: { 's3:prefix': `${prefix}*` } },
      },
      {
        Sid: 'Bucket',
        Effect: 'Allow',
        Action: ['s3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
        Resource: bucketArn,
      },
      {
        Sid: 'Objects',
        Effect: 'Allow',
        Action: [
          's3:GetObject',
          's3:PutObject',
          's3:DeleteObject',
          's3:AbortMultipartUpload',
          's3:ListMultipartUploadParts',
        ],
        Resource: `${bucketArn}/${prefix}*`,
      },
      ...(keyArn === undefined ? [] : [{ Sid: 'Key', Effect: 'Allow', Action: KEY_USES, Resource: keyArn }]),
    ],
  };
}

const KEY_USES = ['kms:GenerateDataKey', 'kms:Decrypt'];

/** The key's policy: the account administers it through IAM, and the role uses it through S3 of the region. */
export function keyPolicy(names: Names, { partition, account, region }: Place): object {
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
        Action: KEY_USES,
        Resource: '*',
        Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.${domain}` } },
      },
    ],
  };
}
