/** Connections that are held, where a process may have few: others come in all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Victim } from './victim.js';

for (const [name, bytes] of [
  ['say nothing', ''],
  ['send half of a head', 'GET /'],
  [
    'send a document to no bucket and never end it',
    'POST /nb?delete HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n<Delete>',
  ],
  [
    'send a form and never end it',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\nA',
  ],
  ['asked once', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
] as const) {
  test(`a thousand connections that ${name} shut nobody out`, { timeout: 240_000 }, async t => {
    const victim = await Victim.start([], ['prlimit', '--nofile=512:512']);
    t.after(() => victim.stop());
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: 50 }, () => victim.send(...(bytes === '' ? [] : [bytes]))));
      await victim.probe(1);
    }
    assert.ok(victim.files() < 512 / 2 + 60, `${victim.files()} files`);
  });
}
