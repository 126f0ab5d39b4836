/** AWS's sentences for a denied request ("Troubleshoot access denied error messages", IAM User Guide). */

import type { AuthorizationRequest, Decision, Layer } from './types.js';

const NO_ALLOW: Readonly<Record<Exclude<Layer, 'key'>, string>> = {
  identity: 'no identity-based policy allows',
  resource: 'no resource-based policy allows',
  acl: 'no resource-based policy allows',
  trust: 'no role trust policy allows',
  boundary: 'no permissions boundary allows',
  session: 'no session policy allows',
  'service-control': 'no service control policy allows',
  'resource-control': 'no resource control policy allows',
};

const DENY: Readonly<Record<Layer, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  key: 'a resource-based policy',
  acl: 'a resource-based policy',
  trust: 'the role trust policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
  'service-control': 'a service control policy',
  'resource-control': 'a resource control policy',
};

/**
 * What AWS answers to a denied request. The reason is given inside an account only: S3 tells a caller of another
 * account, or anonymous ones, just `Access Denied`, other services leave the reason out.
 */
export function denialMessage(decision: Decision, request: AuthorizationRequest): string {
  const { principal, action, resource } = request;
  if (principal.federatedProvider !== undefined) return `Not authorized to perform ${action}`;
  const s3 = action.startsWith('s3:');
  const inside = isInside(request);
  if (s3 && !inside) return 'Access Denied';
  const user = principal.type === 'anonymous' ? 'anonymous' : principal.arn;
  const refused = `User: ${user} is not authorized to perform: ${action}`;
  if (decision.layer === 'key' && decision.effect === 'ImplicitDeny') {
    return `${refused} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`;
  }
  const target = `${refused}${s3 ? ofS3(resource) : ` on resource: ${resource}`}`;
  return inside ? `${target} ${reason(decision, action)}` : target;
}

/** Whether the caller is of the account that may know why: for an object, that is its bucket's. */
function isInside({ principal, resourceAccount }: AuthorizationRequest): boolean {
  return principal.account !== undefined && (resourceAccount ?? principal.account) === principal.account;
}

/** S3 quotes the ARN, and names none where the action has no resource (`s3:ListAllMyBuckets`). */
function ofS3(resource: string): string {
  return resource === '*' || resource.endsWith(':s3:::*') ? '' : ` on resource: "${resource}"`;
}

function reason({ effect, layer, policy, exceeded }: Decision, action: string): string {
  if (exceeded) return 'because its policies take too long to evaluate';
  if (effect === 'ExplicitDeny') {
    const arn = policy?.arn === undefined ? '' : `: ${policy.arn}`;
    return `with an explicit deny in ${DENY[layer as Layer]}${arn}`;
  }
  return `because ${NO_ALLOW[layer as Exclude<Layer, 'key'>]} the ${action} action`;
}
