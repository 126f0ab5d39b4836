/**
 * The sentences with which AWS refuses a policy. IAM speaks one way of identity policies, boundaries and session
 * policies, and another, shared with S3 and KMS, of trust and resource policies.
 */

import type { PolicyKind } from './document.js';

export type Family = 'identity' | 'resource';

export function familyOf(kind: PolicyKind): Family {
  return kind === 'resource' || kind === 'trust' || kind === 'key' ? 'resource' : 'identity';
}

type Sentence = string | ((value: string) => string);

const SYNTAX = 'Syntax errors in policy.';
const LEGACY = 'The policy failed legacy parsing';
const VENDOR = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';

const IAM_PATHS =
  'user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/';

/** What the resource of an IAM ARN may begin with. Source: the sentence itself. */
export const IAM_PATH_STARTS: readonly string[] = IAM_PATHS.split(', ');

/** For each refusal: the identity family's sentence, then the resource family's. */
const SENTENCES = {
  json: [SYNTAX, 'This policy contains invalid Json'],
  shape: [SYNTAX, 'Syntax errors in policy.'],
  unknownField: [SYNTAX, (name: string) => `Unknown field ${name}`],
  duplicateField: [SYNTAX, 'This policy contains invalid Json'],
  unknownVersion: [SYNTAX, 'The policy must contain a valid version string'],
  oldVersion: [
    'Policy document must be version 2012-10-17 or greater.',
    'The policy must contain a valid version string',
  ],
  noStatement: [SYNTAX, 'Missing required field Statement'],
  emptyStatement: [SYNTAX, 'Could not parse the policy: Statement is empty!'],
  noEffect: [SYNTAX, 'Missing required field Effect'],
  badEffect: [SYNTAX, (value: string) => `Invalid effect: ${value}`],
  effectCase: [LEGACY, (value: string) => `Invalid effect: ${value}`],
  noAction: ['Policy statement must contain actions.', 'Missing required field Action'],
  noResource: ['Policy statement must contain resources.', 'Missing required field Resource'],
  noPrincipal: [SYNTAX, 'Missing required field Principal'],
  emptyPrincipal: [SYNTAX, 'Missing required field Principal cannot be empty!'],
  both: [SYNTAX, SYNTAX],
  hasPrincipal: ['Policy document should not specify a principal.', SYNTAX],
  hasResource: [SYNTAX, (name: string) => `Has prohibited field ${name}`],
  trustNotPrincipal: [SYNTAX, 'AssumeRole policy must not contain NotPrincipal field.'],
  allowNotPrincipal: [SYNTAX, 'Allow with NotPrincipal is not allowed.'],
  principal: [
    (value: string) => `Invalid principal in policy: ${value}`,
    (value: string) => `Invalid principal in policy: ${value}`,
  ],
  trustStar: [SYNTAX, 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'],
  sidCharacters: [
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  ],
  sidTwice: [
    'Statement IDs (SID) in a single policy must be unique.',
    'The Statement Ids in the policy are not unique',
  ],
  vendor: [VENDOR, 'Policy has invalid action'],
  colons: ['Actions/Condition can contain only one colon.', 'Policy has invalid action'],
  vendorName: [(value: string) => `Vendor ${value} is not valid`, 'Policy has invalid action'],
  trustAction: [SYNTAX, 'AssumeRole policy may only specify STS AssumeRole actions.'],
  cognito: [SYNTAX, 'A condition block must be present for the Cognito provider'],
  // No record of IAM's own sentence was found: this one says what its documentation does.
  sharedProvider: [
    SYNTAX,
    (key: string) => `A condition on ${key} must be present for the shared OIDC provider`,
  ],
  resourceFormat: [
    (value: string) => `Resource ${value} must be in ARN format or "*".`,
    'Policy has invalid resource',
  ],
  resourceVendor: [
    'Resource vendor must be fully qualified and cannot contain regexes.',
    'Policy has invalid resource',
  ],
  legacy: [LEGACY, LEGACY],
  legacyArn: [LEGACY, 'Policy has invalid resource'],
  leadingBlank: [LEGACY, 'JSON strings must not have leading spaces'],
  iamPath: [
    `IAM resource path must either be "*", root, or start with ${IAM_PATHS}.`,
    'Policy has invalid resource',
  ],
  s3Region: [
    (value: string) => `Resource ${value} can not contain region information.`,
    'Policy has invalid resource',
  ],
  actionWithoutResource: [SYNTAX, 'Action does not apply to any resource(s) in statement'],
  conditionWithoutAction: [
    SYNTAX,
    'Conditions do not apply to combination of actions and resources in statement',
  ],
  address: [SYNTAX, 'Invalid IP address in Conditions'],
  control: [SYNTAX, SYNTAX],
  partition: [(value: string) => value, (value: string) => value],
  iamRegion: [
    (value: string) => `IAM resource ${value} cannot contain region information.`,
    'Policy has invalid resource',
  ],
  operator: [SYNTAX, (value: string) => `Invalid Condition type : ${value}`],
  conditionKey: [VENDOR, 'Policy has an invalid condition key'],
  conditionValue: [SYNTAX, SYNTAX],
} as const satisfies Record<string, readonly [Sentence, Sentence]>;

export type Refusal = keyof typeof SENTENCES;

/**
 * When IAM complains of what in an identity policy, where several things are wrong; what is not named comes with the
 * syntax. Source: IAM's answers to documents with two faults, as moto's table of them has it.
 */
const IDENTITY_ORDER: Partial<Record<Refusal, number>> = {
  oldVersion: 1,
  effectCase: 2,
  legacy: 2,
  legacyArn: 2.5,
  leadingBlank: 2,
  sidCharacters: 3,
  sidTwice: 3,
  hasPrincipal: 4,
  noAction: 5,
  resourceFormat: 6,
  resourceVendor: 6,
  partition: 6,
  iamRegion: 6,
  iamPath: 6,
  s3Region: 6,
  vendor: 7,
  colons: 7,
  vendorName: 7,
  noResource: 8,
};

/** Of trust, bucket and key policies: the text as a whole, then what it says from its beginning on. */
const RESOURCE_ORDER: Partial<Record<Refusal, number>> = {
  json: 0,
  leadingBlank: 0,
  unknownVersion: 1,
  oldVersion: 1,
};

/** The place of a refusal in AWS's order of complaints. */
export function orderOf(refusal: Refusal, family: Family): number {
  return family === 'identity' ? (IDENTITY_ORDER[refusal] ?? 0) : (RESOURCE_ORDER[refusal] ?? 2);
}

/** AWS's sentence for a refusal; `value` is the name or text it quotes. */
export function sentence(refusal: Refusal, family: Family, value: string): string {
  const words: Sentence = SENTENCES[refusal][family === 'identity' ? 0 : 1];
  return typeof words === 'string' ? words : words(value);
}

/** Kept apart because both families say the same, and it needs two values. */
export function partitionSentence(partition: string, resource: string): string {
  return `Partition "${partition}" is not valid for resource "${resource}".`;
}
