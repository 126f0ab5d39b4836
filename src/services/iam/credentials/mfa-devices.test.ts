import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import type { AssumeRoleResponse, GetSessionTokenResponse } from '@aws-sdk/client-sts';
import { codeOf, stepOf } from '../../../identity/credentials/mfa-totp.js';
import { seedOf } from '../../../identity/credentials/mfa-totp.test.support.js';
import {
  addUser,
  allow,
  callerOf,
  type KeyPair,
  keysIn,
  openWorld,
  policy,
  refusal,
  run,
  type World,
} from '../../harness.test.support.js';
import { stsService } from '../../sts/index.js';
import { iamService } from '../index.js';

interface Phone {
  readonly serial: string;
  /** The code that the app shows `steps` steps from now. */
  code(steps?: number): string;
}

interface Setup {
  readonly world: World;
  readonly bob: KeyPair;
  iam<O>(operation: string, input: object, keys?: KeyPair): Promise<O>;
  sts<O>(operation: string, input: object, keys?: KeyPair): Promise<O>;
  phone(name?: string): Promise<Phone>;
  /** A device that is enabled for Bob, with the codes of the last step and this one. */
  bobsPhone(): Promise<Phone>;
}

async function open(): Promise<Setup> {
  const world = await openWorld();
  const bob = await addUser(world, world.account, 'Bob', allow('iam:*'));
  const services = { iam: iamService(world), sts: stsService(world) };
  const call = <O>(operation: string, input: object, keys = world.root) =>
    run<O>(world, services.iam, keys, operation, input);
  const phone = async (name = 'Phone'): Promise<Phone> => {
    const { VirtualMFADevice } = await call<iam.CreateVirtualMFADeviceResponse>('CreateVirtualMFADevice', {
      VirtualMFADeviceName: name,
    });
    const seed = seedOf(VirtualMFADevice!.Base32StringSeed!);
    const code = (steps = 0) => codeOf(seed, stepOf(world.clock.now()) + steps);
    return { serial: VirtualMFADevice!.SerialNumber!, code };
  };
  return {
    world,
    bob,
    iam: call,
    sts: (operation, input, keys = bob) => run(world, services.sts, keys, operation, input),
    phone,
    async bobsPhone() {
      const made = await phone();
      await call('EnableMFADevice', enabling(made, 'Bob'));
      return made;
    },
  };
}

function enabling({ serial, code }: Phone, UserName: string) {
  return { UserName, SerialNumber: serial, AuthenticationCode1: code(-1), AuthenticationCode2: code() };
}

const INVALID_CODE = refusal('InvalidAuthenticationCode', 'Authentication code for device is not valid.');
const WRONG = refusal(
  'AccessDenied',
  'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
);
const UNKNOWN = refusal('AccessDenied', /^MultiFactorAuthentication failed, unable to validate MFA code/);

test('a device is made, enabled with two codes in a row, listed, deactivated and deleted', async () => {
  const { iam, phone } = await open();
  const made = await phone();
  assert.equal(made.serial, 'arn:aws:iam::111122223333:mfa/Phone');
  await assert.rejects(phone('PHONE'), refusal('EntityAlreadyExists'));
  const wrong = {
    ...enabling(made, 'Bob'),
    AuthenticationCode1: made.code(),
    AuthenticationCode2: made.code(-1),
  };
  await assert.rejects(iam('EnableMFADevice', wrong), INVALID_CODE);
  await iam('EnableMFADevice', enabling(made, 'Bob'));
  await assert.rejects(iam('EnableMFADevice', enabling(made, 'Bob')), refusal('EntityAlreadyExists'));
  const { MFADevices } = await iam<iam.ListMFADevicesResponse>('ListMFADevices', { UserName: 'bob' });
  assert.deepEqual(
    MFADevices?.map(({ UserName, SerialNumber }) => [UserName, SerialNumber]),
    [['Bob', made.serial]],
  );
  const { VirtualMFADevices } = await iam<iam.ListVirtualMFADevicesResponse>('ListVirtualMFADevices', {
    AssignmentStatus: 'Assigned',
  });
  assert.equal(VirtualMFADevices?.[0]?.User?.UserName, 'Bob');
  assert.equal(VirtualMFADevices?.[0]?.Base32StringSeed, undefined, 'the seed is shown once');
  await assert.rejects(
    iam('DeleteVirtualMFADevice', { SerialNumber: made.serial }),
    refusal('DeleteConflict'),
  );
  await iam('DeactivateMFADevice', { UserName: 'Bob', SerialNumber: made.serial });
  await iam('DeleteVirtualMFADevice', { SerialNumber: made.serial });
  await assert.rejects(iam('DeleteVirtualMFADevice', { SerialNumber: made.serial }), refusal('NoSuchEntity'));
});

