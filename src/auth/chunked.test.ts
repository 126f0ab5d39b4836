import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApiError } from '../core/errors.js';
import { type ChunkOptions, decodeChunks } from './chunked.js';
import { bodyOf, read, SECRET, signChunks } from './requests.test.support.js';
import { deriveKey } from './signing.js';

const TIMESTAMP = '20130524T000000Z';
const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
const SIGNING = {
  key: deriveKey(SECRET, SCOPE),
  timestamp: TIMESTAMP,
  scope: '20130524/us-east-1/s3/aws4_request',
  seed: SEED,
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
};
const CRC = { 'x-amz-checksum-crc32': 'AAAAAA==' };
const NOT_WHOLE = { code: 'IncompleteBody', message: 'The request body terminated unexpectedly' };
const BAD_TRAILER = { code: 'MalformedTrailerError', status: 400 };

const frame = (chunks: readonly Uint8Array[], trailers?: Record<string, string>): Buffer =>
  signChunks(chunks, {
    secret: SECRET,
    timestamp: TIMESTAMP,
    region: 'us-east-1',
    seed: SEED,
    ...(trailers !== undefined && { trailers }),
  });

/** Chunks without signatures, as STREAMING-UNSIGNED-PAYLOAD-TRAILER has them. */
const frameUnsigned = (chunks: readonly Uint8Array[], trailer = ''): Buffer =>
  Buffer.concat([
    ...chunks.flatMap(chunk => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from(`0\r\n${trailer}\r\n`),
  ]);

const size = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

async function decode(
  framed: Uint8Array,
  options: Partial<ChunkOptions> & { readonly decodedLength: number },
  pieces: number[] = [],
) {
  const body = decodeChunks(bodyOf(framed, pieces), { trailers: undefined, signing: undefined, ...options });
  return { payload: await read(body), trailers: Object.fromEntries(body.trailers) };
}

/** Chunks that S3 takes: all but the last have 8 KiB or more. */
const payloadChunks = fc
  .tuple(
    fc.array(fc.integer({ min: 8192, max: 20_000 }), { maxLength: 3 }),
    fc.integer({ min: 1, max: 9000 }),
    fc.integer({ min: 0, max: 255 }),
  )
  .map(([sizes, last, fill]) => [...sizes, last].map((length, i) => Buffer.alloc(length, (fill + i) % 256)));
const splits = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9000 })), {
  maxLength: 60,
});

test('however a framed body is split, the same payload comes out', async () => {
  await fc.assert(
    fc.asyncProperty(
      payloadChunks,
      splits,
      fc.boolean(),
      fc.boolean(),
      async (chunks, pieces, signed, trailed) => {
        const trailer = trailed ? 'x-amz-checksum-crc32:AAAAAA==\r\n' : '';
        const framed = signed ? frame(chunks, trailed ? CRC : undefined) : frameUnsigned(chunks, trailer);
        const names = trailed ? Object.keys(CRC) : signed ? undefined : [];
        const { payload, trailers } = await decode(
          framed,
          { decodedLength: size(chunks), trailers: names, signing: signed ? SIGNING : undefined },
          pieces,
        );
        assert.deepEqual(payload, Buffer.concat(chunks));
        assert.deepEqual(trailers, trailed ? CRC : {});
      },
    ),
    { numRuns: 150 },
  );
});

test('byte by byte as well', async () => {
  const chunks = [Buffer.alloc(8192, 'a'), Buffer.from('b')];
  const framed = frame(chunks, CRC);
  const { payload, trailers } = await decode(
    framed,
    { decodedLength: 8193, trailers: Object.keys(CRC), signing: SIGNING },
    Array.from(framed, () => 1),
  );
  assert.deepEqual(payload, Buffer.concat(chunks));
  assert.deepEqual(trailers, CRC);
});

