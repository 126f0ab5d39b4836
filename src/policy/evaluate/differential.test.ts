import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { compilePolicy, evaluate, type PolicyKind } from '../index.js';
import { ALICE, AWAY, FEDERATED, HOME, ROOT, SESSION } from '../testing.test.support.js';
import type { AuthorizationRequest, NamedPolicy, Principal } from '../types.js';

/**
 * The engine beside another one, @cloud-copilot/iam-simulate, over generated requests. Where they differ, a rule of
 * `DIFFERENCES` must say why, with the document that decides it.
 */
const RUNS = 600;
/** Fixed, so that a run tells of the code and not of luck. */
const SEED = 20261122;

interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}
interface Statement {
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}
interface Case {
  readonly request: AuthorizationRequest;
  readonly identity: readonly Policy[];
  readonly boundary?: Policy;
  readonly session?: Policy;
  readonly resource?: Policy;
  readonly serviceControl?: readonly Policy[];
  readonly resourceControl?: readonly Policy[];
}

interface Difference {
  readonly what: string;
  /** The document that decides. */
  readonly source: string;
  /** Whether it may show in a generated case. */
  applies(one: Case): boolean;
  /** A case in which it does. */
  readonly example: Case;
}

/** Whether the resource policy names a principal. */
const names = ({ resource }: Case, value: string) =>
  (resource?.Statement ?? []).some(({ Principal }) => JSON.stringify(Principal ?? '').includes(`"${value}"`));

const hasLimits = ({ boundary, session }: Case) => (boundary ?? session) !== undefined;
const isFederated = ({ request }: Case) => request.principal.type === 'federated-user';

/** The generator does not make these: they show in their example only. */
const never = () => false;

const allow = (more: object = {}): Policy => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', ...more } as Statement],
});
const example = (principal: Principal, rest: Partial<Case>, context: object = {}): Case => ({
  identity: [],
  ...rest,
  request: {
    principal,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::b/home/alice/k',
    resourceAccount: HOME,
    context: { 'aws:PrincipalArn': principal.arn, ...context },
  },
});
const under = (condition: object, context: object): Case =>
  example(ALICE, { identity: [allow({ Condition: condition })] }, context);

const DIFFERENCES: readonly Difference[] = [
  {
    what: 'The root user needs no identity policy; iam-simulate asks it for one.',
    source: 'IAM User Guide, "Policy evaluation logic": the root user has full access to its account',
    applies: ({ request }) => request.principal.type === 'root',
    example: example(ROOT, {}),
  },
  {
    what: 'What a resource policy allows everyone, or a session by its ARN, is not limited by boundaries and session policies.',
    source:
      'IAM User Guide, "Policy evaluation logic": IAM role session; "AWS JSON policy elements: Principal"',
    applies: one => hasLimits(one) && (names(one, '*') || names(one, one.request.principal.arn)),
    example: example(SESSION, {
      resource: allow({ Principal: { AWS: SESSION.arn } }),
      session: allow({ Action: 's3:PutObject' }),
    }),
  },
  {
    what: 'A federated session that was issued without a session policy has no permissions by itself.',
    source: 'IAM User Guide, "Permissions for GetFederationToken"',
    applies: one => isFederated(one) && one.session === undefined,
    example: example(FEDERATED, { identity: [allow()] }),
  },
  {
    what: 'A resource policy that names the user who federated reaches the session; iam-simulate cannot be told who that is.',
    source: 'IAM User Guide, "Policy evaluation logic": IAM federated user sessions',
    applies: one => isFederated(one) && names(one, ALICE.arn),
    example: example(FEDERATED, { resource: allow({ Principal: { AWS: ALICE.arn } }), session: allow() }),
  },
  {
    what: 'ForAnyValue with IfExists holds where the key is absent.',
    source: 'IAM User Guide, "Condition operators": IfExists',
    applies: never,
    example: under({ 'ForAnyValue:StringEqualsIfExists': { 'aws:CalledVia': 'a' } }, {}),
  },
  {
    what: 'Without a set operator, one matching value of a key with several suffices. AWS requires the operator and says no more.',
    source: 'IAM User Guide, "Multivalued context keys"',
    applies: never,
    example: under({ StringEquals: { 'aws:CalledVia': 'a' } }, { 'aws:CalledVia': ['a', 'b'] }),
  },
  {
    what: '"*" is a pattern for any ARN.',
    source:
      'IAM User Guide, "Condition operators": ARN condition operators take wildcards; nothing is said of shorter patterns',
    applies: never,
    example: under({ ArnLike: { 'aws:PrincipalArn': '*' } }, {}),
  },
  {
    what: 'Listing an account in NotPrincipal spares its root user, not every user in it.',
    source: 'IAM User Guide, "AWS JSON policy elements: NotPrincipal": the account is listed beside the user',
    applies: never,
    example: example(ALICE, {
      identity: [allow()],
      resource: allow({ Effect: 'Deny', NotPrincipal: { AWS: HOME } }),
    }),
  },
];

