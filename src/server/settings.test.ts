import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SettingsError } from '../core/settings-error.js';
import { readSettings } from './settings.js';

test('flags win over the environment, the environment over the file, the file over the defaults', t => {
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-settings-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'karikagi.json');
  writeFileSync(file, JSON.stringify({ port: 1, data: '/file', eventDays: 7 }));
  const settings = readSettings({ port: '3' }, { KARIKAGI_PORT: '2', KARIKAGI_DATA: '/environment' }, file);
  assert.equal(settings.port, 3);
  assert.equal(settings.data, '/environment');
  assert.equal(settings.eventDays, 7);
  assert.equal(settings.host, '127.0.0.1');
});

test('the default region is one of the partition', () => {
  assert.equal(readSettings({}).region, 'us-east-1');
  assert.equal(readSettings({ partition: 'aws-cn' }).region, 'cn-north-1');
});

test('a value that does not fit is refused by name', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ port: '70000' }, /^port must be a whole number/],
    [{ account: '123' }, /^account must be an account id/],
    [{ partition: 'aws-eu' }, /^partition must be one of/],
    [{ region: 'tokyo' }, /^region must be a region/],
    [{ domains: 3 }, /^domains must be a list/],
    [{ newBuckets: 'public' }, /^newBuckets must be one of closed, open/],
    [{ notify: 'hooks' }, /^notify must be names/],
    [{ notify: 'a b=/file' }, /^notify must be names/],
    [{ notify: 'hooks=ftp://example.com/' }, /^notify must be names/],
    [{ notify: { hooks: 'https://user:word@example.com/' } }, /^notify must be names/],
    [{ notify: 'hooks=https://example.com/' }, /^notifySecret .* is needed/],
    [{ replicationEndpoints: 'copies' }, /^replicationEndpoints must be buckets/],
    [{ replicationEndpoints: 'Copies=https://a.example?from=*' }, /no name of a bucket/],
    [{ replicationEndpoints: 'copies=http://a.example?from=*' }, /must be https/],
    [{ replicationEndpoints: 'copies=https://a.example' }, /from=ACCOUNT must say/],
    [{ replicationEndpoints: 'copies=https://a.example?from=12' }, /from=ACCOUNT must say/],
    [{ replicationEndpoints: 'copies=https://key:word@a.example?from=*' }, /keys do not stand in the URL/],
    [{ replicationEndpoints: 'copies=https://a.example/path?from=*' }, /has no path/],
    [{ replicationEndpoints: 'copies=https://a.example?from=*&secret=x' }, /there is no "secret"/],
    [{ replicationEndpoints: { copies: 'https://a.example?from=*&role=copier' } }, /no role's ARN/],
    [{ notifySecret: 'short' }, /^notifySecret must be at least 16 characters/],
  ];
  for (const [flags, message] of wrong) {
    assert.throws(
      () => readSettings(flags),
      (error: unknown) => error instanceof SettingsError && message.test(error.message),
    );
  }
});

test('targets of events are URLs and files by name', () => {
  const { notify } = readSettings({
    notify: 'hooks=https://example.com/?a=b,lines=/var/log/lines.jsonl',
    notifySecret: 'sixteen letters!',
  });
  assert.deepEqual(notify, { hooks: 'https://example.com/?a=b', lines: '/var/log/lines.jsonl' });
  assert.deepEqual(readSettings({ notify: { lines: 'lines.jsonl' } }).notify, { lines: 'lines.jsonl' });
});

test('buckets that other servers hold are declared by name', () => {
  const both = 'copies=http://127.0.0.1:9100?from=111122223333,far-*=https://a.example?from=*&profile=far';
  assert.deepEqual(readSettings({}, { KARIKAGI_REPLICATION_ENDPOINTS: both }).replicationEndpoints, {
    copies: 'http://127.0.0.1:9100?from=111122223333',
    'far-*': 'https://a.example?from=*&profile=far',
  });
});

test('a file with a name that is no setting, or no object, is refused', t => {
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-settings-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'karikagi.json');
  for (const [content, message] of [
    ['{"prot": 1}', /no setting "prot"/],
    ['[]', /one JSON object/],
    ['{', /cannot be read as JSON/],
  ] as const) {
    writeFileSync(file, content);
    assert.throws(() => readSettings({}, {}, file), message);
  }
});
