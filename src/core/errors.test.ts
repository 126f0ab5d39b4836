import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable } from './errors.js';

const errors = errorTable({
  Fixed: [404, 'It is not there.'],
  Worded: [400, (name: string, part?: number) => (part === undefined ? name : `${name} ${part}`)],
});

test("a table's error has its code, status and words, and takes a detail after them", () => {
  const detail = { members: { Resource: '/a' }, cause: new Error('why') };
  const found = [
    errors.Fixed(),
    errors.Fixed(detail),
    errors.Worded('tag'),
    errors.Worded('tag', 2),
    errors.Worded('tag', 2, detail),
    errors.Worded('tag', undefined, detail),
  ].map(({ code, status, message, detail }) => [code, status, message, detail.members?.['Resource']]);
  assert.deepEqual(found, [
    ['Fixed', 404, 'It is not there.', undefined],
    ['Fixed', 404, 'It is not there.', '/a'],
    ['Worded', 400, 'tag', undefined],
    ['Worded', 400, 'tag 2', undefined],
    ['Worded', 400, 'tag 2', '/a'],
    ['Worded', 400, 'tag', '/a'],
  ]);
  assert.equal(errors.Fixed(detail).cause, detail.cause);
});
