import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { StagingError } from './errors.js';
import { cutRecords, fieldsOf, takeHeader } from './records.js';

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function cut(text: string, chunk: number, size: number) {
  const parts: { text: string; rows: number }[] = [];
  for await (const { bytes, rows } of cutRecords(chunks(text, chunk), size, 'a.csv')) {
    parts.push({ text: bytes.toString(), rows });
  }
  return parts;
}

const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;

suite('cutting CSV', () => {
  test('any records, cut anywhere, come back whole and counted', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.string({ unit: fc.constantFrom('a', '"', '\n', ',', 'é', '\r') }), { minLength: 1 }),
        ),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        async (records, chunk, size) => {
          const lines = records.map(fields => `${fields.map(quoted).join(',')}\n`);
          const parts = await cut(lines.join(''), chunk, size);
          assert.equal(parts.map(({ text }) => text).join(''), lines.join(''));
          assert.equal(
            parts.reduce((sum, { rows }) => sum + rows, 0),
            lines.length,
          );
          assert.deepEqual(parts, await cut(lines.join(''), 1000, size));
          for (const { text } of parts.slice(0, -1)) assert.ok(Buffer.byteLength(text) >= size);
          records.forEach((fields, index) => {
            assert.deepEqual(fieldsOf(lines[index]!.slice(0, -1), ','), fields);
          });
        },
      ),
    ));

  test('a last record without a line break gets one', async () => {
    assert.deepEqual(await cut('1,a\n2,b', 3, 100), [{ text: '1,a\n2,b\n', rows: 2 }]);
  });

  test('a quote that is not closed, and a record without an end', async () => {
    await assert.rejects(cut('1,a\n2,"b\n3,c\n', 4, 100), (error: unknown) => {
      assert.ok(error instanceof StagingError);
      assert.match(error.message, /^a.csv: a quote in record 2 is never closed/);
      return true;
    });
    await assert.rejects(
      cut(`1\n"${'x'.repeat(17 * 2 ** 20)}`, 2 ** 20, 100),
      /record 2 is longer than 16 MiB/,
    );
  });

  test('a header is taken from the front, whatever is in its quotes', async () => {
    for (const chunk of [1, 2, 100]) {
      const { header, rest } = await takeHeader(chunks('\ufeffid,"a\nb"\r\n1,2\n', chunk));
      assert.equal(header, 'id,"a\nb"');
      let text = '';
      for await (const bytes of rest) text += Buffer.from(bytes).toString();
      assert.equal(text, '1,2\n');
    }
  });
});
