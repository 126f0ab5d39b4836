/** Certificate revocation lists of trust anchors. Source: IAM Roles Anywhere API Reference. */
import type { Call, Operation, Resolution } from '../../core/operation.js';
import { anywhereArn, anywhereErrors, type Crl, type TrustAnchor } from '../../identity/index.js';
import {
  type Home,
  homeOf,
  type ListInput,
  onCreation,
  onResource,
  pageOf,
  type RolesAnywherePorts,
  type TagInput,
  tagsOf,
} from './ports.js';

interface ImportInput {
  readonly name: string;
  readonly crlData: Uint8Array;
  readonly enabled?: boolean;
  readonly tags?: readonly TagInput[];
  readonly trustAnchorArn: string;
}

interface IdInput {
  readonly crlId: string;
}

interface UpdateInput extends IdInput {
  readonly name?: string;
  readonly crlData?: Uint8Array;
}

interface Known {
  readonly place: Home;
  readonly crl: Crl | undefined;
}

async function onKnown(
  { crlId: id }: IdInput,
  call: Call,
  { identity }: RolesAnywherePorts,
): Promise<Resolution<Known>> {
  const place = homeOf(call);
  const crl = await identity.rolesAnywhere.crls.find(place, id);
  return { requires: [onResource(call, place, 'crl', id, crl?.tags)], subject: { place, crl } };
}

/**
 * Disabled unless `enabled` says otherwise. Throws `ValidationException`; `ResourceNotFoundException` for the trust
 * anchor.
 */
export const ImportCrl: Operation<RolesAnywherePorts, ImportInput, object, Home> = {
  resolve(input, call) {
    const place = homeOf(call);
    return { requires: onCreation(call, place, 'crl', tagsOf(input.tags)), subject: place };
  },
  async run(place, { name, crlData, enabled = false, tags, trustAnchorArn }, _call, { identity }) {
    const { rolesAnywhere } = identity;
    const prefix = anywhereArn(place.home, place.region, 'trust-anchor', '');
    const id = trustAnchorArn.startsWith(prefix) ? trustAnchorArn.slice(prefix.length) : trustAnchorArn;
    const anchor = rolesAnywhere.anchors.demand(await rolesAnywhere.anchors.find(place, id), id);
    const list = Buffer.from(crlData).toString('latin1');
    await rolesAnywhere.demandList(list, anchor);
    const crl = await rolesAnywhere.crls.create(
      place,
      { name, enabled, anchor: anchor.id, list, tags: tagsOf(tags) },
      others => rolesAnywhere.demandRoom(others, anchor.id),
    );
    return { crl: shapeOf(place, crl) };
  },
};

export const GetCrl: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  resolve: onKnown,
  async run({ place, crl }, { crlId }, _call, { identity }) {
    return { crl: shapeOf(place, identity.rolesAnywhere.crls.demand(crl, crlId)) };
  },
};

export const ListCrls: Operation<RolesAnywherePorts, ListInput, object, Home> = {
  resolve: (_input, call) => ({ requires: [{ action: call.action, resource: '*' }], subject: homeOf(call) }),
  async run(place, input, _call, { identity }) {
    const { items, nextToken } = await pageOf(input, page => identity.rolesAnywhere.crls.list(place, page));
    return { crls: items.map(crl => shapeOf(place, crl)), nextToken };
  },
};

/** Throws `ValidationException`. */
export const UpdateCrl: Operation<RolesAnywherePorts, UpdateInput, object, Known> = {
  resolve: onKnown,
  async run({ place, crl }, { crlId, name, crlData }, _call, { identity }) {
    const { rolesAnywhere } = identity;
    const list = crlData && Buffer.from(crlData).toString('latin1');
    if (list !== undefined) {
      const { anchor } = rolesAnywhere.crls.demand(crl, crlId);
      await rolesAnywhere.demandList(list, demandAnchor(await rolesAnywhere.anchors.find(place, anchor)));
    }
    const change = { ...(name !== undefined && { name }), ...(list !== undefined && { list }) };
    return await changed(identity, place, crlId, change);
  },
};

export const DeleteCrl: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  resolve: onKnown,
  async run({ place }, { crlId }, _call, { identity }) {
    return { crl: shapeOf(place, await identity.rolesAnywhere.crls.delete(place, crlId)) };
  },
};

const switching = (enabled: boolean): Operation<RolesAnywherePorts, IdInput, object, Known> => ({
  resolve: onKnown,
  run: ({ place }, { crlId }, _call, { identity }) => changed(identity, place, crlId, { enabled }),
});

export const EnableCrl = switching(true);
/** What it revokes counts as valid until it is enabled again. */
export const DisableCrl = switching(false);

function demandAnchor(anchor: TrustAnchor | undefined): TrustAnchor {
  if (anchor) return anchor;
  throw anywhereErrors.ResourceNotFoundException('The trust anchor of the list does not exist any more.');
}

async function changed(
  { rolesAnywhere }: RolesAnywherePorts['identity'],
  place: Home,
  id: string,
  change: Partial<Crl>,
) {
  const crl = await rolesAnywhere.crls.update(place, id, before => ({ ...before, ...change }));
  return { crl: shapeOf(place, crl) };
}

function shapeOf({ home, region }: Home, { id, name, enabled, anchor, list, created, updated }: Crl) {
  return {
    crlId: id,
    crlArn: anywhereArn(home, region, 'crl', id),
    name,
    enabled,
    crlData: Buffer.from(list, 'latin1'),
    trustAnchorArn: anywhereArn(home, region, 'trust-anchor', anchor),
    createdAt: new Date(created),
    updatedAt: new Date(updated),
  };
}
