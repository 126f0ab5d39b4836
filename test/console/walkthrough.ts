/** The documents' walk-through, at the console: from an empty account to a file that a role's keys have uploaded. */
import type { Page } from 'playwright-core';
import type { RunningServer } from '../../src/index.js';
import { type Keys, setEditor, signIn, signOut } from './browser.js';
import type { Label } from './texts.js';

export interface WalkthroughNames {
  readonly bucket: string;
  readonly user: string;
  readonly role: string;
  readonly policy: string;
}

/** The names of the documents; `suffix` keeps two walks in one account apart. */
export function namesOf(suffix = ''): WalkthroughNames {
  return {
    bucket: `s3-fs-example-bucket${suffix}`,
    user: `sts-s3-upload-user${suffix}`,
    role: `sts-s3-example-role${suffix}`,
    policy: `sts-s3-example-policy${suffix}`,
  };
}

export interface Walkthrough {
  readonly page: Page;
  readonly server: RunningServer;
  readonly label: Label;
  readonly names: WalkthroughNames;
  /** Called where a step is on the screen: for pictures and checks. */
  readonly see: (step: string) => Promise<void>;
}

/** Resolves with the user's access key. */
export async function walkThrough(walk: Walkthrough): Promise<Keys> {
  await sts(walk);
  await bucket(walk);
  const keys = await user(walk);
  await role(walk);
  await trust(walk);
  await inlinePolicy(walk);
  await upload(walk, keys);
  return keys;
}

/** 1: STS is active in Tokyo. Another region is switched off, and on again. */
async function sts({ page, server, label, see }: Walkthrough): Promise<void> {
  await signIn(page, server, server.root!, '/account');
  const row = (region: string) => page.getByRole('row').filter({ hasText: region });
  await row('ap-northeast-1').getByText(label('common.active'), { exact: true }).waitFor();
  await see('1-sts');
  for (const [button, status] of [
    ['account.endpoints.deactivate', 'common.inactive'],
    ['account.endpoints.activate', 'common.active'],
  ] as const) {
    await page.getByRole('button', { name: `${label(button)} eu-west-1` }).click();
    await page.getByTestId('submit').click();
    await row('eu-west-1').getByText(label(status), { exact: true }).waitFor();
  }
}

/** 2: the bucket, with default settings. */
async function bucket({ page, server, label, names, see }: Walkthrough): Promise<void> {
  await page.goto(`${server.consoleUrl}/s3/buckets`);
  await page.getByRole('button', { name: label('s3.buckets.create') }).click();
  await page.fill('input[name=bucket-name]', names.bucket);
  await see('2-bucket');
  await page.getByTestId('submit').click();
  await page.getByRole('heading', { name: names.bucket, level: 1 }).waitFor();
}

/** 3: the user that will call STS, and its access key, which is shown once. */
async function user({ page, server, label, names, see }: Walkthrough): Promise<Keys> {
  await page.goto(`${server.consoleUrl}/iam/users`);
  await page.getByRole('button', { name: label('iam.users.create') }).click();
  await page.fill('input[name=user-name]', names.user);
  await see('3-user');
  await page.getByTestId('submit').click();
  await page.getByRole('heading', { name: names.user, level: 1 }).waitFor();
  await page.getByRole('tab', { name: label('iam.keys') }).click();
  await page.getByRole('button', { name: label('iam.keys.create') }).click();
  await page.getByTestId('submit').click();
  const accessKeyId = await page.getByTestId('key-id').innerText();
  await see('3-access-key');
  await page.getByRole('button', { name: label('iam.keys.show'), exact: true }).click();
  const secretAccessKey = await page.getByTestId('key-secret').innerText();
  await page.getByRole('button', { name: label('common.done') }).click();
  return { accessKeyId, secretAccessKey };
}

/** The documents' policy, as they print it: it lists a bucket on the ARN of its objects. */
function printedPolicy(bucket: string): string {
  const Statement = [
    {
      Sid: 'VisualEditor0',
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:ListBucket'],
      Resource: `arn:aws:s3:::${bucket}/*`,
    },
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement }, null, 2);
}

