/** `tls: self-signed`: an authority and a certificate of the server's own, in its data directory. */

import { generateKeyPair, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Scheduler } from '../core/scheduler.js';
import { DAY_MS, HOUR_MS } from '../core/time.js';
import { type Paths, pathsOf } from './certificate-files.js';
import type { Settings } from './settings.js';

/** Clients that trust the authority are many: it outlives them. */
const AUTHORITY_DAYS = 3650;
/** What Apple's clients take at most of a private authority is 825 (support.apple.com/103769). */
const SERVER_DAYS = 397;
/** A certificate with less left is followed by another. */
const RENEWED_DAYS = 30;
/** Clients whose clocks are behind take a new certificate, too. */
const BACKDATED = DAY_MS;
const AUTHORITY_BITS = 3072;
const SERVER_BITS = 2048;

interface Issuer {
  readonly certificate: forge.pki.Certificate;
  readonly key: forge.pki.rsa.PrivateKey;
}

/**
 * Makes what is missing in `DIRECTORY/tls`, keys with mode 0600, and looks each hour whether the certificate is to be
 * followed by another: it ends within 30 days, or lacks a name that the settings give the server. Ends with the
 * returned function. Throws what the file system says.
 */
export async function keepCertificate(
  settings: Settings,
  clock: Clock,
  log: Logger,
  scheduler: Scheduler,
): Promise<() => Promise<void>> {
  await renewIfDue(settings, clock.now());
  let running: Promise<unknown> = Promise.resolve();
  const cancel = scheduler.every(HOUR_MS, () => {
    running = renewIfDue(settings, clock.now()).catch(error =>
      log.error('the certificate was not renewed', { error: String(error) }),
    );
  });
  return async () => {
    cancel();
    await running;
  };
}

/** Whether there was something to make. `now`: milliseconds since the epoch. */
export async function renewIfDue(settings: Settings, now: number): Promise<boolean> {
  const paths = pathsOf(settings);
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  const issuer = await authorityOf(paths, now);
  const names = namesOf(settings);
  if (!(await isDue(paths, issuer, names, now))) return false;
  const { key, pem } = await newKey(SERVER_BITS);
  const certificate = draft(now, SERVER_DAYS, 'karikagi');
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.setIssuer(issuer.certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map(altName) },
    { name: 'subjectKeyIdentifier' },
    authorityKeyIdentifier(issuer.certificate),
  ]);
  certificate.sign(issuer.key, forge.md.sha256.create());
  await put(paths.key, pem);
  await put(paths.cert, forge.pki.certificateToPem(certificate));
  return true;
}

/** Names and addresses of the server; those of `domains` stand for their buckets too. */
export function namesOf(settings: Settings): string[] {
  const { host, domains, consoleHosts, publicEndpoint } = settings;
  const anywhere = host === '0.0.0.0' || host === '::';
  const named = [
    // Also where it means every address: the endpoint that the start prints has it, and works on this machine.
    host,
    ...(anywhere ? [hostname()] : []),
    ...domains.flatMap(domain => [domain, `*.${domain}`]),
    ...consoleHosts,
    ...(publicEndpoint === undefined ? [] : [new URL(publicEndpoint).hostname.replace(/^\[|\]$/g, '')]),
  ];
  return [...new Set(['localhost', '127.0.0.1', '::1', ...named])];
}

async function authorityOf(paths: Paths, now: number): Promise<Issuer> {
  const found = await readIssuer(paths);
  if (found && found.certificate.validity.notAfter.getTime() - now > SERVER_DAYS * DAY_MS) return found;
  const { key, pem } = await newKey(AUTHORITY_BITS);
  const certificate = draft(
    now,
    AUTHORITY_DAYS,
    `Karikagi private authority ${randomBytes(4).toString('hex')}`,
  );
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(key, forge.md.sha256.create());
  await put(paths.authorityKey, pem);
  await put(paths.authority, forge.pki.certificateToPem(certificate));
  return { certificate, key };
}

/** Undefined where there is none yet. Throws where what is there cannot be read: it is never replaced silently. */
async function readIssuer(paths: Paths): Promise<Issuer | undefined> {
  const [certificate, key] = await Promise.all([paths.authority, paths.authorityKey].map(readIfThere));
  if (certificate === undefined || key === undefined) return undefined;
  return {
    certificate: forge.pki.certificateFromPem(certificate),
    key: forge.pki.privateKeyFromPem(key) as forge.pki.rsa.PrivateKey,
  };
}

async function isDue(paths: Paths, issuer: Issuer, names: readonly string[], now: number): Promise<boolean> {
  const [pem, key] = await Promise.all([paths.cert, paths.key].map(readIfThere));
  if (pem === undefined || key === undefined) return true;
  const certificate = forge.pki.certificateFromPem(pem);
  const { altNames } = (certificate.getExtension('subjectAltName') ?? { altNames: [] }) as {
    altNames: { value: string; ip?: string }[];
  };
  const held = altNames.map(name => canonical(name.ip ?? name.value)).sort();
  const wanted = names.map(canonical).sort();
  const mine = (certificate.publicKey as forge.pki.rsa.PublicKey).n.equals(
    (forge.pki.privateKeyFromPem(key) as forge.pki.rsa.PrivateKey).n,
  );
  return (
    !mine ||
    held.join() !== wanted.join() ||
    !issuer.certificate.verify(certificate) ||
    certificate.validity.notAfter.getTime() - now < RENEWED_DAYS * DAY_MS
  );
}

/** One form of an address, whichever way it is written. */
function canonical(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name;
}

function altName(name: string): object {
  // RFC 5280, 4.2.1.6: 2 is a DNS name, 7 an address.
  return isIP(name) ? { type: 7, ip: name } : { type: 2, value: name };
}

function draft(now: number, days: number, commonName: string): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  // Positive, and not longer than 20 bytes (RFC 5280, 4.1.2.2).
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(now - BACKDATED);
  certificate.validity.notAfter = new Date(now + days * DAY_MS);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  return certificate;
}

function authorityKeyIdentifier(authority: forge.pki.Certificate): object {
  const keyIdentifier = authority.generateSubjectKeyIdentifier().getBytes();
  return { name: 'authorityKeyIdentifier', keyIdentifier };
}

async function newKey(modulusLength: number): Promise<{ key: forge.pki.rsa.PrivateKey; pem: string }> {
  const { privateKey: pem } = await promisify(generateKeyPair)('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { key: forge.pki.privateKeyFromPem(pem) as forge.pki.rsa.PrivateKey, pem };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** In one step: no reader sees half a file, or one with another mode. */
async function put(path: string, content: string): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, content, { mode: 0o600 });
  await chmod(fresh, 0o600);
  await rename(fresh, path);
}
