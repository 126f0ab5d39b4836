/**
 * The reasoning behind a decision, as plain JSON. The outline is that of AWS's GetRequestAuthorizationDetails (IAM
 * Toolbox API Reference): requestContext, evaluations, policies; what AWS leaves out is added beside it.
 */

import type { Remedy } from '../suggest/types.js';
import type { Context, Layer, Principal } from '../types.js';

export type EvaluatedEffect = 'ALLOW' | 'EXPLICIT_DENY' | 'IMPLICIT_DENY';

export interface Explanation {
  /** One paragraph for a person. */
  readonly summary: string;
  /** What the API answers where the request was denied. */
  readonly message?: string;
  readonly principal: Principal;
  /** The condition keys of the request. */
  readonly requestContext: Context;
  /** Always one: an operation that needs several actions has an explanation for each. */
  readonly evaluations: readonly [Evaluation];
  /** Every policy that was in force, in the order of evaluation. */
  readonly policies: readonly PolicyTrace[];
  /** How each layer stood, in the order of evaluation. */
  readonly layers: readonly LayerTrace[];
  /** What nearly allowed the request, the likeliest mistake first. */
  readonly nearMisses: readonly NearMiss[];
  /** Of a denied request, what would have allowed it (`remedyFor`); absent where it was not asked for. */
  readonly remedy?: Remedy;
}

interface Evaluation {
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource, where it is known. */
  readonly resourceAccount?: string;
  /** The account that owns the object, where it may be another than the bucket's. */
  readonly objectOwner?: string;
  readonly evaluatedEffect: EvaluatedEffect;
  /** The layer that decided. `root`: the account's root user needs no policy. */
  readonly decidedBy: Layer | 'root';
  /** Policies with a statement that applies to the request. */
  readonly matchedPolicies: readonly MatchedPolicy[];
}

export interface MatchedPolicy {
  /** Names one of `policies`. */
  readonly uri: string;
  readonly matchedStatements: readonly MatchedStatement[];
}

interface MatchedStatement {
  /** The Sid, or `Statement` and its position from 1. */
  readonly sid: string;
  readonly evaluatedEffect: 'ALLOW' | 'DENY';
}

export interface LayerTrace {
  readonly layer: Layer;
  /** For service and resource control policies: the level, from 0 at the organisation's root. */
  readonly level?: number;
  readonly evaluatedEffect: EvaluatedEffect;
  /** Whether the request needs this layer's Allow. */
  readonly required: boolean;
  /** Whether the layer stands in the way. */
  readonly blocks: boolean;
  /** Why its Allow is, or is not, needed. */
  readonly note: string;
}

export interface PolicyTrace {
  /** The policy's ARN, or its name where it has none; with its layer in front where two would be alike. */
  readonly uri: string;
  readonly name: string;
  readonly layer: Layer;
  readonly level?: number;
  readonly statements: readonly StatementTrace[];
}

export interface StatementTrace {
  /** Position in the policy, from 0. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'ALLOW' | 'DENY';
  /** Whether it applies to the request. */
  readonly matched: boolean;
  /** The elements that did not match; only `Action` where the action did not. Empty where the statement applies. */
  readonly mismatches: readonly Mismatch[];
  /** Of a Deny that applies, the conditions that held, with what the request has. Absent where it has none. */
  readonly held?: readonly Mismatch[];
}

/** An element of a statement beside what the request has: where they differ, or a condition that held. */
export interface Mismatch {
  readonly element:
    | 'Action'
    | 'NotAction'
    | 'Resource'
    | 'NotResource'
    | 'Principal'
    | 'NotPrincipal'
    | 'Condition';
  /** What the statement names, policy variables filled in. */
  readonly wanted: readonly string[];
  /** What the request has; `null` for a condition key that it does not carry. */
  readonly actual: string | readonly string[] | null;
  /** For conditions. */
  readonly operator?: string;
  readonly key?: string;
}

export type NearMissKind =
  /** A bucket ARN where the call needs an object's, or the other way round. */
  | 'resource-level'
  | 'partition'
  | 'region'
  | 'account'
  /** Right but for upper and lower case. */
  | 'case'
  /** The ARN of a user or role without its path, or with another one. */
  | 'path'
  /** An API operation's name where the action is called otherwise. */
  | 'action-name'
  | 'external-id'
  /** A condition on a key that this request does not carry. */
  | 'absent-key'
  /** The one thing that differs is a condition's value. */
  | 'condition-value'
  /** A condition that no such request can ever meet, and where it belongs. */
  | 'never'
  /** A policy variable that has no value for this caller. */
  | 'variable'
  /** A Deny applies: the conditions that held, with the request's values. */
  | 'deny-condition'
  /** A Deny spares others (NotAction, NotResource, NotPrincipal), and not this request. */
  | 'deny-exception'
  /** The resource does not exist under this name. */
  | 'no-such-resource'
  /** A setting sets a policy aside that would have allowed the request. */
  | 'set-aside'
  /** The one thing that differs is whom the policy names. */
  | 'other-principal'
  /** Naming the caller in the resource's policy would do, without a policy of the caller. */
  | 'enough-alone'
  /** The policy names a unique id that is not the caller's: of somebody else, or of a deleted namesake. */
  | 'recreated'
  /** The policy names another session of the caller's role. */
  | 'session-name'
  /** The account delegates to its own policies, and those do not allow. */
  | 'delegation'
  /** Identity policies allow, the boundary does not. */
  | 'boundary'
  /** Identity policies allow, the session's policies do not. */
  | 'session';

export interface NearMiss {
  readonly kind: NearMissKind;
  /** A sentence: what the policy says and what the call needs. */
  readonly message: string;
  readonly layer: Layer;
  /** Absent where no single policy is to blame. */
  readonly uri?: string;
  /** Position of the statement in the policy, from 0. */
  readonly statement?: number;
}
