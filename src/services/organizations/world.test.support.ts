/** An organisation with accounts, for tests. */
import type { Service } from '../../core/operation.js';
import { type KeyPair, openWorld, run, type World } from '../harness.test.support.js';
import { organizationsService } from './index.js';

export interface OrganizationWorld extends World {
  readonly service: Service;
  readonly rootId: string;
  /** Runs an operation of the service as the management account's root user. */
  ask<O = Record<string, unknown>>(operation: string, input?: object, keys?: KeyPair): Promise<O>;
  /** A new account in the organisation. */
  member(name: string): Promise<string>;
  /** A new unit. */
  unit(name: string, parent?: string): Promise<string>;
  /** A new policy. */
  policy(statement: object, type?: string): Promise<string>;
}

let named = 0;

export async function openOrganization(partition = 'aws'): Promise<OrganizationWorld> {
  const world = await openWorld(partition);
  const service = organizationsService({ identity: world.identity });
  const ask = <O>(operation: string, input: object = {}, keys: KeyPair = world.root) =>
    run<O>(world, service, keys, operation, input);
  await ask('CreateOrganization');
  const { Roots } = await ask<{ Roots: { Id: string }[] }>('ListRoots');
  const rootId = Roots[0]!.Id;
  await ask('EnablePolicyType', { RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' });
  return {
    ...world,
    service,
    rootId,
    ask,
    async member(name) {
      const input = { AccountName: name, Email: `${name}@example.com` };
      const reply = await ask<{ CreateAccountStatus: { AccountId: string } }>('CreateAccount', input);
      return reply.CreateAccountStatus.AccountId;
    },
    async unit(Name, ParentId = rootId) {
      const input = { Name, ParentId };
      const reply = await ask<{ OrganizationalUnit: { Id: string } }>('CreateOrganizationalUnit', input);
      return reply.OrganizationalUnit.Id;
    },
    async policy(statement, Type = 'SERVICE_CONTROL_POLICY') {
      const Content = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const input = { Name: `policy${named++}`, Description: '', Type, Content };
      const reply = await ask<{ Policy: { PolicySummary: { Id: string } } }>('CreatePolicy', input);
      return reply.Policy.PolicySummary.Id;
    },
  };
}
