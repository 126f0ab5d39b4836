import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denialMessage, evaluate } from './index.js';
import { ALICE, ALLOW_ALL, ANONYMOUS, AWAY, ask, HOME, policy, SESSION } from './testing.test.support.js';
import type { AuthorizationRequest, PolicySet } from './types.js';

const USER = `User: ${ALICE.arn} is not authorized to perform:`;
const deny = { Effect: 'Deny', Action: '*', Resource: '*' };
const queue = { action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-east-1:${HOME}:q` };
const role = { action: 'sts:AssumeRole', resource: `arn:aws:iam::${HOME}:role/app` };
const ON_QUEUE = `${USER} sqs:SendMessage on resource: ${queue.resource}`;
const ON_ROLE = `${USER} sts:AssumeRole on resource: ${role.resource}`;
const identity = [policy('identity', ALLOW_ALL)];
const trust = (effect: string, AWS: string) =>
  policy('trust', { Effect: effect, Principal: { AWS }, Action: 'sts:AssumeRole' });

// "Troubleshoot access denied error messages", IAM User Guide.
const rows: [string, Partial<AuthorizationRequest>, Partial<PolicySet>, string][] = [
  ['identity', queue, {}, `${ON_QUEUE} because no identity-based policy allows the sqs:SendMessage action`],
  [
    'boundary',
    queue,
    { identity, boundary: policy('boundary', { ...ALLOW_ALL, Action: 's3:*' }) },
    `${ON_QUEUE} because no permissions boundary allows the sqs:SendMessage action`,
  ],
  [
    'session',
    queue,
    { identity, session: [] },
    `${ON_QUEUE} because no session policy allows the sqs:SendMessage action`,
  ],
  [
    'service control',
    queue,
    { identity, serviceControl: [[]] },
    `${ON_QUEUE} because no service control policy allows the sqs:SendMessage action`,
  ],
  [
    'resource control',
    queue,
    { identity, resourceControl: [[]] },
    `${ON_QUEUE} because no resource control policy allows the sqs:SendMessage action`,
  ],
  [
    'trust',
    role,
    { identity, resourceKind: 'trust', resource: trust('Allow', AWAY) },
    `${ON_ROLE} because no role trust policy allows the sts:AssumeRole action`,
  ],
  [
    'denied by identity',
    queue,
    { identity: [policy('identity', deny)] },
    `${ON_QUEUE} with an explicit deny in an identity-based policy`,
  ],
  [
    'denied by a policy with an ARN',
    queue,
    { identity: [{ ...policy('identity', deny), arn: 'arn:aws:iam::aws:policy/No' }] },
    `${ON_QUEUE} with an explicit deny in an identity-based policy: arn:aws:iam::aws:policy/No`,
  ],
  [
    'denied by the boundary',
    queue,
    { identity, boundary: policy('boundary', deny) },
    `${ON_QUEUE} with an explicit deny in a permissions boundary`,
  ],
  [
    'denied by the session',
    queue,
    { identity, session: [policy('session', deny)] },
    `${ON_QUEUE} with an explicit deny in a session policy`,
  ],
  [
    'denied by the organisation',
    queue,
    { identity, serviceControl: [[policy('service-control', deny)]] },
    `${ON_QUEUE} with an explicit deny in a service control policy`,
  ],
  [
    'denied by a resource control policy',
    queue,
    { identity, resourceControl: [[policy('resource-control', { ...deny, Principal: '*' })]] },
    `${ON_QUEUE} with an explicit deny in a resource control policy`,
  ],
  [
    'denied by the trust policy',
    role,
    { identity, resourceKind: 'trust', resource: trust('Deny', HOME) },
    `${ON_ROLE} with an explicit deny in the role trust policy`,
  ],
  [
    'denied by a bucket policy',
    {},
    { identity, resource: policy('resource', { ...deny, Principal: '*' }) },
    `${USER} s3:GetObject on resource: "arn:aws:s3:::bucket/key" with an explicit deny in a resource-based policy`,
  ],
  ['another account', { ...role, resourceAccount: AWAY }, {}, ON_ROLE],
  [
    'S3 without a resource',
    { action: 's3:ListAllMyBuckets', resource: '*' },
    {},
    `${USER} s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`,
  ],
  [
    'S3 with all buckets',
    { action: 's3:ListAllMyBuckets', resource: 'arn:aws:s3:::*' },
    {},
    `${USER} s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`,
  ],
  ['another account, S3', { resourceAccount: AWAY }, { identity }, 'Access Denied'],
  ['nobody, S3', { principal: ANONYMOUS, resourceAccount: HOME }, {}, 'Access Denied'],
  [
    'nobody',
    { ...queue, principal: ANONYMOUS, resourceAccount: HOME },
    {},
    `User: anonymous is not authorized to perform: sqs:SendMessage on resource: ${queue.resource}`,
  ],
  [
    'key',
    {
      principal: SESSION,
      action: 'kms:GenerateDataKey',
      resource: `arn:aws:kms:us-east-1:${AWAY}:key/1`,
      resourceAccount: AWAY,
    },
    { identity, resourceKind: 'key' },
    `User: ${SESSION.arn} is not authorized to perform: kms:GenerateDataKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
  ],
];

for (const [name, request, policies, expected] of rows) {
  test(`the words of a denial: ${name}`, () => {
    const asked = ask(request);
    const decision = evaluate(asked, { identity: [], ...policies });
    assert.equal(decision.allowed, false);
    assert.equal(denialMessage(decision, asked), expected);
  });
}
