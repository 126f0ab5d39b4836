import type { CredentialSource } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest, RequestBody } from '../core/http-message.js';
import { invalidArgument, s3Errors } from '../core/s3-errors.js';
import type { ServiceTraits } from '../core/service.js';
import { ANONYMOUS } from './authenticate.js';
import { identify } from './identify.js';
import { type PostForm, readPostForm } from './post-form.js';
import { checkPostPolicy, readPostPolicy } from './post-policy.js';
import { ALGORITHM, type Scope, sameSignature, sign, signingKeys } from './signing.js';
import type { Authenticated } from './types.js';
import { signVersion2, VERSION_2 } from './version-2.js';

/** A browser's upload as the PutObject that it stands for. */
export interface PostedObject {
  /** `PUT` of the object, with the form's fields as headers. */
  readonly request: HttpRequest;
  readonly authenticated: Authenticated;
  readonly key: string;
  /** Where the browser is sent afterwards, if the form says so. */
  readonly redirect: URL | undefined;
  /** The status of the reply without a redirect. */
  readonly status: 200 | 201 | 204;
  /** To be called in the end, whether the file was read or not. */
  close(): void;
}

export interface PostOptions {
  readonly service: ServiceTraits;
  readonly bucket: string;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** The `tagging` field, a document, as the `x-amz-tagging` header of PutObject; undefined where it does not read. */
  tagging(document: string): string | undefined;
}

/**
 * Reads the form of a POST to a bucket, verifies its signed policy (version 4 or 2) and holds the form to it; a form
 * without a policy is anonymous. The size that the policy allows is checked while the file is read. Source: Amazon S3
 * API Reference, "POST Object", "Authenticating Requests: Browser-Based Uploads Using POST".
 */
export async function readPostedObject(request: HttpRequest, options: PostOptions): Promise<PostedObject> {
  const form = await readPostForm(request);
  try {
    return await objectOf(request, form, options);
  } catch (error) {
    form.close();
    throw error;
  }
}

async function objectOf(request: HttpRequest, form: PostForm, options: PostOptions): Promise<PostedObject> {
  const fields = expandFilename(form);
  const key = fields.get('key');
  if (key === undefined) throw missingField('key');
  if (key === '') throw argument('key', '', 'User key must have a length greater than 0.');
  const policyText = fields.get('policy');
  const identity = await identityOf(fields, options);
  const policy = policyText === undefined ? undefined : readPostPolicy(policyText);
  if (policy !== undefined) checkPostPolicy(policy, fields, options.bucket, options.clock.now());
  const body = sized(form.file, policy?.least ?? 0, Math.min(policy?.most ?? LARGEST, LARGEST));
  return {
    request: putRequest(request, fields, key, body, taggingOf(fields, options)),
    authenticated: { ...identity, body },
    key,
    redirect: redirectOf(fields),
    status: statusOf(fields.get('success_action_status')),
    close: () => form.close(),
  };
}

/** `${filename}` stands for the name of the file in every field but those that are signed for themselves. */
function expandFilename({ fields, filename }: PostForm): ReadonlyMap<string, string> {
  // What is sent as a plain field is no file with a name, and the text stays (recorded, test_post_object_default_file).
  if (filename === undefined) return fields;
  // Some browsers send the whole path.
  const name = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
  return new Map(
    [...fields].map(([field, value]) => [
      field,
      field === 'policy' ? value : value.replaceAll('${filename}', () => name),
    ]),
  );
}

/** The fields of a signature, of either version, as S3 spells them. */
const SPELLINGS: Readonly<Record<string, string>> = {
  'x-amz-algorithm': 'X-Amz-Algorithm',
  'x-amz-credential': 'X-Amz-Credential',
  'x-amz-date': 'X-Amz-Date',
  'x-amz-signature': 'X-Amz-Signature',
  awsaccesskeyid: 'AWSAccessKeyId',
  signature: 'Signature',
  policy: 'Policy',
};
const SIGNATURE_FIELDS = Object.keys(SPELLINGS).filter(name => name !== 'policy');

type Identity = Omit<Authenticated, 'body'>;

async function identityOf(
  fields: ReadonlyMap<string, string>,
  { service, credentials, clock }: PostOptions,
): Promise<Identity> {
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw missingField(name);
    return value;
  };
  // A policy without any of the signature's fields is anonymous (recorded, test_post_request_missing_fields).
  if (fields.has('policy') && !SIGNATURE_FIELDS.some(name => fields.has(name))) {
    throw s3Errors.AccessDenied('Access Denied', {
      reason: 'the form has a policy, but no field of a signature',
      advice:
        'Put the fields of the signature beside the policy (X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Signature), or leave the policy out where everyone may upload.',
    });
  }
  const isSigned = ['policy', 'x-amz-signature', 'signature', 'awsaccesskeyid'].some(name =>
    fields.has(name),
  );
  if (!isSigned) {
    return { caller: ANONYMOUS, region: undefined, context: signedBy(service) };
  }
  const signed = field('policy');
  // A signature of version 2 without its key lacks just that (recorded, test_post_request_missing_fields).
  if (fields.has('awsaccesskeyid') || fields.has('signature')) {
    const accessKeyId = field('awsaccesskeyid');
    const provided = field('signature');
    const claim = { accessKeyId, token: fields.get('x-amz-security-token'), region: '' };
    const { caller } = await identify(claim, { service, credentials, clock }, secret => {
      if (sameSignature(signVersion2(secret, signed), provided)) return;
      throw service.errors.auth.mismatch({ accessKeyId, provided, stringToSign: signed });
    });
    return { caller, region: undefined, signatureVersion: 2, context: signedBy(service, VERSION_2) };
  }
  if (field('x-amz-algorithm') !== ALGORITHM) {
    throw argument('x-amz-algorithm', field('x-amz-algorithm'), `Only ${ALGORITHM} is supported`);
  }
  field('x-amz-date');
  const scope = readCredential(field('x-amz-credential'), service.id);
  const provided = field('x-amz-signature');
  const claim = { ...scope, token: fields.get('x-amz-security-token') };
  const { caller } = await identify(claim, { service, credentials, clock }, secret => {
    if (sameSignature(sign(signingKeys.get(secret, scope), signed), provided)) return;
    throw service.errors.auth.mismatch({ accessKeyId: scope.accessKeyId, provided, stringToSign: signed });
  });
  return {
    caller,
    region: scope.region === '' ? undefined : scope.region,
    signatureVersion: 4,
    context: signedBy(service, ALGORITHM),
  };
}

