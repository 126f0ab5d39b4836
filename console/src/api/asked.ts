/** The action and the resource of a call: what simulation is asked before the call is offered. */
import { currentIdentity, session } from '../session/store.js';
import type { Act } from './act.js';
import { currentPartition, s3Arn } from './arn.js';

/** An action on a resource; `*` where it takes none. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
}

type Input = Readonly<Record<string, unknown>>;

/** Where S3's action has another name than the operation ("Actions, resources, and condition keys for Amazon S3"). */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  PutBucketInventoryConfiguration: 'PutInventoryConfiguration',
  DeleteBucketInventoryConfiguration: 'PutInventoryConfiguration',
  PutBucketCors: 'PutBucketCORS',
  DeleteBucketCors: 'PutBucketCORS',
  DeleteBucketTagging: 'PutBucketTagging',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
};

/** What an operation of IAM is about is named by the first of these that its input has. */
const IAM_RESOURCES: readonly (readonly [member: string, kind: string])[] = [
  ['GroupName', 'group'],
  ['InstanceProfileName', 'instance-profile'],
  ['UserName', 'user'],
  ['RoleName', 'role'],
];
const IAM_ARNS = ['PolicyArn', 'OpenIDConnectProviderArn', 'SAMLProviderArn'];

const RESOURCES: Readonly<Partial<Record<Act['service'], (input: Input) => string>>> = {
  iam(input) {
    const [member, kind] = IAM_RESOURCES.find(([name]) => name in input) ?? [];
    if (member !== undefined) return `${arn('iam', '')}:${kind}/${input[member]}`;
    return String(IAM_ARNS.map(name => input[name]).find(Boolean) ?? '*');
  },
  karikagi: ({ AccessKeyId }) =>
    AccessKeyId === undefined ? '*' : `${arn('karikagi', '')}:session/${AccessKeyId}`,
  s3: ({ Bucket, Key }) => s3Arn(String(Bucket), Key === undefined ? undefined : String(Key)),
  kms(input) {
    const key = input['KeyId'] ?? input['TargetKeyId'];
    if (key === undefined) return '*';
    return String(key).startsWith('arn:')
      ? String(key)
      : `${arn('kms', session().signedIn?.region ?? '')}:key/${key}`;
  },
};

function arn(service: string, region: string): string {
  return `arn:${currentPartition()}:${service}:${region}:${currentIdentity()?.account ?? ''}`;
}

/** A user, group or role with a path has another ARN than this. */
export function askedOf({ service, operation, input }: Pick<Act, 'service' | 'operation' | 'input'>): Asked {
  const action = (service === 's3' && S3_ACTIONS[operation]) || operation;
  return { action: `${service}:${action}`, resource: RESOURCES[service]?.(input as Input) ?? '*' };
}
