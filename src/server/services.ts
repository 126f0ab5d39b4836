import { createRequire } from 'node:module';
import type { Logger } from '../core/log.js';
import type { Call } from '../core/operation.js';
import type { AuditLog } from '../events/audit.js';
import type { Denials } from '../events/denials.js';
import { eventsOf } from '../events/event.js';
import { openToPages } from '../http/cross-origin.js';
import { formDoor } from '../http/post-object.js';
import type { Door, ServedService, Services } from '../http/services.js';
import { type Identity, parseEntityArn } from '../identity/index.js';
import { cloudtrail as cloudTrailConstraints } from '../models/cloudtrail.js';
import { iam as iamConstraints } from '../models/iam.js';
import { karikagi as karikagiConstraints } from '../models/karikagi.js';
import { kms as kmsConstraints } from '../models/kms.js';
import { organizations as organizationsConstraints } from '../models/organizations.js';
import { s3 as s3Constraints } from '../models/s3.js';
import { s3control as s3ControlConstraints } from '../models/s3control.js';
import { sts as stsConstraints } from '../models/sts.js';
import type { Objects } from '../objects/index.js';
import { accessAnalyzerService } from '../services/access-analyzer/index.js';
import { accessAnalyzerTraits } from '../services/access-analyzer/traits.js';
import { cloudTrailService } from '../services/cloudtrail/index.js';
import { cloudTrailTraits } from '../services/cloudtrail/traits.js';
import { iamService } from '../services/iam/index.js';
import { iamTraits } from '../services/iam/traits.js';
import { karikagiService } from '../services/karikagi/index.js';
import { karikagiOperations } from '../services/karikagi/schema.js';
import { karikagiTraits } from '../services/karikagi/traits.js';
import { type Kms, kmsService, objectKeys, ownKeyRequirement } from '../services/kms/index.js';
import { kmsTraits } from '../services/kms/traits.js';
import { constraintError } from '../services/organizations/errors.js';
import { organizationsService } from '../services/organizations/index.js';
import { organizationsTraits } from '../services/organizations/traits.js';
import { rolesAnywhereService } from '../services/rolesanywhere/index.js';
import { rolesAnywhereConstraints, rolesAnywhereOperations } from '../services/rolesanywhere/schema.js';
import { rolesAnywhereTraits } from '../services/rolesanywhere/traits.js';
import {
  type AccessLog,
  bucketAccess,
  checkBody,
  ownBucketRequirement,
  type ReplicationEndpoint,
  replicaService,
  type S3Ports,
  type ServiceRole,
  type ServiceRoles,
  s3CrossOrigin,
  s3Service,
  websiteService,
} from '../services/s3/index.js';
import { s3Traits } from '../services/s3/traits.js';
import { s3ControlService } from '../services/s3control/index.js';
import { stsService } from '../services/sts/index.js';
import { stsTraits } from '../services/sts/traits.js';
import type { OpenTrails } from '../trails/index.js';
import {
  isControl,
  isReplica,
  jsonService,
  queryService,
  replicaWire,
  restJsonService,
  restXmlService,
  type SdkModule,
  s3ControlService as s3ControlProtocol,
  type WireService,
  websiteHosts,
  websiteWire,
} from '../wire/index.js';
import { lazy } from '../wire/schema.js';
import type { Settings } from './settings.js';

/**
 * Loads an SDK client for its schemas. By `require`, which takes half the time of an `import`: Node reads through
 * all of a CommonJS module's text to find the names that an `import` could ask for.
 */
const sdk: (client: string) => SdkModule = createRequire(import.meta.url);

export interface Parts {
  readonly identity: Identity;
  readonly objects: Objects;
  readonly denials: Denials;
  readonly events: AuditLog;
  readonly kms: Kms;
  readonly trails: OpenTrails;
  /** Of the requests to buckets that have logging. */
  readonly accessLog: AccessLog;
  readonly settings: Settings;
  /** What S3 works on. */
  readonly s3: S3Ports;
  /** The account whose administrators look after the server. */
  readonly firstAccount: string;
}

interface S3Parts extends Pick<Parts, 'identity' | 'objects' | 'kms' | 'settings'> {
  readonly audit: AuditLog;
  readonly log: Logger;
  /** The names of the targets that events may be sent to. */
  readonly targets: ReadonlySet<string>;
  readonly elsewhere: (account: string, bucket: string) => ReplicationEndpoint | undefined;
}

/** What S3 works on, its part in the other services among it. */
export function s3PortsOf(parts: S3Parts): S3Ports & { readonly roles: ServiceRoles } {
  const { identity, objects, kms, settings, targets, elsewhere, audit, log } = parts;
  return {
    objects,
    principals: identity.principals,
    keys: objectKeys(kms),
    roles: {
      find: arn => findRole(identity, arn),
      policiesOf: caller => identity.policiesOf(caller),
      record: call => {
        for (const event of eventsOf(call)) audit.record(event);
      },
    },
    elsewhere,
    accountOf: id => identity.account(id),
    accountOfCanonicalId: id => identity.accounts.findByCanonicalId(id),
    provesMfa: (account, serial, code) => identity.mfaDevices.authenticate(account, serial, account.id, code),
    ownerOf: id => identity.owner(id),
    targets,
    failed: (error, { requestId }) =>
      log.error('a part of a request failed', {
        requestId,
        error: error instanceof Error ? error.stack : String(error),
      }),
    region: settings.region,
    newBuckets: settings.newBuckets,
    otherRegions: settings.otherRegions,
  };
}

