import { errorTable } from '../../core/errors.js';
import { MOST_TRAILS } from '../../trails/trails.js';

/** Sources: CloudTrail API Reference; the words of trails' errors are those that AWS's clients report. */
export const cloudTrailErrors = errorTable({
  CloudTrailARNInvalidException: [400, (given: string) => `${given} is not a valid ARN of a trail.`],
  CloudWatchLogsDeliveryUnavailableException: [400, 'Cannot set a CloudWatch Logs delivery for this region.'],
  InsufficientEncryptionPolicyException: [
    400,
    (bucket: string, key: string) =>
      `Insufficient permissions to access S3 bucket ${bucket} or KMS key ${key}.`,
  ],
  InsufficientS3BucketPolicyException: [
    400,
    (bucket: string) => `Incorrect S3 bucket policy is detected for bucket: ${bucket}`,
  ],
  InsufficientSnsTopicPolicyException: [400, 'SNS Topic does not exist or the topic policy is incorrect!'],
  InvalidEventSelectorsException: [400, (why: string) => why],
  InvalidHomeRegionException: [
    400,
    (arn: string, home: string) => `The trail ${arn} can only be changed in its home region, ${home}.`,
  ],
  InvalidKmsKeyIdException: [400, (key: string) => `KMS key ${key} cannot be used.`],
  InvalidLookupAttributesException: [400, (why: string) => why],
  InvalidMaxResultsException: [
    400,
    (given: number) => `A max results value of ${given} is invalid. Specify max results between 1 and 50.`,
  ],
  InvalidNextTokenException: [400, 'Invalid NextToken.'],
  InvalidParameterCombinationException: [400, (why: string) => why],
  InvalidS3BucketNameException: [400, (name: string) => `The S3 bucket name ${name} is not valid.`],
  InvalidS3PrefixException: [400, 'The S3 prefix has more than 200 characters.'],
  InvalidTagParameterException: [400, (why: string) => why],
  InvalidTimeRangeException: [400, 'The start time is after the end time.'],
  InvalidTrailNameException: [400, (why: string) => why],
  KmsKeyNotFoundException: [
    400,
    (key: string) => `KMS key ${key} does not exist in the region of the bucket.`,
  ],
  MaximumNumberOfTrailsExceededException: [
    400,
    (account: string, region: string) => `User: ${account} already has ${MOST_TRAILS} trails in ${region}.`,
  ],
  ResourceNotFoundException: [400, (arn: string) => `The resource ${arn} does not exist.`],
  ResourceTypeNotSupportedException: [400, (arn: string) => `Tags of ${arn} are not supported.`],
  S3BucketDoesNotExistException: [400, (bucket: string) => `S3 bucket ${bucket} does not exist!`],
  TagsLimitExceededException: [400, 'A trail has at most 50 tags.'],
  TrailAlreadyExistsException: [
    400,
    (name: string, account: string) => `Trail ${name} already exists for customer: ${account}`,
  ],
  TrailNotFoundException: [
    400,
    (arn: string, account: string) => `Unknown trail: ${arn} for the user: ${account}`,
  ],
  UnsupportedOperationException: [400, (why: string) => why],
});
