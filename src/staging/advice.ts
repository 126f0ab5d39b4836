/** What a failure means for who runs a job, and what to do. */
import { CredentialsError } from '../credentials/index.js';
import { StagingError } from './errors.js';
import type { Job } from './job.js';

/** The error with a sentence on what to do, as a `StagingError`; others as they are. The cause is the first error. */
export function explained(error: unknown, job: Job): unknown {
  if (error instanceof StagingError || !(error instanceof Error)) return error;
  const advice = adviceOn(error, job);
  if (advice === undefined) return error;
  const { name, message } = error;
  const what =
    /^(Credentials)?Error$/.test(name) || message.startsWith(name)
      ? message
      : `${name}: ${message || 'no answer'}`;
  return new StagingError(`${what}. ${advice}`, { cause: error });
}

const KEYS_ENDED =
  /^(ExpiredToken|ExpiredTokenException|InvalidToken|TokenRefreshRequired|InvalidClientTokenId)$/;
const BUSY = /^(ServiceUnavailable|SlowDown|InternalError|RequestTimeout|TimeoutError|503|500)$/;
/** What stores say that are full, beside the status 507: MinIO, Ceph. */
const FULL = /^(XMinioStorageFull|QuotaExceeded)$/;
const NETWORK = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/;

function adviceOn(error: Error, { connection, job }: Job): string | undefined {
  const { name } = error;
  const { code = '', $metadata } = error as Error & {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (error instanceof CredentialsError && !error.temporary) {
    return connection.s3IamRoleArn === undefined
      ? 'Look at the keys of the connection; "validate" tries them'
      : 'Look at the role\'s trust policy, the external ID and the caller\'s policy; "validate" tries each, and "policies" prints what they must be';
  }
  if (name === 'AccessDenied' || name === 'AccessDeniedException') {
    return 'Compare the policies of role, bucket and key with what "policies" prints; "validate" names the action that is missing';
  }
  if (KEYS_ENDED.test(name)) return 'The keys have ended and no new ones were to be had: "validate" says why';
  if (name === 'NoSuchBucket') return `Make the bucket ${connection.bucket}, or correct connection.bucket`;
  if ($metadata?.httpStatusCode === 507 || FULL.test(name)) {
    return `The storage behind the bucket ${connection.bucket} is full: once there is room, the job ${job} goes on where it stopped`;
  }
  if (code === 'ENOSPC') return 'The disk is full: make room for the file';
  if (
    error instanceof CredentialsError ||
    BUSY.test(name) ||
    ($metadata?.httpStatusCode ?? 0) >= 500 ||
    NETWORK.test(code)
  ) {
    return `S3 or STS does not answer as it should: the job ${job} goes on later, where it stopped`;
  }
  return undefined;
}