/** 4: the role for a service, with a new policy, whose mistake the editor finds and mends. */
async function role({ page, server, label, names, see }: Walkthrough): Promise<void> {
  await page.goto(`${server.consoleUrl}/iam/roles`);
  await page.getByRole('button', { name: label('iam.roles.create') }).click();
  await page.getByRole('button', { name: /ec2/ }).click();
  await page.getByRole('option', { name: /^s3\b/ }).click();
  await page.locator('.cm-content').getByText('s3.amazonaws.com').waitFor();
  await see('4-role');
  await page.getByRole('button', { name: label('common.next') }).click();
  await page.getByRole('button', { name: label('createRole.newPolicy') }).click();
  await setEditor(page, printedPolicy(names.bucket));
  const finding = page.locator('[data-code=ACTION_WITHOUT_MATCHING_RESOURCE]');
  await finding.waitFor();
  await see('4-policy-finding');
  await finding.getByRole('button').click();
  await finding.waitFor({ state: 'detached' });
  await page.fill('input[name=policy-name]', names.policy);
  await see('4-policy');
  await page.getByTestId('submit').click();
  await page.getByTestId('submit').waitFor({ state: 'detached' });
  await page.getByText(names.policy, { exact: true }).first().waitFor();
  await page.getByRole('button', { name: label('common.next') }).click();
  await page.fill('input[name=role-name]', names.role);
  await see('4-role-review');
  await page.getByRole('button', { name: label('iam.roles.create') }).click();
  await page.getByRole('heading', { name: names.role, level: 1 }).waitFor();
}

/** 4, end: the trust policy names the user; a slip in the ARN is told as one types. */
async function trust({ page, server, label, names, see }: Walkthrough): Promise<void> {
  const document = (principal: string) =>
    JSON.stringify(
      {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }],
      },
      null,
      2,
    );
  await page.getByRole('tab', { name: label('iam.trust') }).click();
  await page.getByRole('button', { name: label('iam.trust.edit') }).click();
  await setEditor(page, document(`arn:aws:iam::${server.accountId}:<${names.user}`));
  await page.getByTestId('finding').first().waitFor();
  await see('4-trust-finding');
  await setEditor(page, document(`arn:aws:iam::${server.accountId}:user/${names.user}`));
  await page.getByText(label('policy.noFindings')).waitFor();
  await page.getByRole('button', { name: label('iam.trust.update') }).click();
  await page.getByRole('button', { name: label('iam.trust.edit') }).waitFor();
  await see('4-trust');
}

/** 5: the user may assume the role. */
async function inlinePolicy({ page, server, label, names, see }: Walkthrough): Promise<void> {
  await page.goto(`${server.consoleUrl}/iam/users/${names.user}`);
  await page.getByRole('button', { name: label('iam.policies.createInline') }).click();
  const Resource = `arn:aws:iam::${server.accountId}:role/${names.role}`;
  const Statement = [{ Sid: 'VisualEditor0', Effect: 'Allow', Action: 'sts:AssumeRole', Resource }];
  await setEditor(page, JSON.stringify({ Version: '2012-10-17', Statement }, null, 2));
  await page.getByText(label('policy.noFindings')).waitFor();
  await page.fill('input[name=policy-name]', 'assume-example-role');
  await see('5-inline-policy');
  await page.getByTestId('submit').click();
  await page.getByRole('button', { name: 'assume-example-role' }).waitFor();
}

/** And then: the user switches to the role, lists the bucket and uploads a file with the role's keys. */
async function upload(walk: Walkthrough, keys: Keys): Promise<void> {
  const { page, server, label, names, see } = walk;
  await signOut(page, label);
  const query = new URLSearchParams({
    account: server.accountId,
    roleName: names.role,
    displayName: 'uploader',
  });
  await signIn(page, server, keys, `/switchrole?${query}`);
  await page
    .locator('form')
    .getByRole('button', { name: label('switch.title') })
    .first()
    .waitFor();
  await see('6-switch-role');
  await page
    .locator('form')
    .getByRole('button', { name: label('switch.title'), exact: true })
    .click();
  await page
    .locator('#bar')
    .getByRole('button', { name: /uploader/ })
    .first()
    .waitFor();
  await page.goto(`${server.consoleUrl}/s3/buckets/${names.bucket}`);
  await page.getByText(label('s3.objects.none')).waitFor();
  await page.getByTestId('files').setInputFiles({
    name: 'hello.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('Hello from the console\n'),
  });
  await page.locator('[data-testid=upload][data-status=done]').waitFor();
  await page.getByRole('link', { name: 'hello.txt' }).waitFor();
  await see('6-uploaded');
}
