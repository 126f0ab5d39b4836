/** What the role may do by IAM's own simulation: for those whose keys only a machine or a service has. */
import { type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { objectActions } from './documents.js';
import type { Check } from './proof.js';
import type { Made } from './steps.js';
import type { SetupOptions } from './types.js';

/** Every action on objects that a set-up of any access grants. */
const OBJECT_ACTIONS = objectActions('read-write');

interface Question {
  readonly what: string;
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
  for (const { what, actions, resource, prefix, granted } of questions(options, names.bucketArn)) {
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
    const good = wrong.length === 0 && EvaluationResults.length === actions.length;
    checks.push({ what: `simulated: ${what}`, good, ...(!good && { answer: wrong.join(', ') }) });
  }
  return checks;
}

function questions({ prefix, access }: SetupOptions, bucketArn: string): Question[] {
  const list = ['s3:ListBucket'];
  const granted = objectActions(access);
  return [
    {
      what: access === 'write' ? 'no list of the prefix' : 'lists the prefix',
      actions: list,
      resource: bucketArn,
      prefix,
      granted: access === 'write' ? [] : list,
    },
    {
      what: `on objects of the prefix ${granted.join(', ')} and no more`,
      actions: OBJECT_ACTIONS,
      resource: `${bucketArn}/${prefix}proof`,
      granted,
    },
    {
      what: 'nothing outside the prefix',
      actions: OBJECT_ACTIONS,
      resource: `${bucketArn}/${prefix.startsWith('-') ? '.' : '-'}/proof`,
      granted: [],
    },
    { what: 'no list of the whole bucket', actions: list, resource: bucketArn, granted: [] },
    {
      what: 'nothing in another bucket',
      actions: OBJECT_ACTIONS,
      resource: `${bucketArn}-/${prefix}proof`,
      granted: [],
    },
    {
      what: 'nothing in IAM, no names of buckets',
      actions: ['iam:GetRole', 'iam:PassRole', 's3:ListAllMyBuckets', 'sts:AssumeRole'],
      resource: '*',
      granted: [],
    },
  ];
}
