/**
 * Reads and checks what callers bring. On its own: reading certificates loads much, and many a server never meets one.
 */

import { BoundedCache } from '../../core/bounded-cache.js';
import type { SigningCertificate } from '../../core/caller.js';
import { pathToAnchor } from './certificate-path.js';
import { faultOfAuthority, type ReadCertificate, readBundle, readCertificate } from './certificates.js';
import { anywhereErrors, CertificateError } from './errors.js';
import type { TrustAnchor } from './model.js';
import { demandOrigin, demandUnrevoked, type RevocationList, readRevocationList } from './revocation.js';

/** Certificates of a trust anchor (IAM Roles Anywhere User Guide, "Quotas": certificates per trust anchor). */
const MOST_IN_BUNDLE = 2;

/** By their text. */
const bundles = new BoundedCache<string, readonly ReadCertificate[]>(32);
const lists = new BoundedCache<string, RevocationList>(32);

/** Throws `ValidationException` for what is no bundle of one or two authorities. */
export function demandBundle(pem: string): void {
  const bundle = validated(() => readBundle(pem));
  if (bundle.length > MOST_IN_BUNDLE) {
    throw anywhereErrors.ValidationException(`A trust anchor has at most ${MOST_IN_BUNDLE} certificates.`);
  }
  for (const certificate of bundle) {
    const fault = faultOfAuthority(certificate);
    if (fault !== undefined) throw anywhereErrors.ValidationException(fault);
  }
}

/** Throws `ValidationException` for what is no list, and for one in the name of the anchor that it did not sign. */
export function demandList(pem: string, anchor: TrustAnchor): void {
  validated(() => demandOrigin(readRevocationList(pem), bundleOf(anchor)));
}

/**
 * The certificate, once it is known to lead to the anchor at `now` (milliseconds since the epoch), and to stand in none
 * of the `revocations` (PEM). Throws `AccessDeniedException`.
 */
export function verifyCertificate(
  { certificate, chain }: SigningCertificate,
  anchor: TrustAnchor,
  revocations: readonly string[],
  now: number,
): ReadCertificate {
  try {
    const leaf = readCertificate(certificate);
    const path = pathToAnchor(leaf, chain.map(readCertificate), bundleOf(anchor), now);
    demandUnrevoked(path, revocations.map(listOf));
    return leaf;
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw anywhereErrors.AccessDeniedException('Untrusted signing certificate', {
      reason: error.message,
      cause: error,
    });
  }
}

function bundleOf({ bundle }: TrustAnchor): readonly ReadCertificate[] {
  return cached(bundles, bundle, readBundle);
}

function listOf(pem: string): RevocationList {
  return cached(lists, pem, readRevocationList);
}

function cached<T>(cache: BoundedCache<string, T>, text: string, read: (text: string) => T): T {
  let value = cache.get(text);
  if (value === undefined) {
    value = read(text);
    cache.set(text, value);
  }
  return value;
}

/** Throws `ValidationException` for a `CertificateError`. */
function validated<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw anywhereErrors.ValidationException(error.message, { cause: error });
  }
}
