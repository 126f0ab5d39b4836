/** What the page of events finds, and where it leads. */
import assert from 'node:assert/strict';
import { CreateAccessKeyCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { heading, type PageTest } from './support.js';

export async function search(on: PageTest): Promise<void> {
  const { page, label, iam, s3, open } = on;
  await iam.send(new CreateUserCommand({ UserName: 'event-user' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'event-user' }));
  const { protocol, hostname, port } = await s3.config.endpoint!();
  const other = new S3Client({
    endpoint: `${protocol}//${hostname}:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! },
    maxAttempts: 1,
  });
  let refusedId = '';
  await assert.rejects(
    other.send(new ListBucketsCommand({})),
    (error: { $metadata: { requestId: string } }) => {
      refusedId = error.$metadata.requestId;
      return true;
    },
  );
  const find = async (field: string, value: string) => {
    await page.fill(`input[name=${field}]`, value);
    await page.getByRole('button', { name: label('events.find'), exact: true }).click();
  };
  const rows = page.getByRole('row');
  await open('/events');
  await find('action', 'iam:CreateUser');
  await rows.filter({ hasText: 'event-user' }).first().waitFor();
  assert.equal(await rows.filter({ hasText: 'CreateAccessKey' }).count(), 0);
  await find('action', '');
  await find('principal', 'event-user');
  const refused = rows.filter({ hasText: 's3:ListBuckets' });
  await refused.filter({ hasText: 'AccessDenied' }).waitFor();
  await refused.getByRole('link').click();
  await heading(on, label('events.of', { id: refusedId }));
  await page.getByText(label('events.record')).click();
  await page.getByText('"eventName": "ListBuckets"').waitFor();
  await page.getByRole('link', { name: label('events.why') }).click();
  await heading(on, label('denied.request', { id: refusedId }));
}
