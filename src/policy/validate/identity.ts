/** What IAM refuses in the policies of users, groups and roles, boundaries and session policies. */

import { splitPattern } from '../evaluate/arn.js';
import { isLegacyDate, readOperator } from '../evaluate/operators.js';
import type { Statement, Word } from '../parse/document.js';
import type { PolicyReader } from '../parse/reader.js';
import { IAM_PATH_STARTS } from '../parse/words.js';

/** Text that a pattern leaves open: wildcards and variables. */
const OPEN = /[*?]|\$\{/;

/** The ARNs of `Resource` and `NotResource`. Which partition they name is the grammar's matter. */
export function checkIdentityResources(reader: PolicyReader, { resource }: Statement): void {
  for (const word of resource?.values ?? []) {
    if (word.value.startsWith('arn:')) checkArn(reader, word);
  }
}

function checkArn(reader: PolicyReader, word: Word): void {
  const { value } = word;
  const parts = splitPattern(value);
  const [, , service, region = '', account = '', ...rest] = parts;
  const complete = parts.length >= 6;
  if (service === undefined || /[*?]/.test(service)) {
    const message = `"${value}" must name its service in full: wildcards can stand behind it only.`;
    const code = service === undefined ? 'MISSING_ARN_FIELD' : 'WILDCARD_IN_SERVICE_NAME';
    reader.refuse('resourceVendor', code, message, word);
  } else if (service === '' || (!complete && value.includes('::') && !/^(?:\d{12}|\*)$/.test(account))) {
    const message = `"${value}" lacks a component: arn:partition:service:region:account:resource.`;
    reader.refuse('legacyArn', 'MISSING_ARN_FIELD', message, word);
  } else if (reader.kind === 'session' && !complete) {
    const message = `"${value}" lacks a component, and a session policy takes no incomplete ARNs.`;
    reader.refuse('resourceFormat', 'MISSING_ARN_FIELD', message, word, value);
  } else if (service === 'iam' && region !== '' && !OPEN.test(region)) {
    const message = 'IAM is global: its ARNs have no region.';
    reader.refuse('iamRegion', 'ARN_REGION_NOT_ALLOWED', message, word, value);
  } else if (service === 's3' && region !== '' && !OPEN.test(region) && !hasRegion(rest.join(':'))) {
    const message = `"${value}": the ARN of a bucket or object has no region.`;
    reader.refuse('s3Region', 'ARN_REGION_NOT_ALLOWED', message, word, value);
  } else if (service === 'iam' && complete && !isIamPath(rest.join(':'))) {
    const message = `"${value}" is the ARN of nothing that IAM has: user/, role/, policy/ and the like follow the account.`;
    reader.refuse('iamPath', 'INVALID_ARN_RESOURCE', message, word);
  } else checkFields(reader, word, region, account);
}

/** S3's resources that belong to a region: access points, access grants, batch jobs, Storage Lens. */
function hasRegion(resource: string): boolean {
  return (
    /^(?:accesspoint|access-grants|async-request|job|storage-lens)/.test(resource) ||
    OPEN.test(resource[0] ?? '')
  );
}

/** Resources of IAM that its reference has and the sentence, which is older, does not name. */
const NEWER_PATHS = ['assumed-role/', 'delegation-request/', 'role-template/'];

/**
 * "IAM does not allow you to specify … u*" (IAM JSON policy elements: Resource); a variable may hold the whole path.
 */
function isIamPath(resource: string): boolean {
  if (resource === '*' || resource === 'root' || resource.startsWith('${')) return true;
  return [...IAM_PATH_STARTS, ...NEWER_PATHS].some(start => resource.startsWith(start));
}

const REGION = /^(?:[a-z0-9*?]+(?:-[a-z0-9*?]+)*)?$/i;
const ACCOUNT = /^[\w*?-]*$/;

/**
 * Region and account as IAM's parser wants them. Sources: aws-solutions/cognito-user-profiles-export#2 (`us-west--2`),
 * torchserve-eks#3 (`{$ACCOUNT}`), both "The policy failed legacy parsing".
 */
function checkFields(reader: PolicyReader, word: Word, region: string, account: string): void {
  const bare = (text: string) => text.replace(/\$\{[^}]*\}/g, '*');
  if (!REGION.test(bare(region))) {
    const message = `"${region}" in "${word.value}" is no region.`;
    reader.refuse('legacyArn', 'INVALID_ARN_REGION', message, word);
  } else if (!ACCOUNT.test(bare(account))) {
    const message = `"${account}" in "${word.value}" is no account id of 12 digits.`;
    reader.refuse('legacyArn', 'INVALID_ARN_ACCOUNT', message, word);
  }
}

/** Dates that IAM cannot read: it refuses them, where other services store what then never matches. */
export function checkIdentityDates(reader: PolicyReader, { conditions }: Statement): void {
  for (const { operator, values } of conditions) {
    if (readOperator(operator.value)?.operator.comparison !== 'date') continue;
    for (const word of values) {
      if (isLegacyDate(word.value)) continue;
      const message = `${operator.value} takes a date (2026-01-31T12:00:00Z), not "${word.value}".`;
      reader.refuse('legacy', 'TYPE_MISMATCH_DATE', message, word);
    }
  }
}
