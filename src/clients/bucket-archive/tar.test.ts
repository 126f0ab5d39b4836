import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gathered } from '../../core/http-message.js';
import { tarEntries, tarWriter } from './tar.js';

const home = await mkdtemp(join(tmpdir(), 'karikagi-tar-'));
after(() => rm(home, { recursive: true }));

const long = `${'folder/'.repeat(40)}a name with ü.txt`;

async function read(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, body } of tarEntries(path))
    files[name] = String(Buffer.from(await gathered(body)));
  return files;
}

async function* text(value: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(value);
}

test('what is written is read again, and by tar', async () => {
  const path = join(home, 'own.tar');
  const writer = await tarWriter(path);
  await writer.write('a', 5, text('hello'));
  await writer.write(long, 0, text(''));
  await writer.write('end.json', 2, text('{}'));
  await writer.close();
  assert.deepEqual(await read(path), { a: 'hello', [long]: '', 'end.json': '{}' });
  assert.deepEqual(String(execFileSync('tar', ['tf', path, '--quoting-style=literal'])).split('\n'), [
    'a',
    long,
    'end.json',
    '',
  ]);
  await assert.rejects(tarWriter(path), { code: 'EEXIST' });
});

test('a body of another size than announced is refused', async () => {
  const writer = await tarWriter(join(home, 'size.tar'));
  await assert.rejects(writer.write('a', 5, text('hell')));
});

for (const format of ['pax', 'gnu', 'ustar'] as const) {
  test(`archives of tar --format=${format} are read under their whole names`, async () => {
    const folder = join(home, format);
    await mkdir(join(folder, format === 'ustar' ? 'x' : long, '..'), { recursive: true });
    await writeFile(join(folder, 'a'), 'hello');
    if (format !== 'ustar') await writeFile(join(folder, long), 'long');
    const path = join(home, `${format}.tar`);
    execFileSync('tar', [`--format=${format}`, '-C', folder, '-cf', path, '.']);
    const expected = format === 'ustar' ? { a: 'hello' } : { a: 'hello', [long]: 'long' };
    assert.deepEqual(await read(path), expected);
  });
}

test('a body over 8 GiB has its size, in pax and in GNU form', async () => {
  const huge = join(home, 'huge');
  await (await open(huge, 'w')).close();
  await truncate(huge, 9 * 1024 ** 3);
  for (const format of ['pax', 'gnu']) {
    const path = join(home, `huge-${format}.tar`);
    // The first MiB holds the headers; all of it would be nine gigabytes of zeros.
    execFileSync('sh', ['-c', `tar --format=${format} -C ${home} -cf - huge | head -c 1048576 > ${path}`]);
    for await (const { name, size } of tarEntries(path)) {
      assert.deepEqual([name, size], ['huge', 9 * 1024 ** 3]);
      break;
    }
  }
});

test('an entry may be left, before it is read or in the middle', async () => {
  const path = join(home, 'left.tar');
  const writer = await tarWriter(path);
  const big = 'x'.repeat(3_000_000);
  await writer.write('one', big.length, text(big));
  await writer.write('two', big.length, text(big));
  await writer.write('three', 2, text('ok'));
  await writer.close();
  const seen: string[] = [];
  for await (const { name, body } of tarEntries(path)) {
    seen.push(name);
    if (name === 'two') for await (const piece of body) if (piece.length > 0) break;
    if (name === 'three') assert.equal(String(Buffer.from(await gathered(body))), 'ok');
  }
  assert.deepEqual(seen, ['one', 'two', 'three']);
});

test('an archive that is cut off, or is none, is refused', async () => {
  const path = join(home, 'cut.tar');
  const writer = await tarWriter(path);
  await writer.write('a', 100_000, text('x'.repeat(100_000)));
  await writer.close();
  await truncate(path, 50_000);
  await assert.rejects(read(path), /cut off/);
  const other = join(home, 'other');
  await writeFile(other, 'no tar at all '.repeat(100));
  await assert.rejects(read(other), /no tar file/);
});
