/** Short ways to say who asks what, for the tests of this folder. */

import { compilePolicy } from './evaluate/compile.js';
import { evaluate } from './evaluate/evaluate.js';
import type { PolicyKind } from './parse/document.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet, Principal } from './types.js';

export const HOME = '111122223333';
export const AWAY = '444455556666';

export const ALICE: Principal = {
  type: 'user',
  arn: `arn:aws:iam::${HOME}:user/alice`,
  account: HOME,
  uniqueId: 'AIDAALICEALICEALICE1',
};

/** A session `s1` of role `team/app`. */
export const SESSION: Principal = {
  type: 'assumed-role',
  arn: `arn:aws:sts::${HOME}:assumed-role/app/s1`,
  account: HOME,
  uniqueId: 'AROAAPPAPPAPPAPPAPP1',
  roleArn: `arn:aws:iam::${HOME}:role/team/app`,
};

export const FEDERATED: Principal = {
  type: 'federated-user',
  arn: `arn:aws:sts::${HOME}:federated-user/fred`,
  account: HOME,
  federatingArn: ALICE.arn,
  federatingId: 'AIDAALICEALICEALICE1',
};

export const ROOT: Principal = { type: 'root', arn: `arn:aws:iam::${HOME}:root`, account: HOME };
export const SERVICE: Principal = { type: 'service', arn: 'ec2.amazonaws.com' };
export const ANONYMOUS: Principal = { type: 'anonymous', arn: '*' };

/** A policy of Version 2012-10-17. Trust policies leave out `Resource`. */
export function policy(kind: PolicyKind, ...statements: object[]): NamedPolicy {
  return document(kind, { Version: '2012-10-17', Statement: statements });
}

export function document(kind: PolicyKind, body: object): NamedPolicy {
  return { name: `${kind} policy`, policy: compilePolicy(JSON.stringify(body), kind) };
}

/** Alice reads an object, unless told otherwise. */
export function ask(request: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    principal: ALICE,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::bucket/key',
    context: {},
    ...request,
  };
}

export function allowed(request: AuthorizationRequest, policies: Partial<PolicySet>): boolean {
  return evaluate(request, { identity: [], ...policies }).allowed;
}

/** Whether one identity statement with this condition allows Alice's request with that context. */
export function holds(
  condition: object,
  context: AuthorizationRequest['context'],
  version = '2012-10-17',
): boolean {
  const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition };
  const identity = [document('identity', { Version: version, Statement: statement })];
  return allowed(ask({ context }), { identity });
}

export const ALLOW_ALL = { Effect: 'Allow', Action: '*', Resource: '*' };
