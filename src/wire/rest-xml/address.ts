import type { HttpRequest } from '../../message.js';
import { s3Error } from './errors.js';

/** What a request is about: the service, a bucket, or an object. */
export interface Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
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
  const endpoints = [...hostSuffixes.map(host => host.toLowerCase()), 's3.localhost', 'localhost'];
  // The longest first: `b.s3.localhost` is bucket `b` of `s3.localhost`, not `b.s3` of `localhost`.
  endpoints.sort((a, b) => b.length - a.length);
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
    if (bucket !== undefined) return { bucket, key: keyOf(path, 1) };
    const slash = path.indexOf('/', 1);
    const end = slash < 0 ? path.length : slash;
    if (end <= 1 && path.length <= 1) return { bucket: undefined, key: undefined };
    return { bucket: decode(path.slice(1, end), path), key: keyOf(path, end + 1) };
  };
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
      throw s3Error.KeyTooLongError([], {
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
  throw s3Error.InvalidURI([], { members: { URI: path } });
}
