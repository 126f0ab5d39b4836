/** IAM's errors beside those of identity, where whatever concerns users, roles and policies is refused. */
import { errorTable } from '../../errors.js';

export const iamErrors = errorTable({
  InvalidClientTokenId: [403, 'The security token included in the request is invalid'],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
});
