/** Names in certificates, by their parts. */
import type { GeneralName, Name } from '@peculiar/asn1-x509';

/** `CN` and its value. */
export interface NamePart {
  /** Its short name; its object identifier where it has none here. */
  readonly type: string;
  readonly value: string;
}

export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  readonly directory: readonly (readonly NamePart[])[];
}

/** Short names: RFC 4514, and for what that lacks those of RFC 4519 and of OpenSSL. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SURNAME'],
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'T'],
  ['2.5.4.42', 'GIVENNAME'],
  ['2.5.4.43', 'INITIALS'],
  ['2.5.4.44', 'GENERATION'],
  ['2.5.4.46', 'DN'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'E'],
]);

const shortNames: ReadonlySet<string> = new Set(SHORT.values());

export function isShortName(type: string): boolean {
  return shortNames.has(type);
}

/** In the order of the certificate. */
export function partsOf(name: Name): NamePart[] {
  return [...name].flatMap(part =>
    [...part].map(({ type, value }) => ({ type: SHORT.get(type) ?? type, value: value.toString() })),
  );
}

export function alternativeNamesOf(names: Iterable<GeneralName>): AlternativeNames {
  const dns: string[] = [];
  const uri: string[] = [];
  const directory: NamePart[][] = [];
  for (const { dNSName, uniformResourceIdentifier, directoryName } of names) {
    if (dNSName !== undefined) dns.push(dNSName);
    if (uniformResourceIdentifier !== undefined) uri.push(uniformResourceIdentifier);
    if (directoryName !== undefined) directory.push(partsOf(directoryName));
  }
  return { dns, uri, directory };
}

/** Names that RFC 5280, 7.1, takes for the same have the same text. */
export function sameName(parts: readonly NamePart[]): string {
  return JSON.stringify(
    parts.map(({ type, value }) => [type, value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')]),
  );
}

/** `CN=agent,OU=hosts`: the last part first, escaped (RFC 4514). */
export function distinguishedName(parts: readonly NamePart[]): string {
  return [...parts]
    .reverse()
    .map(
      ({ type, value }) =>
        `${type}=${value.replace(/[,+"\\<>;=]|^[ #]| $/g, '\\$&').replaceAll('\0', '\\00')}`,
    )
    .join(',');
}
