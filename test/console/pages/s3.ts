/** What the pages of buckets and objects change, read back with the SDK. */
import assert from 'node:assert/strict';
import {
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  ListBucketInventoryConfigurationsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { setEditor } from '../browser.js';
import { button, choose, heading, type PageTest, submit, tag } from './support.js';

const Bucket = 'page-bucket';

/** Opens what changes a setting of the open bucket. */
async function edit({ page, label }: PageTest, setting: string): Promise<void> {
  await page.getByRole('button', { name: `${label('common.edit')} ${label(setting)}`, exact: true }).click();
}

/** Opens the form of a new rule of a setting. */
async function add({ page, label }: PageTest, setting: string): Promise<void> {
  await page.getByRole('button', { name: `${label('s3.rule.add')}: ${label(setting)}` }).click();
}

/** Everything that the form has, at once. */
export async function createBucket(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  const created = { Bucket: 'page-made' };
  await open('/s3/buckets');
  await button(on, label('s3.buckets.create')).click();
  await page.fill('input[name=bucket-name]', created.Bucket);
  await page.getByRole('radio', { name: new RegExp(`^${label('s3.acls.on')}`) }).check();
  await page.getByRole('checkbox', { name: label('s3.public.block') }).uncheck();
  await page.getByRole('checkbox', { name: label('s3.public.acknowledge') }).check();
  await page.getByRole('radio', { name: label('s3.encryption.kms') }).check();
  await button(on, label('s3.more')).click();
  await page.getByRole('checkbox', { name: label('s3.lock'), exact: true }).check();
  await submit(on);
  await heading(on, created.Bucket);
  const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand(created));
  assert.equal(OwnershipControls!.Rules![0]!.ObjectOwnership, 'BucketOwnerPreferred');
  const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand(created));
  assert.equal(PublicAccessBlockConfiguration!.BlockPublicPolicy, false);
  const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand(created));
  assert.equal(
    ServerSideEncryptionConfiguration!.Rules![0]!.ApplyServerSideEncryptionByDefault!.SSEAlgorithm,
    'aws:kms',
  );
  assert.equal((await s3.send(new GetBucketVersioningCommand(created))).Status, 'Enabled');

  await page.getByRole('tab', { name: label('s3.properties') }).click();
  await edit(on, 's3.lock');
  await choose(on, label('s3.retention'), /^GOVERNANCE/);
  await page.fill('input[name=lock-days]', '7');
  await submit(on);
  const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand(created));
  assert.deepEqual(ObjectLockConfiguration!.Rule!.DefaultRetention, { Mode: 'GOVERNANCE', Days: 7 });

  await page.getByRole('tab', { name: label('s3.permissions') }).click();
  await button(on, label('s3.acl.grant')).click();
  await choose(on, label('s3.acl.grantee'), label('s3.acl.logs'));
  await choose(on, label('common.permissions'), 'WRITE');
  await submit(on);
  const { Grants } = await s3.send(new GetBucketAclCommand(created));
  assert.deepEqual(
    Grants!.map(({ Permission }) => Permission),
    ['FULL_CONTROL', 'WRITE'],
  );
}

