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
  type GetObjectCommandOutput,
  GetObjectTaggingCommand,
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { putByUrl, type VersionRow, versionPage } from './by-url.js';
import {
  added,
  type Body,
  contentOf,
  current,
  deleted,
  etagOf,
  inOrder,
  isLocked,
  listed,
  type ModelKey,
  type ModelVersion,
  mayRetain,
  multipartEtagOf,
  retainUntil,
  sliceOf,
  type Versioning,
  wholeOf,
} from './s3-model.js';
import type { Command, When } from './s3-steps.js';

/** The least that a part before the last may have. */
const PART = 5 * 1024 * 1024;
/** An ETag that nothing has. */
const OTHER = `"${'0'.repeat(32)}"`;

/** Keys that several clients want to make: who tried, and who was told to have succeeded. */
export interface Contest {
  readonly tried: Map<string, Set<Body>>;
  readonly won: Map<string, Body[]>;
}

/** As whom a client works. */
export interface Access {
  readonly s3: S3Client;
  /** Ends the session, looks that it has ended, and begins another. */
  endSession(): Promise<void>;
}

/** A request got no answer, or the one that it is not known whether it was done: something failed. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The name of an error that the server answered; throws `NoAnswer` where it did not answer, or cannot. */
export function codeOf(error: unknown): string {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
  if (error instanceof assert.AssertionError) throw error;
  const status = $metadata?.httpStatusCode;
  if (status === undefined || status === 503) throw new NoAnswer('no answer', { cause: error });
  return name;
}

/** A version, and the id that it is asked for by. */
interface Chosen {
  readonly version: ModelVersion | undefined;
  readonly id: string | undefined;
}

interface PartTarget {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
  readonly PartNumber: number;
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
    /** Whether the bucket has Object Lock. */
    readonly locks: boolean,
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
  async run(access: Access, versioning: Versioning, contest: Contest, step: Command): Promise<void> {
    const { s3 } = access;
    switch (step.do) {
      case 'put':
        return this.#put(s3, versioning, step);
      case 'put if':
        return this.#putIf(s3, versioning, step);
      case 'get':
        return this.#get(s3, step.key, step.v, step.range);
      case 'copy':
        return this.#copy(s3, versioning, step.from, step.v, step.key);
      case 'delete':
        return this.#delete(s3, versioning, step.key);
      case 'delete if':
        return this.#deleteIf(s3, versioning, step);
      case 'delete version':
        return this.#deleteVersion(s3, step);
      case 'delete many':
        return this.#deleteMany(s3, versioning, step.keys);
      case 'multipart':
        return this.#multipart(s3, versioning, step);
      case 'tag':
        return this.#tag(s3, step.key, step.v, step.tag);
      case 'retain':
        return this.#retain(s3, step);
      case 'hold':
        return this.#hold(s3, step);
      case 'list':
        return this.#list(s3, step);
      case 'list versions':
        return this.#listVersions(s3, step.page, step.drops);
      case 'contest':
        return this.#contest(s3, contest, step.number);
      case 'end session':
        return access.endSession();
    }
  }

  #target(name: string) {
    return { Bucket: this.bucket, Key: this.#prefix + name };
  }

