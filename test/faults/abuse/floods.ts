/** What strangers send to use up a server. */
import { MIB, type Victim } from './victim.js';

/** The bucket that floods ask for: 300 objects with names so long that a listing takes 360 KB. */
export async function openFloodedBucket(victim: Victim): Promise<void> {
  const long = 'k'.repeat(900);
  await victim.openBucket(
    'pub',
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${long}${i}`, ''])),
  );
}

const head = (line: string, length: number, more = '') =>
  `${line} HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n${more}\r\n`;
const FORM = 'content-type: application/x-www-form-urlencoded\r\n';
const listing = 'GET /pub?list-type=2 HTTP/1.1\r\nhost: a\r\n\r\n';

/** Each flood: what one of 200 connections, unless there are fewer, sends and leaves unfinished. */
export const FLOODS: readonly (readonly [
  name: string,
  bytes: () => readonly (string | Uint8Array)[],
  connections?: number,
])[] = [
  ['documents to no bucket', () => [head('POST /nb?delete', 8 * MIB), Buffer.alloc(8 * MIB - 30, 32)]],
  ['documents to a bucket', () => [head('POST /pub?delete', 2 * MIB), Buffer.alloc(2 * MIB - 30, 32)]],
  ['settings of a bucket', () => [head('PUT /pub?policy', 8 * MIB), Buffer.alloc(8 * MIB - 30, 32)]],
  [
    'settings in chunks',
    () => [
      'PUT /pub?tagging HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n',
      `100000\r\n${' '.repeat(MIB - 30)}`,
    ],
  ],
  ['forms', () => [head('POST /', 256 * 1024, FORM), Buffer.alloc(256 * 1024 - 30, 65)]],
  [
    'forms that claim a signature',
    () => [
      head(
        'POST /',
        MIB,
        `${FORM}authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sts/aws4_request\r\n`,
      ),
      Buffer.alloc(MIB - 30, 65),
    ],
  ],
  [
    'forms in chunks',
    () => [
      `POST / HTTP/1.1\r\nhost: x\r\n${FORM}transfer-encoding: chunked\r\n\r\n`,
      `40000\r\n${'a'.repeat(250_000)}`,
    ],
  ],
  [
    'JSON',
    () => [head('POST /', MIB, 'x-amz-target: TrentService.ListKeys\r\n'), Buffer.alloc(MIB - 30, 32)],
  ],
  [
    'uploads of browsers',
    () => [
      head('POST /pub', MIB, 'content-type: multipart/form-data; boundary=x\r\n'),
      `--x\r\ncontent-disposition: form-data; name="key"\r\n\r\n${'k'.repeat(15_000)}`,
    ],
  ],
  [
    'questions beforehand',
    () => [
      'OPTIONS /pub HTTP/1.1\r\nhost: x\r\norigin: http://o\r\naccess-control-request-method: GET\r\n\r\n'.repeat(
        500,
      ),
    ],
  ],
  ['requests in one packet', () => [listing.repeat(1489)]],
  ['requests in one packet on few connections', () => [listing.repeat(1489)], 20],
];
