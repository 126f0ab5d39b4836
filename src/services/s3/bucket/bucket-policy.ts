/** Bucket policies: putting, getting and deleting them, and whether they are public. */
import type {
  DeleteBucketPolicyRequest,
  GetBucketPolicyOutput,
  GetBucketPolicyRequest,
  GetBucketPolicyStatusOutput,
  GetBucketPolicyStatusRequest,
  PutBucketPolicyRequest,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket } from '../../../objects/index.js';
import {
  bucketRules,
  isPublicPolicy,
  type PolicyDocument,
  PolicySyntaxError,
  validatePolicy,
} from '../../../policy/index.js';
import { bucketOperation, ownAccountOnly } from '../bucket-operation.js';
import type { S3Ports } from '../ports.js';
import { bucketArn, hasPublicPolicy } from '../requirements.js';
import type { BucketInput, OnBucket } from '../target.js';
import { blockCommand, blocks } from './public-access.js';

/** "Bucket policies are limited to 20 KB in size" ("Bucket policies for Amazon S3"). */
const LARGEST_POLICY = 20 * 1024;

/**
 * An operation on the policy itself: the root user of the bucket's account may do it whatever the policy says, so
 * that the bucket is never locked for good, and other accounts never ("PutBucketPolicy", S3 API Reference).
 */
function policyOperation<I extends BucketInput, O>(
  ...definition: Parameters<typeof bucketOperation<I, O>>
): Operation<S3Ports, I, O, OnBucket> {
  const operation = bucketOperation<I, O>(...definition);
  return ownAccountOnly('BUCKETPOLICY', {
    ...operation,
    async resolve(input, call, ports) {
      const { requires, subject } = await operation.resolve(input, call, ports);
      const { type, account } = call.caller.principal;
      if (type !== 'root' || account !== subject.bucket.owner) return { requires, subject };
      return { requires: requires.map(own => ({ ...own, resourcePolicy: undefined })), subject };
    },
  });
}

export const PutBucketPolicy = policyOperation<PutBucketPolicyRequest, object>(
  's3:PutBucketPolicy',
  async (bucket, input, ports, call) => {
    const text = input.Policy ?? '';
    const document = await readBucketPolicy(text, bucket);
    const blocked = isPublicPolicy(document) ? await ports.objects.accountBlocks.over(bucket) : undefined;
    if (blocked && blocks(blocked, 'blockPublicPolicy')) {
      throw s3Errors.AccessDenied(
        `User: ${call.caller.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn(bucket)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
        {
          owner: bucket.owner,
          advice: `The policy is public. Name callers instead of everyone (Principal, or a condition on aws:PrincipalOrgID, aws:SourceIp …), or switch BlockPublicPolicy off: ${blockCommand(blocked, 'blockPublicPolicy')} --public-access-block-configuration BlockPublicPolicy=false,RestrictPublicBuckets=false,BlockPublicAcls=true,IgnorePublicAcls=true`,
        },
      );
    }
    const policy = await storedPolicy(text, bucket, ports);
    await ports.objects.buckets.update(bucket, { policy });
    return {};
  },
);

export const GetBucketPolicy = policyOperation<GetBucketPolicyRequest, GetBucketPolicyOutput>(
  's3:GetBucketPolicy',
  async (bucket, _input, { principals }) => ({
    Policy: await principals.toShown(policyOf(bucket), 'resource'),
  }),
);

export const DeleteBucketPolicy = policyOperation<DeleteBucketPolicyRequest, object>(
  's3:DeleteBucketPolicy',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { policy: undefined });
    return {};
  },
);

export const GetBucketPolicyStatus = bucketOperation<
  GetBucketPolicyStatusRequest,
  GetBucketPolicyStatusOutput
>('s3:GetBucketPolicyStatus', bucket => {
  policyOf(bucket);
  return { PolicyStatus: { IsPublic: hasPublicPolicy(bucket) } };
});

function policyOf(bucket: Bucket): string {
  if (bucket.policy !== undefined) return bucket.policy;
  throw s3Errors.NoSuchBucketPolicy({ members: { BucketName: bucket.name } });
}

/**
 * Throws MalformedPolicy: size, grammar, and what S3 refuses of a policy for this bucket (`policy/validate/bucket`).
 */
async function readBucketPolicy(text: string, bucket: Bucket): Promise<PolicyDocument> {
  if (!text.startsWith('{')) {
    throw s3Errors.MalformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  }
  if (Buffer.byteLength(text) > LARGEST_POLICY) {
    throw s3Errors.MalformedPolicy(`Policy exceeds the maximum allowed document size.`);
  }
  const rules = await bucketRules(bucketArn(bucket));
  try {
    return validatePolicy(text, 'resource', { partition: bucket.partition, bucket: rules });
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw s3Errors.MalformedPolicy(error.message, { cause: error });
  }
}

/** Throws MalformedPolicy for a principal that does not exist. */
async function storedPolicy(text: string, bucket: Bucket, { principals }: S3Ports): Promise<string> {
  try {
    return await principals.toStored(text, 'resource', bucket.partition);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw s3Errors.MalformedPolicy('Invalid principal in policy', { reason: error.message });
  }
}
