import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordUnreadable, recordType } from './records.js';

test('a record comes back with its bytes and numbers', () => {
  const type = recordType<Record<string, unknown>>({ version: 1 });
  const value = {
    name: 'pho\0to é 𐀀.jpg',
    size: 5 * 2 ** 40,
    modified: 1_795_000_000_123,
    deleted: false,
    owner: null,
    pairs: [['__proto__', 'x']],
    body: Buffer.from([0, 255, 1]),
  };
  assert.deepEqual(type.decode(type.encode(value)), value);
});

test('records of earlier formats are brought forward step by step', () => {
  const first = recordType<{ name: string }>({ version: 1 });
  const second = recordType<{ names: string[] }>({
    version: 2,
    upgrade: { 1: (old: { name: string }) => ({ names: [old.name] }) },
  });
  const third = recordType<{ names: string[]; count: number }>({
    version: 3,
    upgrade: {
      1: (old: { name: string }) => ({ names: [old.name] }),
      2: (old: { names: string[] }) => ({ ...old, count: old.names.length }),
    },
  });
  assert.deepEqual(third.decode(first.encode({ name: 'a' })), { names: ['a'], count: 1 });
  assert.deepEqual(third.decode(second.encode({ names: ['a', 'b'] })), { names: ['a', 'b'], count: 2 });
});

test('an earlier format without an upgrade does not get past its definition', () => {
  assert.throws(() => recordType({ version: 3, upgrade: { 2: old => old } }), RangeError);
});

test('damage and newer formats are told, not guessed at', () => {
  const type = recordType<{ a: number }>({ version: 1 });
  const newer = recordType<{ a: number }>({ version: 2, upgrade: { 1: old => old } });
  assert.throws(() => type.decode(newer.encode({ a: 1 })), RecordUnreadable);
  const good = type.encode({ a: 1 });
  assert.throws(() => type.decode(good.subarray(0, good.length - 1)), RecordUnreadable);
  assert.throws(() => type.decode(new Uint8Array(0)), RecordUnreadable);
  assert.throws(() => type.decode(Buffer.from('{"a":1}')), RecordUnreadable);
  assert.throws(() => type.decode(new Uint8Array([0x92, 0, 0x80])), RecordUnreadable);
});
