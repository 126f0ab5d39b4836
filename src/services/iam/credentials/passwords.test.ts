import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { addUser, callerOf, type KeyPair, openWorld, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';
import { CERTIFICATE } from './certificates.test.support.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const as = <O = object>(keys: KeyPair, operation: string, input: object = {}) =>
    run<O>(world, service, keys, operation, input);
  const root = <O = object>(operation: string, input: object = {}) => as<O>(world.root, operation, input);
  return { world, as, root };
}

const GOOD = 'Tsuki-2026';
const violation = refusal(
  'PasswordPolicyViolation',
  'Password does not conform to the account password policy.',
);

test('a login profile is made once, shown without the password, changed and deleted', async () => {
  const { world, root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  await assert.rejects(
    root('GetLoginProfile', { UserName: 'Bob' }),
    refusal('NoSuchEntity', 'Login Profile for User Bob cannot be found.'),
  );
  const LoginProfile = {
    UserName: 'Bob',
    CreateDate: new Date('2026-11-22T00:00:00Z'),
    PasswordResetRequired: true,
  };
  const create = { UserName: 'bob', Password: GOOD, PasswordResetRequired: true };
  assert.deepEqual(await root('CreateLoginProfile', create), { LoginProfile });
  assert.deepEqual(await root('GetLoginProfile', { UserName: 'Bob' }), { LoginProfile });
  await assert.rejects(
    root('CreateLoginProfile', create),
    refusal('EntityAlreadyExists', 'Login Profile for user bob already exists.'),
  );
  await root('UpdateLoginProfile', { UserName: 'Bob', PasswordResetRequired: false });
  const { LoginProfile: updated } = await root<iam.GetLoginProfileResponse>('GetLoginProfile', {
    UserName: 'Bob',
  });
  assert.equal(updated?.PasswordResetRequired, false);

  await assert.rejects(
    root('DeleteUser', { UserName: 'Bob' }),
    refusal('DeleteConflict', 'Cannot delete entity, must delete login profile first.'),
  );
  await root('UpdateUser', { UserName: 'Bob', NewUserName: 'Robert' });
  await root('DeleteLoginProfile', { UserName: 'Robert' });
  await root('DeleteUser', { UserName: 'Robert' });
  assert.equal((await world.identity.accounts.counts('111122223333')).users, 0);
});

// IAM User Guide, "Set an account password policy": at least eight characters of three kinds by default.
test('passwords follow the default policy', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  for (const Password of ['Aa1-567', 'onlylowercase1', 'UPPERLOWER', `Aa1${'x'.repeat(126)}`]) {
    await assert.rejects(root('CreateLoginProfile', { UserName: 'Bob', Password }), violation);
  }
  await root('CreateLoginProfile', { UserName: 'Bob', Password: 'Aa1-5678' });
});

test("the account's own policy takes its place, whole, and goes again", async () => {
  const { root } = await open();
  await assert.rejects(
    root('GetAccountPasswordPolicy'),
    refusal('NoSuchEntity', 'The Password Policy with domain name 111122223333 cannot be found.'),
  );
  await root('UpdateAccountPasswordPolicy', {
    RequireSymbols: true,
    MaxPasswordAge: 90,
    MinimumPasswordLength: 10,
  });
  const { PasswordPolicy } = await root<iam.GetAccountPasswordPolicyResponse>('GetAccountPasswordPolicy');
  assert.deepEqual(PasswordPolicy, {
    MinimumPasswordLength: 10,
    RequireSymbols: true,
    RequireNumbers: false,
    RequireUppercaseCharacters: false,
    RequireLowercaseCharacters: false,
    AllowUsersToChangePassword: false,
    ExpirePasswords: true,
    MaxPasswordAge: 90,
    HardExpiry: false,
  });
  await root('CreateUser', { UserName: 'Bob' });
  await assert.rejects(
    root('CreateLoginProfile', { UserName: 'Bob', Password: 'without1symbol' }),
    violation,
  );
  await assert.rejects(root('CreateLoginProfile', { UserName: 'Bob', Password: 'short-one' }), violation);
  await root('CreateLoginProfile', { UserName: 'Bob', Password: 'long-enough' });
  await root('UpdateAccountPasswordPolicy', { RequireNumbers: true });
  const { PasswordPolicy: next } =
    await root<iam.GetAccountPasswordPolicyResponse>('GetAccountPasswordPolicy');
  assert.deepEqual(
    [next?.MinimumPasswordLength, next?.RequireSymbols, next?.ExpirePasswords],
    [6, false, false],
  );
  await root('DeleteAccountPasswordPolicy');
  await assert.rejects(root('DeleteAccountPasswordPolicy'), refusal('NoSuchEntity'));
});

