/** What users sign in with: access keys, passwords, MFA devices, SSH keys, certificates, credentials of services. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, stepOf } from '../../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../../src/identity/credentials/mfa-totp.test.support.js';
import {
  CERTIFICATE,
  OTHER_CERTIFICATE,
  PRIVATE_KEY,
} from '../../src/services/iam/credentials/certificates.test.support.js';
import { rsaPair } from '../support/rsa-keys.js';
import { ACCOUNT, onePerPage, type Recording, refused } from './operations.js';

const user = { UserName: 'Ann' };
const arn = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`;

export function credentialTests(open: () => Recording): void {
  test('access keys', async () => {
    const iam = open().iam();
    await iam.createUser(user);
    const made = [];
    for (let count = 0; count < 2; count++) made.push((await iam.createAccessKey(user)).AccessKey!);
    const [first, second] = made;
    assert.match(first!.AccessKeyId!, /^AKIA[A-Z2-7]{16}$/);
    assert.match(first!.SecretAccessKey!, /^[\w+/]{40}$/);
    await assert.rejects(
      iam.createAccessKey(user),
      refused('LimitExceeded', /^Cannot exceed quota for AccessKeysPerUser: 2$/),
    );
    const ids = await onePerPage(
      page => iam.listAccessKeys({ ...user, ...page }),
      ({ AccessKeyMetadata }) => AccessKeyMetadata?.map(key => key.AccessKeyId),
    );
    assert.deepEqual(new Set(ids), new Set(made.map(key => key.AccessKeyId)));
    const unused = await iam.getAccessKeyLastUsed({ AccessKeyId: first!.AccessKeyId });
    assert.equal(unused.UserName, 'Ann');
    assert.deepEqual(unused.AccessKeyLastUsed, { Region: 'N/A', ServiceName: 'N/A' });
    await iam.updateAccessKey({ ...user, AccessKeyId: first!.AccessKeyId, Status: 'Inactive' });
    const { AccessKeyMetadata } = await iam.listAccessKeys(user);
    const inactive = AccessKeyMetadata!.filter(key => key.Status === 'Inactive');
    assert.deepEqual(
      inactive.map(key => key.AccessKeyId),
      [first!.AccessKeyId],
    );
    await assert.rejects(iam.deleteUser(user), refused('DeleteConflict', /access keys/));
    for (const { AccessKeyId } of [first!, second!]) await iam.deleteAccessKey({ ...user, AccessKeyId });
    await assert.rejects(
      iam.deleteAccessKey({ ...user, AccessKeyId: first!.AccessKeyId }),
      refused('NoSuchEntity'),
    );
    await iam.deleteUser(user);
  });

  test('passwords and their policy', async () => {
    const recording = open();
    const iam = recording.iam();
    await assert.rejects(iam.getAccountPasswordPolicy({}), refused('NoSuchEntity'));
    await iam.updateAccountPasswordPolicy({ MinimumPasswordLength: 10, AllowUsersToChangePassword: true });
    const { PasswordPolicy } = await iam.getAccountPasswordPolicy({});
    assert.deepEqual(
      [PasswordPolicy!.MinimumPasswordLength, PasswordPolicy!.AllowUsersToChangePassword],
      [10, true],
    );
    await iam.createUser(user);
    await assert.rejects(
      iam.createLoginProfile({ ...user, Password: 'short' }),
      refused('PasswordPolicyViolation'),
    );
    const { LoginProfile } = await iam.createLoginProfile({ ...user, Password: 'Tsuki-2026' });
    assert.deepEqual(LoginProfile!.CreateDate, recording.now());
    await assert.rejects(
      iam.createLoginProfile({ ...user, Password: 'Tsuki-2026' }),
      refused('EntityAlreadyExists'),
    );
    await iam.updateLoginProfile({ ...user, PasswordResetRequired: true });
    assert.equal((await iam.getLoginProfile(user)).LoginProfile!.PasswordResetRequired, true);

    const { AccessKey } = await iam.createAccessKey(user);
    const { AccessKeyId, SecretAccessKey } = AccessKey!;
    const own = recording.iam({ accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! });
    const change = { OldPassword: 'Tsuki-2026', NewPassword: 'Hoshi-2026' };
    await own.changePassword(change);
    await assert.rejects(own.changePassword(change), refused('AccessDenied'));
    await assert.rejects(iam.changePassword(change), refused('InvalidUserType'));
    assert.equal((await iam.getLoginProfile(user)).LoginProfile!.PasswordResetRequired, false);
    await iam.deleteAccessKey({ ...user, AccessKeyId });
    await assert.rejects(iam.deleteUser(user), refused('DeleteConflict', /login profile/));
    await iam.deleteLoginProfile(user);
    await assert.rejects(iam.getLoginProfile(user), refused('NoSuchEntity'));
    await iam.deleteAccountPasswordPolicy({});
    await assert.rejects(iam.deleteAccountPasswordPolicy({}), refused('NoSuchEntity'));
    await iam.deleteUser(user);
  });

  test('MFA devices', async () => {
    const recording = open();
    const iam = recording.iam();
    await iam.createUser(user);
    const { VirtualMFADevice } = await iam.createVirtualMFADevice({
      VirtualMFADeviceName: 'Phone',
      Tags: [{ Key: 'Team', Value: 'red' }],
    });
    const SerialNumber = VirtualMFADevice!.SerialNumber!;
    assert.equal(SerialNumber, arn('mfa/Phone'));
    assert.deepEqual([...VirtualMFADevice!.QRCodePNG!.subarray(1, 4)], [...Buffer.from('PNG')]);
    await assert.rejects(
      iam.createVirtualMFADevice({ VirtualMFADeviceName: 'PHONE' }),
      refused('EntityAlreadyExists'),
    );
    const { VirtualMFADevice: tablet } = await iam.createVirtualMFADevice({ VirtualMFADeviceName: 'Tablet' });
    const seed = seedOf(VirtualMFADevice!.Base32StringSeed!);
    const codes = (steps: number) => {
      const step = stepOf(recording.clock.now()) + steps;
      return { AuthenticationCode1: codeOf(seed, step - 1), AuthenticationCode2: codeOf(seed, step) };
    };
    const device = { ...user, SerialNumber };
    await assert.rejects(
      iam.enableMFADevice({ ...device, ...codes(-500) }),
      refused('InvalidAuthenticationCode'),
    );
    await iam.enableMFADevice({ ...device, ...codes(0) });
    const { MFADevices } = await iam.listMFADevices(user);
    assert.deepEqual(MFADevices, [{ ...device, EnableDate: recording.now() }]);
    const shown = await iam.getMFADevice(device);
    assert.deepEqual([shown.UserName, shown.EnableDate], ['Ann', recording.now()]);
    const { VirtualMFADevices: free } = await iam.listVirtualMFADevices({ AssignmentStatus: 'Unassigned' });
    assert.deepEqual(
      free?.map(found => found.SerialNumber),
      [tablet!.SerialNumber],
    );
    const all = await onePerPage(
      page => iam.listVirtualMFADevices(page),
      ({ VirtualMFADevices }) => VirtualMFADevices?.map(found => found.User?.UserName),
    );
    assert.deepEqual(new Set(all), new Set(['Ann', undefined]));
    await iam.resyncMFADevice({ ...device, ...codes(20) });
    await assert.rejects(
      iam.resyncMFADevice({ ...device, ...codes(500) }),
      refused('InvalidAuthenticationCode'),
    );

    await iam.tagMFADevice({ SerialNumber, Tags: [{ Key: 'Env', Value: 'prod' }] });
    const tags = await onePerPage(
      page => iam.listMFADeviceTags({ SerialNumber, ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagMFADevice({ SerialNumber, TagKeys: ['Team'] });
    const { Tags } = await iam.listMFADeviceTags({ SerialNumber });
    assert.deepEqual(Tags, [{ Key: 'Env', Value: 'prod' }]);
    await assert.rejects(iam.deleteVirtualMFADevice({ SerialNumber }), refused('DeleteConflict'));
    await assert.rejects(iam.deleteUser(user), refused('DeleteConflict', /MFA device/));
    await iam.deactivateMFADevice(device);
    assert.deepEqual((await iam.listMFADevices(user)).MFADevices, []);
    for (const serial of [SerialNumber, tablet!.SerialNumber!])
      await iam.deleteVirtualMFADevice({ SerialNumber: serial });
    await assert.rejects(iam.deleteVirtualMFADevice({ SerialNumber }), refused('NoSuchEntity'));
    await iam.deleteUser(user);
  });

  test('SSH public keys', async () => {
    const iam = open().iam();
    await iam.createUser(user);
    const pems = [1, 2].map(() => rsaPair().publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const uploaded = [];
    for (const SSHPublicKeyBody of pems)
      uploaded.push((await iam.uploadSSHPublicKey({ ...user, SSHPublicKeyBody })).SSHPublicKey!);
    await assert.rejects(
      iam.uploadSSHPublicKey({ ...user, SSHPublicKeyBody: 'none' }),
      refused('UnrecognizedPublicKeyEncoding'),
    );
    const ids = await onePerPage(
      page => iam.listSSHPublicKeys({ ...user, ...page }),
      ({ SSHPublicKeys }) => SSHPublicKeys?.map(found => found.SSHPublicKeyId),
    );
    assert.deepEqual(new Set(ids), new Set(uploaded.map(key => key.SSHPublicKeyId)));
    const { SSHPublicKeyId } = uploaded[0]!;
    await iam.updateSSHPublicKey({ ...user, SSHPublicKeyId, Status: 'Inactive' });
    const { SSHPublicKey } = await iam.getSSHPublicKey({ ...user, SSHPublicKeyId, Encoding: 'PEM' });
    assert.deepEqual([SSHPublicKey!.Status, SSHPublicKey!.SSHPublicKeyBody], ['Inactive', pems[0]]);
    for (const key of uploaded) await iam.deleteSSHPublicKey({ ...user, SSHPublicKeyId: key.SSHPublicKeyId });
    await assert.rejects(
      iam.getSSHPublicKey({ ...user, SSHPublicKeyId, Encoding: 'SSH' }),
      refused('NoSuchEntity'),
    );
    await iam.deleteUser(user);
  });

  test('signing certificates', async () => {
    const iam = open().iam();
    await iam.createUser(user);
    const ids: (string | undefined)[] = [];
    for (const CertificateBody of [CERTIFICATE, OTHER_CERTIFICATE]) {
      const { Certificate } = await iam.uploadSigningCertificate({ ...user, CertificateBody });
      assert.equal(Certificate!.CertificateBody?.trim(), CertificateBody.trim());
      ids.push(Certificate!.CertificateId);
    }
    await assert.rejects(
      iam.uploadSigningCertificate({ ...user, CertificateBody: CERTIFICATE }),
      refused('DuplicateCertificate'),
    );
    await assert.rejects(
      iam.uploadSigningCertificate({ ...user, CertificateBody: 'none' }),
      refused('MalformedCertificate'),
    );
    await iam.updateSigningCertificate({ ...user, CertificateId: ids[0], Status: 'Inactive' });
    const listed = await onePerPage(
      page => iam.listSigningCertificates({ ...user, ...page }),
      ({ Certificates }) => Certificates?.map(found => [found.CertificateId, found.Status] as const),
    );
    assert.deepEqual(
      new Map(listed),
      new Map([
        [ids[0], 'Inactive'],
        [ids[1], 'Active'],
      ]),
    );
    for (const CertificateId of ids) await iam.deleteSigningCertificate({ ...user, CertificateId });
    assert.deepEqual((await iam.listSigningCertificates(user)).Certificates, []);
    await iam.deleteUser(user);
  });

  test('server certificates', async () => {
    const iam = open().iam();
    const upload = (ServerCertificateName: string, PrivateKey = PRIVATE_KEY) =>
      iam.uploadServerCertificate({
        ServerCertificateName,
        Path: '/cdn/',
        CertificateBody: CERTIFICATE,
        PrivateKey,
        Tags: [{ Key: 'Team', Value: 'red' }],
      });
    const { ServerCertificateMetadata: made } = await upload('Web');
    assert.equal(made!.Arn, arn('server-certificate/cdn/Web'));
    await assert.rejects(upload('WEB'), refused('EntityAlreadyExists'));
    await assert.rejects(upload('Bad', 'none'), refused('MalformedCertificate'));
    await upload('Worker');
    const names = await onePerPage(
      page => iam.listServerCertificates(page),
      reply => reply.ServerCertificateMetadataList?.map(found => found.ServerCertificateName),
    );
    assert.deepEqual(names, ['Web', 'Worker']);
    await iam.updateServerCertificate({
      ServerCertificateName: 'Web',
      NewServerCertificateName: 'Site',
      NewPath: '/',
    });
    const name = { ServerCertificateName: 'Site' };
    await iam.tagServerCertificate({ ...name, Tags: [{ Key: 'Env', Value: 'prod' }] });
    const tags = await onePerPage(
      page => iam.listServerCertificateTags({ ...name, ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagServerCertificate({ ...name, TagKeys: ['Team'] });
    const { ServerCertificate } = await iam.getServerCertificate(name);
    assert.equal(ServerCertificate!.ServerCertificateMetadata!.Arn, arn('server-certificate/Site'));
    // TestAccIAMServerCertificate of Terraform's provider: AWS gives it back trimmed.
    assert.equal(ServerCertificate!.CertificateBody, CERTIFICATE.trim());
    assert.deepEqual(ServerCertificate!.Tags, [{ Key: 'Env', Value: 'prod' }]);
    for (const ServerCertificateName of ['Site', 'Worker'])
      await iam.deleteServerCertificate({ ServerCertificateName });
    await assert.rejects(iam.getServerCertificate(name), refused('NoSuchEntity'));
  });

  test('credentials of single services', async () => {
    const iam = open().iam();
    await iam.createUser(user);
    const create = (ServiceName = 'codecommit.amazonaws.com') =>
      iam.createServiceSpecificCredential({ ...user, ServiceName });
    const { ServiceSpecificCredential: made } = await create();
    const { ServiceSpecificCredentialId } = made!;
    assert.equal(made!.ServiceUserName, `Ann-at-${ACCOUNT}`);
    assert.ok(made!.ServicePassword!.length >= 32);
    await assert.rejects(create('s3.amazonaws.com'), refused('NoSuchEntity'));
    const { ServiceSpecificCredential: other } = await create();
    await assert.rejects(create(), refused('LimitExceeded'));
    const named = { ...user, ServiceSpecificCredentialId };
    const { ServiceSpecificCredential: reset } = await iam.resetServiceSpecificCredential(named);
    assert.notEqual(reset!.ServicePassword, made!.ServicePassword);
    await iam.updateServiceSpecificCredential({ ...named, Status: 'Inactive' });
    const { ServiceSpecificCredentials } = await iam.listServiceSpecificCredentials(user);
    assert.deepEqual(
      new Map(ServiceSpecificCredentials!.map(found => [found.ServiceSpecificCredentialId, found.Status])),
      new Map([
        [ServiceSpecificCredentialId, 'Inactive'],
        [other!.ServiceSpecificCredentialId, 'Active'],
      ]),
    );
    for (const id of [ServiceSpecificCredentialId, other!.ServiceSpecificCredentialId])
      await iam.deleteServiceSpecificCredential({ ...user, ServiceSpecificCredentialId: id });
    await assert.rejects(iam.resetServiceSpecificCredential(named), refused('NoSuchEntity'));
    await iam.deleteUser(user);
  });
}
