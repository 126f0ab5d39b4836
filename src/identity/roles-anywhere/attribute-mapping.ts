/**
 * What of a certificate becomes tags of its sessions. Source: IAM Roles Anywhere User Guide, "Certificate attribute
 * mapping".
 */
import { quotas } from '../accounts/quotas.js';
import type { Tags } from '../model.js';
import type { ReadCertificate } from './certificates.js';
import { anywhereErrors } from './errors.js';
import type { AttributeMapping, CertificateField } from './model.js';
import { isShortName, type NamePart } from './names.js';

/** Every part of the names, and of the alternative names the first of each kind. */
export const DEFAULT_MAPPINGS: readonly AttributeMapping[] = [
  { certificateField: 'x509Issuer', specifiers: ['*'] },
  { certificateField: 'x509SAN', specifiers: ['DNS', 'URI', 'Name/*'] },
  { certificateField: 'x509Subject', specifiers: ['*'] },
];

/** The field with those specifiers beside its others. Throws `ValidationException`. */
export function withMapping(
  mappings: readonly AttributeMapping[],
  certificateField: CertificateField,
  specifiers: readonly string[],
): AttributeMapping[] {
  const wrong = specifiers.find(specifier => !isSpecifier(certificateField, specifier));
  if (wrong !== undefined || specifiers.length === 0) {
    throw anywhereErrors.ValidationException(
      `The specifier ${JSON.stringify(wrong ?? '')} is not one of ${certificateField}.`,
    );
  }
  const before = mappings.find(mapping => mapping.certificateField === certificateField)?.specifiers ?? [];
  const merged = [...new Set([...before, ...specifiers])];
  return [...without(mappings, certificateField), { certificateField, specifiers: merged }].sort(byField);
}

/** The field without those specifiers; without any of it where none are given. Throws `ValidationException`. */
export function withoutMapping(
  mappings: readonly AttributeMapping[],
  certificateField: CertificateField,
  specifiers: readonly string[] | undefined,
): AttributeMapping[] {
  const before = mappings.find(mapping => mapping.certificateField === certificateField);
  const absent = specifiers?.find(specifier => !before?.specifiers.includes(specifier));
  if (before === undefined || absent !== undefined) {
    throw anywhereErrors.ValidationException(`There is no such rule of ${certificateField} to delete.`);
  }
  const left = specifiers ? before.specifiers.filter(one => !specifiers.includes(one)) : [];
  const others = without(mappings, certificateField);
  return left.length === 0 ? others : [...others, { certificateField, specifiers: left }].sort(byField);
}

function without(mappings: readonly AttributeMapping[], field: CertificateField): AttributeMapping[] {
  return mappings.filter(mapping => mapping.certificateField !== field);
}

function byField(a: AttributeMapping, b: AttributeMapping): number {
  return a.certificateField < b.certificateField ? -1 : 1;
}

function isSpecifier(field: CertificateField, specifier: string): boolean {
  if (field !== 'x509SAN') return specifier === '*' || isShortName(specifier);
  if (specifier === 'DNS' || specifier === 'URI' || specifier === 'Name/*') return true;
  return specifier.startsWith('Name/') && isShortName(specifier.slice(5));
}

/** What STS takes of a tag's value, and of a tag in all (STS API Reference, "Tag"). */
const VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/**
 * The tags of a certificate's sessions: `x509Subject/CN`. Throws `AccessDeniedException` for values that no tag may
 * have, in the words that AWS is seen to use (aws/rolesanywhere-credential-helper, issues 77 and 188).
 */
export function sessionTags(certificate: ReadCertificate, mappings: readonly AttributeMapping[]): Tags {
  const tags = mappings.flatMap(({ certificateField: field, specifiers }) =>
    mapped(certificate, field, specifiers).map(([key, value]) => [`${field}/${key}`, value] as const),
  );
  const failed = (field: CertificateField) =>
    tags
      .filter(([key, value]) => key.startsWith(`${field}/`) && !VALUE.test(value))
      .map(([key]) => key.slice(field.length + 1))
      .join(', ');
  const [issuer, subject, san] = [failed('x509Issuer'), failed('x509Subject'), failed('x509SAN')];
  if (issuer || subject || san || tags.length > quotas.tags) {
    throw anywhereErrors.AccessDeniedException(
      `Some attributes failed to be mapped into session tags. Issuer: [ ${issuer} ]; Subject: [ ${subject} ]; SAN: [ ${san} ]`,
    );
  }
  return tags;
}

/** Without the field's name: `CN`, `DNS`, `Name/CN`. */
function mapped(
  { subject, issuer, alternativeNames }: ReadCertificate,
  field: CertificateField,
  specifiers: readonly string[],
): Tags {
  if (field !== 'x509SAN') return chosen(field === 'x509Subject' ? subject : issuer, specifiers);
  const { dns, uri, directory } = alternativeNames;
  const inName = specifiers.filter(one => one.startsWith('Name/')).map(one => one.slice(5));
  const first = (specifier: string, values: readonly string[]) =>
    specifiers.includes(specifier) ? values.slice(0, 1).map(value => [specifier, value] as const) : [];
  return [
    ...first('DNS', dns),
    ...first('URI', uri),
    ...chosen(directory[0] ?? [], inName).map(([key, value]) => [`Name/${key}`, value] as const),
  ];
}

/**
 * The parts that have a short name and are asked for. One that repeats has a number from the second on: `OU`, `OU/2`
 * (issue 77 shows `DNS/2` of the alternative names).
 */
function chosen(parts: readonly NamePart[], specifiers: readonly string[]): Tags {
  const seen = new Map<string, number>();
  return parts
    .filter(({ type }) => isShortName(type) && (specifiers.includes('*') || specifiers.includes(type)))
    .map(({ type, value }) => {
      const count = (seen.get(type) ?? 0) + 1;
      seen.set(type, count);
      return [count === 1 ? type : `${type}/${count}`, value] as const;
    });
}
