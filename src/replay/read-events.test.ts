import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readEvents } from './read-events.js';
import { objectsOf } from './record-splitter.js';

async function collected(items: AsyncIterable<object[]>): Promise<object[]> {
  const found: object[] = [];
  for await (const some of items) found.push(...some);
  return found;
}

/** The text in pieces of that many bytes. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

suite('records of a text', () => {
  const forms: Readonly<Record<string, (records: readonly object[]) => string>> = {
    'as CloudTrail writes them': records => JSON.stringify({ Records: records }),
    'laid out': records => JSON.stringify({ Records: records }, null, 2),
    'one a line': records => records.map(one => `${JSON.stringify(one)}\n`).join(''),
    'one a line, the last without its end': records => records.map(one => JSON.stringify(one)).join('\n'),
    'one behind the other, laid out': records => records.map(one => JSON.stringify(one, null, 2)).join('\n'),
    'a plain list': records => JSON.stringify(records),
    'as lookup-events prints them': records =>
      JSON.stringify({
        Events: records.map(one => ({ EventId: 'x', CloudTrailEvent: JSON.stringify(one) })),
        NextToken: 'ab{c"]',
      }),
  };
  for (const [name, write] of Object.entries(forms)) {
    test(name, async () => {
      const record = fc.record({ eventName: fc.string(), more: fc.dictionary(fc.string(), fc.jsonValue()) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(record, { minLength: 1, maxLength: 6 }),
          fc.integer({ min: 1, max: 400 }),
          async (records, size) => {
            const plain = JSON.parse(JSON.stringify(records)) as object[];
            assert.deepEqual(await collected(objectsOf(pieces(write(plain), size))), plain);
          },
        ),
        { numRuns: 20 },
      );
    });
  }

  test('a file that ends within a record, or holds none, is refused', async () => {
    for (const text of ['{"Records":[{"a":1},{"a"', '{"a":1}\n{"a"', 'eventName,eventTime\n', '[1']) {
      const read = collected(objectsOf(pieces(text, 7)));
      await assert.rejects(read, SyntaxError, text);
    }
  });

  test('a long list is the same in pieces, whatever is in its records', async () => {
    const record = (n: number, more: object = {}) => ({
      eventVersion: '1.11',
      n,
      pad: 'x'.repeat(2000),
      ...more,
    });
    const lists = [
      Array.from({ length: 200 }, (_, n) => record(n)),
      Array.from({ length: 200 }, (_, n) => record(n, { text: '},{"eventVersion":"1.11"}' })),
      Array.from({ length: 200 }, (_, n) =>
        record(n, { inner: [{}, { eventVersion: '1' }, { eventVersion: '2' }] }),
      ),
    ];
    for (const Records of lists) {
      assert.deepEqual(await collected(objectsOf(pieces(JSON.stringify({ Records }), 50_000))), Records);
    }
    const cut = JSON.stringify({ Records: lists[0] }).slice(0, -2000);
    await assert.rejects(collected(objectsOf(pieces(cut, 50_000))), SyntaxError);
    const behind = `${JSON.stringify({ Records: lists[0] })}]`;
    await assert.rejects(collected(objectsOf(pieces(behind, 50_000))), SyntaxError);
  });

  test('nothing is no record', async () => {
    assert.deepEqual(await collected(objectsOf(pieces('{"Records":[]}', 3))), []);
    assert.deepEqual(await collected(objectsOf(pieces('', 3))), []);
  });
});

suite('files and directories', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'events-'));
    await mkdir(join(directory, 'AWSLogs', 'CloudTrail-Digest'), { recursive: true });
    await writeFile(join(directory, 'AWSLogs', 'b.json.gz'), gzipSync('{"Records":[{"n":2},{"n":3}]}'));
    await writeFile(join(directory, 'AWSLogs', 'a.jsonl'), '{"n":1}\n');
    await writeFile(join(directory, 'AWSLogs', 'CloudTrail-Digest', 'd.json'), '{"digest":1}\n');
    await writeFile(join(directory, 'notes.txt'), 'nothing');
    await writeFile(join(directory, 'z.json'), 'nothing');
  });
  after(() => rm(directory, { recursive: true }));

  test('a directory is read with its directories, packed or not, and a bad file is named', async () => {
    const failed: string[] = [];
    const read: string[] = [];
    const records = readEvents({
      sources: [directory],
      failed: (file, problem) => failed.push(`${file}: ${problem}`),
      read: file => read.push(file),
    });
    assert.deepEqual(await collected(records), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    assert.equal(read.length, 2);
    assert.deepEqual(failed, [`${join(directory, 'z.json')}: the file holds no JSON objects`]);
    await assert.rejects(collected(readEvents({ sources: [directory] })), /z\.json: the file holds no JSON/);
  });
});
