import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUploadIdOf, isVersionId, sequenceAt, sequenceOf, uploadId, versionId } from './version-id.js';

test('newer versions sort before older ones, whatever the clock does', () => {
  let sequence = 0;
  let previous: string | undefined;
  for (const now of [1000, 1000, 1001, 900, 1_800_000_000_000, 1_700_000_000_000]) {
    sequence = sequenceAt(now, sequence);
    const id = versionId(sequence);
    assert.ok(isVersionId(id));
    assert.equal(sequenceOf(id), sequence);
    if (previous !== undefined) assert.ok(id < previous);
    previous = id;
  }
});

test('ids of one moment differ', () => {
  const ids = Array.from({ length: 1000 }, () => versionId(1));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(uploadId(1, 'k') < uploadId(2, 'k'));
  assert.equal(uploadId(1, 'k').length, 64);
});

test('the id of an upload tells whether it is of a key', () => {
  const id = uploadId(1, 'k');
  assert.ok(isUploadIdOf('k', id));
  assert.equal(isUploadIdOf('other', id), false);
  assert.equal(isUploadIdOf('k', `${id}0`), false);
  assert.equal(isUploadIdOf('k', 'x'), false);
});

test('what is no id', () => {
  for (const text of ['', 'null', 'x'.repeat(32), `${versionId(1)}0`]) assert.equal(isVersionId(text), false);
});
