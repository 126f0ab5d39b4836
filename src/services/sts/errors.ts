/** STS's errors beside those that it shares with IAM. Codes and statuses: STS API Reference, "Common errors". */
import { errorTable } from '../../core/errors.js';

const said = (message: string) => message;

export const stsErrors = errorTable({
  AccessDenied: [403, said],
  InvalidAuthorizationMessageException: [400, 'The authorization message is not valid.'],
  InvalidParameterValue: [400, said],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
  OutboundWebIdentityFederationDisabledException: [
    403,
    'Outbound web identity federation is not enabled for this account.',
  ],
  ValidationError: [400, said],
});
