/**
 * Storage class analyses, metrics and tiers: stored and given back. Sources: LocalStack's recordings of AWS,
 * test_s3_analytics_configurations and test_s3_intelligent_tier_config; the operations' pages in the S3 API Reference.
 */
import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { allow, code, openTestS3, type TestS3, testAccount, userOf } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const account = testAccount('111122223333');

const export_ = (arn: string) => ({
  DataExport: {
    OutputSchemaVersion: 'V_1',
    Destination: { S3BucketDestination: { Bucket: arn, Format: 'CSV', Prefix: 'test' } },
  },
});
/** What makes a configuration of each kind, beside its id and its filter. */
const KINDS = {
  Analytics: { StorageClassAnalysis: export_('arn:aws:s3:::reports') },
  IntelligentTiering: { Status: 'Enabled', Tierings: [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' }] },
  Metrics: {},
} as const;
const FILTERS: readonly object[] = [
  { Prefix: 'p/' },
  { Tag: { Key: 'a', Value: 'b' } },
  { And: { Prefix: 'p/', Tags: [{ Key: 'a', Value: 'b' }] } },
];

let s3: TestS3;
beforeEach(async () => {
  s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
});

for (const [kind, base] of Object.entries(KINDS)) {
  const member = `${kind}Configuration`;
  const put = (Id: string, more: object = {}, query = Id) =>
    s3.send(`PutBucket${member}`, { Bucket, Id: query, [member]: { Id, ...base, ...more } });
  const get = async (Id: string) => (await s3.send(`GetBucket${member}`, { Bucket, Id }))[member];
  const remove = (Id: string) => s3.send(`DeleteBucket${member}`, { Bucket, Id });
  const list = async (ContinuationToken?: string) => {
    const { [`${member}List`]: found = [], ...page } = await s3.send(`ListBucket${member}s`, {
      Bucket,
      ContinuationToken,
    });
    return { ...page, ids: (found as { Id: string }[]).map(({ Id }) => Id) } as Record<string, unknown>;
  };

  suite(`${kind} configurations`, () => {
    test('come back as they were given, are replaced, listed by id and deleted', async () => {
      await assert.rejects(get('one'), code('NoSuchConfiguration', 404));
      await assert.rejects(remove('one'), code('NoSuchConfiguration', 404));
      assert.deepEqual(await list(), { ContinuationToken: undefined, IsTruncated: false, ids: [] });
      for (const Filter of FILTERS) {
        await put('one', { Filter });
        assert.deepEqual(await get('one'), { Id: 'one', ...base, Filter });
      }
      await put('a.second-1');
      assert.deepEqual((await list()).ids, ['a.second-1', 'one']);
      await remove('one');
      await assert.rejects(get('one'), code('NoSuchConfiguration', 404));
      assert.deepEqual((await list()).ids, ['a.second-1']);
    });

    test('are refused with another id in the document, a bad id, or several conditions', async () => {
      await assert.rejects(put('one', {}, 'two'), code('MalformedXML', 400));
      await assert.rejects(s3.send(`PutBucket${member}`, { Bucket, Id: 'one' }), code('MalformedXML', 400));
      for (const id of ['a b', 'é', 'x'.repeat(65)]) {
        await assert.rejects(put(id), code('InvalidConfigurationId', 400));
      }
      const Filter = { Prefix: 'p/', Tag: { Key: 'a', Value: 'b' } };
      await assert.rejects(put('one', { Filter }), code('MalformedXML', 400));
      assert.deepEqual((await list()).ids, []);
    });

    test('are at most a thousand, and listed a hundred a page', async () => {
      for (let n = 0; n < 1000; n++) await put(String(n).padStart(4, '0'));
      await assert.rejects(put('one-more'), code('TooManyConfigurations', 400));
      await put('0000');
      const ids: string[] = [];
      let token: string | undefined;
      do {
        const page = await list(token);
        assert.equal((page.ids as string[]).length, 100);
        assert.equal(page.IsTruncated, page.NextContinuationToken !== undefined);
        ids.push(...(page.ids as string[]));
        token = page.NextContinuationToken as string | undefined;
      } while (token !== undefined);
      assert.equal(new Set(ids).size, 1000);
      assert.deepEqual(ids, ids.toSorted());
      await assert.rejects(list('nonsense'), code('InvalidArgument', 400));
    });

    test('go with their bucket', async () => {
      await put('one');
      await s3.send('DeleteBucket', { Bucket });
      await s3.send('CreateBucket', { Bucket });
      assert.deepEqual((await list()).ids, []);
    });

    test('take the right to read for reading and the right to put for the rest', async () => {
      const reader = userOf(account, 'reader', allow(`s3:Get${member}`));
      const writer = userOf(account, 'writer', allow(`s3:Put${member}`));
      const as = (caller: typeof reader, operation: string) =>
        s3.send(operation, { Bucket, Id: 'one', [member]: { Id: 'one', ...base } }, { as: caller });
      for (const operation of [`PutBucket${member}`, `DeleteBucket${member}`]) {
        await assert.rejects(as(reader, operation), code('AccessDenied', 403));
      }
      await as(writer, `PutBucket${member}`);
      for (const operation of [`GetBucket${member}`, `ListBucket${member}s`]) {
        await assert.rejects(as(writer, operation), code('AccessDenied', 403));
        await as(reader, operation);
      }
      await as(writer, `DeleteBucket${member}`);
    });
  });
}

test('an analysis is exported to a bucket of the same partition', async () => {
  const put = (arn: string) =>
    s3.send('PutBucketAnalyticsConfiguration', {
      Bucket,
      Id: 'one',
      AnalyticsConfiguration: { Id: 'one', StorageClassAnalysis: export_(arn) },
    });
  for (const arn of ['reports', 'arn:aws-cn:s3:::reports', 'arn:aws:sqs:::reports', 'arn:aws:s3:::']) {
    await assert.rejects(put(arn), code('InvalidS3DestinationBucket', 400));
  }
  await put('arn:aws:s3:::reports');
});

// Tiering, S3 API Reference: at least 90 and 180 days, at most 730.
test('tiers are named once, with as many days as they take', async () => {
  const put = (...Tierings: object[]) =>
    s3.send('PutBucketIntelligentTieringConfiguration', {
      Bucket,
      Id: 'one',
      IntelligentTieringConfiguration: { Id: 'one', Status: 'Enabled', Tierings },
    });
  const tier = (AccessTier: string, Days: number) => ({ AccessTier, Days });
  await assert.rejects(put(), code('MalformedXML', 400));
  for (const tiers of [
    [tier('ARCHIVE_ACCESS', 89)],
    [tier('ARCHIVE_ACCESS', 731)],
    [tier('DEEP_ARCHIVE_ACCESS', 179)],
    [tier('ARCHIVE_ACCESS', 90), tier('ARCHIVE_ACCESS', 100)],
  ]) {
    await assert.rejects(put(...tiers), code('InvalidArgument', 400));
  }
  await put(tier('ARCHIVE_ACCESS', 90), tier('DEEP_ARCHIVE_ACCESS', 730));
});

test('metrics by access point are not there', async () => {
  const MetricsConfiguration = {
    Id: 'one',
    Filter: { AccessPointArn: 'arn:aws:s3:us-east-1:111122223333:accesspoint/a' },
  };
  await assert.rejects(
    s3.send('PutBucketMetricsConfiguration', { Bucket, Id: 'one', MetricsConfiguration }),
    code('NotImplemented', 501),
  );
});
