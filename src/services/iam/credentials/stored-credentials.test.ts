/** SSH public keys, signing certificates, service-specific credentials, server certificates. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { rsaPair } from '../../../../test/support/rsa-keys.js';
import { openWorld, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';
import {
  CERTIFICATE,
  OTHER_CERTIFICATE,
  PRIVATE_KEY,
  THIRD_CERTIFICATE,
} from './certificates.test.support.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const root = <O = object>(operation: string, input: object = {}) =>
    run<O>(world, service, world.root, operation, input);
  await root('CreateUser', { UserName: 'Bob' });
  return { world, root };
}

const user = { UserName: 'Bob' };
const NOW = new Date('2026-11-22T00:00:00Z');

/** The key's SSH encoding, written out as RFC 4253 has it. */
function sshOf(modulus: Buffer, exponent: Buffer): string {
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const number = (bytes: Buffer) => (bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
  const blob = Buffer.concat([
    field(Buffer.from('ssh-rsa')),
    field(number(exponent)),
    field(number(modulus)),
  ]);
  return `ssh-rsa ${blob.toString('base64')}`;
}

function rsaKey({ publicKey } = rsaPair()) {
  const { n, e } = publicKey.export({ format: 'jwk' });
  const ssh = sshOf(Buffer.from(n!, 'base64url'), Buffer.from(e!, 'base64url'));
  return { ssh, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

test('an SSH public key comes back in both encodings, however it was given', async () => {
  const { root } = await open();
  const { ssh, pem } = rsaKey();
  const { SSHPublicKey } = await root<iam.UploadSSHPublicKeyResponse>('UploadSSHPublicKey', {
    ...user,
    SSHPublicKeyBody: `${ssh} bob@example.com`,
  });
  const { SSHPublicKeyId } = SSHPublicKey!;
  assert.match(SSHPublicKeyId!, /^APKA[A-Z2-7]{17}$/);
  const digest = createHash('md5')
    .update(Buffer.from(ssh.slice(8), 'base64'))
    .digest('hex');
  assert.equal(SSHPublicKey!.Fingerprint?.replaceAll(':', ''), digest);
  for (const [Encoding, body] of [
    ['SSH', ssh],
    ['PEM', pem],
  ]) {
    const shown = await root<iam.GetSSHPublicKeyResponse>('GetSSHPublicKey', {
      ...user,
      SSHPublicKeyId,
      Encoding,
    });
    assert.equal(shown.SSHPublicKey?.SSHPublicKeyBody, body);
  }
  await assert.rejects(
    root('UploadSSHPublicKey', { ...user, SSHPublicKeyBody: pem }),
    refusal('DuplicateSSHPublicKey'),
  );
  await root('UpdateSSHPublicKey', { ...user, SSHPublicKeyId, Status: 'Inactive' });
  assert.deepEqual(await root('ListSSHPublicKeys', user), {
    SSHPublicKeys: [{ UserName: 'Bob', SSHPublicKeyId, Status: 'Inactive', UploadDate: NOW }],
    IsTruncated: false,
  });
  await assert.rejects(
    root('DeleteUser', user),
    refusal('DeleteConflict', 'Cannot delete entity, must delete SSH public keys first.'),
  );
  await root('DeleteSSHPublicKey', { ...user, SSHPublicKeyId });
  await assert.rejects(root('DeleteSSHPublicKey', { ...user, SSHPublicKeyId }), refusal('NoSuchEntity'));
});

test('what is no RSA public key of a good size is refused', async () => {
  const { root } = await open();
  const upload = (SSHPublicKeyBody: string) => root('UploadSSHPublicKey', { ...user, SSHPublicKeyBody });
  await assert.rejects(upload('no key'), refusal('UnrecognizedPublicKeyEncoding'));
  const { ssh } = rsaKey();
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const body of [
    'ssh-rsa AAAA',
    `${ssh.slice(0, 100)}`,
    rsaKey(generateKeyPairSync('rsa', { modulusLength: 1024 })).ssh,
    elliptic.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    elliptic.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    '-----BEGIN PUBLIC KEY-----\nnothing\n-----END PUBLIC KEY-----',
  ]) {
    await assert.rejects(upload(body), refusal('InvalidPublicKey'), body);
  }
});

test('a user has two signing certificates at most, each once', async () => {
  const { world, root } = await open();
  const upload = (CertificateBody: string) =>
    root<iam.UploadSigningCertificateResponse>('UploadSigningCertificate', { ...user, CertificateBody });
  const { Certificate } = await upload(CERTIFICATE);
  assert.match(Certificate!.CertificateId!, /^[A-Z0-9]{24,128}$/);
  assert.deepEqual([Certificate!.Status, Certificate!.CertificateBody], ['Active', CERTIFICATE]);
  await assert.rejects(upload(CERTIFICATE), refusal('DuplicateCertificate'));
  await assert.rejects(upload('nothing'), refusal('MalformedCertificate'));
  await upload(OTHER_CERTIFICATE);
  // The words as recorded on AWS in 2025.
  await assert.rejects(
    upload(THIRD_CERTIFICATE),
    refusal('LimitExceeded', 'Cannot exceed quota for CertificatesPerUser: 2'),
  );
  const { CertificateId } = Certificate!;
  await root('UpdateSigningCertificate', { ...user, CertificateId, Status: 'Inactive' });
  const { Certificates } = await root<iam.ListSigningCertificatesResponse>('ListSigningCertificates', user);
  assert.deepEqual(Certificates!.map(({ Status }) => Status).sort(), ['Active', 'Inactive']);
  await assert.rejects(
    root('DeleteUser', user),
    refusal('DeleteConflict', 'Cannot delete entity, must delete signing certificates first.'),
  );
  await root('DeleteSigningCertificate', { ...user, CertificateId });
  world.clock.set(Date.UTC(2200, 0));
  await assert.rejects(upload(CERTIFICATE), refusal('InvalidCertificate', 'The certificate has expired.'));
});

// The words are as recorded on AWS in 2025.
test('service-specific credentials tell their password once', async () => {
  const { root } = await open();
  const ServiceName = 'codecommit.amazonaws.com';
  const create = (more: object = {}) =>
    root<iam.CreateServiceSpecificCredentialResponse>('CreateServiceSpecificCredential', {
      ...user,
      ServiceName,
      ...more,
    });
  const { ServiceSpecificCredential: made } = await create({ CredentialAgeDays: 30 });
  const { ServiceSpecificCredentialId } = made!;
  assert.match(ServiceSpecificCredentialId!, /^ACCA/);
  assert.equal(made!.ServiceUserName, 'Bob-at-111122223333');
  assert.deepEqual(made!.ExpirationDate, new Date('2026-12-22T00:00:00Z'));
  assert.equal((await create()).ServiceSpecificCredential!.ServiceUserName, 'Bob+1-at-111122223333');
  await assert.rejects(
    create(),
    refusal('LimitExceeded', 'Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2'),
  );
  const { ServiceSpecificCredential: reset } = await root<iam.ResetServiceSpecificCredentialResponse>(
    'ResetServiceSpecificCredential',
    { ...user, ServiceSpecificCredentialId },
  );
  assert.notEqual(reset!.ServicePassword, made!.ServicePassword);
  await root('UpdateServiceSpecificCredential', { ...user, ServiceSpecificCredentialId, Status: 'Inactive' });
  const { ServiceSpecificCredentials, IsTruncated } = await root<iam.ListServiceSpecificCredentialsResponse>(
    'ListServiceSpecificCredentials',
    { ...user, ServiceName },
  );
  assert.equal(IsTruncated, undefined);
  const listed = ServiceSpecificCredentials!.find(
    found => found.ServiceSpecificCredentialId === ServiceSpecificCredentialId,
  );
  assert.equal(listed?.Status, 'Inactive');
  assert.ok(!('ServicePassword' in listed!));
  await assert.rejects(
    root('DeleteUser', user),
    refusal('DeleteConflict', 'Cannot delete entity, must remove referenced objects first.'),
  );
  await root('DeleteServiceSpecificCredential', { ...user, ServiceSpecificCredentialId });
  for (const [operation, more] of [
    ['UpdateServiceSpecificCredential', { Status: 'Active' }],
    ['ResetServiceSpecificCredential', {}],
    ['DeleteServiceSpecificCredential', {}],
  ] as const) {
    await assert.rejects(
      root(operation, { ...user, ServiceSpecificCredentialId, ...more }),
      refusal('NoSuchEntity', `No such credential ${ServiceSpecificCredentialId} exists`),
    );
  }
  const unknown = refusal(
    'NoSuchEntity',
    'No such service s3.amazonaws.com is supported for Service Specific Credentials',
  );
  await assert.rejects(create({ ServiceName: 's3.amazonaws.com' }), unknown);
  await assert.rejects(
    root('ListServiceSpecificCredentials', { ...user, ServiceName: 's3.amazonaws.com' }),
    unknown,
  );
  // The user comes first.
  await assert.rejects(
    create({ UserName: 'Nobody', ServiceName: 's3.amazonaws.com' }),
    refusal('NoSuchEntity', 'The user with name Nobody cannot be found.'),
  );
});

test('a server certificate belongs to its key, is renamed, tagged and deleted', async () => {
  const { root } = await open();
  const input = {
    ServerCertificateName: 'Tls',
    Path: '/cdn/',
    CertificateBody: CERTIFICATE,
    PrivateKey: PRIVATE_KEY,
    CertificateChain: OTHER_CERTIFICATE,
    Tags: [{ Key: 'Env', Value: 'prod' }],
  };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const PrivateKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await assert.rejects(root('UploadServerCertificate', { ...input, PrivateKey }), refusal('KeyPairMismatch'));
  for (const wrong of [{ CertificateBody: 'x' }, { PrivateKey: 'x' }, { CertificateChain: 'x' }]) {
    await assert.rejects(
      root('UploadServerCertificate', { ...input, ...wrong }),
      refusal('MalformedCertificate'),
    );
  }
  const { ServerCertificateMetadata: made } = await root<iam.UploadServerCertificateResponse>(
    'UploadServerCertificate',
    input,
  );
  assert.equal(made!.Arn, 'arn:aws:iam::111122223333:server-certificate/cdn/Tls');
  assert.match(made!.ServerCertificateId!, /^ASCA/);
  assert.ok(made!.Expiration! > NOW);
  await assert.rejects(
    root('UploadServerCertificate', { ...input, ServerCertificateName: 'TLS' }),
    refusal('EntityAlreadyExists'),
  );
  const name = { ServerCertificateName: 'tls' };
  const { ServerCertificate: shown } = await root<iam.GetServerCertificateResponse>(
    'GetServerCertificate',
    name,
  );
  assert.deepEqual(
    [`${shown!.CertificateBody}\n`, `${shown!.CertificateChain}\n`, shown!.Tags],
    [CERTIFICATE, OTHER_CERTIFICATE, input.Tags],
  );
  await root('UpdateServerCertificate', { ...name, NewServerCertificateName: 'New', NewPath: '/' });
  await root('TagServerCertificate', { ServerCertificateName: 'New', Tags: [{ Key: 'env', Value: 'test' }] });
  const { ServerCertificateMetadataList } =
    await root<iam.ListServerCertificatesResponse>('ListServerCertificates');
  assert.deepEqual(
    ServerCertificateMetadataList?.map(({ Arn }) => Arn),
    ['arn:aws:iam::111122223333:server-certificate/New'],
  );
  assert.deepEqual(await root('ListServerCertificateTags', { ServerCertificateName: 'New' }), {
    Tags: [{ Key: 'env', Value: 'test' }],
    IsTruncated: false,
  });
  await root('DeleteServerCertificate', { ServerCertificateName: 'New' });
  await assert.rejects(
    root('GetServerCertificate', { ServerCertificateName: 'New' }),
    refusal('NoSuchEntity', 'The Server Certificate with name New cannot be found.'),
  );
});
