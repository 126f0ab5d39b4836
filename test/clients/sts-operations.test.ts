/** Every operation of STS that the server has, sent by the AWS SDK over HTTP. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import type { IAM } from '@aws-sdk/client-iam';
import type { Credentials } from '@aws-sdk/client-sts';
import type { JWTPayload } from 'jose';
import { startIssuer } from '../support/oidc-issuer.js';
import { sendSigned } from '../support/raw.js';
import { ENTITY_ID, encoded, idpMetadata, samlResponse, signXml } from '../support/saml-idp.js';
import {
  ACCOUNT,
  allow,
  assertAllSent,
  document,
  type KeyPair,
  openRecording,
  type Recording,
  refused,
  trust,
} from './operations.js';

const USER_ARN = `arn:aws:iam::${ACCOUNT}:user/Ann`;
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const sessionArn = (rest: string) => `arn:aws:sts::${ACCOUNT}:assumed-role/${rest}`;
const TOO_SHORT =
  /^1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint/;

const keysIn = (credentials: Credentials | undefined): KeyPair => ({
  accessKeyId: credentials!.AccessKeyId!,
  secretAccessKey: credentials!.SecretAccessKey!,
  sessionToken: credentials!.SessionToken!,
});

/** A user with an access key and a policy of its own. */
async function addUser(iam: IAM, policy: string): Promise<KeyPair> {
  const user = { UserName: 'Ann' };
  await iam.createUser(user);
  await iam.putUserPolicy({ ...user, PolicyName: 'own', PolicyDocument: policy });
  const { AccessKey } = await iam.createAccessKey(user);
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

suite('AWS SDK for JavaScript: each operation of STS', () => {
  const sent = new Set<string>();

  suite('scenarios', () => {
    let recording: Recording;
    beforeEach(async () => {
      recording = await openRecording(sent);
    });
    afterEach(() => recording.close());
    const later = (seconds: number) => new Date(recording.clock.now() + seconds * 1000);
    const whoami = (keys: KeyPair) => recording.sts(keys).getCallerIdentity({});

    test('AssumeRole: a session of the role, tagged, narrowed, and only for whom the role trusts', async () => {
      const iam = recording.iam();
      const ann = await addUser(iam, allow(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']));
      await iam.createRole({
        RoleName: 'Deploy',
        AssumeRolePolicyDocument: trust({ AWS: USER_ARN }, [
          'sts:AssumeRole',
          'sts:TagSession',
          'sts:SetSourceIdentity',
        ]),
      });
      await iam.putRolePolicy({
        RoleName: 'Deploy',
        PolicyName: 'own',
        PolicyDocument: document({
          Effect: 'Allow',
          Action: ['iam:ListUsers', 'iam:ListRoles'],
          Resource: '*',
          Condition: { StringEquals: { 'aws:PrincipalTag/Team': 'red', 'aws:SourceIdentity': 'ann' } },
        }),
      });
      const input = { RoleArn: roleArn('Deploy'), RoleSessionName: 'job' };
      const reply = await recording.sts(ann).assumeRole({
        ...input,
        DurationSeconds: 900,
        Tags: [{ Key: 'Team', Value: 'red' }],
        SourceIdentity: 'ann',
        Policy: allow('iam:ListUsers'),
      });
      assert.equal(reply.AssumedRoleUser!.Arn, sessionArn('Deploy/job'));
      assert.match(reply.AssumedRoleUser!.AssumedRoleId!, /^AROA[A-Z2-7]{17}:job$/);
      assert.match(reply.Credentials!.AccessKeyId!, /^ASIA[A-Z2-7]{16}$/);
      assert.deepEqual(reply.Credentials!.Expiration, later(900));
      assert.equal(reply.SourceIdentity, 'ann');
      assert.ok(reply.PackedPolicySize! > 0);
      const session = keysIn(reply.Credentials);
      const { $metadata: _, ...identity } = await whoami(session);
      assert.deepEqual(identity, {
        Account: ACCOUNT,
        Arn: sessionArn('Deploy/job'),
        UserId: reply.AssumedRoleUser!.AssumedRoleId,
      });
      const { Users } = await recording.iam(session).listUsers({});
      assert.equal(Users?.length, 1);
      await assert.rejects(
        recording.iam(session).listRoles({}),
        refused('AccessDenied', /because no session policy allows the iam:ListRoles action$/),
      );

      const sts = recording.sts(ann);
      for (const [wrong, code, message] of [
        [{ RoleArn: roleArn('None') }, 'AccessDenied', /is not authorized to perform: sts:AssumeRole/],
        [{ DurationSeconds: 899 }, 'ValidationError', TOO_SHORT],
        [{ DurationSeconds: 3601 }, 'ValidationError', /exceeds the MaxSessionDuration/],
        [{ Policy: '{' }, 'MalformedPolicyDocument', /./],
      ] as const) {
        await assert.rejects(sts.assumeRole({ ...input, ...wrong }), refused(code, message));
      }
      await assert.rejects(recording.sts().assumeRole(input), refused('AccessDenied', /root/));
      await iam.deleteRolePolicy({ RoleName: 'Deploy', PolicyName: 'own' });
      await iam.deleteRole({ RoleName: 'Deploy' });
      await assert.rejects(whoami(session), refused('InvalidClientTokenId'), 'its sessions end with a role');
    });

    test('AssumeRoleWithWebIdentity: whoever the issuer vouches for', async t => {
      const issuer = await startIssuer();
      t.after(() => issuer.close());
      const iam = recording.iam();
      const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({
        Url: issuer.url,
        ClientIDList: ['app'],
      });
      await iam.createRole({
        RoleName: 'Web',
        AssumeRolePolicyDocument: document({
          Effect: 'Allow',
          Principal: { Federated: OpenIDConnectProviderArn },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: { StringEquals: { [`${issuer.name}:sub`]: 'alice' } },
        }),
      });
      const assume = async (claims: JWTPayload = {}) =>
        recording.sts().assumeRoleWithWebIdentity({
          RoleArn: roleArn('Web'),
          RoleSessionName: 'browser',
          WebIdentityToken: await issuer.token(recording.clock.now(), claims),
        });
      const reply = await assume();
      assert.deepEqual(
        [reply.SubjectFromWebIdentityToken, reply.Audience, reply.Provider],
        ['alice', 'app', OpenIDConnectProviderArn],
      );
      assert.deepEqual(reply.Credentials!.Expiration, later(3600));
      assert.equal((await whoami(keysIn(reply.Credentials))).Arn, sessionArn('Web/browser'));
      await assert.rejects(
        assume({ sub: 'mallory' }),
        refused('AccessDenied', /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/),
      );
      await assert.rejects(assume({ aud: 'other' }), refused('InvalidIdentityToken'));
      const expired = Math.floor(recording.clock.now() / 1000) - 1;
      await assert.rejects(assume({ exp: expired }), refused('ExpiredToken'));
    });

    test('AssumeRoleWithSAML: whoever the identity provider vouches for', async () => {
      const iam = recording.iam();
      const { SAMLProviderArn } = await iam.createSAMLProvider({
        Name: 'Directory',
        SAMLMetadataDocument: idpMetadata(),
      });
      await iam.createRole({
        RoleName: 'Saml',
        AssumeRolePolicyDocument: document({
          Effect: 'Allow',
          Principal: { Federated: SAMLProviderArn },
          Action: 'sts:AssumeRoleWithSAML',
          Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
        }),
      });
      const response = samlResponse({
        time: recording.clock.now(),
        attributes: { Role: `${roleArn('Saml')},${SAMLProviderArn}`, RoleSessionName: 'alice' },
      });
      const assume = (xml: string) =>
        recording.sts().assumeRoleWithSAML({
          RoleArn: roleArn('Saml'),
          PrincipalArn: SAMLProviderArn,
          SAMLAssertion: encoded(xml),
          DurationSeconds: 1800,
        });
      const signed = signXml(response, 'Assertion');
      const reply = await assume(signed);
      assert.deepEqual(
        [reply.Subject, reply.SubjectType, reply.Issuer, reply.AssumedRoleUser!.Arn],
        ['alice', 'persistent', ENTITY_ID, sessionArn('Saml/alice')],
      );
      assert.deepEqual(reply.Credentials!.Expiration, later(1800));
      assert.equal((await whoami(keysIn(reply.Credentials))).Arn, sessionArn('Saml/alice'));
      await assert.rejects(assume(response), refused('InvalidIdentityToken'), 'nobody signed it');
      await assert.rejects(
        assume(signed.replace('>alice<', '>mallory<')),
        refused('InvalidIdentityToken', /signature invalid/),
      );
      recording.clock.advance(301);
      await assert.rejects(assume(signed), refused('ExpiredToken'));
    });

    test('GetSessionToken: the user itself, for a while', async () => {
      const ann = await addUser(recording.iam(), allow('iam:*'));
      const { Credentials } = await recording.sts(ann).getSessionToken({ DurationSeconds: 900 });
      assert.deepEqual(Credentials!.Expiration, later(900));
      const session = keysIn(Credentials);
      assert.equal((await whoami(session)).Arn, USER_ARN);
      await assert.rejects(recording.iam(session).listUsers({}), refused('InvalidClientTokenId'));
      await assert.rejects(recording.sts(session).getSessionToken({}), refused('AccessDenied'));
      await assert.rejects(
        recording.sts(ann).getSessionToken({ DurationSeconds: 899 }),
        refused('ValidationError', TOO_SHORT),
      );
      await assert.rejects(
        recording
          .sts(ann)
          .getSessionToken({ SerialNumber: `arn:aws:iam::${ACCOUNT}:mfa/None`, TokenCode: '123456' }),
        refused('AccessDenied', /^MultiFactorAuthentication failed/),
      );
      await assert.rejects(
        whoami({ ...session, sessionToken: `${session.sessionToken}A` }),
        refused('InvalidClientTokenId'),
      );
    });

    test('GetFederationToken: somebody the user vouches for', async () => {
      const ann = await addUser(recording.iam(), allow(['sts:GetFederationToken', 's3:ListAllMyBuckets']));
      const sts = recording.sts(ann);
      const reply = await sts.getFederationToken({ Name: 'guest', Policy: allow('s3:*') });
      assert.deepEqual(reply.FederatedUser, {
        FederatedUserId: `${ACCOUNT}:guest`,
        Arn: `arn:aws:sts::${ACCOUNT}:federated-user/guest`,
      });
      assert.deepEqual(reply.Credentials!.Expiration, later(43_200));
      const guest = keysIn(reply.Credentials);
      assert.equal((await whoami(guest)).Arn, reply.FederatedUser!.Arn);
      const list = (keys: KeyPair) =>
        sendSigned(recording.endpoint, keys, { service: 's3', method: 'GET', path: '/' });
      assert.equal((await list(guest)).status, 200);
      const { Credentials } = await sts.getFederationToken({ Name: 'nobody' });
      assert.equal(
        (await list(keysIn(Credentials))).code,
        'AccessDenied',
        'without a policy nothing is allowed',
      );
      await assert.rejects(sts.getFederationToken({ Name: 'a b' }), refused('ValidationError'));
      await assert.rejects(
        sts.getFederationToken({ Name: 'guest', Policy: '{' }),
        refused('MalformedPolicyDocument'),
      );
    });

    test('GetCallerIdentity and GetAccessKeyInfo: who and whose', async () => {
      const { $metadata: _, ...root } = await whoami(recording.root);
      assert.deepEqual(root, { Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:root`, UserId: ACCOUNT });
      const ann = await addUser(recording.iam(), document({ Effect: 'Deny', Action: '*', Resource: '*' }));
      assert.equal((await whoami(ann)).Arn, USER_ARN, 'nobody can forbid it');
      const { Account } = await recording.sts().getAccessKeyInfo({ AccessKeyId: ann.accessKeyId });
      assert.equal(Account, ACCOUNT);
      await assert.rejects(
        recording.sts(ann).getAccessKeyInfo({ AccessKeyId: ann.accessKeyId }),
        refused('AccessDenied', /with an explicit deny/),
      );
      await assert.rejects(
        recording.sts().getAccessKeyInfo({ AccessKeyId: 'AKIA' }),
        refused('ValidationError'),
      );
      await assert.rejects(whoami({ ...ann, secretAccessKey: 'wrong' }), refused('SignatureDoesNotMatch'));
    });

    test('DecodeAuthorizationMessage: why a request was denied', async () => {
      const ann = await addUser(recording.iam(), allow('sts:GetCallerIdentity'));
      const denied = await sendSigned(recording.endpoint, ann, { service: 's3', method: 'GET', path: '/' });
      const EncodedMessage = String(denied.headers['x-karikagi-authorization-message']);
      const { DecodedMessage } = await recording.sts().decodeAuthorizationMessage({ EncodedMessage });
      const { allowed, context } = JSON.parse(DecodedMessage!);
      assert.deepEqual(
        [allowed, context.action, context.principal.arn],
        [false, 's3:ListAllMyBuckets', USER_ARN],
      );
      await assert.rejects(
        recording.sts(ann).decodeAuthorizationMessage({ EncodedMessage }),
        refused('AccessDenied', /sts:DecodeAuthorizationMessage/),
      );
      await assert.rejects(
        recording.sts().decodeAuthorizationMessage({ EncodedMessage: `${EncodedMessage}A` }),
        refused('InvalidAuthorizationMessage'),
      );
    });

    test('AssumeRoot: no account outside an organization has members', async () => {
      const ann = await addUser(recording.iam(), allow('sts:AssumeRoot'));
      const arn = 'arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy';
      await assert.rejects(
        recording.sts(ann).assumeRoot({ TargetPrincipal: '444455556666', TaskPolicyArn: { arn } }),
        refused('AccessDenied', /sts:AssumeRoot/),
      );
    });

    test('GetWebIdentityToken: no account is an issuer for others', async () => {
      await assert.rejects(
        recording.sts().getWebIdentityToken({ Audience: ['app'], SigningAlgorithm: 'RS256' }),
        refused('OutboundWebIdentityFederationDisabled'),
      );
    });
  });

  test('none was left out', () => assertAllSent('sts', sent));
});
