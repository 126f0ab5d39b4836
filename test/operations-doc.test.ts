import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openServices } from '../src/index.js';
import { operationsPage, pagePath } from '../tools/operations-doc.js';

test('docs/operations.md says what the code does (npm run docs writes it)', async t => {
  const { services, close } = await openServices({ data: 'memory', log: 'none' });
  t.after(close);
  assert.equal(readFileSync(pagePath, 'utf8'), operationsPage(services));
});