const OBJECT = 'arn:aws:s3:::b/home/alice/k';
const BUCKET = 'arn:aws:s3:::b';

const some = <T>(...values: readonly T[]) =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }),
  );

const condition = fc.oneof(
  fc.record({ StringEquals: fc.record({ 'aws:username': some('alice', 'bob', '${aws:username}') }) }),
  fc.record({ StringNotEquals: fc.record({ 'aws:username': some('alice', 'bob') }) }),
  fc.record({ StringLike: fc.record({ 'aws:username': some('a*', '?ob', '${aws:PrincipalTag/t}') }) }),
  fc.record({ StringNotLikeIfExists: fc.record({ 'AWS:UserName': some('a*') }) }),
  fc.record({ StringEqualsIgnoreCase: fc.record({ 'aws:username': some('ALICE') }) }),
  fc.record({ Bool: fc.record({ 'aws:SecureTransport': fc.constantFrom('true', 'false') }) }),
  fc.record({ BoolIfExists: fc.record({ 'aws:SecureTransport': fc.constantFrom('true', 'false') }) }),
  fc.record({ IpAddress: fc.record({ 'aws:SourceIp': some('10.0.0.0/8', '192.0.2.0/24') }) }),
  fc.record({ NotIpAddress: fc.record({ 'aws:SourceIp': some('10.0.0.0/8', '2001:db8::/32') }) }),
  fc.record({ DateLessThan: fc.record({ 'aws:CurrentTime': some('2026-06-01T00:00:00Z') }) }),
  fc.record({ DateGreaterThanEquals: fc.record({ 'aws:CurrentTime': some('2026-06-01T00:00:00Z') }) }),
  fc.record({
    ArnLike: fc.record({ 'aws:PrincipalArn': some('arn:aws:iam::*:user/*', SESSION.roleArn as string) }),
  }),
  fc.record({ ArnNotEquals: fc.record({ 'aws:PrincipalArn': some(ALICE.arn) }) }),
  fc.record({ Null: fc.record({ 'aws:username': fc.constantFrom('true', 'false') }) }),
);

const principalElement = fc.oneof(
  fc.constant<unknown>('*'),
  fc.record<Record<string, unknown>>({
    AWS: some(
      '*',
      HOME,
      AWAY,
      `arn:aws:iam::${HOME}:root`,
      ALICE.arn,
      SESSION.arn,
      SESSION.roleArn,
      FEDERATED.arn,
    ),
  }),
);

function policyOf(kind: PolicyKind): fc.Arbitrary<Policy> {
  const attached = kind === 'resource' || kind === 'resource-control';
  const statement = fc
    .record({
      effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      action: some('*', 's3:*', 's3:Get*', 's3:GetObject', 'S3:getobject', 's3:ListBucket', 'sqs:*'),
      resource: some(
        '*',
        'arn:aws:s3:::b/*',
        BUCKET,
        'arn:aws:s3:::b/home/${aws:username}/*',
        'arn:*:s3:::?',
        'arn:aws:s3:::other/*',
      ),
      not: fc.integer({ min: 0, max: 11 }),
      principal: principalElement,
      condition: fc.option(condition, { nil: undefined, freq: 2 }),
    })
    .map(({ effect, action, resource, not, principal, condition }) => {
      // S3 takes its own actions only; a service control policy that allows knows no NotAction.
      const own = kind === 'resource' || kind === 'resource-control' ? 's3:*' : action;
      return {
        Effect: kind === 'resource-control' ? 'Deny' : effect,
        [not === 0 && effect === 'Deny' ? 'NotAction' : 'Action']: own,
        [not === 1 ? 'NotResource' : 'Resource']: resource,
        ...(attached && {
          [not === 2 && effect === 'Deny' && kind === 'resource' ? 'NotPrincipal' : 'Principal']:
            kind === 'resource' ? principal : '*',
        }),
        ...(condition && { Condition: condition as Statement['Condition'] }),
      } as Statement;
    });
  return fc.record({
    Version: fc.constant('2012-10-17' as const),
    Statement: fc.array(statement, { minLength: 1, maxLength: 3 }),
  });
}

const PRINCIPALS: readonly Principal[] = [
  ALICE,
  { ...SESSION, roleArn: `arn:aws:iam::${HOME}:role/app` },
  ROOT,
  FEDERATED,
];

