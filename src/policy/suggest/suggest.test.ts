import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy, evaluate, type PolicyKind, remedyFor, type Suggestion, suggest } from '../index.js';
import {
  ALICE,
  ALLOW_ALL,
  ANONYMOUS,
  AWAY,
  ask,
  document,
  FEDERATED,
  HOME,
  policy,
  ROOT,
  SERVICE,
  SESSION,
} from '../testing.test.support.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet } from '../types.js';
import { withChange } from './policy-set.js';

/** The set with every suggestion followed. */
function followed(policies: PolicySet, suggestions: readonly Suggestion[]): PolicySet {
  return suggestions.reduce((set, one) => withChange(set, one) ?? set, policies);
}

const grant = (Action: string | string[], Resource: string | string[]) =>
  policy('identity', { Effect: 'Allow', Action, Resource });

describe('suggestions', () => {
  test('there is none for what is allowed', () => {
    assert.deepEqual(suggest(ask(), { identity: [policy('identity', ALLOW_ALL)] }), []);
  });

  test('a new policy where there is none', () => {
    const [suggestion, ...others] = suggest(ask(), { identity: [] });
    assert.deepEqual(others, []);
    assert.deepEqual(suggestion?.document, {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/key' }],
    });
    assert.equal(suggestion?.patch, undefined);
  });

  test('a statement more, in a list or beside a single one', () => {
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/key' };
    assert.deepEqual(suggest(ask(), { identity: [grant('sqs:*', '*')] })[0]?.patch, [
      { op: 'add', path: '/Statement/-', value: statement },
    ]);
    const single = { Effect: 'Allow', Action: 'sqs:*', Resource: '*' };
    const identity = [document('identity', { Version: '2012-10-17', Statement: single })];
    assert.deepEqual(suggest(ask(), { identity })[0]?.patch, [
      { op: 'replace', path: '/Statement', value: [single, statement] },
    ]);
  });

  test('a resource more where a statement allows this action alone', () => {
    const one = suggest(ask(), { identity: [grant('s3:getobject', 'arn:aws:s3:::bucket')] })[0];
    assert.deepEqual(one?.patch, [
      {
        op: 'replace',
        path: '/Statement/0/Resource',
        value: ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/key'],
      },
    ]);
    assert.match(one?.message ?? '', /Add arn:aws:s3:::bucket\/key to the resources of statement 1/);
    const list = suggest(ask(), { identity: [grant('s3:GetObject', ['arn:aws:s3:::a/*'])] })[0];
    assert.deepEqual(list?.patch, [
      { op: 'add', path: '/Statement/0/Resource/-', value: 'arn:aws:s3:::bucket/key' },
    ]);
    const several = suggest(ask(), {
      identity: [grant(['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::a/*')],
    })[0];
    assert.equal(several?.patch?.[0]?.path, '/Statement/-');
  });

  test('the caller is named in full, never everyone', () => {
    const statement = (request: Partial<AuthorizationRequest>, kind: 'resource' | 'trust' | 'key') =>
      suggest(
        ask({ resourceAccount: AWAY, ...(kind === 'trust' && { action: 'sts:AssumeRole' }), ...request }),
        {
          identity: [policy('identity', ALLOW_ALL)],
          session: [policy('session', ALLOW_ALL)],
          resourceKind: kind,
        },
      )[0]?.statement;
    assert.deepEqual(statement({ principal: SESSION }, 'trust'), {
      Effect: 'Allow',
      Principal: { AWS: SESSION.roleArn },
      Action: 'sts:AssumeRole',
    });
    assert.deepEqual(statement({ principal: ROOT }, 'resource')?.['Principal'], { AWS: ROOT.arn });
    assert.deepEqual(statement({ principal: FEDERATED }, 'resource')?.['Principal'], { AWS: FEDERATED.arn });
    assert.deepEqual(statement({ principal: SERVICE }, 'resource')?.['Principal'], {
      Service: 'ec2.amazonaws.com',
    });
    assert.deepEqual(
      statement({ principal: { ...ANONYMOUS, federatedProvider: 'idp' } }, 'trust')?.['Principal'],
      { Federated: 'idp' },
    );
    assert.equal(statement({ principal: ALICE }, 'key')?.['Resource'], '*');
    const [anonymous] = suggest(ask({ principal: ANONYMOUS, resourceAccount: HOME }), { identity: [] });
    assert.equal(anonymous?.statement, undefined);
    assert.match(anonymous?.message ?? '', /sign the request/);
  });

  test('wildcards in a name are escaped', () => {
    const request = ask({ resource: 'arn:aws:s3:::bucket/a*${x}?' });
    const [suggestion] = suggest(request, { identity: [grant('sqs:*', '*')] });
    assert.equal(suggestion?.statement?.['Resource'], 'arn:aws:s3:::bucket/a${*}${$}{x}${?}');
    const old = document('identity', {
      Version: '2008-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::a' }],
    });
    assert.equal(suggest(request, { identity: [old] })[0]?.policy, undefined);
  });

  test('followed, they allow the request and no neighbour of it', () => {
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
      Action: fc.constantFrom<string | string[]>(
        's3:GetObject',
        ['s3:PutObject', 's3:GetObject'],
        'sqs:*',
        's3:*',
        '*',
      ),
      Resource: fc.constantFrom<string | string[]>('*', 'arn:aws:s3:::bucket', [
        'arn:aws:s3:::a/*',
        'arn:aws:s3:::bucket/*',
      ]),
    });
    const made = (kind: PolicyKind) =>
      fc.array(statement, { minLength: 1, maxLength: 2 }).map(all => policy(kind, ...all));
    const attached = fc
      .array(statement, { minLength: 1, maxLength: 2 })
      .map(all => policy('resource', ...all.map(one => ({ ...one, Principal: { AWS: AWAY } }))));
    const sets = fc.record(
      {
        identity: fc.array(made('identity'), { maxLength: 2 }),
        boundary: made('boundary'),
        session: fc.array(made('session'), { maxLength: 1 }),
        resource: attached,
        serviceControl: fc.array(fc.array(made('service-control'), { maxLength: 1 }), { maxLength: 2 }),
        resourceControl: fc.constant([[]]),
      },
      { requiredKeys: ['identity'] },
    );
    const requests = fc.record({
      principal: fc.constantFrom(ALICE, SESSION, SERVICE),
      action: fc.constantFrom('s3:GetObject', 's3:PutObject'),
      resource: fc.constantFrom('arn:aws:s3:::bucket/key', 'arn:aws:s3:::bucket/*'),
      resourceAccount: fc.constantFrom(HOME, AWAY),
      context: fc.constant({}),
    });
    let mended = 0;
    fc.assert(
      fc.property(requests, sets, (request, policies) => {
        const suggestions = suggest(request, policies);
        if (suggestions.some(one => !one.patch && !one.document)) return;
        const after = followed(policies, suggestions);
        assert.equal(evaluate(request, after).allowed, true);
        if (suggestions.some(one => one.wider !== undefined)) return;
        const neighbours = [
          { ...request, action: 's3:DeleteObject' },
          { ...request, resource: `${request.resource}x` },
        ];
        for (const neighbour of neighbours) {
          assert.equal(evaluate(neighbour, after).allowed, evaluate(neighbour, policies).allowed);
        }
        if (suggestions.length > 0) mended++;
      }),
      { numRuns: 2000 },
    );
    assert.ok(mended > 200);
  });
});

