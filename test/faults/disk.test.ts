/**
 * A disk that is full, that fails to sync, to read or to open, under a running server: clients get an honest error,
 * nothing half-written becomes visible, what was there stays readable, and all goes on once the disk does, without a
 * restart.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { CreateUserCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { scrub, systemClock } from '../../src/index.js';
import { without } from '../clients/run.js';
import { s3Of } from '../support/all-kinds.js';
import { scrape } from '../support/metrics.js';
import { until } from '../support/until.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

const Bucket = 'kept';
const SMALL = 1000;
const LARGE = 300_000;

suite('a failing disk', { skip: without('cc') }, () => {
  let home: string;
  let library: string;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-disk-'));
    library = join(home, 'disk-faults.so');
    const source = resolve(import.meta.dirname, '../../../test/faults/disk-faults.c');
    execFileSync('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source, '-ldl']);
  });

  after(() => rm(home, { recursive: true }));

  /** A server on a disk of its own, with an object of each size in it. */
  async function start(t: TestContext, more: readonly string[] = []) {
    const directory = await mkdtemp(join(home, 'server-'));
    const data = join(directory, 'data');
    const faults = join(directory, 'faults');
    await mkdir(faults);
    const environment = { LD_PRELOAD: library, DISK_FAULTS: faults };
    const server = await startServerProcess(data, ['--metrics-listen', '0', ...more], environment);
    /** Resolves once the server has seen whether its disk is full; it looks ten times a second. */
    const seen = (isFull: boolean) =>
      until(async () => ((await scrape(server.metrics!)).sum('karikagi_disk_free_bytes') === 0) === isFull);
    const fillsDisk = (fault: string, part: string) => fault === 'full' && part === data;
    const s3 = s3Of(server);
    t.after(async () => {
      s3.destroy();
      await server.kill();
    });
    await s3.send(new CreateBucketCommand({ Bucket }));
    const kept = new Map<string, Buffer>();
    const put = async (Key: string, size: number): Promise<void> => {
      const Body = randomBytes(size);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      kept.set(Key, Body);
    };
    await put('small', SMALL);
    await put('large', LARGE);
    return {
      data,
      server,
      s3,
      kept,
      put,
      /** From now on, calls on files whose path contains `part` fail. */
      async fail(fault: string, part: string): Promise<void> {
        await writeFile(join(faults, 'next'), part);
        await rename(join(faults, 'next'), join(faults, fault));
        if (fillsDisk(fault, part)) await seen(true);
      },
      async heal(fault: string): Promise<void> {
        await unlink(join(faults, fault));
        await seen(false);
      },
    };
  }

  async function bodyOf(s3: S3Client, Key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  }

  /** Exactly what was acknowledged is there, and whole. */
  async function check(s3: S3Client, kept: ReadonlyMap<string, Buffer>): Promise<void> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      [...kept.keys()].sort(),
    );
    for (const [key, body] of kept) assert.ok(body.equals(await bodyOf(s3, key)), key);
  }

  /** The directory stands a restart and a scrub, and nothing lies about in it. */
  async function checkStopped(
    { data, kept }: { readonly data: string; readonly kept: ReadonlyMap<string, Buffer> },
    server: ServerProcess,
  ): Promise<void> {
    assert.equal(await server.stop(), 0);
    assert.deepEqual(await readdir(join(data, 'blobs', 'tmp')), []);
    const { damaged, leftovers } = await scrub({ data, rootKeyFile: undefined }, systemClock);
    assert.deepEqual(damaged, []);
    assert.deepEqual(leftovers, { blobs: 0, bytes: 0, rows: 0 });
    const again = await startServerProcess(data);
    const s3 = s3Of(again);
    await check(s3, kept);
    s3.destroy();
    await again.stop();
  }

  const answered = (status: number) => (error: unknown) => {
    assert.ok(error instanceof S3ServiceException, String(error));
    assert.equal(error.name, 'InternalError');
    assert.equal(error.$metadata.httpStatusCode, status);
    if (status === 507) assert.equal(error.$response!.headers['retry-after'], '30');
    return true;
  };

  test('a full disk is answered with 507 and forgotten once there is room', async t => {
    const disk = await start(t);
    const { s3, server, put, fail, heal } = disk;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const part = { Bucket, Key: 'parts', UploadId };
    const iam = new IAMClient({ ...server, region: 'us-east-1', maxAttempts: 1 });
    t.after(() => iam.destroy());
    for (let round = 0; round < 3; round++) {
      await fail('full', disk.data);
      await assert.rejects(put('new', SMALL), answered(507));
      await assert.rejects(put('new', LARGE), answered(507));
      await assert.rejects(put('small', SMALL), answered(507));
      await assert.rejects(put('large', LARGE), answered(507));
      const upload = new UploadPartCommand({ ...part, PartNumber: 1, Body: randomBytes(LARGE) });
      await assert.rejects(s3.send(upload), answered(507));
      await assert.rejects(s3.send(new DeleteObjectCommand({ Bucket, Key: 'small' })), answered(507));
      await assert.rejects(iam.send(new CreateUserCommand({ UserName: 'new' })), (error: Error) => {
        assert.equal((error as S3ServiceException).$metadata.httpStatusCode, 507);
        return true;
      });
      await check(s3, disk.kept);
      assert.equal((await s3.send(new ListPartsCommand(part))).Parts, undefined);
      await assert.rejects(iam.send(new GetUserCommand({ UserName: 'new' })), {
        name: 'NoSuchEntityException',
      });
      await heal('full');
      await put(`after ${round}`, SMALL);
      await put('large', LARGE);
      await check(s3, disk.kept);
    }
    await s3.send(new AbortMultipartUploadCommand(part));
    await checkStopped(disk, server);
  });

  const committed = ['--workers', '3', '--commits', 'together'];
  for (const [fault, part, size, flags = []] of [
    ['sync', '/blobs/', LARGE],
    ['sync', '/kv/', SMALL],
    ['commit', '/kv/', SMALL],
    ['sync', '/kv/', SMALL, committed],
    ['commit', '/kv/', SMALL, committed],
    ['full', '/blobs/', LARGE],
    ['open', '/blobs/', LARGE],
  ] as const) {
    test(`writes ${flags.join(' ')} end with an error where ${fault} fails in ${part}, and go on afterwards`, async t => {
      const disk = await start(t, flags);
      const { s3, server, put, fail, heal } = disk;
      for (let round = 0; round < 3; round++) {
        await fail(fault, part);
        await assert.rejects(put('new', size), answered(fault === 'full' ? 507 : 500));
        const large = size === LARGE ? 'large' : 'small';
        await assert.rejects(put(large, size), answered(fault === 'full' ? 507 : 500));
        await heal(fault);
        await check(s3, disk.kept);
        await put(`after ${round}`, size);
        await check(s3, disk.kept);
      }
      await checkStopped(disk, server);
    });
  }

  for (const fault of ['read', 'open']) {
    test(`reads end with an error where ${fault} fails, and go on afterwards`, async t => {
      const disk = await start(t);
      const { s3, server, kept, fail, heal } = disk;
      for (let round = 0; round < 3; round++) {
        await fail(fault, '/blobs/');
        await assert.rejects(bodyOf(s3, 'large'), answered(500));
        assert.ok(kept.get('small')!.equals(await bodyOf(s3, 'small')));
        await heal(fault);
        await check(s3, kept);
      }
      await checkStopped(disk, server);
    });
  }
});

