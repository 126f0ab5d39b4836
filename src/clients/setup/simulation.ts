/** What the role may do by IAM's own simulation: for those whose keys only a machine or a service has. */
import { type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { type Check, type CheckId, check } from './checks.js';
import { objectActions } from './documents.js';
import type { Made } from './steps.js';
import type { SetupOptions } from './types.js';

/** Every action on objects that a set-up of any access grants. */
const OBJECT_ACTIONS = objectActions('read-write');

interface Question {
  readonly id: CheckId;
  readonly actions: readonly string[];
  readonly resource: string;
  readonly prefix?: string;
  /** The actions that must be allowed: the others must not be. */
  readonly granted: readonly string[];
}

/** Asks about the role's policies alone: who may assume the role is not simulated. Throws what IAM answers. */
export async function simulateSetup(
  options: SetupOptions,
  { names }: Made,
  iam: IAMClient,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { id, actions, resource, prefix, granted } of questions(options, names.bucketArn)) {
    const { EvaluationResults = [] } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: names.roleArn,
        ActionNames: [...actions],
        ResourceArns: [resource],
        ...(prefix !== undefined && {
          ContextEntries: [
            { ContextKeyName: 's3:prefix', ContextKeyType: 'string', ContextKeyValues: [prefix] },
          ],
        }),
      }),
    );
    const wrong = EvaluationResults.filter(
      ({ EvalActionName, EvalDecision }) =>
        (EvalDecision === 'allowed') !== granted.includes(EvalActionName!),
    ).map(({ EvalActionName, EvalDecision }) => `${EvalActionName}: ${EvalDecision}`);
    const answered = EvaluationResults.length === actions.length;
    const good = wrong.length === 0 && answered;
    checks.push(check(id, good ? undefined : wrong.join(', '), granted));
  }
  return checks;
}

function questions({ prefix, access }: SetupOptions, bucketArn: string): Question[] {
  const list = ['s3:ListBucket'];
  const granted = objectActions(access);
  return [
    {
      id: access === 'write' ? 'simulated-no-list' : 'simulated-lists',
      actions: list,
      resource: bucketArn,
      prefix,
      granted: access === 'write' ? [] : list,
    },
    {
      id: 'simulated-objects',
      actions: OBJECT_ACTIONS,
      resource: `${bucketArn}/${prefix}proof`,
      granted,
    },
    {
      id: 'simulated-no-objects-outside',
      actions: OBJECT_ACTIONS,
      resource: `${bucketArn}/${prefix.startsWith('-') ? '.' : '-'}/proof`,
      granted: [],
    },
    { id: 'simulated-no-list-of-all', actions: list, resource: bucketArn, granted: [] },
    {
      id: 'simulated-no-other-bucket',
      actions: OBJECT_ACTIONS,
      resource: `${bucketArn}-/${prefix}proof`,
      granted: [],
    },
    {
      id: 'simulated-no-iam',
      actions: ['iam:GetRole', 'iam:PassRole', 's3:ListAllMyBuckets', 'sts:AssumeRole'],
      resource: '*',
      granted: [],
    },
  ];
}
