/** Lists of certificates that their authority has revoked (RFC 5280, 5). */
import { verify } from 'node:crypto';
import { AsnParser } from '@peculiar/asn1-schema';
import { CertificateList, KeyUsageFlags } from '@peculiar/asn1-x509';
import { type ReadCertificate, strongAlgorithms, unsigned } from './certificates.js';
import { CertificateError } from './errors.js';
import { partsOf, sameName } from './names.js';

export interface RevocationList {
  /** As `issuerKey` of the certificates that it is about. */
  readonly issuerKey: string;
  readonly revoked: ReadonlySet<bigint>;
  /** Whether that authority's key signed it. */
  isSignedBy(authority: ReadCertificate): boolean;
}

/**
 * Reads one list in PEM. Throws `CertificateError`; for indirect lists, and for those of changes alone, too: their
 * critical extensions are not understood here.
 */
export function readRevocationList(pem: string): RevocationList {
  const block = /^\s*-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----\s*$/.exec(pem)?.[1];
  if (block === undefined) throw new CertificateError('It is no certificate revocation list in PEM.');
  const { tbsCertList, tbsCertListRaw, signatureAlgorithm, signature } = parse(Buffer.from(block, 'base64'));
  const { crlExtensions = [], revokedCertificates = [] } = tbsCertList;
  const hash = strongAlgorithms.get(signatureAlgorithm.algorithm);
  if (hash === undefined || tbsCertList.signature.algorithm !== signatureAlgorithm.algorithm)
    throw new CertificateError(
      'The signing algorithm of the list is not RSA or ECDSA with SHA-256 or stronger.',
    );
  const critical = [
    ...crlExtensions,
    ...revokedCertificates.flatMap(({ crlEntryExtensions = [] }) => crlEntryExtensions),
  ]
    .filter(extension => extension.critical)
    .map(extension => extension.extnID);
  if (critical.length > 0)
    throw new CertificateError(`It has the critical extension ${critical[0]}, which is not understood here.`);
  return {
    issuerKey: sameName(partsOf(tbsCertList.issuer)),
    revoked: new Set(revokedCertificates.map(({ userCertificate }) => unsigned(userCertificate))),
    isSignedBy: ({ x509 }) =>
      verify(hash, new Uint8Array(tbsCertListRaw!), x509.publicKey, new Uint8Array(signature)),
  };
}

/**
 * Throws `CertificateError` where an authority of the list's name is among the anchors, and none of them signed it with
 * a key that may sign lists. The list of another authority is that of one between: it is looked at when one comes.
 */
export function demandOrigin(list: RevocationList, anchors: readonly ReadCertificate[]): void {
  const named = anchors.filter(({ subjectKey }) => subjectKey === list.issuerKey);
  if (named.length === 0) return;
  const may = named.filter(({ keyUsage = 0 }) => keyUsage & KeyUsageFlags.cRLSign);
  if (may.length === 0)
    throw new CertificateError('The key of the trust anchor may not sign revocation lists.');
  if (!may.some(anchor => list.isSignedBy(anchor)))
    throw new CertificateError('The trust anchor did not sign the list.');
}

function parse(der: Uint8Array): CertificateList {
  try {
    return AsnParser.parse(der, CertificateList);
  } catch (cause) {
    throw new CertificateError('It is no certificate revocation list.', { cause });
  }
}

/**
 * Throws `CertificateError` where a certificate of the path, which ends in the anchor, stands in a list that its issuer
 * signed. A list counts after its next update is due as well: what it revokes stays so.
 */
export function demandUnrevoked(path: readonly ReadCertificate[], lists: readonly RevocationList[]): void {
  path.slice(0, -1).forEach((certificate, at) => {
    const serial = BigInt(`0x${certificate.serial}`);
    const revoked = lists.some(
      list =>
        list.issuerKey === certificate.issuerKey &&
        list.revoked.has(serial) &&
        list.isSignedBy(path[at + 1]!),
    );
    if (revoked) throw new CertificateError('Certificate revoked');
  });
}
