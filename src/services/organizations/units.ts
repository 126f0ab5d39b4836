/** Organisational units. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { NamedOperation } from '../../core/operation.js';
import { listPage } from './paging.js';
import { managedBy, type OrganizationsPorts } from './ports.js';
import { onTagging, onTargets, requestTags } from './requirements.js';
import { unitShape } from './shapes.js';
import { tagsIn } from './tags.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

export const createOrganizationalUnit: Op<
  sdk.CreateOrganizationalUnitRequest,
  sdk.CreateOrganizationalUnitResponse
> = {
  name: 'CreateOrganizationalUnit',
  requires: async ({ ParentId, Tags }, call, ports) => [
    ...(await onTargets('CreateOrganizationalUnit', call, ports, [ParentId], requestTags(Tags))),
    ...(await onTagging(call, ports, 'ou', Tags)),
  ],
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const { units } = ports.identity.organizations;
    const unit = await units.create(organization, input.ParentId!, input.Name!, tagsIn(input.Tags));
    return { OrganizationalUnit: unitShape(organization, unit) };
  },
};

export const describeOrganizationalUnit: Op<
  sdk.DescribeOrganizationalUnitRequest,
  sdk.DescribeOrganizationalUnitResponse
> = {
  name: 'DescribeOrganizationalUnit',
  requires: (input, call, ports) =>
    onTargets('DescribeOrganizationalUnit', call, ports, [input.OrganizationalUnitId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const unit = await ports.identity.organizations.units.get(organization.id, input.OrganizationalUnitId!);
    return { OrganizationalUnit: unitShape(organization, unit) };
  },
};

export const updateOrganizationalUnit: Op<
  sdk.UpdateOrganizationalUnitRequest,
  sdk.UpdateOrganizationalUnitResponse
> = {
  name: 'UpdateOrganizationalUnit',
  requires: (input, call, ports) =>
    onTargets('UpdateOrganizationalUnit', call, ports, [input.OrganizationalUnitId]),
  async run({ OrganizationalUnitId, Name }, call, ports) {
    const organization = await managedBy(call, ports);
    const { units } = ports.identity.organizations;
    const unit =
      Name === undefined
        ? await units.get(organization.id, OrganizationalUnitId!)
        : await units.rename(organization, OrganizationalUnitId!, Name);
    return { OrganizationalUnit: unitShape(organization, unit) };
  },
};

export const deleteOrganizationalUnit: Op<sdk.DeleteOrganizationalUnitRequest> = {
  name: 'DeleteOrganizationalUnit',
  requires: (input, call, ports) =>
    onTargets('DeleteOrganizationalUnit', call, ports, [input.OrganizationalUnitId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.units.delete(organization, input.OrganizationalUnitId!);
    return {};
  },
};

export const listOrganizationalUnitsForParent: Op<
  sdk.ListOrganizationalUnitsForParentRequest,
  sdk.ListOrganizationalUnitsForParentResponse
> = {
  name: 'ListOrganizationalUnitsForParent',
  requires: (input, call, ports) =>
    onTargets('ListOrganizationalUnitsForParent', call, ports, [input.ParentId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const { units } = ports.identity.organizations;
    const { items, next } = await listPage(
      input,
      page => units.children(organization, input.ParentId!, 'unit', page),
      id => id,
    );
    const found = await Promise.all(items.map(id => units.get(organization.id, id)));
    return { OrganizationalUnits: found.map(unit => unitShape(organization, unit)), ...next };
  },
};

export const listChildren: Op<sdk.ListChildrenRequest, sdk.ListChildrenResponse> = {
  name: 'ListChildren',
  requires: (input, call, ports) => onTargets('ListChildren', call, ports, [input.ParentId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const Type = input.ChildType!;
    const kind = Type === 'ACCOUNT' ? 'account' : 'unit';
    const { items, next } = await listPage(
      input,
      page => ports.identity.organizations.units.children(organization, input.ParentId!, kind, page),
      id => id,
    );
    return { Children: items.map(Id => ({ Id, Type })), ...next };
  },
};
