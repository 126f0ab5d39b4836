import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isCall, type RecordedCall, readCall } from '../recorded/index.js';
import { bob, recordOf, session } from '../recorded/records.test.support.js';
import { type AccountCopy, Replay, withChange, worldOf } from '../replay/index.js';
import { KeyTree } from './fold.js';
import { type GenerateOptions, PolicyGenerator } from './index.js';

const HOME = '111122223333';
const BOB = bob.arn;

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}

function call(record: object): RecordedCall {
  const read = readCall(record);
  assert.ok(isCall(read), JSON.stringify(read));
  return read;
}

async function generated(
  records: readonly object[],
  options: Partial<GenerateOptions> = {},
  copies?: readonly AccountCopy[],
) {
  const generator = new PolicyGenerator({ principal: BOB, ...options }, copies && worldOf(copies));
  for (const record of records) generator.add(call(record));
  const result = await generator.finish();
  const document =
    result.policy === undefined ? undefined : (JSON.parse(result.policy) as { Statement: Statement[] });
  return { ...result, statements: document?.Statement ?? [] };
}

const text = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

function copyWith(document: string): AccountCopy[] {
  const user = { name: 'bob', arn: BOB, id: bob.principalId, path: '/', attached: [], groups: [], tags: {} };
  const none = { groups: [], roles: [], policies: [], instanceProfiles: [], buckets: [], keys: [] };
  return [
    {
      account: HOME,
      partition: 'aws',
      ...none,
      oidcProviders: [],
      samlProviders: [],
      users: [{ ...user, inline: [{ name: 'p', document }] }],
    },
  ];
}

const get = (key: string, more: object = {}) => recordOf('s3:GetObject', { bucketName: 'b', key }, more);

suite('keys are folded where names stand below one prefix', () => {
  const fold = (keys: readonly string[], least: number) => {
    const tree = new KeyTree(least);
    for (const key of keys) tree.add(key);
    return tree.patterns();
  };
  test('at least so many of them', () => {
    assert.deepEqual(fold(['a/1', 'a/2'], 3), ['a/1', 'a/2']);
    assert.deepEqual(fold(['a/1', 'a/2', 'a/3', 'b/1'], 3), ['a/*', 'b/1']);
  });
  test('folders count as names', () => {
    assert.deepEqual(fold(['logs/01/x', 'logs/02/x', 'logs/03/x', 'other/x'], 3), ['logs/*', 'other/x']);
  });
  test('a bucket as a whole where they stand at its top', () => {
    assert.deepEqual(fold(['a', 'b', 'c'], 3), ['*']);
  });
  test('a name that is a folder as well, empty names, wildcards', () => {
    assert.deepEqual(fold(['a', 'a/b', 'a//c'], 9), ['a', 'a//c', 'a/b']);
    assert.deepEqual(fold(['what?*', 'cost$'], 9), ['cost${$}', 'what${?}${*}']);
  });
});

suite('a policy from calls', () => {
  test('exact actions on what was named', async () => {
    const { statements, calls, refused } = await generated([
      get('in/1'),
      recordOf('s3:ListObjects', { bucketName: 'b', prefix: 'in/' }),
      get('secret', { errorCode: 'AccessDenied', errorMessage: 'Access Denied' }),
      get('of/others', { userIdentity: session }),
      recordOf('sts:GetCallerIdentity', null),
    ]);
    assert.deepEqual(statements, [
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::b/in/1'] },
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: ['arn:aws:s3:::b'] },
    ]);
    assert.deepEqual([calls, refused], [3, 1]);
  });

  test('a policy of a role is that of its sessions, whatever they are called', async () => {
    const role = 'arn:aws:iam::111122223333:role/team/app';
    const { statements } = await generated([get('k', { userIdentity: session })], { principal: role });
    assert.equal(statements[0]?.Resource[0], 'arn:aws:s3:::b/k');
  });

  test('uploads in parts come with giving up, keys with the service that uses them, roles with whom they go to', async () => {
    const key = `arn:aws:kms:us-east-1:${HOME}:key/1`;
    const header = 'x-amz-server-side-encryption';
    const { statements, pairs } = await generated([
      recordOf(
        's3:UploadPart',
        { bucketName: 'b', key: 'k' },
        { responseElements: { [header]: 'aws:kms', [`${header}-aws-kms-key-id`]: key } },
      ),
      recordOf('iam:AddRoleToInstanceProfile', { instanceProfileName: 'p', roleName: 'r' }),
    ]);
    const actions = statements.map(({ Action, Condition }) => [Action.join(' '), Condition]);
    assert.deepEqual(actions, [
      ['iam:AddRoleToInstanceProfile', undefined],
      ['iam:PassRole', { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } }],
      [
        'kms:Decrypt kms:GenerateDataKey',
        { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } },
      ],
      ['s3:AbortMultipartUpload s3:ListMultipartUploadParts s3:PutObject', undefined],
    ]);
    assert.deepEqual(
      pairs.map(({ action }) => action),
      ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
    );
  });

  test('what needs no permission is in no policy', async () => {
    const free = ['sts:GetCallerIdentity', 'karikagi:SimulateOwnRequests', 'karikagi:GetCallerSession'];
    const { policy } = await generated(free.map(operation => recordOf(operation, null)));
    assert.equal(policy, undefined);
  });

  test('no call, no policy', async () => {
    const { policy, trust, proposals } = await generated([]);
    assert.deepEqual([policy, trust, proposals], [undefined, undefined, []]);
    await assert.rejects(generated([], { foldAt: 1 }), RangeError);
  });
});

