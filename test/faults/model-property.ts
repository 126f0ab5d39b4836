/** Random work of several clients against the model of S3, while what they work with fails. */
import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { systemClock } from '../../src/core/clock.js';
import { type Contest, NoAnswer, Worker } from './s3-commands.js';
import { contentOf, type Versioning } from './s3-model.js';
import { type Command, command } from './s3-steps.js';
import type { ServerProcess } from './server-process.js';
import { clientOf, openCast, Session } from './session.js';

const CLIENTS = 3;

/** What is compared with the model: a server, or several that are to be as one. */
export interface Subject {
  /** As it is since it last failed. */
  readonly server: Pick<ServerProcess, 'endpoint' | 'credentials'>;
  /** Fails while requests are under way; `kind`: any number, for those that fail in several ways. */
  fail(kind: number): Promise<void>;
  /** After `fail`, once no request is under way: resolves when requests are answered and nothing can happen late. */
  recover(): Promise<void>;
}

interface Client {
  readonly worker: Worker;
  readonly session: Session;
}

/** What the clients do at the same time, and what fails after so many of their requests. */
interface Phase {
  readonly versioning: Exclude<Versioning, undefined> | 'as it is';
  readonly work: readonly (readonly Command[])[];
  readonly failure: { readonly after: number; readonly kind: number } | undefined;
}

const failure = fc.record({ after: fc.nat(50), kind: fc.nat(1000) });
const phaseOf = (weight: number): fc.Arbitrary<Phase> =>
  fc.record({
    versioning: fc.constantFrom('as it is' as const, 'Enabled' as const, 'Suspended' as const),
    work: fc.array(fc.array(command, { maxLength: 25, size: '+1' }), {
      minLength: CLIENTS,
      maxLength: CLIENTS,
    }),
    failure: fc.oneof(fc.constant(undefined), { weight, arbitrary: failure }),
  });

interface RunOptions {
  /** How many sequences. */
  readonly runs: number;
  /** After so many, no further sequence is tried. */
  readonly minutes: number;
  /** How many phases something fails in, for each one in which nothing does. */
  readonly failing: number;
  /** Of a sequence that failed: which. */
  readonly seed: string | undefined;
  readonly path: string | undefined;
}

/** Throws where what clients see is not as the model; the message has the seed, the path and the shortest sequence. */
export async function checkModel(
  subject: Subject,
  { runs, minutes, failing, seed, path }: RunOptions,
): Promise<void> {
  let buckets = 0;
  const cast = await openCast(subject.server);
  const phases = fc.array(phaseOf(failing), { minLength: 1, maxLength: 5 });
  const end = systemClock.now() + minutes * 60_000;
  const property = fc.asyncProperty(fc.boolean(), phases, async (locks, all) => {
    if (systemClock.now() > end) return;
    const Bucket = `model-${++buckets}`;
    const asRoot = () => clientOf(subject.server, subject.server.credentials);
    await asRoot().send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: locks }));
    const clients = Array.from({ length: CLIENTS }, (_, number) => ({
      worker: new Worker(number, Bucket, locks),
      session: new Session(cast, Bucket),
    }));
    for (const { session } of clients) await session.connect(subject.server);
    const contest: Contest = { tried: new Map(), won: new Map() };
    let versioning: Versioning = locks ? 'Enabled' : undefined;
    for (const each of all) {
      if (each.versioning !== 'as it is')
        versioning = await setVersioning(asRoot(), Bucket, locks, each.versioning);
      await runPhase(subject, clients, each, versioning, contest);
      for (const { worker, session } of clients) {
        await worker.compare(session.s3);
        await session.compare();
      }
      await compareContest(asRoot(), Bucket, contest);
    }
    for (const { session } of clients) session.s3.destroy();
  });
  await fc.assert(property, {
    numRuns: runs,
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(path !== undefined && { path }),
  });
}

async function runPhase(
  subject: Subject,
  clients: readonly Client[],
  { work, failure }: Phase,
  versioning: Versioning,
  contest: Contest,
): Promise<void> {
  let done = 0;
  let failed: Promise<void> | undefined;
  const fail = ({ kind }: NonNullable<Phase['failure']>) => (failed ??= subject.fail(kind));
  // Every request counts once it was answered, so that a failure meets the others' requests wherever they are.
  const count = () => {
    if (failure && done++ >= failure.after) void fail(failure);
  };
  const results = await Promise.allSettled(
    clients.map(async ({ worker, session }, index) => {
      session.answered = count;
      for (const step of work[index]!) await worker.run(session, versioning, contest, step);
    }),
  );
  for (const { session } of clients) session.answered = () => undefined;
  const wasFelt = failed !== undefined;
  if (failure) {
    await fail(failure);
    await subject.recover();
    for (const { session } of clients) await session.connect(subject.server);
  }
  for (const result of results) {
    if (result.status === 'rejected' && !(wasFelt && result.reason instanceof NoAnswer)) throw result.reason;
  }
}

/** Sets a bucket's versioning where that may be done; answers what it is then. */
async function setVersioning(
  s3: S3Client,
  Bucket: string,
  locks: boolean,
  Status: 'Enabled' | 'Suspended',
): Promise<Versioning> {
  const refused = locks && Status === 'Suspended';
  const setting = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } });
  if (refused) await assert.rejects(s3.send(setting), { name: 'InvalidBucketState' });
  else await s3.send(setting);
  return refused ? 'Enabled' : Status;
}

/** Each contested key is held by one who tried. At most one was answered that it made the key: then it holds it. */
async function compareContest(s3: S3Client, bucket: string, { tried, won }: Contest): Promise<void> {
  for (const [Key, bodies] of tried) {
    const winners = won.get(Key) ?? [];
    assert.ok(winners.length <= 1, `${winners.length} clients were answered that they made ${Key}`);
    const answer = await s3
      .send(new GetObjectCommand({ Bucket: bucket, Key }))
      .catch((error: Error) => assert.equal(error.name, 'NoSuchKey'));
    const bytes = answer && (await answer.Body!.transformToByteArray());
    const holder = bytes && [...bodies].find(body => contentOf(body).equals(bytes));
    assert.ok(bytes === undefined || holder, `${Key} holds what no client wrote`);
    if (winners.length === 1) assert.equal(holder, winners[0]);
  }
}
