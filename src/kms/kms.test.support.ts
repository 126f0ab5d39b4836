/** A key service in memory and callers to use it as. For tests. */
import { createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import type {
  CreateKeyResponse,
  DescribeKeyResponse,
  GetParametersForImportResponse,
  ImportKeyMaterialResponse,
  KeyMetadata,
} from '@aws-sdk/client-kms';
import { givenPairs } from '../../test/support/rsa-keys.js';
import type { BoundOperation, Service } from '../core/operation.js';
import { type KeyPair, openWorld, run, type World } from '../services/harness.test.support.js';
import { type Kms, kmsService, openKms } from '../services/kms/index.js';
import { openMemoryKv } from '../store/memory/memory.js';

export const ROOT_KEY = new Uint8Array(32).fill(9);
export const ACCOUNT = '111122223333';

export interface KmsWorld {
  readonly world: World;
  readonly kms: Kms;
  readonly service: Service;
  /** The root user of account 111122223333. */
  readonly root: KeyPair;
  /** Calls an operation in us-east-1. */
  call<O>(keys: KeyPair, operation: string, input?: object): Promise<O>;
  /** Calls an operation in another region. */
  callIn<O>(region: string, keys: KeyPair, operation: string, input?: object): Promise<O>;
}

export async function openKmsWorld(partition = 'aws', kv = openMemoryKv()): Promise<KmsWorld> {
  const world = await openWorld(partition);
  const { principals } = world.identity;
  const kms = await openKms({ kv, rootKey: ROOT_KEY, clock: world.clock, principals, makePair: givenPairs });
  const service = kmsService({ kms });
  return {
    world,
    kms,
    service,
    root: world.root,
    call: (keys, operation, input = {}) => run(world, service, keys, operation, input),
    callIn: (region, keys, operation, input = {}) =>
      run(world, inRegion(service, region), keys, operation, input),
  };
}

/** The service as it is called in a region. */
export function inRegion(service: Service, region: string): Service {
  const operations = [...service.operations].map(([name, operation]) => {
    const moved: BoundOperation = {
      ...operation,
      resolve: (input, call) => operation.resolve(input, { ...call, region }),
      run: (subject, input, call) => operation.run(subject, input, { ...call, region }),
    };
    return [name, moved] as const;
  });
  return { id: service.id, operations: new Map(operations) };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);

export type Metadata = { [K in keyof KeyMetadata]-?: NonNullable<KeyMetadata[K]> };

/** Makes a key as the root user. */
export async function newKey({ call, root }: KmsWorld, input: object = {}): Promise<Metadata> {
  const { KeyMetadata } = await call<CreateKeyResponse>(root, 'CreateKey', input);
  return KeyMetadata as Metadata;
}

export async function describe({ call, root }: KmsWorld, KeyId: string): Promise<Metadata> {
  const { KeyMetadata } = await call<DescribeKeyResponse>(root, 'DescribeKey', { KeyId });
  return KeyMetadata as Metadata;
}

/** Brings material to a key, as the AWS CLI's users do. */
export async function importMaterial(
  { call, root }: KmsWorld,
  KeyId: string,
  material: Uint8Array,
  more: object = {},
): Promise<ImportKeyMaterialResponse> {
  const parameters = await call<GetParametersForImportResponse>(root, 'GetParametersForImport', {
    KeyId,
    WrappingAlgorithm: 'RSA_AES_KEY_WRAP_SHA_256',
    WrappingKeySpec: 'RSA_2048',
  });
  return await call<ImportKeyMaterialResponse>(root, 'ImportKeyMaterial', {
    KeyId,
    ImportToken: parameters.ImportToken,
    EncryptedKeyMaterial: wrapForImport(parameters.PublicKey!, material),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    ...more,
  });
}

/** RSA_AES_KEY_WRAP_SHA_256: an AES key under RSA-OAEP, the material under that key (RFC 5649). */
export function wrapForImport(publicKey: Uint8Array, material: Uint8Array): Buffer {
  const aes = randomBytes(32);
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  const cipher = createCipheriv('id-aes256-wrap-pad', aes, Buffer.from('a65959a6', 'hex'));
  return Buffer.concat([
    publicEncrypt({ key, oaepHash: 'sha256' }, aes),
    cipher.update(material),
    cipher.final(),
  ]);
}

/** A key with that material. */
export async function importedKey(
  kms: KmsWorld,
  KeySpec: string,
  KeyUsage: string,
  material: Uint8Array,
): Promise<Metadata> {
  const key = await newKey(kms, { KeySpec, KeyUsage, Origin: 'EXTERNAL' });
  await importMaterial(kms, key.KeyId, material);
  return await describe(kms, key.KeyId);
}
