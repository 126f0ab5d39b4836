import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bob, recordOf, session } from '../recorded/records.test.support.js';
import { type AccountCopy, copiesOfFiles, filesOfCopies, Replay, withChange, worldOf } from './index.js';

const HOME = '111122223333';
const BOB = `arn:aws:iam::${HOME}:user/bob`;
const APP = `arn:aws:iam::${HOME}:role/team/app`;
const KEY = `arn:aws:kms:us-east-1:${HOME}:key/1`;

const text = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: unknown, Resource: unknown = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});

/** An account of which only what a test names is there. */
function copy(parts: Partial<AccountCopy> = {}): AccountCopy {
  const none = { users: [], groups: [], roles: [], policies: [], instanceProfiles: [] };
  return {
    account: HOME,
    partition: 'aws',
    ...none,
    buckets: [],
    keys: [],
    oidcProviders: [],
    samlProviders: [],
    ...parts,
  };
}

function user(document: string, more: object = {}) {
  const inline = document === '' ? [] : [{ name: 'p', document }];
  return {
    name: 'bob',
    arn: BOB,
    id: bob.principalId,
    path: '/',
    inline,
    attached: [],
    groups: [],
    tags: {},
    ...more,
  };
}

function role(document: string, more: object = {}) {
  const trust = text({ Effect: 'Allow', Principal: { AWS: BOB }, Action: 'sts:AssumeRole' });
  const inline = [{ name: 'p', document }];
  return {
    name: 'app',
    arn: APP,
    id: 'AROAAPPAPPAPPAPPAPP1',
    path: '/team/',
    inline,
    attached: [],
    tags: {},
    trust,
    ...more,
  };
}

/** What becomes of one record; with what is missing where it cannot be told. */
function becomes(record: object, copies: readonly AccountCopy[], base?: readonly AccountCopy[]): string {
  const replay = new Replay(worldOf(copies), base && worldOf(base));
  assert.ok(replay.addRecord(record), 'the record is read');
  const { counts, groups } = replay.report();
  const [outcome] = Object.entries(counts).find(([, count]) => count === 1) as [string, number];
  const missing = groups[0]?.missing ?? [];
  return missing.length > 0 ? `${outcome}: ${missing.join(', ')}` : outcome;
}

const get = (more: object = {}) => recordOf('s3:GetObject', { bucketName: 'b', key: 'team/k' }, more);
const denied = { errorCode: 'AccessDenied', errorMessage: 'Access Denied' };
const bySession = { userIdentity: session };

