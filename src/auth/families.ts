/** What the services of a protocol have in common: each adds its own. */
import { randomUUID } from 'node:crypto';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceTraits, SigningTraits } from '../core/service.js';
import { jsonErrors, queryErrors } from './errors.js';
import { jsonRefusals, queryRefusals } from './refusals.js';

/** No model has such names; where a shape does not bound them, they are bounded by the store. */
const NAME_TOO_LONG = '1 validation error detected: a name in the request is longer than any that exists';

const SIGNING: SigningTraits = {
  path: 'service',
  // The target of the JSON protocol chooses the operation.
  needsSigned: header => header === 'x-amz-target',
  presigns: false,
  payload: 'hashed',
  version2: false,
  certificates: false,
  everyRegion: false,
};

const COMMON = {
  takesTheRest: false,
  collectsBody: true,
  signing: SIGNING,
  requestId: () => randomUUID() as string,
  secretIn: () => undefined,
} as const;

/** `sts.…`, `kms-fips.…`; but not the host of a bucket that is called `sts`, `sts-data` or `kms`. */
function hostOf(id: string): RegExp {
  return new RegExp(`^${id}(?:-fips)?\\.(?!s3[.-])`);
}

/** A service of the query protocol. */
export function queryFamily(id: ServiceTraits['id']): ServiceTraits {
  return {
    ...COMMON,
    id,
    scopes: [id],
    host: hostOf(id),
    recognises: () => false,
    errors: {
      auth: queryRefusals,
      accessDenied: message => queryErrors.AccessDenied(message),
      notImplemented: name => queryErrors.InvalidAction(name),
      nameTooLong: () => queryErrors.ValidationError(NAME_TOO_LONG),
      unavailable: () => queryErrors.ServiceUnavailable(),
    },
  };
}

/** A service of the JSON protocol. `target`: what `X-Amz-Target` begins with. */
export function jsonFamily(id: ServiceTraits['id'], target: string): ServiceTraits {
  return {
    ...COMMON,
    id,
    scopes: [id],
    host: hostOf(id),
    recognises: ({ headers }: HttpRequest) => headers.get('x-amz-target')?.startsWith(`${target}.`) ?? false,
    errors: {
      auth: jsonRefusals,
      accessDenied: message => jsonErrors.AccessDeniedException(message),
      notImplemented: name => jsonErrors.UnknownOperationException(name),
      nameTooLong: () => jsonErrors.ValidationException(NAME_TOO_LONG),
      unavailable: () => queryErrors.ServiceUnavailable(),
    },
  };
}

/** The refusal of a password that came without TLS. */
export function insecurePassword(): ApiError {
  return queryErrors.AccessDenied('Passwords must be sent over a secure connection.', {
    advice:
      'Send passwords over https (serve --tls-cert and --tls-key, or --tls self-signed), or from the machine itself.',
  });
}
