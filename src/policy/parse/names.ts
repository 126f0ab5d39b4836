/** Checks the words of a policy: actions, resources, principals. */

import { splitArn, splitPattern } from '../evaluate/arn.js';
import type { PrincipalKind, Word } from './document.js';
import type { PolicyReader } from './reader.js';
import { partitionSentence } from './words.js';

export const PARTITIONS: readonly string[] = [
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
  'aws-eusc',
];

const SERVICE_PREFIX = /^[A-Za-z0-9.-]+$/;

export function checkAction(reader: PolicyReader, word: Word): void {
  const { value } = word;
  const colon = value.indexOf(':');
  if (reader.kind === 'trust' && !/^sts:/i.test(value)) {
    const message = `A trust policy allows actions of STS only; "${value}" is none.`;
    reader.refuse('trustAction', 'UNSUPPORTED_ACTION_IN_POLICY', message, word);
  } else if (value === '*') {
    return;
  } else if (colon < 1) {
    const message = `"${value}" needs its service in front, as in "s3:GetObject".`;
    reader.refuse('vendor', 'INVALID_ACTION', message, word);
  } else if (value.includes(':', colon + 1)) {
    reader.refuse('colons', 'INVALID_ACTION', `"${value}" has more than one colon.`, word);
  } else if (!value.startsWith('*:') && !SERVICE_PREFIX.test(value.slice(0, colon))) {
    const service = value.slice(0, colon);
    const message = `"${service}" is no service: letters, digits, "." and "-", and no wildcards.`;
    reader.refuse('vendorName', 'INVALID_SERVICE_IN_ACTION', message, word, service);
  } else if (colon === value.length - 1) {
    reader.refuse('shape', 'INVALID_ACTION', `"${value}" names no action.`, word);
  }
}

/**
 * The form of a resource: `*`, a variable, or an ARN of a known partition. An identity policy's may lack its last
 * components, but not a session policy's: "session policies … do not support incomplete ARNs" (IAM User Guide, "IAM
 * ARNs").
 */
export function checkResource(reader: PolicyReader, word: Word): void {
  const { value } = word;
  if (value === '*' || value.startsWith('${')) return;
  const parts = splitPattern(value);
  const [prefix, partition = ''] = parts;
  const incomplete = parts.length < 6 && !value.endsWith('*');
  const isArn = prefix === 'arn' && (!incomplete || takesIncomplete(reader));
  // IAM takes what stands before the first colon for "arn", and goes on.
  const named = reader.family === 'identity' && parts.length > 1;
  if (partition !== '' && (isArn || named) && !validPartition(reader, partition)) {
    const { partition: own } = reader.options;
    const message =
      own && PARTITIONS.includes(partition)
        ? `"${value}" belongs to partition "${partition}", this account to "${own}": partitions never mix.`
        : `There is no partition "${partition}".`;
    const [service = '*', region = '*', account = '*', ...rest] = parts.slice(2);
    const resource = rest.length === 0 ? '*' : rest.join(':');
    const whole = `arn:${partition}:${service}:${region}:${account}:${resource}`;
    reader.refuse('partition', 'INVALID_PARTITION', message, word, partitionSentence(partition, whole));
  } else if (!isArn) {
    const message = `"${value}" is neither "*" nor an ARN (arn:partition:service:region:account:resource).`;
    const code = prefix === 'arn' ? 'MISSING_ARN_FIELD' : 'INVALID_ARN_PREFIX';
    reader.refuse('resourceFormat', code, message, word, value);
  }
}

function takesIncomplete({ kind, family }: PolicyReader): boolean {
  return family === 'identity' && kind !== 'session';
}

function validPartition(reader: PolicyReader, partition: string): boolean {
  if (/[*?$]/.test(partition)) return true;
  const { partition: own } = reader.options;
  return own === undefined ? PARTITIONS.includes(partition) : partition === own;
}

