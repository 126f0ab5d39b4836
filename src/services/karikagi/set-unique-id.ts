import { ApiError } from '../../core/errors.js';
import type { Operation } from '../../core/operation.js';
import { type Account, isPrincipalId } from '../../identity/index.js';
import { conflictOf, demandFirst, invalid, type KarikagiPorts, notFound, onAccount } from './ports.js';

interface SetUniqueIdInput {
  readonly AccountId: string;
  readonly EntityType: string;
  readonly Name: string;
  readonly UniqueId: string;
}

/**
 * Gives a user or role that is a copy the unique id of the original, so that `aws:userid` and principals of policies
 * mean it. For the first account's administrators alone: an id that was given up is trusted again by what named it. The
 * user or role must be as it was made, without anything attached.
 */
export const SetUniqueId: Operation<KarikagiPorts, SetUniqueIdInput, object, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, { AccountId, EntityType, Name, UniqueId }, _call, ports) {
    demandFirst(home, ports);
    const kind = EntityType === 'user' ? 'user' : 'role';
    if (!isPrincipalId(UniqueId) || UniqueId.startsWith('AIDA') !== (kind === 'user'))
      throw invalid(`${UniqueId} is no unique id of a ${kind}.`);
    const account = await ports.identity.account(AccountId);
    if (account === undefined) throw notFound(`Account ${AccountId} does not exist.`);
    try {
      await ports.identity.adoptId(account, { kind, name: Name, id: UniqueId });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'NoSuchEntity') throw notFound(error.message);
      throw conflictOf(error);
    }
    return {};
  },
};
