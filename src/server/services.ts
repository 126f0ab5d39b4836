import { createRequire } from 'node:module';
import { ApiError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service, ServiceId } from '../core/operation.js';
import type { Denials } from '../events/denials.js';
import { openToPages } from '../http/cross-origin.js';
import type { ServedService, Services, Websites } from '../http/services.js';
import type { Identity } from '../identity/index.js';
import { iam as iamConstraints } from '../models/iam.js';
import { karikagi as karikagiConstraints } from '../models/karikagi.js';
import { kms as kmsConstraints } from '../models/kms.js';
import { organizations as organizationsConstraints } from '../models/organizations.js';
import { s3 as s3Constraints } from '../models/s3.js';
import { sts as stsConstraints } from '../models/sts.js';
import type { Objects } from '../objects/index.js';
import { accessAnalyzerService } from '../services/access-analyzer/index.js';
import { iamService } from '../services/iam/index.js';
import { karikagiService } from '../services/karikagi/index.js';
import { karikagiOperations } from '../services/karikagi/schema.js';
import { type Kms, kmsService, objectKeys } from '../services/kms/index.js';
import { constraintError } from '../services/organizations/errors.js';
import { organizationsService } from '../services/organizations/index.js';
import {
  type AccessLog,
  checkBody,
  type S3Ports,
  s3CrossOrigin,
  s3Service,
  websiteService,
} from '../services/s3/index.js';
import { stsService } from '../services/sts/index.js';
import {
  jsonService,
  queryService,
  restJsonService,
  restXmlService,
  type SdkModule,
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
  readonly kms: Kms;
  /** Of the requests to buckets that have logging. */
  readonly accessLog: AccessLog;
  readonly settings: Settings;
  readonly log: Logger;
  /** The names of the targets that events may be sent to. */
  readonly targets: ReadonlySet<string>;
  /** The account whose administrators look after the server. */
  readonly firstAccount: string;
}

/** The services and the protocols they speak. A protocol is made at the first request of its service. */
export function served(parts: Parts): Services {
  const { identity, objects, denials, kms, accessLog, settings, targets, firstAccount, log } = parts;
  const s3Ports: S3Ports = {
    objects,
    principals: identity.principals,
    keys: objectKeys(kms),
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
  const restXml = lazy(() => s3Wire(settings.domains));
  const crossOrigin = s3CrossOrigin(objects);
  const websites: Websites = {
    takes: websiteHosts(settings.domains),
    served: rest(() => websiteWire(restXml(), settings.domains), websiteService(s3Ports, accessLog), {
      crossOrigin,
      anonymous: true,
    }),
  };
  return new Map<ServiceId, ServedService>([
    ['sts', query(stsWire, stsService({ identity }))],
    ['iam', query(iamWire, iamService({ identity }))],
    ['s3', rest(restXml, s3Service(s3Ports, accessLog), { crossOrigin, websites, checkBody })],
    ['kms', json(kmsWire, kmsService({ kms }), { crossOrigin: openToPages })],
    ['organizations', json(organizationsWire, organizationsService({ identity }))],
    ['access-analyzer', json(accessAnalyzerWire, accessAnalyzerService())],
    ['karikagi', json(karikagiWire, karikagiService({ denials, identity, firstAccount }))],
  ]);
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

function karikagiWire(): WireService {
  return jsonService({
    id: 'karikagi',
    sdk: karikagiOperations,
    target: 'Karikagi',
    constraints: karikagiConstraints,
  });
}

/** A service whose protocol is put together with its first request: one that nobody asks for costs nothing. */
function withWire(makeWire: () => WireService, rest: Omit<ServedService, 'wire'>): ServedService {
  const wire = lazy(makeWire);
  return {
    ...rest,
    get wire() {
      return wire();
    },
  };
}

/** No model has such names; where a shape does not bound them, they are bounded by the store. */
const NAME_TOO_LONG = '1 validation error detected: a name in the request is longer than any that exists';

function query(makeWire: () => WireService, bound: Service): ServedService {
  return withWire(makeWire, {
    crossOrigin: openToPages,
    service: bound,
    collectsBody: true,
    notImplemented: name => new ApiError('InvalidAction', 400, `${name} is not available on this server.`),
    accessDenied: message => new ApiError('AccessDenied', 403, message),
    nameTooLong: () => new ApiError('ValidationError', 400, NAME_TOO_LONG),
  });
}

function json(
  makeWire: () => WireService,
  bound: Service,
  more: Pick<ServedService, 'crossOrigin'> = {},
): ServedService {
  return withWire(makeWire, {
    ...more,
    service: bound,
    collectsBody: true,
    notImplemented: name =>
      new ApiError('UnknownOperationException', 400, `${name} is not available on this server.`),
    accessDenied: message => new ApiError('AccessDeniedException', 400, message),
    nameTooLong: () => new ApiError('ValidationException', 400, NAME_TOO_LONG),
  });
}

/** S3 tells nobody outside the bucket's account why. */
function rest(
  makeWire: () => WireService,
  bound: Service,
  more: Pick<ServedService, 'crossOrigin' | 'websites' | 'anonymous' | 'checkBody'>,
): ServedService {
  return withWire(makeWire, {
    ...more,
    service: bound,
    collectsBody: false,
    notImplemented: name => new ApiError('NotImplemented', 501, `${name} is not available on this server.`),
    nameTooLong: () => new ApiError('KeyTooLongError', 400, 'Your key is too long'),
    accessDenied: (message, { anonymous, foreign }) =>
      new ApiError('AccessDenied', 403, anonymous || foreign ? 'Access Denied' : message),
  });
}
