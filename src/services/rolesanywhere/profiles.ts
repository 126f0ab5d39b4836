/** Profiles: which roles sessions may be of, and what limits them. Source: IAM Roles Anywhere API Reference. */
import type { Call, Operation, Requirement, Resolution } from '../../core/operation.js';
import {
  anywhereArn,
  anywhereErrors,
  type CertificateField,
  checkDocument,
  DEFAULT_MAPPINGS,
  findRole,
  type Profile,
  parseEntityArn,
  roleTagContext,
  withMapping,
  withoutMapping,
} from '../../identity/index.js';
import { inOurWords } from './errors.js';
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

/** Seconds. */
const DEFAULT_DURATION = 3600;

interface Settings {
  readonly name?: string;
  readonly roleArns?: readonly string[];
  readonly sessionPolicy?: string;
  readonly managedPolicyArns?: readonly string[];
  readonly durationSeconds?: number;
  readonly acceptRoleSessionName?: boolean;
}

interface CreateInput extends Settings {
  readonly name: string;
  readonly roleArns: readonly string[];
  readonly requireInstanceProperties?: boolean;
  readonly enabled?: boolean;
  readonly tags?: readonly TagInput[];
}

interface IdInput {
  readonly profileId: string;
}

interface Known {
  readonly place: Home;
  readonly profile: Profile | undefined;
}

async function onKnown(
  { profileId: id }: IdInput,
  call: Call,
  { identity }: RolesAnywherePorts,
): Promise<Resolution<Known>> {
  const place = homeOf(call);
  const profile = await identity.rolesAnywhere.profiles.find(place, id);
  return { requires: [onResource(call, place, 'profile', id, profile?.tags)], subject: { place, profile } };
}

/**
 * Disabled unless `enabled` says otherwise. Who makes one passes its roles to the service. Throws
 * `ValidationException`.
 */
export const CreateProfile: Operation<RolesAnywherePorts, CreateInput, object, Home> = {
  async resolve(input, call, { identity }) {
    const place = homeOf(call);
    const passed = await passRoles(place, input.roleArns, identity);
    const requires = [...onCreation(call, place, 'profile', tagsOf(input.tags)), ...passed];
    return { requires, subject: place };
  },
  async run(place, input, _call, { identity }) {
    const { name, roleArns, enabled = false, requireInstanceProperties = false, tags } = input;
    const settings = settingsOf(place, input);
    const profile = await identity.rolesAnywhere.profiles.create(place, {
      managedPolicyArns: [],
      duration: DEFAULT_DURATION,
      acceptsSessionName: false,
      ...settings,
      name,
      roleArns,
      enabled,
      requiresInstanceProperties: requireInstanceProperties,
      mappings: DEFAULT_MAPPINGS,
      tags: tagsOf(tags),
    });
    return { profile: shapeOf(place, profile) };
  },
};

export const GetProfile: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  resolve: onKnown,
  async run({ place, profile }, { profileId }, _call, { identity }) {
    return { profile: shapeOf(place, identity.rolesAnywhere.profiles.demand(profile, profileId)) };
  },
};

export const ListProfiles: Operation<RolesAnywherePorts, ListInput, object, Home> = {
  resolve: (_input, call) => ({ requires: [{ action: call.action, resource: '*' }], subject: homeOf(call) }),
  async run(place, input, _call, { identity }) {
    const { items, nextToken } = await pageOf(input, page =>
      identity.rolesAnywhere.profiles.list(place, page),
    );
    return { profiles: items.map(profile => shapeOf(place, profile)), nextToken };
  },
};

/** Sets what is given. Other roles are passed to the service as on creation. Throws `ValidationException`. */
export const UpdateProfile: Operation<RolesAnywherePorts, IdInput & Settings, object, Known> = {
  async resolve(input, call, ports) {
    const { requires, subject } = await onKnown(input, call, ports);
    const passed = await passRoles(subject.place, input.roleArns ?? [], ports.identity);
    return { requires: [...requires, ...passed], subject };
  },
  async run({ place }, input, _call, { identity }) {
    const settings = settingsOf(place, input);
    return await changed(identity, place, input.profileId, before => ({ ...before, ...settings }));
  },
};

export const DeleteProfile: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  resolve: onKnown,
  async run({ place }, { profileId }, _call, { identity }) {
    return { profile: shapeOf(place, await identity.rolesAnywhere.profiles.delete(place, profileId)) };
  },
};

