/** Invitations into an organisation. Of AWS's handshakes there is this kind alone. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Call, NamedOperation, Requirement } from '../../core/operation.js';
import {
  type Account,
  type Invitation,
  invalidInput,
  invitationArn,
  type OrganizationRecord,
  organizationErrors,
} from '../../identity/index.js';
import { listPage } from './paging.js';
import { homeOf, managedBy, type OrganizationsPorts } from './ports.js';
import { onAll, onTagging, onTargets, requestTags } from './requirements.js';
import { tagsIn } from './tags.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

/** By account id: accounts that were not made by an organisation have no e-mail address. */
export const inviteAccountToOrganization: Op<
  sdk.InviteAccountToOrganizationRequest,
  sdk.InviteAccountToOrganizationResponse
> = {
  name: 'InviteAccountToOrganization',
  requires: async ({ Target, Tags }, call, ports) => [
    ...(await onTargets('InviteAccountToOrganization', call, ports, [Target!.Id], requestTags(Tags))),
    ...(await onTagging(call, ports, 'account', Tags)),
  ],
  async run({ Target, Notes, Tags }, call, ports) {
    const organization = await managedBy(call, ports);
    if (Target!.Type !== 'ACCOUNT' || !/^\d{12}$/.test(Target!.Id!)) {
      throw invalidInput('INVALID_PARTY_TYPE_TARGET', 'Invite an account by its id.');
    }
    const { invitations } = ports.identity.organizations;
    const invitation = await invitations.invite(organization, Target!.Id!, Notes, tagsIn(Tags));
    return { Handshake: handshakeShape(ports, organization, invitation) };
  },
};

export const acceptHandshake = closing('AcceptHandshake', 'ACCEPTED');

export const declineHandshake = closing('DeclineHandshake', 'DECLINED');

/** For the organisation that sent it. */
export const cancelHandshake = closing('CancelHandshake', 'CANCELED');

export const describeHandshake: Op<sdk.DescribeHandshakeRequest, sdk.DescribeHandshakeResponse> = {
  name: 'DescribeHandshake',
  requires: (input, call, ports) => onHandshake('DescribeHandshake', call, ports, input.HandshakeId!),
  async run({ HandshakeId }, call, ports) {
    const { invitations } = ports.identity.organizations;
    const { invitation, organization } = await invitations.get(homeOf(call), HandshakeId!);
    return { Handshake: handshakeShape(ports, organization, invitation) };
  },
};

/** Those that the caller's account was sent. */
export const listHandshakesForAccount: Op<
  sdk.ListHandshakesForAccountRequest,
  sdk.ListHandshakesForAccountResponse
> = {
  name: 'ListHandshakesForAccount',
  requires: () => onAll('ListHandshakesForAccount'),
  async run(input, call, ports) {
    const home = homeOf(call);
    const { invitations } = ports.identity.organizations;
    const { items, next } = await listPage(
      input,
      page => invitations.received(home.id, page),
      invitation => invitation.id,
    );
    const found = await Promise.all(items.map(({ id }) => invitations.get(home, id)));
    const handshakes = found.map(({ organization, invitation }) =>
      handshakeShape(ports, organization, invitation),
    );
    return { Handshakes: handshakes, ...next };
  },
};

/** Those that the organisation sent. */
export const listHandshakesForOrganization: Op<
  sdk.ListHandshakesForOrganizationRequest,
  sdk.ListHandshakesForOrganizationResponse
> = {
  name: 'ListHandshakesForOrganization',
  requires: () => onAll('ListHandshakesForOrganization'),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const { items, next } = await listPage(
      input,
      page => ports.identity.organizations.invitations.sent(organization.id, page),
      invitation => invitation.id,
    );
    return { Handshakes: items.map(item => handshakeShape(ports, organization, item)), ...next };
  },
};

interface HandshakeInput {
  readonly HandshakeId: string | undefined;
}

interface HandshakeOutput {
  readonly Handshake: sdk.Handshake;
}

function closing(
  name: string,
  state: 'ACCEPTED' | 'DECLINED' | 'CANCELED',
): Op<HandshakeInput, HandshakeOutput> {
  return {
    name,
    requires: ({ HandshakeId }, call, ports) => onHandshake(name, call, ports, HandshakeId!),
    async run({ HandshakeId }, call, ports) {
      const home = homeOf(call);
      const { invitations } = ports.identity.organizations;
      const { invitation, organization } = await invitations.get(home, HandshakeId!);
      demandParty(home, organization, invitation, state);
      const closed = await invitations.close(invitation, state);
      return { Handshake: handshakeShape(ports, organization, closed) };
    },
  };
}

/** Whoever sent an invitation cancels it, whoever was sent it answers it. */
function demandParty(
  home: Account,
  { managementAccount }: OrganizationRecord,
  { account }: Invitation,
  state: 'ACCEPTED' | 'DECLINED' | 'CANCELED',
): void {
  const party = state === 'CANCELED' ? managementAccount : account;
  if (home.id !== party)
    throw organizationErrors.AccessDeniedException([], {
      advice:
        'Only the account that the handshake is for answers it, and only the one that began it cancels it.',
    });
}

async function onHandshake(
  operation: string,
  call: Call,
  { identity }: OrganizationsPorts,
  id: string,
): Promise<Requirement[]> {
  const { account } = call.caller;
  const found = account && (await identity.organizations.invitations.find(account, id));
  if (found === undefined) return onAll(operation);
  const resource = invitationArn(found.organization, id);
  return [{ action: `organizations:${operation}`, resource }];
}

function handshakeShape(
  { identity }: OrganizationsPorts,
  organization: OrganizationRecord,
  invitation: Invitation,
): sdk.Handshake {
  const { id, account, requested, expires, notes } = invitation;
  return {
    Id: id,
    Arn: invitationArn(organization, id),
    Parties: [
      { Id: organization.id.slice(2), Type: 'ORGANIZATION' },
      { Id: account, Type: 'ACCOUNT' },
    ],
    State: identity.organizations.invitations.stateOf(invitation),
    RequestedTimestamp: new Date(requested),
    ExpirationTimestamp: new Date(expires),
    Action: 'INVITE',
    Resources: [
      {
        Type: 'ORGANIZATION',
        Value: organization.id,
        Resources: [{ Type: 'ORGANIZATION_FEATURE_SET', Value: 'ALL' }],
      },
      { Type: 'ACCOUNT', Value: account },
      ...(notes === undefined ? [] : [{ Type: 'NOTES' as const, Value: notes }]),
    ],
  };
}
