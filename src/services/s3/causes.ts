import type { Call } from '../../core/operation.js';
import type { Cause, ChangeName, Origin, RemovalName } from '../../objects/index.js';

/** Who made a request, for the events that it causes. */
export function originOf({ requestId, caller, sourceIp }: Call): Origin {
  const { type } = caller.principal;
  const isNamed = type !== 'root' && type !== 'anonymous';
  return {
    requestId,
    principalId: isNamed ? `AWS:${caller.userId}` : caller.userId,
    requester: caller.account?.id,
    sourceIp,
  };
}

/** Why a request changes an object. */
export function causeOf<E extends ChangeName | RemovalName>(call: Call, event: E): Cause<E> {
  return { event, origin: originOf(call) };
}
