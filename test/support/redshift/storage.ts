/** The bucket as Redshift reaches it: with the keys or the roles of one statement, through STS and S3. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type Authorization, type CopyCommand, Refusal, type UnloadCommand } from './grammar.js';

export interface Cluster {
  /** Of S3 and STS. */
  readonly endpoint: string;
  readonly region: string;
  /** Who the cluster is when it assumes a role that is attached to it. */
  readonly identity: Keys;
  /** Roles that are attached; the first is the default. */
  readonly roles: readonly string[];
  /** Called before each file of a COPY is read. */
  readonly beforeFile?: () => void;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A column of an UNLOAD, and the name of its type. */
export interface UnloadColumn {
  readonly name: string;
  readonly type: string;
}

export class Storage {
  readonly #cluster: Cluster;
  readonly #s3: S3Client;

  private constructor(cluster: Cluster, s3: S3Client) {
    this.#cluster = cluster;
    this.#s3 = s3;
  }

  /** Without REGION, the bucket must be in the cluster's ("COPY from Amazon S3", REGION). Throws `Refusal`. */
  static async open(
    cluster: Cluster,
    { authorization, options }: CopyCommand | UnloadCommand,
  ): Promise<Storage> {
    const credentials = await keysOf(cluster, authorization);
    const region = String(options.get('REGION') ?? cluster.region);
    const { endpoint } = cluster;
    return new Storage(
      cluster,
      new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 2 }),
    );
  }

  /** The files of a COPY, by its manifest or by their common prefix, uncompressed. Throws `Refusal`, and what S3 throws. */
  async *files({ from, options }: CopyCommand): AsyncGenerator<Buffer> {
    const urls = options.has('MANIFEST') ? await this.#ofManifest(from) : await this.#ofPrefix(from);
    if (urls.length === 0) throw new Refusal(`The specified S3 prefix '${from}' does not exist`, 'XX000');
    for (const url of urls) {
      this.#cluster.beforeFile?.();
      const body = await this.#get(url);
      yield options.has('GZIP') ? gunzipSync(body) : Buffer.from(body);
    }
  }

  async #ofManifest(from: string): Promise<readonly string[]> {
    const manifest = JSON.parse(Buffer.from(await this.#get(from)).toString()) as {
      readonly entries: readonly { readonly url: string; readonly mandatory?: boolean }[];
    };
    const urls: string[] = [];
    for (const { url, mandatory = false } of manifest.entries) {
      const there = (await this.#ofPrefix(url)).includes(url);
      if (there) urls.push(url);
      else if (mandatory)
        throw new Refusal(`Problem reading manifest file - missing mandatory file ${url}`, 'XX000');
    }
    return urls;
  }

  async #ofPrefix(url: string): Promise<string[]> {
    const { Bucket, Key } = placeOf(url);
    const { Contents = [] } = await this.#s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    return Contents.map(object => `s3://${Bucket}/${object.Key}`);
  }

  async #get(url: string): Promise<Uint8Array> {
    const { Body } = await this.#s3.send(new GetObjectCommand(placeOf(url)));
    return Body!.transformToByteArray();
  }

  /** Writes the rows of an UNLOAD, and its manifest. Throws `Refusal`, and what S3 throws. */
  async unload(
    command: UnloadCommand,
    rows: AsyncIterable<Buffer>,
    columns: readonly UnloadColumn[],
  ): Promise<void> {
    const { to, options } = command;
    if (
      !options.has('ALLOWOVERWRITE') &&
      !options.has('CLEANPATH') &&
      (await this.#ofPrefix(to)).length > 0
    ) {
      throw new Refusal('Specified unload destination on S3 is not empty', 'XX000');
    }
    const slices = options.get('PARALLEL') === 'OFF' ? [new Slice(0)] : [new Slice(0), new Slice(1)];
    const entries: { url: string; meta: { content_length: number; record_count: number } }[] = [];
    const flush = async (slice: Slice) => {
      const name = slices.length === 1 ? slice.serialName() : slice.parallelName();
      const url = `${to}${name}${options.has('GZIP') ? '.gz' : ''}`;
      const whole = Buffer.concat(slice.rows);
      const body = options.has('GZIP') ? gzipSync(whole) : whole;
      await this.#put(url, body, command);
      entries.push({ url, meta: { content_length: body.length, record_count: slice.rows.length } });
      slice.begin();
    };
    let index = 0;
    for await (const row of rows) {
      const slice = slices[index++ % slices.length]!;
      slice.add(row);
      if (slice.bytes >= Number(options.get('MAXFILESIZE') ?? 6200) * 1e6) await flush(slice);
    }
    for (const slice of slices) if (slice.rows.length > 0) await flush(slice);
    if (!options.has('MANIFEST')) return;
    const sum = (what: 'content_length' | 'record_count') =>
      entries.reduce((all, { meta }) => all + meta[what], 0);
    const verbose = options.get('MANIFEST') === 'VERBOSE' && {
      schema: { elements: columns.map(({ name, type }) => ({ name, type: { base: type } })) },
      meta: { content_length: sum('content_length'), record_count: sum('record_count') },
      author: { name: 'Amazon Redshift', version: '1.0.0' },
    };
    await this.#put(`${to}manifest`, Buffer.from(JSON.stringify({ entries, ...verbose })), command);
  }

  /** With SSE-S3 unless KMS_KEY_ID names a key ("Unloading encrypted data files"). */
  async #put(url: string, Body: Buffer, { options }: UnloadCommand): Promise<void> {
    const key = options.get('KMS_KEY_ID');
    const encryption =
      typeof key === 'string'
        ? { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: key }
        : { ServerSideEncryption: 'AES256' as const };
    await this.#s3.send(new PutObjectCommand({ ...placeOf(url), Body, ...encryption }));
  }

  close(): void {
    this.#s3.destroy();
  }
}

/** What one slice of the cluster has gathered for its next file. */
class Slice {
  rows: Buffer[] = [];
  bytes = 0;
  #file = -1;

  constructor(readonly number: number) {
    this.begin();
  }

  begin(): void {
    this.rows = [];
    this.bytes = 0;
    this.#file++;
  }

  add(row: Buffer): void {
    this.rows.push(row);
    this.bytes += row.length;
  }

  parallelName(): string {
    return `${String(this.number).padStart(4, '0')}_part_${String(this.#file).padStart(2, '0')}`;
  }

  serialName(): string {
    return String(this.#file).padStart(3, '0');
  }
}

/** A chain begins with a role that is attached; each role assumes the next ("Chaining IAM roles in Amazon Redshift"). */
async function keysOf(cluster: Cluster, authorization: Authorization): Promise<Keys> {
  if ('keys' in authorization) return authorization.keys;
  const roles = authorization.roles.map(role => (role === 'default' ? (cluster.roles[0] ?? '') : role));
  if (!cluster.roles.includes(roles[0]!)) {
    throw new Refusal(`User is not authorized to assume IAM Role ${roles[0]}`, '42501');
  }
  let keys = cluster.identity;
  for (const RoleArn of roles) {
    const { endpoint, region } = cluster;
    const sts = new STSClient({ endpoint, region, credentials: keys });
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'RedshiftIamRoleSession' }),
    );
    sts.destroy();
    keys = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
  }
  return keys;
}

function placeOf(url: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(url) ?? [];
  return { Bucket, Key };
}
