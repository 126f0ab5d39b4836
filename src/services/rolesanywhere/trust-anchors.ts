/** Trust anchors: the authorities whose certificates get sessions. Source: IAM Roles Anywhere API Reference. */
import type { Call, Operation, Resolution } from '../../core/operation.js';
import { anywhereArn, anywhereErrors, type TrustAnchor } from '../../identity/index.js';
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

interface Source {
  readonly sourceType?: string;
  readonly sourceData?: { readonly x509CertificateData?: string; readonly acmPcaArn?: string };
}

interface CreateInput {
  readonly name: string;
  readonly source: Source;
  readonly enabled?: boolean;
  readonly tags?: readonly TagInput[];
  readonly notificationSettings?: readonly object[];
}

interface IdInput {
  readonly trustAnchorId: string;
}

interface UpdateInput extends IdInput {
  readonly name?: string;
  readonly source?: Source;
}

interface Known {
  readonly place: Home;
  readonly anchor: TrustAnchor | undefined;
}

async function onKnown(
  { trustAnchorId: id }: IdInput,
  call: Call,
  { identity }: RolesAnywherePorts,
): Promise<Resolution<Known>> {
  const place = homeOf(call);
  const anchor = await identity.rolesAnywhere.anchors.find(place, id);
  return {
    requires: [onResource(call, place, 'trust-anchor', id, anchor?.tags)],
    subject: { place, anchor },
  };
}

/** Disabled unless `enabled` says otherwise. Throws `ValidationException`. */
export const CreateTrustAnchor: Operation<RolesAnywherePorts, CreateInput, object, Home> = {
  resolve(input, call) {
    const place = homeOf(call);
    return { requires: onCreation(call, place, 'trust-anchor', tagsOf(input.tags)), subject: place };
  },
  async run(place, { name, source, enabled = false, tags, notificationSettings = [] }, _call, { identity }) {
    if (notificationSettings.length > 0) {
      throw anywhereErrors.ValidationException(
        'No notifications are sent here: create the trust anchor without notification settings.',
      );
    }
    const bundle = bundleOf(source);
    await identity.rolesAnywhere.demandBundle(bundle);
    const anchor = await identity.rolesAnywhere.anchors.create(place, {
      name,
      enabled,
      bundle,
      tags: tagsOf(tags),
    });
    return { trustAnchor: shapeOf(place, anchor) };
  },
};

export const GetTrustAnchor: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  resolve: onKnown,
  async run({ place, anchor }, { trustAnchorId }, _call, { identity }) {
    return { trustAnchor: shapeOf(place, identity.rolesAnywhere.anchors.demand(anchor, trustAnchorId)) };
  },
};

export const ListTrustAnchors: Operation<RolesAnywherePorts, ListInput, object, Home> = {
  resolve: (_input, call) => ({ requires: [{ action: call.action, resource: '*' }], subject: homeOf(call) }),
  async run(place, input, _call, { identity }) {
    const { items, nextToken } = await pageOf(input, page =>
      identity.rolesAnywhere.anchors.list(place, page),
    );
    return { trustAnchors: items.map(anchor => shapeOf(place, anchor)), nextToken };
  },
};

/** Throws `ValidationException`. */
export const UpdateTrustAnchor: Operation<RolesAnywherePorts, UpdateInput, object, Known> = {
  resolve: onKnown,
  async run({ place }, { trustAnchorId, name, source }, _call, { identity }) {
    const bundle = source && bundleOf(source);
    if (bundle !== undefined) await identity.rolesAnywhere.demandBundle(bundle);
    const change = { ...(name !== undefined && { name }), ...(bundle !== undefined && { bundle }) };
    return await changed(identity, place, trustAnchorId, change);
  },
};

export const DeleteTrustAnchor: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  resolve: onKnown,
  async run({ place }, { trustAnchorId }, _call, { identity }) {
    return { trustAnchor: shapeOf(place, await identity.rolesAnywhere.anchors.delete(place, trustAnchorId)) };
  },
};

const switching = (enabled: boolean): Operation<RolesAnywherePorts, IdInput, object, Known> => ({
  resolve: onKnown,
  run: ({ place }, { trustAnchorId }, _call, { identity }) =>
    changed(identity, place, trustAnchorId, { enabled }),
});

export const EnableTrustAnchor = switching(true);
/** Its certificates get no new sessions; those that there are live on. */
export const DisableTrustAnchor = switching(false);

async function changed(
  { rolesAnywhere }: RolesAnywherePorts['identity'],
  place: Home,
  id: string,
  change: Partial<TrustAnchor>,
) {
  const anchor = await rolesAnywhere.anchors.update(place, id, before => ({ ...before, ...change }));
  return { trustAnchor: shapeOf(place, anchor) };
}

/** Throws `ValidationException` for anything but a bundle. */
function bundleOf({ sourceType, sourceData }: Source): string {
  if (sourceType !== 'CERTIFICATE_BUNDLE') {
    throw anywhereErrors.ValidationException(
      `Trust anchors are bundles of certificates here (CERTIFICATE_BUNDLE): there is no AWS Private CA, and no ${sourceType}.`,
    );
  }
  const bundle = sourceData?.x509CertificateData;
  if (bundle !== undefined && sourceData?.acmPcaArn === undefined) return bundle;
  throw anywhereErrors.ValidationException('A bundle has x509CertificateData, and nothing else.');
}

function shapeOf({ home, region }: Home, { id, name, enabled, bundle, created, updated }: TrustAnchor) {
  return {
    trustAnchorId: id,
    trustAnchorArn: anywhereArn(home, region, 'trust-anchor', id),
    name,
    source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: bundle } },
    enabled,
    createdAt: new Date(created),
    updatedAt: new Date(updated),
  };
}
