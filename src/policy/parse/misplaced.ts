/** Condition keys that stand where none can: what to write instead. */

/** Keys that people write as elements of a statement or beside a principal, by their name without the service. */
const KEYS = [
  'aws:MultiFactorAuthPresent',
  'aws:PrincipalArn',
  'aws:PrincipalOrgID',
  'aws:SecureTransport',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:SourceIp',
  'aws:SourceVpc',
  'aws:SourceVpce',
  'sts:ExternalId',
  'sts:RoleSessionName',
];

/** A clause that says where the key belongs which a name means, with its punctuation; empty where it means none. */
export function whereKeyBelongs(name: string): string {
  const bare = (text: string) =>
    text
      .toLowerCase()
      .replace(/^[a-z0-9-]+:/, '')
      .replace(/[_-]/g, '');
  const known = KEYS.find(key => bare(key) === bare(name));
  const key = known ?? (/^[a-z0-9-]+:\w/i.test(name) ? name : undefined);
  if (key === undefined) return '';
  const owner = key === 'sts:ExternalId' ? " of the role's trust policy" : '';
  return `: write it into the Condition${owner}, as { "StringEquals": { "${key}": "…" } }`;
}
