import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Call,
  type Operation,
  type OperationName,
  operationsOf,
  perform,
  service,
} from './operation.js';

type Sts = OperationName<typeof import('@aws-sdk/client-sts')>;

const whole: Operation<object, object, object, undefined> = {
  resolve: () => ({ requires: [], subject: undefined }),
  run: async () => ({}),
};
const runOnly = { run: async () => ({}) };

test('the compiler refuses what is no whole operation of the service', () => {
  const register = operationsOf<object, Sts>();
  assert.deepEqual(Object.keys(register({ AssumeRole: whole }, { GetCallerIdentity: whole })), [
    'AssumeRole',
    'GetCallerIdentity',
  ]);
  // @ts-expect-error: an operation without `resolve`
  register({ AssumeRole: runOnly });
  // @ts-expect-error: a name that the SDK does not have
  register({ AssumeRoll: whole });
  // @ts-expect-error: an export that is no operation, beside one that is
  register({ AssumeRole: whole, namesOf: () => ['AssumeRole'] });
  // @ts-expect-error: an operation without `resolve`, where the record is written out
  service<object, undefined>('sts', {}, { AssumeRole: runOnly });
  // @ts-expect-error: requirements without what they are about
  const withoutSubject: Operation<object> = { resolve: () => ({ requires: [] }), run: async () => ({}) };
  assert.ok(withoutSubject);
});

test('a name is given once', () => {
  const register = operationsOf<object, Sts>();
  assert.throws(() => register({ AssumeRole: whole }, { AssumeRole: whole }), /AssumeRole is defined twice/);
});

test('what resolve found is what runs, once all of it is allowed', async () => {
  const log: string[] = [];
  const operation: Operation<
    { readonly port: string },
    { readonly Name: string },
    string,
    { found: string }
  > = {
    async resolve({ Name }, call, { port }) {
      log.push(`resolve ${Name} on ${port}`);
      return { requires: [{ action: call.action, resource: Name }], subject: { found: `the ${Name}` } };
    },
    requiresOfBody: ({ found }) => [{ action: 'sts:TagSession', resource: found }],
    async run({ found }, { Name }) {
      log.push(`run ${Name} on ${found}`);
      return found;
    },
  };
  const bound = service('sts', { port: 'p' }, { AssumeRole: operation }).operations.get('AssumeRole')!;
  const demanding = (refused?: string) =>
    ({
      action: 'sts:AssumeRole',
      async demand({ action, resource }: { action: string; resource: string }) {
        log.push(`demand ${action} on ${resource}`);
        if (action === refused) throw new Error(`refused ${action}`);
      },
    }) as Partial<Call> as Call;
  const input = { Name: 'role' } as never;
  assert.equal(await perform(bound, input, demanding()), 'the role');
  const decided = ['resolve role on p', 'demand sts:AssumeRole on role'];
  assert.deepEqual(log.splice(0), [...decided, 'demand sts:TagSession on the role', 'run role on the role']);
  await assert.rejects(perform(bound, input, demanding('sts:AssumeRole')), /refused/);
  assert.deepEqual(log.splice(0), decided);
  await assert.rejects(perform(bound, input, demanding('sts:TagSession')), /refused/);
  assert.deepEqual(log.splice(0), [...decided, 'demand sts:TagSession on the role']);
});
