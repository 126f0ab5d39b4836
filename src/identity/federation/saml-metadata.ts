/** The metadata document in which an identity provider says who it is and what it signs with. */
import { X509Certificate } from 'node:crypto';
import { errors } from '../errors.js';
import {
  attributeOf,
  childrenNamed,
  firstAt,
  isNamed,
  parseXml,
  textOf,
  type XmlElement,
} from './saml-xml.js';

export interface SamlMetadata {
  /** What `Issuer` in its assertions says. */
  readonly entityId: string;
  /** Public keys in PEM (SPKI). */
  readonly keys: readonly string[];
  /** Milliseconds since the epoch; absent where it does not say. */
  readonly validUntil?: number | undefined;
}

/** Source: IAM User Guide, "IAM and AWS STS quotas" (keys per SAML provider). */
const MAX_KEYS = 10;

/** Reads an `EntityDescriptor`. Throws `InvalidInput` where it is none of an identity provider that signs. */
export function readMetadata(document: string): SamlMetadata {
  let root: XmlElement;
  try {
    root = parseXml(document);
  } catch (cause) {
    throw errors.InvalidInput('Could not parse metadata', { cause, reason: (cause as Error).message });
  }
  const entityId = isNamed(root, 'metadata', 'EntityDescriptor') ? attributeOf(root, 'entityID') : undefined;
  const descriptor = firstAt(root, 'metadata', 'IDPSSODescriptor');
  if (entityId === undefined || descriptor === undefined)
    throw errors.InvalidInput('Could not parse metadata');
  const keys = childrenNamed(descriptor, 'metadata', 'KeyDescriptor')
    .filter(key => attributeOf(key, 'use') !== 'encryption')
    .flatMap(key => childrenNamed(key, 'signature', 'KeyInfo'))
    .flatMap(info => childrenNamed(info, 'signature', 'X509Data'))
    .flatMap(data => childrenNamed(data, 'signature', 'X509Certificate'))
    .map(publicKeyOf);
  if (keys.length === 0 || keys.length > MAX_KEYS) {
    throw errors.InvalidInput(`Metadata must hold from 1 to ${MAX_KEYS} signing certificates`);
  }
  const until = Date.parse(attributeOf(root, 'validUntil') ?? '');
  return { entityId, keys, ...(!Number.isNaN(until) && { validUntil: until }) };
}

function publicKeyOf(certificate: XmlElement): string {
  try {
    const der = Buffer.from(textOf(certificate) ?? '', 'base64');
    return String(new X509Certificate(der).publicKey.export({ type: 'spki', format: 'pem' }));
  } catch (cause) {
    throw errors.InvalidInput('Metadata holds a certificate that cannot be read', { cause });
  }
}
