/** Random work of one client on keys of its own, each step compared with the model. */
import assert from 'node:assert/strict';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import {
  added,
  type Body,
  contentOf,
  current,
  deleted,
  etagOf,
  listed,
  type ModelKey,
  type ModelVersion,
  multipartEtagOf,
  type Versioning,
  wholeOf,
} from './s3-model.js';

const NAMES = ['a', 'a/b', 'a/c d/e', 'a0', 'é+%', 'z/'] as const;
/** The least that a part before the last may have. */
const PART = 5 * 1024 * 1024;

/** A step as data, so that a failing sequence prints as what it does. `v`: which of the versions there are. */
export type Command =
  | { do: 'put'; key: string; size: number; tag?: string | undefined }
  | { do: 'put if'; key: string; when: 'absent' | 'current' | 'other' }
  | { do: 'get'; key: string; v: number; range?: [from: number, to: number] | undefined }
  | { do: 'copy'; from: string; v: number; key: string }
  | { do: 'delete'; key: string }
  | { do: 'delete version'; key: string; v: number }
  | { do: 'delete many'; keys: string[] }
  | { do: 'multipart'; key: string; sent: number[]; large: boolean; end: 'complete' | 'disorder' | 'abort' }
  | { do: 'tag'; key: string; v: number; tag: string }
  | {
      do: 'list';
      api: 1 | 2;
      delimiter?: string | undefined;
      after?: string | undefined;
      page: number;
      prefix: string;
    }
  | { do: 'list versions'; page: number }
  | { do: 'contest'; number: number };

