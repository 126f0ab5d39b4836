import { ApiError } from '../../core/errors.js';
import type { Operation } from '../../core/operation.js';
import type { Account } from '../../identity/index.js';
import { conflictOf, demandFirst, invalid, type KarikagiPorts, notFound, onAccount } from './ports.js';

interface CopiedNode {
  readonly Id: string;
  readonly Name: string;
  readonly ParentId: string;
}

interface CreateOrganizationCopyInput {
  readonly OrganizationId: string;
  readonly RootId: string;
  readonly ManagementAccountId: string;
  readonly OrganizationalUnits?: readonly CopiedNode[];
  readonly Policies?: readonly {
    readonly PolicyId: string;
    readonly PolicyType: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';
    readonly Name: string;
    readonly Description?: string;
    readonly Content: string;
  }[];
  readonly Accounts?: readonly CopiedNode[];
}

const CONFLICTS =
  /^(?:AlreadyInOrganization|DuplicateOrganization|DuplicateOrganizationalUnit|DuplicatePolicy|HandshakeConstraintViolation)Exception$/;
const ABSENT = /^(?:AccountNotFound|ParentNotFound)Exception$/;
const INVALID = /^(?:ConstraintViolation|InvalidInput|MalformedPolicyDocument)Exception$/;

/**
 * Makes an organization with the ids of the one that it is a copy of, with its units and policies. A member that is no
 * account here becomes one, which its management account enters as it does in AWS (`OrganizationAccountAccessRole`); an
 * account that is there joins by an invitation that it accepts, and is then put into its place. Called again it adds
 * what is not there yet: a large organization comes in parts. Policies are enabled and attached by Organizations' own
 * operations. For the first account's administrators alone.
 */
export const CreateOrganizationCopy: Operation<KarikagiPorts, CreateOrganizationCopyInput, object, Account> =
  {
    resolve: (_input, call) => onAccount(call),
    async run(home, input, _call, ports) {
      demandFirst(home, ports);
      const { OrganizationalUnits = [], Policies = [], Accounts = [] } = input;
      try {
        await ports.identity.organizations.copy({
          id: input.OrganizationId,
          rootId: input.RootId,
          managementAccount: input.ManagementAccountId,
          units: OrganizationalUnits.map(placed),
          policies: Policies.map(({ PolicyId, PolicyType, Name, Description = '', Content }) => ({
            ...{ id: PolicyId, type: PolicyType, name: Name, description: Description, content: Content },
          })),
          accounts: Accounts.map(placed),
        });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (CONFLICTS.test(error.code)) throw conflictOf(error);
        if (ABSENT.test(error.code)) throw notFound(error.message);
        throw INVALID.test(error.code) ? invalid(error.message) : error;
      }
      return {};
    },
  };

const placed = ({ Id, Name, ParentId }: CopiedNode) => ({ id: Id, name: Name, parent: ParentId });
