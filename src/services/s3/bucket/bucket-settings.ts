/** Settings of buckets that are stored as they are given: versioning, tags, public access, ownership. */
import type {
  DeleteBucketOwnershipControlsRequest,
  DeleteBucketTaggingRequest,
  DeletePublicAccessBlockRequest,
  GetBucketOwnershipControlsOutput,
  GetBucketOwnershipControlsRequest,
  GetBucketTaggingOutput,
  GetBucketTaggingRequest,
  GetBucketVersioningOutput,
  GetBucketVersioningRequest,
  GetPublicAccessBlockOutput,
  GetPublicAccessBlockRequest,
  PutBucketOwnershipControlsRequest,
  PutBucketTaggingRequest,
  PutBucketVersioningRequest,
  PutPublicAccessBlockRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket } from '../../../objects/index.js';
import { aclsEnabled } from '../acl/acl.js';
import { canonicalIdOf } from '../acl/acl-input.js';
import { bucketOperation } from '../bucket-operation.js';
import { demandMfa, demandNoMfaBesideRules, mfaNeeded } from '../lock/mfa-delete.js';
import { asTagSet, bucketTags } from '../tags.js';
import { demandTagsOpen } from './bucket-abac.js';

export const PutBucketVersioning = bucketOperation<PutBucketVersioningRequest, object>(
  's3:PutBucketVersioning',
  async (bucket, input, ports, call) => {
    const { Status: versioning, MFADelete } = input.VersioningConfiguration ?? {};
    if (versioning === undefined) throw s3Errors.IllegalVersioningConfigurationException();
    if (versioning === 'Suspended' && bucket.objectLock) {
      throw s3Errors.InvalidBucketState(
        'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
      );
    }
    if (versioning === 'Suspended' && bucket.replication) throw replicated();
    const takesMfa = ({ mfaDelete }: Bucket) => mfaDelete === 'Enabled' || MFADelete === 'Enabled';
    const proven = takesMfa(bucket);
    if (proven) await demandMfa(bucket, input, call, ports);
    await ports.objects.buckets.update(bucket, now => {
      if (!proven && takesMfa(now)) throw mfaNeeded();
      if (versioning === 'Suspended' && now.replication) throw replicated();
      const change = { versioning, mfaDelete: MFADelete ?? now.mfaDelete };
      demandNoMfaBesideRules({ ...now, ...change });
      return change;
    });
    return {};
  },
);

function replicated(): Error {
  return s3Errors.InvalidBucketState(
    'A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.',
  );
}

export const GetBucketVersioning = bucketOperation<GetBucketVersioningRequest, GetBucketVersioningOutput>(
  's3:GetBucketVersioning',
  ({ versioning, mfaDelete }) =>
    versioning ? { Status: versioning, ...(mfaDelete && { MFADelete: mfaDelete }) } : {},
);

export const PutBucketTagging = bucketOperation<PutBucketTaggingRequest, object>(
  's3:PutBucketTagging',
  async (bucket, { Tagging }, { objects }) => {
    // Without a TagSet, as with an empty one, all are removed (recorded).
    const tags = bucketTags(Tagging?.TagSet);
    await objects.buckets.update(bucket, now => {
      demandTagsOpen(now);
      return { tags };
    });
    return {};
  },
);

export const GetBucketTagging = bucketOperation<GetBucketTaggingRequest, GetBucketTaggingOutput>(
  's3:GetBucketTagging',
  bucket => {
    if (!bucket.tags?.length) throw s3Errors.NoSuchTagSet(named(bucket));
    return { TagSet: asTagSet(bucket.tags) };
  },
);

export const DeleteBucketTagging = bucketOperation<DeleteBucketTaggingRequest, object>(
  's3:PutBucketTagging',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, now => {
      demandTagsOpen(now);
      return { tags: undefined };
    });
    return {};
  },
);

export const PutPublicAccessBlock = bucketOperation<PutPublicAccessBlockRequest, object>(
  's3:PutBucketPublicAccessBlock',
  async (bucket, { PublicAccessBlockConfiguration: asked }, { objects }) => {
    if (!asked) throw s3Errors.MalformedXML();
    const publicAccessBlock = {
      blockPublicAcls: asked.BlockPublicAcls ?? false,
      ignorePublicAcls: asked.IgnorePublicAcls ?? false,
      blockPublicPolicy: asked.BlockPublicPolicy ?? false,
      restrictPublicBuckets: asked.RestrictPublicBuckets ?? false,
    };
    await objects.buckets.update(bucket, { publicAccessBlock });
    return {};
  },
);

export const GetPublicAccessBlock = bucketOperation<GetPublicAccessBlockRequest, GetPublicAccessBlockOutput>(
  's3:GetBucketPublicAccessBlock',
  bucket => {
    const block = bucket.publicAccessBlock;
    if (!block) throw s3Errors.NoSuchPublicAccessBlockConfiguration(named(bucket));
    return {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: block.blockPublicAcls,
        IgnorePublicAcls: block.ignorePublicAcls,
        BlockPublicPolicy: block.blockPublicPolicy,
        RestrictPublicBuckets: block.restrictPublicBuckets,
      },
    };
  },
);

export const DeletePublicAccessBlock = bucketOperation<DeletePublicAccessBlockRequest, object>(
  's3:PutBucketPublicAccessBlock',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { publicAccessBlock: undefined });
    return {};
  },
);

export const PutBucketOwnershipControls = bucketOperation<PutBucketOwnershipControlsRequest, object>(
  's3:PutBucketOwnershipControls',
  async (bucket, { OwnershipControls }, ports, call) => {
    const rules = OwnershipControls?.Rules ?? [];
    const ownership = rules[0]?.ObjectOwnership;
    if (rules.length !== 1 || !isOwnership(ownership)) throw s3Errors.MalformedXML();
    const owner = await canonicalIdOf(bucket.owner, call, ports);
    await ports.objects.buckets.update(bucket, ({ acl }) => {
      const toOthers = acl?.some(({ grantee }) => grantee !== owner);
      if (toOthers && !aclsEnabled({ ownership })) throw s3Errors.InvalidBucketAclWithObjectOwnership();
      return { ownership };
    });
    return {};
  },
);

function isOwnership(text: string | undefined): text is NonNullable<Bucket['ownership']> {
  return text === 'BucketOwnerEnforced' || text === 'BucketOwnerPreferred' || text === 'ObjectWriter';
}

export const GetBucketOwnershipControls = bucketOperation<
  GetBucketOwnershipControlsRequest,
  GetBucketOwnershipControlsOutput
>('s3:GetBucketOwnershipControls', bucket => {
  if (!bucket.ownership) throw s3Errors.OwnershipControlsNotFoundError(named(bucket));
  return { OwnershipControls: { Rules: [{ ObjectOwnership: bucket.ownership }] } };
});

export const DeleteBucketOwnershipControls = bucketOperation<DeleteBucketOwnershipControlsRequest, object>(
  's3:PutBucketOwnershipControls',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { ownership: undefined });
    return {};
  },
);

function named(bucket: Bucket): { members: Record<string, string> } {
  return { members: { BucketName: bucket.name } };
}
