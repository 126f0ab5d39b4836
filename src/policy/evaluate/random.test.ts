import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy, evaluate, explain, type PolicyKind } from '../index.js';
import { ALICE, ANONYMOUS, AWAY, FEDERATED, HOME, ROOT, SERVICE, SESSION } from '../testing.test.support.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet, Principal } from '../types.js';
import { type NaivePolicy, type NaiveSet, type NaiveStatement, naive } from './naive.test.support.js';

const RUNS = 1500;

/** Few words, so that policies and requests meet often. */
const ACTIONS = ['s3:GetObject', 's3:GetObjectAcl', 's3:PutObject', 'sts:AssumeRole', 'kms:Decrypt'];
const ACTION_PATTERNS = [
  '*',
  's3:*',
  's3:Get*',
  'S3:getobject',
  's3:?etObject',
  'sts:AssumeRole',
  'sts:*',
  'kms:Decrypt',
  's3:PutObject',
];
const RESOURCES = [
  'arn:aws:s3:::b/alice/k',
  'arn:aws:s3:::b/k',
  'arn:aws:s3:::b',
  `arn:aws:iam::${HOME}:role/app`,
  'arn:aws:s3:::b/a:b',
];
const RESOURCE_PATTERNS = [
  '*',
  'arn:aws:s3:::b/*',
  'arn:aws:s3:::b',
  'arn:*:s3:::b/?',
  'arn:aws:s3:::b/${aws:username}/*',
  "arn:aws:s3:::b/${aws:PrincipalTag/t, 'k'}",
  'arn:aws:s3:::*:b',
  'arn:aws:iam::*:role/a*',
];
const PRINCIPALS: Principal[] = [
  ALICE,
  SESSION,
  FEDERATED,
  ROOT,
  SERVICE,
  ANONYMOUS,
  { ...ANONYMOUS, federatedProvider: 'idp.example.com' },
];
const AWS_PRINCIPALS = [
  '*',
  HOME,
  AWAY,
  `arn:aws:iam::${HOME}:root`,
  ALICE.arn,
  SESSION.arn,
  SESSION.roleArn,
  FEDERATED.arn,
  ALICE.uniqueId,
  SESSION.uniqueId,
] as string[];
const CONDITIONS: [string, string[], string[]][] = [
  [
    'String',
    [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
      'StringNotLike',
      'Null',
    ],
    ['alice', 'ALICE', 'a*', '${aws:username}', 'true', 'false'],
  ],
  [
    'Numeric',
    [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    ['5', '7'],
  ],
  [
    'Date',
    [
      'DateEquals',
      'DateNotEquals',
      'DateLessThan',
      'DateLessThanEquals',
      'DateGreaterThan',
      'DateGreaterThanEquals',
    ],
    ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ],
  ['Ip', ['IpAddress', 'NotIpAddress'], ['10.0.0.0/8', '10.1.2.3', '192.0.2.0/24']],
  [
    'Arn',
    ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    ['arn:aws:iam::*:user/*', ALICE.arn, '${aws:PrincipalArn}', '*'],
  ],
  ['Bool', ['Bool'], ['true', 'false']],
];
const KEYS: Record<string, string[]> = {
  String: ['aws:username', 'AWS:UserName', 'aws:PrincipalTag/t', 'aws:TagKeys'],
  Numeric: ['s3:max-keys'],
  Date: ['aws:CurrentTime'],
  Ip: ['aws:SourceIp'],
  Arn: ['aws:PrincipalArn', 'aws:SourceArn'],
  Bool: ['aws:SecureTransport'],
};

const some = <T>(values: readonly T[], max = 2) =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: max }),
  );

const condition = fc
  .constantFrom(...CONDITIONS)
  .chain(([type, operators, values]) =>
    fc.record({
      prefix: fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:'),
      operator: fc.constantFrom(...operators),
      suffix: fc.constantFrom('', '', 'IfExists'),
      key: fc.constantFrom(...(KEYS[type] as string[])),
      wanted: some(values),
    }),
  )
  .map(({ prefix, operator, suffix, key, wanted }) => ({
    [operator === 'Null' ? operator : `${prefix}${operator}${suffix}`]: { [key]: wanted },
  }));

const principals = fc.record(
  {
    AWS: some(AWS_PRINCIPALS, 3),
    Service: fc.constantFrom('ec2.amazonaws.com', 's3.amazonaws.com'),
    Federated: fc.constantFrom('idp.example.com'),
  },
  { requiredKeys: ['AWS'] },
);