const key = fc.constantFrom(...NAMES);
const v = fc.nat(3);
const tag = fc.constantFrom('red', 'blue ü');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** On either side of what is stored inline, of a block, and of what comes in one piece. */
const size = fc.constantFrom(0, 1, 1000, 32_768, 32_769, 65_536, 200_001);
const page = fc.integer({ min: 1, max: 5 });

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, size, tag: optional(tag) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('put if' as const),
      key,
      when: fc.constantFrom('absent' as const, 'current' as const, 'other' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('get' as const),
      key,
      v,
      range: optional(fc.tuple(fc.nat(70_000), fc.nat(140_000))),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('copy' as const), from: key, v, key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete version' as const), key, v }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('delete many' as const),
      keys: fc.uniqueArray(key, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('multipart' as const),
      key,
      sent: fc.array(fc.constantFrom(1, 2, 7, 10_000), { minLength: 1, maxLength: 4 }),
      large: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
      end: fc.constantFrom('complete' as const, 'complete' as const, 'disorder' as const, 'abort' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tag' as const), key, v, tag }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      api: fc.constantFrom(1 as const, 2 as const),
      delimiter: optional(fc.constantFrom('/', ' d')),
      after: optional(fc.constantFrom('a', 'a/b', 'a/c', 'b', 'zz')),
      page,
      prefix: fc.constantFrom('', 'a', 'a/', 'none'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list versions' as const), page }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('contest' as const), number: fc.nat(2) }) },
);

/** Keys that several clients want to make: who tried, and who was told to have succeeded. */
export interface Contest {
  readonly tried: Map<string, Set<Body>>;
  readonly won: Map<string, Body[]>;
}

/** A request got no answer: the server was killed. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The name of an error that the server answered; throws `NoAnswer` where it did not answer. */
function codeOf(error: unknown): string {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
  if (error instanceof assert.AssertionError) throw error;
  if ($metadata?.httpStatusCode === undefined) throw new NoAnswer('no answer', { cause: error });
  return name;
}

type ListPage = Pick<
  ListObjectsV2CommandOutput & ListObjectsCommandOutput,
  'Contents' | 'CommonPrefixes' | 'IsTruncated' | 'NextMarker' | 'NextContinuationToken'
>;

/** One client's work and what must be there for it. */
export class Worker {
  readonly #prefix: string;
  readonly #keys = new Map<string, ModelKey>();
  /** What a key is where the request that had no answer was done nevertheless. */
  readonly #maybe = new Map<string, ModelKey>();
  #bodies = 0;

  constructor(
    readonly number: number,
    readonly bucket: string,
  ) {
    this.#prefix = `client ${number}/`;
  }

  #of(name: string): ModelKey {
    return this.#keys.get(name) ?? [];
  }

  #newBody(bytes: number): Body {
    return `${this.number * 1_000_000 + ++this.#bodies}:${bytes}`;
  }

  /** Sends a change of keys: each is as `after` says once the server has answered with success. */
  async #change<T>(
    send: () => Promise<T>,
    after: (answer: T | undefined) => readonly (readonly [name: string, key: ModelKey])[],
  ): Promise<string | undefined> {
    for (const [name, next] of after(undefined)) this.#maybe.set(name, next);
    let answer: T;
    try {
      answer = await send();
    } catch (error) {
      const code = codeOf(error);
      this.#maybe.clear();
      return code;
    }
    this.#maybe.clear();
    for (const [name, next] of after(answer)) this.#keys.set(name, next);
    return undefined;
  }

  /** Runs one command. Throws `NoAnswer`, or an AssertionError where S3 is not as the model. */
  async run(s3: S3Client, versioning: Versioning, contest: Contest, step: Command): Promise<void> {
    switch (step.do) {
      case 'put':
        return this.#put(s3, versioning, step.key, step.size, step.tag);
      case 'put if':
        return this.#putIf(s3, versioning, step.key, step.when);
      case 'get':
        return this.#get(s3, step.key, step.v, step.range);
      case 'copy':
        return this.#copy(s3, versioning, step.from, step.v, step.key);
      case 'delete':
        return this.#delete(s3, versioning, step.key);
      case 'delete version':
        return this.#deleteVersion(s3, step.key, step.v);
      case 'delete many':
        return this.#deleteMany(s3, versioning, step.keys);
      case 'multipart':
        return this.#multipart(s3, versioning, step);
      case 'tag':
        return this.#tag(s3, step.key, step.v, step.tag);
      case 'list':
        return this.#list(s3, step);
      case 'list versions':
        return this.#listVersions(s3, step.page);
      case 'contest':
        return this.#contest(s3, contest, step.number);
    }
  }

  #target(name: string) {
    return { Bucket: this.bucket, Key: this.#prefix + name };
  }

  async #put(
    s3: S3Client,
    versioning: Versioning,
    name: string,
    bytes: number,
    label?: string,
  ): Promise<void> {
    const body = this.#newBody(bytes);
    const Tagging = label === undefined ? undefined : `colour=${encodeURIComponent(label)}`;
    const input = { ...this.#target(name), Body: contentOf(body), Tagging };
    const version = { parts: [body], etag: etagOf(body), tag: label };
    const refusal = await this.#change(
      () => s3.send(new PutObjectCommand(input)),
      answer => [[name, added(this.#of(name), versioning, { ...version, id: answer?.VersionId })]],
    );
    assert.equal(refusal, undefined);
  }

  async #putIf(s3: S3Client, versioning: Versioning, name: string, when: 'absent' | 'current' | 'other') {
    const body = this.#newBody(50);
    const before = current(this.#of(name));
    const condition =
      when === 'absent'
        ? { IfNoneMatch: '*' }
        : { IfMatch: when === 'current' && before ? before.etag! : '"00000000000000000000000000000000"' };
    const expected =
      when === 'absent'
        ? before && 'PreconditionFailed'
        : before === undefined
          ? 'NoSuchKey'
          : when === 'other'
            ? 'PreconditionFailed'
            : undefined;
    const input = { ...this.#target(name), Body: contentOf(body), ...condition };
    const refusal = await this.#change(
      () => s3.send(new PutObjectCommand(input)),
      answer =>
        expected
          ? []
          : [
              [
                name,
                added(this.#of(name), versioning, {
                  parts: [body],
                  etag: etagOf(body),
                  id: answer?.VersionId,
                }),
              ],
            ],
    );
    assert.equal(refusal, expected);
  }

  /** The version that a number stands for, and its id; the current one without an id for 0. */
  #choose(name: string, choice: number): { version: ModelVersion | undefined; id: string | undefined } {
    const versions = this.#of(name);
    if (choice === 0) return { version: versions[0], id: undefined };
    const version = versions[choice - 1];
    return { version, id: version ? version.id : '0'.repeat(32) };
  }

  async #get(s3: S3Client, name: string, choice: number, range: [number, number] | undefined): Promise<void> {
    const { version, id } = this.#choose(name, choice);
    const whole = version?.parts && wholeOf(version);
    const [from, length] = range ?? [0, 0];
    const expected = !version
      ? id === undefined
        ? 'NoSuchKey'
        : 'NoSuchVersion'
      : !whole
        ? id === undefined
          ? 'NoSuchKey'
          : 'MethodNotAllowed'
        : range && from >= whole.length
          ? 'InvalidRange'
          : undefined;
    const Range = range && `bytes=${from}-${from + length}`;
    let refusal: string | undefined;
    let bytes: Uint8Array | undefined;
    let etag: string | undefined;
    try {
      const answer = await s3.send(new GetObjectCommand({ ...this.#target(name), VersionId: id, Range }));
      bytes = await received(answer.Body!.transformToByteArray());
      etag = answer.ETag;
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      refusal = codeOf(error);
    }
    assert.equal(refusal, expected);
    if (expected !== undefined) return;
    assert.equal(etag, version!.etag);
    const wanted = range ? whole!.subarray(from, from + length + 1) : whole!;
    assert.ok(wanted.equals(bytes!), `${name} has ${bytes!.length} bytes that are not those written`);
  }

  async #copy(s3: S3Client, versioning: Versioning, from: string, choice: number, to: string): Promise<void> {
    const { version, id } = this.#choose(from, choice);
    // The current version is not copied onto itself: without a change that is refused.
    if (!version?.parts || (from === to && choice <= 1)) return;
    const source = `${this.bucket}/${encodeURIComponent(this.#prefix + from)}`;
    const input = {
      ...this.#target(to),
      CopySource: id === undefined ? source : `${source}?versionId=${id}`,
    };
    const refusal = await this.#change(
      () => s3.send(new CopyObjectCommand(input)),
      answer => {
        const copy: ModelVersion = { parts: version.parts!, tag: version.tag, id: answer?.VersionId };
        const etag = answer?.CopyObjectResult?.ETag;
        return [[to, added(this.#of(to), versioning, etag === undefined ? copy : { ...copy, etag })]];
      },
    );
    assert.equal(refusal, undefined);
  }

  async #delete(s3: S3Client, versioning: Versioning, name: string): Promise<void> {
    const refusal = await this.#change(
      () => s3.send(new DeleteObjectCommand(this.#target(name))),
      answer => [[name, deleted(this.#of(name), versioning, answer?.VersionId)]],
    );
    assert.equal(refusal, undefined);
  }

  async #deleteVersion(s3: S3Client, name: string, choice: number): Promise<void> {
    const { version, id = 'null' } = this.#choose(name, choice + 1);
    const refusal = await this.#change(
      () => s3.send(new DeleteObjectCommand({ ...this.#target(name), VersionId: id })),
      () => [[name, this.#of(name).filter(each => each !== version)]],
    );
    assert.equal(refusal, undefined);
  }

  async #deleteMany(s3: S3Client, versioning: Versioning, names: readonly string[]): Promise<void> {
    const Objects = names.map(name => ({ Key: this.#prefix + name }));
    const refusal = await this.#change(
      async () => {
        const answer = await s3.send(new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects } }));
        assert.deepEqual(answer.Errors ?? [], []);
        return answer;
      },
      answer =>
        names.map(name => {
          const done = answer?.Deleted?.find(each => each.Key === this.#prefix + name);
          return [name, deleted(this.#of(name), versioning, done?.DeleteMarkerVersionId)];
        }),
    );
    assert.equal(refusal, undefined);
  }

  async #multipart(
    s3: S3Client,
    versioning: Versioning,
    { key: name, sent, large, end }: Command & { do: 'multipart' },
  ): Promise<void> {
    const target = this.#target(name);
    const { UploadId } = await received(s3.send(new CreateMultipartUploadCommand(target)));
    const numbers = [...new Set(sent)].sort((a, b) => a - b);
    const parts = new Map<number, { body: Body; ETag: string }>();
    for (const [index, PartNumber] of sent.entries()) {
      const body = this.#newBody(large && PartNumber !== numbers.at(-1) ? PART : 100 + index);
      const part = { ...target, UploadId, PartNumber, Body: contentOf(body) };
      const { ETag } = await received(s3.send(new UploadPartCommand(part)));
      parts.set(PartNumber, { body, ETag: ETag! });
    }
    const listing = await received(s3.send(new ListPartsCommand({ ...target, UploadId })));
    assert.deepEqual(
      (listing.Parts ?? []).map(part => [part.PartNumber, part.ETag]),
      numbers.map(number => [number, parts.get(number)!.ETag]),
    );
    if (end === 'abort') {
      await received(s3.send(new AbortMultipartUploadCommand({ ...target, UploadId })));
      return;
    }
    const order = end === 'disorder' ? [...numbers].reverse() : numbers;
    const bodies = order.map(number => parts.get(number)!.body);
    const expected =
      numbers.length === 1
        ? undefined
        : end === 'disorder'
          ? 'InvalidPartOrder'
          : large
            ? undefined
            : 'EntityTooSmall';
    const Parts = order.map(PartNumber => ({ PartNumber, ETag: parts.get(PartNumber)!.ETag }));
    const version = { parts: bodies, etag: multipartEtagOf(bodies) };
    const refusal = await this.#change(
      () => s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } })),
      answer =>
        expected ? [] : [[name, added(this.#of(name), versioning, { ...version, id: answer?.VersionId })]],
    );
    assert.equal(refusal, expected);
  }

  async #tag(s3: S3Client, name: string, choice: number, label: string): Promise<void> {
    const { version, id } = this.#choose(name, choice);
    if (!version?.parts) return;
    const Tagging = { TagSet: [{ Key: 'colour', Value: label }] };
    const refusal = await this.#change(
      () => s3.send(new PutObjectTaggingCommand({ ...this.#target(name), VersionId: id, Tagging })),
      () => [[name, this.#of(name).map(each => (each === version ? { ...each, tag: label } : each))]],
    );
    assert.equal(refusal, undefined);
  }

  async #list(s3: S3Client, step: Command & { do: 'list' }): Promise<void> {
    const names = [...this.#keys]
      .filter(([, versions]) => current(versions))
      .map(([name]) => this.#prefix + name);
    const prefix = this.#prefix + step.prefix;
    const after = step.after === undefined ? undefined : this.#prefix + step.after;
    const expected = listed(names, { prefix, delimiter: step.delimiter, after });
    const common = { Bucket: this.bucket, Prefix: prefix, Delimiter: step.delimiter, MaxKeys: step.page };
    const found = { keys: [] as string[], prefixes: [] as string[] };
    let token: string | undefined;
    for (let more = true, first = true; more; first = false) {
      const answer: ListPage =
        step.api === 1
          ? await received(s3.send(new ListObjectsCommand({ ...common, Marker: token ?? after })))
          : await received(
              s3.send(
                new ListObjectsV2Command({
                  ...common,
                  ...(first ? { StartAfter: after } : { ContinuationToken: token }),
                }),
              ),
            );
      const { Contents = [], CommonPrefixes = [] } = answer;
      found.keys.push(...Contents.map(each => each.Key!));
      found.prefixes.push(...CommonPrefixes.map(each => each.Prefix!));
      more = answer.IsTruncated!;
      if (more)
        assert.equal(Contents.length + CommonPrefixes.length, step.page, 'a page before the last is full');
      token = answer.NextContinuationToken ?? answer.NextMarker ?? Contents.at(-1)?.Key;
    }
    assert.deepEqual(found, expected);
  }

  async #versions(s3: S3Client, MaxKeys: number): Promise<[key: string, id: string, marker: boolean][]> {
    const found: [string, string, boolean][] = [];
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (let more = true; more; ) {
      const input = { Bucket: this.bucket, Prefix: this.#prefix, MaxKeys, ...markers };
      const answer = await received(s3.send(new ListObjectVersionsCommand(input)));
      const { Versions = [], DeleteMarkers = [] } = answer;
      assert.ok(Versions.length + DeleteMarkers.length <= MaxKeys);
      // The SDK parts what stood in one order; within a page the times and the newest of each key are left.
      for (const { Key, VersionId } of Versions) found.push([Key!, VersionId!, false]);
      for (const { Key, VersionId } of DeleteMarkers) found.push([Key!, VersionId!, true]);
      markers = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
      more = answer.IsTruncated!;
    }
    return found;
  }

  async #listVersions(s3: S3Client, pageSize: number): Promise<void> {
    const expected = [...this.#keys].flatMap(([name, versions]) =>
      versions.map(({ id, parts }) => [this.#prefix + name, id, parts === undefined]),
    );
    const text = (rows: unknown[][]) => rows.map(row => row.join(' | ')).sort();
    assert.deepEqual(text(await this.#versions(s3, pageSize)), text(expected));
  }

  async #contest(s3: S3Client, { tried, won }: Contest, number: number): Promise<void> {
    const Key = `contested/${number}`;
    const body = this.#newBody(1000);
    tried.set(Key, (tried.get(Key) ?? new Set()).add(body));
    try {
      const input = { Bucket: this.bucket, Key, Body: contentOf(body), IfNoneMatch: '*' };
      await s3.send(new PutObjectCommand(input));
    } catch (error) {
      const code = codeOf(error);
      assert.ok(['PreconditionFailed', 'ConditionalRequestConflict'].includes(code), code);
      return;
    }
    won.set(Key, [...(won.get(Key) ?? []), body]);
  }

  /** Everything that can be seen of this client's keys is as the model has it; what had no answer is settled. */
  async compare(s3: S3Client): Promise<void> {
    const rows = await this.#versions(s3, 1000);
    const seen = new Map<string, { id: string; marker: boolean }[]>();
    for (const [full, id, marker] of rows) {
      const name = full.slice(this.#prefix.length);
      seen.set(name, [...(seen.get(name) ?? []), { id, marker }]);
    }
    for (const name of new Set([...this.#keys.keys(), ...this.#maybe.keys(), ...seen.keys()])) {
      const ids = new Set((seen.get(name) ?? []).map(({ id }) => id));
      const possible = [this.#of(name), this.#maybe.get(name)].filter(each => each !== undefined);
      const found: unknown[] = [];
      let held: ModelKey | undefined;
      for (const candidate of possible) {
        const named = nameUnknown(candidate, ids);
        const difference = named ? await this.#differs(s3, name, named, ids) : 'other versions';
        if (difference === undefined) held = named;
        else found.push(difference);
      }
      assert.ok(held, `${name} has versions ${[...ids]} but ${found}, of ${JSON.stringify(possible)}`);
      this.#keys.set(name, held);
    }
    this.#maybe.clear();
    await this.#listVersions(s3, 1000);
  }

  /** How a key differs from what it may be; nothing where it does not. */
  async #differs(
    s3: S3Client,
    name: string,
    versions: ModelKey,
    ids: Set<string>,
  ): Promise<string | undefined> {
    if (versions.length !== ids.size || !versions.every(({ id }) => ids.has(id!))) return 'other versions';
    const newest = await s3.send(new GetObjectCommand(this.#target(name))).catch(codeOf);
    if (typeof newest === 'string') {
      if (newest !== 'NoSuchKey' || current(versions)) return `the current one answers ${newest}`;
    } else {
      await newest.Body!.transformToByteArray();
      if (!current(versions)) return 'there is a current one';
      if ((newest.VersionId ?? 'null') !== versions[0]!.id) return 'another is current';
    }
    for (const version of versions) {
      const input = { ...this.#target(name), VersionId: version.id };
      const answer = await s3.send(new GetObjectCommand(input)).catch(codeOf);
      if (typeof answer === 'string') {
        if (answer === 'MethodNotAllowed' && !version.parts) continue;
        return `${version.id} answers ${answer}`;
      }
      const bytes = await answer.Body!.transformToByteArray();
      if (!version.parts || !wholeOf(version).equals(bytes)) return `${version.id} has another body`;
      if (version.etag !== undefined && answer.ETag !== version.etag) return `${version.id} has another ETag`;
      const { TagSet } = await s3.send(new GetObjectTaggingCommand(input));
      if (TagSet![0]?.Value !== version.tag) return `${version.id} has another tag`;
    }
    return undefined;
  }
}

/** Gives a version without an id the one that nobody else has; nothing where there is none such. */
function nameUnknown(versions: ModelKey, ids: ReadonlySet<string>): ModelKey | undefined {
  const known = new Set(versions.map(({ id }) => id));
  const left = [...ids].filter(id => !known.has(id));
  const unknown = versions.filter(({ id }) => id === undefined);
  if (unknown.length !== left.length || unknown.length > 1) return undefined;
  return versions.map(version => (version.id === undefined ? { ...version, id: left[0] } : version));
}

/** An answer, or `NoAnswer`: for requests that cannot be refused. */
async function received<T>(answer: Promise<T>): Promise<T> {
  return answer.catch(error => assert.fail(`refused: ${codeOf(error)}`));
}
