/** The form of `karikagi setup`, in a real browser: what it makes, proves and takes away is read back with the SDK. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListRolesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import {
  GetBucketEncryptionCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Page } from 'playwright-core';
import { without } from '../clients/run.js';
import { seriousViolations } from './axe.js';
import { type Language, openTab, signIn } from './browser.js';
import { openPlace, type Place, settingsOf } from './place.js';
import type { Label } from './texts.js';

const skip = without('chromium');
let place: Place;

before(async () => {
  if (!skip) place = await openPlace();
});
after(async () => {
  if (!skip) await place.close();
});

describe('the page that sets up staging', { skip }, () => {
  const tabOf = async (language: Language, path: string, keys = place.server.root!) => {
    const { page, context, complaints } = await openTab(place.browser, language);
    await signIn(page, place.server, keys, path);
    return { page, context, complaints, label: place.label(language) };
  };
  const fill = async (page: Page, fields: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(fields)) await page.fill(`input[name=setup-${name}]`, text);
  };
  const next = (page: Page, label: Label) => page.getByRole('button', { name: label('common.next') }).click();
  const calls = async (page: Page) => {
    await page.getByTestId('set-up').and(page.locator(':not([disabled])')).waitFor();
    return await page.getByTestId('call').count();
  };
  /** Presses the button, and waits until all was tried. */
  const run = async (page: Page, label: Label) => {
    await page.getByTestId('set-up').click();
    await page.getByText(label('setup.proof.good')).waitFor();
    const checks = page.getByTestId('check');
    return await checks.evaluateAll(found =>
      found.map(one => (one as unknown as { dataset: Check }).dataset),
    );
  };
  interface Check {
    readonly check: string;
    readonly good: string;
  }

  for (const language of ['en', 'ja'] as const) {
    test(`a user: planned, made, proved, found again, removed (${language})`, async () => {
      const { page, context, complaints, label } = await tabOf(language, '/setup');
      const [name, user, bucket] = [`set-${language}`, `loader-${language}`, `staging-${language}`];
      await page.locator('input[name=setup-bucket]').waitFor();
      assert.deepEqual(await seriousViolations(page), []);
      // What is missing is said, and the page stays.
      await next(page, label);
      await page.locator('[class*=awsui_error]').getByText(label('setup.bucket.rule')).first().waitFor();
      await fill(page, { bucket, name, source: user });
      await page.getByText(label('setup.kms')).click();
      await next(page, label);
      assert.equal(await calls(page), 10);
      assert.deepEqual(await seriousViolations(page), []);
      await assert.rejects(place.iam.send(new GetRoleCommand({ RoleName: name })), 'a plan makes nothing');
      await page.getByRole('button', { name: label('setup.forms') }).click();
      await page.getByRole('tab', { name: 'CloudFormation' }).click();
      await page.getByTestId('setup.yaml').getByText('AWSTemplateFormatVersion').waitFor();

      const checks = await run(page, label);
      assert.deepEqual([checks.length, checks.filter(({ good }) => good !== 'true')], [13, []]);
      assert.deepEqual(await seriousViolations(page), []);
      const externalId = await externalIdOf(name);
      await page.getByText(externalId, { exact: true }).waitFor();
      const { ServerSideEncryptionConfiguration: encryption } = await place.s3.send(
        new GetBucketEncryptionCommand({ Bucket: bucket }),
      );
      assert.equal(encryption!.Rules![0]!.ApplyServerSideEncryptionByDefault!.SSEAlgorithm, 'aws:kms');
      const { AccessKeyMetadata } = await place.iam.send(new ListAccessKeysCommand({ UserName: user }));
      assert.deepEqual(AccessKeyMetadata, [], 'the key of the proof is gone');
      await assertWorks({ name, user, bucket, externalId });

      // Once more: everything is there.
      await page.getByRole('button', { name: label('setup.again') }).click();
      await next(page, label);
      await page.getByText(label('setup.calls.none')).waitFor();
      await page.getByRole('button', { name: label('common.previous') }).click();
      await page.getByRole('link', { name: label('setup.remove') }).click();
      await page.getByRole('button', { name: label('common.remove'), exact: true }).click();
      await page.getByRole('dialog').locator('input').fill(name);
      await page.getByTestId('submit').click();
      await page.getByText(`role ${name}`).waitFor();
      assert.deepEqual(await seriousViolations(page), []);
      await assert.rejects(place.iam.send(new GetRoleCommand({ RoleName: name })), { name: /NoSuchEntity/ });
      await assert.rejects(place.iam.send(new GetUserCommand({ UserName: user })), { name: /NoSuchEntity/ });
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  const externalIdOf = async (RoleName: string) => {
    const { Role } = await place.iam.send(new GetRoleCommand({ RoleName }));
    const { Statement } = JSON.parse(decodeURIComponent(Role!.AssumeRolePolicyDocument!));
    return Statement[0].Condition.StringEquals['sts:ExternalId'] as string;
  };

  /** The values of the page, used as a product would: the role puts below the prefix; the bucket is then not removed. */
  const assertWorks = async (made: { name: string; user: string; bucket: string; externalId: string }) => {
    const { AccessKey } = await place.iam.send(new CreateAccessKeyCommand({ UserName: made.user }));
    const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const sts = new STSClient(settingsOf(place.server, keys));
    const RoleArn = `arn:aws:iam::${place.server.accountId}:role/${made.name}`;
    const asked = { RoleArn, RoleSessionName: 'product', ExternalId: made.externalId };
    const { Credentials } = await sts.send(new AssumeRoleCommand(asked));
    const s3 = new S3Client(
      settingsOf(place.server, {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      }),
    );
    await s3.send(new PutObjectCommand({ Bucket: made.bucket, Key: 'staging/part-1', Body: 'rows' }));
    await assert.rejects(
      s3.send(new PutObjectCommand({ Bucket: made.bucket, Key: 'part-1', Body: 'rows' })),
      {
        name: 'AccessDenied',
      },
    );
  };

  test('an instance profile that may only write is proved with a machine of its own', async () => {
    const { page, context, label } = await tabOf('en', '/setup');
    await fill(page, { bucket: 'machine-bucket', name: 'machines' });
    await page.getByRole('radio', { name: new RegExp(`^${label('setup.source.instance-profile')}`) }).check();
    await fill(page, { source: 'machine-profile' });
    await page.getByRole('button', { name: label('setup.access') }).click();
    await page.getByRole('option', { name: label('setup.access.write'), exact: true }).click();
    await next(page, label);
    await calls(page);
    const checks = (await run(page, label)).map(({ check }) => check);
    assert.deepEqual(
      ['no-list', 'puts', 'no-get', 'parts', 'no-delete', 'nothing-as-instance-profile'].filter(
        id => !checks.includes(id),
      ),
      [],
    );
    const profile = new GetInstanceProfileCommand({ InstanceProfileName: 'machine-profile' });
    const { InstanceProfile } = await place.iam.send(profile);
    assert.equal(InstanceProfile!.Roles![0]!.RoleName, 'machines-agent');
    await context.close();
  });

  test('for a role of another account its part is shown, and not made here', async () => {
    const { page, context, label } = await tabOf('en', '/setup');
    await fill(page, { bucket: 'partner-bucket', name: 'partner' });
    await page.getByRole('radio', { name: new RegExp(`^${label('setup.source.principal')}`) }).check();
    await fill(page, { source: 'arn:aws:iam::999988887777:role/loader' });
    await next(page, label);
    await page.getByText(label('setup.toMake', { account: '999988887777' })).waitFor();
    await page.getByText('aws iam put-role-policy').first().waitFor();
    await context.close();
  });

  test('who may not make a call sees which, and cannot begin', async () => {
    const keys = await place.newUser('setup-reader', 'ReadOnlyAccess');
    const { page, context, label } = await tabOf('en', '/setup', keys);
    await fill(page, { bucket: 'reader-bucket', name: 'reader-set', source: 'reader-loader' });
    await next(page, label);
    await page
      .getByText(/setup-reader is not authorized to perform: iam:CreateUser/)
      .first()
      .waitFor();
    await page.locator('[data-testid=set-up][aria-disabled=true]').waitFor();
    const users = (await place.iam.send(new ListUsersCommand({}))).Users!.map(({ UserName }) => UserName);
    const roles = (await place.iam.send(new ListRolesCommand({}))).Roles!.map(({ RoleName }) => RoleName);
    assert.ok(!users.includes('reader-loader') && !roles.includes('reader-set'));
    await assert.rejects(place.s3.send(new HeadBucketCommand({ Bucket: 'reader-bucket' })));
    await context.close();
  });
});
