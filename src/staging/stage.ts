/** Brings rows into the bucket, in parts. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { StagingError } from './errors.js';
import { inParallel } from './parallel.js';
import { unloadRows } from './postgres-rows.js';
import { type CutRecords, cutRecords, takeHeader } from './records.js';
import type { StagedPart } from './state.js';
import type { Work } from './work.js';

/** All parts of a run, in order. */
export interface Staged {
  readonly parts: readonly StagedPart[];
  readonly rows: number;
  readonly header?: string;
}

/** For a load. Parts that an earlier process has staged are compared with the files, and not sent again. */
export async function stageFiles(work: Work): Promise<Staged> {
  const { job, state } = work;
  const held: { header?: string } = {};
  const all = async function* () {
    for (const file of job.load!.files) yield* partsOfFile(work, file, held);
  };
  return await stage(work, all(), state.current.parts, held);
}

async function* partsOfFile(
  { job }: Work,
  file: string,
  held: { header?: string },
): AsyncGenerator<CutRecords> {
  const source = createReadStream(resolve(job.directory, file), { highWaterMark: 2 ** 18 });
  const rows = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  // A pipe does not pass its source's failure on.
  if (rows !== source) source.on('error', error => rows.destroy(error));
  try {
    if (!job.dialect.header) return yield* cutRecords(rows, job.partSize, file);
    const { header, rest } = await takeHeader(rows);
    if (header === undefined) throw new StagingError(`${file} is empty: not even a header is there`);
    held.header ??= header;
    if (held.header !== header) throw new StagingError(`${file} has another header than the file before it`);
    yield* cutRecords(rest, job.partSize, file);
  } finally {
    source.destroy();
  }
}

/** For an unload. An earlier process's parts do not count: the table may have changed since. */
export async function stageRows(work: Work): Promise<Staged> {
  const { job, state } = work;
  await state.save({ parts: [] });
  let staged: Staged | undefined;
  const rows = await unloadRows(job, async source => {
    const { header, rest } = await takeHeader(source);
    const held = header === undefined ? {} : { header };
    staged = await stage(work, cutRecords(rest, job.partSize, 'the answer'), [], held);
  });
  if (staged?.rows === rows) return staged;
  throw new StagingError(`the warehouse has handed out ${rows} rows, ${staged?.rows} have arrived`);
}

async function stage(
  work: Work,
  source: AsyncIterable<CutRecords>,
  known: readonly StagedPart[],
  held: { readonly header?: string },
): Promise<Staged> {
  const { job, state, hear } = work;
  const before = new Map(known.map(part => [part.index, part]));
  const parts = [...known];
  let saved = parts.length;
  let saving = Promise.resolve();
  const numbered = async function* () {
    let index = 0;
    for await (const records of source) yield { index: index++, ...records };
  };
  let count = 0;
  let total = 0;
  await inParallel(numbered(), job.parallel, async ({ index, bytes, rows }) => {
    count++;
    total += rows;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const earlier = before.get(index);
    if (earlier?.sha256 === sha256) return;
    if (earlier)
      throw new StagingError('the source files have changed since this run began: give it up with "clean"');
    const { run, owner } = state.current;
    // With its owner in the name: a process that has lost the run cannot write over another one's parts.
    const name = `${run}/${owner}/part-${String(index).padStart(6, '0')}.csv.gz`;
    await work.bucket.put(name, await promisify(gzip)(bytes, { level: 1 }));
    parts.push({ index, name, rows, bytes: bytes.length, sha256 });
    hear({ event: 'part-staged', part: index, rows, bytes: bytes.length });
    // The longer the list, the rarer it is written: a crash costs 1/32 of the parts at most.
    if (parts.length - saved <= parts.length / 32) return;
    saved = parts.length;
    await (saving = saving.then(() => state.save({ parts: [...parts] })));
  });
  if (count !== parts.length) {
    throw new StagingError('the source files are shorter than when this run began: give it up with "clean"');
  }
  return { parts: parts.sort((a, b) => a.index - b.index), rows: total, ...held };
}
