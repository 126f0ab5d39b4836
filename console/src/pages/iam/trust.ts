/** Trust policies: whom they name, and those that the wizard writes. */

/** The principals that a role's trust policy names. IAM answers the policy URL-encoded. */
export function trustedBy({
  AssumeRolePolicyDocument = '',
}: {
  readonly AssumeRolePolicyDocument?: string | undefined;
}): string[] {
  try {
    const { Statement } = JSON.parse(decodeURIComponent(AssumeRolePolicyDocument)) as { Statement?: unknown };
    const statements = (Array.isArray(Statement) ? Statement : [Statement]) as { Principal?: unknown }[];
    return [...new Set(statements.flatMap(({ Principal }) => namesOf(Principal)))];
  } catch {
    return [];
  }
}

function namesOf(principal: unknown): string[] {
  if (typeof principal === 'string') return [principal];
  if (typeof principal !== 'object' || principal === null) return [];
  return Object.values(principal).flat().map(String);
}

export interface TrustChoice {
  readonly kind: 'service' | 'account' | 'web' | 'saml' | 'custom';
  readonly service: string;
  readonly account: string;
  readonly externalId: string;
  readonly mfa: boolean;
  /** ARN of an identity provider. */
  readonly provider: string;
  readonly audience: string;
  readonly subject: string;
}

/** The trust policy that the wizard's choice stands for. */
export function trustDocument(choice: TrustChoice, partition: string): string {
  return `${JSON.stringify({ Version: '2012-10-17', Statement: [statementOf(choice, partition)] }, null, 2)}\n`;
}

function statementOf(choice: TrustChoice, partition: string): object {
  switch (choice.kind) {
    case 'account':
      return {
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${choice.account}:root` },
        Action: 'sts:AssumeRole',
        ...conditionOf({
          ...(choice.externalId && { StringEquals: { 'sts:ExternalId': choice.externalId } }),
          ...(choice.mfa && { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
        }),
      };
    case 'web': {
      const issuer = choice.provider.split(':oidc-provider/')[1] ?? '';
      const keys = {
        ...(choice.audience && { [`${issuer}:aud`]: choice.audience }),
        ...(choice.subject && { [`${issuer}:sub`]: choice.subject }),
      };
      return {
        Effect: 'Allow',
        Principal: { Federated: choice.provider },
        Action: 'sts:AssumeRoleWithWebIdentity',
        ...conditionOf(Object.keys(keys).length > 0 ? { StringEquals: keys } : {}),
      };
    }
    case 'saml':
      return {
        Effect: 'Allow',
        Principal: { Federated: choice.provider },
        Action: 'sts:AssumeRoleWithSAML',
        ...conditionOf({ StringEquals: { 'SAML:aud': choice.audience } }),
      };
    default:
      return { Effect: 'Allow', Principal: { Service: choice.service }, Action: 'sts:AssumeRole' };
  }
}

function conditionOf(condition: object): object {
  return Object.keys(condition).length > 0 ? { Condition: condition } : {};
}
