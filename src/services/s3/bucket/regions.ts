/** Where buckets can be: any region of the account's partition. */

import type { Call } from '../../../core/operation.js';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import { knownRegion } from '../../../identity/accounts/regions-known.js';
import type { Bucket } from '../../../objects/index.js';

/** The region that S3 calls by no name. */
export const FIRST_REGION = 'us-east-1';

const PARTITION_FORMS: Readonly<Record<string, RegExp>> = {
  'aws-cn': /^cn-[a-z]+-\d$/,
  'aws-us-gov': /^us-gov-[a-z]+-\d$/,
};
const COMMERCIAL = /^(?!cn-|us-gov-|us-iso)[a-z]{2,}-[a-z]+-\d{1,2}$/;

function isRegionOf(partition: string, region: string): boolean {
  return (PARTITION_FORMS[partition] ?? COMMERCIAL).test(region);
}

/** Throws InvalidArgument for what is no region of the partition. */
export function demandRegionName(partition: string, region: string): void {
  if (knownRegion(region)?.partition === partition) return;
  throw invalidArgument(`Argument value ${region} is not a valid AWS Region`, 'bucket-region');
}

/**
 * The region of a new bucket. `constraint`: LocationConstraint; `signed`: the region the request was signed
 * for, whose endpoint it was thus sent to. us-east-1 makes buckets anywhere; the other endpoints only in their
 * own region, which must be named (CreateBucket, S3 API Reference).
 * Throws InvalidLocationConstraint, IllegalLocationConstraintException.
 */
export function regionOfNewBucket(partition: string, constraint: string | undefined, signed: string): string {
  if (constraint === undefined || constraint === '') {
    if (signed === FIRST_REGION) return FIRST_REGION;
    throw s3Errors.IllegalLocationConstraintException('unspecified');
  }
  const region = constraint === 'EU' ? 'eu-west-1' : constraint;
  if (signed !== FIRST_REGION && signed !== region) {
    throw s3Errors.IllegalLocationConstraintException(constraint);
  }
  if (!isRegionOf(partition, region)) {
    throw s3Errors.InvalidLocationConstraint({ members: { LocationConstraint: constraint } });
  }
  // LocationConstraint has no value for us-east-1, and only its endpoint makes buckets elsewhere.
  if (region === FIRST_REGION && signed === FIRST_REGION) {
    throw s3Errors.InvalidLocationConstraint({ members: { LocationConstraint: constraint } });
  }
  return region;
}

/**
 * Sends away what is signed for another region than the bucket's ("Permanent request redirection", S3 User Guide). The
 * answer says in a header which region it is; clients that follow sign again. An empty region in the signature is none.
 * Throws PermanentRedirect, AuthorizationQueryParametersError, AuthorizationHeaderMalformed.
 */
export function demandRegion({ name, region }: Bucket, { signedRegion, http }: Call): void {
  if (signedRegion === undefined || signedRegion === region) return;
  const headers = { 'x-amz-bucket-region': region };
  if (/(?:^|&)X-Amz-Signature=/.test(http.query)) {
    throw s3Errors.AuthorizationQueryParametersError(
      `Error parsing the X-Amz-Credential parameter; the region '${signedRegion}' is wrong; expecting '${region}'`,
      {
        members: { Region: region },
        headers,
      },
    );
  }
  demandSigningRegion(signedRegion, region);
  throw s3Errors.PermanentRedirect({
    members: { Endpoint: http.headers.get('host') ?? '', Bucket: name },
    headers,
  });
}

/**
 * What is signed for no region of AWS (`aws-global`) has reached no endpoint of it, and is not sent to another
 * (LocalStack's recordings of AWS, test_create_bucket_aws_global). Throws AuthorizationHeaderMalformed.
 */
export function demandSigningRegion(signed: string | undefined, expected: string): void {
  if (signed === undefined || knownRegion(signed) !== undefined) return;
  const what = `the region '${signed}' is wrong; expecting '${expected}'`;
  throw s3Errors.AuthorizationHeaderMalformed(what, { members: { Region: expected } });
}

/**
 * Where S3 takes signature version 2: the regions that were opened before 2014, but for China's (botocore's list of
 * endpoints). Of a name that AWS has no region of, nothing is known and nothing refused.
 */
const VERSION_2_REGIONS = new Set([
  ...['us-east-1', 'us-west-1', 'us-west-2', 'eu-west-1', 'sa-east-1', 'us-gov-west-1'],
  ...['ap-northeast-1', 'ap-southeast-1', 'ap-southeast-2'],
]);

/** Throws InvalidRequest where a request is signed by version 2 and the region takes only version 4. */
export function demandSignature(region: string, { signatureVersion }: Call): void {
  if (signatureVersion !== 2 || VERSION_2_REGIONS.has(region) || knownRegion(region) === undefined) return;
  throw s3Errors.InvalidRequest(
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  );
}

/**
 * LocationConstraint of a bucket: us-east-1 has none, and the old name of eu-west-1 comes back to who used it
 * ("Buckets with a LocationConstraint of EU reside in eu-west-1", S3 API Reference, GetBucketLocation).
 */
export function locationConstraint({ region, oldLocation }: Bucket): string | undefined {
  return region === FIRST_REGION ? undefined : (oldLocation ?? region);
}
