/** Lines for a shell, with the AWS CLI, that put a changed policy in place. */

import { parseArn } from '../evaluate/arn.js';
import type { AuthorizationRequest, Layer, NamedPolicy, PolicyPlace } from '../types.js';

const FILE = 'file://policy.json';

/** Puts a changed policy in the place of `policy`; `undefined` where that is not a matter of one command. */
export function commandForChange({ arn, place }: NamedPolicy): string | undefined {
  if (place) return commandForPlace(place);
  if (arn === undefined || parseArn(arn)?.service !== 'iam') return undefined;
  return `aws iam create-policy-version --policy-arn ${arn} --policy-document ${FILE} --set-as-default`;
}

function commandForPlace(place: PolicyPlace): string {
  switch (place.kind) {
    case 'inline':
      return `aws iam put-${place.of}-policy --${place.of}-name ${place.entity} --policy-name ${place.policy} --policy-document ${FILE}`;
    case 'trust':
      return `aws iam update-assume-role-policy --role-name ${place.role} --policy-document ${FILE}`;
    case 'bucket':
      return `aws s3api put-bucket-policy --bucket ${place.bucket} --policy ${FILE}`;
    case 'key':
      return `aws kms put-key-policy --key-id ${place.key} --policy-name default --policy ${FILE}`;
    case 'control':
      return `aws organizations update-policy --policy-id ${place.id} --content ${FILE}`;
  }
}

/** Puts a new policy in place for the request. */
export function commandForNew(
  layer: Layer,
  { principal, action, resource }: AuthorizationRequest,
): string | undefined {
  if (layer === 'resource') {
    const arn = parseArn(resource);
    if (arn?.service !== 's3') return undefined;
    return `aws s3api put-bucket-policy --bucket ${arn.resource.split('/', 1)[0]} --policy ${FILE}`;
  }
  if (layer !== 'identity') return undefined;
  const entity = parseArn(principal.roleArn ?? principal.federatingArn ?? principal.arn);
  const [kind, ...path] = entity?.resource.split('/') ?? [];
  const name = path.at(-1);
  if ((kind !== 'user' && kind !== 'role') || name === undefined) return undefined;
  return `aws iam put-${kind}-policy --${kind}-name ${name} --policy-name ${policyName(action)} --policy-document ${FILE}`;
}

/** `s3:GetObject` → `Allow-s3-GetObject`. */
function policyName(action: string): string {
  return `Allow-${action.replace(/[^\w+=,.@-]/g, '-')}`;
}
