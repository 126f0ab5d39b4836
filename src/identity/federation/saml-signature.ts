/**
 * Signatures of SAML responses. What is not covered by a signature is never read: the signed octets are parsed again,
 * and only that tree is handed on, so it does not matter what else an attacker puts around it (signature wrapping).
 */
import { verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { childrenNamed, isNamed, parseXml, textOf, within, type XmlElement } from './saml-xml.js';

interface SignatureCheck {
  readonly SignatureAlgorithms: Record<string, unknown>;
  readonly HashAlgorithms: Record<string, unknown>;
  readonly CanonicalizationAlgorithms: Record<string, unknown>;
  loadSignature(signature: XmlElement): void;
  /** The canonical form of what the signature value was made over. */
  getCanonSignedInfoXml(document: XmlElement): string;
  checkSignature(document: string): boolean;
  /** The canonical octets of what was signed; empty until the signature was found good. */
  getSignedReferences(): string[];
}

/** Typed here for the same reason as the parser. */
const { SignedXml } = createRequire(import.meta.url)('xml-crypto') as {
  SignedXml: new (options: { publicCert: string; getCertFromKeyInfo: () => null }) => SignatureCheck;
};

/** What a signature may be made with: no SHA-1, no shared secrets, no transformations that could rewrite content. */
const SIGNATURES: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'],
]);
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const CANONICAL = [
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
];
/** "Signatures in SAML messages SHOULD NOT contain transforms other than" these two (SAML 2.0 Core, section 5.4.4). */
const MOST_TRANSFORMS = 2;
/** Elements of a signature, with those of its key's certificates, and how deep they nest. */
const MOST_ELEMENTS = 60;
const DEEPEST = 10;

/**
 * The one assertion of a response, as it was signed with one of the keys (PEM): by the signature of the response or by
 * its own. Throws `SyntaxError` where there is none.
 */
export function signedAssertion(response: string, keys: readonly string[]): XmlElement {
  const root = parseXml(response);
  if (!isNamed(root, 'protocol', 'Response')) throw new SyntaxError('the root is no Response');
  const [own] = childrenNamed(root, 'signature', 'Signature');
  if (own !== undefined) {
    const signed = signedElement({ text: response, root }, own, keys);
    if (!isNamed(signed, 'protocol', 'Response')) throw new SyntaxError('the Response is not what is signed');
    return onlyAssertion(signed);
  }
  const [signature] = childrenNamed(onlyAssertion(root), 'signature', 'Signature');
  if (signature === undefined) throw new SyntaxError('neither the Response nor its Assertion is signed');
  const signed = signedElement({ text: response, root }, signature, keys);
  if (!isNamed(signed, 'assertion', 'Assertion'))
    throw new SyntaxError('the Assertion is not what is signed');
  return signed;
}

function onlyAssertion(response: XmlElement): XmlElement {
  const assertions = childrenNamed(response, 'assertion', 'Assertion');
  if (assertions.length !== 1) throw new SyntaxError('there must be one Assertion, not encrypted');
  return assertions[0]!;
}

interface Document {
  readonly text: string;
  readonly root: XmlElement;
}

/** The element that a signature covers, read from the very octets that were signed. */
function signedElement(document: Document, signature: XmlElement, keys: readonly string[]): XmlElement {
  demandPlain(signature);
  try {
    const key = signingKey(document, signature, keys);
    if (key === undefined) throw new SyntaxError('it was made with none of the keys of the provider');
    const check = checkOf(signature, key);
    const [octets, ...more] = check.checkSignature(document.text) ? check.getSignedReferences() : [];
    if (octets !== undefined && more.length === 0) return parseXml(octets);
    throw new SyntaxError('the digest of what it covers is another');
  } catch (cause) {
    throw new SyntaxError(`the signature does not hold: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Throws `SyntaxError` unless the signature has the form that SAML gives it: one reference, transformed at most twice.
 * Transforms are work that the sender asks for, so what else there could be is refused before any is done ("XML
 * Signature Best Practices", W3C, 2.1).
 */
function demandPlain(signature: XmlElement): void {
  if (!within(signature, MOST_ELEMENTS, DEEPEST)) throw new SyntaxError('a signature has too much in it');
  const info = onlyOne(signature, 'SignedInfo');
  const reference = onlyOne(info, 'Reference');
  const transforms = childrenNamed(reference, 'signature', 'Transforms').flatMap(list =>
    childrenNamed(list, 'signature', 'Transform'),
  );
  const names = [
    onlyOne(info, 'CanonicalizationMethod').getAttribute('Algorithm') ?? '',
    ...transforms.map(transform => transform.getAttribute('Algorithm') ?? ''),
  ];
  const unknown = names.find(
    (name, place) => !CANONICAL.includes(name) && (place === 0 || name !== ENVELOPED),
  );
  if (unknown !== undefined) throw new SyntaxError(`the transform ${unknown} is not accepted`);
  if (transforms.length > MOST_TRANSFORMS) throw new SyntaxError('a signature has too many transforms');
}

function onlyOne(parent: XmlElement, name: string): XmlElement {
  const [found, ...more] = childrenNamed(parent, 'signature', name);
  if (found === undefined || more.length > 0) throw new SyntaxError(`a signature must have one ${name}`);
  return found;
}

/** The key that the signature's value was made with: known before what the signature refers to is looked at. */
function signingKey({ root }: Document, signature: XmlElement, keys: readonly string[]): string | undefined {
  const info = onlyOne(signature, 'SignedInfo');
  const digest = SIGNATURES.get(onlyOne(info, 'SignatureMethod').getAttribute('Algorithm') ?? '');
  if (digest === undefined) throw new SyntaxError('its algorithm is not accepted');
  const value = Buffer.from(textOf(onlyOne(signature, 'SignatureValue')) ?? '', 'base64');
  const canonical = checkOf(signature, keys[0] ?? '').getCanonSignedInfoXml(root);
  return keys.find(key => verify(digest, Buffer.from(canonical), key, value));
}

function checkOf(signature: XmlElement, publicCert: string): SignatureCheck {
  const check = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
  keepOnly(check.SignatureAlgorithms, [...SIGNATURES.keys()]);
  keepOnly(check.HashAlgorithms, DIGESTS);
  keepOnly(check.CanonicalizationAlgorithms, [ENVELOPED, ...CANONICAL]);
  check.loadSignature(signature);
  return check;
}

function keepOnly(table: Record<string, unknown>, names: readonly string[]): void {
  for (const name of Object.keys(table)) if (!names.includes(name)) delete table[name];
}
