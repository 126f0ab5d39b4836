/** XML of identity providers: parsed strictly, and read by namespace. */
import { createRequire } from 'node:module';

interface ParserOptions {
  readonly errorHandler: Record<'warning' | 'error' | 'fatalError', (message: string) => never>;
}

/** Typed here: the package's own types would bring a browser's globals into the whole program. */
const { DOMParser } = createRequire(import.meta.url)('@xmldom/xmldom') as {
  DOMParser: new (
    options: ParserOptions,
  ) => {
    parseFromString(text: string, type: string): { documentElement: XmlElement | null } | undefined;
  };
};

/** As much of a DOM element as is read here. */
export interface XmlElement {
  readonly nodeType: number;
  readonly localName: string;
  readonly namespaceURI: string | null;
  readonly textContent: string | null;
  readonly childNodes: ArrayLike<XmlElement>;
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
}

const NAMESPACES = {
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
} as const;

type Namespace = keyof typeof NAMESPACES;

const ELEMENT = 1;

/** Tags of a response or of metadata. An assertion of 100,000 characters has room for some 700 values of attributes. */
const MOST_TAGS = 3000;
/** Attributes of all elements, and equals signs elsewhere. */
const MOST_ATTRIBUTES = 2000;
const DEEPEST = 40;

/**
 * The root element. Throws `SyntaxError` for what is not well-formed, for a document type (nothing here needs
 * entities), and for documents that would take long to read.
 */
export function parseXml(text: string): XmlElement {
  if (/<!DOCTYPE/i.test(text)) throw new SyntaxError('a document type is not accepted');
  demandBounded(text);
  const fail = (message: string) => {
    throw new SyntaxError(message);
  };
  const errorHandler = { warning: fail, error: fail, fatalError: fail };
  const document = new DOMParser({ errorHandler }).parseFromString(text, 'text/xml');
  const root = document?.documentElement ?? fail('no XML element');
  demandShallow(root);
  return root;
}

function demandBounded(text: string): void {
  const tags = text.split('<', MOST_TAGS + 1).length;
  const attributes = text.split('=', MOST_ATTRIBUTES + 1).length;
  if (tags > MOST_TAGS || attributes > MOST_ATTRIBUTES)
    throw new SyntaxError('the document has too much in it');
}

/** Throws `SyntaxError` where elements nest deeper than any of SAML's do. */
function demandShallow(root: XmlElement): void {
  if (!within(root, MOST_TAGS, DEEPEST)) throw new SyntaxError('the document nests too deep');
}

/** Whether there are at most so many elements from `root` on, nested at most so deep. */
export function within(root: XmlElement, most: number, deepest: number): boolean {
  const waiting: { readonly element: XmlElement; readonly depth: number }[] = [{ element: root, depth: 1 }];
  let count = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { element, depth } = next;
    if (depth > deepest || ++count > most) return false;
    for (const child of Array.from(element.childNodes ?? [])) {
      if (child.nodeType === ELEMENT) waiting.push({ element: child, depth: depth + 1 });
    }
  }
  return true;
}

export function isNamed(element: XmlElement, namespace: Namespace, name: string): boolean {
  return (
    element.nodeType === ELEMENT &&
    element.localName === name &&
    element.namespaceURI === NAMESPACES[namespace]
  );
}

export function childrenNamed(parent: XmlElement, namespace: Namespace, name: string): XmlElement[] {
  return Array.from(parent.childNodes).filter(child => isNamed(child, namespace, name));
}

/** The element under `parent` along a path of names; `undefined` where there is none. */
export function firstAt(
  parent: XmlElement | undefined,
  namespace: Namespace,
  ...path: string[]
): XmlElement | undefined {
  let found = parent;
  for (const name of path) found = found && childrenNamed(found, namespace, name)[0];
  return found;
}

export function textOf(element: XmlElement | undefined): string | undefined {
  return element?.textContent?.trim() || undefined;
}

/** An attribute that is there and not empty. */
export function attributeOf(element: XmlElement | undefined, name: string): string | undefined {
  return element?.getAttribute(name) || undefined;
}
