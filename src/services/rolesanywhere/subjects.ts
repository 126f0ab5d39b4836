/** Whom certificates were for that asked for sessions. Source: IAM Roles Anywhere API Reference. */
import type { Operation } from '../../core/operation.js';
import { type AnywhereSubject, anywhereArn } from '../../identity/index.js';
import { type Home, homeOf, type ListInput, onResource, pageOf, type RolesAnywherePorts } from './ports.js';

interface IdInput {
  readonly subjectId: string;
}

interface Known {
  readonly place: Home;
  readonly subject: AnywhereSubject | undefined;
}

export const GetSubject: Operation<RolesAnywherePorts, IdInput, object, Known> = {
  async resolve({ subjectId: id }, call, { identity }) {
    const place = homeOf(call);
    const subject = await identity.rolesAnywhere.subjects.find(place, id);
    return { requires: [onResource(call, place, 'subject', id, subject?.tags)], subject: { place, subject } };
  },
  async run({ place, subject: found }, { subjectId }, _call, { identity }) {
    const subject = identity.rolesAnywhere.subjects.demand(found, subjectId);
    const { credentials, properties } = subject;
    const [last] = credentials;
    return {
      subject: {
        ...shapeOf(place, subject),
        credentials: credentials.map(({ serial, issuer, certificate, seen, failed }) => ({
          seenAt: new Date(seen),
          serialNumber: serial,
          issuer,
          enabled: true,
          x509CertificateData: certificate,
          failed,
        })),
        instanceProperties: properties && [
          { seenAt: new Date(subject.updated), properties, failed: last?.failed ?? false },
        ],
      },
    };
  },
};

export const ListSubjects: Operation<RolesAnywherePorts, ListInput, object, Home> = {
  resolve: (_input, call) => ({ requires: [{ action: call.action, resource: '*' }], subject: homeOf(call) }),
  async run(place, input, _call, { identity }) {
    const { items, nextToken } = await pageOf(input, page =>
      identity.rolesAnywhere.subjects.list(place, page),
    );
    return { subjects: items.map(subject => shapeOf(place, subject)), nextToken };
  },
};

function shapeOf({ home, region }: Home, { id, name, created, updated }: AnywhereSubject) {
  return {
    subjectArn: anywhereArn(home, region, 'subject', id),
    subjectId: id,
    enabled: true,
    x509Subject: name,
    lastSeenAt: new Date(updated),
    createdAt: new Date(created),
    updatedAt: new Date(updated),
  };
}
