/** IAM's errors beside those of identity, where whatever concerns users, roles and policies is refused. */
import { errorTable } from '../../core/errors.js';

export const iamErrors = errorTable({
  AccountNotManagementOrDelegatedAdministratorException: [
    400,
    'The request was rejected because the account making the request is not the management account or delegated administrator account for centralized root access.',
  ],
  CallerIsNotManagementAccountException: [
    400,
    'The request was rejected because the account making the request is not the management account for the organization.',
  ],
  InvalidClientTokenId: [403, 'The security token included in the request is invalid'],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
  OrganizationNotFoundException: [
    400,
    'The request was rejected because no organization is associated with your account.',
  ],
  ServiceAccessNotEnabledException: [
    400,
    'The request was rejected because trusted access is not enabled for IAM in Organizations.',
  ],
});
