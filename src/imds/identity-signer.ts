/** Signs identity documents, with a key and a certificate of our own in the place of EC2's. */

import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock.js';
import { DAY_MS } from '../core/time.js';

/** The signatures beside the document: base64, without the lines that begin and end PEM, as on EC2. */
export interface Signatures {
  /** PKCS #7 over the document, which it holds. EC2 signs it with DSA; here it is the same as `rsa2048`. */
  readonly pkcs7: string;
  readonly rsa2048: string;
  /** RSA-SHA256 over the document. */
  readonly signature: string;
}

export interface IdentitySigner {
  /** PEM, to verify with: `openssl smime -verify -certfile`. */
  readonly certificate: string;
  sign(document: string): Signatures;
}

/** Years that the certificate holds, as EC2's own do. */
const YEARS = 30;

/** `file`: PEM of key and certificate, made with mode 0600 where it is not there; absent: a key for this run. */
export async function openIdentitySigner(clock: Clock, file?: string): Promise<IdentitySigner> {
  const { default: forge } = await import('node-forge');
  const pem = (file === undefined ? undefined : await contentOf(file)) ?? (await newIdentity(forge, clock));
  if (file !== undefined && (await contentOf(file)) === undefined) {
    await writeFile(file, pem, { mode: 0o600, flag: 'wx' });
  }
  const key = createPrivateKey(pem);
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/.exec(pem)?.[0];
  if (certificate === undefined) throw new Error(`${file} holds no certificate`);
  return {
    certificate,
    sign: document => {
      const pkcs7 = signedData(forge, document, key, certificate);
      return { pkcs7, rsa2048: pkcs7, signature: lines(sign('sha256', Buffer.from(document), key)) };
    },
  };
}

type Forge = typeof import('node-forge');

async function newIdentity(forge: Forge, clock: Clock): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const key = forgeKey(forge, privateKey);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  // Positive: the first bit is the sign.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  const now = new Date(clock.now());
  certificate.validity.notBefore = new Date(now.getTime() - DAY_MS);
  certificate.validity.notAfter = new Date(now);
  certificate.validity.notAfter.setFullYear(now.getFullYear() + YEARS);
  const name = [{ name: 'commonName', value: 'Karikagi instance identity' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.sign(key, forge.md.sha256.create());
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return text + forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

function forgeKey(forge: Forge, key: KeyObject) {
  return forge.pki.privateKeyFromPem(key.export({ type: 'pkcs8', format: 'pem' }).toString());
}

function signedData(forge: Forge, document: string, key: KeyObject, pem: string): string {
  const data = forge.pkcs7.createSignedData();
  data.content = forge.util.createBuffer(document, 'utf8');
  const certificate = forge.pki.certificateFromPem(pem);
  data.addCertificate(certificate);
  const { contentType, messageDigest } = forge.pki.oids;
  data.addSigner({
    key: forgeKey(forge, key),
    certificate,
    digestAlgorithm: forge.pki.oids['sha256']!,
    authenticatedAttributes: [
      { type: contentType!, value: forge.pki.oids['data']! },
      { type: messageDigest! },
    ],
  });
  data.sign();
  return lines(Buffer.from(forge.asn1.toDer(data.toAsn1()).getBytes(), 'binary'));
}

/** Base64 in lines of 64, as PEM has them. */
function lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
