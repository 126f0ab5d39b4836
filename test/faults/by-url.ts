/** Requests by presigned URLs: what the SDK for JavaScript does not sign so, and answers that it takes apart. */
import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl, S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { HttpRequest } from '@smithy/core/transport';

/** A version as a listing shows it. */
export type VersionRow = readonly [key: string, id: string, marker: boolean, isLatest: boolean];

/** A page of versions in the order of its document: the SDK parts them by their kinds. */
export async function versionPage(s3: S3Client, input: ListObjectVersionsCommandInput) {
  const answer = await fetch(await getSignedUrl(s3, new ListObjectVersionsCommand(input)));
  const text = await answer.text();
  if (!answer.ok) throw answered(answer, text);
  const entries = text.matchAll(/<(Version|DeleteMarker)>(.*?)<\/\1>/gs);
  const rows = [...entries].map(([, kind, entry]): VersionRow => {
    const member = (name: string) => memberOf(entry!, name)!;
    return [member('Key'), member('VersionId'), kind === 'DeleteMarker', member('IsLatest') === 'true'];
  });
  return {
    rows,
    more: memberOf(text, 'IsTruncated') === 'true',
    keyMarker: memberOf(text, 'NextKeyMarker'),
    idMarker: memberOf(text, 'NextVersionIdMarker'),
  };
}

function memberOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1];
}

/** An error as the SDK would throw it. */
function answered({ status }: Response, text: string): Error {
  const name = memberOf(text, 'Code') ?? String(status);
  return Object.assign(new Error(text), { name, $metadata: { httpStatusCode: status } });
}

/** Puts by a presigned URL that carries the condition, as the SDK for Java signs it. */
export async function putByUrl(
  s3: S3Client,
  { Bucket, Key }: { readonly Bucket: string; readonly Key: string },
  body: Uint8Array,
  { IfMatch, IfNoneMatch }: { readonly IfMatch?: string; readonly IfNoneMatch?: string },
): Promise<{ VersionId: string | undefined }> {
  const { hostname, port, protocol } = await s3.config.endpoint!();
  const request = new HttpRequest({
    method: 'PUT',
    protocol,
    hostname,
    ...(port !== undefined && { port }),
    path: `/${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`,
    query: {
      ...(IfMatch !== undefined && { 'If-Match': IfMatch }),
      ...(IfNoneMatch !== undefined && { 'If-None-Match': IfNoneMatch }),
    },
    headers: { host: port === undefined ? hostname : `${hostname}:${port}` },
  });
  const signed = await new S3RequestPresigner({ ...s3.config }).presign(request);
  const query = Object.entries(signed.query ?? {}).map(pair =>
    pair.map(text => encodeURIComponent(String(text))).join('='),
  );
  const url = `${protocol}//${request.headers['host']}${request.path}?${query.join('&')}`;
  const answer = await fetch(url, { method: 'PUT', body });
  const text = await answer.text();
  if (!answer.ok) throw answered(answer, text);
  return { VersionId: answer.headers.get('x-amz-version-id') ?? undefined };
}
