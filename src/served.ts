import * as iamSdk from '@aws-sdk/client-iam';
import * as kmsSdk from '@aws-sdk/client-kms';
import * as organizationsSdk from '@aws-sdk/client-organizations';
import * as s3Sdk from '@aws-sdk/client-s3';
import * as stsSdk from '@aws-sdk/client-sts';
import { ApiError } from './errors.js';
import type { Denials } from './events/denials.js';
import type { ServedService, Services } from './http/services.js';
import type { Identity } from './identity/index.js';
import { iam as iamConstraints } from './models/iam.js';
import { karikagi as karikagiConstraints } from './models/karikagi.js';
import { kms as kmsConstraints } from './models/kms.js';
import { organizations as organizationsConstraints } from './models/organizations.js';
import { s3 as s3Constraints } from './models/s3.js';
import { sts as stsConstraints } from './models/sts.js';
import type { Objects } from './objects/index.js';
import type { Service, ServiceId } from './operation.js';
import { iamService } from './services/iam/index.js';
import { karikagiService } from './services/karikagi/index.js';
import { type Kms, kmsService } from './services/kms/index.js';
import { constraintError } from './services/organizations/errors.js';
import { organizationsService } from './services/organizations/index.js';
import { s3Service } from './services/s3/index.js';
import { stsService } from './services/sts/index.js';
import type { Settings } from './settings.js';
import {
  defineOperation,
  jsonService,
  queryService,
  restXmlService,
  types,
  type WireService,
} from './wire/index.js';

export interface Parts {
  readonly identity: Identity;
  readonly objects: Objects;
  readonly denials: Denials;
  readonly kms: Kms;
  readonly settings: Settings;
}

/** The product's own API, in the form of the SDKs' schemas. */
const deniedRequest = types.structure('DeniedRequest', {
  RequestId: types.string,
  EventTime: types.timestamp,
  Principal: types.string,
  Action: types.string,
  Resource: types.string,
  Summary: types.string,
});

const karikagiOperations = {
  ListDeniedRequests$: defineOperation(
    'ListDeniedRequests',
    { MaxItems: types.number },
    { DeniedRequests: types.list('DeniedRequestList', deniedRequest) },
  ),
  GetRequestAuthorizationDetails$: defineOperation(
    'GetRequestAuthorizationDetails',
    { RequestId: types.string },
    { RequestId: types.string, EventTime: types.timestamp, AuthorizationDetails: types.document },
  ),
};

/** The services and the protocols they speak. */
export function served({ identity, objects, denials, kms, settings }: Parts): Services {
  const s3 = s3Service({
    objects,
    principals: identity.principals,
    accountOf: id => identity.account(id),
    region: settings.region,
  });
  return new Map<ServiceId, ServedService>([
    ['sts', query(stsWire(), stsService({ identity }))],
    ['iam', query(iamWire(), iamService({ identity }))],
    ['s3', rest(s3Wire(settings.domains), s3)],
    ['kms', json(kmsWire(), kmsService({ kms }))],
    ['organizations', json(organizationsWire(), organizationsService({ identity }))],
    ['karikagi', json(karikagiWire(), karikagiService({ denials }))],
  ]);
}

function stsWire(): WireService {
  return queryService({
    id: 'sts',
    sdk: stsSdk,
    apiVersion: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    constraints: stsConstraints,
  });
}

function iamWire(): WireService {
  return queryService({
    id: 'iam',
    sdk: iamSdk,
    apiVersion: '2010-05-08',
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    constraints: iamConstraints,
  });
}

function s3Wire(domains: readonly string[]): WireService {
  return restXmlService({
    id: 's3',
    sdk: s3Sdk,
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
    constraints: s3Constraints,
    hostSuffixes: domains,
  });
}

function kmsWire(): WireService {
  return jsonService({ id: 'kms', sdk: kmsSdk, target: 'TrentService', constraints: kmsConstraints });
}

function organizationsWire(): WireService {
  return jsonService({
    id: 'organizations',
    sdk: organizationsSdk,
    target: 'AWSOrganizationsV20161128',
    constraints: organizationsConstraints,
    violated: constraintError,
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

function query(wire: WireService, bound: Service): ServedService {
  return {
    wire,
    service: bound,
    collectsBody: true,
    notImplemented: name => new ApiError('InvalidAction', 400, `${name} is not available on this server.`),
    accessDenied: message => new ApiError('AccessDenied', 403, message),
  };
}

function json(wire: WireService, bound: Service): ServedService {
  return {
    wire,
    service: bound,
    collectsBody: true,
    notImplemented: name =>
      new ApiError('UnknownOperationException', 400, `${name} is not available on this server.`),
    accessDenied: message => new ApiError('AccessDeniedException', 400, message),
  };
}

/** S3 tells nobody outside the bucket's account why. */
function rest(wire: WireService, bound: Service): ServedService {
  return {
    wire,
    service: bound,
    collectsBody: false,
    notImplemented: name =>
      new ApiError(
        'NotImplemented',
        501,
        'A header you provided implies functionality that is not implemented',
        { reason: `${name} is not available on this server` },
      ),
    accessDenied: (message, { anonymous, foreign }) =>
      new ApiError('AccessDenied', 403, anonymous || foreign ? 'Access Denied' : message),
  };
}
