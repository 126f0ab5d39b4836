import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isPostForm, readPostForm } from './post-form.js';
import { bodyOf, read, requestOf } from './requests.test.support.js';

const BOUNDARY = 'the--boundary';

const request = (
  body: Uint8Array | string,
  pieces: number[] = [],
  type = `multipart/form-data; boundary=${BOUNDARY}`,
) => requestOf({ method: 'POST', headers: { 'content-type': type }, body: bodyOf(body, pieces) });

const field = (name: string, value: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const form = (fields: Record<string, string>, file: Uint8Array, end = `\r\n--${BOUNDARY}--\r\n`): Buffer =>
  Buffer.concat([
    Buffer.from(
      Object.entries(fields)
        .map(([name, value]) => field(name, value))
        .join(''),
    ),
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: x/y\r\n\r\n`,
    ),
    file,
    Buffer.from(end),
  ]);

const MALFORMED = { code: 'MalformedPOSTRequest', status: 400 };

suite('forms', () => {
  test('however a form is split, the same fields and file come out', async () => {
    /** Bytes that look like delimiters, among others. */
    const tricky = fc
      .array(
        fc.constantFrom('\r', '\n', '-', '--', '\r\n', `\r\n--${BOUNDARY.slice(0, 9)}`, 'x', '\r\n--the-'),
        {
          maxLength: 40,
        },
      )
      .map(parts => Buffer.from(parts.join('')));
    const splits = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(
        tricky,
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        splits,
        async (file, value, pieces) => {
          const { fields, filename, ...rest } = await readPostForm(
            request(form({ Key: 'k', note: value }, file), pieces),
          );
          assert.deepEqual(
            [...fields],
            [
              ['key', 'k'],
              ['note', value],
            ],
          );
          assert.equal(filename, 'a.txt');
          assert.deepEqual(await read(rest.file), file);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('what follows the file is disregarded', async () => {
    const { fields, file } = await readPostForm(
      request(form({}, Buffer.from('f'), `\r\n${field('late', 'x')}--${BOUNDARY}--`)),
    );
    assert.equal((await read(file)).toString(), 'f');
    assert.equal(fields.size, 0);
  });

  test('a form cut anywhere is refused', async () => {
    const whole = form({ key: 'k' }, Buffer.from('file'), `\r\n--${BOUNDARY}`);
    for (let cut = 0; cut < whole.length; cut++) {
      await assert.rejects(async () => {
        const { file } = await readPostForm(request(whole.subarray(0, cut)));
        await read(file);
      }, MALFORMED);
    }
  });

  test('any bytes are read or refused, never a crash', async () => {
    const words = fc.constantFrom(
      `--${BOUNDARY}`,
      '\r\n',
      '--',
      'Content-Disposition: form-data; ',
      'name="file"',
      'name=key',
      ':',
      '"',
      'x',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(words, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 9 })),
        async (parts, pieces) => {
          await readPostForm(request(parts.join(''), pieces))
            .then(({ file }) => read(file))
            .catch((error: Error) => assert.equal(error.name, 'ApiError'));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('fields before the file have at most 20 KiB together', async () => {
    const fields = { key: 'k', a: 'x'.repeat(10_000), b: 'y'.repeat(10_474) };
    await readPostForm(request(form(fields, Buffer.from('f'))));
    await assert.rejects(readPostForm(request(form({ ...fields, c: '' }, Buffer.from('f')))), {
      code: 'MaxPostPreDataLengthExceeded',
    });
  });

  test('headers of a part without end are refused, not collected', async () => {
    await assert.rejects(readPostForm(request(`--${BOUNDARY}\r\n${'x'.repeat(10_000)}`)), MALFORMED);
  });

  for (const [name, headers, expected] of [
    ['quoted', 'Content-Disposition: form-data; name="file"; filename="a \\"b\\".txt"', 'a "b".txt'],
    ['as browsers escape', 'content-disposition: form-data; name="file"; filename="%22b%22.txt"', '"b".txt'],
    ['bare', 'Content-Type: a/b\r\nContent-Disposition:form-data;name=file;filename=b.txt', 'b.txt'],
    ['absent', 'Content-Disposition: form-data; name="file"', undefined],
    ['not UTF-8 encoded twice', 'Content-Disposition: form-data; filename="ü.txt"; name="file"', 'ü.txt'],
  ] as const) {
    test(`a file's name: ${name}`, async () => {
      const { filename } = await readPostForm(
        request(`--${BOUNDARY}\r\n${headers}\r\n\r\nf\r\n--${BOUNDARY}--`),
      );
      assert.equal(filename, expected);
    });
  }

  test('content types', async () => {
    assert.equal(isPostForm(request('')), true);
    assert.equal(isPostForm(request('', [], 'Multipart/Form-Data; charset=utf-8; boundary="x y"')), true);
    assert.equal(isPostForm(request('', [], 'application/x-www-form-urlencoded')), false);
    assert.equal(isPostForm({ ...request(''), method: 'PUT' }), false);
    await assert.rejects(readPostForm(request('', [], 'multipart/form-data')), MALFORMED);
    const quoted = request(
      form({ key: 'k' }, Buffer.from('f')),
      [],
      `multipart/form-data; boundary="${BOUNDARY}"`,
    );
    assert.equal((await readPostForm(quoted)).fields.get('key'), 'k');
  });
});
