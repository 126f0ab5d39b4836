import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import { KMSClient } from '@aws-sdk/client-kms';
import { openStage, REGION, type Stage } from './stage.js';

suite('AWS SDK for JavaScript: KMS', () => {
  let stage: Stage;
  let client: KMSClient;
  before(async () => {
    stage = await openStage();
    client = new KMSClient(stage.config(stage.root));
  });
  after(() => stage.close());
  test('smoke', async () => {
    const { KeyMetadata: key } = await client.send(
      new kms.CreateKeyCommand({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    );
    console.log(key, REGION);
    await client.send(new kms.CreateAliasCommand({ AliasName: 'alias/x', TargetKeyId: key!.KeyId! }));
    const e = await client.send(new kms.EncryptCommand({ KeyId: 'alias/x', Plaintext: Buffer.from('hi') }));
    const d = await client.send(new kms.DecryptCommand({ CiphertextBlob: e.CiphertextBlob }));
    assert.equal(Buffer.from(d.Plaintext!).toString(), 'hi');
    const poor = new KMSClient(stage.config(stage.user));
    for (const input of [
      'alias/x',
      key!.KeyId!,
      '1234abcd-12ab-34cd-56ef-1234567890ab',
      'nope',
      'alias/nope',
    ])
      await poor
        .send(new kms.EncryptCommand({ KeyId: input, Plaintext: Buffer.from('hi') }))
        .catch(x => console.log(x.name, x.$metadata.httpStatusCode, x.message));
    await client
      .send(new kms.DescribeKeyCommand({ KeyId: 'alias/aws/s3' }))
      .then(x => console.log(x.KeyMetadata));
    await client
      .send(new kms.CreateKeyCommand({ KeySpec: 'HMAC_256' }))
      .catch(x => console.log(x.name, x.$metadata.httpStatusCode, x.message));
  });
});
