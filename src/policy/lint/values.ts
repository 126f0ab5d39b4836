/** Checks of the values in conditions. */

import { type IpRange, ipInRange, parseRange } from '../evaluate/ip.js';
import { type OperatorUse, parseDate, parseNumber } from '../evaluate/operators.js';
import type { ConditionElement, Word } from '../parse/document.js';
import { type LintContext, replaceWord } from './context.js';
import { PLACEHOLDER } from './placeholders.js';

export function checkValues(lint: LintContext, element: ConditionElement, use: OperatorUse): void {
  const { key, operator, values } = element;
  const { comparison } = use.operator;
  checkJsonTypes(lint, values);
  for (const word of values) {
    if (word.value.includes('${') && !TAKES_VARIABLES.has(comparison)) {
      const message = `${operator.value} takes no policy variables: only string and ARN operators do.`;
      lint.report('INVALID_VARIABLE_FOR_OPERATOR', message, word);
    } else checkValue(lint, word, operator.value, comparison);
    checkIdentifier(lint, key.value.toLowerCase(), word);
  }
  if (comparison === 'bool' && values.length > 1)
    lint.report(
      'INVALID_CONDITION_MULTIPLE_BOOLEAN',
      'Bool takes one value: true or false.',
      values[1] as Word,
    );
  if (comparison === 'ip') checkAddresses(lint, element, use);
  if (comparison === 'numeric') checkRedundantNumbers(lint, element, use);
}

const TAKES_VARIABLES = new Set(['string', 'string-ignore-case', 'string-like', 'arn']);

function checkJsonTypes(lint: LintContext, values: readonly Word[]): void {
  const isString = (word: Word) => lint.text[word.start] === '"';
  const odd = values.find(word => isString(word) !== isString(values[0] as Word));
  if (odd)
    lint.report(
      'INVALID_CONDITION_DATA_TYPE',
      'The values are of different JSON types: quote all or none.',
      odd,
    );
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function checkValue(lint: LintContext, word: Word, operator: string, comparison: string): void {
  const { value } = word;
  switch (comparison) {
    case 'bool':
    case 'null':
      if (!/^(?:true|false)$/i.test(value))
        lint.report('TYPE_MISMATCH_BOOLEAN', `${operator} takes true or false, not "${value}".`, word);
      break;
    case 'numeric':
      if (Number.isNaN(parseNumber(value)))
        lint.report('TYPE_MISMATCH_NUMBER', `${operator} takes a number, not "${value}".`, word);
      break;
    case 'date':
      if (Number.isNaN(parseDate(value)))
        lint.report(
          'TYPE_MISMATCH_DATE',
          `${operator} takes a date (2026-01-31T12:00:00Z), not "${value}".`,
          word,
        );
      else if (/^\d{4}$/.test(value))
        lint.report(
          'INVALID_DATE_VALUE',
          `"${value}" can be read as a year or as seconds: write YYYY-MM-DD.`,
          word,
        );
      break;
    case 'binary':
      if (!BASE64.test(value))
        lint.report('TYPE_MISMATCH_STRING', `${operator} takes base64, not "${value}".`, word);
      break;
    case 'string':
    case 'string-ignore-case':
      if (/[*?]/.test(value.replace(/\$\{[*?]\}/g, '')))
        lint.report(
          'WILDCARD_WITHOUT_LIKE_OPERATOR',
          `${operator} takes "${value}" literally: wildcards need StringLike.`,
          word,
        );
      break;
  }
}

const IDENTIFIERS: Readonly<Record<string, readonly [pattern: RegExp, code: string, what: string]>> = {
  'aws:sourcevpc': [
    /^vpc-(?:[0-9a-z]{8}|[0-9a-z]{17})$/,
    'INVALID_VPC_FORMAT',
    'a VPC: "vpc-" and 8 or 17 characters',
  ],
  'aws:sourcevpce': [
    /^vpce-(?:[0-9a-z]{8}|[0-9a-z]{17})$/,
    'INVALID_VPCE_FORMAT',
    'a VPC endpoint: "vpce-" and 8 or 17 characters',
  ],
  'aws:requestedregion': [
    /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/,
    'INVALID_REGION',
    'a region, as in "eu-west-1"',
  ],
};

function checkIdentifier(lint: LintContext, key: string, word: Word): void {
  const rule = Object.hasOwn(IDENTIFIERS, key) ? IDENTIFIERS[key] : undefined;
  if (!rule) return;
  if (PLACEHOLDER.test(word.value)) {
    lint.report('PLACEHOLDER', `"${word.value}" looks like a placeholder that was never filled in.`, word);
    return;
  }
  if (!/[*?$]/.test(word.value) && !/^(?:true|false)$/.test(word.value) && !rule[0].test(word.value))
    lint.report(rule[1], `"${word.value}" is not ${rule[2]}.`, word);
}

/** RFC 1918, loopback, link-local, shared space and their IPv6 kin: addresses that no request comes from in public. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
  '::1',
].map(range => parseRange(range) as IpRange);

function checkAddresses(
  lint: LintContext,
  { key, operator, values }: ConditionElement,
  { operator: { negated } }: OperatorUse,
): void {
  const hidden: Word[] = [];
  for (const word of values) {
    const range = parseRange(word.value);
    if (!range) {
      if (!word.value.includes('${'))
        lint.report(
          'TYPE_MISMATCH_IP_RANGE',
          `${operator.value} takes an address or CIDR range, not "${word.value}".`,
          word,
        );
      continue;
    }
    checkHostBits(lint, word, range);
    if (PRIVATE.some(one => one.bits <= range.bits && ipInRange(range.address, one))) hidden.push(word);
  }
  const [first] = hidden;
  if (!first || key.value.toLowerCase() !== 'aws:sourceip') return;
  const all = hidden.length === values.length;
  const code = `PRIVATE_${negated ? 'NOT_' : ''}IP_ADDRESS${all ? '' : '_SUBSET'}`;
  const message = `aws:SourceIp is the public address of the caller; "${first.value}" is private: use aws:VpcSourceIp for a VPC's own addresses.`;
  lint.report(code, message, first);
}

/** Bits after the network's prefix are ignored: better not written. */
function checkHostBits(lint: LintContext, word: Word, { address, bits }: IpRange): void {
  const network = address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 0xff);
  if (network.every((byte, i) => byte === address[i])) return;
  const better = `${formatIp(network)}/${bits}`;
  const fix = { description: `Write "${better}"`, edits: [replaceWord(word, better)] };
  lint.report('IMPROVE_IP_RANGE', `"${word.value}" means "${better}".`, word, fix);
}

function formatIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number)).toString(16),
  );
  // The longest run of zero groups shrinks (RFC 5952).
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort(
    (a, b) => b[0].length - a[0].length,
  );
  const [longest] = runs;
  if (!longest) return groups.join(':');
  const text = groups.join(':');
  return `${text.slice(0, longest.index)}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

/** Of several bounds only the widest counts. */
function checkRedundantNumbers(
  lint: LintContext,
  { operator, values }: ConditionElement,
  { operator: { name } }: OperatorUse,
): void {
  if (values.length < 2 || !/Less|Greater/.test(name)) return;
  const numbers = values.map(({ value }) => parseNumber(value));
  const wide = name.includes('Less') ? Math.max(...numbers) : Math.min(...numbers);
  const message = `Only one of the bounds under ${operator.value} counts: ${wide}.`;
  lint.report('REDUNDANT_CONDITION_VALUE_NUM', message, values[0] as Word);
}
