/** Bucket policies: putting, getting and deleting them, and whether they are public. */
import type {
  DeleteBucketPolicyRequest,
  GetBucketPolicyOutput,
  GetBucketPolicyRequest,
  GetBucketPolicyStatusOutput,
  GetBucketPolicyStatusRequest,
  PutBucketPolicyRequest,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../errors.js';
import type { Bucket } from '../../objects/index.js';
import type { Operation } from '../../operation.js';
import { type PolicyDocument, PolicySyntaxError, parsePolicy } from '../../policy/index.js';
import { s3Errors } from './errors.js';
import type { S3Ports } from './ports.js';
import { isPublicPolicy } from './public-access.js';
import { bucketArn, hasPublicPolicy, onBucket } from './requirements.js';
import { bucketOf } from './target.js';

/** "Bucket policies are limited to 20 KB in size" ("Bucket policies for Amazon S3"). */
const LARGEST_POLICY = 20 * 1024;

export const putBucketPolicy: Operation<S3Ports, PutBucketPolicyRequest, object> = {
  name: 'PutBucketPolicy',

  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:PutBucketPolicy')];
  },

  async run(input, call, ports) {
    const bucket = await bucketOf(input, call, ports);
    const text = input.Policy ?? '';
    const document = readBucketPolicy(text, bucket);
    if ((bucket.publicAccessBlock?.blockPublicPolicy ?? false) && isPublicPolicy(document)) {
      throw s3Errors.AccessDenied([
        `User: ${call.caller.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn(bucket)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
      ]);
    }
    const policy = await storedPolicy(text, bucket, ports);
    await ports.objects.buckets.update(bucket, { policy });
    return {};
  },
};

export const getBucketPolicy: Operation<S3Ports, GetBucketPolicyRequest, GetBucketPolicyOutput> = {
  name: 'GetBucketPolicy',

  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:GetBucketPolicy')];
  },

  async run(input, call, ports) {
    const bucket = await bucketOf(input, call, ports);
    return { Policy: await ports.principals.toShown(policyOf(bucket), 'resource') };
  },
};

export const deleteBucketPolicy: Operation<S3Ports, DeleteBucketPolicyRequest, object> = {
  name: 'DeleteBucketPolicy',

  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:DeleteBucketPolicy')];
  },

  async run(input, call, ports) {
    await ports.objects.buckets.update(await bucketOf(input, call, ports), { policy: undefined });
    return {};
  },
};

export const getBucketPolicyStatus: Operation<
  S3Ports,
  GetBucketPolicyStatusRequest,
  GetBucketPolicyStatusOutput
> = {
  name: 'GetBucketPolicyStatus',

  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:GetBucketPolicyStatus')];
  },

  async run(input, call, ports) {
    const bucket = await bucketOf(input, call, ports);
    policyOf(bucket);
    return { PolicyStatus: { IsPublic: hasPublicPolicy(bucket, call) } };
  },
};

function policyOf(bucket: Bucket): string {
  if (bucket.policy !== undefined) return bucket.policy;
  throw s3Errors.NoSuchBucketPolicy([], { members: { BucketName: bucket.name } });
}

/** Throws MalformedPolicy: grammar, size, or resources other than this bucket and what is in it. */
function readBucketPolicy(text: string, bucket: Bucket): PolicyDocument {
  if (!text.trimStart().startsWith('{')) {
    throw s3Errors.MalformedPolicy(["Policies must be valid JSON and the first byte must be '{'"]);
  }
  if (Buffer.byteLength(text) > LARGEST_POLICY) {
    throw s3Errors.MalformedPolicy([`Policy exceeds the maximum allowed document size.`]);
  }
  const document = parsed(text, bucket);
  const arn = bucketArn(bucket);
  for (const { resource } of document.statements) {
    for (const { value } of resource?.values ?? []) {
      // Wildcards may stand for this bucket, as in `arn:aws:s3:::*`.
      if (!mayMean(value, arn)) throw s3Errors.MalformedPolicy(['Policy has invalid resource']);
    }
  }
  return document;
}

function parsed(text: string, bucket: Bucket): PolicyDocument {
  try {
    return parsePolicy(text, 'resource', { partition: bucket.partition });
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw s3Errors.MalformedPolicy([error.message], { cause: error });
  }
}

/** Throws MalformedPolicy for a principal that does not exist. */
async function storedPolicy(text: string, bucket: Bucket, { principals }: S3Ports): Promise<string> {
  try {
    return await principals.toStored(text, 'resource', bucket.partition);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'MalformedPolicyDocument') throw error;
    throw s3Errors.MalformedPolicy(['Invalid principal in policy'], { reason: error.message });
  }
}

/** Whether a resource pattern can match the bucket's ARN or that of an object in it. */
function mayMean(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const [bucketPart = ''] = pattern.split('/', 1);
  const fixed = bucketPart.split(/[*?]|\$\{/, 1)[0]!;
  return fixed === bucketPart ? bucketPart === arn : arn.startsWith(fixed);
}
