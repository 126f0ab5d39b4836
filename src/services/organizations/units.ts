/** Organisational units. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import { listPage } from './paging.js';
import { managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { tagsIn } from './request-tags.js';
import { andTagging, type InOrganization, onTargets, requestTags } from './requirements.js';
import { unitShape } from './shapes.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

export const CreateOrganizationalUnit: Op<
  sdk.CreateOrganizationalUnitRequest,
  sdk.CreateOrganizationalUnitResponse,
  InOrganization
> = {
  resolve: ({ ParentId, Tags }, call, ports) =>
    andTagging(onTargets(call, ports, [ParentId], requestTags(Tags)), 'ou', Tags),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    const { units } = ports.identity.organizations;
    const unit = await units.create(organization, input.ParentId!, input.Name!, tagsIn(input.Tags));
    return { OrganizationalUnit: unitShape(organization, unit) };
  },
};

export const DescribeOrganizationalUnit: Op<
  sdk.DescribeOrganizationalUnitRequest,
  sdk.DescribeOrganizationalUnitResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.OrganizationalUnitId]),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const unit = await ports.identity.organizations.units.get(organization.id, input.OrganizationalUnitId!);
    return { OrganizationalUnit: unitShape(organization, unit) };
  },
};

export const UpdateOrganizationalUnit: Op<
  sdk.UpdateOrganizationalUnitRequest,
  sdk.UpdateOrganizationalUnitResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.OrganizationalUnitId]),
  async run(subject, { OrganizationalUnitId, Name }, _call, ports) {
    const organization = managedBy(subject);
    const { units } = ports.identity.organizations;
    const unit =
      Name === undefined
        ? await units.get(organization.id, OrganizationalUnitId!)
        : await units.rename(organization, OrganizationalUnitId!, Name);
    return { OrganizationalUnit: unitShape(organization, unit) };
  },
};

export const DeleteOrganizationalUnit: Op<sdk.DeleteOrganizationalUnitRequest, object, InOrganization> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.OrganizationalUnitId]),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.units.delete(organization, input.OrganizationalUnitId!);
    return {};
  },
};

export const ListOrganizationalUnitsForParent: Op<
  sdk.ListOrganizationalUnitsForParentRequest,
  sdk.ListOrganizationalUnitsForParentResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.ParentId]),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
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

export const ListChildren: Op<sdk.ListChildrenRequest, sdk.ListChildrenResponse, InOrganization> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.ParentId]),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
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
