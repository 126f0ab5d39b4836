import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { buildClient, CommitmentPolicy, KmsKeyringNode } from '@aws-crypto/client-node';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
  KMS,
  KMSClient,
  type KMSServiceException,
  paginateListKeys,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { ACCOUNT, type Keys, openStage, REGION, ROLE, type Stage, USER } from './stage.js';

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes!).toString();

/** A matcher: KMS answers every refusal with 400. */
const refusedWith = (name: string, message?: string) => (error: KMSServiceException) => {
  assert.equal(error.name, name);
  assert.equal(error.$metadata.httpStatusCode, 400);
  if (message !== undefined) assert.equal(error.message, message);
  return true;
};

let stage: Stage;
let root: KMSClient;
before(async () => {
  stage = await openStage();
  root = new KMSClient(stage.config(stage.root));
});
after(() => stage.close());

async function newKey(input: CreateKeyCommandInput = {}) {
  const { KeyMetadata } = await root.send(new CreateKeyCommand(input));
  return { id: KeyMetadata!.KeyId!, arn: KeyMetadata!.Arn! };
}

suite('AWS SDK for JavaScript: KMS', () => {
  test('a ciphertext opens by itself, also after a rotation, and with its context only', async () => {
    const { id, arn } = await newKey({ Description: 'round trip' });
    await root.send(new CreateAliasCommand({ AliasName: 'alias/trip', TargetKeyId: id }));
    const EncryptionContext = { table: 'orders', 列: '値' };
    const { CiphertextBlob } = await root.send(
      new EncryptCommand({ KeyId: 'alias/trip', Plaintext: Buffer.from('hidden'), EncryptionContext }),
    );
    await root.send(new RotateKeyOnDemandCommand({ KeyId: id }));
    const opened = await root.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    assert.equal(text(opened.Plaintext), 'hidden');
    assert.equal(opened.KeyId, arn);
    await assert.rejects(
      root.send(new DecryptCommand({ CiphertextBlob })),
      refusedWith('InvalidCiphertextException'),
    );
  });

  test('what a key signs verifies here and with OpenSSL', async () => {
    const { id } = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const message = { KeyId: id, Message: Buffer.from('signed'), SigningAlgorithm: 'ECDSA_SHA_256' } as const;
    const { Signature } = await root.send(new SignCommand(message));
    assert.equal((await root.send(new VerifyCommand({ ...message, Signature }))).SignatureValid, true);
    const { PublicKey } = await root.send(new GetPublicKeyCommand({ KeyId: id }));
    const key = createPublicKey({ key: Buffer.from(PublicKey!), format: 'der', type: 'spki' });
    assert.equal(verify('sha256', message.Message, key, Signature!), true);
    const other = new VerifyCommand({ ...message, Message: Buffer.from('other'), Signature });
    await assert.rejects(root.send(other), { name: 'KMSInvalidSignatureException' });
  });

  test('errors come with their names and 400', async () => {
    const { id, arn } = await newKey();
    await root.send(new ScheduleKeyDeletionCommand({ KeyId: id }));
    const data = { KeySpec: 'AES_256' } as const;
    for (const [KeyId, name, message] of [
      ['nonsense', 'NotFoundException', "Invalid keyId 'nonsense'"],
      [id, 'KMSInvalidStateException', `${arn} is pending deletion.`],
      ['alias/none', 'NotFoundException', `Alias arn:aws:kms:${REGION}:${ACCOUNT}:alias/none is not found.`],
    ] as const) {
      await assert.rejects(
        root.send(new GenerateDataKeyCommand({ KeyId, ...data })),
        refusedWith(name, message),
      );
    }
    const long = new EncryptCommand({ KeyId: id, Plaintext: Buffer.alloc(4097) });
    await assert.rejects(root.send(long), {
      name: 'ValidationException',
      message:
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
    });
  });

  test('keys are listed in pages', async () => {
    for (let count = 0; count < 3; count++) await newKey();
    const ids: string[] = [];
    for await (const { Keys } of paginateListKeys({ client: root, pageSize: 2 }, {})) {
      assert.ok(Keys!.length <= 2);
      ids.push(...Keys!.map(key => key.KeyId!));
    }
    assert.deepEqual(ids, [...new Set(ids)].sort());
    assert.ok(ids.length >= 3);
  });

  test('a grant lets a user without policies in', async () => {
    const { id } = await newKey();
    const user = new KMSClient(stage.config(stage.user));
    const encrypt = new EncryptCommand({ KeyId: id, Plaintext: Buffer.from('x') });
    await assert.rejects(user.send(encrypt), {
      name: 'AccessDeniedException',
      message: `User: arn:aws:iam::${ACCOUNT}:user/${USER} is not authorized to perform: kms:Encrypt on resource: arn:aws:kms:${REGION}:${ACCOUNT}:key/${id} because no identity-based policy allows the kms:Encrypt action`,
    });
    const { GrantToken } = await root.send(
      new CreateGrantCommand({
        KeyId: id,
        GranteePrincipal: `arn:aws:iam::${ACCOUNT}:user/${USER}`,
        Operations: ['Encrypt'],
      }),
    );
    await user.send(new EncryptCommand({ ...encrypt.input, GrantTokens: [GrantToken!] }));
    await user.send(encrypt);
  });
});

