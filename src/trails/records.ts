/** What is stored of trails and of what they deliver. Times in milliseconds since the epoch. */

import type { Selectors } from '../events/selection.js';
import type { Partition } from '../policy/types.js';
import { table } from '../store/tables.js';

export interface Trail {
  /** Of this trail alone: one of its name that is made later has another. */
  readonly id: string;
  readonly account: string;
  readonly partition: Partition;
  /** Its home region. */
  readonly region: string;
  readonly name: string;
  readonly bucket: string;
  /** Without a slash at its end. */
  readonly prefix?: string | undefined;
  /** The ARN of the key that its files are encrypted under; absent for SSE-S3. */
  readonly keyArn?: string | undefined;
  readonly globalServices: boolean;
  readonly multiRegion: boolean;
  /** Since when digest files are made. */
  readonly validatedSince?: number | undefined;
  /** Absent until somebody sets them. */
  readonly selectors?: Selectors | undefined;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** When it logs and logged, the latest last. */
  readonly times: readonly { readonly from: number; readonly to?: number | undefined }[];
}

/** How deliveries went. */
export interface TrailStatus {
  readonly delivered?: number | undefined;
  readonly deliveryError?: string | undefined;
  readonly digestDelivered?: number | undefined;
  readonly digestError?: string | undefined;
}

/** How far a source of events has been delivered. */
export interface Position {
  /** All before this place is delivered. */
  readonly done: number;
  /** What is being delivered, and the time in the names: a server that ends meanwhile writes the same again. */
  readonly under?: { readonly to: number; readonly at: number } | undefined;
}

/** A log file that no digest names yet. */
export interface LogFile {
  readonly bucket: string;
  readonly key: string;
  readonly sha256: string;
  readonly oldest: string;
  readonly newest: string;
}

/** A digest file that was delivered. */
interface Digest {
  readonly bucket: string;
  readonly key: string;
  /** Hexadecimal, of the text without its gzip. */
  readonly sha256: string;
  /** Hexadecimal. */
  readonly signature: string;
}

/** The digests of a trail in a region. */
export interface DigestChain {
  /** When the latest ended, or the first is to begin. */
  readonly end: number;
  readonly latest?: Digest | undefined;
  /** The digest that is being delivered: a server that ends meanwhile writes the same one again. */
  readonly under?: { readonly end: number; readonly files: readonly string[] } | undefined;
}

/** A pair of RSA keys of a region. */
export interface DigestKey {
  /** DER, PKCS #1. */
  readonly publicKey: Uint8Array;
  /** PKCS #8, sealed; absent once another key has taken its place. */
  readonly privateKey?: Uint8Array | undefined;
  readonly from: number;
  readonly to: number;
}

export const tables = {
  /** account, region, name */
  trails: table<Trail>('trail'),
  /** trail */
  statuses: table<TrailStatus>('status'),
  /** trail, source */
  positions: table<Position>('position'),
  /** trail, region, place in time and name */
  files: table<LogFile>('file'),
  /** trail, region */
  chains: table<DigestChain>('chain'),
  /** region, fingerprint */
  keys: table<DigestKey>('key'),
};

/** What a trail is called. */
export type TrailName = Pick<Trail, 'partition' | 'account' | 'region' | 'name'>;

export function trailArn({ partition, region, account, name }: TrailName): string {
  return `arn:${partition}:cloudtrail:${region}:${account}:trail/${name}`;
}

export function isLogging({ times }: Pick<Trail, 'times'>): boolean {
  const last = times.at(-1);
  return last !== undefined && last.to === undefined;
}
