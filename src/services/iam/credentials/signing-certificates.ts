import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import type { SigningCertificate } from '../../../identity/index.js';
import { namedUserOf } from '../entities/user-names.js';
import { slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type OnUser, onUser } from '../requirements.js';
import { dateOf, statusOf } from '../shapes.js';

function shownCertificate(UserName: string, certificate: SigningCertificate): iam.SigningCertificate {
  return {
    UserName,
    CertificateId: certificate.id,
    CertificateBody: certificate.body,
    Status: statusOf(certificate.active),
    UploadDate: dateOf(certificate.created),
  };
}

export const UploadSigningCertificate: Operation<
  IamPorts,
  iam.UploadSigningCertificateRequest,
  iam.UploadSigningCertificateResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const certificate = await identity.signingCertificates.upload(home, name, input.CertificateBody!);
    return { Certificate: shownCertificate(name, certificate) };
  },
};

export const ListSigningCertificates: Operation<
  IamPorts,
  iam.ListSigningCertificatesRequest,
  iam.ListSigningCertificatesResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const all = await identity.signingCertificates.list(home, name);
    const { items, page } = slicePage(input, all, ({ id }) => id);
    return { Certificates: items.map(certificate => shownCertificate(name, certificate)), ...page };
  },
};

export const UpdateSigningCertificate: Operation<
  IamPorts,
  iam.UpdateSigningCertificateRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const active = input.Status === 'Active';
    await identity.signingCertificates.setActive(home, name, input.CertificateId!, active);
    return {};
  },
};

export const DeleteSigningCertificate: Operation<
  IamPorts,
  iam.DeleteSigningCertificateRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    await identity.signingCertificates.delete(home, name, input.CertificateId!);
    return {};
  },
};
