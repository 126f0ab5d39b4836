import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { Slices } from '../../../core/slices.js';
import { type Account, errors, type Identity, type User } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { resourceTemplate } from '../account/service-data.js';
import { slicePage } from '../paging.js';
import {
  boundarySource,
  findHolder,
  givenSource,
  type Holder,
  type PolicySource,
  sourcesOf,
} from '../policies/policy-sources.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll, onArn } from '../requirements.js';
import {
  callerOf,
  checkGiven,
  contextOf,
  demandEntityArn,
  kindOfResourcePolicy,
  ownerOf,
  type Simulation,
  type SimulationInput,
} from './simulation-input.js';
import { simulate } from './simulator.js';

/** Would these policies allow these actions? */
export const SimulateCustomPolicy: Operation<
  IamPorts,
  iam.SimulateCustomPolicyRequest,
  iam.SimulatePolicyResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input) {
    checkInput(input, home);
    if (input.ResourcePolicy !== undefined && input.CallerArn === undefined) {
      throw errors.InvalidInput('CallerArn is required where a ResourcePolicy is given.');
    }
    const principal = callerOf(input.CallerArn ?? `arn:${home.partition}:iam::${home.id}:user/simulated`);
    return await answer(home, input, {
      ...given(input),
      identity: identityGiven(input),
      principal,
      context: contextOf(input.ContextEntries),
      resourceOwner: ownerOf(input.ResourceOwner, principal, home),
    });
  },
};

/** Would the policies of a user, group or role, and further ones, allow these actions? */
export const SimulatePrincipalPolicy: Operation<
  IamPorts,
  iam.SimulatePrincipalPolicyRequest,
  iam.SimulatePolicyResponse,
  OnAccount
> = {
  resolve: (input, call) => onArn(call, input.PolicySourceArn!),
  async run({ home }, input, _call, { identity }) {
    const arn = input.PolicySourceArn!;
    demandEntityArn(arn);
    const holder = await findHolder(identity, home, arn);
    if (holder === undefined) throw errors.NoSuchEntity(`${arn} cannot be found.`);
    checkInput(input, home);
    const principal = callerOf(input.CallerArn ?? arn);
    const excluded = (source: PolicySource) =>
      (input.PolicyExclusionList ?? []).some(rule => isExcluded(source, rule));
    const own = (await sourcesOf(identity, home, holder)).filter(source => !excluded(source));
    const simulated = given(input);
    return await answer(home, input, {
      ...simulated,
      boundary: simulated.boundary ?? (await ownBoundary(identity, home, holder, input.PolicyExclusionList)),
      serviceControl: await ownServiceControl(identity, home, input.PolicyExclusionList),
      identity: [...own, ...identityGiven(input)],
      principal: { ...principal, uniqueId: holder.entity.id },
      context: { ...principalContext(home, holder, arn), ...contextOf(input.ContextEntries) },
      resourceOwner: ownerOf(input.ResourceOwner, principal, home),
    });
  },
};

/** The principal's own condition keys, as its requests carry them. */
function principalContext(home: Account, { kind, entity }: Holder, arn: string): Context {
  const context: Record<string, string> = {
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': home.id,
    'aws:PrincipalType': kind === 'role' ? 'AssumedRole' : 'User',
  };
  if (kind === 'user') {
    context['aws:username'] = entity.name;
    context['aws:userid'] = entity.id;
  }
  for (const [key, value] of 'tags' in entity ? (entity as User).tags : [])
    context[`aws:PrincipalTag/${key}`] = value;
  return context;
}

function checkInput(input: SimulationInput, { partition }: Account): void {
  checkGiven(input.PolicyInputList, 'identity', partition);
  checkGiven(input.PermissionsBoundaryPolicyInputList, 'boundary', partition);
  const { ResourcePolicy: resource } = input;
  if (resource !== undefined) checkGiven([resource], kindOfResourcePolicy(resource), partition);
  for (const level of input.OrderedOrganizationPolicyInputList ?? []) {
    checkGiven(level.ServiceControlPolicyInputList, 'service-control', partition);
  }
  for (const action of input.ActionNames!) {
    if (!/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action)) {
      throw errors.InvalidInput(`Invalid Action: ${action} is not a valid action name.`);
    }
  }
}

