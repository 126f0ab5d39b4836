/** The condition operators ("IAM JSON policy elements: Condition operators"), one row each. */

import { ipInRange, parseIp, parseRange } from './ip.js';

type Comparison =
  | 'string'
  | 'string-ignore-case'
  | 'string-like'
  | 'numeric'
  | 'date'
  | 'bool'
  | 'binary'
  | 'ip'
  | 'arn'
  | 'null';

export interface Operator {
  /** AWS's spelling, without qualifier and `IfExists`. */
  readonly name: string;
  readonly comparison: Comparison;
  readonly negated: boolean;
  /** For numbers and dates: whether `value compared with wanted` holds. */
  readonly order?: (value: number, wanted: number) => boolean;
}

export interface OperatorUse {
  readonly operator: Operator;
  readonly qualifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
}

const equal = (value: number, wanted: number) => value === wanted;
const less = (value: number, wanted: number) => value < wanted;
const lessOrEqual = (value: number, wanted: number) => value <= wanted;
const greater = (value: number, wanted: number) => value > wanted;
const greaterOrEqual = (value: number, wanted: number) => value >= wanted;

const OPERATORS: readonly Operator[] = [
  { name: 'StringEquals', comparison: 'string', negated: false },
  { name: 'StringNotEquals', comparison: 'string', negated: true },
  { name: 'StringEqualsIgnoreCase', comparison: 'string-ignore-case', negated: false },
  { name: 'StringNotEqualsIgnoreCase', comparison: 'string-ignore-case', negated: true },
  { name: 'StringLike', comparison: 'string-like', negated: false },
  { name: 'StringNotLike', comparison: 'string-like', negated: true },
  ...(['Numeric', 'Date'] as const).flatMap((type): Operator[] => {
    const comparison = type === 'Date' ? 'date' : 'numeric';
    return [
      { name: `${type}Equals`, comparison, negated: false, order: equal },
      { name: `${type}NotEquals`, comparison, negated: true, order: equal },
      { name: `${type}LessThan`, comparison, negated: false, order: less },
      { name: `${type}LessThanEquals`, comparison, negated: false, order: lessOrEqual },
      { name: `${type}GreaterThan`, comparison, negated: false, order: greater },
      { name: `${type}GreaterThanEquals`, comparison, negated: false, order: greaterOrEqual },
    ];
  }),
  { name: 'Bool', comparison: 'bool', negated: false },
  { name: 'BinaryEquals', comparison: 'binary', negated: false },
  { name: 'IpAddress', comparison: 'ip', negated: false },
  { name: 'NotIpAddress', comparison: 'ip', negated: true },
  { name: 'ArnEquals', comparison: 'arn', negated: false },
  { name: 'ArnNotEquals', comparison: 'arn', negated: true },
  { name: 'ArnLike', comparison: 'arn', negated: false },
  { name: 'ArnNotLike', comparison: 'arn', negated: true },
  { name: 'Null', comparison: 'null', negated: false },
];

const BY_NAME: ReadonlyMap<string, Operator> = new Map(
  OPERATORS.map(operator => [operator.name.toLowerCase(), operator]),
);
const USE = /^(?:(ForAllValues|ForAnyValue):)?(.+?)(IfExists)?$/i;

/** Reads `ForAnyValue:StringLikeIfExists`; `undefined` where there is no such operator. Case is no matter. */
export function readOperator(text: string): OperatorUse | undefined {
  const match = USE.exec(text);
  const operator = match && BY_NAME.get((match[2] as string).toLowerCase());
  if (!match || !operator) return undefined;
  const ifExists = match[3] !== undefined;
  if (ifExists && operator.comparison === 'null') return undefined;
  const qualifier = match[1]?.toLowerCase();
  return {
    operator,
    ifExists,
    qualifier:
      qualifier === undefined ? undefined : qualifier === 'forallvalues' ? 'ForAllValues' : 'ForAnyValue',
  };
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const EPOCH = /^-?\d+(?:\.\d+)?$/;
/** "T" and "Z" may be lower case (RFC 3339, 5.6; ISO 8601 has both). */
const ISO_DATE = /^\d{4}(?:-\d\d(?:-\d\d(?:[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?)?)?$/;

/** An integer or decimal; NaN where the text is none. */
export function parseNumber(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/**
 * Milliseconds since the epoch of a date in one of the W3C's ISO 8601 forms, in UTC where it names no zone, or of a
 * number of seconds; NaN where the text is neither. Four digits are a year, as ISO 8601 has it.
 */
export function parseDate(text: string): number {
  if (ISO_DATE.test(text)) {
    const upper = text.toUpperCase();
    return Date.parse(upper.endsWith('Z') ? upper : withZone(upper));
  }
  return EPOCH.test(text) ? Number(text) * 1000 : Number.NaN;
}

/** Year, month, day, then a time of hours, minutes, seconds and a zone; each part may be the last. */
const LEGACY_DATE =
  /^(-?\d{1,9})(?:-(\d+)(?:-(\d+))?)?(?:t(?:(\d+)(?::(\d+)(?::(\d+)(?:\.(\d{1,9}))?(?:z|[+-](\d\d)(?::?(\d\d))?)?)?)?)?)?$/i;
const LEGACY_LIMITS = [
  [-292_275_054, 292_278_993],
  [1, 12],
  [1, 31],
  [0, 23],
  [0, 59],
  [0, 59],
  [0, 999_999_999],
  [0, 23],
  [0, 59],
] as const;
const LARGEST_EPOCH = 2n ** 63n - 1n;

/**
 * Whether IAM's parser of documents takes the text for a date: an ISO 8601 date in parts that need not be two digits
 * long, or a whole number of seconds. Wider than `parseDate`: what only this one takes is stored and never matches.
 * Source: IAM's answers to dates in documents, as moto's tables of them have it.
 */
export function isLegacyDate(text: string): boolean {
  if (/^\d+$/.test(text)) return BigInt(text) <= LARGEST_EPOCH;
  const parts = LEGACY_DATE.exec(text)?.slice(1);
  if (!parts) return false;
  return LEGACY_LIMITS.every(([least, most], i) => {
    const part = parts[i];
    return part === undefined || (Number(part) >= least && Number(part) <= most);
  });
}

/** UTC where the text names a time but no zone; a zone gets the colon that RFC 3339 wants. */
function withZone(text: string): string {
  if (text.length <= 10) return text;
  const [, local, hours, minutes] = /^(.*?)(?:([+-]\d\d):?(\d\d))?$/.exec(text) as RegExpExecArray;
  return hours === undefined ? `${text}Z` : `${local}${hours}:${minutes}`;
}

/**
 * A test of one value against one wanted value, for the comparisons that take neither variables nor wildcards.
 * A wanted value that is not of the operator's type equals nothing.
 */
export function plainComparison(operator: Operator, wanted: string): (value: string) => boolean {
  switch (operator.comparison) {
    case 'numeric': {
      const bound = parseNumber(wanted);
      const order = operator.order as NonNullable<Operator['order']>;
      return value => order(parseNumber(value), bound);
    }
    case 'date': {
      const bound = parseDate(wanted);
      const order = operator.order as NonNullable<Operator['order']>;
      return value => order(parseDate(value), bound);
    }
    case 'ip': {
      const range = parseRange(wanted);
      if (range === undefined) return () => false;
      return value => {
        const address = parseIp(value);
        return address !== undefined && ipInRange(address, range);
      };
    }
    case 'bool': {
      const flag = wanted.toLowerCase();
      return value => value.toLowerCase() === flag;
    }
    default:
      return value => value === wanted;
  }
}
