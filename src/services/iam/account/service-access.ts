import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import {
  type AccessJob,
  type Account,
  defaultVersion,
  entityArn,
  errors,
  type Identity,
  type LastUse,
  parseEntityArn,
} from '../../../identity/index.js';
import { slicePage } from '../paging.js';
import { grantsService } from '../policies/granted-services.js';
import { findHolder, type Holder, type PolicySource, sourcesOf } from '../policies/policy-sources.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll, onArn } from '../requirements.js';
import { dateOf } from '../shapes.js';
import { serviceNames } from './service-data.js';

async function holderOf(identity: Identity, home: Account, arn: string): Promise<Holder> {
  const holder = await findHolder(identity, home, arn);
  if (holder === undefined) throw errors.NoSuchEntity(`ARN ${arn} is not found.`);
  return holder;
}

const OWNERS = { user: 'USER', group: 'GROUP', role: 'ROLE' } as const;

/** Which policies of a user, group or role grant something of these services. */
export const ListPoliciesGrantingServiceAccess: Operation<
  IamPorts,
  iam.ListPoliciesGrantingServiceAccessRequest,
  iam.ListPoliciesGrantingServiceAccessResponse,
  OnAccount
> = {
  resolve: (input, call) => onArn(call, input.Arn!),
  async run({ home }, input, _call, { identity }) {
    const sources = await sourcesOf(identity, home, await holderOf(identity, home, input.Arn!));
    const entries = input.ServiceNamespaces!.map(namespace => ({
      ServiceNamespace: namespace,
      Policies: sources.filter(({ document }) => grantsService(document, namespace)).map(grantingPolicy),
    }));
    return { PoliciesGrantingServiceAccess: entries, IsTruncated: false };
  },
};

function grantingPolicy({ id, type, arn, inline }: PolicySource): iam.PolicyGrantingServiceAccess {
  if (inline === undefined) return { PolicyName: id, PolicyType: 'MANAGED', PolicyArn: arn };
  const owner = OWNERS[type as keyof typeof OWNERS];
  return { PolicyName: inline.name, PolicyType: 'INLINE', EntityType: owner, EntityName: inline.holder };
}

export const GenerateServiceLastAccessedDetails: Operation<
  IamPorts,
  iam.GenerateServiceLastAccessedDetailsRequest,
  iam.GenerateServiceLastAccessedDetailsResponse,
  OnAccount
> = {
  resolve: (input, call) => onArn(call, input.Arn!),
  async run({ home }, input, _call, { identity }) {
    await subjectOf(identity, home, input.Arn!);
    const granularity = input.Granularity ?? 'SERVICE_LEVEL';
    return { JobId: await identity.accessJobs.create(home, { arn: input.Arn!, granularity }) };
  },
};

/** What a job reports on: the documents that grant, and the users and roles whose use counts. */
interface Subject {
  readonly documents: readonly string[];
  readonly entities: readonly Holder[];
}

/** Throws `NoSuchEntity`. */
async function subjectOf(identity: Identity, home: Account, arn: string): Promise<Subject> {
  if (parseEntityArn(arn)?.kind === 'policy') {
    const { document } = defaultVersion(await identity.policies.get(home, arn));
    const users = await identity.policies.users(home, arn);
    const entities = await Promise.all(
      users
        .filter(({ use }) => use === 'attached')
        .map(({ kind, name }) => membersOf(identity, home, kind, name)),
    );
    return { documents: [document], entities: entities.flat() };
  }
  const holder = await holderOf(identity, home, arn);
  const documents = (await sourcesOf(identity, home, holder)).map(({ document }) => document);
  return { documents, entities: await membersOf(identity, home, holder.kind, holder.entity.name) };
}

