/**
 * Prepares a running server for ceph/s3-tests and prints the configuration file that they want: makes the accounts
 * that they act as, one for each section, and the two keys of KMS that they encrypt under. The accounts' secrets are
 * printed this once. It signs as the root user of the server's first account, as `karikagi accounts create` does;
 * docs/conformance.md shows the whole way.
 *
 *   npm run build && node tools/s3-tests-config.mjs --data DIRECTORY [--endpoint URL] [--day SECONDS] > s3tests.conf
 *
 * `--data`: the server's data directory, where its credentials lie. `--day`: how many seconds the tests wait for a
 * day of lifecycle rules, as given to s3-tests-fast-clock.mjs.
 */
import { parseArgs } from 'node:util';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { apiTarget } from '../dist/src/cli/api-options.js';
import { callKarikagi } from '../dist/src/clients/karikagi-api.js';

const REGION = 'us-east-1';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    endpoint: { type: 'string', default: process.env.AWS_ENDPOINT_URL ?? 'http://127.0.0.1:9000' },
    day: { type: 'string', default: '20' },
  },
});
const { endpoint } = flags;
const { hostname, port, protocol } = new URL(endpoint);

/** A new account as the tests know it: the key of its root user, its canonical id, its name. */
async function account(name) {
  const { Account, RootAccessKey } = await callKarikagi(apiTarget(flags), 'CreateAccount', {
    AccountName: name,
    Partition: 'aws',
  });
  const credentials = {
    accessKeyId: RootAccessKey.AccessKeyId,
    secretAccessKey: RootAccessKey.SecretAccessKey,
  };
  const { Owner } = await new S3Client({ endpoint, region: REGION, credentials }).send(
    new ListBucketsCommand({}),
  );
  return { name, id: Account.AccountId, credentials, canonicalId: Owner.ID };
}

async function kmsKey({ credentials }) {
  const kms = new KMSClient({ endpoint, region: REGION, credentials });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return KeyMetadata.Arn;
}

function section(title, { name, credentials, canonicalId }, more = {}) {
  const lines = {
    display_name: name,
    user_id: canonicalId,
    email: `${name}@example.com`,
    access_key: credentials.accessKeyId,
    secret_key: credentials.secretAccessKey,
    ...more,
  };
  return [`[${title}]`, ...Object.entries(lines).map(([key, value]) => `${key} = ${value}`), ''].join('\n');
}

const main = await account('main');
const text = [
  `[DEFAULT]
host = ${hostname}
port = ${port}
is_secure = ${protocol === 'https:' ? 'True' : 'False'}
ssl_verify = False

[fixtures]
bucket prefix = s3tests-{random}-
`,
  section('s3 main', main, {
    api_name: 'eu-west-1',
    kms_keyid: await kmsKey(main),
    kms_keyid2: await kmsKey(main),
    storage_classes: 'GLACIER_IR, INTELLIGENT_TIERING',
    lc_debug_interval: flags.day,
  }),
  section('s3 alt', await account('alt')),
  section('s3 tenant', await account('tenant'), { tenant: 'tenant' }),
  section('iam', await account('iam')),
];
for (const title of ['iam root', 'iam alt root']) {
  const root = await account(title.replaceAll(' ', '-'));
  text.push(section(title, { ...root, canonicalId: root.id }));
}
process.stdout.write(text.join('\n'));