test('any changed byte of a signed body is refused', async () => {
  const chunks = [Buffer.alloc(8192, 'a'), Buffer.alloc(100, 'b')];
  const framed = frame(chunks, CRC);
  const headers = framed.length - 8292;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(headers - 1),
      fc.nat(99),
      fc.integer({ min: 1, max: 255 }),
      async (at, inside, flip) => {
        // Half of the changes go into what is not payload.
        const position = inside < 50 ? (at < 100 ? at : framed.length - 1 - (at - 100)) : 100 + inside * 80;
        const changed = Buffer.from(framed);
        const before = changed[position]!;
        changed[position] = before ^ flip;
        const text = (bytes: Buffer) => bytes.toString('latin1').toLowerCase();
        // Upper-case hexadecimal and white space around a trailer's value mean the same.
        fc.pre(text(changed) !== text(framed) && !/\s/.test(String.fromCharCode(before, changed[position]!)));
        await assert.rejects(
          decode(changed, { decodedLength: 8292, trailers: Object.keys(CRC), signing: SIGNING }),
          { name: 'ApiError' },
        );
      },
    ),
    { numRuns: 600 },
  );
});

test('a body cut anywhere, or stretched, is refused', async () => {
  const chunks = [Buffer.alloc(8192, 'a'), Buffer.alloc(100, 'b')];
  for (const [framed, options] of [
    [frame(chunks), { decodedLength: 8292, signing: SIGNING }],
    [frame(chunks, CRC), { decodedLength: 8292, signing: SIGNING, trailers: Object.keys(CRC) }],
    [
      frameUnsigned(chunks, 'x-amz-checksum-crc32:AAAAAA==\r\n'),
      { decodedLength: 8292, trailers: Object.keys(CRC) },
    ],
  ] as const) {
    await fc.assert(
      fc.asyncProperty(fc.nat(framed.length - 1), async cut => {
        await assert.rejects(decode(framed.subarray(0, cut), options), NOT_WHOLE);
      }),
      { numRuns: 100 },
    );
    await assert.rejects(decode(framed.subarray(0, framed.length - 1), options), NOT_WHOLE);
    await assert.rejects(decode(Buffer.concat([framed, Buffer.from('x')]), options), NOT_WHOLE);
  }
});

test('any bytes at all are refused or read, never a crash', async () => {
  const alphabet = fc.constantFrom(
    '0',
    '1',
    'a',
    'f',
    'ff',
    '2000',
    ';chunk-signature=',
    '\r',
    '\n',
    '\r\n',
    ':',
    '=',
    'x-amz-checksum-crc32',
    SEED,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(alphabet, { maxLength: 40 }),
      splits,
      fc.boolean(),
      async (words, pieces, signed) => {
        await decode(
          Buffer.from(words.join('')),
          { decodedLength: 15, trailers: [], signing: signed ? SIGNING : undefined },
          pieces,
        ).catch((error: Error) => assert.equal(error.name, 'ApiError'));
      },
    ),
    { numRuns: 500 },
  );
});

test('a chunk whose signature is wrong ends the body in an error, not in an end', async () => {
  const framed = frame([Buffer.alloc(8192, 'a'), Buffer.alloc(8192, 'b')]);
  framed[framed.length - 200] = 0x63;
  const body = decodeChunks(bodyOf(framed, Array(framed.length >> 6).fill(64)), {
    decodedLength: 16_384,
    trailers: undefined,
    signing: SIGNING,
  });
  let received = '';
  await assert.rejects(
    async () => {
      for await (const part of body) received += Buffer.from(part).toString();
    },
    (error: ApiError) => {
      assert.equal(error.code, 'SignatureDoesNotMatch');
      assert.match(
        error.detail.members?.['StringToSign'] ?? '',
        /^AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n/,
      );
      return true;
    },
  );
  assert.ok(received.startsWith('a'.repeat(8192)) && received.length <= 16_384);
});

test('a decoded length that differs is refused with both numbers', async () => {
  const framed = frame([Buffer.from('hello')]);
  for (const [decodedLength, provided] of [
    [3, '5'],
    [6, '5'],
  ] as const) {
    await assert.rejects(decode(framed, { decodedLength, signing: SIGNING }), (error: ApiError) => {
      assert.equal(error.code, 'IncompleteBody');
      assert.deepEqual(error.detail.members, {
        NumberBytesExpected: String(decodedLength),
        NumberBytesProvided: provided,
      });
      return true;
    });
  }
});

