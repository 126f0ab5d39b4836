/** The vocabulary of the policy engine: plain data, usable in a browser. */

import type { CompiledPolicy } from './evaluate/compile.js';

export type {
  AuthorizationRequest,
  Context,
  ContextValue,
  Partition,
  Principal,
  PrincipalType,
} from './request.js';

/** A compiled policy and how to speak of it in a reason: an ARN, or `inline policy x of user y`. */
export interface NamedPolicy {
  readonly name: string;
  /** Where it has one: AWS's messages quote it. */
  readonly arn?: string;
  readonly policy: CompiledPolicy;
  /** Where it is, for its editor; a managed policy is found by its ARN. */
  readonly place?: PolicyPlace;
  /** The text as it is stored, where more is compiled than that: a key policy with the grants on the key. */
  readonly source?: string;
}

/** Where a policy stands. */
export type PolicyPlace =
  | {
      readonly kind: 'inline';
      readonly of: 'user' | 'role' | 'group';
      readonly entity: string;
      readonly policy: string;
    }
  | { readonly kind: 'trust'; readonly role: string }
  | { readonly kind: 'bucket'; readonly bucket: string }
  /** `managed`: by AWS, for a service, so that its policy cannot be changed. */
  | { readonly kind: 'key'; readonly key: string; readonly managed?: boolean }
  /** A policy of an organization. */
  | { readonly kind: 'control'; readonly id: string };

export type ResourcePolicyKind = 'resource' | 'trust' | 'key';

/** Every policy that applies to a request. What is absent is not in force. */
export interface PolicySet {
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: NamedPolicy | undefined;
  /** Present (even empty) if the session was issued with session policies. */
  readonly session?: readonly NamedPolicy[] | undefined;
  readonly resource?: NamedPolicy | undefined;
  /** What `resource` is: a trust policy and a KMS key policy have rules of their own. Default `resource`. */
  readonly resourceKind?: ResourcePolicyKind | undefined;
  /** What would count but for a setting: it decides nothing, and explains much. */
  readonly setAside?: readonly SetAside[] | undefined;
  /** The resource's access control list, written as a policy of Allows: what it grants counts beside `resource`. */
  readonly acl?: NamedPolicy | undefined;
  /** One list per level from the organisation's root to the account; each level must allow. */
  readonly serviceControl?: readonly (readonly NamedPolicy[])[] | undefined;
  readonly resourceControl?: readonly (readonly NamedPolicy[])[] | undefined;
}

/** A policy, or grants of a list, that a setting of the resource sets aside for the caller. */
export interface SetAside {
  /** As what it would count. */
  readonly as: 'resource' | 'acl';
  readonly policy: NamedPolicy;
  /** The setting: `RestrictPublicBuckets`, `IgnorePublicAcls`. */
  readonly by: string;
  /** What to do about it: a sentence. */
  readonly advice: string;
}

export type Layer =
  | 'identity'
  | 'resource'
  | 'trust'
  | 'key'
  | 'acl'
  | 'boundary'
  | 'session'
  | 'service-control'
  | 'resource-control';

/** The answer. Cheap to make: the full reasoning is `explain`'s. */
export interface Decision {
  readonly allowed: boolean;
  readonly effect: 'Allow' | 'ExplicitDeny' | 'ImplicitDeny';
  /** The layer that denied, or whose Allow was decisive; `root` where the account's root user needs none. */
  readonly layer: Layer | 'root';
  /** The policy and statement that decided; absent for an implicit deny and for root. */
  readonly policy?: NamedPolicy;
  readonly statement?: { readonly index: number; readonly sid?: string };
  /** The policies would take more steps than a decision may: it is denied, whatever they say. */
  readonly exceeded?: true;
}