test('a trust policy from who assumed the role', async () => {
  const role = `arn:aws:iam::${HOME}:role/deploy`;
  const federated = {
    type: 'WebIdentityUser',
    principalId: 'issuer.example.com:app:repo:x/y',
    userName: 'repo:x/y',
    identityProvider: `arn:aws:iam::${HOME}:oidc-provider/issuer.example.com`,
  };
  const { trust, policy } = await generated(
    [
      recordOf('sts:AssumeRole', { roleArn: role, externalId: 'one' }),
      recordOf('sts:AssumeRole', { roleArn: role, sourceIdentity: 'x' }, { userIdentity: session }),
      recordOf('sts:AssumeRoleWithWebIdentity', { roleArn: role }, { userIdentity: federated }),
      recordOf('sts:AssumeRole', { roleArn: `${role}-other` }),
    ],
    { principal: role },
  );
  assert.equal(policy, undefined);
  assert.deepEqual((JSON.parse(trust as string) as { Statement: unknown }).Statement, [
    {
      Effect: 'Allow',
      Principal: { AWS: BOB },
      Action: ['sts:AssumeRole'],
      Condition: { StringEquals: { 'sts:ExternalId': ['one'] } },
    },
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:role/team/app' },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    },
    {
      Effect: 'Allow',
      Principal: { Federated: federated.identityProvider },
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: {
        StringEquals: { 'issuer.example.com:aud': ['app'], 'issuer.example.com:sub': ['repo:x/y'] },
      },
    },
  ]);
});

test('conditions that all calls meet are proposed, not applied', async () => {
  const through = { vpcEndpointId: 'vpce-1' };
  const records = [
    recordOf('s3:ListObjects', { bucketName: 'b', prefix: 'in/' }, through),
    get('in/1', through),
  ];
  const { proposals, statements } = await generated(records);
  assert.ok(statements.every(({ Condition }) => Condition === undefined));
  const conditions = proposals.map(({ condition }) => JSON.stringify(condition));
  assert.ok(conditions.includes('{"StringEquals":{"aws:SourceVpce":["vpce-1"]}}'), conditions.join());
  assert.ok(conditions.includes('{"StringLike":{"s3:prefix":["in/"]}}'));
  const { proposals: fewer } = await generated([
    ...records,
    get('in/2'),
    recordOf('s3:ListObjects', { bucketName: 'b' }),
  ]);
  assert.ok(!JSON.stringify(fewer).includes('vpce') && !JSON.stringify(fewer).includes('prefix'));
});

