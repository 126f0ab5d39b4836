import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { type Account, entityArn, readTags, type ServerCertificate } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onNew, onPath, onServerCertificate, requestTags } from '../requirements.js';
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

export const uploadServerCertificate: NamedOperation<
  IamPorts,
  iam.UploadServerCertificateRequest,
  iam.UploadServerCertificateResponse
> = {
  name: 'UploadServerCertificate',
  requires: (input, call) => {
    const target = { path: input.Path, name: input.ServerCertificateName };
    return onNew('UploadServerCertificate', call, 'server-certificate', target, requestTags(input.Tags));
  },
  async run(input, call, { identity }) {
    const home = homeOf(call);
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

export const getServerCertificate: NamedOperation<
  IamPorts,
  iam.GetServerCertificateRequest,
  iam.GetServerCertificateResponse
> = {
  name: 'GetServerCertificate',
  requires: (input, call, ports) =>
    onServerCertificate('GetServerCertificate', call, ports, input.ServerCertificateName!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const certificate = await identity.serverCertificates.get(home.id, input.ServerCertificateName!);
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

export const listServerCertificates: NamedOperation<
  IamPorts,
  iam.ListServerCertificatesRequest,
  iam.ListServerCertificatesResponse
> = {
  name: 'ListServerCertificates',
  requires: (input, call) => onPath('ListServerCertificates', call, 'server-certificate', input.PathPrefix),
  async run(input, call, { identity }) {
    const home = homeOf(call);
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

export const updateServerCertificate: NamedOperation<IamPorts, iam.UpdateServerCertificateRequest, object> = {
  name: 'UpdateServerCertificate',
  /** On the certificate as it is and, where it moves, on what it becomes, as for users. */
  async requires(input, call, ports) {
    const home = homeOf(call);
    const name = input.ServerCertificateName!;
    const [now] = await onServerCertificate('UpdateServerCertificate', call, ports, name);
    const found = await ports.identity.serverCertificates.find(home.id, name);
    const path = input.NewPath ?? found?.path ?? '/';
    const newName = input.NewServerCertificateName ?? found?.name ?? name;
    const target = entityArn('server-certificate', home, path, newName);
    return target === now!.resource ? [now!] : [now!, { ...now!, resource: target }];
  },
  async run(input, call, { identity }) {
    const to = { name: input.NewServerCertificateName, path: input.NewPath };
    await identity.serverCertificates.rename(homeOf(call), input.ServerCertificateName!, to);
    return {};
  },
};

export const deleteServerCertificate: NamedOperation<IamPorts, iam.DeleteServerCertificateRequest, object> = {
  name: 'DeleteServerCertificate',
  requires: (input, call, ports) =>
    onServerCertificate('DeleteServerCertificate', call, ports, input.ServerCertificateName!),
  async run(input, call, { identity }) {
    await identity.serverCertificates.delete(homeOf(call), input.ServerCertificateName!);
    return {};
  },
};
