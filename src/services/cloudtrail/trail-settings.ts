/** What a trail is made with, and what is changed of it. */
import type * as sdk from '@aws-sdk/client-cloudtrail';
import type { Operation } from '../../core/operation.js';
import { sampleKey } from '../../trails/file-names.js';
import { LogRefused } from '../../trails/log-store.js';
import { type TrailName, trailArn } from '../../trails/records.js';
import { cloudTrailErrors } from './errors.js';
import type { CloudTrailPorts } from './ports.js';
import {
  accountOf,
  demandChanged,
  demandName,
  demandTrailHere,
  type OnTrail,
  requirementOn,
  resolveTrail,
} from './trail-names.js';
import { settingsOf } from './trail-shapes.js';
import { readTags, requestTagKeys } from './trail-tags.js';

type Op<I, O> = Operation<CloudTrailPorts, I, O, OnTrail>;

/** What a trail is made with and what may be changed of it alike. */
type Settings = Omit<sdk.UpdateTrailRequest, 'Name'>;

/** Characters ("CreateTrail", CloudTrail API Reference). */
const LONGEST_PREFIX = 200;

/**
 * Throws what AWS answers where the bucket is not there or its policy, or the key's, does not let CloudTrail write;
 * `TrailAlreadyExistsException`, `MaximumNumberOfTrailsExceededException`, and what is wrong with the input.
 */
export const CreateTrail: Op<sdk.CreateTrailRequest, sdk.CreateTrailResponse> = {
  async resolve(input, call, { trails }) {
    const name = { ...accountOf(call), region: call.region, name: input.Name ?? '' };
    demandName(name.name);
    const subject = { name, trail: await trails.find(name) };
    return { requires: [requirementOn(subject, call, requestTagKeys(input.TagsList))], subject };
  },
  async run({ name }, input, _call, { trails, logs }) {
    demandThere(input);
    const tags = readTags(input.TagsList);
    const { IncludeGlobalServiceEvents = true, IsMultiRegionTrail = false } = input;
    demandRegions(IsMultiRegionTrail, IncludeGlobalServiceEvents);
    const bucket = input.S3BucketName ?? '';
    const prefix = prefixOf(input.S3KeyPrefix);
    const keyArn = await demandWritable(
      { ...name, bucket, prefix, keyId: input.KmsKeyId || undefined },
      logs,
    );
    const made = await trails.create({
      ...name,
      bucket,
      prefix,
      keyArn,
      globalServices: IncludeGlobalServiceEvents,
      multiRegion: IsMultiRegionTrail,
      validated: input.EnableLogFileValidation ?? false,
      tags,
    });
    if (made === 'taken') throw cloudTrailErrors.TrailAlreadyExistsException(name.name, name.account);
    if (made === 'full')
      throw cloudTrailErrors.MaximumNumberOfTrailsExceededException(name.account, name.region);
    return settingsOf(made);
  },
};

/** Throws as CreateTrail; `TrailNotFoundException`, `InvalidHomeRegionException`. */
export const UpdateTrail: Op<sdk.UpdateTrailRequest, sdk.UpdateTrailResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.Name, call, ports),
  async run(subject, input, call, { trails, logs }) {
    const trail = demandTrailHere(subject, call);
    demandThere(input);
    const { IncludeGlobalServiceEvents = trail.globalServices, IsMultiRegionTrail = trail.multiRegion } =
      input;
    demandRegions(IsMultiRegionTrail, IncludeGlobalServiceEvents);
    const bucket = input.S3BucketName ?? trail.bucket;
    const prefix = input.S3KeyPrefix === undefined ? trail.prefix : prefixOf(input.S3KeyPrefix);
    // An empty key takes it away.
    const keyId = (input.KmsKeyId ?? trail.keyArn) || undefined;
    const isMoved = [input.S3BucketName, input.S3KeyPrefix, input.KmsKeyId].some(one => one !== undefined);
    const keyArn = isMoved ? await demandWritable({ ...subject.name, bucket, prefix, keyId }, logs) : keyId;
    const changed = await trails.update(trail, {
      bucket,
      prefix,
      keyArn,
      globalServices: IncludeGlobalServiceEvents,
      multiRegion: IsMultiRegionTrail,
      validated: input.EnableLogFileValidation,
    });
    return settingsOf(demandChanged(subject, changed));
  },
};

/** Throws for what a trail may have at AWS and is not there: topics, log groups, organization trails. */
function demandThere(input: Settings): void {
  if (input.SnsTopicName) throw cloudTrailErrors.InsufficientSnsTopicPolicyException();
  if (input.CloudWatchLogsLogGroupArn || input.CloudWatchLogsRoleArn) {
    throw cloudTrailErrors.CloudWatchLogsDeliveryUnavailableException();
  }
  if (input.IsOrganizationTrail) {
    throw cloudTrailErrors.UnsupportedOperationException('Organization trails are not supported.');
  }
}

function demandRegions(isMultiRegion: boolean, hasGlobal: boolean): void {
  if (!isMultiRegion || hasGlobal) return;
  throw cloudTrailErrors.InvalidParameterCombinationException(
    'Multi-Region trail must include global service events.',
  );
}

function prefixOf(given: string | undefined): string | undefined {
  if ((given?.length ?? 0) > LONGEST_PREFIX) throw cloudTrailErrors.InvalidS3PrefixException();
  return given?.replace(/\/+$/, '') || undefined;
}

interface Wanted extends TrailName {
  readonly bucket: string;
  readonly prefix: string | undefined;
  readonly keyId: string | undefined;
}

/** Answers the ARN of the key. Throws what AWS answers where CloudTrail could not deliver. */
async function demandWritable(wanted: Wanted, logs: CloudTrailPorts['logs']): Promise<string | undefined> {
  const { account, partition, bucket, keyId } = wanted;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw cloudTrailErrors.InvalidS3BucketNameException(bucket);
  const arn = trailArn(wanted);
  try {
    return await logs.check({ trail: { arn, account, partition }, bucket, key: sampleKey(wanted), keyId });
  } catch (error) {
    throw error instanceof LogRefused ? refusalOf(error, bucket, keyId ?? '') : error;
  }
}

function refusalOf(refused: LogRefused, bucket: string, key: string): Error {
  const detail = { reason: refused.message };
  switch (refused.code) {
    case 'NoSuchBucket':
      return cloudTrailErrors.S3BucketDoesNotExistException(bucket, detail);
    case 'AccessDenied':
      return cloudTrailErrors.InsufficientS3BucketPolicyException(bucket, detail);
    case 'KeyAccessDenied':
      return cloudTrailErrors.InsufficientEncryptionPolicyException(bucket, key, detail);
    case 'KeyNotFound':
      return cloudTrailErrors.KmsKeyNotFoundException(key, detail);
    case 'KeyUnusable':
      return cloudTrailErrors.InvalidKmsKeyIdException(key, detail);
  }
}
