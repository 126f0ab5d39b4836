import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain, remedyFor, renderExplanation, visibleTo } from '../index.js';
import {
  ALICE,
  ALLOW_ALL,
  ANONYMOUS,
  AWAY,
  ask,
  FEDERATED,
  HOME,
  policy,
  ROOT,
  SERVICE,
} from '../testing.test.support.js';
import type { AuthorizationRequest, PolicySet, Principal } from '../types.js';

const explainSet = (request: Partial<AuthorizationRequest>, policies: Partial<PolicySet>) =>
  explain(ask(request), { identity: [], ...policies });
const grant = (Action: string | string[], Resource: string | string[], Condition?: object) =>
  policy('identity', { Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
const trust = (Principal: unknown, Condition?: object) =>
  policy('trust', { Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...(Condition && { Condition }) });
const assume = (principal: Principal = ALICE): Partial<AuthorizationRequest> => ({
  principal,
  action: 'sts:AssumeRole',
  resource: `arn:aws:iam::${HOME}:role/team/app`,
});

describe('the trace', () => {
  test('shows every policy and statement with the element that did not match', () => {
    const identity = [
      policy(
        'identity',
        { Sid: 'Write', Effect: 'Allow', Action: 's3:Put*', Resource: '*' },
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/${aws:username}/*' },
        {
          Effect: 'Allow',
          Action: 's3:*',
          Resource: '*',
          Condition: {
            Bool: { 'aws:SecureTransport': true },
            StringEquals: { 'aws:username': ['bob', 'eve'] },
          },
        },
        { Effect: 'Deny', NotAction: 's3:Get*', Resource: '*' },
        { Effect: 'Deny', Action: '*', NotResource: 'arn:aws:s3:::bucket/*' },
      ),
    ];
    const explanation = explainSet({ context: { 'aws:username': 'alice' } }, { identity });
    assert.deepEqual(explanation.policies[0]?.statements, [
      {
        index: 0,
        sid: 'Write',
        effect: 'ALLOW',
        matched: false,
        mismatches: [{ element: 'Action', wanted: ['s3:Put*'], actual: 's3:GetObject' }],
      },
      {
        index: 1,
        effect: 'ALLOW',
        matched: false,
        mismatches: [
          { element: 'Resource', wanted: ['arn:aws:s3:::bucket/alice/*'], actual: 'arn:aws:s3:::bucket/key' },
        ],
      },
      {
        index: 2,
        effect: 'ALLOW',
        matched: false,
        mismatches: [
          {
            element: 'Condition',
            operator: 'Bool',
            key: 'aws:SecureTransport',
            wanted: ['true'],
            actual: null,
          },
          {
            element: 'Condition',
            operator: 'StringEquals',
            key: 'aws:username',
            wanted: ['bob', 'eve'],
            actual: 'alice',
          },
        ],
      },
      {
        index: 3,
        effect: 'DENY',
        matched: false,
        mismatches: [{ element: 'NotAction', wanted: ['s3:Get*'], actual: 's3:GetObject' }],
      },
      {
        index: 4,
        effect: 'DENY',
        matched: false,
        mismatches: [
          { element: 'NotResource', wanted: ['arn:aws:s3:::bucket/*'], actual: 'arn:aws:s3:::bucket/key' },
        ],
      },
    ]);
  });

  test('has the outline of GetRequestAuthorizationDetails', () => {
    const deny = policy('resource', {
      Sid: 'No',
      Effect: 'Deny',
      Principal: { AWS: HOME },
      Action: 's3:*',
      Resource: '*',
    });
    const managed = { ...policy('identity', ALLOW_ALL), arn: 'arn:aws:iam::aws:policy/AdministratorAccess' };
    const context = { 'aws:SourceIp': '10.0.0.1' };
    const { evaluations, requestContext, message, layers } = explainSet(
      { context },
      { identity: [managed], resource: deny },
    );
    assert.deepEqual(requestContext, context);
    assert.deepEqual(evaluations, [
      {
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::bucket/key',
        evaluatedEffect: 'EXPLICIT_DENY',
        decidedBy: 'resource',
        matchedPolicies: [
          { uri: 'resource policy', matchedStatements: [{ sid: 'No', evaluatedEffect: 'DENY' }] },
          { uri: managed.arn, matchedStatements: [{ sid: 'Statement1', evaluatedEffect: 'ALLOW' }] },
        ],
      },
    ]);
    assert.match(message ?? '', /with an explicit deny in a resource-based policy$/);
    assert.deepEqual(
      layers.map(({ layer, evaluatedEffect, blocks }) => [layer, evaluatedEffect, blocks]),
      [
        ['resource', 'EXPLICIT_DENY', true],
        ['identity', 'ALLOW', false],
      ],
    );
  });

  test('is plain JSON', () => {
    const explanation = explainSet(
      {},
      { identity: [grant('s3:PutObject', '*')], boundary: policy('boundary', ALLOW_ALL) },
    );
    assert.deepEqual(JSON.parse(JSON.stringify(explanation)), explanation);
  });

  test('policies of one name get different uris', () => {
    const twice = policy('identity', ALLOW_ALL);
    const boundary = { ...policy('boundary', ALLOW_ALL), name: twice.name };
    const { policies } = explainSet({}, { identity: [twice, twice, twice], boundary });
    assert.deepEqual(
      policies.map(({ uri }) => uri),
      [
        'identity policy',
        'identity: identity policy',
        'identity: identity policy (2)',
        'boundary: identity policy',
      ],
    );
  });

  test('says of each layer whether its Allow is needed', () => {
    const notes = (request: Partial<AuthorizationRequest>, policies: Partial<PolicySet>) =>
      explainSet(request, policies).layers.map(({ layer, level, required, blocks }) => [
        layer,
        level,
        required,
        blocks,
      ]);
    const open = policy('resource', { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' });
    const session = [policy('session', ALLOW_ALL)];
    assert.deepEqual(notes({}, { resource: open, session }), [
      ['resource', undefined, false, false],
      ['identity', undefined, false, false],
      ['session', undefined, false, false],
    ]);
    assert.deepEqual(notes({ resourceAccount: AWAY }, {}), [
      ['identity', undefined, true, true],
      ['resource', undefined, true, true],
    ]);
    assert.deepEqual(
      notes({ principal: ROOT }, { serviceControl: [[policy('service-control', ALLOW_ALL)], []] }),
      [
        ['service-control', 0, true, false],
        ['service-control', 1, true, true],
        ['identity', undefined, false, false],
      ],
    );
    assert.deepEqual(
      notes({ principal: SERVICE, resourceAccount: HOME }, { resource: open, serviceControl: [[]] }),
      [
        ['resource', undefined, true, false],
        ['identity', undefined, false, false],
      ],
    );
    assert.deepEqual(notes({ principal: FEDERATED }, { identity: [grant('*', '*')] }), [
      ['identity', undefined, true, false],
      ['session', undefined, true, true],
    ]);
    const rcp = [
      [policy('resource-control', { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' })],
    ];
    assert.deepEqual(notes({ action: 'kms:Decrypt' }, { resourceControl: rcp, resourceKind: 'key' }), [
      ['resource-control', 0, true, false],
      ['identity', undefined, true, true],
      ['key', undefined, true, true],
    ]);
  });
});

describe('the summary', () => {
  test('of what is allowed', () => {
    assert.match(
      explainSet({}, { identity: [grant('*', '*')] }).summary,
      /^Allowed: .* The identity-based policy identity policy allows it in statement 1\.$/,
    );
    assert.match(explainSet({ principal: ROOT }, {}).summary, /root user of an account needs no policy/);
    assert.equal(explainSet({ principal: ROOT }, {}).message, undefined);
  });

  test('of what is denied', () => {
    const sid = policy('identity', { Sid: 'Never', Effect: 'Deny', Action: '*', Resource: '*' });
    assert.match(
      explainSet({}, { identity: [sid] }).summary,
      /denies it in statement 1 \("Never"\), and a Deny outweighs every Allow/,
    );
    assert.match(explainSet({}, {}).summary, /No identity-based policy allows it\. There is none\.$/);
    assert.match(
      explainSet({ resourceAccount: AWAY }, {}).summary,
      /the caller is of another account.*Refused too by: identity-based policy/,
    );
    assert.match(
      explainSet({ principal: ANONYMOUS, resourceAccount: HOME }, {}).summary,
      /by an anonymous caller\. No resource-based policy allows it\./,
    );
  });
});

test('the text for a terminal shows layers, statements and condition keys', () => {
  const many = Array.from({ length: 9 }, (_, i) => `arn:aws:s3:::bucket-${i}/*`);
  const identity = [
    policy('identity', { Sid: 'Many', Effect: 'Allow', Action: 's3:*', Resource: many }),
    grant('s3:Get*', '*', { Bool: { 'aws:SecureTransport': 'true' } }),
  ];
  const serviceControl = [[policy('service-control', ALLOW_ALL)]];
  const text = renderExplanation(
    explainSet(
      { resourceAccount: HOME, context: { 'aws:TagKeys': ['a', 'b'], 'aws:SourceIp': '10.0.0.1' } },
      { identity, serviceControl },
    ),
  );
  for (const line of [
    '  decision   IMPLICIT_DENY by identity',
    `  resource   arn:aws:s3:::bucket/key (account ${HOME})`,
    'Service control policy, level 1: ALLOW',
    '    ✓ statement 1, Allow: applies',
    'Identity-based policy: IMPLICIT_DENY (blocks)',
    '    · statement 1 ("Many"), Allow: does not apply',
    '        Condition Bool aws:SecureTransport: true; not in the request',
    '  aws:SourceIp = 10.0.0.1',
    '  aws:TagKeys = a, b',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
  assert.match(text, /bucket-5\/\* and 3 more; request has arn:aws:s3:::bucket\/key/);
  const bare = renderExplanation(explainSet({ resourceAccount: AWAY }, { identity: [grant('*', '*')] }));
  assert.match(bare, /\(no policy\)/);
  assert.match(bare, /\(none\)$/);
  assert.match(
    renderExplanation(explainSet({}, { identity: [grant('*', '*')], session: [] })),
    /Reasons\n {2}- identity policy allows/,
  );
});

test('the text shows the conditions of a Deny that applies, and ends with what would allow the request', () => {
  const deny = {
    Sid: 'Old',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:Get*',
    Resource: 'arn:aws:s3:::bucket/*',
  };
  const conditions = { StringNotEquals: { 'aws:RequestedRegion': 'eu-west-1' } };
  const resource = policy('resource', { ...deny, Condition: conditions });
  const request = ask({ context: { 'aws:RequestedRegion': 'us-east-1' } });
  const policies: PolicySet = { identity: [], resource };
  const text = renderExplanation({ ...explain(request, policies), remedy: remedyFor(request, policies) });
  assert.match(
    text,
    /✓ statement 1 \("Old"\), Deny: applies\n {8}Condition StringNotEquals aws:RequestedRegion: eu-west-1; request has us-east-1/,
  );
  assert.match(
    renderExplanation({ ...explain(request, policies), remedy: remedyFor(request, policies) }, 3),
    /\n {2}4\. /,
  );
  const [, end = ''] = text.split('\nTo allow it\n');
  assert.match(
    end,
    /^ {2}1\. Statement 1 .* Add "us-east-1" to the values of aws:RequestedRegion that it spares\./,
  );
  assert.match(end, /\n {5}Mind: it spares every request with this aws:RequestedRegion/);
  assert.match(end, /\n {5}\+ {10}"aws:RequestedRegion": \["eu-west-1", "us-east-1"\]\n/);
  assert.match(
    end,
    /\n {2}2\. Add an identity policy of the caller that allows s3:GetObject on arn:aws:s3:::bucket\/key\./,
  );
  assert.match(end, /\n {5}\$ aws iam put-user-policy --user-name alice /);
});

describe('what another account may read', () => {
  const policies = {
    resourceKind: 'trust',
    resource: trust({ AWS: ALICE.arn }, { StringEquals: { 'sts:ExternalId': 'secret-id' } }),
    identity: [grant('sts:AssumeRole', `arn:aws:iam::${AWAY}:role/hidden`)],
  } as const;
  const explanation = explainSet({ ...assume(), resourceAccount: AWAY }, policies);

  test("the caller's account does not see the role's trust policy", () => {
    const seen = visibleTo(explanation, HOME);
    assert.deepEqual(
      seen.policies.map(({ layer }) => layer),
      ['identity'],
    );
    assert.doesNotMatch(JSON.stringify(seen), /secret-id/);
    assert.match(seen.summary, /Decided on the resource's side/);
  });

  test("the role's account does not see the caller's policies", () => {
    const seen = visibleTo(explanation, AWAY);
    assert.deepEqual(
      seen.policies.map(({ layer }) => layer),
      ['trust'],
    );
    assert.doesNotMatch(JSON.stringify(seen), /hidden/);
    assert.equal(seen.nearMisses[0]?.kind, 'external-id');
  });

  test('each sees the changes that are its own to make', () => {
    const bare = { resourceKind: 'trust', resource: trust({ AWS: AWAY }), identity: [] } as const;
    const request = ask({ ...assume(), resourceAccount: AWAY });
    const whole = { ...explain(request, bare), remedy: remedyFor(request, bare) };
    const layers = (account: string) => visibleTo(whole, account).remedy?.changes.map(({ layer }) => layer);
    assert.deepEqual(layers(HOME), ['identity']);
    assert.deepEqual(layers(AWAY), ['trust']);
    assert.deepEqual(layers('999999999999'), []);
    assert.equal(visibleTo(whole, HOME).remedy?.suffices, false);
    assert.equal(visibleTo(whole, HOME).remedy?.elsewhere, true);
    assert.match(
      renderExplanation(visibleTo(whole, HOME)),
      /What the other account's policies lack is not shown here/,
    );
    assert.equal(visibleTo(whole, HOME, AWAY), whole);
  });

  test('an account that is both sees all, one that is neither nothing', () => {
    const own = explainSet(assume(), policies);
    assert.equal(visibleTo(own, HOME), own);
    assert.deepEqual(visibleTo(explanation, '999999999999').policies, []);
    const cut = explainSet(
      { resourceAccount: AWAY },
      {
        identity: [grant('*', '*')],
        resource: policy('resource', { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }),
        session: [],
      },
    );
    assert.deepEqual(visibleTo(cut, AWAY).nearMisses, []);
    assert.match(visibleTo(cut, HOME).summary, /^Denied: .*the caller's side/);
    assert.match(visibleTo(explainSet({ principal: ROOT }, {}), AWAY).summary, /^Allowed/);
  });
});
