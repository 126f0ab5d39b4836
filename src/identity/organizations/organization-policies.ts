import { type PolicyKind, PolicySyntaxError, validatePolicy } from '../../policy/index.js';
import type { Database, Transaction } from '../../store/tables.js';
import type { Tags } from '../model.js';
import { changeOrganization } from './organization-change.js';
import { constraintViolated, invalidInput, organizationErrors } from './organization-errors.js';
import {
  awsPolicies,
  type ControlPolicy,
  type ControlType,
  findAwsPolicy,
  isAwsPolicy,
  type OrganizationRecord,
  organizationTables,
  randomLetters,
} from './organization-model.js';

const CONTROL_TYPES: readonly ControlType[] = ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'];

export const CONTROL_KINDS: Readonly<Record<ControlType, PolicyKind>> = {
  SERVICE_CONTROL_POLICY: 'service-control',
  RESOURCE_CONTROL_POLICY: 'resource-control',
};

/** Policies on one target and characters of one policy. Source: "Quotas and service limits for AWS Organizations". */
const LIMITS: Readonly<Record<ControlType, { readonly attached: number; readonly size: number }>> = {
  SERVICE_CONTROL_POLICY: { attached: 10, size: 10_240 },
  RESOURCE_CONTROL_POLICY: { attached: 5, size: 5120 },
};

interface NewControlPolicy {
  readonly type: ControlType;
  readonly name: string;
  readonly description: string;
  readonly content: string;
  readonly tags: Tags;
}

type ControlPolicyChanges = Partial<Pick<ControlPolicy, 'name' | 'description' | 'content'>>;

