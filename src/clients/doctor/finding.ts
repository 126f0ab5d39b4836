/** What the doctor says: one finding is one line. */
export interface Finding {
  /** Stable: `external-id`. */
  readonly code: string;
  /** What is wrong. */
  readonly what: string;
  /** Where: a role's ARN, a bucket, an option. */
  readonly where: string;
  /** The smallest change that mends it. */
  readonly fix: string;
  /** `certain`: seen or answered; `likely`: what the answer leaves as its usual cause. */
  readonly sure: 'certain' | 'likely';
}

export interface DoctorOptions {
  /** ARN of the role. */
  readonly role?: string | undefined;
  readonly externalId?: string | undefined;
  /** Seconds that a session is meant to last; default 3600. */
  readonly duration?: number | undefined;
  readonly bucket?: string | undefined;
  /** What in the bucket is used; default: the whole of it. */
  readonly prefix?: string | undefined;
  /** ARN of the KMS key that objects are written with. */
  readonly key?: string | undefined;
  /** The account that the bucket should be of, 12 digits. */
  readonly bucketAccount?: string | undefined;
  /** Policies that are not in force yet: the texts of files. */
  readonly documents?: readonly PolicyText[] | undefined;
  /** Looks at the endpoint of instance metadata too, which it does by itself only where there are no keys. */
  readonly metadata?: boolean | undefined;
}

export interface PolicyText {
  readonly kind: 'identity' | 'trust' | 'key';
  /** For identity policies: what has it. */
  readonly attachedTo?: 'user' | 'role' | undefined;
  /** Where it is from: a file's name, `policy bucket of staging`. */
  readonly name: string;
  readonly text: string;
}

interface ServiceError extends Error {
  readonly answered?: string | undefined;
}

/** What kind of policy a denial names ("Troubleshoot access denied error messages", IAM User Guide). */
const POLICIES: readonly (readonly [RegExp, string, string])[] = [
  [/service control policy/i, 'control-policy', 'a service control policy of the organization'],
  [/resource control policy/i, 'control-policy', 'a resource control policy of the organization'],
  [/permissions boundary/i, 'boundary', 'the permissions boundary'],
  [/VPC endpoint policy/i, 'endpoint-policy', 'the policy of the VPC endpoint'],
  [/session policy/i, 'session-policy', 'the session policy'],
];

/** A denial by a policy that no grant outweighs; `undefined` where the message names none. */
export function denialBy(error: Error, where: string): Finding | undefined {
  const found = POLICIES.find(([words]) => words.test(error.message));
  if (!found) return undefined;
  const [, code, policy] = found;
  return {
    code,
    what: `${policy} denies it: ${error.message}`,
    where,
    fix: `allow the action in ${policy}`,
    sure: 'certain',
  };
}

/** Why keys are not accepted at all; `undefined` for another error. */
export function keyFinding(error: ServiceError, where: string): Finding | undefined {
  const code = error.answered ?? error.name;
  const say = (of: string, what: string, fix: string, sure: Finding['sure'] = 'certain'): Finding => ({
    code: of,
    what,
    where,
    fix,
    sure,
  });
  if (/^ExpiredToken/.test(code))
    return say('expired-token', 'the session has expired', 'fetch new keys: karikagi assume');
  if (/^RegionDisabled/.test(code))
    return say(
      'sts-off',
      'STS is switched off in this region',
      'switch it on in the account settings of IAM, or use another --region',
    );
  if (code === 'SignatureDoesNotMatch')
    return say(
      'wrong-secret',
      'the secret access key is not that of the access key',
      'enter the secret again',
    );
  if (/^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId)/.test(code)) {
    return say(
      'unknown-key',
      'the access key is not known here',
      'check that the key is active, its session token is given, and the region is of its partition',
      'likely',
    );
  }
  return undefined;
}
