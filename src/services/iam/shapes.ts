/** Records as IAM shows them. */
import type * as iam from '@aws-sdk/client-iam';
import {
  type Account,
  type BoundedEntity,
  defaultVersion,
  type Entity,
  entityArn,
  type Group,
  type Identity,
  type InstanceProfile,
  type ManagedPolicy,
  type PolicyVersion,
  type Role,
  type Tags,
  type User,
} from '../../identity/index.js';

/** IAM's dates have whole seconds. */
export function dateOf(time: number): Date {
  return new Date(Math.floor(time / 1000) * 1000);
}

export function statusOf(active: boolean): iam.StatusType {
  return active ? 'Active' : 'Inactive';
}

/** Policy documents are URL-encoded as RFC 3986 has it (IAM API Reference, e.g. GetRolePolicy). */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function tagList(tags: Tags): iam.Tag[] {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}

function someTags(tags: Tags): { Tags?: iam.Tag[] } {
  return tags.length === 0 ? {} : { Tags: tagList(tags) };
}

/**
 * The only value there is (IAM API Reference, AttachedPermissionsBoundary). The SDK's enumeration words it otherwise.
 */
const POLICY = 'Policy' as string as iam.PermissionsBoundaryAttachmentType;

export function boundaryOf({ boundary }: BoundedEntity): {
  PermissionsBoundary?: iam.AttachedPermissionsBoundary;
} {
  if (boundary === undefined) return {};
  return {
    PermissionsBoundary: {
      PermissionsBoundaryType: POLICY,
      PermissionsBoundaryArn: boundary,
    },
  };
}

/** A user in a list: without tags and boundary (IAM API Reference, ListUsers). */
export function listedUser(home: Account, user: User): iam.User {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: entityArn('user', home, user.path, user.name),
    CreateDate: dateOf(user.created),
  };
}

export function shownUser(home: Account, user: User): iam.User {
  return { ...listedUser(home, user), ...boundaryOf(user), ...someTags(user.tags) };
}

export function shownGroup(home: Account, group: Group): iam.Group {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: entityArn('group', home, group.path, group.name),
    CreateDate: dateOf(group.created),
  };
}

/** A role in a list: without tags, boundary and last use (IAM API Reference, ListRoles). */
export async function listedRole(identity: Identity, home: Account, role: Role): Promise<iam.Role> {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn('role', home, role.path, role.name),
    CreateDate: dateOf(role.created),
    AssumeRolePolicyDocument: encodeDocument(await identity.principals.toShown(role.trust, 'trust')),
    ...(role.description !== undefined && { Description: role.description }),
    MaxSessionDuration: role.maxSessionDuration,
  };
}

export async function shownRole(identity: Identity, home: Account, role: Role): Promise<iam.Role> {
  return { ...(await listedRole(identity, home, role)), ...boundaryOf(role), ...someTags(role.tags) };
}

/**
 * A role as the operations that make one answer: with the document as it was sent, account ids as such; the longest
 * session is GetRole's and ListRoles' to tell (LocalStack's recordings of AWS, TestSTSAssumeRoleTagging).
 */
export async function createdRole(
  identity: Identity,
  home: Account,
  role: Role,
  sent: string,
): Promise<iam.Role> {
  const { MaxSessionDuration: _, ...created } = await shownRole(identity, home, role);
  return { ...created, AssumeRolePolicyDocument: encodeDocument(sent) };
}

/** Empty where no session of the role was ever used. */
export async function roleLastUsed(identity: Identity, role: Role): Promise<iam.RoleLastUsed> {
  const use = await identity.usage.ofRole(role.id);
  return use === undefined ? {} : { LastUsedDate: dateOf(use.time), Region: use.region };
}

/** A policy in a list: without tags and description (IAM API Reference, ListPolicies). */
export async function listedPolicy(
  identity: Identity,
  home: Account,
  arn: string,
  policy: ManagedPolicy,
): Promise<iam.Policy> {
  const { attachments, boundaries } = await identity.policies.usage(home, arn);
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: arn,
    Path: policy.path,
    DefaultVersionId: versionId(policy.default),
    AttachmentCount: attachments,
    PermissionsBoundaryUsageCount: boundaries,
    IsAttachable: true,
    CreateDate: dateOf(policy.created),
    UpdateDate: dateOf(policy.updated),
  };
}

export async function shownPolicy(
  identity: Identity,
  home: Account,
  arn: string,
  policy: ManagedPolicy,
): Promise<iam.Policy> {
  return {
    ...(await listedPolicy(identity, home, arn, policy)),
    ...(policy.description !== undefined && { Description: policy.description }),
    Tags: tagList(policy.tags),
  };
}

/** A policy as CreatePolicy answers with it: as in a list, with the tags that it was given (recorded of AWS). */
export async function createdPolicy(
  identity: Identity,
  home: Account,
  arn: string,
  policy: ManagedPolicy,
): Promise<iam.Policy> {
  return { ...(await listedPolicy(identity, home, arn, policy)), ...someTags(policy.tags) };
}

export function versionId(number: number): string {
  return `v${number}`;
}

/** A version in a list: without its document (IAM API Reference, ListPolicyVersions). */
export function listedVersion(policy: ManagedPolicy, version: PolicyVersion): iam.PolicyVersion {
  return {
    VersionId: versionId(version.number),
    IsDefaultVersion: version.number === defaultVersion(policy).number,
    CreateDate: dateOf(version.created),
  };
}

export function shownVersion(policy: ManagedPolicy, version: PolicyVersion): iam.PolicyVersion {
  return { Document: encodeDocument(version.document), ...listedVersion(policy, version) };
}

export function attachedPolicies(entity: Entity): iam.AttachedPolicy[] {
  return entity.attached.map(arn => ({ PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }));
}

export function inlinePolicies(entity: Entity): iam.PolicyDetail[] {
  return entity.inline.map(({ name, document }) => ({
    PolicyName: name,
    PolicyDocument: encodeDocument(document),
  }));
}

/** Without tags: ListInstanceProfiles leaves them out. */
export async function listedProfile(
  identity: Identity,
  home: Account,
  profile: InstanceProfile,
): Promise<iam.InstanceProfile> {
  const role = profile.role === undefined ? undefined : await identity.roles.find(home.id, profile.role);
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: entityArn('instance-profile', home, profile.path, profile.name),
    CreateDate: dateOf(profile.created),
    Roles: role === undefined ? [] : [await listedRole(identity, home, role)],
  };
}

export async function shownProfile(identity: Identity, home: Account, profile: InstanceProfile) {
  return { ...(await listedProfile(identity, home, profile)), ...someTags(profile.tags) };
}
