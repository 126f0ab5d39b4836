/** Compressed objects and files. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/** Bytes that come out at once: the less often, the less work. */
const CHUNK = 2 ** 20;

/** At the level that takes least work. */
export const gzipped = (bytes: Uint8Array): Promise<Buffer> =>
  promisify(gzip)(bytes, { level: 1, chunkSize: CHUNK });

export const gunzipped = (bytes: Uint8Array): Promise<Buffer> =>
  promisify(gunzip)(bytes, { chunkSize: CHUNK });