/** Service control and resource control policies, and what they are attached to. */
export class OrganizationPolicies {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Throws `MalformedPolicyDocumentException`, `DuplicatePolicyException`, `ConstraintViolationException`. */
  async create(organization: OrganizationRecord, input: NewControlPolicy): Promise<ControlPolicy> {
    checkContent(input.type, input.content, organization.partition);
    return await changeOrganization(this.#db, organization.id, async transaction => {
      await demandFreePolicyName(transaction, organization.id, input.type, input.name);
      const policy = { id: `p-${randomLetters(8)}`, ...input };
      transaction.put(organizationTables.policies, [organization.id, policy.id], policy);
      return policy;
    });
  }

  /** A policy of the organisation or of AWS. Throws `PolicyNotFoundException`. */
  async get(organization: string, id: string): Promise<ControlPolicy> {
    const policy = await this.find(organization, id);
    if (policy === undefined) throw organizationErrors.PolicyNotFoundException();
    return policy;
  }

  async find(organization: string, id: string): Promise<ControlPolicy | undefined> {
    return findAwsPolicy(id) ?? (await this.#db.get(organizationTables.policies, organization, id));
  }

  /** AWS's policy first, then the organisation's in the order of their ids. */
  async list(organization: string, type: ControlType): Promise<ControlPolicy[]> {
    const rows = await this.#db.list(organizationTables.policies, [organization]);
    return [awsPolicies[type], ...rows.map(row => row.value).filter(policy => policy.type === type)];
  }

  /** Throws as `create` does, and `InvalidInputException` for AWS's policies. */
  async update(
    organization: OrganizationRecord,
    id: string,
    changes: ControlPolicyChanges,
  ): Promise<ControlPolicy> {
    return await changeOrganization(this.#db, organization.id, async transaction => {
      const policy = await demandOwn(transaction, organization.id, id);
      if (changes.content !== undefined) checkContent(policy.type, changes.content, organization.partition);
      if (changes.name !== undefined && changes.name !== policy.name)
        await demandFreePolicyName(transaction, organization.id, policy.type, changes.name);
      const changed = { ...policy, ...changes };
      transaction.put(organizationTables.policies, [organization.id, id], changed);
      return changed;
    });
  }

  /** Throws `PolicyInUseException` while it is attached, `InvalidInputException` for AWS's policies. */
  async delete(organization: OrganizationRecord, id: string): Promise<void> {
    await changeOrganization(this.#db, organization.id, async transaction => {
      await demandOwn(transaction, organization.id, id);
      if ((await transaction.list(organizationTables.targets, [organization.id, id], 1)).length > 0)
        throw organizationErrors.PolicyInUseException();
      transaction.delete(organizationTables.policies, organization.id, id);
    });
  }

  /**
   * Throws `PolicyNotFoundException`, `TargetNotFoundException`, `PolicyTypeNotEnabledException`,
   * `DuplicatePolicyAttachmentException`, `ConstraintViolationException`.
   */
  async attach(organization: OrganizationRecord, id: string, target: string): Promise<void> {
    await this.#changeAttachment(organization, id, target, (attached, type) => {
      if (attached.includes(id)) throw organizationErrors.DuplicatePolicyAttachmentException();
      if (attached.length >= LIMITS[type].attached) {
        throw constraintViolated(
          'MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
          'You have attached the maximum number of policies to the specified target.',
        );
      }
      return [...attached, id];
    });
  }

  /** Throws as `attach` does, and `PolicyNotAttachedException`; the last one of a target stays. */
  async detach(organization: OrganizationRecord, id: string, target: string): Promise<void> {
    await this.#changeAttachment(organization, id, target, attached => {
      if (!attached.includes(id)) throw organizationErrors.PolicyNotAttachedException();
      if (id === awsPolicies.RESOURCE_CONTROL_POLICY.id) {
        throw invalidInput('NON_DETACHABLE_POLICY', 'You cannot detach this policy.');
      }
      if (attached.length === 1) {
        throw constraintViolated(
          'MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
          'You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.',
        );
      }
      return attached.filter(other => other !== id);
    });
  }

  /** The ids of the policies attached to the target itself; none where the type is not enabled. */
  async attachedTo(
    organization: OrganizationRecord,
    target: string,
    type: ControlType,
  ): Promise<readonly string[]> {
    if (!organization.policyTypes.includes(type)) return [];
    const { attached } = organizationTables;
    return (await this.#db.get(attached, organization.id, target, type)) ?? [awsPolicies[type].id];
  }

  /** The ids of the root, units and accounts that the policy is attached to. */
  async targetsOf(organization: OrganizationRecord, id: string): Promise<string[]> {
    const { targets } = organizationTables;
    const own = findAwsPolicy(id);
    if (own === undefined) {
      const rows = await this.#db.list(targets, [organization.id, id]);
      return rows.map(({ parts }) => parts[2] as string);
    }
    const everything = await this.#everyTarget(organization);
    const attached = await Promise.all(
      everything.map(target => this.attachedTo(organization, target, own.type)),
    );
    return everything.filter((_, index) => attached[index]!.includes(id));
  }

  /** Throws `PolicyTypeAlreadyEnabledException`. */
  async enableType({ id }: OrganizationRecord, type: ControlType): Promise<OrganizationRecord> {
    return await changeOrganization(this.#db, id, async (transaction, organization) => {
      if (organization.policyTypes.includes(type))
        throw organizationErrors.PolicyTypeAlreadyEnabledException();
      const policyTypes = CONTROL_TYPES.filter(
        other => other === type || organization.policyTypes.includes(other),
      );
      const changed = { ...organization, policyTypes };
      transaction.put(organizationTables.organizations, [id], changed);
      return changed;
    });
  }

  /**
   * Detaches all policies of the type from everything: enabled again, AWS's policy alone is attached to all.
   * Throws `PolicyTypeNotEnabledException`.
   */
  async disableType({ id }: OrganizationRecord, type: ControlType): Promise<OrganizationRecord> {
    return await changeOrganization(this.#db, id, async (transaction, organization) => {
      if (!organization.policyTypes.includes(type)) throw organizationErrors.PolicyTypeNotEnabledException();
      const { attached, targets, organizations } = organizationTables;
      for (const { parts, value } of await transaction.list(attached, [id])) {
        const [, target, ofType] = parts as [string, string, string];
        if (ofType !== type) continue;
        transaction.delete(attached, ...parts);
        for (const policy of value) transaction.delete(targets, id, policy, target);
      }
      const policyTypes = organization.policyTypes.filter(other => other !== type);
      const changed = { ...organization, policyTypes };
      transaction.put(organizations, [id], changed);
      return changed;
    });
  }

  async #changeAttachment(
    { id: organization }: OrganizationRecord,
    id: string,
    target: string,
    change: (attached: readonly string[], type: ControlType) => readonly string[],
  ): Promise<void> {
    const { attached, targets, policies } = organizationTables;
    await changeOrganization(this.#db, organization, async (transaction, record) => {
      const policy = findAwsPolicy(id) ?? (await transaction.get(policies, organization, id));
      if (policy === undefined) throw organizationErrors.PolicyNotFoundException();
      await demandTarget(transaction, record, target);
      const { type } = policy;
      if (!record.policyTypes.includes(type)) throw organizationErrors.PolicyTypeNotEnabledException();
      const key = [organization, target, type] as const;
      const before = (await transaction.get(attached, ...key)) ?? [awsPolicies[type].id];
      const after = change(before, type);
      transaction.put(attached, key, after);
      if (isAwsPolicy(id)) return;
      if (after.includes(id)) transaction.put(targets, [organization, id, target], true);
      else transaction.delete(targets, organization, id, target);
    });
  }

  async #everyTarget({ id, rootId }: OrganizationRecord): Promise<string[]> {
    const [units, members] = await Promise.all([
      this.#db.list(organizationTables.units, [id]),
      this.#db.list(organizationTables.members, [id]),
    ]);
    return [rootId, ...units.map(({ value }) => value.id), ...members.map(({ value }) => value.account)];
  }
}

