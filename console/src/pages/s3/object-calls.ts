/** The calls of the object pages: lists, and what is done to many keys. */
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type Act, act } from '../../api/act.js';
import { clientSettings } from '../../api/credentials.js';
import { s3, s3Client } from '../../api/s3.js';
import type { Page } from '../../ui/query.js';

/** A folder (its key ends with the delimiter), an object, or a version of one. */
export interface Item {
  readonly key: string;
  readonly folder: boolean;
  readonly size?: number | undefined;
  readonly modified?: Date | undefined;
  readonly storageClass?: string | undefined;
  readonly versionId?: string | undefined;
  readonly latest?: boolean | undefined;
  readonly deleteMarker?: boolean | undefined;
}

const folder = ({ Prefix }: { readonly Prefix?: string | undefined }): Item => ({
  key: Prefix!,
  folder: true,
});

export async function listObjects(
  Bucket: string,
  Prefix: string,
  ContinuationToken: string | undefined,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const input = { Bucket, Prefix, Delimiter: '/', ContinuationToken };
  const listed = await s3(new ListObjectsV2Command(input)).send(signal);
  const objects = (listed.Contents ?? []).map(
    ({ Key, Size, LastModified, StorageClass }): Item => ({
      key: Key!,
      folder: false,
      size: Size,
      modified: LastModified,
      storageClass: StorageClass,
    }),
  );
  return {
    items: [...(listed.CommonPrefixes ?? []).map(folder), ...objects],
    next: listed.NextContinuationToken,
  };
}

/** With every version and delete marker; `next` holds both markers. */
export async function listVersions(
  Bucket: string,
  Prefix: string,
  next: string | undefined,
  signal: AbortSignal,
  Delimiter: string | undefined = '/',
): Promise<Page<Item>> {
  const [KeyMarker, VersionIdMarker] = next === undefined ? [] : (JSON.parse(next) as [string, string]);
  const input = { Bucket, Prefix, Delimiter, KeyMarker, VersionIdMarker };
  const listed = await s3(new ListObjectVersionsCommand(input)).send(signal);
  const versions = (listed.Versions ?? []).map(
    ({ Key, Size, LastModified, VersionId, IsLatest, StorageClass }): Item => ({
      key: Key!,
      folder: false,
      size: Size,
      modified: LastModified,
      versionId: VersionId,
      latest: IsLatest,
      storageClass: StorageClass,
    }),
  );
  const markers = (listed.DeleteMarkers ?? []).map(
    ({ Key, LastModified, VersionId, IsLatest }): Item => ({
      key: Key!,
      folder: false,
      modified: LastModified,
      versionId: VersionId,
      latest: IsLatest,
      deleteMarker: true,
    }),
  );
  const items = [...versions, ...markers].sort((a, b) =>
    a.key < b.key ? -1 : a.key > b.key ? 1 : Number(b.modified) - Number(a.modified),
  );
  return {
    items: [...(listed.CommonPrefixes ?? []).map(folder), ...items],
    next: listed.IsTruncated ? JSON.stringify([listed.NextKeyMarker, listed.NextVersionIdMarker]) : undefined,
  };
}

