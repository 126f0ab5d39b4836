/** Every error that the SDKs know arrives as itself. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError } from '../core/errors.js';
import { type Struct, type Subject, send, subjects } from './sdk.test.support.js';

/** An operation that needs nothing, per service. */
const simple: Readonly<Record<string, string>> = {
  sts: 'GetCallerIdentity',
  iam: 'ListUsers',
  kms: 'ListKeys',
  s3: 'ListBuckets',
};

interface ErrorTraits {
  readonly awsQueryError?: readonly [code: string, status: number];
  readonly httpError?: number;
}

/** Name and traits of the errors that an SDK exports schemas of, but the base of all. */
function errorsOf({ sdk }: Subject): (readonly [name: string, traits: ErrorTraits])[] {
  return Object.values(sdk)
    .filter(
      (value): value is [number, string, string, ErrorTraits | number] =>
        Array.isArray(value) && value[0] === -3,
    )
    .filter(([, namespace]) => !namespace.startsWith('smithy.'))
    .map(([, , name, traits]) => [name, typeof traits === 'object' ? traits : {}] as const);
}

async function caught(subject: Subject, error: ApiError): Promise<Struct> {
  const name = simple[subject.wire.id]!;
  try {
    await send(subject, name, {}, () =>
      subject.wire.encodeError(error, { requestId: 'REQ', path: '/', head: false }),
    );
  } catch (thrown) {
    return thrown as Struct;
  }
  return assert.fail('the SDK saw no error');
}

for (const subject of subjects) {
  suite(`errors of ${subject.name}`, () => {
    for (const [name, { awsQueryError, httpError = 400 }] of errorsOf(subject)) {
      // KMS carries the trait from the days when it spoke awsQuery.
      const [code, status] = (subject.wire.id !== 'kms' && awsQueryError) || [name, httpError];
      test(name, async () => {
        for (const thrown of new Set([code, name])) {
          const error = await caught(subject, new ApiError(thrown, status, 'Because <it> is & "so".'));
          assert.equal(error['name'], name);
          assert.equal(error['message'], 'Because <it> is & "so".');
          assert.deepEqual(
            [(error['$metadata'] as Struct)['httpStatusCode'], (error['$metadata'] as Struct)['requestId']],
            [status, 'REQ'],
          );
        }
      });
    }
  });
}
