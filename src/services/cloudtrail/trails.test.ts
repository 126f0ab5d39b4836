import assert from 'node:assert/strict';
import { before, describe, suite, test } from 'node:test';
import type * as sdk from '@aws-sdk/client-cloudtrail';
import { MemoryEvents } from '../../events/memory-events.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { DigestKeys } from '../../trails/digest-keys.js';
import { LogRefused } from '../../trails/log-store.js';
import { Trails } from '../../trails/trails.js';
import { TestLogs } from '../../trails/trails.test.support.js';
import {
  addAccount,
  addUser,
  allow,
  type KeyPair,
  openWorld,
  refusal,
  requirementsOf,
  run,
  type World,
} from '../harness.test.support.js';
import { cloudTrailService } from './index.js';

const ARN = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/main';
const S3BucketName = 'logs';

async function open() {
  const world = await openWorld();
  const trails = new Trails(openMemoryKv(), world.clock);
  const digestKeys = new DigestKeys(trails.store, world.clock, [new Uint8Array(32)]);
  const logs = new TestLogs();
  const service = cloudTrailService({ events: new MemoryEvents(), trails, digestKeys, logs });
  const call = <O>(operation: string, input: object = {}, keys: KeyPair = world.root) =>
    run<O>(world, service, keys, operation, input);
  return { ...world, world: world as World, trails, logs, service, call, digestKeys };
}

