/** RSA keys that were made once (test/vectors/rsa-keys.json): making them takes seconds of a busy machine. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { generatePair, type PairMaker } from '../../src/kms/specs.js';

type Bits = 2048 | 3072 | 4096;

const keys: Readonly<Record<Bits, readonly string[]>> = JSON.parse(
  readFileSync('test/vectors/rsa-keys.json', 'utf8'),
);

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const given = new Map<Bits, number>();

/** Another pair each time, until all were given. */
export function rsaPair(bits: Bits = 2048): Pair {
  const count = given.get(bits) ?? 0;
  given.set(bits, count + 1);
  const all = keys[bits];
  const key = Buffer.from(all[count % all.length]!, 'base64');
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Pairs for the key service: those of RSA are given, others made. */
export const givenPairs: PairMaker = async (spec, account) => {
  const bits = /^RSA_(\d+)$/.exec(spec)?.[1];
  if (bits === undefined) return await generatePair(spec, account);
  const { privateKey, publicKey } = rsaPair(Number(bits) as Bits);
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  };
};
