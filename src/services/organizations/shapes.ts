/** The records in the shapes of the SDK. */
import type * as sdk from '@aws-sdk/client-organizations';
import {
  type AccountCreation,
  type ControlPolicy,
  isAwsPolicy,
  type MemberAccount,
  type OrganizationalUnit,
  type OrganizationRecord,
  organizationArn,
  policyArn,
  targetArn,
} from '../../identity/index.js';

export function organizationShape(organization: OrganizationRecord, email: string): sdk.Organization {
  const { id, managementAccount } = organization;
  return {
    Id: id,
    Arn: organizationArn(organization),
    FeatureSet: 'ALL',
    MasterAccountArn: targetArn(organization, managementAccount),
    MasterAccountId: managementAccount,
    MasterAccountEmail: email,
    // AWS answers this of every organisation with all features; the types that are enabled are in ListRoots.
    AvailablePolicyTypes: [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }],
  };
}

export function rootShape(organization: OrganizationRecord): sdk.Root {
  return {
    Id: organization.rootId,
    Arn: targetArn(organization, organization.rootId),
    Name: 'Root',
    PolicyTypes: organization.policyTypes.map(Type => ({ Type, Status: 'ENABLED' })),
  };
}

export function accountShape(organization: OrganizationRecord, member: MemberAccount): sdk.Account {
  const { account, email, joined, joinedMethod, record } = member;
  const path = record.organization?.path ?? [];
  return {
    Id: account,
    Arn: targetArn(organization, account),
    Email: email,
    Name: record.name,
    Status: record.closed === undefined ? 'ACTIVE' : 'SUSPENDED',
    State: record.closed === undefined ? 'ACTIVE' : 'CLOSED',
    Paths: [`${[organization.id, ...path, account].join('/')}/`],
    JoinedMethod: joinedMethod,
    JoinedTimestamp: new Date(joined),
  };
}

export function creationShape(creation: AccountCreation): sdk.CreateAccountStatus {
  const requested = new Date(creation.requested);
  return {
    Id: creation.id,
    AccountName: creation.accountName,
    State: creation.state,
    RequestedTimestamp: requested,
    CompletedTimestamp: requested,
    AccountId: creation.account,
    FailureReason: creation.failure,
  };
}

export function unitShape(
  organization: OrganizationRecord,
  { id, name, above }: OrganizationalUnit,
): sdk.OrganizationalUnit {
  const Path = `${[organization.id, ...above, id].join('/')}/`;
  return { Id: id, Arn: targetArn(organization, id), Name: name, Path };
}

export function policySummary(organization: OrganizationRecord, policy: ControlPolicy): sdk.PolicySummary {
  const { id, type, name, description } = policy;
  return {
    Id: id,
    Arn: policyArn(organization, type, id),
    Name: name,
    Description: description,
    Type: type,
    AwsManaged: isAwsPolicy(id),
  };
}

export function policyShape(organization: OrganizationRecord, policy: ControlPolicy): sdk.Policy {
  return { PolicySummary: policySummary(organization, policy), Content: policy.content };
}
