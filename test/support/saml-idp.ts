/** A SAML identity provider of the tests: its metadata, and responses signed as it would, or as an attacker might wish. */
import { createRequire } from 'node:module';

const SP = 'https://signin.aws.amazon.com/saml';
export const ENTITY_ID = 'https://idp.example.com/saml';

/** For the tests alone: it signs nothing else. */
export const IDP_KEY = `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDWG4smNzwbea5U
XxIkscv8XzUH1BNITNYuR9mmfbwU1Fob+vgAEnJwKfohcpLfCtXzYLeqA/BFAJva
RJ2sUonRHP2vsf18adAYFUCeSe0mGNiBAQbNqtkxOX6xo0iWCXGIrwAdIe4K8X+B
TMcd2Iqn3U8xMpiK9j5DSP2bA03t81ct0lM8DCBwpKE4+jeL4RQMIg3+YOAMh2/v
mkTC0a9KUFNI3ZyJmf6B4fhQWHH9YYoHES3jF9f3EMMC7R6TJxlYhV06+ph8Pqgt
cVO3CzBPs3WU5lGGC9fT8FU/RvQ3bcJpHq0YKOatWcp8m23r/iSwnV/XYMbnbHuV
aGcomx67AgMBAAECggEAPvMdL9C4kultOHA1UOWXcG17lYAkZTL2G+hTFTDNjiA7
GBPrO3YxAEpPOOtLRFmWuvY6ObnruBXsPLnE0+f2ji1kZvZBbYVcwd/pvkBFAdj3
OsKXAfwT3HWnisnTqw0+vK2bLnWN29jSIK12s485gQ4/3Nqf3+dzOewpaByKGoXR
p5cHReDP1EDeViH6vAhxEkKbyWnRzVi+jBlyuMgY4K2bBAvXfM0675DNgVGkHWg8
PTFBz+svR2Vw/jKx2dvJwSjOeUEJ7r90wwTrx6WdQ41dnidoMZexqqK0zt0N0FAr
+J6pPOIDjy59vF+nFZyu/nyCYDrlONb06f8E64XanQKBgQD6TUpK3/p8k+1XymrM
MFeLBAwNLnUto1L1SRVy+8gNhMGrrOf+ic5HkSP1H9M3LpvStDpDbT6Q3K/Qiq1N
1nOEZikna3ZO/SKlpOPVGGYDvtK5QkgShSs8cNoTr87YJW6G8gq4ekbVHAdM/Sgd
vUVOws/IiAKaY6Ga96/gMnw//wKBgQDa+1HtcY7Kc0azXgPaNxkl747HQCb2bRPF
QnuCJSu9ztnZvCqbkON3eejg6rbVaKicgBCcJpW8b8qBXxHnukt93qgGTJ+iOr3R
s4fASNbkJ8cciFU1blCp6uCkNtV7F9K1FKkgD6dg9+wToyhqEQ6/a5ghWrXf/cnH
J3vI9yIhRQKBgEkifjukeB8gZfAJ3+yrj1i6JP9Q/MIJ/7pV0WOYd9qjWKddzSeN
gm1c1kHQO7na74LAUGnVKLvRD7oCWyLsLzKXWxz+hEIOKqp1pHBmQaCEiDPDTyXC
LWDqpH2uF+UGAuaBIGrIp5urJeLz8V3HKNIbj/TK8N/Fjrml94itl6pnAoGAUkVF
nH2jdfAlSdIyhFNbAWOlMrqpaL/GQ8AcguLQMjl6o1EMePHQY9zLX2UPV9JANrvu
gZwFeYxOephrM7JMFngGjIdRGjQTiKt4fwdepM1FAzU9Phu59nyl9UwcnGhw41Nl
zwPSkJ3UdfRAhMjvz37u4ukfl43TtxzgZrpiejkCgYEA1hwoJmLEDfNUe65jPB6x
Ji9bkNL/VwlIHfsEjlJrlzoXRwSQCCeqHJ4QEstSZ4UMAleE76aAOh9KIRiLwLEu
fJHM9XSxN3l6QG20NqDb98daj+E56alUhLJYCh/bFutCh6QfLnMtV0tkkuvhFUvP
jboXWmZ6urrEPbF/qz6XdxA=
-----END PRIVATE KEY-----`;