/** Forgets what is attached to a target that goes away. */
export async function dropAttachments(
  transaction: Transaction,
  organization: string,
  target: string,
): Promise<void> {
  const { attached, targets } = organizationTables;
  for (const type of CONTROL_TYPES) {
    for (const policy of (await transaction.get(attached, organization, target, type)) ?? []) {
      transaction.delete(targets, organization, policy, target);
    }
    transaction.delete(attached, organization, target, type);
  }
}

async function demandTarget(
  transaction: Transaction,
  { id, rootId }: OrganizationRecord,
  target: string,
): Promise<void> {
  const { members, units } = organizationTables;
  const found =
    target === rootId ||
    (await transaction.get(units, id, target)) !== undefined ||
    (await transaction.get(members, id, target)) !== undefined;
  if (!found) throw organizationErrors.TargetNotFoundException();
}

async function demandOwn(transaction: Transaction, organization: string, id: string): Promise<ControlPolicy> {
  if (isAwsPolicy(id)) throw invalidInput('IMMUTABLE_POLICY', 'You cannot modify an AWS managed policy.');
  const policy = await transaction.get(organizationTables.policies, organization, id);
  if (policy === undefined) throw organizationErrors.PolicyNotFoundException();
  return policy;
}

export async function demandFreePolicyName(
  transaction: Transaction,
  organization: string,
  type: ControlType,
  name: string,
): Promise<void> {
  const rows = await transaction.list(organizationTables.policies, [organization]);
  const others = [awsPolicies[type], ...rows.map(row => row.value)];
  if (others.some(policy => policy.type === type && policy.name === name))
    throw organizationErrors.DuplicatePolicyException();
}

/** Throws `MalformedPolicyDocumentException`, `ConstraintViolationException`. */
export function checkContent(type: ControlType, content: string, partition: string): void {
  if (content.length > LIMITS[type].size) {
    throw constraintViolated(
      'POLICY_CONTENT_LIMIT_EXCEEDED',
      'You have exceeded the maximum policy size for the policy type.',
    );
  }
  try {
    validatePolicy(content, CONTROL_KINDS[type], { partition, managed: true });
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw malformed(error.problems[0].message);
  }
}

function malformed(reason: string) {
  return organizationErrors.MalformedPolicyDocumentException(
    'The provided policy document does not meet the requirements of the specified policy type.',
    { reason },
  );
}