const switching = (enabled: boolean): Operation<RolesAnywherePorts, IdInput, object, Known> => ({
  resolve: onKnown,
  run: ({ place }, { profileId }, _call, { identity }) =>
    changed(identity, place, profileId, before => ({ ...before, enabled })),
});

export const EnableProfile = switching(true);
/** No new sessions; those that there are live on. */
export const DisableProfile = switching(false);

interface PutMappingInput extends IdInput {
  readonly certificateField: CertificateField;
  readonly mappingRules: readonly { readonly specifier: string }[];
}

interface DeleteMappingInput extends IdInput {
  readonly certificateField: CertificateField;
  readonly specifiers?: readonly string[];
}

/** Throws `ValidationException` for parts that certificates do not have. */
export const PutAttributeMapping: Operation<RolesAnywherePorts, PutMappingInput, object, Known> = {
  resolve: onKnown,
  run({ place }, { profileId, certificateField, mappingRules }, _call, { identity }) {
    const specifiers = mappingRules.map(({ specifier }) => specifier);
    return changed(identity, place, profileId, before => ({
      ...before,
      mappings: withMapping(before.mappings, certificateField, specifiers),
    }));
  },
};

/** Throws `ValidationException` for rules that are not there. */
export const DeleteAttributeMapping: Operation<RolesAnywherePorts, DeleteMappingInput, object, Known> = {
  resolve: onKnown,
  run: ({ place }, { profileId, certificateField, specifiers }, _call, { identity }) =>
    changed(identity, place, profileId, before => ({
      ...before,
      mappings: withoutMapping(before.mappings, certificateField, specifiers),
    })),
};

async function changed(
  { rolesAnywhere }: RolesAnywherePorts['identity'],
  place: Home,
  id: string,
  change: (before: Profile) => Profile,
) {
  return { profile: shapeOf(place, await rolesAnywhere.profiles.update(place, id, change)) };
}

/**
 * `iam:PassRole` on each role (Service Authorization Reference, "API operations defined by AWS IAM Roles Anywhere").
 * A role is passed within its account: throws `ValidationException` for others'.
 */
async function passRoles(
  { home }: Home,
  roleArns: readonly string[],
  identity: RolesAnywherePorts['identity'],
): Promise<Requirement[]> {
  return await Promise.all(
    roleArns.map(async resource => {
      const name = parseEntityArn(resource);
      if (name?.kind !== 'role' || name.account !== home.id || name.partition !== home.partition) {
        throw anywhereErrors.ValidationException(`${resource} is no role of the account ${home.id}.`);
      }
      const target = await findRole(identity, name);
      return {
        action: 'iam:PassRole',
        resource,
        resourceAccount: home.id,
        context: {
          'iam:PassedToService': 'rolesanywhere.amazonaws.com',
          ...(target && roleTagContext(target.role)),
        },
      };
    }),
  );
}

/** Throws `ValidationException` for a session policy that is none. */
function settingsOf({ home }: Home, input: Settings): Partial<Profile> {
  const { name, roleArns, sessionPolicy, managedPolicyArns, durationSeconds, acceptRoleSessionName } = input;
  if (sessionPolicy !== undefined)
    inOurWords(() => checkDocument(sessionPolicy, 'session', { partition: home.partition }));
  return {
    ...(name !== undefined && { name }),
    ...(roleArns !== undefined && { roleArns }),
    ...(sessionPolicy !== undefined && { sessionPolicy }),
    ...(managedPolicyArns !== undefined && { managedPolicyArns }),
    ...(durationSeconds !== undefined && { duration: durationSeconds }),
    ...(acceptRoleSessionName !== undefined && { acceptsSessionName: acceptRoleSessionName }),
  };
}

function shapeOf({ home, region }: Home, profile: Profile) {
  const { id, name, enabled, created, updated, roleArns, managedPolicyArns, sessionPolicy } = profile;
  return {
    profileId: id,
    profileArn: anywhereArn(home, region, 'profile', id),
    name,
    requireInstanceProperties: profile.requiresInstanceProperties,
    enabled,
    createdBy: home.id,
    sessionPolicy,
    roleArns,
    managedPolicyArns,
    createdAt: new Date(created),
    updatedAt: new Date(updated),
    durationSeconds: profile.duration,
    acceptRoleSessionName: profile.acceptsSessionName,
    attributeMappings: profile.mappings.map(({ certificateField, specifiers }) => ({
      certificateField,
      mappingRules: specifiers.map(specifier => ({ specifier })),
    })),
  };
}
