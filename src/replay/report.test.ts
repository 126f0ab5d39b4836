import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordOf } from '../policy/recorded/records.test.support.js';
import { Replay, type ReplayReport, withChange, worldOf } from '../policy/replay/index.js';
import { renderReplay, replayToJunit, replayToSarif } from './report.js';

const BOB = 'arn:aws:iam::111122223333:user/bob';
const FILE = 'new policies\\bob <1>.json';
/** What XML has to escape, and what it has no character for. */
const KEY = 'a&<>"\u0001\u{1F600}';

/** Of each outcome one: two are newly denied, one is newly allowed, one cannot be told, one is the same. */
function report(): ReplayReport {
  const tagged = { StringEquals: { 'aws:ResourceTag/x': '1' } };
  const Statement = [
    { Effect: 'Allow', Action: 's3:GetObjectTagging', Resource: '*', Condition: tagged },
    { Effect: 'Allow', Action: 's3:DeleteObject', Resource: '*' },
  ];
  const document = JSON.stringify({ Version: '2012-10-17', Statement });
  const replay = new Replay(worldOf(withChange([], { name: FILE, place: BOB, document })));
  const call = (operation: string, key: string, more: object = {}) =>
    replay.addRecord(recordOf(`s3:${operation}`, { bucketName: 'b', key }, more));
  call('GetObject', KEY);
  call('PutObject', KEY);
  call('GetObjectTagging', 'x');
  call('DeleteObject', 'x', { errorCode: 'AccessDenied', errorMessage: 'Access Denied' });
  call('DeleteObject', 'y');
  return replay.report();
}

test('a report has an outcome of each kind', () => {
  assert.deepEqual(report().counts, { 'newly-denied': 2, 'newly-allowed': 1, unknown: 1, same: 1 });
  assert.match(
    renderReplay(report()),
    /5 records, 5 calls: 2 newly denied, 1 newly allowed, 1 cannot tell, 1 the same\./,
  );
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly occurrenceCount: number;
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
      }[];
    }[];
  }[];
}

test('SARIF names rules that it defines, levels that there are, and files as URI references', () => {
  const { version, runs } = replayToSarif(report(), FILE) as Sarif;
  assert.equal(version, '2.1.0');
  const [{ tool, results }] = runs as [Sarif['runs'][number]];
  const rules = tool.driver.rules.map(({ id }) => id);
  assert.deepEqual(rules, ['newly-allowed', 'newly-denied', 'unknown']);
  assert.equal(results.length, 4);
  for (const { ruleId, level, message, occurrenceCount, locations } of results) {
    assert.ok(rules.includes(ruleId));
    assert.ok(['error', 'warning', 'note'].includes(level), level);
    assert.ok(message.text.length > 0 && occurrenceCount === 1);
    const { uri } = locations[0]!.physicalLocation.artifactLocation;
    assert.equal(uri, 'new%20policies/bob%20%3C1%3E.json');
  }
});

test('JUnit counts what is in a suite, has the attributes that Jenkins demands, and is XML', () => {
  const xml = replayToJunit(report(), new Set(['newly-denied']));
  const suites = [...xml.matchAll(/<testsuite ([^>]*)>([\s\S]*?)<\/testsuite>/g)];
  assert.equal(suites.length, 2);
  for (const [, head = '', body = ''] of suites) {
    const attributes = Object.fromEntries(
      [...head.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const count = (pattern: RegExp) => String([...body.matchAll(pattern)].length);
    assert.equal(attributes['tests'], count(/<testcase /g));
    assert.equal(attributes['failures'], count(/<failure /g));
    assert.equal(attributes['skipped'], count(/<skipped /g));
    assert.equal(attributes['errors'], '0');
  }
  assert.match(xml, /a&amp;&lt;&gt;&quot;\u{1F600}/u);
  assert.ok(!xml.includes('\u0001'));
  const strict = replayToJunit(report(), new Set(['newly-denied', 'unknown', 'newly-allowed']));
  assert.equal([...strict.matchAll(/<failure /g)].length, 4);
});