/** The policy of the staging connection's manual. */
const STAGING = ['kms:GenerateDataKey', 'kms:DescribeKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*'];

suite('the actions of the staging connection, under AssumeRole credentials', () => {
  let key: { readonly id: string; readonly arn: string };
  let iam: IAMClient;
  let keys: Keys;
  before(async () => {
    key = await newKey();
    iam = new IAMClient(stage.config(stage.root));
    keys = await stage.assume();
  });
  after(() => iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: 'kms' })));

  const permit = (actions: readonly string[]) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName: ROLE,
        PolicyName: 'kms',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: actions, Resource: [key.arn] }],
        }),
      }),
    );

  /** Everything that the five actions are for; each step names the action that it needs. */
  async function useAll(): Promise<void> {
    const role = new KMSClient(stage.config(keys));
    const KeyId = key.arn;
    await role.send(new DescribeKeyCommand({ KeyId }));
    const made = await role.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    const opened = await role.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    assert.deepEqual(opened.Plaintext, made.Plaintext);
    const sealed = await role.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
    const moved = new ReEncryptCommand({ CiphertextBlob: sealed.CiphertextBlob, DestinationKeyId: KeyId });
    await role.send(moved);
  }

  test('all of them: everything works', async () => {
    await permit(STAGING);
    await useAll();
  });

  for (const missing of STAGING) {
    test(`without ${missing}: refused with its name, and the trace tells why`, async () => {
      await permit(STAGING.filter(action => action !== missing));
      const action = missing.replace('*', 'From');
      let requestId = '';
      await assert.rejects(useAll(), (error: Error & { $metadata: { requestId: string } }) => {
        requestId = error.$metadata.requestId;
        assert.equal(error.name, 'AccessDeniedException');
        assert.equal(
          error.message,
          `User: arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/clients is not authorized to perform: ${action} on resource: ${key.arn} because no identity-based policy allows the ${action} action`,
        );
        return true;
      });
      assert.match(await why(requestId), new RegExp(action));
    });
  }

  async function why(requestId: string): Promise<string> {
    const target = { endpoint: stage.endpoint, region: REGION, credentials: stage.root };
    const input = { RequestId: requestId };
    return JSON.stringify(await callKarikagi(target, 'GetRequestAuthorizationDetails', input));
  }
});

suite('AWS Encryption SDK for JavaScript', () => {
  test('seals under one key and opens with it, not with another, nor with a changed context', async () => {
    const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
    const [one, two] = [await newKey(), await newKey()];
    const clientProvider = () => new KMS(stage.config(stage.root)) as never;
    const ring = ({ arn }: { arn: string }, ...more: { arn: string }[]) =>
      new KmsKeyringNode({ clientProvider, generatorKeyId: arn, keyIds: more.map(key => key.arn) });
    const plaintext = 'x'.repeat(100_000);
    const encryptionContext = { stage: 'test', origin: 'client' };
    const { result } = await encrypt(ring(one, two), plaintext, { encryptionContext });
    await root.send(new RotateKeyOnDemandCommand({ KeyId: one.id }));
    for (const key of [one, two]) {
      const opened = await decrypt(ring(key), result);
      assert.equal(opened.plaintext.toString(), plaintext);
      assert.equal(opened.messageHeader.encryptionContext['stage'], 'test');
    }
    await assert.rejects(decrypt(ring(await newKey()), result));
    const changed = Buffer.from(result);
    changed[changed.indexOf('origin') + 1]! ^= 1;
    await assert.rejects(decrypt(ring(one), changed));
  });
});
