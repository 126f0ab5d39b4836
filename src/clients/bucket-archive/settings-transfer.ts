/** Reads and writes the settings of a bucket. */
import { isDeepStrictEqual } from 'node:util';
import { type PublicAccessBlockConfiguration, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { problemOf } from './archive.js';
import {
  type Circumstances,
  MEANWHILE,
  OWNERSHIP,
  PUBLIC_ACCESS_BLOCK,
  SETTINGS,
  type Setting,
} from './settings.js';

/** A setting that was not put, and why. */
export interface FailedSetting {
  readonly setting: string;
  readonly problem: string;
}

type Settings = Readonly<Record<string, unknown>>;

/** What is set of a bucket. Throws what S3 answers where the caller may not read a setting. */
export async function readSettings(s3: S3Client, bucket: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, { get }] of Object.entries(SETTINGS)) {
    const value = await get(s3, bucket).catch(ifNotSet);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/**
 * Makes a bucket ready for the versions of an archive: their lists count or not, and nothing becomes public before
 * everything is as it was. What is refused of it, `writeSettings` names.
 */
export async function prepareSettings(s3: S3Client, bucket: string, settings: Settings): Promise<void> {
  await change(s3, bucket, OWNERSHIP, settings['ownership'], {}).catch(() => undefined);
  const wanted = settings['publicAccessBlock'] as PublicAccessBlockConfiguration | undefined;
  const keepsOut = wanted?.BlockPublicAcls || wanted?.BlockPublicPolicy;
  // An earlier import that came to its end may be in use.
  if (!keepsOut && (await isSo(s3, bucket, PUBLIC_ACCESS_BLOCK, wanted))) return;
  await PUBLIC_ACCESS_BLOCK.put(s3, bucket, MEANWHILE as never, {}).catch(() => undefined);
}

/** Sets a bucket so, where it is not. Answers what could not be set, and why. */
export async function writeSettings(
  s3: S3Client,
  bucket: string,
  settings: Settings,
  circumstances: Circumstances,
): Promise<FailedSetting[]> {
  const failed: FailedSetting[] = [];
  for (const [setting, how] of Object.entries(SETTINGS)) {
    await change(s3, bucket, how, withDates(settings[setting]), circumstances).catch(error =>
      failed.push({ setting, problem: problemOf(error) }),
    );
  }
  return failed;
}

/** What is not set stays as it is, where there is no `remove`. */
async function change(
  s3: S3Client,
  bucket: string,
  setting: Setting,
  value: unknown,
  circumstances: Circumstances,
): Promise<void> {
  if (value === undefined && !setting.remove) return;
  if (await isSo(s3, bucket, setting, value)) return;
  if (value === undefined) await setting.remove!(s3, bucket);
  else await setting.put(s3, bucket, value as never, circumstances);
}

/** Also false where it may not be read. */
async function isSo(s3: S3Client, bucket: string, { get }: Setting, value: unknown): Promise<boolean> {
  const now = await get(s3, bucket)
    .catch(ifNotSet)
    .catch(() => 'unknown');
  return isDeepStrictEqual(asJson(now), asJson(value));
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** Of an S3 that does not know a setting, nothing is set. */
const NOT_SET = [404, 405, 501];

function ifNotSet(error: unknown): undefined {
  if (error instanceof S3ServiceException && NOT_SET.includes(error.$metadata.httpStatusCode ?? 0))
    return undefined;
  throw error;
}

/** The SDK wants the dates of rules as dates. */
function withDates(value: unknown): unknown {
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value), (name, member) =>
    name === 'Date' && typeof member === 'string' ? new Date(member) : member,
  );
}
