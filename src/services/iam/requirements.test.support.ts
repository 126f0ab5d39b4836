/**
 * What each operation should ask for: action, resource, condition keys. The rows follow the Service Authorization
 * Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".
 */
import type { Context } from '../../policy/types.js';
import { policy, type World } from '../harness.test.support.js';

export const IAM = 'arn:aws:iam::111122223333';
export const BOUNDARY = `${IAM}:policy/limits/Boundary`;
export const OTHER = `${IAM}:policy/Other`;
export const USER = `${IAM}:user/team/Bob`;
export const GROUP = `${IAM}:group/staff/Dev`;
export const ROLE = `${IAM}:role/app/Uploader`;
export const PROFILE = `${IAM}:instance-profile/ec2/Machine`;
const ISSUER = `${IAM}:oidc-provider/issuer.example.com/realm`;
const SAML = `${IAM}:saml-provider/Directory`;
const DEVICE = `${IAM}:mfa/phones/Phone`;

const userTags = { 'aws:ResourceTag/Team': 'red', 'iam:ResourceTag/Team': 'red' };
export const roleTags = { 'aws:ResourceTag/Env': 'prod', 'iam:ResourceTag/Env': 'prod' };
const policyTags = { 'aws:ResourceTag/Kind': 'limit' };
export const profileTags = { 'aws:ResourceTag/Os': 'linux' };
const issuerTags = { 'aws:ResourceTag/Realm': 'staff' };
const deviceTags = { 'aws:ResourceTag/Os': 'android' };
const boundary = { 'iam:PermissionsBoundary': BOUNDARY };
const arn = (value: string) => ({ 'iam:PolicyARN': value });
const Tags = [{ Key: 'Cost', Value: '7' }];
export const requestTags = { 'aws:RequestTag/Cost': '7', 'aws:TagKeys': ['Cost'] };
const untag = { 'aws:TagKeys': ['Cost'] };
const trust = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });

/** Operation, input, resource, condition keys. */
type Row = readonly [operation: string, input: object, resource: string, context?: Context];

export const user = { UserName: 'bob' };
export const group = { GroupName: 'DEV' };
export const role = { RoleName: 'uploader' };
export const profile = { InstanceProfileName: 'machine' };
const issuer = { OpenIDConnectProviderArn: ISSUER };
const saml = { SAMLProviderArn: SAML };
const device = { SerialNumber: DEVICE };
export const managed = { PolicyArn: BOUNDARY };
export const attach = { PolicyArn: OTHER };
const certificate = { ServerCertificateName: 'Tls' };

