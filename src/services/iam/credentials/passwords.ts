import type * as iam from '@aws-sdk/client-iam';
import type { Call, Operation, Resolution } from '../../../core/operation.js';
import { type Account, compiledPolicy, errors, type PasswordPolicy } from '../../../identity/index.js';
import { namedUserOf } from '../entities/user-names.js';
import { homeOf, type IamPorts } from '../ports.js';
import { type OnAccount, type OnUser, onAll, onUser } from '../requirements.js';
import { dateOf } from '../shapes.js';

/**
 * What users may do themselves where the account's password policy says so. It acts like a policy of the account
 * that names the user: explicit denies still count (IAM API Reference, PasswordPolicy,
 * AllowUsersToChangePassword).
 */
async function withSelfService<T extends OnAccount>(
  resolution: Resolution<T>,
  call: Call,
  { identity }: IamPorts,
): Promise<Resolution<T>> {
  const { requires, subject } = resolution;
  const { principal } = call.caller;
  const policy = await identity.passwords.policy(subject.home.id);
  if (principal.type !== 'user' || policy?.usersMayChange !== true) return resolution;
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
  return { requires: requires.map(own => ({ ...own, resourcePolicy })), subject };
}

export const UpdateAccountPasswordPolicy: Operation<
  IamPorts,
  iam.UpdateAccountPasswordPolicyRequest,
  object,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  /** What is not given goes back to its default (IAM API Reference, UpdateAccountPasswordPolicy). */
  async run({ home }, input, _call, { identity }) {
    await identity.passwords.setPolicy(home, {
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

export const GetAccountPasswordPolicy: Operation<
  IamPorts,
  object,
  iam.GetAccountPasswordPolicyResponse,
  OnAccount
> = {
  resolve: (_input, call, ports) => withSelfService(onAll(call), call, ports),
  async run({ home }, _input, _call, { identity }) {
    const policy = await identity.passwords.policy(home.id);
    if (policy === undefined) {
      throw errors.NoSuchEntity(`The Password Policy with domain name ${home.id} cannot be found.`);
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

export const DeleteAccountPasswordPolicy: Operation<IamPorts, object, object, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, { identity }) {
    await identity.passwords.setPolicy(home, undefined);
    return {};
  },
};

export const CreateLoginProfile: Operation<
  IamPorts,
  iam.CreateLoginProfileRequest,
  iam.CreateLoginProfileResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    if (input.Password === undefined) throw errors.ValidationError('Password must be specified.');
    const resetRequired = input.PasswordResetRequired ?? false;
    const profile = await identity.passwords.create(home, name, input.Password, resetRequired);
    return { LoginProfile: await shownProfile({ identity }, home, name, profile) };
  },
};

export const GetLoginProfile: Operation<
  IamPorts,
  iam.GetLoginProfileRequest,
  iam.GetLoginProfileResponse,
  OnUser
> = {
  resolve: (input, call, ports) => onUser(call, ports, profileOwnerOf(input.UserName, call)),
  async run({ home, name = noRootProfile(home) }, _input, _call, { identity }) {
    const profile = await identity.passwords.get(home, name);
    return { LoginProfile: await shownProfile({ identity }, home, name, profile) };
  },
};

/**
 * Whose login profile a request means: for the tasks of AssumeRoot, the root user's. Throws `ValidationError` for other
 * callers that are no users.
 */
function profileOwnerOf(name: string | undefined, call: Call): string | undefined {
  if (name === undefined && call.caller.credentials === 'assume-root') return undefined;
  return namedUserOf(name, call);
}

/** Root users have no password here: they sign in with an access key, if with anything. Throws `NoSuchEntity`. */
function noRootProfile({ id }: Account): never {
  throw errors.NoSuchEntity(`Login Profile for User ${id} cannot be found.`);
}

async function shownProfile(
  { identity }: IamPorts,
  home: Account,
  name: string,
  { created, resetRequired }: { readonly created: number; readonly resetRequired: boolean },
): Promise<iam.LoginProfile> {
  const user = await identity.users.get(home.id, name);
  return { UserName: user.name, CreateDate: dateOf(created), PasswordResetRequired: resetRequired };
}

export const UpdateLoginProfile: Operation<
  IamPorts,
  iam.UpdateLoginProfileRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home }, input, _call, { identity }) {
    const changes = { password: input.Password, resetRequired: input.PasswordResetRequired };
    await identity.passwords.update(home, input.UserName!, changes);
    return {};
  },
};

export const DeleteLoginProfile: Operation<IamPorts, iam.DeleteLoginProfileRequest, object, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, profileOwnerOf(input.UserName, call)),
  async run({ home, name = noRootProfile(home) }, _input, _call, { identity }) {
    await identity.passwords.delete(home, name);
    return {};
  },
};

/** The calling user's own password. */
export const ChangePassword: Operation<IamPorts, iam.ChangePasswordRequest, object, OnUser<string>> = {
  async resolve(_input, call, ports) {
    return await withSelfService(await onUser(call, ports, callingUser(call)), call, ports);
  },
  async run({ home, name }, input, _call, { identity }) {
    await identity.passwords.change(home, name, input.OldPassword!, input.NewPassword!);
    return {};
  },
};

/** Throws `InvalidUserType` for callers that are no users. */
function callingUser(call: Call): string {
  const { type, arn } = call.caller.principal;
  homeOf(call);
  if (type !== 'user') throw errors.InvalidUserType('Only IAM users can change their own password.');
  return arn.slice(arn.lastIndexOf('/') + 1);
}
