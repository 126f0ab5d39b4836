/** What one server sends another for the copies of replication: `POST /BUCKET/KEY?karikagi-replica=object`. */
import type { HttpRequest } from '../core/http-message.js';
import { s3Errors } from '../core/s3-errors.js';
import { parseQuery } from './rest-xml/parameters.js';
import type { WireOperation, WireService } from './types.js';

/** The parameter that only such a request has. AWS answers a POST with it with 405. */
export const REPLICA_PARAMETER = 'karikagi-replica';

const NAMED = new RegExp(`(?:^|&)${REPLICA_PARAMETER}=`);

/** By its value: operations of S3 that no SDK has, called by the actions that they take. */
const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['object', 'ReplicateObject'],
  ['delete-marker', 'ReplicateDelete'],
]);

export function isReplica({ method, query }: HttpRequest): boolean {
  return method === 'POST' && NAMED.test(query);
}

/**
 * `s3`: the protocol whose PutObject such a request is read and answered as; its body is a stream. Throws
 * MethodNotAllowed where it names no object, and what `s3` throws.
 */
export function replicaWire(s3: WireService): WireService {
  return {
    id: s3.id,
    recognise(request) {
      const name = OPERATIONS.get(parseQuery(request.query).get(REPLICA_PARAMETER) ?? '');
      const recognised = s3.recognise({ ...request, method: 'PUT', query: '' }, undefined);
      const { operation } = recognised;
      if (name === undefined || operation.name !== 'PutObject') {
        throw s3Errors.MethodNotAllowed({ members: { Method: request.method, ResourceType: 'OBJECT' } });
      }
      return { ...recognised, operation: named(operation, name) };
    },
    encodeError: s3.encodeError,
  };
}

function named({ schema, decode, encode }: WireOperation, name: string): WireOperation {
  return {
    name,
    schema,
    streamsInput: true,
    decode: (request, recognised, body) => decode({ ...request, query: '' }, recognised, body),
    encode,
  };
}
