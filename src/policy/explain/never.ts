/** Conditions that no request of this kind can ever meet, and where they belong. */

import type { Facts, KeyName } from '../evaluate/facts.js';
import type { Layer } from '../types.js';

/** What is looked at: a condition of an Allow that the request does not meet. */
interface Unmet {
  readonly key: KeyName;
  readonly layer: Layer;
  readonly wanted: readonly string[];
}

/** A rule: the sentence that says why it never holds and where it belongs, or nothing. */
type Rule = (unmet: Unmet, facts: Facts) => string | undefined;

const RULES: readonly Rule[] = [
  secondFactor,
  requestOfLists,
  externalId,
  keysOfAccount,
  ofAnotherService,
  ofServices,
  ofUsers,
  ofOrganizations,
  ofEndpoints,
];

/** `undefined` where the condition can be met by another request of the same kind. */
export function neverHolds(unmet: Unmet, facts: Facts): string | undefined {
  for (const rule of RULES) {
    const sentence = rule(unmet, facts);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

/**
 * "The temporary credentials returned by AssumeRole do not include MFA information in the context" (IAM User Guide,
 * "Secure API access with MFA"); nor do those of GetFederationToken (the same page).
 */
function secondFactor({ key, wanted, layer }: Unmet, { request: { principal } }: Facts): string | undefined {
  if (!/^aws:multifactorauth(present|age)$/.test(key.lower) || wanted.includes('false')) return undefined;
  if (principal.type === 'assumed-role') {
    const where =
      layer === 'trust'
        ? 'a chain does not pass it on: let the first session be asked for with a code'
        : 'put the condition into the role’s trust policy, where the caller of AssumeRole is asked for it';
    return `sessions of a role never carry a second factor (${key.name}), so it can never hold; ${where}`;
  }
  if (principal.type !== 'federated-user') return undefined;
  return `sessions of GetFederationToken never carry a second factor (${key.name}), so it can never hold; ask for it where GetFederationToken is allowed`;
}

const LISTING = /^s3:(listbucket|listbucketversions|listbucketmultipartuploads)$/;

/** Service Authorization Reference, Amazon S3: these keys stand with the actions that list. */
function requestOfLists({ key }: Unmet, { request: { action } }: Facts): string | undefined {
  if (!/^s3:(prefix|delimiter|max-keys)$/.test(key.lower) || LISTING.test(action.toLowerCase()))
    return undefined;
  return `only requests that list a bucket carry ${key.name}, so it can never hold for ${action}; put it into a statement for s3:ListBucket, and limit ${action} by its Resource`;
}

/** Service Authorization Reference, AWS STS: the key stands with sts:AssumeRole alone. */
function externalId({ key, layer }: Unmet, { request: { action } }: Facts): string | undefined {
  if (key.lower !== 'sts:externalid') return undefined;
  const assumes = action.toLowerCase() === 'sts:assumerole';
  if (assumes && layer === 'trust') return undefined;
  if (assumes)
    return 'the external ID is the role’s to ask for: it belongs into the role’s trust policy, not into a policy of the caller';
  return `only AssumeRole carries ${key.name}, so it can never hold for ${action}; it belongs into the role’s trust policy`;
}

/** Keys that AWS manages are their account's alone (KMS Developer Guide, "AWS managed keys"). */
function keysOfAccount({ key, layer, wanted }: Unmet, { request }: Facts): string | undefined {
  const { account } = request.principal;
  if (layer !== 'key' || key.lower !== 'kms:calleraccount' || account === request.resourceAccount)
    return undefined;
  return `the key is for callers of account ${wanted.join(' or ')}, so it can never hold for one of ${account ?? 'none'}; an AWS managed key cannot be shared: use a customer managed key`;
}

/** Keys with a service's name in front come with that service's requests. */
function ofAnotherService({ key, layer }: Unmet, { request: { action } }: Facts): string | undefined {
  const [service = ''] = key.lower.split(':', 1);
  const [asked = ''] = action.toLowerCase().split(':', 1);
  if (!['s3', 'kms', 'iam', 'sts'].includes(service) || service === asked) return undefined;
  const where = service === 'sts' && layer !== 'trust' ? '; it belongs into the role’s trust policy' : '';
  return `only requests to ${service} carry ${key.name}, so it can never hold for ${action}${where}`;
}

/** "This key is included in the request context only when the call … is made directly by an AWS service principal". */
function ofServices({ key }: Unmet, { request: { principal } }: Facts): string | undefined {
  if (!/^aws:source(arn|account|orgid|orgpaths|owner)$/.test(key.lower) || principal.type === 'service')
    return undefined;
  return `only calls that a service of AWS makes carry ${key.name}, so it can never hold for a user or role; it belongs into a statement for the service`;
}

/** "AWS global condition context keys", `aws:username`: in requests of IAM users. */
function ofUsers({ key }: Unmet, { request: { principal } }: Facts): string | undefined {
  if (key.lower !== 'aws:username' || principal.type === 'user') return undefined;
  return 'only IAM users carry aws:username, so it can never hold for this caller; use aws:userid, aws:PrincipalArn or a tag (aws:PrincipalTag/…)';
}

function ofOrganizations({ key }: Unmet, facts: Facts): string | undefined {
  if (!/^aws:principalorg(id|paths)$/.test(key.lower) || facts.value(key) !== undefined) return undefined;
  return `the caller’s account is in no organization and carries no ${key.name}, so it can never hold until the account joins one`;
}

function ofEndpoints({ key }: Unmet, facts: Facts): string | undefined {
  if (
    !/^aws:(sourcevpc|sourcevpce|sourcevpcarn|vpcsourceip)$/.test(key.lower) ||
    facts.value(key) !== undefined
  )
    return undefined;
  return `only requests through a VPC endpoint carry ${key.name}; this one came through none`;
}
