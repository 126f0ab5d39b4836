/** What there is already of a set-up. */
import {
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { DescribeKeyCommand, GetKeyPolicyCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import {
  GetBucketEncryptionCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
} from '@aws-sdk/client-s3';
import { type SetupClients, SetupError, TAG } from './types.js';

interface Tagged {
  /** The name of the set-up that it belongs to; absent where it belongs to none. */
  readonly setup: string | undefined;
}

interface FoundRole extends Tagged {
  readonly trust: unknown;
  readonly maximum: number | undefined;
}

/** Each answers `undefined` for what is not there. */
export interface Reader {
  user(name: string): Promise<Tagged | undefined>;
  role(name: string): Promise<FoundRole | undefined>;
  profile(name: string): Promise<(Tagged & { readonly roles: readonly string[] }) | undefined>;
  userPolicy(user: string, policy: string): Promise<unknown>;
  rolePolicy(role: string, policy: string): Promise<unknown>;
  bucket(name: string): Promise<Tagged | undefined>;
  accessBlocked(bucket: string): Promise<boolean>;
  /** The algorithm, and the key where it is KMS: `aws:kms arn:…`. */
  encryption(bucket: string): Promise<string | undefined>;
  key(alias: string): Promise<(Tagged & { readonly arn: string; readonly policy: unknown }) | undefined>;
}

/** A place where nothing is yet. */
export const nothing: Reader = {
  user: async () => undefined,
  role: async () => undefined,
  profile: async () => undefined,
  userPolicy: async () => undefined,
  rolePolicy: async () => undefined,
  bucket: async () => undefined,
  accessBlocked: async () => false,
  encryption: async () => undefined,
  key: async () => undefined,
};

/** Codes with which services say that something does not exist. */
const MISSING =
  /^(NoSuchEntity(Exception)?|NotFound(Exception)?|NoSuchBucket|NoSuchTagSet|NoSuchPublicAccessBlockConfiguration|ServerSideEncryptionConfigurationNotFoundError)$/;

/** `undefined` for what does not exist; throws every other error. */
export async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (MISSING.test((error as Error).name)) return undefined;
    throw error;
  }
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** A name of a bucket counts for all accounts ("Bucket naming rules", S3 User Guide). */
function notYours(bucket: string, cause: unknown): SetupError {
  const hint = 'choose another name, or give the keys of that account (--bucket-profile)';
  return new SetupError(`the bucket ${bucket} is another account's, or not yours to see: ${hint}`, { cause });
}

const setupOf = (tags: readonly Tag[] | undefined) => tags?.find(({ Key }) => Key === TAG)?.Value;
const document = (text: string | undefined): unknown =>
  text === undefined ? undefined : JSON.parse(text.startsWith('%') ? decodeURIComponent(text) : text);

export function readerOf({ iam, s3, kms }: SetupClients): Reader {
  return {
    async user(UserName) {
      const found = await orMissing(iam.send(new GetUserCommand({ UserName })));
      return found && { setup: setupOf(found.User?.Tags) };
    },
    async role(RoleName) {
      const found = await orMissing(iam.send(new GetRoleCommand({ RoleName })));
      return (
        found && {
          setup: setupOf(found.Role?.Tags),
          trust: document(found.Role?.AssumeRolePolicyDocument),
          maximum: found.Role?.MaxSessionDuration,
        }
      );
    },
    async profile(InstanceProfileName) {
      const found = await orMissing(iam.send(new GetInstanceProfileCommand({ InstanceProfileName })));
      return (
        found && {
          setup: setupOf(found.InstanceProfile?.Tags),
          roles: (found.InstanceProfile?.Roles ?? []).map(({ RoleName }) => RoleName!),
        }
      );
    },
    async userPolicy(UserName, PolicyName) {
      const found = await orMissing(iam.send(new GetUserPolicyCommand({ UserName, PolicyName })));
      return document(found?.PolicyDocument);
    },
    async rolePolicy(RoleName, PolicyName) {
      const found = await orMissing(iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })));
      return document(found?.PolicyDocument);
    },
    async bucket(Bucket) {
      const head = s3.send(new HeadBucketCommand({ Bucket })).catch(error => {
        throw error.$metadata?.httpStatusCode === 403 ? notYours(Bucket, error) : error;
      });
      if (!(await orMissing(head))) return undefined;
      const tags = await orMissing(s3.send(new GetBucketTaggingCommand({ Bucket })));
      return { setup: setupOf(tags?.TagSet) };
    },
    async accessBlocked(Bucket) {
      const found = await orMissing(s3.send(new GetPublicAccessBlockCommand({ Bucket })));
      const block = found?.PublicAccessBlockConfiguration;
      return Boolean(
        block?.BlockPublicAcls &&
          block.IgnorePublicAcls &&
          block.BlockPublicPolicy &&
          block.RestrictPublicBuckets,
      );
    },
    async encryption(Bucket) {
      const found = await orMissing(s3.send(new GetBucketEncryptionCommand({ Bucket })));
      const rule = found?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
      return rule && `${rule.SSEAlgorithm} ${rule.KMSMasterKeyID ?? ''}`.trim();
    },
    async key(alias) {
      const found = await orMissing(kms.send(new DescribeKeyCommand({ KeyId: alias })));
      const arn = found?.KeyMetadata?.Arn;
      if (arn === undefined) return undefined;
      const { Tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId: arn }));
      const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' }));
      const setup = setupOf(Tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })));
      return { arn, setup, policy: document(Policy) };
    },
  };
}
