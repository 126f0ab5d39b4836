/** Brings rows into the bucket, in parts. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { StagingError } from './errors.js';
import { inParallel } from './parallel.js';
import { isParquet } from './parquet.js';
import { placeOf } from './place.js';
import { type CutRecords, cutRecords, takeHeader } from './records.js';
import type { Column, StagedPart } from './rows.js';
import { SourceFiles } from './source-files.js';
import { openWarehouse, type Staged } from './warehouses/index.js';
import type { Work } from './work.js';

/** For a load of files. Parts that an earlier process has staged are compared with the files, and not sent again. */
export async function stageFiles(work: Work): Promise<Staged> {
  const files = await SourceFiles.open(work.job);
  return await stage(work, files.parts(), work.state.current.parts, files);
}

/**
 * For an unload, and a load from a warehouse. An earlier process's parts do not count: the table may have changed
 * since.
 */
export async function stageRows(work: Work): Promise<Staged & { readonly columns?: readonly Column[] }> {
  const { job, state } = work;
  await state.save({ parts: [] });
  const { from } = job.load ?? {};
  const warehouse = await openWarehouse(job, from ?? job.unload!, from?.warehouse ?? job.warehouse);
  try {
    const columns = job.unload && isParquet(job.unload.file) ? await warehouse.columns() : undefined;
    const staged = await warehouse.unload({
      place: placeOf(work),
      async stage(source) {
        const { header, rest } = await takeHeader(source);
        const held = header === undefined ? {} : { header };
        return await stage(work, cutRecords(rest, job.partSize, 'the answer'), [], held);
      },
    });
    return { ...staged, ...(columns && { columns }) };
  } finally {
    await warehouse.close();
  }
}

/** What is known beside the records, once they have begun. */
interface Source {
  readonly header?: string | undefined;
  /** Share that is read. */
  readonly read?: number;
}

async function stage(
  work: Work,
  source: AsyncIterable<CutRecords>,
  known: readonly StagedPart[],
  about: Source,
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
    const { read } = about;
    hear({
      event: 'part-staged',
      part: index,
      rows,
      bytes: bytes.length,
      ...(read !== undefined && { read }),
    });
    // The longer the list, the rarer it is written: a crash costs 1/32 of the parts at most.
    if (parts.length - saved <= parts.length / 32) return;
    saved = parts.length;
    await (saving = saving.then(() => state.save({ parts: [...parts] })));
  });
  if (count !== parts.length) {
    throw new StagingError('the source files are shorter than when this run began: give it up with "clean"');
  }
  const { header } = about;
  return {
    parts: parts.sort((a, b) => a.index - b.index),
    rows: total,
    ...(header !== undefined && { header }),
  };
}
