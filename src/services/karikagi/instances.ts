/**
 * Machines that hold an instance profile, and their sessions of its role: what EC2 does for its instances. The metadata
 * endpoint is a client of these operations.
 */

import { ApiError } from '../../core/errors.js';
import type { Call, Operation, Requirement, Resolution } from '../../core/operation.js';
import {
  type Account,
  assumedRoleArn,
  entityArn,
  type InstanceProfile,
  type InstanceView,
  instanceArn,
  type Role,
  roleTagContext,
  type Tags,
  trustPolicyOf,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { homeOf, type KarikagiPorts, notFound, onAccount } from './ports.js';

/**
 * Seconds: EC2 gives about six hours, whatever the role's maximum, which holds for AssumeRole alone (IAM User Guide,
 * "Methods to assume a role").
 */
const SESSION_LIFE = 6 * 3600;
const DEFAULT_ITEMS = 100;

interface RegisterInput {
  readonly InstanceProfileName: string;
  readonly InstanceId?: string;
  /** Default: the region that the request is signed for. */
  readonly Region?: string;
  readonly VpcId?: string;
  readonly PrivateIpAddress?: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

interface InstanceInput {
  readonly InstanceId: string;
}

interface AssumeInput extends InstanceInput {
  /** With which version of the metadata service the keys are handed out: `1.0` or `2.0`. */
  readonly RoleDelivery: '1.0' | '2.0';
}

/** `*` where no id is chosen yet. */
function onInstance({ action }: Call, home: Account, region: string, id = '*'): Requirement {
  return { action, resource: instanceArn(home, region, id) };
}

interface OnKnown {
  readonly home: Account;
  readonly view: InstanceView | undefined;
}

/** A machine's own region is in its ARN: the record says it, once there is one. */
async function onKnown(
  { InstanceId }: InstanceInput,
  call: Call,
  { identity }: KarikagiPorts,
): Promise<Resolution<OnKnown>> {
  const home = homeOf(call);
  const view = await identity.instances.find(home.id, InstanceId);
  const requirement = onInstance(call, home, view?.instance.region ?? call.region, InstanceId);
  return { requires: [requirement], subject: { home, view } };
}

interface OnProfile {
  readonly home: Account;
  readonly profile: InstanceProfile | undefined;
}

/**
 * Registers a machine, or changes its registration. Who registers passes the profile's role to EC2, as with EC2's
 * RunInstances and AssociateIamInstanceProfile. Throws `ResourceNotFoundException` for the profile.
 */
export const RegisterInstance: Operation<KarikagiPorts, RegisterInput, { Instance: object }, OnProfile> = {
  async resolve(input, call, { identity }) {
    const home = homeOf(call);
    const register = onInstance(call, home, input.Region ?? call.region, input.InstanceId);
    const profile = await identity.instanceProfiles.find(home.id, input.InstanceProfileName);
    const role = profile?.role && (await identity.roles.find(home.id, profile.role));
    const requires = role ? [register, passRole(home, role)] : [register];
    return { requires, subject: { home, profile } };
  },
  async run({ home, profile }, input, call, { identity }) {
    if (profile === undefined) {
      throw notFound(`Account ${home.id} has no instance profile ${input.InstanceProfileName}.`);
    }
    const { id } = await identity.instances.register(home, {
      id: input.InstanceId,
      profile,
      region: input.Region ?? call.region,
      vpc: input.VpcId,
      privateIp: input.PrivateIpAddress,
      tags: (input.Tags ?? []).map(({ Key, Value }) => [Key, Value]),
    });
    return { Instance: shapeOf(home, (await identity.instances.find(home.id, id))!) };
  },
};

function passRole(home: Account, role: Role): Requirement {
  return {
    action: 'iam:PassRole',
    resource: entityArn('role', home, role.path, role.name),
    context: { 'iam:PassedToService': 'ec2.amazonaws.com', ...roleTagContext(role) },
  };
}

/** Its sessions live on; new ones are not issued. */
export const DeregisterInstance: Operation<KarikagiPorts, InstanceInput, object, OnKnown> = {
  resolve: onKnown,
  async run({ home, view }, { InstanceId }, _call, { identity }) {
    demandInstance(home, view, InstanceId);
    await identity.instances.deregister(home, InstanceId);
    return {};
  },
};

/** A machine, and what its profile holds at this moment. */
export const GetInstance: Operation<KarikagiPorts, InstanceInput, { Instance: object }, OnKnown> = {
  resolve: onKnown,
  async run({ home, view }, { InstanceId }) {
    return { Instance: shapeOf(home, demandInstance(home, view, InstanceId)) };
  },
};

interface ListInput {
  readonly MaxItems?: number;
  readonly NextToken?: string;
}

interface ListOutput {
  readonly Instances: readonly object[];
  readonly NextToken?: string;
}

/** In the order of their ids. */
export const ListInstances: Operation<KarikagiPorts, ListInput, ListOutput, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, { MaxItems = DEFAULT_ITEMS, NextToken }, _call, { identity }) {
    const found = await identity.instances.list(home.id, { limit: MaxItems + 1, after: NextToken });
    const shown = found.slice(0, MaxItems);
    return {
      Instances: shown.map(view => shapeOf(home, view)),
      ...(found.length > MaxItems && { NextToken: shown.at(-1)!.instance.id }),
    };
  },
};