suite('trails', () => {
  let there: Awaited<ReturnType<typeof open>>;
  before(async () => {
    there = await open();
    await there.call('CreateTrail', { Name: 'main', S3BucketName, TagsList: [{ Key: 'team', Value: 'a' }] });
  });

  test('each operation asks for its action on the trail', async () => {
    const { world, service, root } = there;
    const TagsList = [{ Key: 'cost', Value: '1' }];
    const rows: [string, object, string, object?][] = [
      [
        'CreateTrail',
        { Name: 'new', S3BucketName, TagsList },
        ARN.replace('main', 'new'),
        { 'aws:RequestTag/cost': '1' },
      ],
      ['UpdateTrail', { Name: 'main' }, ARN, { 'aws:ResourceTag/team': 'a' }],
      ['DeleteTrail', { Name: ARN }, ARN],
      ['GetTrail', { Name: 'main' }, ARN],
      ['GetTrailStatus', { Name: 'main' }, ARN],
      ['StartLogging', { Name: 'main' }, ARN],
      ['StopLogging', { Name: 'main' }, ARN],
      ['PutEventSelectors', { TrailName: 'main' }, ARN],
      ['GetEventSelectors', { TrailName: 'main' }, ARN],
      [
        'AddTags',
        { ResourceId: ARN, TagsList },
        ARN,
        { 'aws:RequestTag/cost': '1', 'aws:ResourceTag/team': 'a' },
      ],
      ['RemoveTags', { ResourceId: ARN, TagsList: [{ Key: 'cost' }] }, ARN, { 'aws:TagKeys': ['cost'] }],
      ['ListTags', { ResourceIdList: [ARN] }, ARN],
      ['DescribeTrails', {}, '*'],
      ['ListTrails', {}, '*'],
      ['ListPublicKeys', {}, '*'],
    ];
    for (const [operation, input, resource, context] of rows) {
      const [asked, ...more] = await requirementsOf(world, service, root, operation, input);
      assert.deepEqual(more, []);
      assert.equal(`${asked!.action} ${asked!.resource}`, `cloudtrail:${operation} ${resource}`);
      for (const [key, value] of Object.entries(context ?? {}))
        assert.deepEqual(asked!.context?.[key], value, `${operation}: ${key}`);
    }
  });

  test('are for who may, and for their own account alone', async () => {
    const { world, account, call } = there;
    const reader = await addUser(world, account, 'reader', allow('cloudtrail:GetTrail', ARN));
    const { Trail } = await call<sdk.GetTrailResponse>('GetTrail', { Name: 'main' }, reader);
    assert.equal(Trail!.TrailARN, ARN);
    await assert.rejects(call('DeleteTrail', { Name: 'main' }, reader), refusal('AccessDenied'));
    const other = await addAccount(world, '222233334444');
    await assert.rejects(call('GetTrail', { Name: ARN }, other.root), refusal('AccessDenied'));
    const elsewhere = ARN.replace('111122223333', '222233334444');
    await assert.rejects(
      call('GetTrail', { Name: 'main' }, other.root),
      refusal('TrailNotFoundException', `Unknown trail: ${elsewhere} for the user: 222233334444`),
    );
    assert.deepEqual(await call('ListTrails', {}, other.root), { Trails: [] });
  });

  test('show their settings, and take changes', async () => {
    const { call } = there;
    const settings = {
      Name: 'main',
      S3BucketName,
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: false,
      TrailARN: ARN,
      LogFileValidationEnabled: false,
      IsOrganizationTrail: false,
    };
    const shape = {
      ...settings,
      HomeRegion: 'us-east-1',
      HasCustomEventSelectors: false,
      HasInsightSelectors: false,
    };
    assert.deepEqual(await call('DescribeTrails'), { trailList: [shape] });
    assert.deepEqual(await call('DescribeTrails', { trailNameList: ['none', ARN] }), { trailList: [shape] });
    assert.deepEqual(await call('ListTrails'), {
      Trails: [{ TrailARN: ARN, Name: 'main', HomeRegion: 'us-east-1' }],
    });
    const changes = { S3KeyPrefix: 'audit/', IsMultiRegionTrail: true, EnableLogFileValidation: true };
    assert.deepEqual(await call('UpdateTrail', { Name: 'main', ...changes }), {
      ...settings,
      S3KeyPrefix: 'audit',
      IsMultiRegionTrail: true,
      LogFileValidationEnabled: true,
    });
  });

  test('log between a start and a stop', async () => {
    const { call, clock } = there;
    const status = () => call<sdk.GetTrailStatusResponse>('GetTrailStatus', { Name: 'main' });
    assert.deepEqual(await status(), { IsLogging: false });
    const StartLoggingTime = new Date(clock.now());
    await call('StartLogging', { Name: 'main' });
    clock.advance(5);
    await call('StartLogging', { Name: ARN });
    assert.deepEqual(await status(), { IsLogging: true, StartLoggingTime });
    await call('StopLogging', { Name: 'main' });
    assert.deepEqual(await status(), {
      IsLogging: false,
      StartLoggingTime,
      StopLoggingTime: new Date(clock.now()),
    });
  });

  test('have tags', async () => {
    const { call } = there;
    const tags = async () => {
      const { ResourceTagList } = await call<sdk.ListTagsResponse>('ListTags', { ResourceIdList: [ARN] });
      return ResourceTagList![0]!.TagsList!.map(({ Key, Value }) => `${Key}=${Value}`);
    };
    const set = (TagsList: object[]) => call('AddTags', { ResourceId: ARN, TagsList });
    await set([{ Key: 'team', Value: 'b' }, { Key: 'cost' }]);
    assert.deepEqual(await tags(), ['team=b', 'cost=']);
    await call('RemoveTags', { ResourceId: ARN, TagsList: [{ Key: 'team' }, { Key: 'none' }] });
    assert.deepEqual(await tags(), ['cost=']);
    await assert.rejects(set([{ Key: 'a' }, { Key: 'a' }]), refusal('InvalidTagParameterException'));
    await assert.rejects(set([{ Key: 'aws:a' }]), refusal('InvalidTagParameterException'));
    const many = Array.from({ length: 50 }, (_, at) => ({ Key: `k${at}`, Value: '' }));
    await assert.rejects(set(many), refusal('TagsLimitExceededException'));
    const unknown = { ResourceIdList: [ARN.replace('main', 'none')] };
    await assert.rejects(call('ListTags', unknown), refusal('ResourceNotFoundException'));
    const channel = { ResourceIdList: [ARN.replace('trail/main', 'channel/x')] };
    await assert.rejects(call('ListTags', channel), refusal('ResourceTypeNotSupportedException'));
  });
});

