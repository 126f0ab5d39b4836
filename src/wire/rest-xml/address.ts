import type { HttpRequest } from '../../core/http-message.js';
import { s3Errors } from '../../core/s3-errors.js';

/** What a request is about: the service, a bucket, or an object. */
export interface Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** Whether the bucket stands in the host name. */
  readonly hosted?: true;
}

/** Bytes of UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects"). */
const maxKeyLength = 1024;

/** `s3.amazonaws.com`, `b.s3.eu-west-1.amazonaws.com`, `b.s3.dualstack.…`, `b.s3.cn-north-1.amazonaws.com.cn`. */
const awsHost = /^(?:(.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/;

/**
 * Makes the function that reads bucket and key from host and path, path-style or virtual-hosted.
 * `hostSuffixes`: names of this endpoint; what stands before one of them is a bucket. Beside them hold
 * `localhost`, `s3.localhost` and AWS's own names. Any other host is path-style.
 * The function throws InvalidURI and KeyTooLongError.
 */
export function addressReader(hostSuffixes: readonly string[]): (request: HttpRequest) => Address {
  const endpoints = endpointNames(hostSuffixes);
  const suffixes = endpoints.map(host => `.${host}`);

  function hostBucket(request: HttpRequest): string | undefined {
    const host = hostName(request.headers.get('host') ?? '');
    if (endpoints.includes(host)) return undefined;
    for (const suffix of suffixes)
      if (host.endsWith(suffix)) return host.slice(0, -suffix.length) || undefined;
    return host.includes('amazonaws') ? awsHost.exec(host)?.[1] : undefined;
  }

  return request => {
    const bucket = hostBucket(request);
    const { path } = request;
    if (bucket !== undefined) return { bucket, key: keyOf(path, 1), hosted: true };
    const slash = path.indexOf('/', 1);
    const end = slash < 0 ? path.length : slash;
    if (end <= 1 && path.length <= 1) return { bucket: undefined, key: undefined };
    return { bucket: decode(path.slice(1, end), path), key: keyOf(path, end + 1) };
  };
}

/** The longest first: `b.s3.localhost` is bucket `b` of `s3.localhost`, not `b.s3` of `localhost`. */
function endpointNames(hostSuffixes: readonly string[]): string[] {
  const endpoints = [...hostSuffixes.map(host => host.toLowerCase()), 's3.localhost', 'localhost'];
  return endpoints.sort((a, b) => b.length - a.length);
}

/** A website that a request is to. */
export interface WebsiteHost {
  readonly bucket: string;
  /** Where the host names one. */
  readonly region: string | undefined;
}

/** `b.s3-website-us-east-1`, `my.b.s3-website.eu-central-1`, and without a region. */
const websiteLabels = /^(.+)\.s3-website(?:[.-]([a-z0-9-]+))?$/;

/**
 * Makes the function that reads bucket and region from the host of a website endpoint (S3 User Guide, "Website
 * endpoints"): `BUCKET.s3-website-REGION` or `BUCKET.s3-website.REGION` before a name of this endpoint, before that
 * name without its `s3.`, or before AWS's own domains. Of any other host it answers nothing.
 */
export function websiteReader(hostSuffixes: readonly string[]): (host: string) => WebsiteHost | undefined {
  const endpoints = endpointNames(hostSuffixes);
  const domains = [...endpoints, ...endpoints.map(host => host.replace(/^s3\./, ''))];
  const suffixes = [...domains, 'amazonaws.com', 'amazonaws.com.cn'].map(host => `.${host}`);

  return header => {
    // Every request comes by here.
    if (!header.includes('.s3-website')) return undefined;
    const host = hostName(header);
    for (const suffix of suffixes) {
      const labels = host.endsWith(suffix) ? websiteLabels.exec(host.slice(0, -suffix.length)) : null;
      if (labels) return { bucket: labels[1]!, region: labels[2] };
    }
    return undefined;
  };
}

/** The key in the path of a request to a website: empty for the whole site. Throws InvalidURI, KeyTooLongError. */
export function websiteKey(path: string): string {
  return keyOf(path, 1) ?? '';
}

/** Without its port, in lower case; an IPv6 address is left as it is. */
function hostName(host: string): string {
  const colon = host.lastIndexOf(':');
  return (colon < 0 || host.endsWith(']') ? host : host.slice(0, colon)).toLowerCase();
}

/** The key that starts at `start`: percent-decoded, `+` and `//` and `..` as they stand. */
function keyOf(path: string, start: number): string | undefined {
  if (path.length <= start) return undefined;
  const key = decode(path.slice(start), path);
  if (key.length * 3 > maxKeyLength) {
    const size = Buffer.byteLength(key);
    if (size > maxKeyLength) {
      throw s3Errors.KeyTooLongError({
        members: { Size: String(size), MaxSizeAllowed: String(maxKeyLength) },
      });
    }
  }
  return key;
}

const plain = /^[\x21-\x24\x26-\x7e]*$/;
const ascii = /^[\x21-\x7e]*$/;

function decode(part: string, path: string): string {
  if (plain.test(part)) return part;
  try {
    if (ascii.test(part)) return decodeURIComponent(part);
  } catch {
    // Fall through: broken escapes or broken UTF-8.
  }
  throw s3Errors.InvalidURI({ members: { URI: path } });
}
