/** Long work of callers who may do it: others have their turn in between. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { IAMClient, SimulateCustomPolicyCommand } from '@aws-sdk/client-iam';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Victim } from './victim.js';

/** Units of work in one turn of the event loop (see `Victim.longestTurn`). */
const LONGEST = 100;

let victim: Victim;

before(async () => {
  victim = await Victim.start();
  await victim.s3.send(new CreateBucketCommand({ Bucket: 'own' }));
});
after(() => victim.stop());

async function longestDuring(work: () => Promise<unknown>): Promise<number> {
  await victim.longestTurn();
  await work();
  return victim.longestTurn();
}

async function atOnce(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

test('a thousand keys', async t => {
  const Objects = Array.from({ length: 1000 }, (_, i) => ({ Key: `k${i}` }));
  const { s3 } = victim;
  const longest = await longestDuring(() =>
    s3.send(new DeleteObjectsCommand({ Bucket: 'own', Delete: { Objects } })),
  );
  t.diagnostic(`${longest} units of work in one turn`);
  assert.ok(longest < LONGEST, `${longest} units of work in one turn`);
});

test('parts without end', { timeout: 300_000 }, async t => {
  const { s3 } = victim;
  await s3.send(new PutObjectCommand({ Bucket: 'own', Key: 'source', Body: Buffer.alloc(5 * 1024 * 1024) }));
  for (const end of ['complete', 'abort']) {
    const at = { Bucket: 'own', Key: end };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
    const Parts: { PartNumber: number; ETag: string }[] = [];
    await atOnce(Number(process.env['KARIKAGI_ABUSE_PARTS'] ?? 200), async i => {
      const part = { ...at, UploadId, PartNumber: i + 1 };
      const source = { CopySource: 'own/source', CopySourceRange: 'bytes=0-5242879' };
      const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...part, ...source }));
      Parts[i] = { PartNumber: i + 1, ETag: CopyPartResult!.ETag! };
    });
    const ending =
      end === 'complete'
        ? () => s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
        : () => s3.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
    const longest = await longestDuring(ending);
    t.diagnostic(`${end}: ${longest} units of work in one turn`);
    assert.ok(longest < LONGEST, `${longest} units of work in one turn`);
  }
});

test('pairs of actions and resources', async t => {
  const { endpoint, credentials } = victim.server;
  const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials });
  const Statement = Array.from({ length: 30 }, (_, i) => ({
    Effect: 'Allow',
    Action: 's3:Get*',
    Resource: `arn:aws:s3:::b/*?${'a'.repeat(60 + i)}b*`,
  }));
  const longest = await longestDuring(() =>
    iam.send(
      new SimulateCustomPolicyCommand({
        PolicyInputList: [JSON.stringify({ Version: '2012-10-17', Statement })],
        ActionNames: Array.from({ length: 100 }, (_, i) => `s3:GetObject${i}`),
        ResourceArns: Array.from({ length: 20 }, (_, i) => `arn:aws:s3:::b/${'a'.repeat(500)}${i}`),
      }),
    ),
  );
  iam.destroy();
  t.diagnostic(`${longest} units of work in one turn`);
  assert.ok(longest < LONGEST, `${longest} units of work in one turn`);
});

test('buckets of an account', { timeout: 240_000 }, async t => {
  const { s3 } = victim;
  const count = Number(process.env['KARIKAGI_ABUSE_BUCKETS'] ?? 1000);
  await atOnce(count, i => s3.send(new CreateBucketCommand({ Bucket: `many-${i}` })));
  const longest = await longestDuring(() => s3.send(new ListBucketsCommand({})));
  t.diagnostic(`${longest} units of work in one turn`);
  assert.ok(longest < LONGEST, `${longest} units of work in one turn`);
});
