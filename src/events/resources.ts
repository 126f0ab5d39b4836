/** What a call was about, as CloudTrail's `resources` has it. */
import type { CloudTrailResource } from '../core/cloudtrail.js';

/** An ARN and the account that owns what it names. */
export interface OwnedResource {
  readonly arn: string;
  readonly owner?: string | undefined;
}

/** Types by the service and the first word of the resource ("CloudFormation resource types"). */
const TYPES: Readonly<Record<string, string>> = {
  'kms:key': 'AWS::KMS::Key',
  'kms:alias': 'AWS::KMS::Alias',
  'iam:role': 'AWS::IAM::Role',
  'iam:user': 'AWS::IAM::User',
  'iam:group': 'AWS::IAM::Group',
  'iam:policy': 'AWS::IAM::ManagedPolicy',
  'iam:instance-profile': 'AWS::IAM::InstanceProfile',
  'iam:oidc-provider': 'AWS::IAM::OIDCProvider',
  'iam:saml-provider': 'AWS::IAM::SAMLProvider',
  'iam:server-certificate': 'AWS::IAM::ServerCertificate',
  'iam:mfa': 'AWS::IAM::VirtualMFADevice',
  'organizations:account': 'AWS::Organizations::Account',
  'organizations:ou': 'AWS::Organizations::OrganizationalUnit',
  'organizations:policy': 'AWS::Organizations::Policy',
  'organizations:root': 'AWS::Organizations::Root',
  'organizations:organization': 'AWS::Organizations::Organization',
  'cloudtrail:trail': 'AWS::CloudTrail::Trail',
};

/**
 * `prefix`: of a listing. An object stands before its bucket, which has the owner. IAM's own records at AWS have no
 * resources; here they do, so that events are found by them.
 */
export function resourcesOf(
  asked: readonly OwnedResource[],
  prefix: string | undefined,
): CloudTrailResource[] | undefined {
  const found = new Map<string, CloudTrailResource>();
  for (const { arn, owner } of asked) {
    const [, , service = '', , account, ...rest] = arn.split(':');
    if (service === 's3') addObject(found, arn, owner, prefix);
    else if (arn.startsWith('arn:')) {
      const kind = rest.join(':').split('/', 1)[0]!;
      found.set(arn, {
        accountId: owner ?? (account || undefined),
        type: TYPES[`${service}:${kind}`],
        ARN: arn,
      });
    }
  }
  return found.size > 0 ? [...found.values()] : undefined;
}

function addObject(
  found: Map<string, CloudTrailResource>,
  arn: string,
  owner: string | undefined,
  prefix: string | undefined,
): void {
  const [, , , , , name = ''] = arn.split(':', 6);
  if (name === '' || name === '*') return;
  const slash = arn.indexOf('/');
  const bucket = slash < 0 ? arn : arn.slice(0, slash);
  if (slash >= 0) found.set(arn, { type: 'AWS::S3::Object', ARN: arn });
  else if (prefix !== undefined)
    found.set(`${arn}/`, { type: 'AWS::S3::Object', ARNPrefix: `${arn}/${prefix}` });
  found.delete(bucket);
  found.set(bucket, { accountId: owner, type: 'AWS::S3::Bucket', ARN: bucket });
}