/** Only what can be: root has no policies of its own, and a user's keys carry no session policy. */
function possible(one: Case): Case {
  const { boundary, session, identity, ...rest } = one;
  const { type } = one.request.principal;
  if (type === 'root') return { ...rest, identity: [] };
  return { ...rest, identity, ...(boundary && { boundary }), ...(session && type !== 'user' && { session }) };
}

const cases: fc.Arbitrary<Case> = fc
  .record(
    {
      request: fc
        .record({
          principal: fc.constantFrom(...PRINCIPALS),
          what: fc.constantFrom(['s3:GetObject', OBJECT] as const, ['s3:ListBucket', BUCKET] as const),
          resourceAccount: fc.constantFrom(HOME, HOME, AWAY),
          context: fc.record(
            {
              'aws:username': fc.constantFrom('alice', 'bob'),
              'aws:PrincipalTag/t': fc.constantFrom('alice', 'x'),
              'aws:SecureTransport': fc.constantFrom('true', 'false'),
              'aws:SourceIp': fc.constantFrom('10.1.1.1', '192.0.2.7', '2001:db8::1'),
              'aws:CurrentTime': fc.constantFrom('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'),
            },
            { requiredKeys: [] },
          ),
        })
        .map(({ principal, what: [action, resource], resourceAccount, context }) => ({
          principal,
          action,
          resource,
          resourceAccount,
          context: {
            ...context,
            'aws:PrincipalArn': principal.roleArn ?? principal.arn,
          } as AuthorizationRequest['context'],
        })),
      identity: fc.array(policyOf('identity'), { maxLength: 2 }),
      boundary: policyOf('boundary'),
      session: policyOf('session'),
      resource: policyOf('resource'),
      serviceControl: fc.array(policyOf('service-control'), { minLength: 1, maxLength: 2 }),
      resourceControl: fc.array(policyOf('resource-control'), { minLength: 1, maxLength: 1 }),
    },
    { requiredKeys: ['request', 'identity'] },
  )
  .map(possible);

const FULL: Policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } as Statement],
};

function ours(one: Case): boolean {
  const named =
    (kind: PolicyKind) =>
    (policy: Policy): NamedPolicy => ({ name: kind, policy: compilePolicy(JSON.stringify(policy), kind) });
  const { request, identity, boundary, session, resource, serviceControl, resourceControl } = one;
  return evaluate(request, {
    identity: identity.map(named('identity')),
    ...(boundary && { boundary: named('boundary')(boundary) }),
    ...(session && { session: [named('session')(session)] }),
    ...(resource && { resource: named('resource')(resource) }),
    ...(serviceControl && {
      serviceControl: serviceControl.map(policy => [named('service-control')(policy)]),
    }),
    ...(resourceControl && { resourceControl: [[FULL, ...resourceControl].map(named('resource-control'))] }),
  }).allowed;
}

async function theirs(one: Case): Promise<boolean | string> {
  const { request, identity, boundary, session, resource, serviceControl, resourceControl } = one;
  const result = await runSimulation(
    {
      request: {
        principal: request.principal.arn,
        action: request.action,
        resource: { resource: request.resource, accountId: request.resourceAccount as string },
        contextVariables: request.context as Record<string, string>,
      },
      identityPolicies: identity.map((policy, index) => ({ name: `identity-${index}`, policy })),
      serviceControlPolicies: (serviceControl ?? []).map((policy, index) => ({
        orgIdentifier: `ou-${index}`,
        policies: [{ name: 'scp', policy }],
      })),
      resourceControlPolicies: resourceControl
        ? [{ orgIdentifier: 'ou-0', policies: resourceControl.map(policy => ({ name: 'rcp', policy })) }]
        : [],
      ...(resource && { resourcePolicy: resource }),
      ...(session && { sessionPolicy: session }),
      ...(boundary && { permissionBoundaryPolicies: [{ name: 'boundary', policy: boundary }] }),
    },
    {},
  );
  return result.resultType === 'error' ? JSON.stringify(result.errors) : result.overallResult === 'Allowed';
}

describe('beside iam-simulate', () => {
  test('every difference has its reason', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(cases, async one => {
        const other = await theirs(one);
        // It refuses some policies and keys that S3 would take.
        if (typeof other === 'string') return;
        compared++;
        if (other === ours(one)) return;
        assert.ok(
          DIFFERENCES.some(({ applies }) => applies(one)),
          `ours: ${ours(one)}, theirs: ${other}`,
        );
      }),
      { numRuns: RUNS, seed: SEED },
    );
    assert.ok(compared > RUNS / 2, `only ${compared} could be compared`);
  });

  for (const { what, source, example } of DIFFERENCES) {
    test(`${what} (${source})`, async () => {
      const other = await theirs(example);
      assert.equal(typeof other, 'boolean', String(other));
      assert.notEqual(other, ours(example));
    });
  }
});
