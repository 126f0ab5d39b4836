import { openMemoryKv } from './memory.js';
import { testKv } from './suite.js';

testKv(
  'memory',
  async () => {
    const store = openMemoryKv();
    return { store, release: () => store.close() };
  },
  300,
);
