/** Every operation of Organizations that the server has, sent by the AWS SDK over HTTP. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import type { Organizations } from '@aws-sdk/client-organizations';
import {
  ACCOUNT,
  allow,
  assertAllSent,
  document,
  type KeyPair,
  openRecording,
  type Recording,
  refused,
} from './operations.js';

const SCP = 'SERVICE_CONTROL_POLICY';
const FULL_ACCESS = 'p-FullAWSAccess';
const DENY_IAM = document({ Effect: 'Deny', Action: 'iam:*', Resource: '*' });

suite('AWS SDK for JavaScript: each operation of Organizations', () => {
  const sent = new Set<string>();

  suite('scenarios', () => {
    let recording: Recording;
    let organizations: Organizations;
    let rootId: string;
    beforeEach(async () => {
      recording = await openRecording(sent);
      organizations = recording.organizations();
      await organizations.createOrganization({ FeatureSet: 'ALL' });
      const [root] = (await organizations.listRoots({})).Roots!;
      rootId = root!.Id!;
      assert.deepEqual(root!.PolicyTypes, []);
      await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' });
    });
    afterEach(() => recording.close());

    async function addAccount(AccountName: string): Promise<string> {
      const Email = `${AccountName}@example.com`;
      const { CreateAccountStatus } = await organizations.createAccount({ AccountName, Email });
      return CreateAccountStatus!.AccountId!;
    }

    async function addUnit(Name: string): Promise<string> {
      const reply = await organizations.createOrganizationalUnit({ Name, ParentId: rootId });
      return reply.OrganizationalUnit!.Id!;
    }

    /** Keys of an administrator of the management account, for the role that every new account has. */
    async function addAdministrator(): Promise<KeyPair> {
      const iam = recording.iam();
      await iam.createUser({ UserName: 'admin' });
      await iam.putUserPolicy({ UserName: 'admin', PolicyName: 'all', PolicyDocument: allow('*') });
      const { AccessKey } = await iam.createAccessKey({ UserName: 'admin' });
      return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    }

    async function enter(account: string, admin: KeyPair): Promise<KeyPair> {
      const { Credentials } = await recording.sts(admin).assumeRole({
        RoleArn: `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`,
        RoleSessionName: 'admin',
      });
      return {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      };
    }

    test('the organisation and its accounts', async () => {
      const { Organization } = await organizations.describeOrganization({});
      assert.match(Organization!.Id!, /^o-[a-z0-9]{10}$/);
      assert.equal(Organization!.MasterAccountId, ACCOUNT);
      await assert.rejects(organizations.createOrganization({}), refused('AlreadyInOrganization'));

      const made = await organizations.createAccount({ AccountName: 'dev', Email: 'dev@example.com' });
      const { Id, State, AccountId } = made.CreateAccountStatus!;
      assert.equal(State, 'SUCCEEDED');
      const status = await organizations.describeCreateAccountStatus({ CreateAccountRequestId: Id });
      assert.deepEqual(status.CreateAccountStatus, made.CreateAccountStatus);
      const again = await organizations.createAccount({ AccountName: 'two', Email: 'DEV@example.com' });
      assert.equal(again.CreateAccountStatus!.FailureReason, 'EMAIL_ALREADY_EXISTS');
      const { CreateAccountStatuses } = await organizations.listCreateAccountStatus({ States: ['FAILED'] });
      assert.deepEqual(
        CreateAccountStatuses?.map(({ AccountName }) => AccountName),
        ['two'],
      );
      const { Account } = await organizations.describeAccount({ AccountId });
      assert.deepEqual(
        [Account!.Name, Account!.Status, Account!.JoinedTimestamp],
        ['dev', 'ACTIVE', recording.now()],
      );

      const listed: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await organizations.listAccounts({ MaxResults: 1, NextToken });
        assert.equal(page.Accounts!.length, 1);
        listed.push(page.Accounts![0]!.Id);
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      assert.deepEqual(new Set(listed), new Set([ACCOUNT, AccountId]));

      await organizations.tagResource({
        ResourceId: AccountId,
        Tags: [
          { Key: 'Team', Value: 'red' },
          { Key: 'Env', Value: 'test' },
        ],
      });
      await organizations.untagResource({ ResourceId: AccountId, TagKeys: ['Env'] });
      const { Tags } = await organizations.listTagsForResource({ ResourceId: AccountId });
      assert.deepEqual(Tags, [{ Key: 'Team', Value: 'red' }]);

      await organizations.closeAccount({ AccountId });
      assert.equal((await organizations.describeAccount({ AccountId })).Account!.Status, 'SUSPENDED');
      await assert.rejects(organizations.closeAccount({ AccountId }), refused('AccountAlreadyClosed'));
      await assert.rejects(
        organizations.describeAccount({ AccountId: '999999999999' }),
        refused('AccountNotFound'),
      );
    });

    test('members that administer the organisation for a service read it', async () => {
      const account = await addAccount('security');
      const ServicePrincipal = 'iam.amazonaws.com';
      const delegation = { AccountId: account, ServicePrincipal };
      const register = (AccountId = account) =>
        organizations.registerDelegatedAdministrator({ AccountId, ServicePrincipal });
      await assert.rejects(register(), { Reason: 'SERVICE_ACCESS_NOT_ENABLED' });
      await organizations.enableAWSServiceAccess({ ServicePrincipal });
      await assert.rejects(register(ACCOUNT), {
        Reason: 'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR',
      });
      await assert.rejects(register('999999999999'), refused('AccountNotFound'));
      const member = recording.organizations(await enter(account, await addAdministrator()));
      await assert.rejects(member.listAccounts({}), refused('AccessDenied'));
      await register();
      await assert.rejects(register(), refused('AccountAlreadyRegistered'));
      const { DelegatedAdministrators } = await organizations.listDelegatedAdministrators({
        ServicePrincipal,
      });
      assert.deepEqual(
        DelegatedAdministrators!.map(({ Id, DelegationEnabledDate }) => [Id, DelegationEnabledDate]),
        [[account, recording.now()]],
      );
      const other = await organizations.listDelegatedAdministrators({
        ServicePrincipal: 'config.amazonaws.com',
      });
      assert.deepEqual(other.DelegatedAdministrators, []);
      const { DelegatedServices } = await organizations.listDelegatedServicesForAccount({
        AccountId: account,
      });
      assert.deepEqual(DelegatedServices, [{ ServicePrincipal, DelegationEnabledDate: recording.now() }]);
      assert.equal((await member.listAccounts({})).Accounts!.length, 2);
      await assert.rejects(
        member.createOrganizationalUnit({ Name: 'own', ParentId: rootId }),
        refused('AccessDenied'),
      );
      await assert.rejects(organizations.removeAccountFromOrganization({ AccountId: account }), {
        Reason: 'CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG',
      });
      await organizations.deregisterDelegatedAdministrator(delegation);
      await assert.rejects(
        organizations.deregisterDelegatedAdministrator(delegation),
        refused('AccountNotRegistered'),
      );
      await assert.rejects(member.listAccounts({}), refused('AccessDenied'));
    });

    test('services with access, and what an organisation here never has', async () => {
      const account = await addAccount('dev');
      const service = { ServicePrincipal: 'config.amazonaws.com' };
      await organizations.enableAWSServiceAccess(service);
      const { EnabledServicePrincipals } = await organizations.listAWSServiceAccessForOrganization({});
      assert.deepEqual(EnabledServicePrincipals, [{ ...service, DateEnabled: recording.now() }]);
      await organizations.disableAWSServiceAccess(service);
      assert.deepEqual(
        (await organizations.listAWSServiceAccessForOrganization({})).EnabledServicePrincipals,
        [],
      );
      assert.deepEqual((await organizations.listDelegatedAdministrators({})).DelegatedAdministrators, []);
      await assert.rejects(
        organizations.listDelegatedServicesForAccount({ AccountId: account }),
        refused('AccountNotRegistered'),
      );
      await assert.rejects(organizations.describeResourcePolicy({}), refused('ResourcePolicyNotFound'));
      await assert.rejects(
        organizations.describeEffectivePolicy({ PolicyType: 'TAG_POLICY' }),
        refused('EffectivePolicyNotFound'),
      );
      const Type = 'BILLING';
      const inbound = await organizations.listInboundResponsibilityTransfers({ Type });
      const outbound = await organizations.listOutboundResponsibilityTransfers({ Type });
      assert.deepEqual([inbound.ResponsibilityTransfers, outbound.ResponsibilityTransfers], [[], []]);
    });

    test('units, and accounts that move between them', async () => {
      const account = await addAccount('dev');
      const unit = await addUnit('sandbox');
      await assert.rejects(addUnit('sandbox'), refused('DuplicateOrganizationalUnit'));
      const named = { OrganizationalUnitId: unit };
      await organizations.updateOrganizationalUnit({ ...named, Name: 'lab' });
      const { OrganizationalUnit } = await organizations.describeOrganizationalUnit(named);
      assert.equal(OrganizationalUnit!.Name, 'lab');
      const { OrganizationalUnits } = await organizations.listOrganizationalUnitsForParent({
        ParentId: rootId,
      });
      assert.deepEqual(
        OrganizationalUnits?.map(({ Id }) => Id),
        [unit],
      );
      const move = (SourceParentId: string, DestinationParentId: string) =>
        organizations.moveAccount({ AccountId: account, SourceParentId, DestinationParentId });
      await move(rootId, unit);
      await assert.rejects(move(rootId, unit), refused('SourceParentNotFound'));
      const { Accounts } = await organizations.listAccountsForParent({ ParentId: unit });
      assert.deepEqual(
        Accounts?.map(({ Id }) => Id),
        [account],
      );
      const { Children } = await organizations.listChildren({ ParentId: unit, ChildType: 'ACCOUNT' });
      assert.deepEqual(Children, [{ Id: account, Type: 'ACCOUNT' }]);
      const { Parents } = await organizations.listParents({ ChildId: account });
      assert.deepEqual(Parents, [{ Id: unit, Type: 'ORGANIZATIONAL_UNIT' }]);
      await assert.rejects(
        organizations.deleteOrganizationalUnit(named),
        refused('OrganizationalUnitNotEmpty'),
      );
      await move(unit, rootId);
      await organizations.deleteOrganizationalUnit(named);
      await assert.rejects(
        organizations.describeOrganizationalUnit(named),
        refused('OrganizationalUnitNotFound'),
      );
    });

    test('service control policies hold for the accounts below', async () => {
      const admin = await addAdministrator();
      const account = await addAccount('dev');
      const member = recording.iam(await enter(account, admin));
      const create = (Name: string, Content: string) =>
        organizations.createPolicy({ Name, Content, Description: '', Type: SCP });
      await assert.rejects(create('bad', '{'), refused('MalformedPolicyDocument'));
      const { Policy } = await create('limit', DENY_IAM);
      await assert.rejects(create('limit', DENY_IAM), refused('DuplicatePolicy'));
      const PolicyId = Policy!.PolicySummary!.Id!;
      const attachment = { PolicyId, TargetId: account };
      await member.listUsers({});
      await organizations.attachPolicy(attachment);
      await assert.rejects(
        member.listUsers({}),
        refused('AccessDenied', /with an explicit deny in a service control policy/),
      );
      await assert.rejects(organizations.attachPolicy(attachment), refused('DuplicatePolicyAttachment'));
      const { Targets } = await organizations.listTargetsForPolicy({ PolicyId });
      assert.deepEqual(
        Targets?.map(({ TargetId, Type }) => [TargetId, Type]),
        [[account, 'ACCOUNT']],
      );
      const idsOf = ({ Policies }: { Policies?: { Id?: string | undefined }[] | undefined }) =>
        new Set(Policies?.map(({ Id }) => Id));
      const both = new Set([FULL_ACCESS, PolicyId]);
      assert.deepEqual(
        idsOf(await organizations.listPoliciesForTarget({ TargetId: account, Filter: SCP })),
        both,
      );
      assert.deepEqual(idsOf(await organizations.listPolicies({ Filter: SCP })), both);

      await organizations.updatePolicy({ PolicyId, Content: DENY_IAM.replace('iam:*', 'iam:ListRoles') });
      await member.listUsers({});
      const { Policy: shown } = await organizations.describePolicy({ PolicyId });
      assert.match(shown!.Content!, /iam:ListRoles/);
      await assert.rejects(organizations.deletePolicy({ PolicyId }), refused('PolicyInUse'));
      await organizations.detachPolicy(attachment);
      await organizations.deletePolicy({ PolicyId });
      await assert.rejects(organizations.describePolicy({ PolicyId }), refused('PolicyNotFound'));
    });

    test('types of policies are enabled and disabled at the root', async () => {
      const type = { RootId: rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' } as const;
      const { Root } = await organizations.enablePolicyType(type);
      assert.deepEqual(new Set(Root!.PolicyTypes?.map(({ Type }) => Type)), new Set([SCP, type.PolicyType]));
      await assert.rejects(organizations.enablePolicyType(type), refused('PolicyTypeAlreadyEnabled'));
      await organizations.disablePolicyType(type);
      const { Roots } = await organizations.listRoots({});
      assert.deepEqual(Roots![0]!.PolicyTypes, [{ Type: SCP, Status: 'ENABLED' }]);
    });

    test('accounts leave, are invited, decline, accept', async () => {
      const admin = await addAdministrator();
      const account = await addAccount('dev');
      const member = recording.organizations(await enter(account, admin));
      await assert.rejects(organizations.deleteOrganization({}), refused('OrganizationNotEmpty'));
      await organizations.removeAccountFromOrganization({ AccountId: account });
      await assert.rejects(member.describeOrganization({}), refused('AWSOrganizationsNotInUse'));

      const invite = async () => {
        const Target = { Id: account, Type: 'ACCOUNT' } as const;
        const { Handshake } = await organizations.inviteAccountToOrganization({ Target, Notes: 'welcome' });
        assert.equal(Handshake!.State, 'OPEN');
        return { HandshakeId: Handshake!.Id };
      };
      const first = await invite();
      await assert.rejects(invite(), refused('DuplicateHandshake'));
      assert.equal((await organizations.cancelHandshake(first)).Handshake!.State, 'CANCELED');
      const second = await invite();
      assert.equal((await member.declineHandshake(second)).Handshake!.State, 'DECLINED');
      await assert.rejects(member.acceptHandshake(second), refused('InvalidHandshakeTransition'));
      const third = await invite();
      const received = await member.listHandshakesForAccount({});
      assert.ok(received.Handshakes!.some(({ Id, State }) => Id === third.HandshakeId && State === 'OPEN'));
      assert.equal((await member.acceptHandshake(third)).Handshake!.State, 'ACCEPTED');
      assert.equal((await member.describeHandshake(third)).Handshake!.State, 'ACCEPTED');
      const { Handshakes } = await organizations.listHandshakesForOrganization({});
      assert.deepEqual(
        new Map(Handshakes!.map(({ Id, State }) => [Id, State])),
        new Map([
          [first.HandshakeId, 'CANCELED'],
          [second.HandshakeId, 'DECLINED'],
          [third.HandshakeId, 'ACCEPTED'],
        ]),
      );
      const { Account } = await organizations.describeAccount({ AccountId: account });
      assert.equal(Account!.JoinedMethod, 'INVITED');
      await assert.rejects(member.listAccounts({}), refused('AccessDenied'));

      await assert.rejects(organizations.leaveOrganization({}), refused('MasterCannotLeaveOrganization'));
      await member.leaveOrganization({});
      await organizations.deleteOrganization({});
      await assert.rejects(organizations.describeOrganization({}), refused('AWSOrganizationsNotInUse'));
    });
  });

  test('none was left out', () => assertAllSent('organizations', sent));
});
