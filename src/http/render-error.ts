/** What a request is answered whose way ended in an error. */
import type { Authorisation } from '../auth/index.js';
import { ApiError } from '../core/errors.js';
import type { HttpReply } from '../core/http-message.js';
import type { Logger } from '../core/log.js';
import {
  authorizationMessage,
  LONGEST_MESSAGE,
  MESSAGE_HEADER,
  messageOwner,
} from './authorization-message.js';
import { httpErrors } from './errors.js';
import { type Services, strangersErrors } from './services.js';
import type { RequestState } from './state.js';
import { isNameTooLong, storageFull } from './storage-errors.js';
import { storeUnavailable } from './store-unavailable.js';

/** Seals the details of a denial for those of the account who may decode them. */
export type SealMessage = (account: string, message: object) => string;

/** The error in the protocol of its service; before that is known, in the one that the client seems to speak. */
export function renderError(
  error: ApiError,
  state: RequestState,
  { services, sealMessage }: { readonly services: Services; readonly sealMessage: SealMessage },
): HttpReply {
  const { request, requestId, decisions } = state;
  const encodeError = state.served?.wire.encodeError ?? strangersErrors(request, services);
  const reply = encodeError(error, {
    requestId,
    path: request.path,
    head: request.method === 'HEAD',
  });
  const refusal = decisions.refusals.at(-1);
  if (refusal === undefined || !error.code.startsWith('AccessDenied')) return reply;
  return { ...reply, headers: { ...reply.headers, ...messageHeader(refusal, sealMessage) } };
}

function messageHeader(refusal: Authorisation, seal: SealMessage): Record<string, string> {
  const owner = messageOwner(refusal);
  const sealed = owner && seal(owner, authorizationMessage(refusal));
  return sealed && sealed.length <= LONGEST_MESSAGE ? { [MESSAGE_HEADER]: sealed } : {};
}

/**
 * What was thrown, as a client is answered: anything but an `ApiError` goes to the log, and says no more than that it
 * failed.
 */
export function asApiError(thrown: unknown, state: RequestState, log: Logger): ApiError {
  const { served, requestId, recognised } = state;
  if (thrown instanceof ApiError) return thrown;
  if (isNameTooLong(thrown) && served) return served.traits.errors.nameTooLong();
  const stack = thrown instanceof Error ? thrown.stack : String(thrown);
  log.error('a request failed', { requestId, operation: recognised?.operation.name, error: stack });
  return (
    storageFull(thrown) ??
    storeUnavailable(thrown, served?.traits) ??
    httpErrors.InternalError({ cause: thrown })
  );
}
