/** SAML responses: verified, and what they say in the words of policies. Pure, so that it is done on a thread. */
import { createHash } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Context } from '../../policy/types.js';
import type { FederatedIdentity } from './federated-identity.js';
import { federationErrors } from './federation-errors.js';
import { providerArn } from './provider-arn.js';
import { SamlAttributes } from './saml-attributes.js';
import type { SamlMetadata } from './saml-metadata.js';
import { signedAssertion } from './saml-signature.js';
import { attributeOf, childrenNamed, firstAt, textOf, type XmlElement } from './saml-xml.js';

/**
 * Milliseconds within which an assertion is redeemed. Source: IAM User Guide, "Troubleshoot SAML federation with IAM".
 */
const REDEEMED_WITHIN = 300_000;
/** Milliseconds that an identity provider's clock may run ahead. */
const AHEAD = 300_000;

/**
 * Where responses for AWS are sent, and for whom they are. Source: IAM User Guide, "Configure SAML assertions for the
 * authentication response".
 */
const RECIPIENT =
  /^https:\/\/(([a-z0-9-]+\.)?signin\.aws\.amazon\.com|signin\.amazonaws\.cn|signin\.amazonaws-us-gov\.com)\/saml(\/acs\/[\w-]+)?$/;
const AUDIENCE = /^urn:amazon:webservices(:[a-z0-9-]+)?$/;

/** Whom a SAML provider vouches for, and what only its assertions say. */
export interface SamlIdentity extends FederatedIdentity {
  readonly roleSessionName: string;
  /** `persistent`, `transient`, or another format's URI. */
  readonly subjectType: string;
  readonly nameQualifier: string;
  /** Seconds, of the attribute SessionDuration. */
  readonly sessionDuration?: number | undefined;
  /** When the identity provider's own session ends, milliseconds since the epoch. */
  readonly sessionEnd?: number | undefined;
  /** Role and provider ARNs that the assertion lists. */
  readonly roles: readonly { readonly role: string; readonly provider: string }[];
}

