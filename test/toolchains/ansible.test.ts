/** Ansible keeps a site in an account, with the temporary keys of a role that may do just that. */
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { allow, makeRole } from '../clients/narrow-role.js';
import { asEnvironment, succeeds } from '../clients/run.js';
import { ACCOUNT, EXTERNAL_ID, openStage, REGION, type Stage, USER } from '../clients/stage.js';
import { asked } from './asked.js';
import { noPython, programsWith } from './python.js';

const SOURCES = resolve('test/toolchains/ansible');
const BUCKET = 'ansible-bucket';
const BUCKET_ARN = `arn:aws:s3:::${BUCKET}`;
const READER = `arn:aws:iam::${ACCOUNT}:role/site-reader`;

/** What the modules ask for, which read every setting of a bucket before they change one. */
const SITE: [service: string, actions: string, resources: string | string[]][] = [
  ['kms', 'CreateKey TagResource ListKeys ListAliases', '*'],
  [
    'kms',
    'DescribeKey GetKeyPolicy GetKeyRotationStatus ListGrants ListKeyPolicies ListResourceTags ' +
      'CreateAlias GenerateDataKey Decrypt ScheduleKeyDeletion',
    [`arn:aws:kms:${REGION}:${ACCOUNT}:key/*`, `arn:aws:kms:${REGION}:${ACCOUNT}:alias/site`],
  ],
  [
    's3',
    'CreateBucket ListBucket ListBucketVersions GetBucketLocation DeleteBucket GetBucketVersioning PutBucketVersioning ' +
      'GetEncryptionConfiguration PutEncryptionConfiguration GetBucketTagging PutBucketTagging GetBucketPolicy ' +
      'PutBucketPolicy GetBucketPublicAccessBlock PutBucketPublicAccessBlock GetBucketOwnershipControls ' +
      'GetBucketRequestPayment GetBucketObjectLockConfiguration GetAccelerateConfiguration GetBucketAcl',
    BUCKET_ARN,
  ],
  ['s3', 'GetObject GetObjectTagging PutObject DeleteObject DeleteObjectVersion', `${BUCKET_ARN}/*`],
  [
    'iam',
    'CreateRole GetRole TagRole DeleteRole PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy ' +
      'ListAttachedRolePolicies ListInstanceProfilesForRole',
    READER,
  ],
];

suite('Ansible', { skip: asked || noPython }, () => {
  let stage: Stage;
  let programs: string;
  let site: string;
  before(async () => {
    programs = await programsWith('ansible', ['ansible==12.3.0', 'boto3==1.44.5']);
    stage = await openStage();
    const policy = SITE.map(([service, actions, resources]) => allow(service, actions.split(' '), resources));
    site = await makeRole(stage, 'site', policy, EXTERNAL_ID);
  });
  after(() => stage.close());

  /** Plays a book of which so many tasks change something. */
  const play = async (book: string, changes: number): Promise<void> => {
    const given = {
      ansible_python_interpreter: join(programs, 'python'),
      role: site,
      trusted: `arn:aws:iam::${ACCOUNT}:user/${USER}`,
      external_id: EXTERNAL_ID,
      endpoint: stage.endpoint,
      region: REGION,
      bucket: BUCKET,
    };
    const args = ['-i', 'localhost,', '--extra-vars', JSON.stringify(given), join(SOURCES, book)];
    const said = await succeeds(stage, join(programs, 'ansible-playbook'), args, asEnvironment(stage.user));
    assert.equal(Number(/changed=(\d+)/.exec(said)?.[1]), changes, said);
  };

  test('a key, a bucket, objects and a role are made, found as they should be, and taken away', async () => {
    await play('present.yml', 5);
    await play('present.yml', 0);
    await play('absent.yml', 3);
  });
});
