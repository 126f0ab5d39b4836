/**
 * Signatures of SAML responses. What is not covered by a signature is never read: the signed octets are parsed anew,
 * and only that tree is handed on, so it does not matter what else an attacker puts around it (signature wrapping).
 */
import { createRequire } from 'node:module';
import { childrenNamed, isNamed, parseXml, type XmlElement } from './saml-xml.js';

interface SignatureCheck {
  readonly SignatureAlgorithms: Record<string, unknown>;
  readonly HashAlgorithms: Record<string, unknown>;
  readonly CanonicalizationAlgorithms: Record<string, unknown>;
  loadSignature(signature: XmlElement): void;
  checkSignature(document: string): boolean;
  /** The canonical octets of what was signed; empty until the signature was found good. */
  getSignedReferences(): string[];
}

/** Typed here for the same reason as the parser. */
const { SignedXml } = createRequire(import.meta.url)('xml-crypto') as {
  SignedXml: new (options: { publicCert: string; getCertFromKeyInfo: () => null }) => SignatureCheck;
};

/** What a signature may be made with: no SHA-1, no shared secrets, no transformations that could rewrite content. */
const SIGNATURES = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
];
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const TRANSFORMS = [
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
];

/**
 * The one assertion of a response, as it was signed with one of the keys (PEM): by the signature of the response or by
 * its own. Throws `SyntaxError` where there is none.
 */
export function signedAssertion(response: string, keys: readonly string[]): XmlElement {
  const root = parseXml(response);
  if (!isNamed(root, 'protocol', 'Response')) throw new SyntaxError('the root is no Response');
  const [own] = childrenNamed(root, 'signature', 'Signature');
  if (own !== undefined) {
    const signed = signedElement(response, own, keys);
    if (!isNamed(signed, 'protocol', 'Response')) throw new SyntaxError('the Response is not what is signed');
    return onlyAssertion(signed);
  }
  const [signature] = childrenNamed(onlyAssertion(root), 'signature', 'Signature');
  if (signature === undefined) throw new SyntaxError('neither the Response nor its Assertion is signed');
  const signed = signedElement(response, signature, keys);
  if (!isNamed(signed, 'assertion', 'Assertion'))
    throw new SyntaxError('the Assertion is not what is signed');
  return signed;
}

function onlyAssertion(response: XmlElement): XmlElement {
  const assertions = childrenNamed(response, 'assertion', 'Assertion');
  if (assertions.length !== 1) throw new SyntaxError('there must be one Assertion, not encrypted');
  return assertions[0]!;
}

/** The element that a signature covers, read from the very octets that were signed. */
function signedElement(document: string, signature: XmlElement, keys: readonly string[]): XmlElement {
  let failure: unknown;
  for (const key of keys) {
    try {
      const [octets, ...more] = verified(document, signature, key);
      if (octets !== undefined && more.length === 0) return parseXml(octets);
      failure = new SyntaxError('a signature must cover one element');
    } catch (error) {
      failure = error;
    }
  }
  throw new SyntaxError(`the signature does not hold: ${(failure as Error).message}`, { cause: failure });
}

function verified(document: string, signature: XmlElement, publicCert: string): string[] {
  const signed = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
  keepOnly(signed.SignatureAlgorithms, SIGNATURES);
  keepOnly(signed.HashAlgorithms, DIGESTS);
  keepOnly(signed.CanonicalizationAlgorithms, TRANSFORMS);
  signed.loadSignature(signature);
  return signed.checkSignature(document) ? signed.getSignedReferences() : [];
}

function keepOnly(table: Record<string, unknown>, names: readonly string[]): void {
  for (const name of Object.keys(table)) if (!names.includes(name)) delete table[name];
}