export const ROWS: readonly Row[] = [
  [
    'CreateUser',
    { UserName: 'Eve', Path: '/x/', Tags, PermissionsBoundary: OTHER },
    `${IAM}:user/x/Eve`,
    { ...requestTags, 'iam:PermissionsBoundary': OTHER },
  ],
  ['CreateUser', { UserName: 'Eve' }, `${IAM}:user/Eve`, {}],
  ['GetUser', user, USER, userTags],
  ['GetUser', { UserName: 'Nobody' }, `${IAM}:user/Nobody`, {}],
  ['ListUsers', {}, `${IAM}:user/`],
  ['ListUsers', { PathPrefix: '/team/' }, `${IAM}:user/team/`],
  ['DeleteUser', user, USER, userTags],
  ['UpdateUser', user, USER, userTags],
  ['TagUser', { ...user, Tags }, USER, { ...userTags, ...requestTags }],
  ['UntagUser', { ...user, TagKeys: ['Cost'] }, USER, { ...userTags, ...untag }],
  ['ListUserTags', user, USER, userTags],
  ['CreateAccessKey', user, USER, userTags],
  ['ListAccessKeys', user, USER, userTags],
  ['UpdateAccessKey', { ...user, AccessKeyId: 'AKIA', Status: 'Active' }, USER, userTags],
  ['DeleteAccessKey', { ...user, AccessKeyId: 'AKIA' }, USER, userTags],
  ['GetAccessKeyLastUsed', { AccessKeyId: 'AKIAY34FZKBOKMUTVV7A' }, '*'],
  ['PutUserPolicy', { ...user, PolicyName: 'p' }, USER, { ...userTags, ...boundary }],
  ['GetUserPolicy', { ...user, PolicyName: 'p' }, USER, userTags],
  ['DeleteUserPolicy', { ...user, PolicyName: 'p' }, USER, { ...userTags, ...boundary }],
  ['ListUserPolicies', user, USER, userTags],
  ['AttachUserPolicy', { ...user, ...attach }, USER, { ...userTags, ...boundary, ...arn(OTHER) }],
  ['DetachUserPolicy', { ...user, ...attach }, USER, { ...userTags, ...boundary, ...arn(OTHER) }],
  ['ListAttachedUserPolicies', user, USER, userTags],
  [
    'PutUserPermissionsBoundary',
    { ...user, PermissionsBoundary: OTHER },
    USER,
    { ...userTags, 'iam:PermissionsBoundary': OTHER },
  ],
  ['DeleteUserPermissionsBoundary', user, USER, { ...userTags, ...boundary }],
  ['ListGroupsForUser', user, USER, userTags],

  ['CreateGroup', { GroupName: 'Ops', Path: '/x/' }, `${IAM}:group/x/Ops`, {}],
  ['GetGroup', group, GROUP, {}],
  ['ListGroups', { PathPrefix: '/staff/' }, `${IAM}:group/staff/`],
  ['UpdateGroup', group, GROUP, {}],
  ['DeleteGroup', group, GROUP, {}],
  ['AddUserToGroup', { ...group, ...user }, GROUP, {}],
  ['RemoveUserFromGroup', { ...group, ...user }, GROUP, {}],
  ['PutGroupPolicy', { ...group, PolicyName: 'p' }, GROUP, {}],
  ['GetGroupPolicy', { ...group, PolicyName: 'p' }, GROUP, {}],
  ['DeleteGroupPolicy', { ...group, PolicyName: 'p' }, GROUP, {}],
  ['ListGroupPolicies', group, GROUP, {}],
  ['AttachGroupPolicy', { ...group, ...attach }, GROUP, arn(OTHER)],
  ['DetachGroupPolicy', { ...group, ...attach }, GROUP, arn(OTHER)],
  ['ListAttachedGroupPolicies', group, GROUP, {}],

  [
    'CreateRole',
    { RoleName: 'New', Path: '/x/', Tags, PermissionsBoundary: OTHER },
    `${IAM}:role/x/New`,
    { ...requestTags, 'iam:PermissionsBoundary': OTHER },
  ],
  ['GetRole', role, ROLE, { ...roleTags, ...boundary }],
  ['ListRoles', {}, `${IAM}:role/`],
  ['UpdateRole', role, ROLE, { ...roleTags, ...boundary }],
  ['UpdateRoleDescription', role, ROLE, { ...roleTags, ...boundary }],
  ['UpdateAssumeRolePolicy', role, ROLE, { ...roleTags, ...boundary }],
  ['DeleteRole', role, ROLE, { ...roleTags, ...boundary }],
  ['TagRole', { ...role, Tags }, ROLE, { ...roleTags, ...requestTags }],
  ['UntagRole', { ...role, TagKeys: ['Cost'] }, ROLE, { ...roleTags, ...untag }],
  ['ListRoleTags', role, ROLE, roleTags],
  ['PutRolePolicy', { ...role, PolicyName: 'p' }, ROLE, { ...roleTags, ...boundary }],
  ['GetRolePolicy', { ...role, PolicyName: 'p' }, ROLE, roleTags],
  ['DeleteRolePolicy', { ...role, PolicyName: 'p' }, ROLE, { ...roleTags, ...boundary }],
  ['ListRolePolicies', role, ROLE, roleTags],
  ['AttachRolePolicy', { ...role, ...attach }, ROLE, { ...roleTags, ...boundary, ...arn(OTHER) }],
  ['DetachRolePolicy', { ...role, ...attach }, ROLE, { ...roleTags, ...boundary, ...arn(OTHER) }],
  ['ListAttachedRolePolicies', role, ROLE, roleTags],
  [
    'PutRolePermissionsBoundary',
    { ...role, PermissionsBoundary: OTHER },
    ROLE,
    { ...roleTags, 'iam:PermissionsBoundary': OTHER },
  ],
  ['DeleteRolePermissionsBoundary', role, ROLE, { ...roleTags, ...boundary }],
  ['ListInstanceProfilesForRole', role, ROLE, roleTags],

  ['CreatePolicy', { PolicyName: 'New', Path: '/x/', Tags }, `${IAM}:policy/x/New`, requestTags],
  ['GetPolicy', managed, BOUNDARY, policyTags],
  [
    'GetPolicy',
    { PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
    'arn:aws:iam::aws:policy/ReadOnlyAccess',
    {},
  ],
  ['ListPolicies', {}, `${IAM}:policy/`],
  ['DeletePolicy', managed, BOUNDARY, policyTags],
  ['CreatePolicyVersion', managed, BOUNDARY, policyTags],
  ['GetPolicyVersion', { ...managed, VersionId: 'v1' }, BOUNDARY, policyTags],
  ['ListPolicyVersions', managed, BOUNDARY, policyTags],
  ['DeletePolicyVersion', { ...managed, VersionId: 'v1' }, BOUNDARY, policyTags],
  ['SetDefaultPolicyVersion', { ...managed, VersionId: 'v1' }, BOUNDARY, policyTags],
  ['ListEntitiesForPolicy', managed, BOUNDARY, policyTags],
  ['TagPolicy', { ...managed, Tags }, BOUNDARY, { ...policyTags, ...requestTags }],
  ['UntagPolicy', { ...managed, TagKeys: ['Cost'] }, BOUNDARY, { ...policyTags, ...untag }],
  ['ListPolicyTags', managed, BOUNDARY, policyTags],

  ['CreateInstanceProfile', { InstanceProfileName: 'New', Tags }, `${IAM}:instance-profile/New`, requestTags],
  ['GetInstanceProfile', profile, PROFILE, profileTags],
  ['ListInstanceProfiles', {}, `${IAM}:instance-profile/`],
  ['DeleteInstanceProfile', profile, PROFILE, profileTags],
  ['RemoveRoleFromInstanceProfile', { ...profile, ...role }, PROFILE, profileTags],
  ['TagInstanceProfile', { ...profile, Tags }, PROFILE, { ...profileTags, ...requestTags }],
  ['UntagInstanceProfile', { ...profile, TagKeys: ['Cost'] }, PROFILE, { ...profileTags, ...untag }],
  ['ListInstanceProfileTags', profile, PROFILE, profileTags],

  [
    'CreateOpenIDConnectProvider',
    { Url: 'https://new.example.com/x', Tags },
    `${IAM}:oidc-provider/new.example.com/x`,
    requestTags,
  ],
  ['GetOpenIDConnectProvider', issuer, ISSUER, issuerTags],
  ['ListOpenIDConnectProviders', {}, '*'],
  ['DeleteOpenIDConnectProvider', issuer, ISSUER, issuerTags],
  ['UpdateOpenIDConnectProviderThumbprint', { ...issuer, ThumbprintList: [] }, ISSUER, issuerTags],
  ['AddClientIDToOpenIDConnectProvider', { ...issuer, ClientID: 'app' }, ISSUER, issuerTags],
  ['RemoveClientIDFromOpenIDConnectProvider', { ...issuer, ClientID: 'app' }, ISSUER, issuerTags],
  ['TagOpenIDConnectProvider', { ...issuer, Tags }, ISSUER, { ...issuerTags, ...requestTags }],
  ['UntagOpenIDConnectProvider', { ...issuer, TagKeys: ['Cost'] }, ISSUER, { ...issuerTags, ...untag }],
  ['ListOpenIDConnectProviderTags', issuer, ISSUER, issuerTags],

  ['CreateSAMLProvider', { Name: 'New', Tags }, `${IAM}:saml-provider/New`, requestTags],
  ['GetSAMLProvider', saml, SAML, {}],
  ['ListSAMLProviders', {}, '*'],
  ['UpdateSAMLProvider', saml, SAML, {}],
  ['DeleteSAMLProvider', saml, SAML, {}],
  ['TagSAMLProvider', { ...saml, Tags }, SAML, requestTags],
  ['UntagSAMLProvider', { ...saml, TagKeys: ['Cost'] }, SAML, untag],
  ['ListSAMLProviderTags', saml, SAML, {}],

  [
    'CreateVirtualMFADevice',
    { VirtualMFADeviceName: 'New', Path: '/x/', Tags },
    `${IAM}:mfa/x/New`,
    requestTags,
  ],
  ['EnableMFADevice', { ...user, ...device }, USER, userTags],
  ['ResyncMFADevice', { ...user, ...device }, USER, userTags],
  ['DeactivateMFADevice', { ...user, ...device }, USER, userTags],
  ['GetMFADevice', { ...user, ...device }, USER, userTags],
  ['ListMFADevices', user, USER, userTags],
  ['ListVirtualMFADevices', {}, '*'],
  ['DeleteVirtualMFADevice', device, DEVICE, deviceTags],
  ['TagMFADevice', { ...device, Tags }, DEVICE, { ...deviceTags, ...requestTags }],
  ['UntagMFADevice', { ...device, TagKeys: ['Cost'] }, DEVICE, { ...deviceTags, ...untag }],
  ['ListMFADeviceTags', device, DEVICE, deviceTags],

  ['CreateAccountAlias', { AccountAlias: 'example' }, '*'],
  ['DeleteAccountAlias', { AccountAlias: 'example' }, '*'],
  ['ListAccountAliases', {}, '*'],
  ['ListOrganizationsFeatures', {}, '*'],
  ['EnableOrganizationsRootCredentialsManagement', {}, '*'],
  ['DisableOrganizationsRootCredentialsManagement', {}, '*'],
  ['EnableOrganizationsRootSessions', {}, '*'],
  ['DisableOrganizationsRootSessions', {}, '*'],
  [
    'CreateServiceLinkedRole',
    { AWSServiceName: 'autoscaling.amazonaws.com', CustomSuffix: 'x' },
    `${IAM}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_x`,
    { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' },
  ],
  ['DeleteServiceLinkedRole', role, ROLE, roleTags],
  [
    'GetServiceLinkedRoleDeletionStatus',
    { DeletionTaskId: 'task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/0' },
    `${IAM}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
  ],
  ['GetAccountSummary', {}, '*'],
  ['SetSecurityTokenServicePreferences', { GlobalEndpointTokenVersion: 'v2Token' }, '*'],
  ['GetAccountAuthorizationDetails', {}, '*'],
  ['UpdateAccountPasswordPolicy', {}, '*'],
  ['GetAccountPasswordPolicy', {}, '*'],
  ['DeleteAccountPasswordPolicy', {}, '*'],
  ['CreateLoginProfile', user, USER, userTags],
  ['GetLoginProfile', user, USER, userTags],
  ['UpdateLoginProfile', user, USER, userTags],
  ['DeleteLoginProfile', user, USER, userTags],
  ['ChangePassword', {}, `${IAM}:user/Alice`, {}],
  ['GenerateCredentialReport', {}, '*'],
  ['UploadSSHPublicKey', user, USER, userTags],
  ['GetSSHPublicKey', user, USER, userTags],
  ['ListSSHPublicKeys', user, USER, userTags],
  ['UpdateSSHPublicKey', user, USER, userTags],
  ['DeleteSSHPublicKey', user, USER, userTags],
  ['UploadSigningCertificate', user, USER, userTags],
  ['ListSigningCertificates', user, USER, userTags],
  ['UpdateSigningCertificate', user, USER, userTags],
  ['DeleteSigningCertificate', user, USER, userTags],
  [
    'CreateServiceSpecificCredential',
    { ...user, ServiceName: 's', CredentialAgeDays: 9 },
    USER,
    {
      ...userTags,
      'iam:ServiceSpecificCredentialServiceName': 's',
      'iam:ServiceSpecificCredentialAgeDays': '9',
    },
  ],
  ['ListServiceSpecificCredentials', user, USER, userTags],
  ['UpdateServiceSpecificCredential', user, USER, userTags],
  ['ResetServiceSpecificCredential', user, USER, userTags],
  ['DeleteServiceSpecificCredential', user, USER, userTags],
  [
    'UploadServerCertificate',
    { ServerCertificateName: 'Tls', Path: '/x/', Tags },
    `${IAM}:server-certificate/x/Tls`,
    requestTags,
  ],
  ['GetServerCertificate', certificate, `${IAM}:server-certificate/Tls`, {}],
  ['ListServerCertificates', { PathPrefix: '/x/' }, `${IAM}:server-certificate/x/`],
  ['UpdateServerCertificate', certificate, `${IAM}:server-certificate/Tls`, {}],
  ['DeleteServerCertificate', certificate, `${IAM}:server-certificate/Tls`, {}],
  ['TagServerCertificate', { ...certificate, Tags }, `${IAM}:server-certificate/Tls`, requestTags],
  ['UntagServerCertificate', { ...certificate, TagKeys: ['Cost'] }, `${IAM}:server-certificate/Tls`, untag],
  ['ListServerCertificateTags', certificate, `${IAM}:server-certificate/Tls`, {}],
  ['ListPoliciesGrantingServiceAccess', { Arn: ROLE }, ROLE],
  ['GenerateServiceLastAccessedDetails', { Arn: USER }, USER],
  ['GetServiceLastAccessedDetails', {}, '*'],
  ['GetServiceLastAccessedDetailsWithEntities', {}, '*'],
  ['GetCredentialReport', {}, '*'],
  ['SimulateCustomPolicy', {}, '*'],
  ['SimulatePrincipalPolicy', { PolicySourceArn: USER }, USER],
  ['GetContextKeysForCustomPolicy', {}, '*'],
  ['GetContextKeysForPrincipalPolicy', { PolicySourceArn: ROLE }, ROLE],
];

export async function populate(world: World): Promise<void> {
  const { identity, account } = world;
  const document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
  await identity.policies.create(account, {
    name: 'Boundary',
    path: '/limits/',
    document,
    tags: [['Kind', 'limit']],
  });
  await identity.policies.create(account, { name: 'Other', document });
  await identity.users.create(account, {
    name: 'Bob',
    path: '/team/',
    tags: [['Team', 'red']],
    boundary: BOUNDARY,
  });
  await identity.groups.create(account, { name: 'Dev', path: '/staff/' });
  const tags = [['Env', 'prod']] as const;
  await identity.roles.create(account, { name: 'Uploader', path: '/app/', trust, tags, boundary: BOUNDARY });
  await identity.instanceProfiles.create(account, {
    name: 'Machine',
    path: '/ec2/',
    tags: [['Os', 'linux']],
  });
  await identity.oidcProviders.create(account, {
    url: 'https://issuer.example.com/realm',
    clientIds: [],
    thumbprints: [],
    tags: [['Realm', 'staff']],
  });
  await identity.mfaDevices.create(account, 'Phone', '/phones/', [['Os', 'android']]);
}