/** A response (Base64), and the provider of an account that is to vouch for it. */
export interface SamlResponse {
  readonly home: Home;
  readonly provider: Vouching;
  readonly response: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is known of a provider. */
type Vouching = Pick<SamlMetadata, 'entityId' | 'keys'> & { readonly name: string };
type Home = Pick<Account, 'id' | 'partition'>;

/** Whom it is for. Throws `InvalidIdentityToken`, `ExpiredTokenException`, `IDPRejectedClaim`. */
export function readResponse({ home, provider, response, now }: SamlResponse): SamlIdentity {
  const assertion = readSigned(response, provider);
  if (textOf(firstAt(assertion, 'assertion', 'Issuer')) !== provider.entityId) {
    throw invalid('Issuer not present in specified provider');
  }
  const recipient = checkSubject(assertion, now);
  checkConditions(assertion, now);
  return identityOf(home, provider, assertion, recipient);
}

function readSigned(response: string, provider: Vouching): XmlElement {
  try {
    return signedAssertion(Buffer.from(response, 'base64').toString('utf8'), provider.keys);
  } catch (cause) {
    const { message } = cause as Error;
    throw federationErrors.InvalidIdentityToken('Response signature invalid', { reason: message, cause });
  }
}

/** The bearer's confirmation that holds now: where the response was sent. */
function checkSubject(assertion: XmlElement, now: number): string {
  const subject = firstAt(assertion, 'assertion', 'Subject');
  const bearers = (subject ? childrenNamed(subject, 'assertion', 'SubjectConfirmation') : []).filter(
    confirmation => attributeOf(confirmation, 'Method') === 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
  );
  const data = bearers.map(bearer => firstAt(bearer, 'assertion', 'SubjectConfirmationData'));
  const addressed = data.find(one => RECIPIENT.test(attributeOf(one, 'Recipient') ?? ''));
  if (addressed === undefined) throw invalid('Assertion has no acceptable Recipient');
  if (timeOf(addressed, 'NotOnOrAfter') <= now) throw expired();
  return attributeOf(addressed, 'Recipient')!;
}

function checkConditions(assertion: XmlElement, now: number): void {
  if (timeOf(assertion, 'IssueInstant') < now - REDEEMED_WITHIN) throw expired();
  const conditions = firstAt(assertion, 'assertion', 'Conditions');
  if (conditions === undefined) throw invalid('Assertion has no Conditions');
  if (conditions.hasAttribute('NotOnOrAfter') && timeOf(conditions, 'NotOnOrAfter') <= now) throw expired();
  if (conditions.hasAttribute('NotBefore') && timeOf(conditions, 'NotBefore') > now + AHEAD) {
    throw invalid('Assertion is not valid yet');
  }
  const restrictions = childrenNamed(conditions, 'assertion', 'AudienceRestriction');
  const meant = (restriction: XmlElement) =>
    childrenNamed(restriction, 'assertion', 'Audience').some(audience => {
      const name = textOf(audience) ?? '';
      return AUDIENCE.test(name) || RECIPIENT.test(name);
    });
  // Each restriction must hold (SAML 2.0 Core, section 2.5.1.4); AWS asks for one.
  if (restrictions.length === 0 || !restrictions.every(meant))
    throw invalid('Assertion has no acceptable Audience');
}

/** A time of an attribute. Throws `InvalidIdentityToken` where it is missing or none. */
function timeOf(element: XmlElement, name: string): number {
  const time = Date.parse(attributeOf(element, name) ?? '');
  if (Number.isNaN(time)) throw invalid(`Assertion has no valid ${name}`);
  return time;
}

function identityOf(home: Home, provider: Vouching, assertion: XmlElement, recipient: string): SamlIdentity {
  const nameId = firstAt(assertion, 'assertion', 'Subject', 'NameID');
  const subject = textOf(nameId);
  if (subject === undefined) throw invalid('Assertion has no NameID');
  const attributes = new SamlAttributes(assertion);
  const subjectType = (attributeOf(nameId, 'Format') ?? '').replace(
    /^urn:oasis:names:tc:SAML:2\.0:nameid-format:(persistent|transient)$/,
    '$1',
  );
  // AssumeRoleWithSAML, NameQualifier: the hash of issuer, account and the provider's name.
  const nameQualifier = createHash('sha1')
    .update(`${provider.entityId}${home.id}/${provider.name}`)
    .digest('base64');
  const sessionKeys: Context = {
    'saml:namequalifier': nameQualifier,
    'saml:sub': subject,
    ...(subjectType !== '' && { 'saml:sub_type': subjectType }),
  };
  return {
    provider: providerArn('saml-provider', home, provider.name),
    issuer: provider.entityId,
    label: `${home.id}/${provider.name}:${subject}`,
    subject,
    audience: recipient,
    context: {
      ...attributes.context(),
      ...sessionKeys,
      'saml:aud': recipient,
      'saml:iss': provider.entityId,
      'saml:doc': `${home.id}/${provider.name}`,
    },
    sessionKeys,
    subjectType,
    nameQualifier,
    ...readAttributes(attributes),
    sessionEnd: sessionEndOf(assertion),
  };
}

/** What AWS's own attributes say. */
function readAttributes(attributes: SamlAttributes) {
  const [roleSessionName, ...more] = attributes.of('RoleSessionName');
  if (roleSessionName === undefined || more.length > 0) {
    throw invalid('RoleSessionName is required in AuthnResponse');
  }
  if (!/^[\w+=,.@-]{2,64}$/.test(roleSessionName)) {
    throw invalid('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}');
  }
  const tags = attributes.tags().map(([key, values]) => {
    if (values.length !== 1) throw rejected(`PrincipalTag:${key}`);
    return [key, values[0]!] as const;
  });
  return {
    roleSessionName,
    roles: attributes.of('Role').flatMap(rolePair),
    tags,
    transitiveTagKeys: attributes.of('TransitiveTagKeys'),
    sourceIdentity: sourceIdentityOf(attributes.of('SourceIdentity')),
    sessionDuration: sessionDurationOf(attributes.of('SessionDuration')),
  };
}

/** `ROLE,PROVIDER`, in either order. */
function rolePair(value: string): { role: string; provider: string }[] {
  const arns = value.split(',').map(arn => arn.trim());
  const role = arns.find(arn => /:role\//.test(arn));
  const provider = arns.find(arn => /:saml-provider\//.test(arn));
  return role !== undefined && provider !== undefined && arns.length === 2 ? [{ role, provider }] : [];
}

function sourceIdentityOf([value, ...more]: readonly string[]): string | undefined {
  if (value === undefined) return undefined;
  if (more.length === 0 && /^[\w+=,.@-]{2,64}$/.test(value) && !/^aws:/i.test(value)) return value;
  throw rejected('SourceIdentity');
}

function sessionDurationOf([value, ...more]: readonly string[]): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (more.length === 0 && Number.isInteger(seconds) && seconds >= 900 && seconds <= 43_200) return seconds;
  throw invalid('SessionDuration in AuthnResponse must be an integer from 900 to 43200');
}

/** The earliest end that an authentication statement sets. */
function sessionEndOf(assertion: XmlElement): number | undefined {
  const ends = childrenNamed(assertion, 'assertion', 'AuthnStatement')
    .filter(statement => statement.hasAttribute('SessionNotOnOrAfter'))
    .map(statement => timeOf(statement, 'SessionNotOnOrAfter'));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function invalid(message: string) {
  return federationErrors.InvalidIdentityToken(message);
}

function rejected(attribute: string) {
  return federationErrors.IDPRejectedClaim(`The attribute ${attribute} is not of the expected form.`, {
    advice: `Let the identity provider put another value into ${attribute}.`,
  });
}

function expired() {
  return federationErrors.ExpiredTokenException('Token must be redeemed within 5 minutes of issuance');
}
