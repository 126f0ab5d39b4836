/** What a service says of itself, so that sockets, doors and signatures need not know which services there are. */
import type { Refusals } from './auth-errors.js';
import type { ApiError } from './errors.js';
import type { HttpRequest } from './http-message.js';
import type { ServiceId } from './operation.js';

/** How requests to a service are signed. */
export interface SigningTraits {
  /** How the path is written in what is signed: an object's key as it came, else normalized and encoded once more. */
  readonly path: 'object' | 'service';
  /** Whether a header of that name must be signed where it is sent, beside `host`. */
  needsSigned(header: string): boolean;
  /** Whether a presigned URL says how long it lasts (`X-Amz-Expires`). */
  readonly presigns: boolean;
  /** How the payload is signed: as `x-amz-content-sha256` announces it, chunks among it, or always by its hash. */
  readonly payload: 'announced' | 'hashed';
  /** Whether signatures of version 2 are taken as well. */
  readonly version2: boolean;
  /** Whether the key of an X.509 certificate that comes with a request may sign it, in the place of an access key. */
  readonly certificates: boolean;
  /** The prefix of the condition keys of a signature (`s3:authType`); absent where the service has none. */
  readonly conditions?: string | undefined;
  /** Whether it is open in the regions that an account has switched off. */
  readonly everyRegion: boolean;
}

/** The errors of a service that come before any operation. */
interface ServiceErrors {
  /** Of signatures and credentials. */
  readonly auth: Refusals;
  /** The answer to a caller that is not allowed. `message`: AWS's sentence. */
  accessDenied(message: string, caller: { readonly anonymous: boolean; readonly foreign: boolean }): ApiError;
  /** The answer to an operation that AWS has and this server does not. */
  notImplemented(operation: string): ApiError;
  /** The answer to a name that is longer than any that can be stored. */
  nameTooLong(): ApiError;
  /** The answer where the store cannot be reached: one on which SDKs repeat a request by themselves. */
  unavailable(): ApiError;
}

export interface ServiceTraits {
  readonly id: ServiceId;
  /** Its names in the scope of a signature. */
  readonly scopes: readonly string[];
  /** Hosts that are its own: `sts.…`, `kms-fips.…`. */
  readonly host: RegExp;
  /** Whether an unsigned request has what only this service's have. */
  recognises(request: HttpRequest): boolean;
  /** Whether what no service recognises is for this one. */
  readonly takesTheRest: boolean;
  /** Whether the operation stands in the body, which is then read and signed whole. */
  readonly collectsBody: boolean;
  readonly signing: SigningTraits;
  readonly errors: ServiceErrors;
  requestId(): string;
  /**
   * The refusal of a secret that a request brings, where it came over a network without TLS; `undefined` without one.
   */
  secretIn(operation: string, request: HttpRequest): ApiError | undefined;
}
