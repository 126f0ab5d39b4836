/** Every key of the store lies in a keyspace that is declared, and docs/architecture.md lists them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEYSPACES, type KeyOf, keyspaceOf } from '../src/store/keyspace.js';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');
/** Rooms that look at what others write. */
const LOOK_ON = ['admin'];

test('what is read by a prefix written in place is in a keyspace of the room that reads it', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    file => file.endsWith('.ts') && !file.includes('.test.') && !file.startsWith('store/'),
  );
  const seen = new Set<string>();
  for (const file of files) {
    const room = file.split('/')[0]!;
    for (const [, space = ''] of readFileSync(join(SOURCE, file), 'utf8').matchAll(
      /(?:under|prefixRange|rowsOf)\((?:\w+, )?\['([\w-]+)'/g,
    )) {
      const declared = keyspaceOf([space]);
      assert.ok(declared, `${file} reads ${space}, which src/store/keyspace.ts does not declare`);
      if (!LOOK_ON.includes(room)) assert.equal(declared.owner, room, `${file} reads ${space}`);
      seen.add(space);
    }
  }
  assert.ok(seen.size > 5, 'the pattern still finds them');
});

test('docs/architecture.md lists the keyspaces', () => {
  const page = readFileSync(join(SOURCE, '..', 'docs', 'architecture.md'), 'utf8');
  const rows = Object.entries(KEYSPACES).map(
    ([space, { owner, holds }]) => `| \`${space}\` | \`${owner}/\` | ${holds} |`,
  );
  const table = [
    '| keyspace | room | what a row is: what follows in its key |',
    '| --- | --- | --- |',
    ...rows,
  ];
  assert.ok(
    page.includes(`\n${table.join('\n')}\n`),
    `the table of docs/architecture.md is:\n${table.join('\n')}`,
  );
});

test('a key in a keyspace of another room, or in none, does not compile', () => {
  // @ts-expect-error: it is a keyspace of `objects`.
  const taken: KeyOf<'events'> = ['bucket', 'name'];
  // @ts-expect-error: it is not declared.
  const unknown: KeyOf<'events'> = ['elsewhere', 'name'];
  assert.deepEqual(
    [keyspaceOf(taken)?.owner, keyspaceOf(unknown), keyspaceOf([])],
    ['objects', undefined, undefined],
  );
});
