/** Invitations into an organisation. Of AWS's handshakes there is this kind alone. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Call, Operation, Resolution } from '../../core/operation.js';
import {
  type Account,
  type Invitation,
  invalidInput,
  invitationArn,
  type OrganizationRecord,
  organizationErrors,
  type SentInvitation,
} from '../../identity/index.js';
import { listPage } from './paging.js';
import { homeOf, managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { tagsIn } from './request-tags.js';
import { andTagging, type InOrganization, onAll, onTargets, requestTags } from './requirements.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

/** By account id: accounts that were not made by an organisation have no e-mail address. */
export const InviteAccountToOrganization: Op<
  sdk.InviteAccountToOrganizationRequest,
  sdk.InviteAccountToOrganizationResponse,
  InOrganization
> = {
  resolve: ({ Target, Tags }, call, ports) =>
    andTagging(onTargets(call, ports, [Target!.Id], requestTags(Tags)), 'account', Tags),
  async run(subject, { Target, Notes, Tags }, _call, ports) {
    const organization = managedBy(subject);
    if (Target!.Type !== 'ACCOUNT' || !/^\d{12}$/.test(Target!.Id!)) {
      throw invalidInput('INVALID_PARTY_TYPE_TARGET', 'Invite an account by its id.');
    }
    const { invitations } = ports.identity.organizations;
    const invitation = await invitations.invite(organization, Target!.Id!, Notes, tagsIn(Tags));
    return { Handshake: handshakeShape(ports, organization, invitation) };
  },
};

export const AcceptHandshake = closing('ACCEPTED');

export const DeclineHandshake = closing('DECLINED');

/** For the organisation that sent it. */
export const CancelHandshake = closing('CANCELED');

export const DescribeHandshake: Op<sdk.DescribeHandshakeRequest, sdk.DescribeHandshakeResponse, OnHandshake> =
  {
    resolve: ({ HandshakeId }, call, ports) => onHandshake(call, ports, HandshakeId!),
    async run({ handshake }, _input, _call, ports) {
      const { invitation, organization } = demandHandshake(handshake);
      return { Handshake: handshakeShape(ports, organization, invitation) };
    },
  };

/** Those that the caller's account was sent. */
export const ListHandshakesForAccount: Op<
  sdk.ListHandshakesForAccountRequest,
  sdk.ListHandshakesForAccountResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input, _call, ports) {
    const home = subject.home;
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
export const ListHandshakesForOrganization: Op<
  sdk.ListHandshakesForOrganizationRequest,
  sdk.ListHandshakesForOrganizationResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
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
  state: 'ACCEPTED' | 'DECLINED' | 'CANCELED',
): Op<HandshakeInput, HandshakeOutput, OnHandshake> {
  return {
    resolve: ({ HandshakeId }, call, ports) => onHandshake(call, ports, HandshakeId!),
    async run({ home, handshake }, _input, _call, ports) {
      const { invitation, organization } = demandHandshake(handshake);
      demandParty(home, organization, invitation, state);
      const closed = await ports.identity.organizations.invitations.close(invitation, state);
      return { Handshake: handshakeShape(ports, organization, closed) };
    },
  };
}

/** The sender of an invitation cancels it, its recipient answers it. */
function demandParty(
  home: Account,
  { managementAccount }: OrganizationRecord,
  { account }: Invitation,
  state: 'ACCEPTED' | 'DECLINED' | 'CANCELED',
): void {
  const party = state === 'CANCELED' ? managementAccount : account;
  if (home.id !== party)
    throw organizationErrors.AccessDeniedException({
      advice:
        'Only the account that the handshake is for answers it, and only the one that began it cancels it.',
    });
}

interface OnHandshake {
  readonly home: Account;
  readonly handshake: SentInvitation | undefined;
}

/** Throws `HandshakeNotFoundException`. */
function demandHandshake(handshake: SentInvitation | undefined): SentInvitation {
  if (handshake === undefined) throw organizationErrors.HandshakeNotFoundException();
  return handshake;
}

async function onHandshake(
  call: Call,
  { identity }: OrganizationsPorts,
  id: string,
): Promise<Resolution<OnHandshake>> {
  const home = homeOf(call);
  const handshake = await identity.organizations.invitations.find(home, id);
  const resource = handshake ? invitationArn(handshake.organization, id) : '*';
  return { requires: [{ action: call.action, resource }], subject: { home, handshake } };
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