/** The condition keys of a form's signature; `version` is absent of one that has none. */
function signedBy({ signing: { conditions } }: ServiceTraits, version?: string): Identity['context'] {
  if (conditions === undefined) return {};
  return {
    [`${conditions}:authType`]: 'POST',
    ...(version !== undefined && { [`${conditions}:signatureversion`]: version }),
  };
}

function readCredential(credential: string, expected: string): Scope & { readonly accessKeyId: string } {
  const wrong = (why: string): ApiError => argument('x-amz-credential', credential, why);
  const parts = credential.split('/');
  const [accessKeyId, date, region, service, terminator] = parts as [string, string, string, string, string];
  if (parts.length !== 5 || accessKeyId === '' || !/^[\w-]*$/.test(region)) {
    throw wrong(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  if (!/^\d{8}$/.test(date)) {
    throw wrong(
      `incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`,
    );
  }
  if (service !== expected)
    throw wrong(`incorrect service "${service}". This endpoint belongs to "${expected}".`);
  if (terminator !== 'aws4_request') {
    throw wrong(`incorrect terminal "${terminator}". This endpoint uses "aws4_request".`);
  }
  return { accessKeyId, date, region, service };
}

/** The fields that are headers of PutObject. Nothing else of a form may become one: not `x-amz-copy-source`. */
const HEADERS =
  /^(cache-control|content-(type|disposition|encoding|language|md5)|expires|x-amz-(meta-.+|storage-class|website-redirect-location|server-side-encryption.*|checksum-.+|sdk-checksum-algorithm|object-lock-.+|tagging|grant-.+))$/;

function taggingOf(fields: ReadonlyMap<string, string>, options: PostOptions): string | undefined {
  const document = fields.get('tagging');
  if (document === undefined) return undefined;
  const header = options.tagging(document);
  if (header === undefined) throw s3Errors.MalformedXML();
  return header;
}

/**
 * A field of text as the header that it becomes: what Latin-1 has not is a space (LocalStack's recordings of AWS,
 * test_post_object_with_unicode_metadata). Metadata is encoded instead.
 */
function inLatin1(value: string): string {
  return value.replace(/[^\0-\xff]/gu, ' ');
}

function putRequest(
  request: HttpRequest,
  fields: ReadonlyMap<string, string>,
  key: string,
  body: RequestBody,
  tagging: string | undefined,
): HttpRequest {
  const headers = new Map<string, string>();
  for (const name of ['host', 'user-agent', 'referer', 'origin']) {
    const value = request.headers.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  for (const [name, value] of fields) {
    if (HEADERS.test(name)) headers.set(name, name.startsWith('x-amz-') ? value : inLatin1(value));
  }
  const acl = fields.get('acl');
  if (acl !== undefined) headers.set('x-amz-acl', acl);
  if (tagging !== undefined) headers.set('x-amz-tagging', tagging);
  const path = key.split('/').map(encodeURIComponent).join('/');
  return {
    method: 'PUT',
    scheme: request.scheme,
    path: `${request.path.replace(/\/$/, '')}/${path}`,
    query: '',
    headers,
    body,
    posted: true,
  };
}

/** Of a single upload, 5 GiB. */
const LARGEST = 5 * 1024 ** 3;

/** Fails on a file that has fewer bytes than `least` or more than `most`. */
function sized(file: RequestBody, least: number, most: number): RequestBody {
  return {
    length: file.length,
    trailers: file.trailers,
    async *[Symbol.asyncIterator]() {
      let size = 0;
      for await (const bytes of file) {
        size += bytes.length;
        if (size > most) {
          throw s3Errors.EntityTooLarge({
            members: { ProposedSize: String(size), MaxSizeAllowed: String(most) },
          });
        }
        yield bytes;
      }
      if (size < least) {
        throw s3Errors.EntityTooSmall({
          members: { ProposedSize: String(size), MinSizeAllowed: String(least) },
        });
      }
    },
  };
}

/** `redirect` is the older name. What is no URL is disregarded, as S3 does. */
function redirectOf(fields: ReadonlyMap<string, string>): URL | undefined {
  const text = fields.get('success_action_redirect') ?? fields.get('redirect') ?? '';
  return /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

const statusOf = (text: string | undefined): 200 | 201 | 204 =>
  text === '200' ? 200 : text === '201' ? 201 : 204;

const argument = (name: string, value: string, why: string): ApiError =>
  invalidArgument(why, SPELLINGS[name] ?? name, value);

const missingField = (name: string): ApiError =>
  argument(
    name,
    '',
    `Bucket POST must contain a field named '${SPELLINGS[name] ?? name}'.  If it is specified, please check the order of the fields.`,
  );