function identityGiven({ PolicyInputList }: SimulationInput): PolicySource[] {
  return (PolicyInputList ?? []).map((text, index) =>
    givenSource('PolicyInputList', index, text, 'identity'),
  );
}

/** The policies that a request gives beside the identity's. */
function given(
  input: SimulationInput,
): Pick<Simulation, 'boundary' | 'resource' | 'resourceKind' | 'serviceControl'> {
  const [boundary] = input.PermissionsBoundaryPolicyInputList ?? [];
  const { ResourcePolicy: resource } = input;
  const resourceKind = resource === undefined ? undefined : kindOfResourcePolicy(resource);
  const levels = input.OrderedOrganizationPolicyInputList;
  return {
    boundary:
      boundary === undefined
        ? undefined
        : givenSource('PermissionsBoundaryPolicyInputList', 0, boundary, 'boundary'),
    resource: resourceKind && givenSource('ResourcePolicy', 0, resource!, resourceKind),
    resourceKind,
    serviceControl: levels?.map(({ ServiceControlPolicyInputList: texts = [] }, level) =>
      texts.map((text, index) =>
        givenSource(`OrderedOrganizationPolicyInputList.${level + 1}`, index, text, 'service-control'),
      ),
    ),
  };
}

async function ownBoundary(
  identity: Identity,
  home: Account,
  holder: Holder,
  excluded: iam.PolicyIdentifier[] = [],
): Promise<PolicySource | undefined> {
  if (excluded.some(({ PolicyType }) => PolicyType === 'permission-boundary')) return undefined;
  return await boundarySource(identity, home, holder);
}

/** The service control policies over the account, level by level. */
async function ownServiceControl(
  identity: Identity,
  home: Account,
  excluded: iam.PolicyIdentifier[] = [],
): Promise<PolicySource[][] | undefined> {
  if (excluded.some(({ PolicyType }) => PolicyType === 'scp')) return undefined;
  const owner = await identity.owner(home.id);
  return owner?.controls?.serviceControl?.map(level =>
    level.map(policy => ({ id: policy.name, type: 'none', document: policy.policy.text, policy })),
  );
}

function isExcluded(
  source: PolicySource,
  { PolicyType, PolicyArn, InlinePolicyIdentifier }: iam.PolicyIdentifier,
): boolean {
  if (PolicyArn !== undefined) return source.arn === PolicyArn;
  if (PolicyType !== undefined) return PolicyType === (source.inline ? 'inline' : source.type);
  if (InlinePolicyIdentifier === undefined || source.inline === undefined) return false;
  const { PolicyName, AttachmentType, AttachmentName } = InlinePolicyIdentifier;
  return (
    source.inline.name === PolicyName &&
    source.inline.holder === AttachmentName &&
    source.type === AttachmentType?.toLowerCase()
  );
}

/**
 * One result per action, in the order of the request; pages go by that order. Pairs of one account wait behind each
 * other.
 */
async function answer(
  { id }: Account,
  input: SimulationInput,
  simulation: Simulation,
): Promise<iam.SimulatePolicyResponse> {
  const numbered = input.ActionNames!.map((action, index) => ({
    action,
    key: String(index).padStart(6, '0'),
  }));
  const { items, page } = slicePage(input, numbered, ({ key }) => key);
  const resources = input.ResourceArns ?? ['*'];
  const slices = new Slices(id);
  const results: iam.EvaluationResult[] = [];
  for (const { action } of items) {
    const result = await simulate(simulation, action, resources, slices);
    results.push({ ...result, EvalResourceName: await resourceTemplate(action, resources) });
    await slices.pause();
  }
  return { EvaluationResults: results, ...page };
}
