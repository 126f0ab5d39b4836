/** By what events are found: each has some terms, a letter for what it is and a value. */
import type { AuditEvent } from '../core/cloudtrail.js';

/** What a term says. Names are compared without case. */
type TermKind =
  | 'account'
  | 'category'
  | 'error'
  | 'event'
  | 'key'
  | 'name'
  | 'principal'
  | 'readOnly'
  | 'request'
  | 'resource'
  | 'resourceType'
  | 'source'
  | 'user';

const LETTERS: Readonly<Record<TermKind, string>> = {
  account: 'a',
  category: 'c',
  error: 'x',
  event: 'i',
  key: 'k',
  name: 'n',
  principal: 'p',
  readOnly: 'o',
  request: 'r',
  resource: 'R',
  resourceType: 't',
  source: 's',
  user: 'u',
};

/** Characters of a value: longer ones are equal where they begin alike, and are compared again in the event. */
const LONGEST = 1200;

export function term(kind: TermKind, value: string): string {
  const compared = kind === 'name' ? value.toLowerCase() : value;
  return LETTERS[kind] + (compared.length > LONGEST ? compared.slice(0, LONGEST) : compared);
}

/** The value of `account` for events that are no account's. */
export const NO_ACCOUNT = '-';
/** The value of `error` that each event with an error has beside its code. */
export const ANY_ERROR = '*';

/** All terms of an event, each once. */
export function termsOf(event: AuditEvent): Set<string> {
  const terms = new Set<string>();
  eachTerm(event, one => terms.add(one));
  return terms;
}

/** Some of them may come twice. */
function eachTerm(event: AuditEvent, use: (term: string) => void): void {
  eachFormTerm(event, use);
  eachClientTerm(event, use);
  eachIdTerm(event, use);
  eachResourceTerm(event, use);
}

type Add = (kind: TermKind, value: string | undefined) => void;

function adding(use: (term: string) => void): Add {
  return (kind, value) => {
    if (value !== undefined && value !== '') use(term(kind, value));
  };
}

/** Terms of what stands in a form (`event-lines.ts`). */
export function eachFormTerm(event: Partial<AuditEvent>, use: (term: string) => void): void {
  const add = adding(use);
  add('account', event.recipientAccountId ?? NO_ACCOUNT);
  add('category', event.eventCategory);
  add('name', event.eventName);
  add('readOnly', event.readOnly === undefined ? undefined : String(event.readOnly));
  add('source', event.eventSource);
  if (event.errorCode !== undefined) {
    add('error', event.errorCode);
    add('error', ANY_ERROR);
  }
}

/**
 * Terms of what stands in a client. A principal is found by its ARN, its name, its unique id, its key and by the role
 * or user behind its session.
 */
export function eachClientTerm({ userIdentity }: Partial<AuditEvent>, use: (term: string) => void): void {
  if (!userIdentity) return;
  const add = adding(use);
  const { arn, principalId, accessKeyId, sessionContext } = userIdentity;
  const issuer = sessionContext?.sessionIssuer;
  const user = userNameOf(userIdentity);
  add('key', accessKeyId);
  add('user', user);
  for (const one of [
    arn,
    principalId,
    accessKeyId,
    user,
    issuer?.arn,
    issuer?.userName,
    issuer?.principalId,
  ]) {
    add('principal', one);
  }
}

/** Terms that hardly two events have. */
export function eachIdTerm({ eventID, requestID }: Partial<AuditEvent>, use: (term: string) => void): void {
  const add = adding(use);
  add('event', eventID);
  add('request', requestID);
}

export function eachResourceTerm({ resources }: Partial<AuditEvent>, use: (term: string) => void): void {
  const add = adding(use);
  for (const { ARN, type } of resources ?? []) {
    add('resourceType', type);
    if (ARN === undefined) continue;
    add('resource', ARN);
    add('resource', nameIn(ARN));
  }
}

/** LookupEvents' `Username`: a user's name, a session's, `root`. */
export function userNameOf(identity: AuditEvent['userIdentity']): string | undefined {
  if (identity === undefined) return undefined;
  const { type, userName, arn } = identity;
  if (type === 'Root') return 'root';
  return userName ?? (arn === undefined ? undefined : arn.slice(arn.lastIndexOf('/') + 1));
}

/** `arn:aws:iam::1:role/path/app` → `app`, `arn:aws:s3:::bucket/key` → `bucket/key` */
export function nameIn(arn: string): string {
  let start = 0;
  for (let colons = 0; colons < 5; colons++) {
    start = arn.indexOf(':', start) + 1;
    if (start === 0) return '';
  }
  return /^arn:[^:]*:s3:/.test(arn) ? arn.slice(start) : arn.slice(Math.max(start, arn.lastIndexOf('/') + 1));
}