suite('beside the present policy', () => {
  test('it stays within, keeps conditions and denials, and says what was not used', async () => {
    const Condition = { IpAddress: { 'aws:SourceIp': ['203.0.113.0/24'] } };
    const deny = { Effect: 'Deny', Action: ['s3:*'], Resource: ['arn:aws:s3:::b/private/*'] };
    const present = text(
      { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::b/in/2026-*', Condition },
      { Effect: 'Allow', Action: ['iam:ListUsers', 'kms:*'], Resource: '*' },
      deny,
    );
    const records = [1, 2, 3, 4, 5, 6].map(day => get(`in/2026-0${day}`));
    const { statements, unused, diff } = await generated(records, {}, copyWith(present));
    assert.deepEqual(statements, [
      deny,
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::b/in/2026-*'], Condition },
    ]);
    assert.deepEqual(
      unused.map(({ action, used }) => [action, used]),
      [
        ['s3:*', ['s3:GetObject']],
        ['iam:ListUsers', []],
        ['kms:*', []],
      ],
    );
    assert.ok(diff?.some(({ change, action }) => change === 'no longer allowed' && action === 'kms:*'));
  });

  test('what a bucket policy allows needs nothing of its own', async () => {
    const policy = text({
      Effect: 'Allow',
      Principal: { AWS: BOB },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::b/*',
    });
    const copies = copyWith(text({ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }));
    const buckets = [{ name: 'b', region: 'us-east-1', policy }];
    const { policy: own } = await generated([get('k')], {}, [{ ...copies[0]!, buckets }]);
    assert.equal(own, undefined);
  });

  test('variables stay variables', async () => {
    const present = text({ Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::b/${aws:username}/*' });
    const { statements } = await generated([get('bob/1')], {}, copyWith(present));
    assert.deepEqual(statements[0]?.Resource, ['arn:aws:s3:::b/${aws:username}/*']);
  });
});

suite('whatever was called', () => {
  const bucket = fc.constantFrom('b', 'c');
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const key = fc.array(name, { minLength: 1, maxLength: 3 }).map(names => names.join('/'));
  const record = fc.oneof(
    fc
      .tuple(fc.constantFrom('GetObject', 'PutObject', 'DeleteObject', 'UploadPart'), bucket, key)
      .map(([operation, bucketName, key]) => recordOf(`s3:${operation}`, { bucketName, key })),
    fc.tuple(bucket, key).map(([bucketName, prefix]) => recordOf('s3:ListObjects', { bucketName, prefix })),
    name.map(roleName => recordOf('iam:GetRole', { roleName })),
  );
  const resource = fc.oneof(
    fc.constantFrom(
      '*',
      'arn:aws:s3:::*',
      'arn:aws:s3:::b',
      'arn:aws:s3:::b/*',
      'arn:aws:iam::111122223333:role/*',
      'arn:aws:s3:::?/a*',
    ),
    fc
      .tuple(bucket, key, fc.constantFrom('', '*', '/*'))
      .map(([one, at, end]) => `arn:aws:s3:::${one}/${at}${end}`),
  );
  const statement = fc.record({
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    Action: fc.constantFrom<string | string[]>(
      '*',
      's3:*',
      's3:Get*',
      ['s3:PutObject', 's3:ListBucket'],
      'iam:Get*',
      's3:*Object',
    ),
    Resource: fc.array(resource, { minLength: 1, maxLength: 3 }),
    Condition: fc.option(
      fc.constantFrom(
        { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
        { StringLike: { 's3:prefix': 'a*' } },
        { Bool: { 'aws:SecureTransport': 'true' } },
      ),
      { nil: undefined },
    ),
  });

  test('the generated policy allows it, and nothing that the present one does not allow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(statement, { minLength: 1, maxLength: 5 }),
        fc.array(record, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 4 }),
        async (statements, records, foldAt) => {
          const copies = copyWith(text(...statements));
          const world = worldOf(copies);
          // What the present policy allows is what the record would say of it.
          const before = new Replay(world);
          const allowed = records.filter(one => before.add(call(one)).outcome === 'same');
          const { policy, diff } = await generated(allowed, { foldAt }, copies);
          const grown =
            diff?.filter(({ change }) => change === 'allowed' || change === 'no longer denied') ?? [];
          if (policy !== undefined) assert.deepEqual(grown, [], policy);
          const document = policy ?? text({ Effect: 'Deny', Action: 's3:*', Resource: '*' });
          const after = new Replay(worldOf(withChange(copies, { name: 'generated', document, place: BOB })));
          for (const one of allowed) after.add(call(one));
          assert.deepEqual(after.report().groups, [], document);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('without a present policy it allows it as well, folded or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 5 }),
        async (records, foldAt) => {
          const { policy } = await generated(records, { foldAt });
          const after = new Replay(
            worldOf(withChange([], { name: 'generated', document: policy as string, place: BOB })),
          );
          for (const one of records) after.add(call(one));
          assert.deepEqual(after.report().groups, [], policy);
        },
      ),
      { numRuns: 100 },
    );
  });
});
