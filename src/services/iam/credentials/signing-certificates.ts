import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import type { SigningCertificate } from '../../../identity/index.js';
import { namedUserOf } from '../entities/users.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onUser } from '../requirements.js';
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

export const uploadSigningCertificate: NamedOperation<
  IamPorts,
  iam.UploadSigningCertificateRequest,
  iam.UploadSigningCertificateResponse
> = {
  name: 'UploadSigningCertificate',
  requires: (input, call, ports) =>
    onUser('UploadSigningCertificate', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const name = namedUserOf(input.UserName, call);
    const certificate = await identity.signingCertificates.upload(homeOf(call), name, input.CertificateBody!);
    return { Certificate: shownCertificate(name, certificate) };
  },
};

export const listSigningCertificates: NamedOperation<
  IamPorts,
  iam.ListSigningCertificatesRequest,
  iam.ListSigningCertificatesResponse
> = {
  name: 'ListSigningCertificates',
  requires: (input, call, ports) =>
    onUser('ListSigningCertificates', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const name = namedUserOf(input.UserName, call);
    const all = await identity.signingCertificates.list(homeOf(call), name);
    const { items, page } = slicePage(input, all, ({ id }) => id);
    return { Certificates: items.map(certificate => shownCertificate(name, certificate)), ...page };
  },
};

export const updateSigningCertificate: NamedOperation<IamPorts, iam.UpdateSigningCertificateRequest, object> =
  {
    name: 'UpdateSigningCertificate',
    requires: (input, call, ports) =>
      onUser('UpdateSigningCertificate', call, ports, namedUserOf(input.UserName, call)),
    async run(input, call, { identity }) {
      const name = namedUserOf(input.UserName, call);
      const active = input.Status === 'Active';
      await identity.signingCertificates.setActive(homeOf(call), name, input.CertificateId!, active);
      return {};
    },
  };

export const deleteSigningCertificate: NamedOperation<IamPorts, iam.DeleteSigningCertificateRequest, object> =
  {
    name: 'DeleteSigningCertificate',
    requires: (input, call, ports) =>
      onUser('DeleteSigningCertificate', call, ports, namedUserOf(input.UserName, call)),
    async run(input, call, { identity }) {
      const name = namedUserOf(input.UserName, call);
      await identity.signingCertificates.delete(homeOf(call), name, input.CertificateId!);
      return {};
    },
  };
