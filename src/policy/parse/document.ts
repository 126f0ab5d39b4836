/** A policy as its author wrote it, read and checked, with positions into the text. */

import type { Span } from './json.js';

/** What a policy is attached to decides its grammar. `identity` covers users, groups and roles. */
export type PolicyKind =
  | 'identity'
  | 'resource'
  | 'trust'
  | 'key'
  | 'session'
  | 'boundary'
  | 'service-control'
  | 'resource-control';

/** A word of the document and where it stands. */
export interface Word extends Span {
  readonly value: string;
}

export type PrincipalKind = 'AWS' | 'Federated' | 'Service' | 'CanonicalUser';

export interface PrincipalEntry {
  readonly type: PrincipalKind;
  readonly word: Word;
}

/** `Principal` or, where `not`, `NotPrincipal`. `"*"` reads as one `AWS` entry `*`. */
export interface PrincipalElement extends Span {
  readonly not: boolean;
  readonly entries: readonly PrincipalEntry[];
}

/** `Action`, `Resource` or, where `not`, their negations. */
export interface ListElement extends Span {
  readonly not: boolean;
  readonly values: readonly Word[];
}

/** One key under one operator of a `Condition` block. */
export interface ConditionElement {
  /** As written: `ForAnyValue:StringLikeIfExists`. */
  readonly operator: Word;
  readonly key: Word;
  readonly values: readonly Word[];
}

export interface Statement extends Span {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly sid?: Word;
  readonly effect: 'Allow' | 'Deny';
  readonly action: ListElement;
  /** Absent in trust policies. */
  readonly resource?: ListElement;
  readonly principal?: PrincipalElement;
  readonly conditions: readonly ConditionElement[];
  /** The `Condition` element, where there is one. */
  readonly condition?: Span;
}

export interface PolicyDocument {
  readonly kind: PolicyKind;
  /** `2008-10-17` where the document names none. */
  readonly version: '2008-10-17' | '2012-10-17';
  readonly id?: string;
  readonly statements: readonly Statement[];
}

/** Something that makes a document unacceptable. */
export interface Problem extends Span {
  /** IAM Access Analyzer's code where it has the same check. */
  readonly code: string;
  /** The sentence AWS's API answers with. */
  readonly words: string;
  /** What is wrong, for the author. */
  readonly message: string;
  /** AWS complains of one problem only: that of the lowest order, and of those the first in the text. */
  readonly order: number;
}

/** A policy that AWS would refuse; `message` is AWS's sentence. The caller chooses the API's error code. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError';

  constructor(
    /** All that was found, the one that speaks first; never empty. */
    readonly problems: readonly [Problem, ...Problem[]],
  ) {
    super(problems[0].words);
  }
}

/**
 * The size AWS counts against a policy's quota: all characters but white space
 * ("IAM and AWS STS quotas": IAM doesn't count white space when calculating the size of a policy).
 */
export function policySize(text: string): number {
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char !== 0x20 && char !== 0x0a && char !== 0x0d && char !== 0x09) size++;
  }
  return size;
}
