import type { AssumeRootRequest, AssumeRootResponse } from '@aws-sdk/client-sts';
import type { Call, Operation } from '../../core/operation.js';
import {
  type Account,
  administers,
  compiledPolicy,
  IAM_SERVICE,
  type Identity,
  parseEntityArn,
  type RootFeature,
  rootArn,
} from '../../identity/index.js';
import {
  accountOf,
  credentialsOf,
  demandCredentials,
  issuerOf,
  minimumTokenSize,
  tokenSizeOf,
} from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';

/** Seconds: "The value can range from 0 seconds up to the maximum session duration of 900 seconds". */
const LONGEST = 900;

/** The global endpoint of a partition: "You must send this request to a Regional AWS STS endpoint". */
const GLOBAL_ENDPOINT = /^sts\.amazonaws\.com(?::\d+)?$/;

/** The tasks, by the names of their policies, and what the organization must have enabled for each. */
const TASKS: ReadonlyMap<string, RootFeature> = new Map([
  ['IAMAuditRootUserCredentials', 'RootCredentialsManagement'],
  ['IAMCreateRootUserPassword', 'RootCredentialsManagement'],
  ['IAMDeleteRootUserCredentials', 'RootCredentialsManagement'],
  ['S3UnlockBucketPolicy', 'RootSessions'],
  ['SQSUnlockQueuePolicy', 'RootSessions'],
]);

/** Whose root user is asked for, and for what. */
interface Subject {
  readonly home: Account;
  /** Absent where there is no such account. */
  readonly member: Account | undefined;
  readonly policyArn: string;
  readonly feature: RootFeature;
}

/**
 * Credentials of the root user of a member account that allow one task, for the organization's management account and
 * those that administer it for IAM. The task's policy denies everything else. Sources: STS API Reference, AssumeRoot;
 * IAM User Guide, "Perform a privileged task on an AWS Organizations member account"; Service Authorization Reference.
 */
export const AssumeRoot: Operation<StsPorts, AssumeRootRequest, AssumeRootResponse, Subject> = {
  async resolve(input, call, { identity }) {
    demandCredentials(call, ['long-term', 'assume-role', 'session-token', 'sign-in']);
    demandEndpoint(call);
    const home = accountOf(call);
    if (call.caller.principal.type === 'root') {
      throw stsErrors.AccessDenied('Root users may not call AssumeRoot.', {
        advice:
          'Call as a user or role of the management account, or of an administrator for IAM, that is allowed sts:AssumeRoot: a root user never may.',
      });
    }
    const id = targetOf(input.TargetPrincipal!);
    const { policyArn, feature } = taskOf(input.TaskPolicyArn?.arn ?? '', home);
    const requirement = {
      action: call.action,
      resource: rootArn({ id, partition: home.partition }),
      resourceAccount: id,
      // The member account has no say; what the organization says is looked at in `run`. Within an account, such a
      // policy would be enough by itself.
      ...(id !== home.id && { resourcePolicy: CENTRALIZED }),
      resourceKind: 'resource',
      context: { 'sts:TaskPolicyArn': policyArn },
    } as const;
    const member = await identity.account(id);
    return { requires: [requirement], subject: { home, member, policyArn, feature } };
  },

  async run({ home, member, policyArn, feature }, input, call, { identity }) {
    const root = await demandMember(home, member, feature, call, identity);
    const { sourceIdentity } = call.caller.session ?? {};
    const issued = await identity.sessions.issue({
      arn: rootArn(root),
      duration: input.DurationSeconds ?? LONGEST,
      issuer: issuerOf(call),
      minimumTokenSize: minimumTokenSize(input),
      claims: {
        kind: 'assume-root',
        account: root.id,
        entityId: root.id,
        entity: '',
        name: '',
        policyArns: [policyArn],
        tags: [],
        transitiveKeys: [],
        sourceIdentity,
        mfa: false,
        chained: call.caller.credentials !== 'long-term',
      },
    });
    return { Credentials: credentialsOf(issued), SourceIdentity: sourceIdentity, ...tokenSizeOf(issued) };
  },
};

const CENTRALIZED = {
  name: 'centralized root access of the organization',
  policy: compiledPolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRoot', Resource: '*' },
    }),
    'resource',
  ),
};

/** Throws `AccessDenied`. */
function demandEndpoint({ http }: Call): void {
  if (!GLOBAL_ENDPOINT.test(http.headers.get('host') ?? '')) return;
  throw stsErrors.AccessDenied('AssumeRoot is not supported at the global endpoint.', {
    advice: 'Send the request to a regional endpoint: sts.REGION.amazonaws.com.',
  });
}

/** An account's id, or the ARN of its root user. Throws `ValidationError`. */
function targetOf(principal: string): string {
  if (/^\d{12}$/.test(principal)) return principal;
  const [, account] = /^arn:aws[\w-]*:iam::(\d{12}):root$/.exec(principal) ?? [];
  if (account !== undefined && parseEntityArn(principal) === undefined) return account;
  throw stsErrors.ValidationError(`${principal} is no account, nor the root user of one`);
}

/** Throws `ValidationError` for a policy that is no task's. */
function taskOf(policyArn: string, { partition }: Account) {
  const name = policyArn.slice(`arn:${partition}:iam::aws:policy/root-task/`.length);
  const feature = TASKS.get(name);
  if (feature !== undefined && policyArn === `arn:${partition}:iam::aws:policy/root-task/${name}`) {
    return { policyArn, feature };
  }
  throw stsErrors.ValidationError(`${policyArn} is not the policy of a task for root users`);
}

/**
 * The member account, where the caller's account may do the task there. Throws `AccessDenied`, the same for whatever is
 * missing.
 */
async function demandMember(
  home: Account,
  member: Account | undefined,
  feature: RootFeature,
  call: Call,
  identity: Identity,
): Promise<Account> {
  const denied = (advice: string) =>
    stsErrors.AccessDenied(
      `User: ${call.caller.principal.arn} is not authorized to perform: sts:AssumeRoot`,
      {
        owner: home.id,
        advice,
      },
    );
  if (home.organization === undefined) throw denied('The account is in no organization.');
  const organization = await identity.organizations.of(home);
  const { managementAccount, rootFeatures = [], services = [] } = organization;
  if (!administers(organization, home.id, IAM_SERVICE)) {
    throw denied(
      `Only the management account ${managementAccount} does this, and accounts that administer the organization for ${IAM_SERVICE} (aws organizations register-delegated-administrator).`,
    );
  }
  const isTrusted = services.some(({ principal }) => principal === IAM_SERVICE);
  if (!isTrusted || !rootFeatures.includes(feature)) {
    const command =
      feature === 'RootSessions'
        ? 'enable-organizations-root-sessions'
        : 'enable-organizations-root-credentials-management';
    throw denied(
      `The organization has not enabled ${feature}: aws organizations enable-aws-service-access --service-principal ${IAM_SERVICE}, then aws iam ${command}.`,
    );
  }
  const isMember = member?.organization?.id === organization.id && member.id !== managementAccount;
  if (!isMember) throw denied('The target is no member account of the organization.');
  return member;
}