const ACCOUNT = /^\d{12}$/;
/** Users, roles, and what stored policies keep in their place. */
const UNIQUE_ID = /^A[A-Z0-9]{15,127}$/;
const CANONICAL_USER = /^[0-9a-f]{64}$/i;
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
const IAM_ENTITY = /^(?:root|(?:user|role)\/(?:[!-.0-~]+\/)*[\w+=,.@-]{1,128})$/;
const STS_SESSION =
  /^(?:assumed-role\/[\w+=,.@-]{1,128}\/[\w+=,.@-]{2,64}|federated-user\/[\w+=,.@-]{1,64})$/;

/** As IAM's sentences quote a principal: its kind as it stands, but services in capitals. */
export function quotePrincipal(type: PrincipalKind, value: string): string {
  return `"${type === 'Service' ? 'SERVICE' : type}":"${value}"`;
}

/** What is wrong with a principal. */
interface PrincipalFault {
  readonly code: string;
  readonly message: string;
}

/** Checks the form of a principal; whether it exists is another matter. `undefined` where it is well formed. */
export function principalFault(type: PrincipalKind, value: string): PrincipalFault | undefined {
  if (type === 'AWS') return awsFault(value);
  if (/[*?]/.test(value)) return wildcard(`"${value}": a ${type} principal takes no wildcards.`);
  if (type === 'Service' && !SERVICE.test(value)) {
    const message = `"${value}" is no service, as in "ec2.amazonaws.com".`;
    return { code: 'INVALID_SERVICE_PRINCIPAL_FORMAT', message };
  }
  if (type === 'CanonicalUser' && !CANONICAL_USER.test(value))
    return malformed(`"${value}" is no canonical user id: 64 hexadecimal digits.`);
  if (type === 'Federated' && value === '') return malformed('An identity provider needs a name.');
  return undefined;
}

const malformed = (message: string): PrincipalFault => ({ code: 'INVALID_PRINCIPAL_FORMAT', message });
const wildcard = (message: string): PrincipalFault => ({
  code: 'UNSUPPORTED_WILDCARD_IN_PRINCIPAL',
  message,
});

function awsFault(value: string): PrincipalFault | undefined {
  if (value === '*' || ACCOUNT.test(value) || UNIQUE_ID.test(value)) return undefined;
  if (/[*?]/.test(value)) {
    return wildcard(
      `"${value}": a principal takes no wildcards; name it in full, or use "*" with a condition on aws:PrincipalArn.`,
    );
  }
  const parts = splitArn(value);
  if (parts?.[0] !== 'arn') {
    return malformed(
      `"${value}" is no principal: an account id, or the ARN of an account's root, a user, a role or a session.`,
    );
  }
  const [, partition = '', service, region, account = '', resource = ''] = parts;
  if (!PARTITIONS.includes(partition))
    return { code: 'INVALID_PARTITION', message: `"${value}": there is no partition "${partition}".` };
  if (region !== '')
    return { code: 'ARN_REGION_NOT_ALLOWED', message: `"${value}": the ARN of a principal has no region.` };
  if (service === 'iam' && account === 'cloudfront' && resource.startsWith('user/')) return undefined;
  if (/\s/.test(value)) return malformed(`"${value}" has white space inside an ARN.`);
  if (!ACCOUNT.test(account)) {
    return {
      code: 'INVALID_ARN_ACCOUNT',
      message: `"${value}": "${account}" is no account id of 12 digits.`,
    };
  }
  if (service === 'iam' && resource.startsWith('group/'))
    return malformed(`"${value}": a group cannot be a principal; name its users.`);
  if (service === 'iam' && IAM_ENTITY.test(resource)) return undefined;
  if (service === 'sts' && STS_SESSION.test(resource)) return undefined;
  return malformed(
    `"${value}": "${resource}" is no principal; it needs "root", "user/…" or "role/…" after the account id.`,
  );
}
