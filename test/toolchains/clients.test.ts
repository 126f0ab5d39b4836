/** The AWS SDKs for Go and Java, built here, fetch keys of an instance and assume a role of another account with them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { before, suite, test } from 'node:test';
import { startImds } from '../../src/imds/index.js';
import { AGENT, BUCKET, EXTERNAL_ID, FIRST, type Fleet, openFleet, PROFILE } from '../support/fleet.js';
import { command, noNamespace, serveInNamespace } from '../support/namespace.js';
import { environment, output } from '../support/programs.js';
import { asked } from './asked.js';
import { built, LONGEST } from './java.js';

const SOURCES = resolve('test/toolchains');
const BUILT = resolve('.cache/toolchains');

const variables = { ...process.env } as Record<string, string>;

/** Each builds its program and gives the words that run it. */
const TOOLCHAINS: Readonly<Record<string, { present: string[]; build(): Promise<string[]> }>> = {
  'AWS SDK for Go': {
    present: ['go', 'version'],
    async build() {
      const program = join(BUILT, 'keys-go');
      await output('go', ['build', '-C', join(SOURCES, 'go'), '-o', program, '.'], variables, LONGEST);
      return [program];
    },
  },
  'AWS SDK for Java': {
    present: ['mvn', '--version'],
    async build() {
      const project = await built('java');
      const classes = [join(project, 'target/classes'), join(project, 'lib/*')].join(delimiter);
      return ['java', '-cp', classes, 'Keys'];
    },
  },
};

for (const [name, { present, build }] of Object.entries(TOOLCHAINS)) {
  const [program = '', ...args] = present;
  const absent = asked || (spawnSync(program, args).status !== 0 && `there is no ${program} on this machine`);
  suite(name, { skip: absent }, () => {
    let words: string[];
    before(async () => {
      await mkdir(BUILT, { recursive: true });
      words = await build();
    });

    const run = ({ endpoint, region, roleArn }: Fleet, env: Record<string, string>, through: string[]) =>
      output(...command(through, ...words, endpoint, region, roleArn, EXTERNAL_ID, BUCKET), env);

    for (const partition of ['aws', 'aws-cn'] as const) {
      test(`in ${partition}: keys, a role of another account, its bucket`, async t => {
        const region = partition === 'aws' ? 'eu-central-1' : 'cn-north-1';
        const fleet = await openFleet({ partition, region });
        t.after(() => fleet.close());
        const target = { endpoint: fleet.endpoint, region, credentials: fleet.root };
        const imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0' });
        t.after(() => imds.close());
        const env = environment(fleet, { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/` });
        const arn = `arn:${partition}:sts::${FIRST}:assumed-role/${AGENT}/${imds.instanceId}`;
        assert.equal(await run(fleet, env, []), arn);
      });
    }

    test('in a network namespace with 169.254.169.254:80', { skip: noNamespace }, async t => {
      const { fleet, through } = await serveInNamespace(t);
      assert.match(await run(fleet, environment(fleet), through), /:assumed-role\/agent\/i-0/);
    });
  });
}
