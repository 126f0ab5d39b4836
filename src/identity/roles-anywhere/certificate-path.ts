/** Whether a certificate leads to a trust anchor. Source: RFC 5280, 6.1, as far as certificates are read here. */
import { faultOfAuthority, faultOfEndEntity, type ReadCertificate } from './certificates.js';
import { CertificateError } from './errors.js';

/**
 * The certificate, the authorities between and the one that the anchor holds, in this order. Each is valid at `now`
 * (milliseconds since the epoch), and signed by the next. Throws `CertificateError` where there is no such path.
 */
export function pathToAnchor(
  certificate: ReadCertificate,
  between: readonly ReadCertificate[],
  anchors: readonly ReadCertificate[],
  now: number,
): ReadCertificate[] {
  const fault = faultOfEndEntity(certificate) ?? faultOfTime(certificate, now);
  if (fault !== undefined) throw new CertificateError(fault);
  const authorities = (list: readonly ReadCertificate[]) =>
    list.filter(one => faultOfAuthority(one) === undefined && faultOfTime(one, now) === undefined);
  const search = { anchors: authorities(anchors), between: authorities(between), signed: new Map() };
  const path = extend([certificate], search);
  if (path) return path;
  throw new CertificateError('It does not lead to the trust anchor by certificates that are valid.');
}

interface Search {
  readonly anchors: readonly ReadCertificate[];
  readonly between: readonly ReadCertificate[];
  /** What is known of pairs: verifying takes time, and the certificates between are the client's. */
  readonly signed: Map<ReadCertificate, Map<ReadCertificate, boolean>>;
}

/** Goes on from the last of a path; `undefined` where that leads nowhere. */
function extend(path: readonly ReadCertificate[], search: Search): ReadCertificate[] | undefined {
  const last = path.at(-1)!;
  const next = (issuer: ReadCertificate) => allowsBelow(issuer, path) && isSigned(last, issuer, search);
  const anchor = search.anchors.find(next);
  if (anchor) return [...path, anchor];
  for (const issuer of search.between) {
    if (path.includes(issuer) || !next(issuer)) continue;
    const found = extend([...path, issuer], search);
    if (found) return found;
  }
  return undefined;
}

/** Whether as many authorities as the path has may stand below it; those that issue themselves do not count. */
function allowsBelow({ pathLength }: ReadCertificate, path: readonly ReadCertificate[]): boolean {
  if (pathLength === undefined) return true;
  return path.slice(1).filter(one => one.subjectKey !== one.issuerKey).length <= pathLength;
}

/** Whether the names and key identifiers fit, and the signature holds. */
function isSigned(certificate: ReadCertificate, issuer: ReadCertificate, { signed }: Search): boolean {
  const known = signed.get(certificate) ?? new Map<ReadCertificate, boolean>();
  signed.set(certificate, known);
  let holds = known.get(issuer);
  if (holds === undefined) {
    holds = certificate.x509.checkIssued(issuer.x509) && certificate.x509.verify(issuer.x509.publicKey);
    known.set(issuer, holds);
  }
  return holds;
}

function faultOfTime({ notBefore, notAfter }: ReadCertificate, now: number): string | undefined {
  if (now < notBefore) return 'Certificate is not yet valid';
  return now > notAfter ? 'Certificate has expired' : undefined;
}
