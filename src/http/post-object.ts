import { isPostForm, type PostedObject } from '../auth/index.js';
import { type HttpReply, type HttpRequest, serverNamedBy } from '../core/http-message.js';
import { escapeXml } from '../wire/xml/escape.js';
import { parseXml, type XmlElement, XmlSyntaxError } from '../wire/xml/parse.js';
import { type Door, recogniseService, type ServedService, type Services } from './services.js';

/** The door for browsers that upload with forms: what would come to that service without it, and is a form. */
export function formDoor(service: ServedService, all: Services['all']): Door {
  return {
    takes: request =>
      request.query === '' &&
      isPostForm(request) &&
      recogniseService(request, { doors: [], all }) === service,
    served: { ...service, form: true },
  };
}

/** The bucket that a browser's form is sent to; `undefined` for every other request. */
export function postedTo(request: HttpRequest, { wire, form }: ServedService): string | undefined {
  if (!form) return undefined;
  // The SDK's schemas have no such operation; where a form is sent is where a listing would be.
  const { bucket, key } = wire.recognise({ ...request, method: 'GET' }, undefined);
  return key === undefined ? bucket : undefined;
}

/**
 * The `tagging` field of a form, a document as PutObjectTagging takes it, as the `x-amz-tagging` header of PutObject
 * (Amazon S3 API Reference, "POST Object"); `undefined` where it is no XML. Another document has no tags (LocalStack's
 * recordings of AWS, test_post_object_with_tags).
 */
export function taggingHeader(document: string): string | undefined {
  const root = parsed(document);
  if (root !== undefined && root.name !== 'Tagging') return '';
  const tags = soleChild(parsed(document), 'Tagging', 'TagSet')?.children.map(tagOf);
  if (tags === undefined || tags.includes(undefined)) return undefined;
  return tags.join('&');
}

function parsed(document: string): XmlElement | undefined {
  try {
    return parseXml(Buffer.from(document));
  } catch (error) {
    if (error instanceof XmlSyntaxError) return undefined;
    throw error;
  }
}

function soleChild(element: XmlElement | undefined, name: string, child: string): XmlElement | undefined {
  if (element?.name !== name || element.children.length !== 1) return undefined;
  return element.children[0]!.name === child ? element.children[0] : undefined;
}

function tagOf({ name, children }: XmlElement): string | undefined {
  const [key, value] = ['Key', 'Value'].map(wanted => children.find(child => child.name === wanted)?.text);
  if (name !== 'Tag' || key === undefined || value === undefined) return undefined;
  return `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
}

/**
 * What the browser is answered, made from the answer to the PutObject that its form stands for (Amazon S3 API
 * Reference, "POST Object").
 */
export function postReply(posted: PostedObject, bucket: string, put: HttpReply): HttpReply {
  const { key, request, redirect, status } = posted;
  const etag = put.headers['etag'] ?? '';
  const headers: Record<string, string> = { ...put.headers };
  if (redirect !== undefined) {
    for (const [name, value] of Object.entries({ bucket, key, etag }))
      redirect.searchParams.append(name, value);
    return { status: 303, headers: { ...headers, location: redirect.href } };
  }
  const location = `${serverNamedBy(request)}${request.path}`;
  headers['location'] = location;
  if (status !== 201) return { status, headers };
  const members = { Location: location, Bucket: bucket, Key: key, ETag: etag };
  const elements = Object.entries(members).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return {
    status,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>${elements.join('')}</PostResponse>`,
  };
}
