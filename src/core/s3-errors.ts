/**
 * S3's errors, as the S3 API Reference ("Error responses") and S3 itself give them. Rooms that do not know one another
 * raise them: `wire` for what it cannot read, `auth` for what it cannot authenticate, `objects` and `services/s3`.
 */
import { errorTable } from './errors.js';

export const s3Errors = errorTable({
  AccessControlListNotSupported: [400, (why: string) => why],
  AccessDenied: [403, (why: string) => why],
  AccessForbidden: [403, (why: string) => why],
  AuthorizationHeaderMalformed: [400, (what: string) => `The authorization header is malformed; ${what}`],
  AuthorizationQueryParametersError: [400, (why: string) => why],
  BadDigest: [
    400,
    (what: string, part?: number) =>
      part === undefined
        ? `The ${what} you specified did not match ${what === 'Content-MD5' ? 'what we received' : 'the calculated checksum'}.`
        : `The ${what} you specified for part ${part} did not match what we received.`,
  ],
  BadRequest: [400, (why: string) => why],
  BucketAlreadyExists: [
    409,
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
  ],
  BucketAlreadyOwnedByYou: [
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
  ],
  BucketNotEmpty: [
    409,
    (versioned: boolean) =>
      `The bucket you tried to delete is not empty${versioned ? '. You must delete all versions in the bucket.' : ''}`,
  ],
  ConditionalRequestConflict: [
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
  ],
  // As S3 spells and spaces it.
  CrossLocationLoggingProhibitted: [403, 'Cross S3 location logging not allowed. '],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size'],
  ExpiredToken: [400, 'The provided token has expired.'],
  IdMismatch: [400, 'Document ID does not match the specified configuration ID.'],
  IllegalLocationConstraintException: [
    400,
    (constraint: string) =>
      `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  ],
  IllegalVersioningConfigurationException: [400, 'The Versioning element must be specified'],
  IncompleteBody: [
    400,
    (lack: 'bytes' | 'end') =>
      lack === 'bytes'
        ? 'You did not provide the number of bytes specified by the Content-Length HTTP header'
        : 'The request body terminated unexpectedly',
  ],
  IncorrectEndpoint: [
    400,
    'The specified bucket exists in another region. Please direct requests to the specified endpoint.',
  ],
  IncorrectNumberOfFilesInPostRequest: [400, 'POST requires exactly one file upload per request.'],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  InvalidArgument: [400, (why: string) => why],
  InvalidBucketAclWithBlockPublicAccessError: [
    400,
    'Bucket cannot have public ACLs set with BlockPublicAccess enabled',
  ],
  InvalidBucketAclWithObjectOwnership: [
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidBucketOwnerAWSAccountID: [
    400,
    (given: string) =>
      `The value of the expected bucket owner parameter must be an AWS Account ID... [${given}]`,
  ],
  InvalidBucketState: [409, (why: string) => why],
  InvalidChunkSizeError: [403, 'Only the last chunk is allowed to have a size less than 8192 bytes'],
  InvalidConfigurationId: [400, 'The specified configuration id is invalid.'],
  InvalidDigest: [400, 'The Content-MD5 you specified was invalid.'],
  InvalidEncryptionAlgorithmError: [
    400,
    'The Encryption request you specified is not valid. Supported value: AES256.',
  ],
  InvalidLocationConstraint: [400, 'The specified location-constraint is not valid'],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartNumber: [416, 'The requested partnumber is not satisfiable'],
  InvalidPartOrder: [
    400,
    'The list of parts was not in ascending order. Parts must be ordered by part number.',
  ],
  InvalidPolicyDocument: [400, (why: string) => `Invalid Policy: ${why}`],
  InvalidRange: [416, 'The requested range is not satisfiable'],
  InvalidRedirectLocation: [
    400,
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  ],
  InvalidRequest: [400, (why: string) => why],
  InvalidS3DestinationBucket: [400, 'Invalid bucket ARN.'],
  InvalidStorageClass: [400, 'The storage class you specified is not valid'],
  InvalidTag: [400, (why: string) => why],
  InvalidTargetBucketForLogging: [400, (why: string) => why],
  InvalidToken: [400, 'The provided token is malformed or otherwise invalid.'],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, 'Your key is too long'],
  MalformedACLError: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  ],
  MalformedPolicy: [400, (why: string) => why],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedTrailerError: [
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  ],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  ],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MaxPostPreDataLengthExceeded: [400, 'Your POST request fields preceding the upload file were too large.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  MissingRequestBodyError: [400, 'Request Body is empty'],
  MissingSecurityHeader: [400, 'Your request was missing a required header'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist'],
  NoSuchConfiguration: [404, 'The specified configuration does not exist.'],
  NoSuchCORSConfiguration: [404, 'The CORS configuration does not exist'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchLifecycleConfiguration: [404, 'The lifecycle configuration does not exist'],
  NoSuchObjectLockConfiguration: [404, 'The specified object does not have a ObjectLock configuration'],
  NoSuchPublicAccessBlockConfiguration: [404, 'The public access block configuration was not found'],
  NoSuchTagSet: [404, 'The TagSet does not exist'],
  NoSuchUpload: [
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  ],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration'],
  NotImplemented: [
    501,
    (operation?: string) =>
      operation === undefined
        ? 'A header you provided implies functionality that is not implemented'
        : `${operation} is not available on this server.`,
  ],
  NotModified: [304, 'Not Modified'],
  ObjectLockConfigurationNotFoundError: [404, 'Object Lock configuration does not exist for this bucket'],
  OperationAborted: [
    409,
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  ],
  OwnershipControlsNotFoundError: [404, 'The bucket ownership controls were not found'],
  PermanentRedirect: [
    301,
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
  ],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  ReplicationConfigurationNotFoundError: [404, 'The replication configuration was not found'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  TooManyBuckets: [400, 'You have attempted to create more buckets than allowed'],
  TooManyConfigurations: [
    400,
    'You are attempting to create a new configuration but have already reached the 1,000-configuration limit.',
  ],
  UnexpectedContent: [400, 'This request does not support content'],
  UnresolvableGrantByEmailAddress: [
    400,
    'The e-mail address you provided does not match any account on record.',
  ],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
});

/** InvalidArgument as S3 gives it: with the name of what is wrong, and its value where S3 shows it. */
export function invalidArgument(message: string, name: string, value?: string) {
  return s3Errors.InvalidArgument(message, {
    members: { ArgumentName: name, ...(value !== undefined && { ArgumentValue: value }) },
  });
}

/** What a request is answered whose commits others always got ahead of. */
export const contended = () => s3Errors.OperationAborted();
