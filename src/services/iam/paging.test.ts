import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Page } from '../../identity/index.js';
import { refusal } from '../harness.test.support.js';
import { listPage, type PagingInput, slicePage } from './paging.js';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 30 });
const sizes = fc.integer({ min: 1, max: 12 });
const key = (name: string) => name;

/** A store of names in the order of their keys. */
function storeOf(all: readonly string[]) {
  const sorted = [...all].sort();
  return async ({ after, limit }: Page) =>
    sorted.filter(name => after === undefined || name > after).slice(0, limit);
}

async function everyPage(
  list: (input: PagingInput) => Promise<{ items: readonly string[]; page: { Marker?: string } }>,
  MaxItems: number,
): Promise<string[][]> {
  const pages: string[][] = [];
  let Marker: string | undefined;
  do {
    const { items, page } = await list({ MaxItems, Marker });
    pages.push([...items]);
    Marker = page.Marker;
  } while (Marker !== undefined);
  return pages;
}

test('the pages of a list are the list, each full but the last', async () => {
  await fc.assert(
    fc.asyncProperty(names, sizes, async (all, size) => {
      const fetch = storeOf(all);
      const keep = (name: string) => name.length % 2 === 0;
      const pages = await everyPage(input => listPage(input, fetch, key, keep), size);
      assert.deepEqual(pages.flat(), all.filter(keep).sort());
      for (const page of pages.slice(0, -1)) assert.equal(page.length, size);
      const sliced = await everyPage(async input => slicePage(input, all, key), size);
      assert.deepEqual(sliced.flat(), [...all].sort());
    }),
  );
});

test('a page asks the store for what it shows and one more, however long the list', async () => {
  const asked: number[] = [];
  const all = Array.from({ length: 10_000 }, (_, index) => `user-${String(index).padStart(5, '0')}`);
  const fetch = storeOf(all);
  const counting = (page: Page) => {
    asked.push(page.limit);
    return fetch(page);
  };
  const { items, page } = await listPage({ MaxItems: 100 }, counting, key);
  assert.equal(items.length, 100);
  assert.equal(page.IsTruncated, true);
  assert.deepEqual(asked, [101]);
});

test('a page is of a hundred where the request does not say', () => {
  const all = Array.from({ length: 150 }, (_, index) => String(index).padStart(3, '0'));
  assert.equal(slicePage({}, all, key).items.length, 100);
});

test('markers of somebody else are refused', () => {
  for (const Marker of ['!', 'not base64', 'AAA', '']) {
    assert.throws(() => slicePage({ Marker }, ['a'], key), refusal('ValidationError', 'Invalid Marker.'));
  }
});
