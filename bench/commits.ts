/** What the key-value store can do at most: durable commits of 4 KiB, 32 at a time. `commits.js DIRECTORY SECONDS` */
import { openLmdb } from '../src/store/lmdb/lmdb.js';

const [directory, seconds] = [process.argv[2]!, Number(process.argv[3])];
const kv = await openLmdb(directory);
const value = Buffer.alloc(4096, 'x');
const end = performance.now() + seconds * 1000;
let commits = 0;
await Promise.all(
  Array.from({ length: 32 }, async (_, client) => {
    for (let number = 0; performance.now() < end; number++) {
      const key = ['commit', client, number];
      await kv.commit([{ key, version: undefined }], [{ key, value }]);
      commits++;
    }
  }),
);
await kv.close();
process.stdout.write(JSON.stringify({ perSecond: commits / seconds }));
