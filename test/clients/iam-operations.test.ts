/** Every operation of IAM that the server has, sent by the AWS SDK over HTTP. */
import { afterEach, beforeEach, suite, test } from 'node:test';
import { credentialTests } from './iam-operations-credentials.js';
import { entityTests } from './iam-operations-entities.js';
import { policyTests } from './iam-operations-policies.js';
import { providerTests } from './iam-operations-providers.js';
import { assertAllSent, openRecording, type Recording } from './operations.js';

suite('AWS SDK for JavaScript: each operation of IAM', () => {
  const sent = new Set<string>();

  for (const [topic, tests] of [
    ['entities', entityTests],
    ['policies', policyTests],
    ['credentials', credentialTests],
    ['providers and the account', providerTests],
  ] as const) {
    suite(topic, () => {
      let recording: Recording;
      beforeEach(async () => {
        recording = await openRecording(sent);
      });
      afterEach(() => recording.close());
      tests(() => recording);
    });
  }

  test('none was left out', () => assertAllSent('iam', sent));
});
