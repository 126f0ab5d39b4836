/** Words for conditions: what a key's value says of the request, and what to change in the request. */

import type { CompiledCondition } from '../evaluate/conditions.js';
import type { Facts, KeyName } from '../evaluate/facts.js';
import type { ContextValue } from '../types.js';

/** What is said of a key. `value`: of the request, `undefined` where it carries none. */
interface KeyWords {
  says?(value: string | undefined, facts: Facts): string;
  /** What to change in the request so that the condition is met or no longer holds; a clause without its stop. */
  change?(value: string | undefined, facts: Facts): string | undefined;
}

const WORDS: Readonly<Record<string, KeyWords>> = {
  'aws:securetransport': {
    says: value => (value === 'false' ? 'the request came without TLS' : 'the request came over TLS'),
    change: value => (value === 'false' ? 'send it over TLS, to an https endpoint' : undefined),
  },
  's3:tlsversion': {
    says: value =>
      value === undefined ? 'the request came without TLS' : `the connection uses TLS ${value}`,
    change: () => 'let the client use a newer version of TLS',
  },
  'aws:sourceip': { says: value => `the request came from ${value ?? 'no known address'}` },
  'aws:sourcevpc': { says: throughEndpoint },
  'aws:sourcevpce': { says: throughEndpoint },
  'aws:vpcsourceip': { says: throughEndpoint },
  'aws:requestedregion': { says: value => `the request is for region ${value}` },
  'aws:principalorgid': {
    says: value =>
      `the caller’s account is in ${value === undefined ? 'no organization' : `organization ${value}`}`,
  },
  'aws:resourceorgid': {
    says: value =>
      `the resource’s account is in ${value === undefined ? 'no organization' : `organization ${value}`}`,
  },
  'aws:multifactorauthpresent': {
    says: () => 'the credentials were got without a second factor',
    change: (value, { request: { principal } }) =>
      value !== 'true' && (principal.type === 'user' || principal.type === 'root')
        ? 'use credentials of GetSessionToken with a code of the MFA device'
        : undefined,
  },
  'aws:tokenissuetime': {
    says: value =>
      value === undefined ? 'the credentials are long-term ones' : `the session began at ${value}`,
    change: value => (value === undefined ? undefined : 'begin a new session'),
  },
  's3:authtype': { change: () => 'sign it in another way' },
  's3:signatureage': { change: () => 'use the URL sooner after it was signed' },
};

function throughEndpoint(value: string | undefined): string {
  return value === undefined ? 'the request came through no VPC endpoint' : `the request came from ${value}`;
}

/** `aws:SecureTransport is "false" (Bool "false"): the request came without TLS`. For a condition that holds. */
export function heldWords(facts: Facts, condition: CompiledCondition): string {
  const { element, key } = condition;
  const value = facts.value(key);
  const wanted = element.values.map(word => JSON.stringify(word.value)).join(' or ');
  const is = value === undefined ? 'is not in the request' : `is ${quoted(value)}`;
  const says = WORDS[key.lower]?.says?.(single(value), facts);
  return `${key.name} ${is} (${element.operator.value} ${wanted})${says === undefined ? '' : `: ${says}`}`;
}

/**
 * What to change in the request so that a Deny with these conditions no longer applies; `undefined` where none of
 * them is a matter of the request.
 */
export function requestAdvice(facts: Facts, conditions: readonly CompiledCondition[]): string | undefined {
  for (const condition of conditions) {
    const advice = changeOf(facts, condition);
    if (advice !== undefined) return advice;
  }
  return undefined;
}

function changeOf(facts: Facts, { key, use, element }: CompiledCondition): string | undefined {
  const value = facts.value(key);
  const change = WORDS[key.lower]?.change;
  if (change) return change(single(value), facts);
  const what = inRequest(key);
  if (what === undefined) return undefined;
  const wanted = element.values.map(word => word.value).join(' or ');
  if (use.operator.comparison === 'null') {
    // The Deny holds: a key asked to be absent is, or one asked to be there is.
    return value === undefined ? `send ${what}` : `leave out ${what}`;
  }
  return use.operator.negated
    ? `send ${what} with ${wanted}`
    : `send another value of ${what}, or leave it out`;
}

/** What of a request a key is, where the client chooses it. */
function inRequest({ lower, name }: KeyName): string | undefined {
  if (lower.startsWith('s3:x-amz-') && lower !== 's3:x-amz-copy-source')
    return `the header ${lower.slice(3)}`;
  if (lower.startsWith('aws:requesttag/') || lower.startsWith('s3:requestobjecttag/'))
    return `the tag ${name.slice(name.indexOf('/') + 1)}`;
  return undefined;
}

/** A value in quotation marks, or several. */
export function quoted(value: ContextValue): string {
  return [value]
    .flat()
    .map(one => JSON.stringify(one))
    .join(', ');
}

function single(value: ContextValue | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}
