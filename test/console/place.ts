/** The server, the browser and the callers that the tests of one file share. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Browser } from 'playwright-core';
import { type RunningServer, type ServerOptions, startServer } from '../../src/index.js';
import { type Keys, type Language, launch } from './browser.js';
import { type Label, labels, tables } from './texts.js';

export const REGION = 'ap-northeast-1';

/** What the SDK's clients are made with. */
export function settingsOf(server: RunningServer, credentials: Keys = server.root!) {
  return { endpoint: server.endpoint, region: REGION, credentials, forcePathStyle: true };
}

export interface Place {
  readonly server: RunningServer;
  readonly browser: Browser;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  label(language: Language): Label;
  /** A user with these of AWS's managed policies, and its key. */
  newUser(name: string, ...policies: string[]): Promise<Keys>;
  /** A role that a user may assume, with one of AWS's managed policies. */
  newRole(name: string, user: string, policy: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server in memory with a console, and a browser; a user and a bucket are there that every page may show. */
export async function openPlace(more: Partial<ServerOptions> = {}): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'console-'));
  const lines = join(directory, 'events.jsonl');
  const server = await startServer({
    data: 'memory',
    port: 0,
    consolePort: 0,
    log: 'none',
    region: REGION,
    notify: { lines, eventbridge: lines },
    ...more,
  });
  const [browser, table] = await Promise.all([launch(), tables()]);
  const iam = new IAMClient(settingsOf(server));
  const s3 = new S3Client(settingsOf(server));
  await iam.send(new CreateUserCommand({ UserName: 'page-user' }));
  const CreateBucketConfiguration = { LocationConstraint: REGION as 'ap-northeast-1' };
  await s3.send(new CreateBucketCommand({ Bucket: 'page-bucket', CreateBucketConfiguration }));
  const managed = (name: string) => `arn:aws:iam::aws:policy/${name}`;
  return {
    server,
    browser,
    iam,
    s3,
    label: language => labels(table, language),
    async newUser(UserName, ...policies) {
      await iam.send(new CreateUserCommand({ UserName }));
      for (const name of policies) {
        await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: managed(name) }));
      }
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    },
    async newRole(RoleName, user, policy) {
      const Principal = { AWS: `arn:aws:iam::${server.accountId}:user/${user}` };
      const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: managed(policy) }));
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(directory, { recursive: true });
    },
  };
}
