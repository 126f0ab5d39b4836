/** Checks the words of a policy: actions, resources, principals. */

import { splitArn } from './arn.js';
import type { PrincipalKind, Word } from './document.js';
import type { PolicyReader } from './parse.js';
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
  } else if (!SERVICE_PREFIX.test(value.slice(0, colon))) {
    const service = value.slice(0, colon);
    const message = `"${service}" is no service: letters, digits, "." and "-", and no wildcards.`;
    reader.refuse('vendorName', 'INVALID_SERVICE_IN_ACTION', message, word, service);
  } else if (colon === value.length - 1) {
    reader.refuse('shape', 'INVALID_ACTION', `"${value}" names no action.`, word);
  }
}

/** Splits at colons, but not inside `${…}`. */
export function splitPattern(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      const close = text.indexOf('}', at);
      if (close === -1) break;
      at = close;
    } else if (text[at] === ':') {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

export function checkResource(reader: PolicyReader, word: Word): void {
  const { value } = word;
  if (value === '*' || value.startsWith('${')) return;
  const [prefix, partition = '', service = '', region = ''] = splitPattern(value);
  const complete = splitPattern(value).length >= 6 || value.endsWith('*');
  if (prefix !== 'arn' || !complete) {
    const message = `"${value}" is neither "*" nor an ARN (arn:partition:service:region:account:resource).`;
    const code = prefix === 'arn' ? 'MISSING_ARN_FIELD' : 'INVALID_ARN_PREFIX';
    reader.refuse('resourceFormat', code, message, word, value);
    return;
  }
  if (!validPartition(reader, partition)) {
    const { partition: own } = reader.options;
    reader.problems.push({
      code: 'INVALID_PARTITION',
      words: partitionSentence(partition, value),
      message: own
        ? `"${value}" belongs to partition "${partition}", this account to "${own}": partitions never mix.`
        : `There is no partition "${partition}".`,
      start: word.start,
      end: word.end,
    });
  } else if (service === '' && partition !== '*') {
    const message = `"${value}" names no service.`;
    reader.refuse('resourceVendor', 'MISSING_ARN_FIELD', message, word);
  } else if (service === 'iam' && region !== '' && !/[*?]/.test(region)) {
    const message = 'IAM is global: its ARNs have no region.';
    reader.refuse('iamRegion', 'ARN_REGION_NOT_ALLOWED', message, word, value);
  }
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
export interface PrincipalFault {
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
