import type * as iam from '@aws-sdk/client-iam';
import type { Call, NamedOperation, Requirement } from '../../../core/operation.js';
import { type Account, compiledPolicy, errors, type PasswordPolicy } from '../../../identity/index.js';
import { namedUserOf } from '../entities/users.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll, onUser } from '../requirements.js';
import { dateOf } from '../shapes.js';

/**
 * What users may do themselves where the account's password policy says so. It acts like a policy of the account
 * that names the user: explicit denies still count (IAM API Reference, PasswordPolicy,
 * AllowUsersToChangePassword).
 */
async function withSelfService(
  requirement: Requirement,
  call: Call,
  { identity }: IamPorts,
): Promise<Requirement[]> {
  const { principal } = call.caller;
  const policy = await identity.passwords.policy(homeOf(call).id);
  if (principal.type !== 'user' || policy?.usersMayChange !== true) return [requirement];
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principal.arn },
        Action: ['iam:ChangePassword', 'iam:GetAccountPasswordPolicy'],
        Resource: '*',
      },
    ],
  });
  const resourcePolicy = {
    name: 'password policy of the account',
    policy: compiledPolicy(document, 'resource'),
  };
  return [{ ...requirement, resourcePolicy }];
}

export const updateAccountPasswordPolicy: NamedOperation<
  IamPorts,
  iam.UpdateAccountPasswordPolicyRequest,
  object
> = {
  name: 'UpdateAccountPasswordPolicy',
  requires: (_input, call) => onAll('UpdateAccountPasswordPolicy', call),
  /** What is not given goes back to its default (IAM API Reference, UpdateAccountPasswordPolicy). */
  async run(input, call, { identity }) {
    await identity.passwords.setPolicy(homeOf(call), {
      minimumLength: input.MinimumPasswordLength ?? 6,
      requireSymbols: input.RequireSymbols ?? false,
      requireNumbers: input.RequireNumbers ?? false,
      requireUppercase: input.RequireUppercaseCharacters ?? false,
      requireLowercase: input.RequireLowercaseCharacters ?? false,
      usersMayChange: input.AllowUsersToChangePassword ?? false,
      maxAge: input.MaxPasswordAge,
      reusePrevention: input.PasswordReusePrevention,
      hardExpiry: input.HardExpiry ?? false,
    });
    return {};
  },
};

export const getAccountPasswordPolicy: NamedOperation<
  IamPorts,
  object,
  iam.GetAccountPasswordPolicyResponse
> = {
  name: 'GetAccountPasswordPolicy',
  requires: (_input, call, ports) =>
    withSelfService(onAll('GetAccountPasswordPolicy', call)[0]!, call, ports),
  async run(_input, call, { identity }) {
    const home = homeOf(call);
    const policy = await identity.passwords.policy(home.id);
    if (policy === undefined) {
      throw errors.NoSuchEntity([`The Password Policy with domain name ${home.id} cannot be found.`]);
    }
    return { PasswordPolicy: shownPolicy(policy) };
  },
};

function shownPolicy(policy: PasswordPolicy): iam.PasswordPolicy {
  return {
    MinimumPasswordLength: policy.minimumLength,
    RequireSymbols: policy.requireSymbols,
    RequireNumbers: policy.requireNumbers,
    RequireUppercaseCharacters: policy.requireUppercase,
    RequireLowercaseCharacters: policy.requireLowercase,
    AllowUsersToChangePassword: policy.usersMayChange,
    ExpirePasswords: policy.maxAge !== undefined,
    ...(policy.maxAge !== undefined && { MaxPasswordAge: policy.maxAge }),
    ...(policy.reusePrevention !== undefined && { PasswordReusePrevention: policy.reusePrevention }),
    HardExpiry: policy.hardExpiry,
  };
}

export const deleteAccountPasswordPolicy: NamedOperation<IamPorts, object, object> = {
  name: 'DeleteAccountPasswordPolicy',
  requires: (_input, call) => onAll('DeleteAccountPasswordPolicy', call),
  async run(_input, call, { identity }) {
    await identity.passwords.setPolicy(homeOf(call), undefined);
    return {};
  },
};

export const createLoginProfile: NamedOperation<
  IamPorts,
  iam.CreateLoginProfileRequest,
  iam.CreateLoginProfileResponse
> = {
  name: 'CreateLoginProfile',
  requires: (input, call, ports) =>
    onUser('CreateLoginProfile', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const name = namedUserOf(input.UserName, call);
    if (input.Password === undefined) throw errors.ValidationError(['Password must be specified.']);
    const resetRequired = input.PasswordResetRequired ?? false;
    const profile = await identity.passwords.create(home, name, input.Password, resetRequired);
    return { LoginProfile: await shownProfile({ identity }, home, name, profile) };
  },
};

export const getLoginProfile: NamedOperation<
  IamPorts,
  iam.GetLoginProfileRequest,
  iam.GetLoginProfileResponse
> = {
  name: 'GetLoginProfile',
  requires: (input, call, ports) => onUser('GetLoginProfile', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const name = namedUserOf(input.UserName, call);
    const profile = await identity.passwords.get(home, name);
    return { LoginProfile: await shownProfile({ identity }, home, name, profile) };
  },
};

async function shownProfile(
  { identity }: IamPorts,
  home: Account,
  name: string,
  { created, resetRequired }: { readonly created: number; readonly resetRequired: boolean },
): Promise<iam.LoginProfile> {
  const user = await identity.users.get(home.id, name);
  return { UserName: user.name, CreateDate: dateOf(created), PasswordResetRequired: resetRequired };
}

export const updateLoginProfile: NamedOperation<IamPorts, iam.UpdateLoginProfileRequest, object> = {
  name: 'UpdateLoginProfile',
  requires: (input, call, ports) => onUser('UpdateLoginProfile', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    const changes = { password: input.Password, resetRequired: input.PasswordResetRequired };
    await identity.passwords.update(homeOf(call), input.UserName!, changes);
    return {};
  },
};

export const deleteLoginProfile: NamedOperation<IamPorts, iam.DeleteLoginProfileRequest, object> = {
  name: 'DeleteLoginProfile',
  requires: (input, call, ports) =>
    onUser('DeleteLoginProfile', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    await identity.passwords.delete(homeOf(call), namedUserOf(input.UserName, call));
    return {};
  },
};

/** The calling user's own password. */
export const changePassword: NamedOperation<IamPorts, iam.ChangePasswordRequest, object> = {
  name: 'ChangePassword',
  async requires(_input, call, ports) {
    const [own] = await onUser('ChangePassword', call, ports, callingUser(call));
    return await withSelfService(own!, call, ports);
  },
  async run(input, call, { identity }) {
    await identity.passwords.change(homeOf(call), callingUser(call), input.OldPassword!, input.NewPassword!);
    return {};
  },
};

/** Throws `InvalidUserType` for callers that are no users. */
function callingUser(call: Call): string {
  const { type, arn } = call.caller.principal;
  homeOf(call);
  if (type !== 'user') throw errors.InvalidUserType(['Only IAM users can change their own password.']);
  return arn.slice(arn.lastIndexOf('/') + 1);
}
