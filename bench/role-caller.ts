/** Callers with a role's temporary keys, for benches that make events. */
import type { Account, Caller } from '../src/core/caller.js';

export const account: Account = {
  id: '111122223333',
  partition: 'aws',
  name: 'bench',
  canonicalId: 'c'.repeat(64),
  created: 0,
};

export function roleCaller(name: string): Caller {
  return {
    principal: {
      type: 'assumed-role',
      arn: `arn:aws:sts::${account.id}:assumed-role/${name}/session`,
      uniqueId: `AROA${name}`,
      roleArn: `arn:aws:iam::${account.id}:role/${name}`,
    },
    account,
    accessKeyId: `ASIA${name.toUpperCase()}`,
    userId: `AROA${name}:session`,
    credentials: 'assume-role',
    context: { 'aws:TokenIssueTime': '2026-01-31T00:00:00.000Z', 'aws:MultiFactorAuthPresent': 'false' },
  };
}
