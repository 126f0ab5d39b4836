import { testBlobs } from '../suite/suite-blobs.js';
import { openMemoryBlobs } from './memory-blobs.js';

const NOW = 1_795_000_000_000;

testBlobs(
  'memory',
  async () => {
    const store = openMemoryBlobs(() => NOW);
    return { store, release: () => store.close() };
  },
  NOW,
  50,
);
