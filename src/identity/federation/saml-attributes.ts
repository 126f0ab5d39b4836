/**
 * Attributes of assertions that AWS gives a meaning. Source: IAM User Guide, "Configure SAML assertions for the
 * authentication response".
 */
import type { Context } from '../../policy/types.js';
import { attributeOf, childrenNamed, textOf, type XmlElement } from './saml-xml.js';

const AWS = 'https://aws.amazon.com/SAML/Attributes/';
const LDAP = 'urn:oid:';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';

/** Condition keys (`saml:…`) by the attribute they come from: eduPerson and eduOrg, LDAP, Active Directory. */
const KEYS: ReadonlyMap<string, string> = new Map([
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.1`, 'edupersonaffiliation'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.2`, 'edupersonnickname'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.3`, 'edupersonorgdn'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.4`, 'edupersonorgunitdn'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.5`, 'edupersonprimaryaffiliation'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.6`, 'edupersonprincipalname'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.7`, 'edupersonentitlement'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.8`, 'edupersonprimaryorgunitdn'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.9`, 'edupersonscopedaffiliation'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.10`, 'edupersontargetedid'],
  [`${LDAP}1.3.6.1.4.1.5923.1.1.1.11`, 'edupersonassurance'],
  [`${LDAP}1.3.6.1.4.1.5923.1.2.1.2`, 'eduorghomepageuri'],
  [`${LDAP}1.3.6.1.4.1.5923.1.2.1.3`, 'eduorgidentityauthnpolicyuri'],
  [`${LDAP}1.3.6.1.4.1.5923.1.2.1.4`, 'eduorglegalname'],
  [`${LDAP}1.3.6.1.4.1.5923.1.2.1.5`, 'eduorgsuperioruri'],
  [`${LDAP}1.3.6.1.4.1.5923.1.2.1.6`, 'eduorgwhitepagesuri'],
  [`${LDAP}2.5.4.3`, 'cn'],
  [`${LDAP}2.5.4.4`, 'surname'],
  [`${LDAP}2.5.4.41`, 'name'],
  [`${LDAP}2.5.4.42`, 'givenName'],
  [`${LDAP}2.5.4.45`, 'x500UniqueIdentifier'],
  [`${LDAP}0.9.2342.19200300.100.1.1`, 'uid'],
  [`${LDAP}0.9.2342.19200300.100.1.3`, 'mail'],
  [`${LDAP}0.9.2342.19200300.100.1.45`, 'organizationStatus'],
  ['http://schemas.xmlsoap.org/claims/CommonName', 'commonName'],
  [`${CLAIMS}givenname`, 'givenName'],
  [`${CLAIMS}name`, 'name'],
  [`${CLAIMS}surname`, 'surname'],
  [`${CLAIMS}emailaddress`, 'mail'],
  ['http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid', 'primaryGroupSID'],
]);

/** The values of each attribute of an assertion, by name. */
export class SamlAttributes {
  readonly #values = new Map<string, string[]>();

  constructor(assertion: XmlElement) {
    for (const statement of childrenNamed(assertion, 'assertion', 'AttributeStatement')) {
      for (const attribute of childrenNamed(statement, 'assertion', 'Attribute')) {
        const name = attributeOf(attribute, 'Name') ?? '';
        const values = childrenNamed(attribute, 'assertion', 'AttributeValue').map(
          value => textOf(value) ?? '',
        );
        this.#values.set(name, [...(this.#values.get(name) ?? []), ...values]);
      }
    }
  }

  /** Of `https://aws.amazon.com/SAML/Attributes/NAME`. */
  of(name: string): readonly string[] {
    return this.#values.get(AWS + name) ?? [];
  }

  /** Session tags: `…/PrincipalTag:KEY` and its one value. */
  tags(): [key: string, values: readonly string[]][] {
    const prefix = `${AWS}PrincipalTag:`;
    return [...this.#values]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => [name.slice(prefix.length), values]);
  }

  /** Condition keys of the other attributes. */
  context(): Context {
    const context: Record<string, readonly string[]> = {};
    for (const [name, values] of this.#values) {
      const key = KEYS.get(name);
      if (key !== undefined) context[`saml:${key}`] = values;
    }
    return context;
  }
}
