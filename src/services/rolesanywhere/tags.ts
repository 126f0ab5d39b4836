/** Tags of what the service holds. Source: IAM Roles Anywhere API Reference. */
import type { Call, Operation, Resolution } from '../../core/operation.js';
import { type AnywhereKind, anywhereErrors, type Tags } from '../../identity/index.js';
import { parseArn } from '../../policy/index.js';
import {
  demandFew,
  type Home,
  homeOf,
  onResource,
  type RolesAnywherePorts,
  requestTagContext,
  type TagInput,
  tagsOf,
} from './ports.js';

interface ArnInput {
  readonly resourceArn: string;
}

interface Tagged {
  readonly place: Home;
  readonly kind: AnywhereKind;
  readonly id: string;
  readonly tags: Tags | undefined;
}

type Identity = RolesAnywherePorts['identity'];

const NAME = /^(trust-anchor|profile|crl|subject)\/([0-9a-f-]{36})$/;

/** Throws `ResourceNotFoundException` for an ARN that names nothing in the caller's account and region. */
async function taggedOf({ resourceArn }: ArnInput, call: Call, identity: Identity): Promise<Tagged> {
  const place = homeOf(call);
  const arn = parseArn(resourceArn);
  const match = NAME.exec(arn?.resource ?? '');
  const { home, region } = place;
  const isHere =
    arn?.service === 'rolesanywhere' &&
    arn.account === home.id &&
    arn.region === region &&
    arn.partition === home.partition;
  if (!isHere || !match) throw absent(resourceArn);
  const kind = match[1] as AnywhereKind;
  const id = match[2]!;
  return { place, kind, id, tags: (await find(identity, place, kind, id))?.tags };
}

async function find({ rolesAnywhere }: Identity, place: Home, kind: AnywhereKind, id: string) {
  switch (kind) {
    case 'trust-anchor':
      return await rolesAnywhere.anchors.find(place, id);
    case 'profile':
      return await rolesAnywhere.profiles.find(place, id);
    case 'crl':
      return await rolesAnywhere.crls.find(place, id);
    case 'subject':
      return await rolesAnywhere.subjects.find(place, id);
  }
}

async function setTags(
  { rolesAnywhere }: Identity,
  { place, kind, id }: Tagged,
  change: (tags: Tags) => Tags,
) {
  if (kind === 'subject') return await rolesAnywhere.subjects.setTags(place, id, change);
  if (kind === 'trust-anchor')
    await rolesAnywhere.anchors.update(place, id, before => ({ ...before, tags: change(before.tags) }));
  else if (kind === 'profile')
    await rolesAnywhere.profiles.update(place, id, before => ({ ...before, tags: change(before.tags) }));
  else await rolesAnywhere.crls.update(place, id, before => ({ ...before, tags: change(before.tags) }));
}

function absent(arn: string) {
  return anywhereErrors.ResourceNotFoundException(`The resource ${arn} does not exist.`);
}

async function onTagged(
  input: ArnInput,
  call: Call,
  identity: Identity,
  context: object,
): Promise<Resolution<Tagged>> {
  const tagged = await taggedOf(input, call, identity);
  const requirement = onResource(call, tagged.place, tagged.kind, tagged.id, tagged.tags);
  return {
    requires: [{ ...requirement, context: { ...requirement.context, ...context } }],
    subject: tagged,
  };
}

/** The action has no resource (Service Authorization Reference). */
export const ListTagsForResource: Operation<RolesAnywherePorts, ArnInput, object, Tagged> = {
  async resolve(input, call, { identity }) {
    const subject = await taggedOf(input, call, identity);
    return { requires: [{ action: call.action, resource: '*' }], subject };
  },
  async run({ tags }, { resourceArn }) {
    if (tags === undefined) throw absent(resourceArn);
    return { tags: tags.map(([key, value]) => ({ key, value })) };
  },
};

interface TagResourceInput extends ArnInput {
  readonly tags: readonly TagInput[];
}

/** Throws `TooManyTagsException`, `ResourceNotFoundException`. */
export const TagResource: Operation<RolesAnywherePorts, TagResourceInput, object, Tagged> = {
  resolve: (input, call, { identity }) =>
    onTagged(input, call, identity, requestTagContext(tagsOf(input.tags))),
  async run(tagged, { resourceArn, tags }, _call, { identity }) {
    if (tagged.tags === undefined) throw absent(resourceArn);
    const given = tagsOf(tags);
    await setTags(identity, tagged, before => demandFew([...new Map([...before, ...given])]));
    return {};
  },
};

interface UntagResourceInput extends ArnInput {
  readonly tagKeys: readonly string[];
}

/** Throws `ResourceNotFoundException`. */
export const UntagResource: Operation<RolesAnywherePorts, UntagResourceInput, object, Tagged> = {
  resolve: (input, call, { identity }) =>
    onTagged(input, call, identity, { 'aws:TagKeys': [...input.tagKeys] }),
  async run(tagged, { resourceArn, tagKeys }, _call, { identity }) {
    if (tagged.tags === undefined) throw absent(resourceArn);
    await setTags(identity, tagged, before => before.filter(([key]) => !tagKeys.includes(key)));
    return {};
  },
};