/** The settings of the properties tab. */
export async function bucketProperties(on: PageTest): Promise<void> {
  const { page, label, s3, account, open } = on;
  await open('/s3/buckets/page-bucket?tab=properties');
  await button(on, label('s3.versioning.enable')).click();
  await submit(on);
  await button(on, label('s3.versioning.suspend')).waitFor();
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled');

  await edit(on, 's3.encryption');
  await page.getByRole('radio', { name: label('s3.encryption.kms') }).check();
  await submit(on);
  const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
  assert.equal(ServerSideEncryptionConfiguration!.Rules![0]!.BucketKeyEnabled, true);
  await edit(on, 's3.encryption');
  await page.getByRole('radio', { name: label('s3.encryption.s3') }).check();
  await submit(on);

  await add(on, 's3.lifecycle');
  await page.fill('input[name=rule-id]', 'expire-temporary');
  await page.fill('input[name=rule-prefix]', 'tmp/');
  await page.fill('input[name=expire-days]', '30');
  await page.fill('input[name=abort-days]', '7');
  await submit(on);
  await page.getByText('expire-temporary').waitFor();
  const lifecycle = async () =>
    (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules!;
  assert.deepEqual(await lifecycle(), [
    {
      ID: 'expire-temporary',
      Status: 'Enabled',
      Filter: { Prefix: 'tmp/' },
      Expiration: { Days: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ]);
  await page.getByRole('button', { name: `${label('common.edit')} expire-temporary` }).click();
  await page.fill('input[name=expire-days]', '31');
  await submit(on);
  assert.equal((await lifecycle())[0]!.Expiration!.Days, 31);

  await page.getByRole('button', { name: label('s3.notifications.bus.on') }).click();
  await submit(on);
  await button(on, label('s3.notifications.bus.off')).waitFor();
  await add(on, 's3.notifications');
  const QueueArn = `arn:aws:sqs:ap-northeast-1:${account}:lines`;
  await page.fill('input[name=destination]', QueueArn);
  await submit(on);
  await page.getByText(QueueArn).waitFor();
  const notified = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  assert.ok(notified.EventBridgeConfiguration);
  assert.deepEqual(
    [notified.QueueConfigurations![0]!.QueueArn, notified.QueueConfigurations![0]!.Events],
    [QueueArn, ['s3:ObjectCreated:*']],
  );

  await edit(on, 's3.logging');
  await page.fill('input[name=log-bucket]', Bucket);
  await submit(on);
  const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
  assert.equal(LoggingEnabled!.TargetPrefix, `${Bucket}/`);
  await page
    .getByRole('button', { name: `${label('common.remove')} ${label('s3.logging')}`, exact: true })
    .click();
  await submit(on);
  assert.equal((await s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, undefined);

  await edit(on, 's3.website');
  await page.fill('input[name=error-document]', 'error.html');
  await submit(on);
  const website = await s3.send(new GetBucketWebsiteCommand({ Bucket }));
  assert.deepEqual([website.IndexDocument!.Suffix, website.ErrorDocument!.Key], ['index.html', 'error.html']);

  await add(on, 's3.inventory');
  await page.fill('input[name=inventory-id]', 'weekly');
  await page.fill('input[name=inventory-bucket]', Bucket);
  await choose(on, label('s3.inventory.often'), label('s3.inventory.Weekly'));
  await submit(on);
  const { InventoryConfigurationList } = await s3.send(
    new ListBucketInventoryConfigurationsCommand({ Bucket }),
  );
  const [inventory] = InventoryConfigurationList!;
  assert.deepEqual(
    [inventory!.Id, inventory!.Schedule!.Frequency, inventory!.Destination!.S3BucketDestination!.Bucket],
    ['weekly', 'Weekly', `arn:aws:s3:::${Bucket}`],
  );

  await tag(on, 'team', 'storage');
  const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
  assert.deepEqual(TagSet, [{ Key: 'team', Value: 'storage' }]);
}

/** The settings of the permissions tab. */
export async function bucketRights(on: PageTest): Promise<void> {
  const { page, label, s3, account, open } = on;
  await open('/s3/buckets/page-bucket?tab=permissions');
  await edit(on, 's3.policy');
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:user/page-user` },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    },
  ];
  // As people mistype it: the linter names the action that S3 does not have.
  await setEditor(
    page,
    JSON.stringify({ Version: '2012-10-17', Statement }).replace('GetObject', 'GetObjekt'),
  );
  await page.getByTestId('finding').first().waitFor();
  await setEditor(page, JSON.stringify({ Version: '2012-10-17', Statement }));
  await page.getByText(label('policy.noFindings')).waitFor();
  await page.getByTestId('save-policy').click();
  await page.getByTestId('save-policy').waitFor({ state: 'detached' });
  const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
  assert.deepEqual(JSON.parse(Policy!).Statement, Statement);

  // ACLs are off, and the button says so.
  const grant = page.locator('button[aria-disabled=true]', { hasText: label('s3.acl.grant') });
  await grant.hover();
  await page.getByRole('tooltip').getByText(label('s3.acl.off')).waitFor();
  await edit(on, 's3.ownership');
  await page.getByRole('radio', { name: label('s3.ownership.ObjectWriter') }).check();
  await submit(on);
  const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
  assert.equal(OwnershipControls!.Rules![0]!.ObjectOwnership, 'ObjectWriter');

  await edit(on, 's3.public');
  await page.getByRole('checkbox', { name: label('s3.public.BlockPublicPolicy') }).uncheck();
  await page.getByRole('checkbox', { name: label('s3.public.acknowledge') }).check();
  await submit(on);
  const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
  assert.deepEqual(PublicAccessBlockConfiguration, {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: true,
  });

  await add(on, 's3.cors');
  await page.getByLabel(label('s3.cors.origins')).last().fill('https://app.example.com');
  await submit(on);
  await page.getByText('https://app.example.com').waitFor();
  const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket }));
  assert.deepEqual(
    [CORSRules![0]!.AllowedOrigins, CORSRules![0]!.AllowedMethods],
    [['https://app.example.com'], ['GET']],
  );
}

/** In a bucket with versions, from the test before. */
export async function objects(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  await open('/s3/buckets/page-bucket');
  await button(on, label('s3.folder.create')).click();
  await page.fill('input[name=folder-name]', 'reports');
  await submit(on);
  await page.getByRole('link', { name: 'reports/' }).click();
  await page.getByText(label('s3.objects.none')).waitFor({ state: 'detached' });
  const big = Buffer.alloc(13 * 1024 * 1024, 7);
  await page.getByTestId('files').setInputFiles([
    { name: 'big.bin', mimeType: 'application/octet-stream', buffer: big },
    { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('one') },
  ]);
  await page.locator('[data-status=done]').nth(1).waitFor();
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'reports/big.bin' }));
  assert.equal(Buffer.compare(Buffer.from(await got.Body!.transformToByteArray()), big), 0);
  // Parts of 6 MiB.
  assert.match(got.ETag!, /-3"$/);

  // What a URL shares, anyone reads at the API's own address.
  await mark(on, 'note.txt');
  await act(on, 's3.share');
  const url = await page.getByTestId('share-url').innerText();
  assert.equal(await (await fetch(url)).text(), 'one');
  await page.keyboard.press('Escape');

  await act(on, 's3.copy');
  await page.fill('input[name=to-prefix]', 'copies/');
  await submit(on);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'copies/' }));
  assert.deepEqual(
    Contents!.map(({ Key }) => Key),
    ['copies/note.txt'],
  );
  await mark(on, 'note.txt');
  await act(on, 'common.delete');
  await submit(on);
  await page.getByRole('link', { name: 'note.txt' }).waitFor({ state: 'detached' });
  const versions = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'reports/note.txt' }));
  assert.deepEqual([versions.Versions!.length, versions.DeleteMarkers!.length], [1, 1]);

  await page.getByRole('link', { name: 'big.bin' }).click();
  await page.getByRole('tab', { name: label('common.tags') }).click();
  await tag(on, 'kind', 'big');
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'reports/big.bin' }));
  assert.deepEqual(TagSet, [{ Key: 'kind', Value: 'big' }]);
}

async function mark({ page }: PageTest, name: string): Promise<void> {
  await page.getByRole('row').filter({ hasText: name }).getByRole('checkbox').check();
}

async function act(on: PageTest, key: string): Promise<void> {
  const { page, label } = on;
  await page
    .locator('section')
    .getByRole('button', { name: label('common.actions'), exact: true })
    .click();
  await page.getByRole('menuitem', { name: label(key), exact: true }).click();
}
