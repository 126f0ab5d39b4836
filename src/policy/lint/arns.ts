/** Checks of the ARNs in `Resource` and `NotResource`. */

import { completeArn, splitPattern } from '../evaluate/arn.js';
import type { ServiceKnowledge } from '../knowledge.js';
import type { Word } from '../parse/document.js';
import { type LintContext, replaceWord } from './context.js';
import { PLACEHOLDER } from './placeholders.js';

export async function checkArns(lint: LintContext, knowledge: ServiceKnowledge): Promise<void> {
  const services = new Set(await knowledge.services());
  for (const { resource } of lint.statements) {
    for (const word of resource?.values ?? []) {
      await lint.pause();
      await checkArn(lint, knowledge, services, word);
    }
  }
}

const OPEN = /[*?$]/;
/** Services whose ARNs bear a name that is no prefix of actions. */
const ARN_SERVICES = new Set([
  'elastic-inference',
  'route53-recovery-control',
  'catalog',
  'aws-external-anthropic',
]);

async function checkArn(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  services: ReadonlySet<string>,
  word: Word,
): Promise<void> {
  const [prefix, , service = '', region = '', account = '', ...rest] = splitPattern(word.value);
  if (prefix !== 'arn') return;
  if (rest.length === 0) {
    const message = `"${word.value}" lacks components: IAM reads it as "${completeArn(word.value)}".`;
    lint.report('MISSING_ARN_FIELD', message, word);
    return;
  }
  if (!OPEN.test(service) && !services.has(service) && !ARN_SERVICES.has(service)) {
    if (services.has(service.toLowerCase())) {
      const value = word.value.replace(service, service.toLowerCase());
      const fix = { description: 'Write the service in lower case', edits: [replaceWord(word, value)] };
      lint.report(
        'INVALID_ARN_SERVICE_CASE',
        `The service in "${word.value}" is written "${service.toLowerCase()}".`,
        word,
        fix,
      );
    } else lint.report('INVALID_SERVICE', `There is no service "${service}".`, word);
    return;
  }
  checkRegion(lint, word, service, region, rest.join(':'));
  checkAccount(lint, word, service, account, rest.join(':'));
  if (FORMATS_KNOWN.has(service)) await checkFormat(lint, knowledge, word, service);
}

const REGION = /^(?:[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}|global|aws-global|local)$/;

/** S3's ARNs without region and account: buckets and objects. */
const isBucket = (service: string, resource: string): boolean =>
  service === 's3' && !/^(?:accesspoint|access-grants|async-request|job|storage-lens)/.test(resource);

function checkRegion(lint: LintContext, word: Word, service: string, region: string, resource: string): void {
  if (region === '') {
    if (service === 'kms' && /^(?:key|alias)\//.test(resource))
      lint.report('MISSING_ARN_REGION', `"${word.value}" needs a region: keys belong to one.`, word);
    return;
  }
  if (OPEN.test(region) || PLACEHOLDER.test(region)) return;
  if (isBucket(service, resource) || service === 'iam' || service === 'sts') {
    lint.report('ARN_REGION_NOT_ALLOWED', `"${word.value}": ARNs of this kind have no region.`, word);
  } else if (!REGION.test(region)) {
    lint.report('INVALID_ARN_REGION', `"${region}" in "${word.value}" is no region.`, word);
  }
}

const ACCOUNT = /^(?:\d{12}|aws|amazon|aws-managed|third-party|cloudfront|aws-marketplace)$/;

function checkAccount(
  lint: LintContext,
  word: Word,
  service: string,
  account: string,
  resource: string,
): void {
  if (account === '' || OPEN.test(account) || PLACEHOLDER.test(account)) return;
  if (isBucket(service, resource)) {
    const message = `"${word.value}": the ARN of a bucket or object has no account; use the condition key s3:ResourceAccount.`;
    lint.report('ARN_ACCOUNT_NOT_ALLOWED', message, word);
  } else if (!ACCOUNT.test(account)) {
    lint.report(
      'INVALID_ARN_ACCOUNT',
      `"${account}" in "${word.value}" is no account id of 12 digits.`,
      word,
    );
  }
}

/** Services whose ARN formats the reference lists without a gap. */
const FORMATS_KNOWN = new Set(['iam', 'kms', 's3', 'sts']);

async function checkFormat(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  word: Word,
  service: string,
): Promise<void> {
  const arns = (await knowledge.service(service))?.arns ?? [];
  if (service === 'sts' && /:assumed-role\//.test(word.value)) return;
  if (service === 'iam' && word.value.endsWith(':root')) return;
  if (arns.length > 0 && !arns.some(arn => lint.canBe(word.value, arn))) {
    lint.report(
      'INVALID_ARN_RESOURCE',
      `"${word.value}" is the ARN of no resource that ${service} has.`,
      word,
      undefined,
      // A pattern that matches nothing is no harm: two of AWS's own policies have one (AmazonBedrockFullAccess).
      OPEN.test(word.value) ? 'WARNING' : 'ERROR',
    );
  }
}