const CERTIFICATE =
  'MIIDFzCCAf+gAwIBAgIUKMDz2rkwiCFPzHXklDi4gIa/5sUwDQYJKoZIhvcNAQELBQAwGjEYMBYGA1UEAwwPaWRwLmV4YW1w' +
  'bGUuY29tMCAXDTI2MTEyMjA5MDUyM1oYDzIxMjYxMDI5MDkwNTIzWjAaMRgwFgYDVQQDDA9pZHAuZXhhbXBsZS5jb20wggEi' +
  'MA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDWG4smNzwbea5UXxIkscv8XzUH1BNITNYuR9mmfbwU1Fob+vgAEnJwKfoh' +
  'cpLfCtXzYLeqA/BFAJvaRJ2sUonRHP2vsf18adAYFUCeSe0mGNiBAQbNqtkxOX6xo0iWCXGIrwAdIe4K8X+BTMcd2Iqn3U8x' +
  'MpiK9j5DSP2bA03t81ct0lM8DCBwpKE4+jeL4RQMIg3+YOAMh2/vmkTC0a9KUFNI3ZyJmf6B4fhQWHH9YYoHES3jF9f3EMMC' +
  '7R6TJxlYhV06+ph8PqgtcVO3CzBPs3WU5lGGC9fT8FU/RvQ3bcJpHq0YKOatWcp8m23r/iSwnV/XYMbnbHuVaGcomx67AgMB' +
  'AAGjUzBRMB0GA1UdDgQWBBQIlTLZTCtJw40q55RYRxnRThdSkTAfBgNVHSMEGDAWgBQIlTLZTCtJw40q55RYRxnRThdSkTAP' +
  'BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQCpxyoFycRsKH+kVfi4kfjV/cc7dy6y4qC1aTyzJFcE7qJr2Cu6' +
  'bo7Qto1lhrTSq3qcr7ZDIHiOzrfVyvM5t5h8tzds9aAyAsjtt27z+rDa1AoFFkF9s735utBOHavBs09ILYcxMWRiUEAwJRcA' +
  'IRXFGMHes4galKofUg41KjaBN/TzpGDdMy9QGATBVvgs4wSgtPbxKdAFd9ksK80qrGRsHgbGXi4+Y22WHDKn+SlZP2fOiJ5I' +
  'bB1sxS5WZogLUs/rLAX8/tX0YZCmf9HOnjYlYYV59R7kV7gTKruJKRUynaKK8VdTp/tQ2FbW/mf6Yuc/xzgmgRyfa9lwi8XA' +
  'dHeF';

/** Typed here: the package's own types would bring a browser's globals. */
const { SignedXml } = createRequire(import.meta.url)('xml-crypto') as {
  SignedXml: new (options: {
    privateKey: string;
    signatureAlgorithm: string;
    canonicalizationAlgorithm: string;
  }) => {
    addReference(reference: { xpath: string; transforms: string[]; digestAlgorithm: string }): void;
    computeSignature(document: string, options: { location: { reference: string; action: string } }): void;
    getSignedXml(): string;
  };
};

export function idpMetadata(more = ''): string {
  return `<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${ENTITY_ID}"${more}>
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data><ds:X509Certificate>${CERTIFICATE}</ds:X509Certificate></ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>`;
}

export interface ResponseOptions {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Attributes by name; those of AWS without their prefix. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  readonly subject?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly recipient?: string;
  /** Seconds from `time` until when the response counts. */
  readonly life?: number;
  /** Attributes of AuthnStatement. */
  readonly authn?: string;
}

const iso = (time: number) => new Date(time).toISOString();

/** A response, not signed. */
export function samlResponse(options: ResponseOptions): string {
  const { time, subject = 'alice', issuer = ENTITY_ID, audience = 'urn:amazon:webservices' } = options;
  const { recipient = SP, life = 300, authn = '' } = options;
  const until = iso(time + life * 1000);
  const attributes = Object.entries(options.attributes).map(([name, values]) => {
    const full =
      name.includes(':/') || name.startsWith('urn:')
        ? name
        : `https://aws.amazon.com/SAML/Attributes/${name}`;
    const list = typeof values === 'string' ? [values] : values;
    const shown = list.map(value => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('');
    return `<saml:Attribute Name="${full}">${shown}</saml:Attribute>`;
  });
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0" IssueInstant="${iso(time)}" Destination="${SP}"><saml:Issuer>${issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_assertion" Version="2.0" IssueInstant="${iso(time)}"><saml:Issuer>${issuer}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${subject}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${until}" Recipient="${recipient}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${iso(time)}" NotOnOrAfter="${until}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${iso(time)}"${authn}/><saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`;
}

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

export interface SigningOptions {
  readonly key?: string;
  readonly algorithm?: string;
  readonly digest?: string;
}

/** The response with a signature of its `Response` or its `Assertion`. */
export function signXml(
  document: string,
  what: 'Response' | 'Assertion',
  options: SigningOptions = {},
): string {
  const {
    key = IDP_KEY,
    algorithm = RSA_SHA256,
    digest = 'http://www.w3.org/2001/04/xmlenc#sha256',
  } = options;
  const signed = new SignedXml({
    privateKey: key,
    signatureAlgorithm: algorithm,
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  const xpath = `//*[local-name(.)='${what}']`;
  signed.addReference({
    xpath,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXCLUSIVE],
    digestAlgorithm: digest,
  });
  signed.computeSignature(document, {
    location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signed.getSignedXml();
}

export const encoded = (document: string) => Buffer.from(document).toString('base64');
