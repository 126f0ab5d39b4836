/** Hours of moved time in front of real clients: no call meets an expired key. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, type TestContext, test } from 'node:test';
import { type RunningImds, startImds } from '../../src/imds/index.js';
import { BUCKET, EXTERNAL_ID, type Fleet, openFleet, PROFILE } from '../support/fleet.js';
import { environment, KARIKAGI, output } from '../support/programs.js';
import { installed, without } from './run.js';

const HERE = resolve('test/clients');
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  .map(directory => `${directory}/faketime/libfaketime.so.1`)
  .find(existsSync);

/** A program that does one thing for each line that it is sent. */
class Loop {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Ends with the test, however that ends. */
  constructor(t: TestContext, words: readonly string[], env: Record<string, string>) {
    const [program = '', ...args] = words;
    this.#child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => this.#child.kill('SIGKILL'));
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** What it prints for the line. */
  async ask(line: string): Promise<string> {
    this.#child.stdin!.write(`${line}\n`);
    return (await this.#lines.next()).value ?? 'ended';
  }

  /** Resolves with its exit code. */
  end(): Promise<number | null> {
    this.#child.stdin!.end();
    return new Promise(settle => this.#child.on('close', settle));
  }
}

/** The time of the server, the endpoint and the clients: the machine's, and what the test adds. */
class MovedTime {
  #seconds = 0;
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, 'offset');
  }

  now(): number {
    return Date.now() + this.#seconds * 1000;
  }

  async advance(seconds: number): Promise<void> {
    this.#seconds += seconds;
    await writeFile(this.#file, `+${this.#seconds}s\n`);
  }

  /** For a client: libfaketime reads the file at each look at the clock. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: FAKETIME!,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }
}

const SDK_LOOP = `
import { createInterface } from 'node:readline';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
const { LOOP_ENDPOINT: endpoint, LOOP_BUCKET: Bucket } = process.env;
const s3 = new S3Client({ endpoint, region: 'eu-central-1', profile: process.env.LOOP_PROFILE, forcePathStyle: true });
for await (const Key of createInterface({ input: process.stdin })) {
  try {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    console.log((await s3.config.credentials()).accessKeyId);
  } catch (error) {
    console.log('FAILED ' + error);
  }
}`;

/** AWS CLI 1 assumes the role itself; version 2 before 2.13 asks no STS but AWS's, and is given keys by a program. */
const clis = ({ endpoint, region }: Fleet): Record<string, string[]> => ({
  cli1: [installed('aws'), '--profile', 'staging'],
  ...(!without('awscli') && {
    cli2: ['/usr/bin/aws', '--profile', 'process', '--endpoint-url', endpoint, '--region', region],
  }),
});

/** A profile for `~/.aws/config`: the keys that ask are the machine's, as the default profile has none. */
function processProfile({ endpoint, region, roleArn }: Fleet): string {
  const assume = `${roleArn} --external-id ${EXTERNAL_ID} --duration 900 --endpoint ${endpoint}`;
  const command = `${process.execPath} ${KARIKAGI} credential-process ${assume}`;
  return `[profile process]\nregion = ${region}\ncredential_process = ${command}\n`;
}

const noFaketime = without('faketime') || (FAKETIME === undefined && 'libfaketime is not for this processor');

suite('time goes by', { skip: noFaketime }, () => {
  let fleet: Fleet;
  let imds: RunningImds;
  let time: MovedTime;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'karikagi-time-'));
    time = new MovedTime(directory);
    await time.advance(0);
    fleet = await openFleet({ region: 'eu-central-1', clock: time });
    const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
    imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0', clock: time });
  });
  after(async () => {
    await imds.close();
    await fleet.close();
    await rm(directory, { recursive: true });
  });

  const moved = (more: Record<string, string>) =>
    environment(fleet, {
      ...time.environment,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/`,
      LOOP_ENDPOINT: fleet.endpoint,
      LOOP_BUCKET: BUCKET,
      ...more,
    });

  test('four hours of clients that renew by themselves, and no call meets an expired key', {
    skip: without('pip'),
  }, async t => {
    const env = moved({ LOOP_PROFILE: 'staging' });
    const loops = {
      boto3: new Loop(t, [installed('python3'), join(HERE, 'imds_loop.py')], env),
      js: new Loop(t, [process.execPath, '--input-type=module', '-e', SDK_LOOP], env),
    };
    const seen = { boto3: new Set<string>(), js: new Set<string>() };
    await appendFile(join(fleet.home, 'config'), processProfile(fleet));
    for (let minute = 0; minute <= 240; minute += 6) {
      for (const [name, loop] of Object.entries(loops)) {
        const answer = await loop.ask(`${name}-${minute}`);
        assert.match(answer, /^ASIA/, `${name} in minute ${minute}`);
        seen[name as 'js'].add(answer);
      }
      // A command of its own each time, with what it and `karikagi credential-process` keep in files.
      for (const [name, aws] of Object.entries(minute % 36 === 0 ? clis(fleet) : {})) {
        const put = ['s3api', 'put-object', '--bucket', BUCKET, '--key', `${name}-${minute}`];
        await output(aws[0]!, [...aws.slice(1), ...put], moved({ KARIKAGI_CACHE: join(fleet.home, 'keys') }));
      }
      await time.advance(360);
    }
    for (const loop of Object.values(loops)) assert.equal(await loop.end(), 0);
    // A session of 900 seconds is good for three of the 41 calls at the most.
    for (const keys of Object.values(seen)) assert.ok(keys.size >= 14, `${keys.size} sessions`);
  });

  test('a child of `karikagi assume` outlives three sessions of 900 seconds', {
    skip: without('pip'),
  }, async t => {
    const assume = ['assume', fleet.roleArn, '--external-id', EXTERNAL_ID, '--duration', '900'];
    const words = [
      process.execPath,
      KARIKAGI,
      ...assume,
      '--',
      installed('python3'),
      join(HERE, 'imds_loop.py'),
    ];
    const loop = new Loop(t, words, moved({ KARIKAGI_CACHE: join(fleet.home, 'cache') }));
    const seen = new Set<string>();
    for (let minute = 0; minute <= 50; minute += 5) {
      const answer = await loop.ask(`child-${minute}`);
      assert.match(answer, /^ASIA/, `in minute ${minute}`);
      seen.add(answer);
      await time.advance(300);
    }
    assert.equal(await loop.end(), 0);
    assert.ok(seen.size > 3, `${seen.size} sessions`);
  });
});