/** Bytes in files under a directory. */
async function sizeOf(directory: string): Promise<number> {
  const files = await readdir(directory, { recursive: true });
  const stats = await Promise.all(files.map(file => stat(join(directory, file))));
  return stats.filter(found => found.isFile()).reduce((sum, { size }) => sum + size, 0);
}

test('deleted bytes come back: files at once, pages of the store with what is written next', async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-room-'));
  const server = await startServerProcess(home);
  const s3 = s3Of(server);
  t.after(async () => {
    s3.destroy();
    await server.kill();
    await rm(home, { recursive: true });
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
  const [small, large] = [randomBytes(20_000), randomBytes(1_000_000)];
  const keys = Array.from({ length: 100 }, (_, index) => String(index));
  const sizes: number[] = [];
  for (let round = 0; round < 6; round++) {
    await Promise.all(keys.map(Key => s3.send(new PutObjectCommand({ Bucket, Key, Body: small }))));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'large', Body: large }));
    assert.ok((await sizeOf(join(home, 'blobs'))) > large.length);
    const Objects = [...keys, 'large'].map(Key => ({ Key }));
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    assert.equal(Errors, undefined);
    sizes.push((await stat(join(home, 'kv', 'data.mdb'))).size);
  }
  assert.equal(await server.stop(), 0);
  assert.equal(await sizeOf(join(home, 'blobs')), 0);
  const written = 6 * keys.length * small.length;
  assert.ok(sizes.at(-1)! < written / 2, `${sizes.at(-1)} bytes after ${written} were written and deleted`);
});