test('users change their own password where they may', async () => {
  const { world, as, root } = await open();
  const bob = await addUser(world, world.account, 'Bob');
  await root('CreateLoginProfile', { UserName: 'Bob', Password: GOOD, PasswordResetRequired: true });
  const change = { OldPassword: GOOD, NewPassword: 'Hoshi-2026' };
  await assert.rejects(as(bob, 'ChangePassword', change), refusal('AccessDenied', /iam:ChangePassword/));

  await root('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true });
  await as(bob, 'GetAccountPasswordPolicy');
  await assert.rejects(
    as(bob, 'ChangePassword', { ...change, OldPassword: 'wrong' }),
    refusal('AccessDenied', 'The old password was incorrect.'),
  );
  await as(bob, 'ChangePassword', change);
  const { LoginProfile } = await root<iam.GetLoginProfileResponse>('GetLoginProfile', { UserName: 'Bob' });
  assert.equal(LoginProfile?.PasswordResetRequired, false);
  await assert.rejects(as(bob, 'ChangePassword', change), refusal('AccessDenied'));
  await assert.rejects(root('ChangePassword', change), refusal('InvalidUserType'));
});

test('who guesses a password waits, and the right one counts after that', async () => {
  const { world, as, root } = await open();
  const bob = await addUser(world, world.account, 'Bob');
  await root('CreateLoginProfile', { UserName: 'Bob', Password: GOOD });
  await root('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true });
  const guess = () => as(bob, 'ChangePassword', { OldPassword: 'wrong', NewPassword: 'Hoshi-2026' });
  const throttled = refusal('Throttling', 'Rate exceeded');
  for (let n = 0; n < 5; n++) await assert.rejects(guess(), refusal('AccessDenied'));
  const change = () => as(bob, 'ChangePassword', { OldPassword: GOOD, NewPassword: 'Hoshi-2026' });
  await assert.rejects(change(), throttled);
  world.clock.advance(1);
  await assert.rejects(guess(), refusal('AccessDenied'));
  world.clock.advance(1);
  await assert.rejects(change(), throttled);
  world.clock.advance(1);
  await change();
});

test('a deny stands above what the password policy allows', async () => {
  const { world, as, root } = await open();
  const bob = await addUser(world, world.account, 'Bob', { Effect: 'Deny', Action: 'iam:*', Resource: '*' });
  await root('CreateLoginProfile', { UserName: 'Bob', Password: GOOD });
  await root('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true });
  await assert.rejects(
    as(bob, 'ChangePassword', { OldPassword: GOOD, NewPassword: 'Hoshi-2026' }),
    refusal('AccessDenied', /explicit deny/),
  );
});

test('earlier passwords are not used again where the policy remembers them', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  await root('UpdateAccountPasswordPolicy', { PasswordReusePrevention: 2 });
  const set = (Password: string) => root('UpdateLoginProfile', { UserName: 'Bob', Password });
  await root('CreateLoginProfile', { UserName: 'Bob', Password: 'first-1' });
  await set('second-2');
  await assert.rejects(set('second-2'), violation);
  await assert.rejects(set('first-1'), violation);
  await set('third-3');
  await set('first-1');
});

test('the credential report tells the state of every credential', async () => {
  const { world, root } = await open();
  await assert.rejects(root('GetCredentialReport'), refusal('ReportNotPresent'));
  const bob = await addUser(world, world.account, 'Bob');
  await root('CreateUser', { UserName: 'alice', Path: '/team/' });
  await root('UpdateAccountPasswordPolicy', { MaxPasswordAge: 90 });
  await root('CreateLoginProfile', { UserName: 'Bob', Password: GOOD });
  await root('UploadSigningCertificate', { UserName: 'Bob', CertificateBody: CERTIFICATE });
  world.identity.used(await callerOf(world, bob), 's3', 'ap-northeast-1', world.clock.now());
  await world.identity.close();

  assert.equal(
    (await root<iam.GenerateCredentialReportResponse>('GenerateCredentialReport')).State,
    'STARTED',
  );
  assert.equal(
    (await root<iam.GenerateCredentialReportResponse>('GenerateCredentialReport')).State,
    'COMPLETE',
  );
  const report = await root<iam.GetCredentialReportResponse>('GetCredentialReport');
  assert.equal(report.ReportFormat, 'text/csv');
  assert.deepEqual(report.GeneratedTime, new Date('2026-11-22T00:00:00Z'));
  const [head, ...rows] = Buffer.from(report.Content!)
    .toString()
    .split('\n')
    .map(line => line.split(','));
  const shown = rows.map(row => Object.fromEntries(row.map((value, index) => [head![index], value])));
  assert.ok(rows.every(row => row.length === head!.length));
  assert.deepEqual(
    shown.map(({ user }) => user),
    ['<root_account>', 'alice', 'Bob'],
  );
  const [root_, alice, bobRow] = shown;
  const now = '2026-11-22T00:00:00+00:00';
  assert.deepEqual(
    [root_?.['arn'], root_?.['access_key_1_active'], root_?.['password_enabled']],
    ['arn:aws:iam::111122223333:root', 'true', 'not_supported'],
  );
  assert.deepEqual(
    [alice?.['arn'], alice?.['password_enabled'], alice?.['access_key_1_active']],
    ['arn:aws:iam::111122223333:user/team/alice', 'false', 'false'],
  );
  assert.deepEqual(
    [
      bobRow?.['password_enabled'],
      bobRow?.['password_last_changed'],
      bobRow?.['password_next_rotation'],
      bobRow?.['access_key_1_last_used_date'],
      bobRow?.['access_key_1_last_used_region'],
      bobRow?.['access_key_1_last_used_service'],
      bobRow?.['access_key_2_active'],
      bobRow?.['mfa_active'],
      bobRow?.['cert_1_active'],
      bobRow?.['cert_1_last_rotated'],
      bobRow?.['cert_2_active'],
    ],
    [
      'true',
      now,
      '2027-02-20T00:00:00+00:00',
      now,
      'ap-northeast-1',
      's3',
      'false',
      'false',
      'true',
      now,
      'false',
    ],
  );

  world.clock.advance(4 * 60 * 60);
  await assert.rejects(root('GetCredentialReport'), refusal('ReportExpired'));
  assert.equal(
    (await root<iam.GenerateCredentialReportResponse>('GenerateCredentialReport')).State,
    'STARTED',
  );
});
