import { testKv } from '../suite/suite.js';
import { openMemoryKv } from './memory.js';

testKv(
  'memory',
  async () => {
    const store = openMemoryKv();
    return { store, release: () => store.close() };
  },
  300,
);
