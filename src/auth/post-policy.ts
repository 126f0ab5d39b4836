import type { ApiError } from '../core/errors.js';
import { s3Errors } from '../core/s3-errors.js';

/** What a policy demands of a form (Amazon S3 API Reference, "Creating a POST Policy"). */
interface PostPolicy {
  /** Milliseconds since the epoch. */
  readonly expiration: number;
  readonly conditions: readonly FieldCondition[];
  /** Of the file, bytes. */
  readonly least: number;
  readonly most: number;
}

interface FieldCondition {
  readonly match: 'eq' | 'starts-with';
  /** Lower-case, without `$`; absent where it has none, and nothing meets the condition. */
  readonly field: string | undefined;
  readonly value: string;
  /** As the policy has it. */
  readonly text: readonly unknown[];
}

const EXPIRATION = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** Reads a policy as the form carries it, in base64. Throws `InvalidPolicyDocument`. */
export function readPostPolicy(encoded: string): PostPolicy {
  const document = parse(encoded);
  const members = Object.keys(document);
  const unexpected = members.find(name => name !== 'expiration' && name !== 'conditions');
  if (unexpected !== undefined) throw invalid(`Unexpected: '${unexpected}'`);
  const { expiration, conditions } = document;
  if (expiration === undefined) throw invalid('Policy missing expiration.');
  const time =
    typeof expiration === 'string' && EXPIRATION.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(time)) throw invalid(`Invalid 'expiration' value: '${String(expiration)}'`);
  if (conditions === undefined) throw invalid('Policy missing conditions.');
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.");
  const fields: FieldCondition[] = [];
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (const condition of conditions as unknown[]) {
    const range = lengthRange(condition);
    if (range === undefined) fields.push(fieldCondition(condition));
    else if (range === 'no numbers') fields.push(neverMet(condition as unknown[]));
    else [least, most] = [Math.max(least, range[0]), Math.min(most, range[1])];
  }
  return { expiration: time, conditions: fields, least, most };
}

/** Fields that need no condition: they are the signature, or say so by their name. */
const EXEMPT = /^(x-amz-signature|signature|awsaccesskeyid|policy|file|x-ignore-.*)$/;

/**
 * Holds a form to its policy: every condition is met, and every field has one. Throws AccessDenied. `now`:
 * milliseconds since the epoch.
 */
export function checkPostPolicy(
  policy: PostPolicy,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  now: number,
): void {
  if (now > policy.expiration) {
    const advice = 'Sign another policy for the form, with a later expiration.';
    throw denied('Policy expired.', advice);
  }
  for (const condition of policy.conditions) {
    const { field = '', text } = condition;
    const actual = field === 'bucket' ? bucket : (fields.get(field) ?? '');
    if (!holds(condition, actual)) {
      const advice =
        field === 'bucket'
          ? 'Send the form to the bucket that its policy names, or sign a policy for this one.'
          : `Send ${field === '' ? 'the field' : `"${field}"`} as the policy demands it, or sign a policy with another condition.`;
      throw denied(`Policy Condition failed: ${JSON.stringify(text).replaceAll(',', ', ')}`, advice);
    }
  }
  const named = new Set(policy.conditions.map(condition => condition.field));
  // The bucket comes by the address, and needs a condition as if it were a field: else a form were good for any.
  const extra = [...new Set([...fields.keys(), 'bucket'])].filter(
    name => !named.has(name) && !EXEMPT.test(name),
  );
  if (extra.length > 0) {
    const advice = `Sign a policy with a condition on each of ${extra.join(', ')}, or leave them out of the form.`;
    throw denied(`Extra input fields: ${extra.join(', ')}`, advice);
  }
}

function holds({ match, field, value }: FieldCondition, actual: string): boolean {
  if (field === undefined) return false;
  if (match === 'eq') return actual === value;
  // Of a list of content types each must begin so.
  if (field === 'content-type') return actual.split(',').every(type => type.trim().startsWith(value));
  return actual.startsWith(value);
}

function parse(encoded: string): Readonly<Record<string, unknown>> {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(encoded)) throw invalid('invalid Base64 encoding.');
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  if (text.trim() === '') throw invalid("Expecting '{' but found End-of-Input");
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid('Invalid JSON.');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw invalid('Invalid JSON.');
  return document as Record<string, unknown>;
}

/** `["content-length-range", 1, 10]` */
function lengthRange(condition: unknown): readonly [least: number, most: number] | 'no numbers' | undefined {
  if (!Array.isArray(condition) || String(condition[0]).toLowerCase() !== 'content-length-range')
    return undefined;
  if (condition.length !== 3) throw invalid('Invalid content-length-range: wrong number of arguments.');
  const isWord = (bound: unknown) => typeof bound === 'string' && !/^-?\d+$/.test(bound);
  if (condition.slice(1).some(isWord)) return 'no numbers';
  const [least, most] = condition
    .slice(1)
    .map(bound => (typeof bound === 'boolean' ? Number.NaN : Number(bound)));
  if (!Number.isInteger(least) || !Number.isInteger(most) || least! < 0 || most! < least!) {
    throw invalid('Invalid content-length-range: the bounds must be whole numbers in order.');
  }
  return [least!, most!];
}

/** A range of words is read, and never met (recorded, test_post_object_policy_validation_size). */
function neverMet(text: readonly unknown[]): FieldCondition {
  return { match: 'eq', field: undefined, value: '', text };
}

/** `{"acl": "private"}`, `["eq", "$acl", "private"]`, `["starts-with", "$key", "user/"]` */
function fieldCondition(condition: unknown): FieldCondition {
  if (Array.isArray(condition)) return listed(condition as unknown[]);
  if (typeof condition !== 'object' || condition === null) {
    throw invalid('Invalid condition test: must be a List or Object.');
  }
  const entries = Object.entries(condition);
  if (entries.length !== 1) {
    throw invalid('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.');
  }
  const [field, value] = entries[0]!;
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.');
  return simple('eq', field, value);
}

function listed(condition: readonly unknown[]): FieldCondition {
  if (typeof condition[0] !== 'string') throw invalid('Invalid Condition: missing operation identifier.');
  const match = condition[0].toLowerCase();
  if (match !== 'eq' && match !== 'starts-with') {
    throw invalid(`Invalid Condition: unknown operation '${condition[0]}'.`);
  }
  const [, field, value] = condition;
  if (condition.length !== 3) throw invalid(`Invalid ${match}: wrong number of arguments.`);
  if (typeof field !== 'string' || typeof value !== 'string') {
    throw invalid(`Invalid ${match}: a field and a text are needed.`);
  }
  // Recorded of AWS by LocalStack, test_post_object_policy_conditions_validation_eq: it is read, and never met.
  if (!field.startsWith('$')) return { match, field: undefined, value, text: [match, field, value] };
  return simple(match, field.slice(1), value);
}

function simple(match: FieldCondition['match'], field: string, value: string): FieldCondition {
  const lower = field.toLowerCase();
  return { match, field: lower, value, text: [match, `$${lower}`, value] };
}

const invalid = (why: string): ApiError => s3Errors.InvalidPolicyDocument(why);
const denied = (why: string, advice: string): ApiError =>
  s3Errors.AccessDenied(`Invalid according to Policy: ${why}`, { advice });
