import type { Call, NamedOperation } from '../../core/operation.js';
import type { Bucket } from '../../objects/index.js';
import { s3Errors } from './errors.js';
import type { S3Ports } from './ports.js';
import { existingTagKeys, type Keys, onBucket, onFound } from './requirements.js';
import { type BucketInput, bucketOf, type ObjectInput, versionOf } from './target.js';
import { demandTerms } from './terms.js';

/** An operation that takes one action on one bucket. */
export function bucketOperation<I extends BucketInput, O>(
  name: string,
  action: string,
  run: (bucket: Bucket, input: I, ports: S3Ports, call: Call) => O | Promise<O>,
  keys: (input: I) => Keys = () => ({}),
): NamedOperation<S3Ports, I, O> {
  return {
    name,
    async requires(input, call, ports) {
      return [onBucket(await bucketOf(input, call, ports), call, action, keys(input))];
    },
    async run(input, call, ports) {
      return run(await bucketOf(input, call, ports), input, ports, call);
    },
  };
}

/**
 * An operation that S3 keeps to the bucket's own account, whatever a policy grants to others: "If you have the correct
 * permissions, but you're not using an identity that belongs to the bucket owner's account, Amazon S3 returns a 405
 * Method Not Allowed error" (S3 API Reference, PutBucketPolicy). `resourceType`: what S3 calls the subresource. Throws
 * MethodNotAllowed for everyone else, once the permissions are there.
 */
export function ownAccountOnly<I extends BucketInput, O>(
  resourceType: string,
  operation: NamedOperation<S3Ports, I, O>,
): NamedOperation<S3Ports, I, O> {
  return {
    ...operation,
    async run(input, call, ports) {
      const { name, owner } = await bucketOf(input, call, ports);
      if (call.caller.account?.id === owner) return await operation.run(input, call, ports);
      throw s3Errors.MethodNotAllowed([], {
        members: { Method: call.http.method, ResourceType: resourceType },
        reason: `${operation.name} is kept to account ${owner}, which owns ${name}: no policy gives it to others`,
        owner,
        advice: `S3 keeps ${operation.name} to the account of the bucket, whatever its policy grants: let a role of that account do it, and assume the role.`,
      });
    },
  };
}

/**
 * An operation on a version of an object that takes actions which have a variant for versions asked for by
 * their id, and which know the version's tags.
 */
export function versionOperation<I extends ObjectInput, O>(
  name: string,
  actions: (input: I) => readonly string[],
  run: (bucket: Bucket, input: I, ports: S3Ports, call: Call) => O | Promise<O>,
  keys: (input: I, call: Call, action: string) => Keys = () => ({}),
): NamedOperation<S3Ports, I, O> {
  return {
    name,
    async requires(input, call, ports) {
      const bucket = await bucketOf(input, call, ports);
      const version = knowsVersion(name) ? await versionOf(input, call, ports) : undefined;
      const tags = existingTagKeys(version);
      return actions(input).map(action =>
        onFound(bucket, call, action, input, version, { ...tags, ...keys(input, call, action) }),
      );
    },
    async run(input, call, ports) {
      return run(await bucketOf(input, call, ports), input, ports, call);
    },
  };
}

/** The operation, whose condition keys stand in the body: before that is read, its bucket must be there. */
export function decidedWithBody<I extends BucketInput, O>(
  operation: NamedOperation<S3Ports, I, O>,
): NamedOperation<S3Ports, I, O> {
  return {
    ...operation,
    async beforeBody(input, call, ports) {
      demandTerms(await bucketOf(input, call, ports), call);
      return [];
    },
  };
}

/** Retention and legal holds are decided without the tags (Service Authorization Reference). */
function knowsVersion(operation: string): boolean {
  return !/Retention$|LegalHold$/.test(operation);
}