test('a user cannot be deleted while it has a device, and keeps it when renamed', async () => {
  const { world, iam, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  await iam('DeleteAccessKey', {
    UserName: 'Bob',
    AccessKeyId: (await iam<iam.ListAccessKeysResponse>('ListAccessKeys', { UserName: 'Bob' }))
      .AccessKeyMetadata![0]!.AccessKeyId,
  });
  await iam('DeleteUserPolicy', { UserName: 'Bob', PolicyName: 'inline' });
  await assert.rejects(
    iam('DeleteUser', { UserName: 'Bob' }),
    refusal('DeleteConflict', 'Cannot delete entity, must delete MFA device first.'),
  );
  await iam('UpdateUser', { UserName: 'Bob', NewUserName: 'Robert' });
  const robert = { accessKeyId: (await world.identity.accessKeys.create(world.account, 'Robert')).id };
  await sts('GetSessionToken', { SerialNumber: serial, TokenCode: code(1) }, robert);
});

test('a session token carries the second factor and its age', async () => {
  const { world, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  const reply = await sts<GetSessionTokenResponse>('GetSessionToken', {
    SerialNumber: serial,
    TokenCode: code(1),
  });
  const { context } = await callerOf(world, keysIn(reply));
  assert.equal(context['aws:MultiFactorAuthPresent'], 'true');
  const without = await sts<GetSessionTokenResponse>('GetSessionToken', {});
  assert.equal((await callerOf(world, keysIn(without))).context['aws:MultiFactorAuthPresent'], 'false');
});

test('a code works once, for its owner, in its time', async () => {
  const { world, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  const eve = await addUser(world, world.account, 'Eve');
  const ask = (TokenCode: string, keys?: KeyPair) =>
    sts('GetSessionToken', { SerialNumber: serial, TokenCode }, keys);
  await assert.rejects(ask(code(1), eve), UNKNOWN);
  await assert.rejects(ask(code(1), world.root), UNKNOWN);
  await assert.rejects(ask(code(2)), WRONG);
  await ask(code(1));
  await assert.rejects(ask(code(1)), WRONG);
  await assert.rejects(ask(code()), WRONG, 'nor any earlier one');
  world.clock.advance(60);
  const late = code();
  world.clock.advance(60);
  await assert.rejects(ask(late), WRONG);
  await ask(code());
  await assert.rejects(sts('GetSessionToken', { SerialNumber: serial }), UNKNOWN);
  await assert.rejects(sts('GetSessionToken', { SerialNumber: `${serial}x`, TokenCode: code(1) }), UNKNOWN);
});

test('guessing is stopped, for longer each time', async () => {
  const { world, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  world.clock.advance(300);
  const ask = (TokenCode: string) => sts('GetSessionToken', { SerialNumber: serial, TokenCode });
  const guessFive = async () => {
    const shown = new Set([code(-1), code(), code(1)]);
    const guesses = Array.from({ length: 8 }, (_, digit) => String(digit).repeat(6));
    for (const guess of guesses.filter(guess => !shown.has(guess)).slice(0, 5))
      await assert.rejects(ask(guess), WRONG);
    await assert.rejects(ask(code()), WRONG);
  };
  await guessFive();
  world.clock.advance(60);
  await guessFive();
  world.clock.advance(60);
  await assert.rejects(ask(code()), WRONG);
  world.clock.advance(60);
  await ask(code());
  await guessFive();
  world.clock.advance(60);
  await ask(code());
});

test('of two requests with the same code one is let in', async () => {
  const { sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  const input = { SerialNumber: serial, TokenCode: code(1) };
  const results = await Promise.allSettled(Array.from({ length: 4 }, () => sts('GetSessionToken', input)));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a clock that runs ahead is found by two codes in a row', async () => {
  const { iam, sts, world, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  world.clock.advance(3000);
  const input = { SerialNumber: serial };
  await assert.rejects(sts('GetSessionToken', { ...input, TokenCode: code(20) }), WRONG);
  const resync = { UserName: 'Bob', ...input, AuthenticationCode1: code(19), AuthenticationCode2: code(20) };
  await iam('ResyncMFADevice', resync);
  await sts('GetSessionToken', { ...input, TokenCode: code(21) });
  const far = { ...resync, AuthenticationCode1: code(500), AuthenticationCode2: code(501) };
  await assert.rejects(iam('ResyncMFADevice', far), INVALID_CODE);
});

const GUARDED = policy({
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:user/Bob' },
  Action: 'sts:AssumeRole',
  Condition: {
    Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    NumericLessThan: { 'aws:MultiFactorAuthAge': '3600' },
  },
});

test('a role guarded by a second factor is assumed with one only', async () => {
  const { world, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  await world.identity.roles.create(world.account, { name: 'Guarded', trust: GUARDED });
  const input = { RoleArn: 'arn:aws:iam::111122223333:role/Guarded', RoleSessionName: 'job' };
  const denied = refusal('AccessDenied', /no role trust policy allows the sts:AssumeRole action/);
  await assert.rejects(sts('AssumeRole', input), denied);
  const proof = { SerialNumber: serial, TokenCode: code(1) };
  const reply = await sts<AssumeRoleResponse>('AssumeRole', { ...input, ...proof });
  // IAM User Guide, "Secure API access with MFA": credentials of AssumeRole carry no MFA information.
  assert.equal((await callerOf(world, keysIn(reply))).context['aws:MultiFactorAuthPresent'], 'false');
  await assert.rejects(sts('AssumeRole', { ...input, ...proof }), WRONG);
  const plain = keysIn(await sts<GetSessionTokenResponse>('GetSessionToken', {}));
  await assert.rejects(sts('AssumeRole', input, plain), denied);
  world.clock.advance(60);
  await sts('AssumeRole', { ...input, SerialNumber: serial, TokenCode: code() }, plain);
  await assert.rejects(
    sts('AssumeRole', { ...input, ...proof }, keysIn(reply)),
    UNKNOWN,
    'roles have no devices',
  );
});

test('the root user has devices of its own', async () => {
  const { world, bob, iam, sts, phone } = await open();
  const made = await phone('RootPhone');
  await assert.rejects(iam('EnableMFADevice', enabling(made, 'root'), bob), refusal('NoSuchEntity'));
  await iam('EnableMFADevice', enabling(made, 'root'));
  const { MFADevices } = await iam<iam.ListMFADevicesResponse>('ListMFADevices', {});
  assert.equal(MFADevices?.[0]?.SerialNumber, made.serial);
  const input = { SerialNumber: made.serial, TokenCode: made.code(1) };
  const reply = await sts<GetSessionTokenResponse>('GetSessionToken', input, world.root);
  assert.equal((await callerOf(world, keysIn(reply))).context['aws:MultiFactorAuthPresent'], 'true');
  await iam('DeactivateMFADevice', { SerialNumber: made.serial });
});

test('AssumeRole uses a code up once the policies have allowed it, and counts the wrong ones', async () => {
  const { world, iam: call, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  const trusting = (more: object) =>
    policy({ Effect: 'Allow', Principal: { AWS: world.account.id }, Action: 'sts:AssumeRole', ...more });
  const Condition = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
  await call('CreateRole', { RoleName: 'open', AssumeRolePolicyDocument: trusting({ Condition }) });
  await call('CreateRole', { RoleName: 'shut', AssumeRolePolicyDocument: trusting({ Effect: 'Deny' }) });
  const PolicyDocument = policy(allow(['iam:*', 'sts:*']));
  await call('PutUserPolicy', { UserName: 'Bob', PolicyName: 'inline', PolicyDocument });
  const assume = (name: string, TokenCode: string) =>
    sts<AssumeRoleResponse>('AssumeRole', {
      RoleArn: `arn:aws:iam::${world.account.id}:role/${name}`,
      RoleSessionName: 's',
      SerialNumber: serial,
      TokenCode,
    });
  world.clock.advance(60);
  await assert.rejects(assume('shut', code()), refusal('AccessDenied', /explicit deny/));
  await assume('open', code());
  await assert.rejects(assume('open', code()), WRONG);
  world.clock.advance(60);
  const wrong = code() === '000000' ? '000001' : '000000';
  // Whether the policies would allow it or not: a wrong code says nothing of them.
  for (const name of ['shut', 'shut', 'open', 'shut']) await assert.rejects(assume(name, wrong), WRONG);
  // The fifth in a row, with the one that was used twice: none is taken for a minute.
  await assert.rejects(assume('open', code()), WRONG);
  world.clock.advance(61);
  await assume('open', code());
});

test('of two requests with one code, one is answered', async () => {
  const { world, iam: call, sts, bobsPhone } = await open();
  const { serial, code } = await bobsPhone();
  const trust = policy({ Effect: 'Allow', Principal: { AWS: world.account.id }, Action: 'sts:AssumeRole' });
  await call('CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: trust });
  const PolicyDocument = policy(allow('sts:*'));
  await call('PutUserPolicy', { UserName: 'Bob', PolicyName: 'inline', PolicyDocument });
  world.clock.advance(60);
  const input = {
    RoleArn: `arn:aws:iam::${world.account.id}:role/app`,
    RoleSessionName: 's',
    SerialNumber: serial,
    TokenCode: code(),
  };
  const answers = await Promise.allSettled([sts('AssumeRole', input), sts('AssumeRole', input)]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});