/**
 * A session of the role in the machine's profile, for about six hours. The role's trust policy must let EC2 assume it.
 * Throws `ResourceNotFoundException`; `InstanceProfileNotFound` where the profile is gone or was made again;
 * `NoRoleInInstanceProfile`; `AssumeRoleUnauthorizedAccess`.
 * Source: EC2 User Guide, "Retrieve security credentials from instance metadata".
 */
export const AssumeInstanceRole: Operation<KarikagiPorts, AssumeInput, object, OnKnown> = {
  resolve: onKnown,
  async run({ home, view: known }, { InstanceId, RoleDelivery }, call, { identity }) {
    const view = demandInstance(home, known, InstanceId);
    const role = demandRole(view);
    const service = await demandTrust(home, role, call);
    const roleArn = entityArn('role', home, role.path, role.name);
    call.note({ service: 'sts', operation: 'AssumeRole', resource: roleArn });
    const { credentials } = await identity.sessions.issue({
      arn: assumedRoleArn(home, role.name, InstanceId),
      duration: SESSION_LIFE,
      issuer: {
        arn: service,
        accessKeyId: call.caller.accessKeyId ?? '',
        sourceIp: call.sourceIp,
        region: view.instance.region,
      },
      claims: {
        kind: 'assume-role',
        account: home.id,
        entityId: role.id,
        entity: role.name.toLowerCase(),
        name: InstanceId,
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa: false,
        chained: false,
        keys: deliveryKeys(home, view, RoleDelivery),
      },
    });
    return {
      RoleName: role.name,
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: new Date(credentials.expires),
      },
    };
  },
};

/** Source: EC2 User Guide, "Condition keys for Amazon EC2"; IAM User Guide, "AWS global condition context keys". */
function deliveryKeys(home: Account, { instance }: InstanceView, delivery: string): Context {
  const { id, region, vpc, privateIp } = instance;
  return {
    'ec2:SourceInstanceARN': instanceArn(home, region, id),
    'ec2:RoleDelivery': delivery,
    ...(vpc !== undefined && { 'aws:Ec2InstanceSourceVpc': vpc }),
    ...(privateIp !== undefined && { 'aws:Ec2InstanceSourcePrivateIPv4': privateIp }),
  };
}

function demandInstance(home: Account, view: InstanceView | undefined, id: string): InstanceView {
  if (view === undefined) throw notFound(`Account ${home.id} has no instance ${id}.`);
  return view;
}

function demandRole({ instance, profile, role }: InstanceView): Role {
  if (profile === undefined) {
    throw new ApiError(
      'InstanceProfileNotFound',
      400,
      `The instance profile ${instance.profile} of ${instance.id} does not exist any more.`,
    );
  }
  if (role !== undefined) return role;
  throw new ApiError('NoRoleInInstanceProfile', 400, `The instance profile ${profile.name} holds no role.`);
}

/**
 * Throws unless the role's trust policy lets EC2 assume it; resolves with EC2's name. In China it has two: the one that
 * the policy names is decided.
 */
async function demandTrust(home: Account, role: Role, call: Call): Promise<string> {
  const names =
    home.partition === 'aws-cn' ? ['ec2.amazonaws.com.cn', 'ec2.amazonaws.com'] : ['ec2.amazonaws.com'];
  const service = names.find(name => role.trust.includes(`"${name}"`)) ?? names[0]!;
  if (await call.permits(trustRequirement(home, role, service))) return service;
  throw new ApiError(
    'AssumeRoleUnauthorizedAccess',
    400,
    `EC2 cannot assume the role ${role.name}: its trust policy must allow sts:AssumeRole to the service ${service}.`,
  );
}

function trustRequirement(home: Account, role: Role, service: string): Requirement {
  return {
    action: 'sts:AssumeRole',
    resource: entityArn('role', home, role.path, role.name),
    resourceAccount: home.id,
    resourceKind: 'trust',
    resourcePolicy: trustPolicyOf(role),
    context: roleTagContext(role),
    caller: {
      principal: { type: 'service', arn: service },
      userId: service,
      credentials: 'none',
      context: { 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': service },
    },
  };
}

function shapeOf(home: Account, { instance, profile, role }: InstanceView) {
  const { id, region, vpc, privateIp, registered } = instance;
  return {
    InstanceId: id,
    Arn: instanceArn(home, region, id),
    InstanceProfileName: profile?.name ?? instance.profile,
    ...(profile && {
      InstanceProfileArn: entityArn('instance-profile', home, profile.path, profile.name),
      InstanceProfileId: profile.id,
    }),
    ...(role && { RoleName: role.name, RoleId: role.id }),
    ...(role?.revokedBefore !== undefined && { SessionsRevokedBefore: new Date(role.revokedBefore) }),
    Region: region,
    VpcId: vpc,
    PrivateIpAddress: privateIp,
    Tags: shownTags(instance.tags),
    RegisterTime: new Date(registered),
  };
}

function shownTags(tags: Tags) {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}
