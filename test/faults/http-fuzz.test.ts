/**
 * Bytes on sockets as no client sends them: split, merged, pipelined, cut off, changed. The server answers what it can
 * read as if it had come in one piece, refuses the rest, never with a 500, lets no connection hang, and grows no heap.
 *
 * KARIKAGI_FUZZ_RUNS: how many connections of each kind (default 100).
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { type RunningServer, startServer } from '../../src/index.js';

const RUNS = Number(process.env['KARIKAGI_FUZZ_RUNS'] ?? 100);
const REGION = 'us-east-1';
const BUCKET = 'fuzzed';
/** Milliseconds until a connection counts as hanging; the server is given a fraction of it for bodies that stall. */
const HANGS = 120_000;

let data: string;
let server: RunningServer;
/** Requests that the server takes, as bytes, and the status that each is answered with. */
let good: readonly { readonly bytes: Buffer; readonly status: number }[];

interface Plain {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

async function signed({
  method,
  path,
  query = {},
  headers = {},
  body = Buffer.alloc(0),
}: Plain): Promise<Buffer> {
  const { host, hostname, port } = new URL(server.endpoint);
  const signer = new SignatureV4({
    service: 's3',
    region: REGION,
    credentials: server.root!,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const request = await signer.sign(
    new HttpRequest({
      method,
      path,
      query,
      hostname,
      port: Number(port),
      // Not signed, so that a changed body gets as far as its reader.
      headers: {
        host,
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        ...headers,
      },
    }),
  );
  const search = new URLSearchParams(query).toString();
  const lines = Object.entries({ ...request.headers, 'content-length': String(body.length) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `${method} ${path}${search && `?${search}`} HTTP/1.1\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

async function requests(s3: S3Client): Promise<typeof good> {
  const key = `/${BUCKET}/key`;
  const [first, last] = ['c'.repeat(0x2000), 'chunk'];
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(first + last));
  const trailer = `x-amz-checksum-crc32:${sum.toString('base64')}`;
  const chunks = Buffer.from(`2000\r\n${first}\r\n5\r\n${last}\r\n0\r\n${trailer}\r\n\r\n`);
  const many =
    '<Delete><Quiet>false</Quiet><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>';
  const tags = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>';
  const md5 = createHash('md5').update(many).digest('base64');
  return [
    { status: 200, bytes: await signed({ method: 'PUT', path: key, body: Buffer.from('small') }) },
    { status: 200, bytes: await signed({ method: 'PUT', path: key, body: Buffer.alloc(50_000, 'large') }) },
    { status: 200, bytes: await signed({ method: 'GET', path: key }) },
    { status: 404, bytes: await signed({ method: 'GET', path: `${key}-that-is-not-there` }) },
    {
      status: 200,
      bytes: await signed({
        method: 'POST',
        path: `/${BUCKET}`,
        query: { delete: '' },
        headers: { 'content-md5': md5 },
        body: Buffer.from(many),
      }),
    },
    {
      status: 204,
      bytes: await signed({
        method: 'PUT',
        path: `/${BUCKET}`,
        query: { tagging: '' },
        body: Buffer.from(tags),
      }),
    },
    {
      status: 200,
      bytes: await signed({
        method: 'PUT',
        path: key,
        headers: {
          'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
          'x-amz-decoded-content-length': String(0x2005),
          'x-amz-trailer': 'x-amz-checksum-crc32',
          'content-encoding': 'aws-chunked',
        },
        body: chunks,
      }),
    },
    { status: 204, bytes: await form(s3) },
  ];
}

/** A browser's upload with a signed policy. */
async function form(s3: S3Client): Promise<Buffer> {
  const { url, fields } = await createPresignedPost(s3, {
    Bucket: BUCKET,
    Key: 'posted',
    Conditions: [['content-length-range', 1, 1000]],
  });
  const boundary = 'the-boundary';
  const part = (name: string, more: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const body = `${Object.entries(fields)
    .map(([name, value]) => part(name, '', value))
    .join('')}${part('file', '; filename="f.txt"', 'the file')}--${boundary}--\r\n`;
  const head = [
    `POST ${new URL(url).pathname} HTTP/1.1`,
    `host: ${new URL(server.endpoint).host}`,
    `content-type: multipart/form-data; boundary=${boundary}`,
    `content-length: ${body.length}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** How long a client waits for more of an answer before it ends: Node gives up requests under way when it does. */
const QUIET = 15;

/**
 * Writes the pieces one after the other, ends once `isAll` of the answers or nothing more comes, and resolves with all
 * that came back. Rejects where the server does not end then.
 */
function exchange(pieces: readonly Buffer[], isAll?: (answers: string) => boolean): Promise<string> {
  const { hostname, port } = new URL(server.endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answers = '';
    socket.setEncoding('latin1').setNoDelay(true);
    let quiet: NodeJS.Timeout | undefined;
    const endSoon = () => {
      clearTimeout(quiet);
      if (isAll === undefined) quiet = setTimeout(() => socket.end(), QUIET);
      else if (isAll(answers)) socket.end();
    };
    socket.on('data', text => {
      answers += text;
      endSoon();
    });
    // A server that has refused closes the connection, maybe under what is still being sent.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(hanging);
      clearTimeout(quiet);
      resolve(answers);
    });
    const hanging = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection hangs after ${JSON.stringify(answers.slice(0, 300))}`));
    }, HANGS);
    void (async () => {
      for (const piece of pieces) {
        if (!socket.writable) return;
        socket.write(piece);
        await turn();
      }
      endSoon();
    })();
  });
}

/** The statuses of so many answers, each of which has a length or no body; nothing as long as they are not all there. */
function statusesOf(answers: string, count: number): number[] | undefined {
  const statuses: number[] = [];
  let rest = answers;
  while (statuses.length < count) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = rest.slice(0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (rest.length < end + 4 + length) return undefined;
    statuses.push(Number(/^http\/1\.1 (\d{3})/.exec(head)![1]));
    rest = rest.slice(end + 4 + length);
  }
  assert.equal(rest, '', 'there is more than the answers');
  return statuses;
}

/** Sends these of the good requests, cut at these places, and holds the answers to what they must be. */
async function answersAll(numbers: readonly number[], where: readonly number[]): Promise<void> {
  const all = Buffer.concat(numbers.map(number => good[number]!.bytes));
  const isAll = (answers: string) => statusesOf(answers, numbers.length) !== undefined;
  const answers = await exchange(cut(all, where), isAll);
  assert.deepEqual(
    statusesOf(answers, numbers.length),
    numbers.map(number => good[number]!.status),
    answers,
  );
}

/** Cuts bytes at places given as shares of their length. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [
    0,
    ...places.map(share => Math.floor(share * bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const which = fc.array(fc.nat(7), { minLength: 1, maxLength: 5 });
const places = fc.array(share, { maxLength: 30 });
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    ...[
      '\r\n',
      '\n',
      '\r\n\r\n',
      '\0',
      ': ',
      ' ',
      '<',
      '&',
      ']]>',
      '<![CDATA[',
      '<!DOCTYPE a>',
      '--the-boundary',
      '0\r\n',
    ],
    ...[
      'FFFFFFFF\r\n',
      'content-length: 7\r\n',
      'transfer-encoding: chunked\r\n',
      'expect: 100-continue\r\n',
      'a'.repeat(40_000),
    ],
  ),
);
/** What is put over or between the bytes, and where. */
const changes = fc.array(fc.record({ at: share, drop: fc.nat(30), put: piece }), {
  minLength: 1,
  maxLength: 4,
});

function changed(bytes: Buffer, all: readonly { at: number; drop: number; put: string }[]): Buffer {
  return all.reduce((before, { at, drop, put }) => {
    const place = Math.floor(at * before.length);
    return Buffer.concat([before.subarray(0, place), Buffer.from(put), before.subarray(place + drop)]);
  }, bytes);
}

/** The same with another body, whose length is stated: it gets past the HTTP reader and the signature. */
function changedBody(bytes: Buffer, all: Parameters<typeof changed>[1]): Buffer {
  const end = bytes.indexOf('\r\n\r\n') + 4;
  const body = changed(bytes.subarray(end), all);
  const head = bytes
    .toString('latin1', 0, end)
    .replace(/content-length: \d+/, `content-length: ${body.length}`);
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

async function refusesOrAnswers(pieces: readonly Buffer[]): Promise<void> {
  for (const [, status] of (await exchange(pieces)).matchAll(/^HTTP\/1\.1 (\d{3})/gm)) {
    assert.ok(Number(status) < 500 || status === '501', `answered ${status}`);
  }
}

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'karikagi-fuzz-'));
  server = await startServer({ data, port: 0, log: 'none', region: REGION });
  const s3 = new S3Client({
    endpoint: server.endpoint,
    region: REGION,
    credentials: server.root!,
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  good = await requests(s3);
  s3.destroy();
});
after(async () => {
  await server.close();
  await rm(data, { recursive: true });
});

test('requests that come split and merged are answered in order, as if they had come one by one', async () => {
  for (const number of good.keys()) await answersAll([number], []);
  await fc.assert(fc.asyncProperty(which, places, answersAll), { numRuns: RUNS });
});

test('requests that are cut off leave no connection hanging', async () => {
  await fc.assert(
    fc.asyncProperty(which, share, places, async (numbers, end, where) => {
      const all = Buffer.concat(numbers.map(number => good[number]!.bytes));
      await refusesOrAnswers(cut(all.subarray(0, Math.floor(end * all.length)), where));
    }),
    { numRuns: RUNS },
  );
});

test('changed requests are refused or answered, and the heap does not grow', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const round = async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(4, 5, 6, 7), changes, places, async (number, what, where) => {
        await refusesOrAnswers(cut(changedBody(good[number]!.bytes, what), where));
      }),
      { numRuns: RUNS },
    );
    await fc.assert(
      fc.asyncProperty(which, changes, places, async (numbers, what, where) => {
        const all = Buffer.concat(numbers.map(number => good[number]!.bytes));
        await refusesOrAnswers(cut(changed(all, what), where));
      }),
      { numRuns: RUNS },
    );
  };
  const heap = async () => {
    await turn();
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  await round();
  const first = await heap();
  for (let rounds = 0; rounds < 3; rounds++) await round();
  const grown = ((await heap()) - first) / RUNS / 6;
  assert.ok(grown < 8 * 1024, `each connection leaves ${Math.round(grown)} bytes`);
  await answersAll([0], []);
});
