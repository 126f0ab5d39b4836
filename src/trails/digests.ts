/** Digest files: what log files were delivered, signed ("CloudTrail digest file structure", CloudTrail User Guide). */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { HOUR_MS } from '../core/time.js';
import type { Row } from '../store/tables.js';
import type { DigestKeys } from './digest-keys.js';
import { digestKey, secondsText } from './file-names.js';
import { LogRefused, type LogStore } from './log-store.js';
import { type DigestChain, isLogging, type LogFile, type Trail, tables, trailArn } from './records.js';
import { noteIn, type Trails } from './trails.js';

/** Log files of one digest at most. */
const MOST_FILES = 10_000;
/** "CloudTrail digest files are delivered every hour." */
const EVERY = HOUR_MS;

interface DigestPorts {
  readonly trails: Trails;
  readonly keys: DigestKeys;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Each log file is in one digest, and each digest but the first names the one before. One process of all may do it. */
export class Digests {
  readonly #ports: DigestPorts;

  constructor(ports: DigestPorts) {
    this.#ports = ports;
  }

  /** Writes the digests that are due. What fails is noted with its trail, and tried again by the next call. */
  async run(signal: AbortSignal): Promise<void> {
    for (const trail of await this.#ports.trails.all()) {
      if (signal.aborted) return;
      await this.#ofTrail(trail).catch(async error => {
        const code = error instanceof LogRefused ? error.code : 'InternalError';
        this.#ports.log.warn('a digest could not be delivered', {
          trail: trailArn(trail),
          error: String(error),
        });
        await this.#ports.trails.note(trail, { digestError: code });
      });
    }
  }

  async #ofTrail(trail: Trail): Promise<void> {
    const { store } = this.#ports.trails;
    const files = await store.list(tables.files, [trail.id]);
    const chains = new Map<string, DigestChain>();
    for (const { parts, value } of await store.list(tables.chains, [trail.id])) {
      chains.set(String(parts[1]), value);
    }
    const since = chainStart(trail);
    const regions = new Set([...files.map(({ parts }) => String(parts[1])), ...chains.keys()]);
    if (since !== undefined) regions.add(trail.region);
    const first = { end: since ?? this.#ports.clock.now() - EVERY };
    for (const region of regions) {
      const own = files.filter(({ parts }) => parts[1] === region);
      await this.#ofRegion(trail, region, chains.get(region) ?? first, own);
    }
  }

  /**
   * "When you disable log file integrity validation, the chain of digest files is broken after one hour", and where
   * nothing is logged too: what was delivered by then has a digest.
   */
  async #ofRegion(
    trail: Trail,
    region: string,
    chain: DigestChain,
    files: readonly Row<LogFile>[],
  ): Promise<void> {
    const { trails, clock } = this.#ports;
    const now = clock.now();
    if (!chain.under && Math.abs(now - chain.end) < EVERY) return;
    if (!chain.under && files.length === 0 && chainStart(trail) === undefined) {
      await trails.about(trail, transaction => transaction.delete(tables.chains, trail.id, region));
      return;
    }
    const keys = files.slice(0, MOST_FILES).map(({ value }) => value.key);
    const under = chain.under ?? { end: now, files: keys };
    if (!chain.under) await this.#store(trail, region, { ...chain, under });
    const named = new Set(under.files);
    const rows = files.filter(({ value }) => named.has(value.key));
    const values = rows.map(({ value }) => value);
    const latest = await this.#write(trail, region, chain, under.end, values);
    await trails.about(trail, async transaction => {
      transaction.put(tables.chains, [trail.id, region], { end: under.end, latest });
      for (const { parts } of rows) transaction.delete(tables.files, ...parts);
      await noteIn(transaction, trail, { digestDelivered: now, digestError: undefined });
    });
  }

  async #store(trail: Trail, region: string, chain: DigestChain): Promise<void> {
    await this.#ports.trails.about(trail, transaction =>
      transaction.put(tables.chains, [trail.id, region], chain),
    );
  }

  async #write(trail: Trail, region: string, chain: DigestChain, end: number, files: readonly LogFile[]) {
    const { keys, logs } = this.#ports;
    const { bucket, keyArn, account, partition } = trail;
    const key = digestKey(trail, region, end);
    const fingerprint = await keys.current(region);
    const digest = digestOf(trail, chain, { bucket, key, end, fingerprint, files });
    const text = JSON.stringify(digest);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const previous = chain.latest?.signature ?? 'null';
    const signature = await keys.sign(
      region,
      fingerprint,
      `${digest.digestEndTime}\n${bucket}/${key}\n${sha256}\n${previous}`,
    );
    await logs.put({
      trail: { arn: trailArn(trail), account, partition },
      bucket,
      key,
      body: gzipSync(text),
      metadata: { signature, 'signature-algorithm': ALGORITHM },
      keyId: keyArn,
    });
    return { bucket, key, sha256, signature };
  }
}

const ALGORITHM = 'SHA256withRSA';

/** Since when there are digests; `undefined` where there are to be none. */
function chainStart(trail: Trail): number | undefined {
  if (trail.validatedSince === undefined || !isLogging(trail)) return undefined;
  return Math.max(trail.validatedSince, trail.times.at(-1)!.from);
}

interface NewDigest {
  readonly bucket: string;
  readonly key: string;
  readonly end: number;
  readonly fingerprint: string;
  readonly files: readonly LogFile[];
}

function digestOf(trail: Trail, chain: DigestChain, { bucket, key, end, fingerprint, files }: NewDigest) {
  const { latest } = chain;
  const oldest = files.map(file => file.oldest).sort()[0] ?? null;
  const newest =
    files
      .map(file => file.newest)
      .sort()
      .at(-1) ?? null;
  return {
    awsAccountId: trail.account,
    digestStartTime: secondsText(Math.min(chain.end, end)),
    digestEndTime: secondsText(end),
    digestS3Bucket: bucket,
    digestS3Object: key,
    digestPublicKeyFingerprint: fingerprint,
    digestSignatureAlgorithm: ALGORITHM,
    newestEventTime: newest,
    oldestEventTime: oldest,
    previousDigestS3Bucket: latest?.bucket ?? null,
    previousDigestS3Object: latest?.key ?? null,
    previousDigestHashValue: latest?.sha256 ?? null,
    previousDigestHashAlgorithm: latest ? 'SHA-256' : null,
    previousDigestSignature: latest?.signature ?? null,
    logFiles: files.map(file => ({
      s3Bucket: file.bucket,
      s3Object: file.key,
      hashValue: file.sha256,
      hashAlgorithm: 'SHA-256',
      newestEventTime: file.newest,
      oldestEventTime: file.oldest,
    })),
  };
}
