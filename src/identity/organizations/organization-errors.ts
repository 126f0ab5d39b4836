/** The errors of AWS Organizations. Codes and words: AWS Organizations API Reference, all with status 400. */
import { errorTable } from '../../core/errors.js';

const said = (message: string) => message;

export const organizationErrors = errorTable({
  AWSOrganizationsNotInUseException: [400, 'Your account is not a member of an organization.'],
  AccessDeniedException: [400, "You don't have permissions to access this resource."],
  AccountAlreadyClosedException: [400, 'You attempted to close an account that is already closed.'],
  AccountAlreadyRegisteredException: [
    400,
    'The specified account is already a delegated administrator for this AWS service.',
  ],
  AccountNotFoundException: [400, "You specified an account that doesn't exist."],
  AccountNotRegisteredException: [
    400,
    'The specified account is not a delegated administrator for this AWS service.',
  ],
  AlreadyInOrganizationException: [
    400,
    'The AWS account that you used to make the request is already a member of an organization.',
  ],
  ChildNotFoundException: [400, "You specified a child that doesn't exist."],
  ConstraintViolationException: [400, said],
  CreateAccountStatusNotFoundException: [400, "You specified a create account request that doesn't exist."],
  DestinationParentNotFoundException: [400, "You specified a destination parent that doesn't exist."],
  DuplicateAccountException: [400, 'The account is already in the destination.'],
  // Of no operation of AWS's: see `Organizations.copy`.
  DuplicateOrganizationException: [400, (id: string) => `Another organization has the id ${id}.`],
  DuplicateOrganizationalUnitException: [400, 'An OU with the same name already exists.'],
  DuplicatePolicyAttachmentException: [400, 'A policy with the specified name is already attached.'],
  DuplicatePolicyException: [400, 'A policy with the same name and type already exists.'],
  DuplicateHandshakeException: [400, 'A handshake with the same action and target already exists.'],
  EffectivePolicyNotFoundException: [
    400,
    "If you ran this action on the management account, this policy type is not enabled. If you ran the action on a member account, the account doesn't have an effective policy of this type.",
  ],
  HandshakeAlreadyInStateException: [400, 'The specified handshake is already in the requested state.'],
  HandshakeConstraintViolationException: [400, said],
  HandshakeNotFoundException: [400, "You specified a handshake that doesn't exist."],
  InvalidHandshakeTransitionException: [
    400,
    'You cannot perform the operation on the handshake in its current state.',
  ],
  InvalidInputException: [400, said],
  MalformedPolicyDocumentException: [400, said],
  MasterCannotLeaveOrganizationException: [
    400,
    'You cannot remove a management account from an organization.',
  ],
  OrganizationNotEmptyException: [
    400,
    'To delete an organization you must first remove all member accounts (except the management account).',
  ],
  OrganizationalUnitNotEmptyException: [400, 'The specified OU is not empty.'],
  OrganizationalUnitNotFoundException: [400, "You specified an organizational unit that doesn't exist."],
  ParentNotFoundException: [400, "You specified a parent that doesn't exist."],
  PolicyInUseException: [400, 'You must detach the policy from all targets before you can delete it.'],
  PolicyNotAttachedException: [400, 'The specified policy is not attached to the specified target.'],
  PolicyNotFoundException: [400, "You specified a policy that doesn't exist."],
  PolicyTypeAlreadyEnabledException: [400, 'The specified policy type is already enabled.'],
  PolicyTypeNotAvailableForOrganizationException: [
    400,
    'This policy type is not available for the organization.',
  ],
  PolicyTypeNotEnabledException: [400, 'This operation can be performed only for enabled policy types.'],
  ResourcePolicyNotFoundException: [
    400,
    "We can't find a resource policy request with the parameter that you specified.",
  ],
  RootNotFoundException: [400, "You specified a root that doesn't exist."],
  SourceParentNotFoundException: [400, "You specified a source parent that doesn't exist."],
  TargetNotFoundException: [400, "You specified a target that doesn't exist."],
});

/** An input that does not fit; `reason` is one of `InvalidInputExceptionReason`, `constraint` is for the log. */
export function invalidInput(reason: string, message: string, constraint?: string) {
  return organizationErrors.InvalidInputException(message, {
    members: { Reason: reason },
    ...(constraint !== undefined && { reason: constraint }),
  });
}

/** A limit that would be passed; `reason` is one of `ConstraintViolationExceptionReason`. */
export function constraintViolated(reason: string, message: string) {
  return organizationErrors.ConstraintViolationException(message, { members: { Reason: reason } });
}