function statement(kind: PolicyKind): fc.Arbitrary<NaiveStatement> {
  const actions = kind === 'trust' ? ['sts:AssumeRole', 'sts:*', 'sts:TagSession'] : ACTION_PATTERNS;
  const attached = ['resource', 'trust', 'key', 'resource-control'].includes(kind);
  return fc
    .record({
      effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Allow', 'Deny'),
      action: some(actions, 3),
      notAction: fc.integer({ min: 0, max: 9 }),
      resource: some(RESOURCE_PATTERNS, 3),
      notResource: fc.integer({ min: 0, max: 9 }),
      principal: kind === 'trust' ? principals : fc.oneof(fc.constant<'*'>('*'), principals),
      notPrincipal: fc.boolean(),
      conditions: fc.array(condition, { maxLength: 2 }),
    })
    .map(one => ({
      Effect: one.effect,
      [one.notAction === 0 ? 'NotAction' : 'Action']: one.action,
      ...(kind !== 'trust' && { [one.notResource === 0 ? 'NotResource' : 'Resource']: one.resource }),
      ...(attached && {
        [one.effect === 'Deny' && one.notPrincipal && kind === 'resource' ? 'NotPrincipal' : 'Principal']:
          one.principal,
      }),
      ...(one.conditions.length > 0 && { Condition: Object.assign({}, ...one.conditions) }),
    }));
}

const policyOf = (kind: PolicyKind): fc.Arbitrary<NaivePolicy> =>
  fc.record({
    Version: fc.constantFrom('2012-10-17', '2012-10-17', '2008-10-17'),
    Statement: fc.array(statement(kind), { minLength: 1, maxLength: 4 }),
  });

const listOf = (kind: PolicyKind) => fc.array(policyOf(kind), { maxLength: 2 });

const set: fc.Arbitrary<NaiveSet> = fc
  .constantFrom<'resource' | 'trust' | 'key'>('resource', 'trust', 'key')
  .chain(kind =>
    fc.record(
      {
        identity: listOf('identity'),
        boundary: policyOf('boundary'),
        session: listOf('session'),
        resource: policyOf(kind),
        resourceKind: fc.constant(kind),
        serviceControl: fc.array(listOf('service-control'), { maxLength: 2 }),
        resourceControl: fc.array(listOf('resource-control'), { maxLength: 1 }),
      },
      { requiredKeys: ['identity', 'resourceKind'] },
    ),
  );

