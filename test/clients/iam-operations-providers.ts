/** Identity providers, and what concerns the account as a whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idpMetadata } from '../support/saml-idp.js';
import { ACCOUNT, allow, onePerPage, type Recording, refused, trust } from './operations.js';

const arn = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`;
const RED = { Key: 'Team', Value: 'red' };
const PROD = { Key: 'Env', Value: 'prod' };

export function providerTests(open: () => Recording): void {
  test('OpenID Connect providers', async () => {
    const iam = open().iam();
    const Url = 'https://issuer.example.com/realm';
    const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({
      Url,
      ClientIDList: ['app'],
      ThumbprintList: ['0'.repeat(40)],
      Tags: [RED],
    });
    assert.equal(OpenIDConnectProviderArn, arn('oidc-provider/issuer.example.com/realm'));
    await assert.rejects(iam.createOpenIDConnectProvider({ Url }), refused('EntityAlreadyExists'));
    await assert.rejects(
      iam.createOpenIDConnectProvider({ Url: 'http://issuer.example.com' }),
      refused('InvalidInput'),
    );
    const target = { OpenIDConnectProviderArn };
    await iam.addClientIDToOpenIDConnectProvider({ ...target, ClientID: 'other' });
    await iam.removeClientIDFromOpenIDConnectProvider({ ...target, ClientID: 'app' });
    await iam.updateOpenIDConnectProviderThumbprint({ ...target, ThumbprintList: ['1'.repeat(40)] });
    await iam.tagOpenIDConnectProvider({ ...target, Tags: [PROD] });
    const tags = await onePerPage(
      page => iam.listOpenIDConnectProviderTags({ ...target, ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagOpenIDConnectProvider({ ...target, TagKeys: ['Team'] });
    const { $metadata: _, ...shown } = await iam.getOpenIDConnectProvider(target);
    assert.deepEqual(shown, {
      Url: 'issuer.example.com/realm',
      ClientIDList: ['other'],
      ThumbprintList: ['1'.repeat(40)],
      CreateDate: open().now(),
      Tags: [PROD],
    });
    const { OpenIDConnectProviderList } = await iam.listOpenIDConnectProviders({});
    assert.deepEqual(OpenIDConnectProviderList, [{ Arn: OpenIDConnectProviderArn }]);
    await iam.deleteOpenIDConnectProvider(target);
    await assert.rejects(iam.getOpenIDConnectProvider(target), refused('NoSuchEntity'));
  });

  test('SAML providers', async () => {
    const iam = open().iam();
    const create = (Name: string, SAMLMetadataDocument = idpMetadata()) =>
      iam.createSAMLProvider({ Name, SAMLMetadataDocument, Tags: [RED] });
    const { SAMLProviderArn } = await create('Directory');
    assert.equal(SAMLProviderArn, arn('saml-provider/Directory'));
    await assert.rejects(create('Directory'), refused('EntityAlreadyExists'));
    await assert.rejects(create('Bad', '<nothing/>'.repeat(200)), refused('InvalidInput'));
    const target = { SAMLProviderArn };
    const SAMLMetadataDocument = idpMetadata(' validUntil="2090-01-01T00:00:00Z"');
    const { SAMLProviderArn: updated } = await iam.updateSAMLProvider({ ...target, SAMLMetadataDocument });
    assert.equal(updated, SAMLProviderArn);
    await iam.tagSAMLProvider({ ...target, Tags: [PROD] });
    const tags = await onePerPage(
      page => iam.listSAMLProviderTags({ ...target, ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagSAMLProvider({ ...target, TagKeys: ['Team'] });
    const shown = await iam.getSAMLProvider(target);
    assert.equal(shown.SAMLMetadataDocument, SAMLMetadataDocument);
    assert.deepEqual(shown.ValidUntil, new Date('2090-01-01T00:00:00Z'));
    assert.deepEqual(shown.Tags, [PROD]);
    const { SAMLProviderList } = await iam.listSAMLProviders({});
    assert.deepEqual(
      SAMLProviderList?.map(found => [found.Arn, found.CreateDate]),
      [[SAMLProviderArn, open().now()]],
    );
    await iam.deleteSAMLProvider(target);
    await assert.rejects(iam.getSAMLProvider(target), refused('NoSuchEntity'));
  });

  test('the alias of the account', async () => {
    const iam = open().iam();
    await iam.createAccountAlias({ AccountAlias: 'tsuki-lab' });
    assert.deepEqual((await iam.listAccountAliases({})).AccountAliases, ['tsuki-lab']);
    await assert.rejects(iam.createAccountAlias({ AccountAlias: 'Not-Valid' }), refused('ValidationError'));
    await iam.deleteAccountAlias({ AccountAlias: 'tsuki-lab' });
    await assert.rejects(iam.deleteAccountAlias({ AccountAlias: 'tsuki-lab' }), refused('NoSuchEntity'));
    assert.deepEqual((await iam.listAccountAliases({})).AccountAliases, []);
  });

  test('everything of the account at once: summary, details, report', async () => {
    const iam = open().iam();
    await iam.createUser({ UserName: 'Ann' });
    await iam.putUserPolicy({ UserName: 'Ann', PolicyName: 'own', PolicyDocument: allow('s3:*') });
    await iam.createGroup({ GroupName: 'Readers' });
    await iam.addUserToGroup({ GroupName: 'Readers', UserName: 'Ann' });
    await iam.createRole({
      RoleName: 'Deploy',
      AssumeRolePolicyDocument: trust({ Service: 'ec2.amazonaws.com' }),
    });
    await assert.rejects(iam.listOrganizationsFeatures({}), refused('OrganizationNotFound'));
    for (const name of [
      'enableOrganizationsRootCredentialsManagement',
      'disableOrganizationsRootCredentialsManagement',
      'enableOrganizationsRootSessions',
      'disableOrganizationsRootSessions',
    ] as const) {
      await assert.rejects(iam[name]({}), refused('OrganizationNotFound'));
    }
    const { SummaryMap } = await iam.getAccountSummary({});
    const counted = [
      'Users',
      'Groups',
      'Roles',
      'Policies',
      'UsersQuota',
      'AccountAccessKeysPresent',
    ] as const;
    assert.deepEqual(
      counted.map(key => SummaryMap![key]),
      [1, 1, 1, 0, 5000, 1],
    );
    const details = await onePerPage(
      page => iam.getAccountAuthorizationDetails(page),
      ({ UserDetailList = [], GroupDetailList = [], RoleDetailList = [] }) => [
        ...UserDetailList.map(({ UserName, GroupList }) => [UserName, ...GroupList!]),
        ...GroupDetailList.map(({ GroupName }) => [GroupName]),
        ...RoleDetailList.map(({ RoleName }) => [RoleName]),
      ],
    );
    assert.deepEqual(details, [['Ann', 'Readers'], ['Readers'], ['Deploy']]);
    const { UserDetailList, RoleDetailList } = await iam.getAccountAuthorizationDetails({ Filter: ['User'] });
    assert.deepEqual(
      UserDetailList?.[0]?.UserPolicyList?.map(({ PolicyName }) => PolicyName),
      ['own'],
    );
    assert.deepEqual(RoleDetailList, []);

    await assert.rejects(iam.getCredentialReport({}), refused('CredentialReportNotPresent'));
    assert.equal((await iam.generateCredentialReport({})).State, 'STARTED');
    assert.equal((await iam.generateCredentialReport({})).State, 'COMPLETE');
    const report = await iam.getCredentialReport({});
    assert.deepEqual([report.ReportFormat, report.GeneratedTime], ['text/csv', open().now()]);
    const [header, ...rows] = Buffer.from(report.Content!).toString().trim().split('\n');
    assert.match(header!, /^user,arn,user_creation_time,password_enabled,/);
    assert.deepEqual(
      rows.map(row => row.split(',').slice(0, 2)),
      [
        ['<root_account>', `arn:aws:iam::${ACCOUNT}:root`],
        ['Ann', arn('user/Ann')],
      ],
    );
    await iam.setSecurityTokenServicePreferences({ GlobalEndpointTokenVersion: 'v2Token' });
    assert.equal((await iam.getAccountSummary({})).SummaryMap!.GlobalEndpointTokenVersion, 2);
    await iam.removeUserFromGroup({ GroupName: 'Readers', UserName: 'Ann' });
    await iam.deleteUserPolicy({ UserName: 'Ann', PolicyName: 'own' });
    await iam.deleteUser({ UserName: 'Ann' });
    await iam.deleteGroup({ GroupName: 'Readers' });
    await iam.deleteRole({ RoleName: 'Deploy' });
  });
}