/** The role of exactly that name, path and partition. */
async function findRole(identity: Identity, arn: string): Promise<ServiceRole | undefined> {
  const name = parseEntityArn(arn);
  if (name?.kind !== 'role') return undefined;
  const account = await identity.account(name.account);
  if (account?.partition !== name.partition || account.closed !== undefined) return undefined;
  const role = await identity.roles.find(account.id, name.name);
  return role?.name === name.name && role.path === name.path ? { account, role } : undefined;
}

/** The services and the protocols they speak. A protocol is made at the first request of its service. */
export function served(parts: Parts): Services {
  const { identity, objects, denials, events, kms, trails, accessLog, settings, firstAccount } = parts;
  const { s3: s3Ports } = parts;
  const requirementOn = async (action: string, resource: string, call: Call) => {
    const service = resource.split(':')[2];
    if (service === 's3') return await ownBucketRequirement(objects, call, action, resource);
    return service === 'kms' ? await ownKeyRequirement(kms, call, action, resource) : undefined;
  };
  const restXml = lazy(() => s3Wire(settings.domains));
  const crossOrigin = s3CrossOrigin(objects);
  const takesHost = websiteHosts(settings.domains);
  const website: Door = {
    takes: ({ headers }) => takesHost(headers.get('host') ?? ''),
    served: withWire(() => websiteWire(restXml(), settings.domains), {
      service: websiteService(s3Ports, accessLog),
      traits: s3Traits,
      crossOrigin,
      anonymous: true,
    }),
  };
  const controlPorts = { objects, buckets: bucketAccess(s3Ports) };
  const control: Door = {
    takes: isControl,
    served: withWire(s3ControlWire, { service: s3ControlService(controlPorts), traits: s3Traits, checkBody }),
  };
  const replicas: Door = {
    takes: isReplica,
    served: withWire(() => replicaWire(restXml()), {
      service: replicaService(s3Ports, accessLog),
      traits: s3Traits,
    }),
  };
  const s3 = withWire(restXml, {
    service: s3Service(s3Ports, accessLog),
    traits: s3Traits,
    crossOrigin,
    checkBody,
  });
  const all = [
    withWire(stsWire, { service: stsService({ identity }), traits: stsTraits, crossOrigin: openToPages }),
    withWire(iamWire, { service: iamService({ identity }), traits: iamTraits, crossOrigin: openToPages }),
    s3,
    withWire(kmsWire, { service: kmsService({ kms }), traits: kmsTraits, crossOrigin: openToPages }),
    withWire(organizationsWire, {
      service: organizationsService({ identity }),
      traits: organizationsTraits,
    }),
    withWire(accessAnalyzerWire, { service: accessAnalyzerService(), traits: accessAnalyzerTraits }),
    withWire(cloudTrailWire, {
      service: cloudTrailService({
        events,
        trails: trails.trails,
        digestKeys: trails.keys,
        logs: trails.logs,
      }),
      traits: cloudTrailTraits,
    }),
    withWire(rolesAnywhereWire, {
      service: rolesAnywhereService({ identity }),
      traits: rolesAnywhereTraits,
    }),
    withWire(karikagiWire, {
      service: karikagiService({ denials, events, identity, keys: kms, firstAccount, requirementOn }),
      traits: karikagiTraits,
    }),
  ];
  return { doors: [website, control, replicas, formDoor(s3, all)], all };
}

function stsWire(): WireService {
  return queryService({
    id: 'sts',
    sdk: sdk('@aws-sdk/client-sts'),
    apiVersion: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    constraints: stsConstraints,
  });
}

function iamWire(): WireService {
  return queryService({
    id: 'iam',
    sdk: sdk('@aws-sdk/client-iam'),
    apiVersion: '2010-05-08',
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    constraints: iamConstraints,
  });
}

function s3Wire(domains: readonly string[]): WireService {
  return restXmlService({
    id: 's3',
    sdk: sdk('@aws-sdk/client-s3'),
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
    constraints: s3Constraints,
    hostSuffixes: domains,
  });
}

function s3ControlWire(): WireService {
  return s3ControlProtocol({
    id: 's3control',
    sdk: sdk('@aws-sdk/client-s3-control'),
    xmlNamespace: 'http://awss3control.amazonaws.com/doc/2018-08-20/',
    constraints: s3ControlConstraints,
  });
}

function kmsWire(): WireService {
  return jsonService({
    id: 'kms',
    sdk: sdk('@aws-sdk/client-kms'),
    target: 'TrentService',
    constraints: kmsConstraints,
  });
}

function organizationsWire(): WireService {
  return jsonService({
    id: 'organizations',
    sdk: sdk('@aws-sdk/client-organizations'),
    target: 'AWSOrganizationsV20161128',
    constraints: organizationsConstraints,
    violated: constraintError,
  });
}

function accessAnalyzerWire(): WireService {
  return restJsonService({ id: 'access-analyzer', sdk: sdk('@aws-sdk/client-accessanalyzer') });
}

function rolesAnywhereWire(): WireService {
  return restJsonService({
    id: 'rolesanywhere',
    sdk: rolesAnywhereOperations,
    constraints: rolesAnywhereConstraints,
  });
}

function cloudTrailWire(): WireService {
  return jsonService({
    id: 'cloudtrail',
    sdk: sdk('@aws-sdk/client-cloudtrail'),
    target: 'CloudTrail_20131101',
    constraints: cloudTrailConstraints,
  });
}

function karikagiWire(): WireService {
  return jsonService({
    id: 'karikagi',
    sdk: karikagiOperations,
    target: 'Karikagi',
    constraints: karikagiConstraints,
  });
}

/** A service whose protocol is put together with its first request: one that gets no requests costs nothing. */
function withWire(makeWire: () => WireService, rest: Omit<ServedService, 'wire'>): ServedService {
  const wire = lazy(makeWire);
  return {
    ...rest,
    get wire() {
      return wire();
    },
  };
}
