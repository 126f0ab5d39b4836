import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy, evaluate, type PolicyKind, type Suggestion, suggest } from './index.js';
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
} from './testing.test.support.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet } from './types.js';

/** RFC 6902, as far as suggestions use it. */
function patched(text: string, { patch = [] }: Suggestion): string {
  const root = JSON.parse(text) as Record<string, unknown>;
  for (const { op, path, value } of patch) {
    const keys = path.slice(1).split('/');
    const last = keys.pop() as string;
    const parent = keys.reduce<Record<string, unknown>>(
      (node, key) => node[key] as Record<string, unknown>,
      root,
    );
    if (op === 'add') {
      assert.ok(last === '-' && Array.isArray(parent));
      parent.push(value);
    } else parent[last] = value;
  }
  return JSON.stringify(root);
}

/** The set with every suggestion followed. */
function followed(policies: PolicySet, suggestions: readonly Suggestion[]): PolicySet {
  const kindOf = (layer: string): PolicyKind => layer as PolicyKind;
  const change = (policy: NamedPolicy, suggestion: Suggestion): NamedPolicy =>
    policy === suggestion.policy
      ? { ...policy, policy: compilePolicy(patched(policy.policy.text, suggestion), policy.policy.kind) }
      : policy;
  const made = (suggestion: Suggestion): NamedPolicy[] =>
    suggestion.document
      ? [
          {
            name: 'new',
            policy: compilePolicy(JSON.stringify(suggestion.document), kindOf(suggestion.layer)),
          },
        ]
      : [];
  let set = policies;
  for (const suggestion of suggestions) set = withChange(set, suggestion);
  return set;

  function withChange(set: PolicySet, one: Suggestion): PolicySet {
    const list = (policies: readonly NamedPolicy[] = []) => [
      ...policies.map(policy => change(policy, one)),
      ...made(one),
    ];
    const levels = (all: readonly (readonly NamedPolicy[])[] = []) =>
      all.map((level, i) => (i === one.level ? list(level) : level));
    switch (one.layer) {
      case 'identity':
        return { ...set, identity: list(set.identity) };
      case 'session':
        return { ...set, session: list(set.session) };
      case 'boundary':
        return { ...set, boundary: list(set.boundary && [set.boundary])[0] as NamedPolicy };
      case 'service-control':
        return { ...set, serviceControl: levels(set.serviceControl) };
      case 'resource-control':
        return { ...set, resourceControl: levels(set.resourceControl) };
      default:
        return { ...set, resource: list(set.resource && [set.resource])[0] as NamedPolicy };
    }
  }
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
      suggest(ask({ resourceAccount: AWAY, ...request }), {
        identity: [policy('identity', ALLOW_ALL)],
        session: [policy('session', ALLOW_ALL)],
        resourceKind: kind,
      })[0]?.statement;
    assert.deepEqual(statement({ principal: SESSION }, 'trust'), {
      Effect: 'Allow',
      Principal: { AWS: SESSION.roleArn },
      Action: 's3:GetObject',
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

  test('a Deny is named, not weakened', () => {
    const deny = policy('boundary', ALLOW_ALL, { Effect: 'Deny', Action: 's3:*', Resource: '*' });
    const [suggestion] = suggest(ask(), { identity: [policy('identity', ALLOW_ALL)], boundary: deny });
    assert.deepEqual(
      [suggestion?.layer, suggestion?.policy, suggestion?.patch],
      ['boundary', deny, undefined],
    );
    assert.match(suggestion?.message ?? '', /^Statement 2 of boundary policy denies/);
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
      Action: fc.constantFrom<string | string[]>('s3:GetObject', ['s3:PutObject', 's3:GetObject'], 'sqs:*'),
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