/** Every key under the items: of a folder all that is in it. */
async function* keysOf(Bucket: string, items: readonly Item[]): AsyncGenerator<string[]> {
  for (const item of items) {
    if (!item.folder) {
      yield [item.key];
      continue;
    }
    let ContinuationToken: string | undefined;
    do {
      const input = { Bucket, Prefix: item.key, ContinuationToken };
      const listed = await s3(new ListObjectsV2Command(input)).send();
      yield (listed.Contents ?? []).map(({ Key }) => Key!);
      ContinuationToken = listed.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }
}

/** Called with how many objects are done. */
export type OnCount = (done: number) => void;

/** Objects, versions and whole folders. Throws the first key's error where some could not be deleted. */
export function deleteItems(Bucket: string, items: readonly Item[], onCount: OnCount = () => {}): Act {
  const first = items[0]!;
  const recursive = items.some(item => item.folder);
  const shown = items.map(({ key, versionId }) => ({ Key: key, ...(versionId && { VersionId: versionId }) }));
  const line = act('s3', 'DeleteObjects', { Bucket, Delete: { Objects: shown } }, async () => undefined).cli;
  return {
    service: 's3',
    operation: 'DeleteObjects',
    input: { Bucket },
    cli: recursive && items.length === 1 ? `aws s3 rm --recursive 's3://${Bucket}/${first.key}'` : line,
    async send() {
      let done = 0;
      const drop = async (objects: { readonly Key: string; readonly VersionId?: string | undefined }[]) => {
        if (objects.length === 0) return;
        await deleteBatch(Bucket, objects);
        onCount((done += objects.length));
      };
      const versions = items.filter(item => item.versionId !== undefined);
      for (let from = 0; from < versions.length; from += 1000) {
        const batch = versions.slice(from, from + 1000);
        await drop(batch.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })));
      }
      const whole = items.filter(item => item.versionId === undefined);
      for await (const keys of keysOf(Bucket, whole)) await drop(keys.map(Key => ({ Key })));
    },
  };
}

async function deleteBatch(
  Bucket: string,
  Objects: { readonly Key: string; readonly VersionId?: string | undefined }[],
): Promise<void> {
  const { Errors } = await s3(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })).send();
  const [first] = Errors ?? [];
  if (first === undefined) return;
  const more = Errors!.length > 1 ? ` (+${Errors!.length - 1})` : '';
  throw Object.assign(new Error(`${first.Key}: ${first.Message}${more}`), { name: first.Code ?? 'Error' });
}

/** Copies objects and folders to below a prefix; `moves`: deletes what has been copied. */
export function copyItems(
  from: { readonly bucket: string; readonly prefix: string },
  items: readonly Item[],
  to: { readonly bucket: string; readonly prefix: string },
  moves: boolean,
  onCount: OnCount = () => {},
): Act {
  const source = `s3://${from.bucket}/${items[0]!.key}`;
  const verb = moves ? 'mv' : 'cp';
  return {
    service: 's3',
    operation: 'CopyObject',
    input: {},
    cli: `aws s3 ${verb} ${items[0]!.folder ? '--recursive ' : ''}'${source}' 's3://${to.bucket}/${to.prefix}${items[0]!.key.slice(from.prefix.length)}'`,
    async send() {
      let done = 0;
      for await (const keys of keysOf(from.bucket, items)) {
        for (const key of keys) {
          await copyObject(from.bucket, key, to.bucket, to.prefix + key.slice(from.prefix.length)).send();
          onCount(++done);
        }
        if (moves && keys.length > 0)
          await deleteBatch(
            from.bucket,
            keys.map(Key => ({ Key })),
          );
      }
    },
  };
}

/** What `CopySource` is for a key. */
export function sourceOf(bucket: string, key: string): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

export function copyObject(bucket: string, key: string, Bucket: string, Key: string, versionId?: string) {
  const source = sourceOf(bucket, key);
  const CopySource = versionId ? `${source}?versionId=${versionId}` : source;
  return s3(new CopyObjectCommand({ Bucket, Key, CopySource }));
}

/** Has the browser store the object: streamed, so its size does not matter. The URL lives for a minute. */
export async function downloadObject(Bucket: string, Key: string, VersionId?: string): Promise<void> {
  // Asked first, so that a refusal shows here and not as a page of XML.
  await s3(new HeadObjectCommand({ Bucket, Key, VersionId })).send();
  const name = Key.split('/').pop() || 'object';
  const ResponseContentDisposition = `attachment; filename*=UTF-8''${encodeURIComponent(name)}`;
  const command = new GetObjectCommand({ Bucket, Key, VersionId, ResponseContentDisposition });
  const link = document.createElement('a');
  link.href = await getSignedUrl(s3Client(), command, { expiresIn: 60 });
  link.click();
}

/** A URL of the API's own address that anyone can use. Seconds. */
export function shareUrl(endpoint: string, Bucket: string, Key: string, expiresIn: number): Promise<string> {
  const client = new S3Client({ ...clientSettings(), endpoint, forcePathStyle: true });
  return getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn });
}