const request: fc.Arbitrary<AuthorizationRequest> = fc.record(
  {
    principal: fc.constantFrom(...PRINCIPALS),
    action: fc.constantFrom(...ACTIONS),
    resource: fc.constantFrom(...RESOURCES),
    resourceAccount: fc.constantFrom(HOME, AWAY),
    context: fc.record(
      {
        'aws:username': fc.constantFrom('alice', 'bob', 'a*', ''),
        'aws:PrincipalTag/T': fc.constantFrom('k', 'true'),
        'aws:TagKeys': fc.array(fc.constantFrom('alice', 'true', 'z'), { maxLength: 2 }),
        's3:max-keys': fc.constantFrom('5', '6', 'x'),
        'aws:CurrentTime': fc.constantFrom('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'),
        'aws:SourceIp': fc.constantFrom('10.1.2.3', '192.0.2.1', '8.8.8.8'),
        'aws:PrincipalArn': fc.constantFrom(ALICE.arn, 'no-arn'),
        'aws:SourceArn': fc.constantFrom(ALICE.arn, SESSION.arn),
        'aws:SecureTransport': fc.constantFrom('true', 'false'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['principal', 'action', 'resource', 'context'] },
);

const named = (kind: PolicyKind, policy: NaivePolicy): NamedPolicy => ({
  name: kind,
  policy: compilePolicy(JSON.stringify(policy), kind),
});

function compiled(plain: NaiveSet): PolicySet {
  const { identity, boundary, session, resource, resourceKind, serviceControl, resourceControl } = plain;
  const levels = (kind: PolicyKind, all: NaivePolicy[][]) =>
    all.map(level => level.map(one => named(kind, one)));
  return {
    identity: identity.map(one => named('identity', one)),
    ...(boundary && { boundary: named('boundary', boundary) }),
    ...(session && { session: session.map(one => named('session', one)) }),
    ...(resource && { resource: named(resourceKind ?? 'resource', resource) }),
    ...(resourceKind && { resourceKind }),
    ...(serviceControl && { serviceControl: levels('service-control', serviceControl) }),
    ...(resourceControl && { resourceControl: levels('resource-control', resourceControl) }),
  };
}

const decide = (asked: AuthorizationRequest, plain: NaiveSet) => evaluate(asked, compiled(plain)).allowed;

/** Every policy of a set, with its kind, to be changed in place. */
function policiesOf(plain: NaiveSet): [PolicyKind, NaivePolicy][] {
  return [
    ...plain.identity.map((one): [PolicyKind, NaivePolicy] => ['identity', one]),
    ...(plain.session ?? []).map((one): [PolicyKind, NaivePolicy] => ['session', one]),
    ...(plain.boundary ? [['boundary', plain.boundary] as [PolicyKind, NaivePolicy]] : []),
    ...(plain.resource
      ? [[plain.resourceKind ?? 'resource', plain.resource] as [PolicyKind, NaivePolicy]]
      : []),
    ...(plain.serviceControl ?? []).flat().map((one): [PolicyKind, NaivePolicy] => ['service-control', one]),
    ...(plain.resourceControl ?? [])
      .flat()
      .map((one): [PolicyKind, NaivePolicy] => ['resource-control', one]),
  ];
}

/** A statement more in one of the policies. */
function withStatement(
  plain: NaiveSet,
  which: number,
  extra: Record<PolicyKind, NaiveStatement>,
  effect: 'Allow' | 'Deny',
): NaiveSet {
  const copy = structuredClone(plain);
  const all = policiesOf(copy);
  const chosen = all[which % Math.max(1, all.length)];
  if (!chosen) return copy;
  const [kind, one] = chosen;
  const { NotPrincipal, ...statement } = extra[kind];
  one.Statement.push({ ...statement, Effect: effect, ...(NotPrincipal && { Principal: NotPrincipal }) });
  return copy;
}

const extras = fc.record({
  identity: statement('identity'),
  session: statement('session'),
  boundary: statement('boundary'),
  resource: statement('resource'),
  trust: statement('trust'),
  key: statement('key'),
  'service-control': statement('service-control'),
  'resource-control': statement('resource-control'),
});

const turned = <T>(values: readonly T[]): T[] => values.toReversed();

describe('over random policies and requests', () => {
  test('the engine decides like the naive evaluator', () => {
    const seen = { true: 0, false: 0 };
    fc.assert(
      // Several requests to the same compiled policies: what they remember must not show.
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), set, (requests, plain) => {
        const policies = compiled(plain);
        for (const asked of requests) {
          const expected = naive(asked, plain);
          seen[`${expected}`]++;
          assert.equal(evaluate(asked, policies).allowed, expected);
        }
      }),
      { numRuns: RUNS * 2 },
    );
    assert.ok(
      seen.true > RUNS / 20 && seen.false > RUNS / 20,
      `too one-sided to mean much: ${JSON.stringify(seen)}`,
    );
  });

  test('adding a Deny never allows', () => {
    fc.assert(
      fc.property(request, set, extras, fc.nat(), (asked, plain, extra, which) => {
        if (decide(asked, withStatement(plain, which, extra, 'Deny')))
          assert.equal(decide(asked, plain), true);
      }),
      { numRuns: RUNS },
    );
  });

  test('adding an Allow never denies', () => {
    fc.assert(
      fc.property(request, set, extras, fc.nat(), (asked, plain, extra, which) => {
        if (decide(asked, plain))
          assert.equal(decide(asked, withStatement(plain, which, extra, 'Allow')), true);
      }),
      { numRuns: RUNS },
    );
  });

  test('order never matters', () => {
    fc.assert(
      fc.property(request, set, (asked, plain) => {
        const copy = structuredClone(plain);
        for (const [, one] of policiesOf(copy)) one.Statement = turned(one.Statement);
        copy.identity = turned(copy.identity);
        if (copy.session) copy.session = turned(copy.session);
        if (copy.serviceControl) copy.serviceControl = turned(copy.serviceControl.map(turned));
        const context = Object.fromEntries(turned(Object.entries(asked.context)));
        assert.equal(decide({ ...asked, context }, copy), decide(asked, plain));
      }),
      { numRuns: RUNS },
    );
  });

  test('an explanation agrees with the decision, layer by layer', () => {
    fc.assert(
      fc.property(request, set, (asked, plain) => {
        const policies = compiled(plain);
        const decision = evaluate(asked, policies);
        const { evaluations, layers, policies: traces, nearMisses } = explain(asked, policies);
        assert.equal(evaluations[0].evaluatedEffect === 'ALLOW', decision.allowed);
        assert.equal(
          layers.some(({ blocks }) => blocks),
          !decision.allowed,
        );
        if (!decision.allowed) {
          const effect = decision.effect === 'ExplicitDeny' ? 'EXPLICIT_DENY' : 'IMPLICIT_DENY';
          const found = layers.some(
            one => one.layer === decision.layer && one.blocks && one.evaluatedEffect === effect,
          );
          assert.ok(found, `${decision.layer} ${effect}`);
        }
        for (const { statements } of traces) {
          for (const { matched, mismatches } of statements) assert.equal(matched, mismatches.length === 0);
        }
        for (const { uri } of nearMisses)
          assert.ok(uri === undefined || traces.some(trace => trace.uri === uri));
      }),
      { numRuns: RUNS },
    );
  });
});
