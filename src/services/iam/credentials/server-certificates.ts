import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { type Account, entityArn, readTags, type ServerCertificate } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import {
  andOn,
  type On,
  type OnAccount,
  onNew,
  onPath,
  onServerCertificate,
  requestTags,
} from '../requirements.js';
import { dateOf, tagList } from '../shapes.js';

function shownMetadata(home: Account, certificate: ServerCertificate): iam.ServerCertificateMetadata {
  return {
    Path: certificate.path,
    ServerCertificateName: certificate.name,
    ServerCertificateId: certificate.id,
    Arn: entityArn('server-certificate', home, certificate.path, certificate.name),
    UploadDate: dateOf(certificate.uploaded),
    Expiration: dateOf(certificate.expires),
  };
}

export const UploadServerCertificate: Operation<
  IamPorts,
  iam.UploadServerCertificateRequest,
  iam.UploadServerCertificateResponse,
  OnAccount
> = {
  resolve: (input, call) => {
    const target = { path: input.Path, name: input.ServerCertificateName };
    return onNew(call, 'server-certificate', target, requestTags(input.Tags));
  },
  async run({ home }, input, _call, { identity }) {
    const certificate = await identity.serverCertificates.upload(home, {
      name: input.ServerCertificateName!,
      path: input.Path,
      body: input.CertificateBody!,
      privateKey: input.PrivateKey!,
      chain: input.CertificateChain,
      tags: readTags(input.Tags),
    });
    return { ServerCertificateMetadata: shownMetadata(home, certificate), Tags: tagList(certificate.tags) };
  },
};

export const GetServerCertificate: Operation<
  IamPorts,
  iam.GetServerCertificateRequest,
  iam.GetServerCertificateResponse,
  On<ServerCertificate>
> = {
  resolve: (input, call, ports) => onServerCertificate(call, ports, input.ServerCertificateName!),
  async run({ home, found }, input, _call, { identity }) {
    const certificate = identity.serverCertificates.demand(found, input.ServerCertificateName!);
    return {
      ServerCertificate: {
        ServerCertificateMetadata: shownMetadata(home, certificate),
        CertificateBody: certificate.body,
        ...(certificate.chain !== undefined && { CertificateChain: certificate.chain }),
        Tags: tagList(certificate.tags),
      },
    };
  },
};

export const ListServerCertificates: Operation<
  IamPorts,
  iam.ListServerCertificatesRequest,
  iam.ListServerCertificatesResponse,
  OnAccount
> = {
  resolve: (input, call) => onPath(call, 'server-certificate', input.PathPrefix),
  async run({ home }, input, _call, { identity }) {
    const { items, page } = await listPage(
      input,
      page => identity.serverCertificates.list(home.id, page),
      certificate => certificate.name.toLowerCase(),
      certificate => certificate.path.startsWith(input.PathPrefix ?? '/'),
    );
    const metadata = items.map(certificate => shownMetadata(home, certificate));
    return { ServerCertificateMetadataList: metadata, ...page };
  },
};

export const UpdateServerCertificate: Operation<
  IamPorts,
  iam.UpdateServerCertificateRequest,
  object,
  On<ServerCertificate>
> = {
  /** On the certificate as it is and, where it moves, on what it becomes, as for users. */
  async resolve(input, call, ports) {
    const name = input.ServerCertificateName!;
    const now = await onServerCertificate(call, ports, name);
    const { home, found } = now.subject;
    const path = input.NewPath ?? found?.path ?? '/';
    const newName = input.NewServerCertificateName ?? found?.name ?? name;
    return andOn(entityArn('server-certificate', home, path, newName), now);
  },
  async run({ home }, input, _call, { identity }) {
    const to = { name: input.NewServerCertificateName, path: input.NewPath };
    await identity.serverCertificates.rename(home, input.ServerCertificateName!, to);
    return {};
  },
};

export const DeleteServerCertificate: Operation<
  IamPorts,
  iam.DeleteServerCertificateRequest,
  object,
  On<ServerCertificate>
> = {
  resolve: (input, call, ports) => onServerCertificate(call, ports, input.ServerCertificateName!),
  async run({ home }, input, _call, { identity }) {
    await identity.serverCertificates.delete(home, input.ServerCertificateName!);
    return {};
  },
};
