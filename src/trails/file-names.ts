/** Where files go: "Finding your CloudTrail log files" and "CloudTrail digest file structure", User Guide. */
import { createHash } from 'node:crypto';
import type { Trail } from './records.js';

/** `2026-01-31T12:00:00Z` */
export function secondsText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** `20260131T120000Z` */
function compact(time: number): string {
  return secondsText(time).replace(/[-:]/g, '');
}

/** `folder`: `CloudTrail` or `CloudTrail-Digest`. */
function folderOf({ prefix, account }: Trail, folder: string, region: string, time: number): string {
  const day = secondsText(time).slice(0, 10).replaceAll('-', '/');
  return `${prefix ? `${prefix}/` : ''}AWSLogs/${account}/${folder}/${region}/${day}`;
}

/**
 * The key of a log file. `at`: when it was delivered. `about`: what tells it from all others; the same gives the same
 * key.
 */
export function logFileKey(trail: Trail, region: string, at: number, about: string): string {
  const hash = createHash('sha256').update(`${trail.id} ${region} ${about}`).digest('base64');
  const unique = hash.replace(/[+/=]/g, '').slice(0, 16);
  const name = `${trail.account}_CloudTrail_${region}_${compact(at).slice(0, 13)}Z_${unique}.json.gz`;
  return `${folderOf(trail, 'CloudTrail', region, at)}/${name}`;
}

/** The key of a digest file. `end`: of what it covers. */
export function digestKey(trail: Trail, region: string, end: number): string {
  const { account, name, region: home } = trail;
  const file = `${account}_CloudTrail-Digest_${region}_${name}_${home}_${compact(end)}.json.gz`;
  return `${folderOf(trail, 'CloudTrail-Digest', region, end)}/${file}`;
}

/** A key such as a trail's log files have: for whether they could be delivered. */
export function sampleKey({ prefix, account }: Pick<Trail, 'prefix' | 'account'>): string {
  return `${prefix ? `${prefix}/` : ''}AWSLogs/${account}/CloudTrail`;
}
