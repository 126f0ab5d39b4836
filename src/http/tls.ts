/** TLS of a listener: its certificate, which may be replaced while it listens. */
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from '../core/log.js';
import { type Scheduler, systemScheduler } from '../core/scheduler.js';

/** Paths of PEM files. */
export interface CertificateFiles {
  /** The certificate, followed by those between it and its authority. */
  readonly cert: string;
  /** Its private key, without a password. */
  readonly key: string;
}

/** The content of the files. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A server whose certificate can be replaced. */
interface Replaceable {
  setSecureContext(options: SecureContextOptions): void;
}

/** Between looks at the files, milliseconds. Looking works where notices do not: on network and container volumes. */
const EVERY = 1000;

/** No older protocols: RFC 8996. */
const PROTOCOLS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const;

/** Reads the files. Throws, with their names, where they cannot be read or do not belong together. */
export async function readCertificate(files: CertificateFiles): Promise<SecureContextOptions & Pair> {
  try {
    const pair = await readPair(files);
    createSecureContext(pair);
    return { ...pair, ...PROTOCOLS };
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`TLS: ${files.cert} and ${files.key} cannot be used: ${why}`, { cause });
  }
}

/**
 * Gives the server what the files hold once they have changed; open connections go on with what they have. The files
 * must be the same at two looks: a writer may be at work. Where they cannot be used, the log says so and the server
 * goes on with the former. Ends with the returned function.
 */
export function followCertificate(
  server: Replaceable,
  files: CertificateFiles,
  first: Pair,
  log: Logger,
  scheduler: Scheduler = systemScheduler,
): () => void {
  let tried: Pair = first;
  let seen: Pair = first;
  let looking = false;
  const look = async () => {
    const now = await readPair(files);
    const settled = isSame(now, seen);
    seen = now;
    if (!settled || isSame(now, tried)) return;
    tried = now;
    server.setSecureContext({ ...now, ...PROTOCOLS });
    log.info('the certificate was replaced', { cert: files.cert });
  };
  let failure = '';
  return scheduler.every(EVERY, () => {
    if (looking) return;
    looking = true;
    look()
      .then(() => {
        failure = '';
      })
      .catch((error: Error) => {
        if (error.message !== failure) {
          log.error('the new certificate cannot be used; the former stays', { error: error.message });
        }
        failure = error.message;
      })
      .finally(() => {
        looking = false;
      });
  });
}

async function readPair({ cert, key }: CertificateFiles): Promise<Pair> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

function isSame(one: Pair, other: Pair): boolean {
  return one.cert === other.cert && one.key === other.key;
}