suite('what becomes of a call', () => {
  test('identity policies', () => {
    assert.equal(becomes(get(), [copy({ users: [user(text(allow('s3:GetObject')))] })]), 'same');
    assert.equal(becomes(get(), [copy({ users: [user(text(allow('s3:PutObject')))] })]), 'newly-denied');
    assert.equal(becomes(get(denied), [copy({ users: [user(text(allow('s3:*')))] })]), 'newly-allowed');
    assert.equal(becomes(get(denied), [copy({ users: [user('')] })]), 'same');
  });

  test('groups, managed policies and boundaries', () => {
    const arn = `arn:aws:iam::${HOME}:policy/read`;
    const policies = [{ name: 'read', arn, path: '/', document: text(allow('s3:Get*')) }];
    const group = {
      name: 'Dev',
      arn: `arn:aws:iam::${HOME}:group/Dev`,
      id: 'AGPA',
      path: '/',
      inline: [],
      attached: [arn],
    };
    const member = user('', { groups: ['dev'] });
    assert.equal(becomes(get(), [copy({ users: [member], groups: [group], policies })]), 'same');
    const bounded = user(text(allow('*')), { boundary: arn });
    const put = recordOf('s3:PutObject', { bucketName: 'b', key: 'k' });
    assert.equal(becomes(put, [copy({ users: [bounded], policies })]), 'newly-denied');
    assert.equal(
      becomes(get(), [copy({ users: [bounded] })]),
      'newly-denied',
      'a boundary that is gone allows nothing',
    );
  });

  test('bucket policies, those of other accounts among them', () => {
    const deny = text({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::b/*' });
    const open = text(allow('s3:GetObject', 'arn:aws:s3:::b/*', { Principal: { AWS: HOME } }));
    const users = [user(text(allow('s3:*')))];
    const bucket = { name: 'b', region: 'us-east-1' };
    assert.equal(becomes(get(), [copy({ users, buckets: [{ ...bucket, policy: deny }] })]), 'newly-denied');
    const away = (policy?: string) => copy({ account: '444455556666', buckets: [{ ...bucket, policy }] });
    assert.equal(becomes(get(), [copy({ users }), away(open)]), 'same');
    assert.equal(becomes(get(), [copy({ users }), away()]), 'newly-denied');
  });

  test('a public policy that is restricted lets nobody in from outside', () => {
    const policy = text(allow('s3:GetObject', 'arn:aws:s3:::b/*', { Principal: '*' }));
    const block = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    const users = [user(text(allow('s3:*')))];
    const away = (publicAccessBlock?: typeof block) =>
      copy({
        account: '444455556666',
        buckets: [{ name: 'b', region: 'us-east-1', policy, publicAccessBlock }],
      });
    assert.equal(becomes(get(), [copy({ users }), away()]), 'same');
    assert.equal(becomes(get(), [copy({ users }), away(block)]), 'newly-denied');
  });

  test('trust policies', () => {
    const record = recordOf('sts:AssumeRole', { roleArn: APP, roleSessionName: 's1', externalId: 'x' });
    const asking = (condition?: object) =>
      role(text(allow('*')), {
        trust: text({
          Effect: 'Allow',
          Principal: { AWS: BOB },
          Action: 'sts:AssumeRole',
          ...(condition && { Condition: condition }),
        }),
      });
    const users = [user('')];
    assert.equal(becomes(record, [copy({ users, roles: [asking()] })]), 'same');
    const id = (value: string) => ({ StringEquals: { 'sts:ExternalId': value } });
    assert.equal(becomes(record, [copy({ users, roles: [asking(id('x'))] })]), 'same');
    assert.equal(becomes(record, [copy({ users, roles: [asking(id('y'))] })]), 'newly-denied');
    const mfa = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
    assert.equal(
      becomes(record, [copy({ users, roles: [asking(mfa)] })]),
      'newly-denied',
      'an access key brings no MFA',
    );
  });

  test('key policies and grants', () => {
    const record = recordOf(
      'kms:Decrypt',
      { keyId: KEY, encryptionContext: { a: '1' } },
      { resources: [{ ARN: KEY }] },
    );
    const users = [user(text(allow('kms:*')))];
    const key = {
      arn: KEY,
      id: '1',
      region: 'us-east-1',
      aliases: [],
      grants: [],
      spec: 'SYMMETRIC_DEFAULT',
    };
    const rest = { usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', multiRegion: false, manager: 'CUSTOMER' };
    const policy = (who: string) => text(allow('kms:*', '*', { Principal: { AWS: who } }));
    const keyed = (parts: object) => [copy({ users, keys: [{ ...key, ...rest, ...parts }] })];
    assert.equal(becomes(record, keyed({ policy: policy(HOME) })), 'same');
    assert.equal(becomes(record, keyed({ policy: policy(APP) })), 'newly-denied');
    const grant = (subset: Record<string, string>) => [{ grantee: BOB, operations: ['Decrypt'], subset }];
    assert.equal(becomes(record, keyed({ policy: policy(APP), grants: grant({ a: '1' }) })), 'same');
    assert.equal(becomes(record, keyed({ policy: policy(APP), grants: grant({ a: '2' }) })), 'newly-denied');
  });

  test('policies of the organization over the account', () => {
    const organization = (document: string) => ({
      ...{ id: 'o-1', managementAccount: '999999999999', enabled: ['SERVICE_CONTROL_POLICY'] },
      nodes: [
        { id: 'r-1', name: 'Root', kind: 'root' as const, policies: ['p-full'] },
        { id: HOME, name: 'dev', kind: 'account' as const, parent: 'r-1', policies: ['p-own'] },
      ],
      policies: [
        { id: 'p-full', name: 'Full', type: 'SERVICE_CONTROL_POLICY', document: text(allow('*')) },
        { id: 'p-own', name: 'Own', type: 'SERVICE_CONTROL_POLICY', document },
      ],
    });
    const users = [user(text(allow('s3:*')))];
    assert.equal(becomes(get(), [copy({ users, organization: organization(text(allow('s3:*'))) })]), 'same');
    assert.equal(
      becomes(get(), [copy({ users, organization: organization(text(allow('iam:*'))) })]),
      'newly-denied',
    );
    const within = allow('s3:*', '*', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } });
    const inside = [copy({ users: [user(text(within))], organization: organization(text(allow('*'))) })];
    assert.equal(becomes(get(), inside), 'same');
  });
});

suite('what the record does not tell', () => {
  const conditioned = (Condition: object, Effect = 'Allow') => [
    copy({
      roles: [
        role(text(allow('s3:*', '*', { Effect, Condition }), ...(Effect === 'Deny' ? [allow('s3:*')] : []))),
      ],
    }),
  ];
  const record = get(bySession);

  test('the key is named', () => {
    const team = { StringEquals: { 'aws:PrincipalTag/team': 'red' } };
    assert.equal(becomes(record, conditioned(team)), 'unknown: aws:PrincipalTag/team');
    assert.equal(becomes(record, conditioned(team, 'Deny')), 'unknown: aws:PrincipalTag/team');
    const referer = { StringLike: { 'aws:Referer': 'https://x/*' } };
    assert.equal(becomes(record, conditioned(referer)), 'unknown: aws:Referer');
  });

  test('keys that do not matter are not asked for', () => {
    const both = { StringEquals: { 'aws:PrincipalTag/team': 'red', 'aws:SourceIp': '198.51.100.1' } };
    assert.equal(becomes(record, conditioned(both)), 'newly-denied');
    const either = [
      copy({
        roles: [
          role(
            text(
              allow('s3:*'),
              allow('s3:*', '*', { Condition: { StringEquals: { 'aws:PrincipalTag/a': 'b' } } }),
            ),
          ),
        ],
      }),
    ];
    assert.equal(becomes(record, either), 'same');
  });

  test('variables in resources, where the rest of the ARN leaves it open', () => {
    const homes = (bucket: string) => [
      copy({ roles: [role(text(allow('s3:*', `arn:aws:s3:::${bucket}/\${aws:PrincipalTag/team}/*`)))] }),
    ];
    assert.equal(becomes(record, homes('b')), 'unknown: aws:PrincipalTag/team');
    assert.equal(becomes(record, homes('other')), 'newly-denied');
    const tagged = [
      copy({
        roles: [
          role(text(allow('s3:*', 'arn:aws:s3:::b/${aws:PrincipalTag/team}/*')), { tags: { team: 'team' } }),
        ],
      }),
    ];
    assert.equal(becomes(record, tagged), 'same');
  });

  test('what the record proves decides: time, address, TLS, MFA, endpoints', () => {
    const holds = (Condition: object) => becomes(record, conditioned(Condition));
    assert.equal(holds({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }), 'same');
    assert.equal(holds({ Bool: { 'aws:SecureTransport': 'true' } }), 'same');
    assert.equal(holds({ NumericGreaterThanEquals: { 's3:TlsVersion': '1.2' } }), 'same');
    assert.equal(holds({ DateLessThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } }), 'newly-denied');
    assert.equal(holds({ StringEquals: { 'aws:SourceVpce': 'vpce-1' } }), 'newly-denied');
    assert.equal(holds({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }), 'newly-denied');
    assert.equal(holds({ StringLike: { 'aws:userid': 'AROAAPPAPPAPPAPPAPP1:*' } }), 'same');
    assert.equal(holds({ StringEquals: { 'ec2:RoleDelivery': '2.0' } }), 'same');
  });
});

suite('policies that are not given', () => {
  const other = copy({ account: '444455556666' });
  test('allow what they allowed', () => {
    assert.equal(becomes(get(), [other]), 'same');
    assert.equal(
      becomes(recordOf('sts:AssumeRole', { roleArn: APP }), [copy({ users: [user(text(allow('sts:*')))] })]),
      'same',
    );
    assert.equal(
      becomes(recordOf('sts:AssumeRole', { roleArn: APP }), [copy({ users: [user('')] })]),
      'newly-denied',
    );
  });

  test('those of services and of strangers as well', () => {
    const userIdentity = { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' };
    assert.equal(becomes(recordOf('sts:AssumeRole', { roleArn: APP }, { userIdentity }), [other]), 'same');
    const anonymous = { type: 'AWSAccount', principalId: '', accountId: 'anonymous' };
    assert.equal(becomes(get({ userIdentity: anonymous }), [other]), 'same');
  });

  test('nor do policies of other buckets of the account say anything of them', () => {
    const delivers = { userIdentity: { type: 'AWSService', invokedBy: 'delivery.logs.amazonaws.com' } };
    const put = (bucketName: string, more: object = {}) =>
      recordOf('s3:PutObject', { bucketName, key: 'logs/1' }, { ...delivers, ...more });
    const policy = text({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::known/*' });
    const copies = [copy({ buckets: [{ name: 'known', region: 'us-east-1', policy }] })];
    assert.equal(becomes(put('known'), copies), 'newly-denied');
    assert.equal(becomes(put('other'), copies), 'same');
    assert.equal(becomes(put('other', denied), copies), 'unknown: the policy of arn:aws:s3:::other');
    const userIdentity = { type: 'AWSAccount', principalId: '', accountId: 'anonymous' };
    assert.equal(becomes(put('other', { userIdentity }), copies), 'same');
  });

  test('and of what was denied it is not known whether they deny it', () => {
    assert.equal(becomes(get(denied), [other]), `unknown: the policies of ${BOB}`);
    const record = recordOf('sts:AssumeRole', { roleArn: APP }, denied);
    const users = [user(text(allow('sts:*')))];
    assert.equal(becomes(record, [copy({ users })]), `unknown: the trust policy of ${APP}`);
  });
});

suite('a change', () => {
  const base = [
    copy({
      users: [user(text(allow('s3:*')))],
      roles: [role(text(allow('s3:*')))],
      buckets: [{ name: 'b', region: 'us-east-1' }],
    }),
  ];
  const change = (document: string, place?: string, copies: readonly AccountCopy[] = base) =>
    withChange(copies, { name: 'change.json', document, ...(place !== undefined && { place }) });

  test('takes the place of what is there', () => {
    assert.equal(becomes(get(bySession), change(text(allow('iam:*')), APP), base), 'newly-denied');
    assert.equal(becomes(get(), change(text(allow('iam:*')), APP), base), 'same');
    const deny = text({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::b/*' });
    assert.equal(becomes(get(), change(deny), base), 'newly-denied', 'the bucket is found by the document');
    const trust = text({
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    });
    const assume = recordOf('sts:AssumeRole', { roleArn: APP });
    assert.equal(becomes(assume, change(trust, `trust:${APP}`), base), 'newly-denied');
  });

  test('of one inline policy leaves the others', () => {
    const put = recordOf('s3:PutObject', { bucketName: 'b', key: 'k' });
    const inline = [
      { name: 'p', document: text(allow('s3:GetObject')) },
      { name: 'q', document: text(allow('s3:PutObject')) },
    ];
    const copies = [copy({ users: [user('', { inline })] })];
    const changed = (name: string, document: string) =>
      withChange(copies, { name: 'change', place: BOB, inline: name, document });
    assert.equal(becomes(get(), changed('q', text(allow('s3:*')))), 'same');
    assert.equal(becomes(put, changed('p', text(allow('s3:List*')))), 'same');
    assert.equal(becomes(put, changed('q', text(allow('s3:List*')))), 'newly-denied');
    assert.equal(becomes(put, changed('q', text(allow('s3:Put*')))), 'same');
    const remove = recordOf('s3:DeleteObject', { bucketName: 'b', key: 'k' }, denied);
    assert.equal(becomes(remove, changed('new', text(allow('s3:Delete*')))), 'newly-allowed');
  });

  test('stands alone as well: the rest counts as it did', () => {
    assert.equal(becomes(get(bySession), change(text(allow('s3:*')), APP, [])), 'same');
    assert.equal(becomes(get(bySession), change(text(allow('iam:*')), APP, [])), 'newly-denied');
    assert.equal(becomes(get(), change(text(allow('iam:*')), APP, [])), 'same');
    const trust = text({ Effect: 'Allow', Principal: { AWS: HOME }, Action: 'sts:AssumeRole' });
    assert.equal(becomes(get(bySession), change(trust, `trust:${APP}`, [])), 'same');
    const open = text(allow('s3:GetObject', 'arn:aws:s3:::b/*', { Principal: '*' }));
    assert.equal(becomes(get(), change(open, undefined, [])), 'same');
  });

  test('what was in force at the time of the record is told from what the change does', () => {
    const replay = new Replay(worldOf(base), worldOf(base));
    replay.addRecord(get(denied));
    assert.equal(replay.report().disagreeing, 1);
    assert.equal(replay.report().counts.same, 1);
  });

  test('of which it cannot be told where it belongs is refused, with what to write', () => {
    assert.throws(() => change(text(allow('s3:*'))), /say what it is the policy of, as in arn:aws:iam/);
    assert.throws(() => change('{"Statement":[{}]}', APP).map(one => worldOf([one])), /proposed of role app/);
  });
});

test('calls are grouped by what decides, with counts and times', () => {
  const replay = new Replay(worldOf([copy({ users: [user(text(allow('s3:List*')))] })]));
  for (const [at, key] of ['a', 'b', 'a'].entries())
    replay.addRecord(
      recordOf('s3:GetObject', { bucketName: 'b', key }, { eventTime: `2026-01-31T12:00:0${at}Z` }),
    );
  replay.addRecord(recordOf('ec2:DescribeInstances', {}));
  const { groups, counts, unread, records, calls } = replay.report();
  assert.deepEqual(counts, { 'newly-denied': 3, 'newly-allowed': 0, unknown: 0, same: 0 });
  assert.equal(groups.length, 1);
  const { count, first, last, resources, layer, effect } = groups[0]!;
  assert.deepEqual([count, first, last, resources], [3, '2026-01-31T12:00:00Z', '2026-01-31T12:00:02Z', 2]);
  assert.deepEqual([layer, effect], ['identity', 'ImplicitDeny']);
  assert.deepEqual([records, calls], [4, 3]);
  assert.deepEqual(unread, [{ operation: 'ec2', reason: 'a service whose actions are not read', count: 1 }]);
});

test('a copy comes back from its files, whatever the names are', () => {
  const inline = ['..', 'a+b=c,d@e', 'plain'].map(name => ({ name, document: `${text(allow('s3:*'))}` }));
  const whole = copy({
    users: [{ ...user(''), inline }],
    roles: [role(text(allow('s3:*')))],
    buckets: [
      { name: 'b', region: 'eu-west-1', policy: text(allow('s3:*', 'arn:aws:s3:::b', { Principal: '*' })) },
    ],
  });
  const files = filesOfCopies([whole]);
  assert.ok([...files.keys()].every(path => !path.split('/').includes('..')));
  const again = filesOfCopies(copiesOfFiles(files));
  assert.deepEqual([...again], [...files]);
});

test('a directory written by hand needs documents alone', () => {
  const files = new Map([
    [`${HOME}/roles/app/policies/read.json`, text(allow('s3:Get*'))],
    [
      `${HOME}/roles/app/trust.json`,
      text({ Effect: 'Allow', Principal: { AWS: HOME }, Action: 'sts:AssumeRole' }),
    ],
    [`${HOME}/buckets/b/policy.json`, text(allow('s3:*', 'arn:aws:s3:::b', { Principal: '*' }))],
  ]);
  const [one] = copiesOfFiles(files);
  assert.equal(one?.roles[0]?.arn, `arn:aws:iam::${HOME}:role/app`);
  assert.equal(one?.buckets[0]?.name, 'b');
});