test('only the last chunk may have less than 8 KiB', async () => {
  const framed = frame([Buffer.alloc(8191), Buffer.alloc(1)]);
  await assert.rejects(decode(framed, { decodedLength: 8192, signing: SIGNING }), (error: ApiError) => {
    assert.equal(error.code, 'InvalidChunkSizeError');
    assert.equal(error.status, 403);
    assert.deepEqual(error.detail.members, { Chunk: '2', BadChunkSize: '8191' });
    return true;
  });
});

test('a signed chunk of any size is passed on as it comes', async () => {
  const header = Buffer.from(`40000000;chunk-signature=${SEED}\r\n`);
  const body = decodeChunks(bodyOf(Buffer.concat([header, Buffer.alloc(1000)]), [header.length]), {
    decodedLength: 2 ** 30,
    trailers: undefined,
    signing: SIGNING,
  });
  const first = await body[Symbol.asyncIterator]().next();
  assert.ok(!first.done && first.value.length === 1000);
});

test('a chunk header without end is refused, not collected', async () => {
  const endless = {
    async *[Symbol.asyncIterator]() {
      for (;;) yield Buffer.alloc(700, '0');
    },
  };
  await assert.rejects(
    read(decodeChunks(endless, { decodedLength: 1, trailers: undefined, signing: undefined })),
    NOT_WHOLE,
  );
});

test('a trailer without end is refused, not collected', async () => {
  const endless = {
    async *[Symbol.asyncIterator]() {
      yield Buffer.from('0\r\n');
      for (;;) yield Buffer.alloc(700, 'x');
    },
  };
  await assert.rejects(
    read(decodeChunks(endless, { decodedLength: 0, trailers: [], signing: undefined })),
    BAD_TRAILER,
  );
});

for (const [name, trailer, announced] of [
  ['one that was not announced', 'x-amz-checksum-crc32:AAAAAA==\r\n', []],
  ['another than announced', 'x-amz-checksum-sha1:AAAAAA==\r\n', ['x-amz-checksum-crc32']],
  ['none though announced', '', ['x-amz-checksum-crc32']],
  ['the same twice', 'x-amz-checksum-crc32:A\r\nx-amz-checksum-crc32:B\r\n', ['x-amz-checksum-crc32']],
  ['a line without a name', 'AAAAAA==\r\n', ['x-amz-checksum-crc32']],
] as const) {
  test(`trailers that are refused: ${name}`, async () => {
    const framed = frameUnsigned([Buffer.from('hello')], trailer);
    await assert.rejects(decode(framed, { decodedLength: 5, trailers: announced }), BAD_TRAILER);
  });
}

test('a trailer must be signed where chunks are', async () => {
  const framed = frame([Buffer.from('hello')], CRC).toString('latin1');
  const unsigned = framed.replace(/x-amz-trailer-signature:.*\r\n/, '');
  const wrong = framed.replace('AAAAAA==', 'BAAAAA==');
  const options = { decodedLength: 5, trailers: Object.keys(CRC), signing: SIGNING };
  await assert.rejects(decode(Buffer.from(unsigned), options), BAD_TRAILER);
  await assert.rejects(decode(Buffer.from(wrong), options), { code: 'SignatureDoesNotMatch' });
});

// "Including Trailing Headers (Chunked Upload)" ends a trailer with LF CR LF, and there are clients that do so.
test('the line ends of the documented trailer are read', async () => {
  const framed = frame([Buffer.from('hello')], CRC)
    .toString('latin1')
    .replace('==\r\n', '==\n\r\n');
  const { trailers } = await decode(Buffer.from(framed), {
    decodedLength: 5,
    trailers: Object.keys(CRC),
    signing: SIGNING,
  });
  assert.deepEqual(trailers, CRC);
});