describe('CreateTrail', () => {
  test('refuses names that trails cannot have', async () => {
    // The words are AWS's, as getmoto/moto's tests have them (tests/test_cloudtrail/test_cloudtrail.py).
    const rows: [string, string][] = [
      [
        'aa',
        'Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.',
      ],
      [
        'a'.repeat(129),
        'Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.',
      ],
      ['trail!', 'Trail name must ends with a letter or number.'],
      [
        'my#trail',
        'Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).',
      ],
      ['-trail', 'Trail name must starts with a letter or number.'],
    ];
    const { call } = await open();
    for (const [Name, message] of rows) {
      const asked = call('CreateTrail', { Name, S3BucketName });
      await assert.rejects(asked, refusal('InvalidTrailNameException', message));
    }
    for (const Name of ['my--trail', '10.0.0.1']) {
      await assert.rejects(call('CreateTrail', { Name, S3BucketName }), refusal('InvalidTrailNameException'));
    }
    await assert.rejects(call('GetTrail', { Name: 'arn:aws:x' }), refusal('CloudTrailARNInvalidException'));
  });

  test('refuses what cannot be, in the words of CloudTrail', async () => {
    const { call, logs } = await open();
    const rows: [object, string][] = [
      [{ S3BucketName: 'No_Bucket' }, 'InvalidS3BucketNameException'],
      [{ S3KeyPrefix: 'x'.repeat(201) }, 'InvalidS3PrefixException'],
      [{ SnsTopicName: 'topic' }, 'InsufficientSnsTopicPolicyException'],
      [{ CloudWatchLogsLogGroupArn: 'arn:aws:logs:x' }, 'CloudWatchLogsDeliveryUnavailableException'],
      [{ IsOrganizationTrail: true }, 'UnsupportedOperationException'],
      [
        { IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false },
        'InvalidParameterCombinationException',
      ],
    ];
    for (const [input, code] of rows) {
      await assert.rejects(
        call('CreateTrail', { Name: 'main', S3BucketName, ...input }),
        refusal(code),
        code,
      );
    }
    const refusals: [LogRefused['code'], string][] = [
      ['NoSuchBucket', 'S3BucketDoesNotExistException'],
      ['AccessDenied', 'InsufficientS3BucketPolicyException'],
      ['KeyAccessDenied', 'InsufficientEncryptionPolicyException'],
      ['KeyNotFound', 'KmsKeyNotFoundException'],
      ['KeyUnusable', 'InvalidKmsKeyIdException'],
    ];
    for (const [code, name] of refusals) {
      logs.check = async () => {
        throw new LogRefused(code, 'no');
      };
      await assert.rejects(call('CreateTrail', { Name: 'main', S3BucketName }), refusal(name));
    }
  });

  test('makes five trails of a region, each of its own name', async () => {
    const { call, trails, account } = await open();
    const create = (Name: string) => call('CreateTrail', { Name, S3BucketName });
    // One that logs in every region counts here.
    const { id, partition } = account;
    const shadow = { account: id, partition, region: 'eu-west-1', name: 'all', bucket: 'logs', tags: [] };
    await trails.create({ ...shadow, globalServices: true, multiRegion: true, validated: false });
    for (const name of ['one', 'two', 'three', 'four']) await create(name);
    await assert.rejects(
      create('one'),
      refusal('TrailAlreadyExistsException', 'Trail one already exists for customer: 111122223333'),
    );
    await assert.rejects(
      create('five'),
      refusal(
        'MaximumNumberOfTrailsExceededException',
        'User: 111122223333 already has 5 trails in us-east-1.',
      ),
    );
    const names = async (input: object) => {
      const { trailList } = await call<sdk.DescribeTrailsResponse>('DescribeTrails', input);
      return trailList!.map(({ Name }) => Name);
    };
    assert.deepEqual(await names({}), ['all', 'four', 'one', 'three', 'two']);
    assert.deepEqual(await names({ includeShadowTrails: false }), ['four', 'one', 'three', 'two']);
    const Name = 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/all';
    await assert.rejects(call('DeleteTrail', { Name }), refusal('InvalidHomeRegionException'));
    await call('DeleteTrail', { Name: 'one' });
    await assert.rejects(call('DeleteTrail', { Name: 'one' }), refusal('TrailNotFoundException'));
    await create('five');
  });
});