  async #put(
    s3: S3Client,
    versioning: Versioning,
    { key: name, size, tag: label, lock }: Command & { do: 'put' },
  ): Promise<void> {
    const body = this.#newBody(size);
    const Tagging = label === undefined ? undefined : `colour=${encodeURIComponent(label)}`;
    const retention = lock && { mode: lock, day: 0 };
    const input = {
      ...this.#target(name),
      Body: contentOf(body),
      Tagging,
      ...(retention && { ObjectLockMode: lock, ObjectLockRetainUntilDate: retainUntil(retention) }),
    };
    const expected = lock && !this.locks ? 'InvalidRequest' : undefined;
    const version = { parts: [body], etag: etagOf(body), tag: label, retention };
    const refusal = await this.#change(
      () => s3.send(new PutObjectCommand(input)),
      answer =>
        expected ? [] : [[name, added(this.#of(name), versioning, { ...version, id: answer?.VersionId })]],
    );
    assert.equal(refusal, expected);
  }

  /** The headers of a write on condition, and how it is refused. */
  #condition(
    name: string,
    when: When,
  ): { headers: { IfMatch?: string; IfNoneMatch?: string }; expected: string | undefined } {
    const before = current(this.#of(name));
    if (when === 'absent') {
      return { headers: { IfNoneMatch: '*' }, expected: before && 'PreconditionFailed' };
    }
    const headers = { IfMatch: when === 'other' ? OTHER : (before?.etag ?? OTHER) };
    if (!before) return { headers, expected: 'NoSuchKey' };
    return { headers, expected: when === 'other' ? 'PreconditionFailed' : undefined };
  }

  async #putIf(
    s3: S3Client,
    versioning: Versioning,
    { key: name, when, presigned }: Command & { do: 'put if' },
  ): Promise<void> {
    const body = this.#newBody(50);
    const { headers, expected } = this.#condition(name, when);
    const Body = contentOf(body);
    const refusal = await this.#change(
      (): Promise<{ readonly VersionId?: string | undefined }> =>
        presigned
          ? putByUrl(s3, this.#target(name), Body, headers)
          : s3.send(new PutObjectCommand({ ...this.#target(name), Body, ...headers })),
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

  /** The key, or another where there are no versions of it: what needs one is not to go by too often. */
  #busy(name: string): string {
    if (this.#of(name).length > 0) return name;
    return [...this.#keys].find(([, versions]) => versions.length > 0)?.[0] ?? name;
  }

  /** The version that a number stands for, and its id; the current one without an id for 0. */
  #choose(name: string, choice: number): Chosen {
    const versions = this.#of(name);
    if (choice === 0) return { version: versions[0], id: undefined };
    const version = versions[choice - 1];
    return { version, id: version ? version.id : '0'.repeat(32) };
  }

  #source(name: string, id: string | undefined): string {
    const source = `${this.bucket}/${encodeURIComponent(this.#prefix + name)}`;
    return id === undefined ? source : `${source}?versionId=${id}`;
  }

  /** As `#choose`, but most numbers stand for a version that is there. */
  #chooseThere(name: string, choice: number): Chosen {
    const { length } = this.#of(name);
    return this.#choose(name, choice === 3 || length === 0 ? choice : 1 + (choice % length));
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
    const input = { ...this.#target(to), CopySource: this.#source(from, id) };
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

  async #deleteIf(
    s3: S3Client,
    versioning: Versioning,
    { key: wanted, v: choice, when }: Command & { do: 'delete if' },
  ): Promise<void> {
    const name = this.#busy(wanted);
    const { version, id } = this.#choose(name, choice);
    const IfMatch = when === 'other' ? OTHER : (version?.etag ?? '*');
    const expected = !version?.parts
      ? 'NoSuchKey'
      : when === 'other'
        ? 'PreconditionFailed'
        : id !== undefined && isLocked(version, false)
          ? 'AccessDenied'
          : undefined;
    const key = this.#of(name);
    const refusal = await this.#change(
      () => s3.send(new DeleteObjectCommand({ ...this.#target(name), VersionId: id, IfMatch })),
      answer => {
        if (expected) return [];
        const left = key.filter(each => each !== version);
        return [[name, id === undefined ? deleted(key, versioning, answer?.VersionId) : left]];
      },
    );
    assert.equal(refusal, expected);
  }

  async #deleteVersion(
    s3: S3Client,
    { key, v: choice, bypass }: Command & { do: 'delete version' },
    exactly?: string,
  ): Promise<void> {
    const name = exactly ?? this.#busy(key);
    const { version, id = 'null' } = exactly ? this.#choose(name, choice) : this.#chooseThere(name, choice);
    const expected = version && isLocked(version, bypass) ? 'AccessDenied' : undefined;
    const BypassGovernanceRetention = this.locks ? bypass : undefined;
    const input = { ...this.#target(name), VersionId: id, BypassGovernanceRetention };
    const refusal = await this.#change(
      () => s3.send(new DeleteObjectCommand(input)),
      () => (expected ? [] : [[name, this.#of(name).filter(each => each !== version)]]),
    );
    assert.equal(refusal, expected);
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
    { key: name, sent, large, copied, end, when, between }: Command & { do: 'multipart' },
  ): Promise<void> {
    const target = this.#target(name);
    const onto = current(this.#of(name));
    const { UploadId } = await received(s3.send(new CreateMultipartUploadCommand(target)));
    const numbers = [...new Set(sent)].sort((a, b) => a - b);
    const parts = new Map<number, { bodies: readonly Body[]; ETag: string }>();
    for (const [index, PartNumber] of sent.entries()) {
      const part = { ...target, UploadId, PartNumber };
      const copy = index === 0 && copied ? await this.#copyPart(s3, part, copied) : undefined;
      const bytes = large && PartNumber !== numbers.at(-1) ? PART : 100 + index;
      parts.set(PartNumber, copy ?? (await this.#sendPart(s3, part, bytes)));
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
    if (between === 'put') await this.#put(s3, versioning, { do: 'put', key: name, size: 10 });
    if (between === 'delete') await this.#delete(s3, versioning, name);
    const order = end === 'disorder' ? [...numbers].reverse() : numbers;
    const bodies = order.map(number => parts.get(number)!.bodies);
    const tooSmall = bodies.slice(0, -1).some(each => wholeOf({ parts: each }).length < PART);
    const condition = when && this.#condition(name, when);
    const expected =
      end === 'disorder' && numbers.length > 1
        ? 'InvalidPartOrder'
        : tooSmall
          ? 'EntityTooSmall'
          : (condition?.expected ??
            (condition && current(this.#of(name)) !== onto ? 'ConditionalRequestConflict' : undefined));
    const Parts = order.map(PartNumber => ({ PartNumber, ETag: parts.get(PartNumber)!.ETag }));
    const version = { parts: bodies.flat(), etag: multipartEtagOf(bodies) };
    const input = { ...target, UploadId, MultipartUpload: { Parts }, ...condition?.headers };
    const refusal = await this.#change(
      () => s3.send(new CompleteMultipartUploadCommand(input)),
      answer =>
        expected ? [] : [[name, added(this.#of(name), versioning, { ...version, id: answer?.VersionId })]],
    );
    assert.equal(refusal, expected);
  }

  async #sendPart(s3: S3Client, part: PartTarget, bytes: number) {
    const body = this.#newBody(bytes);
    const { ETag } = await received(s3.send(new UploadPartCommand({ ...part, Body: contentOf(body) })));
    assert.equal(ETag, etagOf(body));
    return { bodies: [body], ETag };
  }

  /** Copies a part; undefined where there are no bytes to copy. */
  async #copyPart(
    s3: S3Client,
    part: PartTarget,
    { from, v: choice, range }: NonNullable<(Command & { do: 'multipart' })['copied']>,
  ) {
    const { version, id } = this.#choose(from, choice);
    const whole = version?.parts && wholeOf(version);
    if (!whole?.length) return undefined;
    const first = range ? range[0] % whole.length : 0;
    const last = range ? Math.min(first + range[1], whole.length - 1) : whole.length - 1;
    const input = {
      ...part,
      CopySource: this.#source(from, id),
      ...(range && { CopySourceRange: `bytes=${first}-${last}` }),
    };
    const { CopyPartResult } = await received(s3.send(new UploadPartCopyCommand(input)));
    const bodies = sliceOf(version!.parts!, first, last + 1);
    const ETag = etagOf(...bodies);
    assert.equal(CopyPartResult!.ETag, ETag);
    return { bodies, ETag };
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

  /** How a change of a version's lock is refused for what it is of. */
  #lockRefusal({ version, id }: Chosen): string | undefined {
    if (!this.locks) return 'InvalidRequest';
    if (version?.parts) return undefined;
    // A delete marker, whether it is named or the newest.
    if (version) return 'MethodNotAllowed';
    return id === undefined ? 'NoSuchKey' : 'NoSuchVersion';
  }

  async #retain(
    s3: S3Client,
    { key, v: choice, mode, day, bypass }: Command & { do: 'retain' },
  ): Promise<void> {
    const name = this.#busy(key);
    const { version, id } = choice === 0 ? this.#choose(name, 0) : this.#chooseThere(name, choice);
    const retention = mode === 'none' ? undefined : { mode, day };
    const refused = version && !mayRetain(version.retention, retention, bypass) ? 'AccessDenied' : undefined;
    const expected = this.#lockRefusal({ version, id }) ?? refused;
    const input = {
      ...this.#target(name),
      VersionId: id,
      BypassGovernanceRetention: bypass,
      Retention: retention ? { Mode: retention.mode, RetainUntilDate: retainUntil(retention) } : {},
    };
    const refusal = await this.#change(
      () => s3.send(new PutObjectRetentionCommand(input)),
      () =>
        expected
          ? []
          : [[name, this.#of(name).map(each => (each === version ? { ...each, retention } : each))]],
    );
    assert.equal(refusal, expected);
  }

  async #hold(s3: S3Client, { key, v: choice, on }: Command & { do: 'hold' }): Promise<void> {
    const name = this.#busy(key);
    const { version, id } = choice === 0 ? this.#choose(name, 0) : this.#chooseThere(name, choice);
    const expected = this.#lockRefusal({ version, id });
    const LegalHold = { Status: on ? ('ON' as const) : ('OFF' as const) };
    const refusal = await this.#change(
      () => s3.send(new PutObjectLegalHoldCommand({ ...this.#target(name), VersionId: id, LegalHold })),
      () =>
        expected
          ? []
          : [[name, this.#of(name).map(each => (each === version ? { ...each, hold: on } : each))]],
    );
    assert.equal(refusal, expected);
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

  /** All versions, page by page. `afterFirst` is done once the first page is there; rows are those of the other pages. */
  async #versions(
    s3: S3Client,
    MaxKeys: number,
    afterFirst?: (rows: readonly VersionRow[]) => Promise<void>,
  ): Promise<VersionRow[]> {
    const found: VersionRow[] = [];
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (let more = true, first = true; more; first = false) {
      const input = { Bucket: this.bucket, Prefix: this.#prefix, MaxKeys, ...markers };
      const page = await received(versionPage(s3, input));
      assert.ok(page.rows.length <= MaxKeys);
      if (first && afterFirst) await afterFirst(page.rows);
      else found.push(...page.rows);
      markers = { KeyMarker: page.keyMarker, VersionIdMarker: page.idMarker };
      more = page.more;
    }
    return found;
  }

  /** What a listing of versions shows: by key, the newest first, of which the first is the latest. */
  #rows(): VersionRow[] {
    return [...this.#keys]
      .sort(([one], [other]) => inOrder(one, other))
      .flatMap(([name, versions]) =>
        versions.map(
          ({ id, parts }, index): VersionRow => [this.#prefix + name, id!, parts === undefined, index === 0],
        ),
      );
  }

  async #listVersions(s3: S3Client, pageSize: number, drops = false): Promise<void> {
    if (!drops) {
      assert.deepEqual(await this.#versions(s3, pageSize), this.#rows());
      return;
    }
    const shown = new Set<string>();
    const rest = await this.#versions(s3, pageSize, async rows => {
      assert.deepEqual(rows, this.#rows().slice(0, rows.length));
      for (const [full, id] of rows) {
        const key = full.slice(this.#prefix.length);
        shown.add(`${full} ${id}`);
        const v = 1 + this.#of(key).findIndex(version => version.id === id);
        await this.#deleteVersion(s3, { do: 'delete version', key, v, bypass: false }, key);
      }
    });
    const left = this.#rows().filter(([full, id]) => !shown.has(`${full} ${id}`));
    assert.deepEqual(rest, left);
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
      if (!hasLock(answer, version)) return `${version.id} has another lock`;
    }
    return undefined;
  }
}

function hasLock(answer: GetObjectCommandOutput, { retention, hold = false }: ModelVersion): boolean {
  const { ObjectLockMode, ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus } = answer;
  if ((ObjectLockLegalHoldStatus === 'ON') !== hold) return false;
  if (!retention) return ObjectLockMode === undefined;
  return (
    ObjectLockMode === retention.mode && Number(ObjectLockRetainUntilDate) === Number(retainUntil(retention))
  );
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