/** The entity itself, or a group's users. */
async function membersOf(
  identity: Identity,
  home: Account,
  kind: Holder['kind'],
  name: string,
): Promise<Holder[]> {
  if (kind === 'group') {
    const users = await identity.groups.members(home.id, name, { limit: Number.MAX_SAFE_INTEGER });
    return users.map(entity => ({ kind: 'user', entity }));
  }
  const entity = await (kind === 'user' ? identity.users : identity.roles).find(home.id, name);
  return entity === undefined ? [] : [{ kind, entity }];
}

/** An entity's last use of a service. */
interface Access extends LastUse {
  readonly holder: Holder;
}

async function accessesOf(identity: Identity, home: Account, { entities }: Subject): Promise<Access[]> {
  const accesses = await Promise.all(
    entities.map(async holder =>
      (await identity.usage.ofServices(home, holder.entity.id)).map(use => ({ ...use, holder })),
    ),
  );
  return accesses.flat();
}

/** Throws `NoSuchEntity` for a job that the account does not have. */
async function jobOf(identity: Identity, home: Account, id: string): Promise<AccessJob> {
  const job = await identity.accessJobs.find(home, id);
  if (job === undefined) throw errors.NoSuchEntity(`Job ${id} is not found.`);
  return job;
}

export const GetServiceLastAccessedDetails: Operation<
  IamPorts,
  iam.GetServiceLastAccessedDetailsRequest,
  iam.GetServiceLastAccessedDetailsResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    const job = await jobOf(identity, home, input.JobId!);
    const subject = await subjectOf(identity, home, job.arn);
    const accesses = await accessesOf(identity, home, subject);
    const granted = [...(await serviceNames())].filter(([namespace]) =>
      subject.documents.some(document => grantsService(document, namespace)),
    );
    const { items, page } = slicePage(input, granted, ([namespace]) => namespace);
    return {
      JobStatus: 'COMPLETED',
      JobType: job.granularity as iam.AccessAdvisorUsageGranularityType,
      JobCreationDate: dateOf(job.created),
      JobCompletionDate: dateOf(job.created),
      ServicesLastAccessed: items.map(([namespace, name]) =>
        lastAccess(
          home,
          namespace,
          name,
          accesses.filter(({ service }) => service === namespace),
        ),
      ),
      ...page,
    };
  },
};

function lastAccess(
  home: Account,
  namespace: string,
  name: string,
  accesses: readonly Access[],
): iam.ServiceLastAccessed {
  const [last] = [...accesses].sort((a, b) => b.time - a.time);
  return {
    ServiceName: name,
    ServiceNamespace: namespace,
    TotalAuthenticatedEntities: accesses.length,
    ...(last && {
      LastAuthenticated: dateOf(last.time),
      LastAuthenticatedEntity: arnOf(home, last.holder),
      LastAuthenticatedRegion: last.region,
    }),
  };
}

export const GetServiceLastAccessedDetailsWithEntities: Operation<
  IamPorts,
  iam.GetServiceLastAccessedDetailsWithEntitiesRequest,
  iam.GetServiceLastAccessedDetailsWithEntitiesResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    const job = await jobOf(identity, home, input.JobId!);
    const accesses = await accessesOf(identity, home, await subjectOf(identity, home, job.arn));
    const used = accesses.filter(({ service }) => service === input.ServiceNamespace);
    const { items, page } = slicePage(input, used, ({ holder }) => arnOf(home, holder));
    return {
      JobStatus: 'COMPLETED',
      JobCreationDate: dateOf(job.created),
      JobCompletionDate: dateOf(job.created),
      EntityDetailsList: items.map(({ holder, time }) => ({
        EntityInfo: {
          Arn: arnOf(home, holder),
          Name: holder.entity.name,
          Type: OWNERS[holder.kind],
          Id: holder.entity.id,
          Path: holder.entity.path,
        },
        LastAuthenticated: dateOf(time),
      })),
      ...page,
    };
  },
};

function arnOf(home: Account, { kind, entity }: Holder): string {
  return entityArn(kind, home, entity.path, entity.name);
}