describe('event selectors', () => {
  const put = async (input: object) => {
    const { call } = await open();
    await call('CreateTrail', { Name: 'main', S3BucketName });
    return await call('PutEventSelectors', { TrailName: 'main', ...input });
  };
  const basic = (...EventSelectors: object[]) => put({ EventSelectors });
  const advanced = (...FieldSelectors: object[]) => put({ AdvancedEventSelectors: [{ FieldSelectors }] });
  const s3 = (...Values: string[]) => basic({ DataResources: [{ Type: 'AWS::S3::Object', Values }] });

  test('are all management events until they are set', async () => {
    const { call } = await open();
    await call('CreateTrail', { Name: 'main', S3BucketName });
    assert.deepEqual(await call('GetEventSelectors', { TrailName: 'main' }), {
      TrailARN: ARN,
      EventSelectors: [
        {
          ReadWriteType: 'All',
          IncludeManagementEvents: true,
          DataResources: [],
          ExcludeManagementEventSources: [],
        },
      ],
    });
    const AdvancedEventSelectors = [
      {
        Name: 'writes',
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Data'] },
          { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
          { Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::data/'], NotEndsWith: ['.tmp'] },
        ],
      },
    ];
    const input = { TrailName: 'main', AdvancedEventSelectors };
    assert.deepEqual(await call('PutEventSelectors', input), { TrailARN: ARN, AdvancedEventSelectors });
    assert.deepEqual(await call('GetEventSelectors', { TrailName: 'main' }), {
      TrailARN: ARN,
      AdvancedEventSelectors,
    });
    const { Trail } = await call<sdk.GetTrailResponse>('GetTrail', { Name: 'main' });
    assert.equal(Trail!.HasCustomEventSelectors, true);
  });

  test('are refused where they mean nothing', async () => {
    const wrong = (asked: Promise<unknown>, message?: string) =>
      assert.rejects(asked, refusal('InvalidEventSelectorsException', message));
    await wrong(put({}));
    await wrong(put({ EventSelectors: [{}], AdvancedEventSelectors: [{ FieldSelectors: [] }] }));
    await wrong(basic({}, {}, {}, {}, {}, {}));
    // Reported with these words: github.com/aws-samples/aws-security-reference-architecture-examples/issues/335,
    // github.com/aws/aws-cdk/issues/3450.
    await wrong(s3('arn:aws:s3:::*'), 'Value arn:aws:s3:::* for DataResources.Values is invalid.');
    await wrong(s3('arn:aws:s3:::bucket'), 'Value arn:aws:s3:::bucket for DataResources.Values is invalid.');
    await wrong(basic({ DataResources: [{ Type: 'AWS::X', Values: [] }] }));
    await wrong(s3(...Array.from({ length: 251 }, (_, at) => `arn:aws:s3:::b/${at}`)));
    await wrong(basic({ ExcludeManagementEventSources: ['s3.amazonaws.com'] }));
    const category = { Field: 'eventCategory', Equals: ['Data'] };
    const type = { Field: 'resources.type', Equals: ['AWS::S3::Object'] };
    await wrong(advanced(type));
    await wrong(advanced(category));
    await wrong(advanced(category, type, { Field: 'awsRegion', Equals: ['x'] }));
    await wrong(advanced(category, type, { Field: 'readOnly', NotEquals: ['true'] }));
    await wrong(
      advanced({ Field: 'eventCategory', Equals: ['Management'] }, { Field: 'eventName', Equals: ['x'] }),
    );
    await wrong(advanced({ Field: 'eventCategory', Equals: ['NetworkActivity'] }));
    await s3('arn:aws:s3', 'arn:aws:s3:::', 'arn:aws:s3:::bucket/', 'arn:aws:s3:::bucket/prefix');
    await basic({ DataResources: [{ Type: 'AWS::Lambda::Function', Values: ['arn:aws:lambda'] }] });
  });
});

test('ListPublicKeys has the keys of a time', async () => {
  const { call, digestKeys, clock } = await open();
  const list = async (input: object = {}) =>
    (await call<sdk.ListPublicKeysResponse>('ListPublicKeys', input)).PublicKeyList!;
  assert.deepEqual(await list(), []);
  const fingerprint = await digestKeys.current('us-east-1');
  assert.deepEqual(
    (await list()).map(({ Fingerprint }) => Fingerprint),
    [fingerprint],
  );
  assert.deepEqual(await list({ StartTime: new Date(0), EndTime: new Date(1) }), []);
  const StartTime = new Date(clock.now() + 1000);
  await assert.rejects(list({ StartTime, EndTime: new Date(0) }), refusal('InvalidTimeRangeException'));
});
