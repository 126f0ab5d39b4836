/** IAM Roles Anywhere: sessions for certificates, and what must not get one. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import { GeneralName } from '@peculiar/asn1-x509';
import {
  authority,
  certificate,
  revocationList,
} from '../src/identity/roles-anywhere/authority.test.support.js';
import {
  BUCKET,
  type Outside,
  openOutside,
  policy,
  type SessionWish,
  trust,
} from './support/roles-anywhere.js';

let outside: Outside;

before(async () => {
  outside = await openOutside();
});
after(() => outside.close());

async function refused(wish: SessionWish, code: string, message: RegExp, status = 403): Promise<void> {
  const answer = await outside.create(wish);
  assert.deepEqual([answer.status, answer.code], [status, code], answer.message);
  assert.match(answer.message ?? '', message);
}

suite('a certificate gets a session of the role', () => {
  test('that is named after its serial number, and works where the role says', async () => {
    const { agent, account, roleArn } = outside;
    const answer = await outside.create();
    assert.equal(answer.status, 201, answer.message);
    const { credentialSet, subjectArn } = answer.json as never as {
      credentialSet: [never];
      subjectArn: string;
    };
    assert.match(
      subjectArn,
      new RegExp(`^arn:aws:rolesanywhere:us-east-1:${account}:subject/[0-9a-f-]{36}$`),
    );
    const { assumedRoleUser, credentials, sourceIdentity, ...more } = credentialSet[0] as Awaited<
      ReturnType<Outside['session']>
    >;
    const name = agent.serial.toString(16);
    assert.equal(assumedRoleUser.arn, `arn:aws:sts::${account}:assumed-role/outside/${name}`);
    assert.match(assumedRoleUser.assumedRoleId, new RegExp(`^AROA[A-Z0-9]+:${name}$`));
    assert.deepEqual([sourceIdentity, more.roleArn], ['agent', roleArn]);
    assert.match(credentials.expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(Date.parse(credentials.expiration), Math.floor(outside.clock.now() / 1000 + 3600) * 1000);
    const { Arn } = await outside.stsAs(credentials).send(new sts.GetCallerIdentityCommand({}));
    assert.equal(Arn, assumedRoleUser.arn);
    // The role's policy has the common name, as a tag of the session.
    const client = outside.s3As(credentials);
    await client.send(new s3.PutObjectCommand({ Bucket: BUCKET, Key: 'agent/a', Body: 'a' }));
    const elsewhere = client.send(new s3.PutObjectCommand({ Bucket: BUCKET, Key: 'other/a', Body: 'a' }));
    await assert.rejects(elsewhere, { name: 'AccessDenied' });
  });

  test('with the key of an RSA certificate, and by an authority between', async () => {
    const rsa = certificate({ issuer: outside.ca, key: 'rsa' });
    assert.equal((await outside.session({ as: rsa })).sourceIdentity, 'agent');
    const between = authority({ subject: [['CN', 'between']], issuer: outside.ca });
    const below = certificate({ issuer: between, subject: [['CN', 'below']] });
    assert.equal((await outside.session({ as: below, chain: [between] })).sourceIdentity, 'below');
    await refused({ as: below }, 'AccessDeniedException', /Untrusted signing certificate/);
  });

  test('by names in the body, as the documentation has them', async () => {
    const { trustAnchorArn, profileArn, roleArn } = outside;
    const body = { trustAnchorArn, profileArn, roleArn, durationSeconds: 900 };
    const none = { trustAnchorArn: undefined, profileArn: undefined, roleArn: undefined };
    const { credentials } = await outside.session({ ...none, body } as never);
    assert.equal(Date.parse(credentials.expiration), Math.floor(outside.clock.now() / 1000 + 900) * 1000);
    await refused({ ...none } as never, 'ValidationException', /'trustAnchorArn'.*must not be null/, 400);
    await refused({ body: { roleArn: `${roleArn}2` } }, 'ValidationException', /given twice/, 400);
  });

  test('as the profile limits it: session policy, duration, name', async () => {
    const { profileId, done, session } = outside;
    const sessionPolicy = policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' });
    await done('PATCH', `/profile/${profileId}`, {
      sessionPolicy,
      durationSeconds: 1800,
      acceptRoleSessionName: true,
    });
    const named = await session({ body: { durationSeconds: 3600, roleSessionName: 'by-name' } });
    assert.match(named.assumedRoleUser.arn, /\/outside\/by-name$/);
    assert.equal(
      Date.parse(named.credentials.expiration),
      Math.floor(outside.clock.now() / 1000 + 1800) * 1000,
    );
    const put = new s3.PutObjectCommand({ Bucket: BUCKET, Key: 'agent/b', Body: 'b' });
    await assert.rejects(outside.s3As(named.credentials).send(put), { name: 'AccessDenied' });
    await outside.s3As(named.credentials).send(new s3.GetObjectCommand({ Bucket: BUCKET, Key: 'agent/a' }));
    await done('PATCH', `/profile/${profileId}`, { acceptRoleSessionName: false, durationSeconds: 7200 });
    await refused(
      { body: { roleSessionName: 'by-name' } },
      'AccessDeniedException',
      /accepts no role session name/,
    );
    // The role's own maximum is an hour.
    await refused({}, 'ValidationException', /exceeds the MaxSessionDuration/, 400);
    await refused(
      { body: { durationSeconds: 899 } },
      'ValidationException',
      /greater than or equal to 900/,
      400,
    );
    await done('PATCH', `/profile/${profileId}`, {
      durationSeconds: 3600,
      sessionPolicy: policy({ Effect: 'Allow', Action: '*', Resource: '*' }),
    });
  });

  test('that may assume a further role for an hour, with the source identity that it has', async () => {
    const { account } = outside;
    const { credentials } = await outside.session();
    const client = new iam.IAMClient(outside.config(outside.root));
    const AssumeRolePolicyDocument = policy({
      Effect: 'Allow',
      Principal: { AWS: account },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      Condition: { StringEquals: { 'sts:SourceIdentity': 'agent' } },
    });
    await client.send(new iam.CreateRoleCommand({ RoleName: 'further', AssumeRolePolicyDocument }));
    const PolicyDocument = policy({ Effect: 'Allow', Action: 'sts:*', Resource: '*' });
    await client.send(
      new iam.PutRolePolicyCommand({ RoleName: 'outside', PolicyName: 'sts', PolicyDocument }),
    );
    const further = { RoleArn: `arn:aws:iam::${account}:role/further`, RoleSessionName: 'second' };
    const issued = await outside.stsAs(credentials).send(new sts.AssumeRoleCommand(further));
    assert.equal(issued.SourceIdentity, 'agent');
    const long = new sts.AssumeRoleCommand({ ...further, DurationSeconds: 7200 });
    await assert.rejects(outside.stsAs(credentials).send(long), /1 hour session limit/);
  });
});

suite('the trust policy of the role decides', () => {
  const roles: [string, string, boolean][] = [
    ['by-cn', trust({ StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'agent' } }), true],
    ['by-other-cn', trust({ StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'other' } }), false],
    ['by-issuer', trust({ StringEquals: { 'aws:PrincipalTag/x509Issuer/CN': 'Root CA' } }), true],
    ['by-source-identity', trust({ StringLike: { 'sts:SourceIdentity': 'age*' } }), true],
    [
      'by-other-anchor',
      trust({ ArnEquals: { 'aws:SourceArn': 'arn:aws:rolesanywhere:*:*:trust-anchor/x' } }),
      false,
    ],
    ['by-other-account', trust({ StringEquals: { 'aws:SourceAccount': '111122223333' } }), false],
    ['without-tags', trust({}, 'sts:AssumeRole', 'sts:SetSourceIdentity'), false],
    ['without-identity', trust({}, 'sts:AssumeRole', 'sts:TagSession'), false],
    ['for-ec2', trust().replace('rolesanywhere', 'ec2'), false],
    [
      'for-the-account',
      policy({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
      false,
    ],
  ];

  test('by what the certificate says, and by the trust anchor', async () => {
    const { addRole, done, create } = outside;
    const roleArns = await Promise.all(roles.map(([name, document]) => addRole(name, document)));
    const { profile } = await done('POST', '/profiles', { name: 'many', roleArns, enabled: true });
    for (const [index, [name, , allowed]] of roles.entries()) {
      const roleArn = roleArns[index]!;
      const answer = await create({ profileArn: profile!['profileArn']!, roleArn });
      assert.equal(answer.status, allowed ? 201 : 403, `${name}: ${answer.message}`);
      if (!allowed) assert.equal(answer.message, `Unable to assume role for ${roleArn}`);
    }
    const { profileArn } = profile as { profileArn: string };
    const [first] = roleArns;
    await new iam.IAMClient(outside.config(outside.root)).send(
      new iam.DeleteRolePolicyCommand({ RoleName: 'by-cn', PolicyName: 'own' }),
    );
    await new iam.IAMClient(outside.config(outside.root)).send(
      new iam.DeleteRoleCommand({ RoleName: 'by-cn' }),
    );
    await refused({ profileArn, roleArn: first! }, 'AccessDeniedException', /Unable to assume role/);
  });

  test('and sees only what the profile maps', async () => {
    const { addRole, done, session } = outside;
    const roleArn = await addRole(
      'by-uri',
      trust({ StringEquals: { 'aws:PrincipalTag/x509SAN/URI': 'spiffe://a/b' } }),
    );
    const { profile } = await done('POST', '/profiles', { name: 'uri', roleArns: [roleArn], enabled: true });
    const { profileArn, profileId } = profile as { profileArn: string; profileId: string };
    const names = [new GeneralName({ uniformResourceIdentifier: 'spiffe://a/b' })];
    const as = certificate({ issuer: outside.ca, names });
    await session({ as, profileArn, roleArn });
    await done('DELETE', `/profiles/${profileId}/mappings?certificateField=x509SAN&specifiers=URI`);
    await refused({ as, profileArn, roleArn }, 'AccessDeniedException', /Unable to assume role/);
    const mappingRules = [{ specifier: 'URI' }];
    await done('PUT', `/profiles/${profileId}/mappings`, { certificateField: 'x509SAN', mappingRules });
    await session({ as, profileArn, roleArn });
  });

  test('and a name that no source identity can be gets nothing', async () => {
    const as = certificate({ issuer: outside.ca, subject: [['CN', 'two words']] });
    await refused({ as }, 'AccessDeniedException', /cannot be a source identity/);
  });
});

suite('what gets no session', () => {
  const untrusted = (wish: SessionWish) =>
    refused(wish, 'AccessDeniedException', /^Untrusted signing certificate$/);
  const mismatch = (wish: SessionWish) =>
    refused(wish, 'InvalidSignatureException', /signature we calculated does not match/, 400);

  test('a certificate of another authority, of the same name too, or past its time', async () => {
    const { ca } = outside;
    await untrusted({ as: certificate({ issuer: authority() }) });
    await untrusted({ as: certificate({ issuer: authority({ subject: [['CN', 'other']] }) }) });
    await untrusted({ as: certificate() });
    await untrusted({ as: ca });
    await untrusted({ as: certificate({ issuer: ca, until: new Date(outside.clock.now() - 1000) }) });
    await untrusted({ as: certificate({ issuer: ca, hash: 'sha1' }) });
    // A chain that leads to a root of the client's own.
    const own = authority({ subject: [['CN', 'own root']] });
    await untrusted({ as: certificate({ issuer: own }), chain: [own] });
  });

  test('a request that another key signed, or that was changed once it was signed', async () => {
    const { ca, roleArn, clock } = outside;
    const other = certificate({ issuer: ca, subject: [['CN', 'other']] });
    await mismatch({ privateKey: other.privateKey });
    // Another's certificate in the place of one's own.
    await mismatch({
      tamper: ({ headers }) => (headers['x-amz-x509'] = other.der.toString('base64')),
      serial: String(other.serial),
    });
    await mismatch({
      tamper: sent =>
        (sent.path = sent.path.replace(encodeURIComponent(roleArn), encodeURIComponent(`${roleArn}2`))),
    });
    await mismatch({ tamper: sent => (sent.body = '{"durationSeconds":43200}') });
    await mismatch({ tamper: ({ headers }) => (headers['content-type'] = 'text/plain') });
    await mismatch({
      tamper: ({ headers }) => (headers['authorization'] = headers['authorization']!.slice(0, -4)),
    });
    const later = new Date(clock.now() + 1000).toISOString().slice(0, 19).replace(/[-:]/g, '');
    await mismatch({ tamper: ({ headers }) => (headers['x-amz-date'] = `${later}Z`) });
  });

  test('a request that is sent again later, for another region, or in part unsigned', async () => {
    const { clock } = outside;
    const expired = (time: number) =>
      refused({ time }, 'InvalidSignatureException', /expired|not yet current/, 400);
    await expired(clock.now() - 6 * 60_000);
    await expired(clock.now() + 6 * 60_000);
    await refused({ region: 'eu-central-1' }, 'ValidationException', /no trust-anchor in eu-central-1/, 400);
    for (const name of ['x-amz-x509', 'x-amz-date', 'host']) {
      await refused({ unsigned: [name] }, 'InvalidSignatureException', /must be a 'SignedHeader'/, 400);
    }
    const between = authority({ subject: [['CN', 'between']], issuer: outside.ca });
    const chained = {
      as: certificate({ issuer: between }),
      chain: [between],
      unsigned: ['x-amz-x509-chain'],
    };
    await refused(chained, 'InvalidSignatureException', /x-amz-x509-chain/, 400);
  });

  test('a credential that does not fit the certificate', async () => {
    const denied = (wish: SessionWish, words: RegExp) => refused(wish, 'AccessDeniedException', words);
    await denied({ serial: '12345' }, /Invalid serial number/);
    await denied({ serial: outside.agent.serial.toString(16) }, /Invalid serial number/);
    await denied({ algorithm: 'AWS4-X509-RSA-SHA256' }, /Invalid signature algorithm/);
    await refused({ algorithm: 'AWS4-X509-MLDSA' }, 'IncompleteSignatureException', /Unsupported/, 400);
    await denied({ tamper: ({ headers }) => (headers['x-amz-x509'] = 'AAAA') }, /Insufficient certificate/);
    await denied({ tamper: ({ headers }) => delete headers['x-amz-x509'] }, /Insufficient certificate/);
    const chain = Array.from({ length: 6 }, () => outside.ca);
    await denied({ chain }, /Invalid certificate chain/);
  });

  test('a certificate for any other operation, an access key for this one', async () => {
    const { roleArn, profileArn, trustAnchorArn, manage } = outside;
    const other = await outside.create({ tamper: sent => (sent.path = '/trustanchors') });
    assert.ok(other.status >= 400 && other.status < 500, String(other.status));
    const names = { roleArn, profileArn, trustAnchorArn };
    const { status, code, message } = await manage('POST', '/sessions', names);
    assert.deepEqual([status, code], [403, 'AccessDeniedException']);
    assert.match(message ?? '', /signed with the key of a certificate/);
  });

  test('one that its authority revoked, while the list is enabled', async () => {
    const { ca, trustAnchorArn, done, session } = outside;
    const as = certificate({ issuer: ca, subject: [['CN', 'lost']] });
    const { credentials } = await session({ as });
    const crlData = Buffer.from(revocationList(ca, [as])).toString('base64');
    const { crl } = await done('POST', '/crls', { name: 'lost', crlData, trustAnchorArn, enabled: true });
    const { crlId } = crl as { crlId: string };
    await untrusted({ as });
    await session();
    await done('POST', `/crl/${crlId}/disable`);
    await session({ as });
    await done('POST', `/crl/${crlId}/enable`);
    await untrusted({ as });
    const empty = Buffer.from(revocationList(ca, [])).toString('base64');
    await done('PATCH', `/crl/${crlId}`, { crlData: empty });
    await session({ as });
    await done('DELETE', `/crl/${crlId}`);
    // Sessions that there are live on, as with AWS.
    await outside.stsAs(credentials).send(new sts.GetCallerIdentityCommand({}));
  });

  test('one whose trust anchor or profile is disabled, or gone', async () => {
    const { trustAnchorId, profileId, done, session } = outside;
    await done('POST', `/trustanchor/${trustAnchorId}/disable`);
    await refused({}, 'AccessDeniedException', /trust anchor is disabled/);
    await done('POST', `/trustanchor/${trustAnchorId}/enable`);
    await done('POST', `/profile/${profileId}/disable`);
    await refused({}, 'AccessDeniedException', /profile is disabled/);
    await done('POST', `/profile/${profileId}/enable`);
    await session();
    const gone = (arn: string) => arn.replace(/[0-9a-f]{12}$/, '000000000000');
    const { trustAnchorArn, profileArn } = outside;
    await refused(
      { trustAnchorArn: gone(trustAnchorArn) },
      'ResourceNotFoundException',
      /does not exist/,
      404,
    );
    await refused({ profileArn: gone(profileArn) }, 'ResourceNotFoundException', /does not exist/, 404);
    const role = `arn:aws:iam::${outside.account}:role/not-in-the-profile`;
    await refused({ roleArn: role }, 'AccessDeniedException', /does not have the role/);
  });
});

test('an administrator of the account reads why a certificate got nothing', async () => {
  const { create, why, roleArn } = outside;
  const late = certificate({ issuer: outside.ca, until: new Date(outside.clock.now() - 1000) });
  assert.match(await why((await create({ as: late })).requestId), /Certificate has expired/);
  const other = certificate({ issuer: outside.ca, subject: [['CN', 'two words']] });
  assert.match(await why((await create({ as: other })).requestId), /cannot be a source identity/);
  const { profile } = await outside.done('POST', '/profiles', {
    name: 'why',
    roleArns: [
      await outside.addRole('for-another', trust({ StringEquals: { 'sts:SourceIdentity': 'x' } })),
      roleArn,
    ],
    enabled: true,
  });
  const { profileArn, roleArns } = profile as never as { profileArn: string; roleArns: [string] };
  const denied = await why((await create({ profileArn, roleArn: roleArns[0] })).requestId);
  assert.match(denied, /trust policy of role for-another/);
  assert.match(denied, /sts:SourceIdentity/);
});

suite('trust anchors, profiles and subjects', () => {
  test('are disabled unless it is said otherwise, are listed by pages, changed and deleted', async () => {
    const { done, manage, ca, roleArn } = outside;
    const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
    const tags = [{ key: 'team', value: 'a' }];
    const { trustAnchor } = await done('POST', '/trustanchors', { name: 'second', source, tags });
    const { trustAnchorId, trustAnchorArn } = trustAnchor as Record<string, string>;
    assert.equal(trustAnchor!['enabled'] as unknown, false);
    const path = `/trustanchor/${trustAnchorId}`;
    await done('PATCH', path, {
      name: 'renamed',
      source: { ...source, sourceData: { x509CertificateData: authority().pem } },
    });
    assert.equal((await done('GET', path))['trustAnchor']!['name'], 'renamed');
    const first = await done('GET', '/trustanchors?pageSize=1');
    const second = await done('GET', `/trustanchors?pageSize=1&nextToken=${first['nextToken']}`);
    const ids = [first, second].flatMap(page =>
      (page['trustAnchors'] as never as Record<string, string>[]).map(one => one['trustAnchorId']),
    );
    assert.deepEqual(ids, [outside.trustAnchorId, trustAnchorId].sort());
    assert.equal(second['nextToken'], undefined);
    const tagged = async () =>
      (await done('GET', `/ListTagsForResource?resourceArn=${trustAnchorArn}`))['tags'];
    assert.deepEqual(await tagged(), tags);
    await done('POST', '/TagResource', { resourceArn: trustAnchorArn, tags: [{ key: 'Team', value: 'b' }] });
    await done('POST', '/UntagResource', { resourceArn: trustAnchorArn, tagKeys: ['team'] });
    assert.deepEqual(await tagged(), [{ key: 'Team', value: 'b' }]);
    await done('DELETE', path);
    assert.deepEqual([(await manage('GET', path)).status, (await manage('DELETE', path)).status], [404, 404]);
    const { profile } = await done('POST', '/profiles', { name: 'third', roleArns: [roleArn] });
    assert.deepEqual([profile!['enabled'], profile!['durationSeconds']] as unknown[], [false, 3600]);
    assert.equal((profile!['attributeMappings'] as never as unknown[]).length, 3);
    await done('DELETE', `/profile/${profile!['profileId']}`);
  });

  test('that are wrong are refused', async () => {
    const { manage, account } = outside;
    const invalid = async (path: string, body: object, words: RegExp) => {
      const answer = await manage('POST', path, body);
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationException'], answer.message);
      assert.match(answer.message ?? '', words);
    };
    const anchor = (source: object) => ({ name: 'x', source });
    const bundle = (x509CertificateData: string) =>
      anchor({ sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData } });
    await invalid(
      '/trustanchors',
      bundle(certificate().pem),
      /Incorrect basic constraints for CA certificate/,
    );
    await invalid('/trustanchors', bundle('hello'), /no PEM/);
    const pca = {
      sourceType: 'AWS_ACM_PCA',
      sourceData: { acmPcaArn: 'arn:aws:acm-pca:us-east-1:111122223333:x' },
    };
    await invalid('/trustanchors', anchor(pca), /there is no AWS Private CA/);
    await invalid('/trustanchors', { ...bundle(authority().pem), name: 'a/b' }, /'name' failed to satisfy/);
    await invalid(
      '/profiles',
      { name: 'x', roleArns: ['arn:aws:iam::111122223333:role/r'] },
      /no role of the account/,
    );
    const roleArns = [`arn:aws:iam::${account}:role/outside`];
    await invalid('/profiles', { name: 'x', roleArns, sessionPolicy: 'hello' }, /polic|JSON|syntax/i);
    await invalid('/profiles', { name: 'x', roleArns, durationSeconds: 60 }, /900/);
  });

  test('of subjects it is known when they came, with what, and whether they were refused', async () => {
    const { done, ca, session, clock } = outside;
    const as = certificate({
      issuer: ca,
      subject: [
        ['O', 'Example'],
        ['CN', 'seen'],
      ],
    });
    await session({ as, body: { instanceProperties: { host: 'h1' } } });
    clock.advance(60);
    await refused({ as, roleArn: `${outside.roleArn}2` }, 'AccessDeniedException', /does not have the role/);
    const subjects = (await done('GET', '/subjects'))['subjects'] as never as Record<string, string>[];
    const { subjectId } = subjects.find(one => one['x509Subject'] === 'CN=seen,O=Example') as Record<
      string,
      string
    >;
    const { subject } = (await done('GET', `/subject/${subjectId}`)) as never as {
      subject: { lastSeenAt: string; credentials: Record<string, unknown>[] };
    };
    assert.equal(Date.parse(subject.lastSeenAt), clock.now());
    const [{ serialNumber, failed, issuer, x509CertificateData } = {}] = subject.credentials;
    assert.deepEqual([serialNumber, failed, issuer], [String(as.serial), true, 'CN=Root CA,O=Karikagi']);
    assert.equal(String(x509CertificateData).trim(), as.pem.trim());
    assert.equal(
      subjects.some(one => one['x509Subject'] === 'CN=Root CA,O=Karikagi'),
      false,
    );
  });

  test('are for those who may, and a role is passed to the service by who may pass it', async () => {
    const { manage, done, config, root, roleArn, account, profileId, trustAnchorId } = outside;
    const client = new iam.IAMClient(config(root));
    const keysOf = async (UserName: string, ...Statement: object[]) => {
      await client.send(new iam.CreateUserCommand({ UserName }));
      const PolicyDocument = policy(...Statement);
      await client.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument }));
      const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName }));
      return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    };
    const all = { Effect: 'Allow', Action: 'rolesanywhere:*', Resource: '*' };
    const PassedTo = { StringEquals: { 'iam:PassedToService': 'rolesanywhere.amazonaws.com' } };
    const passing = { Effect: 'Allow', Action: 'iam:PassRole', Resource: roleArn, Condition: PassedTo };
    const without = await keysOf('cannot-pass', all);
    const may = await keysOf('can-pass', all, passing);
    const nothing = await keysOf('nothing', { Effect: 'Allow', Action: 's3:*', Resource: '*' });
    const body = { name: 'passed', roleArns: [roleArn] };
    const denied = async (answer: ReturnType<typeof manage>, action: string) => {
      const { status, code, message } = await answer;
      assert.deepEqual([status, code], [403, 'AccessDeniedException'], message);
      assert.match(message ?? '', new RegExp(`not authorized to perform: ${action} on resource`));
    };
    await denied(manage('POST', '/profiles', body, without), 'iam:PassRole');
    await denied(manage('PATCH', `/profile/${profileId}`, { roleArns: [roleArn] }, without), 'iam:PassRole');
    await done('PATCH', `/profile/${profileId}`, { name: 'agents2' }, without);
    await done('POST', '/profiles', body, may);
    await denied(manage('POST', '/profiles', body, nothing), 'rolesanywhere:CreateProfile');
    await denied(
      manage('GET', `/trustanchor/${trustAnchorId}`, undefined, nothing),
      'rolesanywhere:GetTrustAnchor',
    );
    await denied(manage('GET', '/subjects', undefined, nothing), 'rolesanywhere:ListSubjects');
    const anchor = `arn:aws:rolesanywhere:us-east-1:${account}:trust-anchor/${trustAnchorId}`;
    const one = await keysOf('one-anchor', {
      Effect: 'Allow',
      Action: 'rolesanywhere:Get*',
      Resource: anchor,
    });
    await done('GET', `/trustanchor/${trustAnchorId}`, undefined, one);
    await denied(manage('GET', `/profile/${profileId}`, undefined, one), 'rolesanywhere:GetProfile');
  });
});
