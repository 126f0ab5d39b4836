/** Builders of the operations that take one action on a bucket, or on a version of an object. */
import type { Call, Operation, Requirement } from '../../core/operation.js';
import { s3Errors } from '../../core/s3-errors.js';
import type { Bucket } from '../../objects/index.js';
import type { S3Ports } from './ports.js';
import { existingTagKeys, type Keys, onBucket, onFound } from './requirements.js';
import {
  type BucketInput,
  bucketOf,
  type ObjectInput,
  type OnBucket,
  type OnVersion,
  versionOf,
} from './target.js';

/** What makes the condition keys of an operation. */
type KeysOf<I> = (input: I, call: Call, action: string) => Keys;

/** Condition keys of an operation: of the head, or of the body, which then is read before anything is decided. */
interface Conditions<I> {
  readonly keys?: KeysOf<I>;
  readonly keysOfBody?: KeysOf<I>;
}

const NONE = () => ({});

/** An operation that takes one action on one bucket. */
export function bucketOperation<I extends BucketInput, O>(
  action: string,
  run: (bucket: Bucket, input: I, ports: S3Ports, call: Call) => O | Promise<O>,
  { keys, keysOfBody }: Conditions<I> = {},
): Operation<S3Ports, I, O, OnBucket> {
  const requires = ({ bucket }: OnBucket, input: I, call: Call) => [
    onBucket(bucket, call, action, (keys ?? keysOfBody ?? NONE)(input, call, action)),
  ];
  return {
    ...decided(bucketOf, requires, keysOfBody !== undefined),
    run: async ({ bucket }, input, call, ports) => run(bucket, input, ports, call),
  };
}

/**
 * An operation on a version of an object that takes actions which have a variant for versions asked for by
 * their id, and which know the version's tags.
 */
export function versionOperation<I extends ObjectInput, O>(
  actions: (input: I) => readonly string[],
  run: (subject: OnVersion, input: I, ports: S3Ports, call: Call) => O | Promise<O>,
  { keys, keysOfBody }: Conditions<I> = {},
): Operation<S3Ports, I, O, OnVersion> {
  const requires = ({ bucket, version }: OnVersion, input: I, call: Call) =>
    actions(input).map(action =>
      onFound(bucket, call, action, input, version, {
        ...(knowsTags(action) && existingTagKeys(version)),
        ...(keys ?? keysOfBody ?? NONE)(input, call, action),
      }),
    );
  return {
    ...decided(versionOf, requires, keysOfBody !== undefined),
    run: async (subject, input, call, ports) => run(subject, input, ports, call),
  };
}

/** `byBody`: the condition keys stand in the body; before that is read, the bucket must be there. */
function decided<I, T>(
  find: (input: I, call: Call, ports: S3Ports) => Promise<T>,
  requires: (subject: T, input: I, call: Call) => readonly Requirement[],
  byBody: boolean,
): Pick<Operation<S3Ports, I, unknown, T>, 'resolve' | 'requiresOfBody'> {
  if (byBody) {
    return {
      resolve: async (input, call, ports) => ({ requires: [], subject: await find(input, call, ports) }),
      requiresOfBody: requires,
    };
  }
  return {
    async resolve(input, call, ports) {
      const subject = await find(input, call, ports);
      return { requires: requires(subject, input, call), subject };
    },
  };
}

/** Retention and legal holds are decided without the tags (Service Authorization Reference). */
function knowsTags(action: string): boolean {
  return !/Retention$|LegalHold$/.test(action);
}

/**
 * An operation that S3 keeps to the bucket's own account, whatever a policy grants to others: "If you have the correct
 * permissions, but you're not using an identity that belongs to the bucket owner's account, Amazon S3 returns a 405
 * Method Not Allowed error" (S3 API Reference, PutBucketPolicy). `resourceType`: what S3 calls the subresource. Throws
 * MethodNotAllowed for everyone else, once the permissions are there.
 */
export function ownAccountOnly<I extends BucketInput, O>(
  resourceType: string,
  operation: Operation<S3Ports, I, O, OnBucket>,
): Operation<S3Ports, I, O, OnBucket> {
  return {
    ...operation,
    async run(subject, input, call, ports) {
      const { name, owner } = subject.bucket;
      if (call.caller.account?.id === owner) return await operation.run(subject, input, call, ports);
      throw s3Errors.MethodNotAllowed({
        members: { Method: call.http.method, ResourceType: resourceType },
        reason: `${call.operation} is kept to account ${owner}, which owns ${name}: no policy gives it to others`,
        owner,
        advice: `S3 keeps ${call.operation} to the account of the bucket, whatever its policy grants: let a role of that account do it, and assume the role.`,
      });
    },
  };
}
