import type { Caller, SigningCertificate } from '../core/caller.js';
import type { RequestBody } from '../core/http-message.js';
import type { Context } from '../policy/types.js';

/** A request whose signature was verified (or that carries none). */
export interface Authenticated {
  readonly caller: Caller;
  /** From the credential scope; `undefined` for anonymous requests, for version 2 and for an empty region. */
  readonly region: string | undefined;
  /** Absent for anonymous requests. */
  readonly signatureVersion?: 2 | 4;
  /** Whose key signed, where no access key did: the caller is anonymous then. */
  readonly certificate?: SigningCertificate;
  /**
   * The payload: chunk framing removed, every signature, hash and length that the signature promises checked
   * while it is read; reading throws the service's `ApiError` where one does not hold.
   */
  readonly body: RequestBody;
  /**
   * Condition keys of the signature: `s3:authType`, `s3:signatureversion`, `s3:signatureAge`,
   * `s3:x-amz-content-sha256`.
   */
  readonly context: Context;
}