describe('a Deny', () => {
  const open = [policy('identity', ALLOW_ALL)];
  const context = {
    'aws:PrincipalArn': ALICE.arn,
    'aws:SecureTransport': 'false',
    'aws:SourceIp': '203.0.113.9',
  };
  /** The one suggestion for a Deny of the bucket's policy, and whether following it allows the request. */
  const limited = (statement: object, request: Partial<AuthorizationRequest> = {}) => {
    const deny = {
      Sid: 'No',
      Effect: 'Deny',
      ...('NotPrincipal' in statement ? {} : { Principal: '*' }),
      ...statement,
    };
    const policies = { identity: open, resource: policy('resource', deny) };
    const asked = ask({ context, ...request });
    const suggestions = suggest(asked, policies);
    assert.equal(suggestions.length, 1);
    return { ...suggestions[0], allowed: evaluate(asked, followed(policies, suggestions)).allowed };
  };
  const all = { Action: 's3:*', Resource: '*' };

  test('that the request could meet is left alone: the request is to change', () => {
    const plain = limited({ ...all, Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    assert.match(
      plain.message ?? '',
      /^Statement 1 \("No"\) of resource policy denies .* Change the request: send it over TLS/,
    );
    assert.equal(plain.patch, undefined);
    const header = limited(
      { ...all, Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } } },
      { action: 's3:PutObject' },
    );
    assert.match(header.message ?? '', /send the header x-amz-server-side-encryption with aws:kms/);
  });

  test('of every resource spares this one, for this action alone', () => {
    const { patch, wider, allowed } = limited(all);
    assert.deepEqual(patch, [
      {
        op: 'replace',
        path: '/Statement/0',
        value: {
          Sid: 'No',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          NotResource: 'arn:aws:s3:::bucket/key',
        },
      },
      {
        op: 'add',
        path: '/Statement/-',
        value: {
          Effect: 'Deny',
          Principal: '*',
          NotAction: 's3:GetObject',
          Resource: 'arn:aws:s3:::bucket/key',
        },
      },
    ]);
    assert.deepEqual([wider, allowed], [undefined, true]);
  });

  test('of several actions on this resource loses this action', () => {
    const { patch, wider, allowed } = limited({
      Action: ['s3:PutObject', 's3:GetObject'],
      Resource: 'arn:aws:s3:::bucket/key',
    });
    assert.deepEqual(patch, [{ op: 'replace', path: '/Statement/0/Action', value: ['s3:PutObject'] }]);
    assert.deepEqual([wider, allowed], [undefined, true]);
  });

  test('of all but some actions spares this one too', () => {
    const { patch, wider, allowed } = limited({ NotAction: 's3:List*', Resource: '*' });
    assert.deepEqual(patch, [
      { op: 'replace', path: '/Statement/0/NotAction', value: ['s3:List*', 's3:GetObject'] },
    ]);
    assert.equal(wider, 'It spares s3:GetObject on every resource.');
    assert.equal(allowed, true);
  });

  test('of all but some values gets the request’s', () => {
    const { patch, wider, allowed } = limited({
      Action: 's3:Get*',
      Resource: 'arn:aws:s3:::bucket/*',
      Condition: { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
    });
    assert.deepEqual(patch, [
      {
        op: 'replace',
        path: '/Statement/0/Condition/NotIpAddress/aws:SourceIp',
        value: ['192.0.2.0/24', '203.0.113.9'],
      },
    ]);
    assert.match(wider ?? '', /every request with this aws:SourceIp/);
    assert.equal(allowed, true);
  });

  test('that can be limited in no other way spares the caller', () => {
    const { patch, wider, allowed } = limited({ Action: 's3:Get*', Resource: 'arn:aws:s3:::bucket/*' });
    assert.deepEqual(patch, [
      {
        op: 'add',
        path: '/Statement/0/Condition',
        value: { ArnNotEquals: { 'aws:PrincipalArn': [ALICE.arn] } },
      },
    ]);
    assert.deepEqual([wider, allowed], ['It spares the caller from the whole statement.', true]);
  });

  test('with NotPrincipal lists every principal of the caller', () => {
    const { patch, allowed } = limited(
      { ...all, NotPrincipal: { AWS: [SESSION.roleArn], Service: 'ec2.amazonaws.com' } },
      { principal: SESSION },
    );
    assert.deepEqual(patch, [
      {
        op: 'replace',
        path: '/Statement/0/NotPrincipal',
        value: { AWS: [SESSION.roleArn, ROOT.arn, SESSION.arn], Service: 'ec2.amazonaws.com' },
      },
    ]);
    assert.equal(allowed, true);
  });

  test('of AWS’s own is not changed', () => {
    const arn = 'arn:aws:iam::aws:policy/AWSDenyAll';
    const identity = [{ ...policy('identity', { Effect: 'Deny', Action: '*', Resource: '*' }), arn }];
    const [suggestion] = suggest(ask({ context }), { identity });
    assert.match(suggestion?.message ?? '', /AWS manages the policy: detach it/);
    assert.equal(suggestion?.patch, undefined);
  });
});

describe('the remedy', () => {
  test('is one document, one diff and one command for each policy', () => {
    const inline: NamedPolicy = {
      ...policy(
        'identity',
        { Effect: 'Allow', Action: 'sqs:*', Resource: '*' },
        { Sid: 'No', Effect: 'Deny', Action: 's3:GetObject', Resource: '*' },
      ),
      place: { kind: 'inline', of: 'user', entity: 'alice', policy: 'own' },
    };
    const { changes, suffices } = remedyFor(ask(), { identity: [inline] });
    assert.equal(suffices, true);
    assert.equal(changes.length, 1);
    const [change] = changes;
    assert.equal(
      change?.command,
      'aws iam put-user-policy --user-name alice --policy-name own --policy-document file://policy.json',
    );
    const after = JSON.parse(change?.document ?? '') as { Statement: { Effect: string }[] };
    assert.deepEqual(
      after.Statement.map(({ Effect }) => Effect),
      ['Allow', 'Deny', 'Allow'],
    );
    assert.match(change?.diff ?? '', /^--- identity policy\n\+\+\+ policy\.json\n@@ /);
    assert.match(change?.diff ?? '', /\n\+ {6}"NotResource": "arn:aws:s3:::bucket\/key"/);
  });

  test('leaves alone what others share, and what AWS manages', () => {
    const shared: NamedPolicy[] = [
      {
        ...policy('identity', { Effect: 'Allow', Action: 'sqs:*', Resource: '*' }),
        arn: 'arn:aws:iam::aws:policy/X',
      },
      {
        ...policy('identity', { Effect: 'Allow', Action: 'sqs:*', Resource: '*' }),
        arn: `arn:aws:iam::${HOME}:policy/Y`,
      },
      {
        ...policy('identity', { Effect: 'Allow', Action: 'sqs:*', Resource: '*' }),
        place: { kind: 'inline', of: 'group', entity: 'all', policy: 'g' },
      },
    ];
    const [change] = remedyFor(ask({ principal: SESSION }), { identity: shared }).changes;
    assert.equal(change?.policy, undefined);
    assert.equal(
      change?.command,
      'aws iam put-role-policy --role-name app --policy-name Allow-s3-GetObject --policy-document file://policy.json',
    );
  });

  test('changes a key’s policy without the grants that stand beside it in a decision', () => {
    const source = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: AWAY }, Action: 'kms:*', Resource: '*' },
    });
    const grant = {
      Sid: 'Grant 1',
      Effect: 'Allow',
      Principal: { AWS: SESSION.roleArn },
      Action: 'kms:Encrypt',
      Resource: '*',
    };
    const withGrants = JSON.stringify({
      Version: '2012-10-17',
      Statement: [JSON.parse(source).Statement, grant],
    });
    const key: NamedPolicy = {
      name: 'key policy',
      policy: compilePolicy(withGrants, 'key'),
      source,
      place: { kind: 'key', key: 'k' },
    };
    const request = ask({ action: 'kms:Decrypt', resource: `arn:aws:kms:us-east-1:${HOME}:key/k` });
    const { changes, suffices } = remedyFor(request, {
      identity: open(),
      resource: key,
      resourceKind: 'key',
    });
    assert.equal(suffices, true);
    assert.equal(
      changes[0]?.command,
      'aws kms put-key-policy --key-id k --policy-name default --policy file://policy.json',
    );
    const { Statement } = JSON.parse(changes[0]?.document ?? '') as { Statement: object[] };
    assert.deepEqual(Statement, [
      JSON.parse(source).Statement,
      { Effect: 'Allow', Principal: { AWS: ALICE.arn }, Action: 'kms:Decrypt', Resource: '*' },
    ]);
  });

  // aws-sdk-java-v2#2554: a role's own policy asks for a second factor, which its sessions never carry.
  test('says where a condition belongs that can never hold', () => {
    const condition = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
    const identity = [
      policy('identity', { Effect: 'Allow', Action: 's3:*', Resource: '*', Condition: condition }),
    ];
    const request = ask({ principal: SESSION, context: { 'aws:MultiFactorAuthPresent': 'false' } });
    const [change] = remedyFor(request, { identity }).changes;
    assert.match(
      change?.message ?? '',
      /Or mend the statement that is there: .* put the condition into the role’s trust policy/,
    );
  });

  test('names the caller in the trust policy alone where that is enough', () => {
    const trust = policy('trust', { Effect: 'Allow', Principal: { AWS: AWAY }, Action: 'sts:AssumeRole' });
    const request = ask({
      action: 'sts:AssumeRole',
      resource: `arn:aws:iam::${HOME}:role/r`,
      resourceAccount: HOME,
    });
    const same = remedyFor(request, { identity: [], resource: trust, resourceKind: 'trust' });
    assert.deepEqual(
      same.changes.map(({ layer }) => layer),
      ['trust'],
    );
    const foreign = remedyFor(
      { ...request, resourceAccount: AWAY },
      { identity: [], resource: trust, resourceKind: 'trust' },
    );
    assert.deepEqual(
      foreign.changes.map(({ layer }) => layer),
      ['trust', 'identity'],
    );
    assert.deepEqual([same.suffices, foreign.suffices], [true, true]);
  });

  const open = () => [policy('identity', ALLOW_ALL)];
});
