import type { ServiceConstraints } from './types.js';

/** What the product's own API demands of its input; written by hand, in the form of the generated files. */
export const karikagi: ServiceConstraints = {
  apiVersion: '2026-11-01',
  inputs: {
    GetRequestAuthorizationDetails: 'GetRequestAuthorizationDetailsRequest',
    ListDeniedRequests: 'ListDeniedRequestsRequest',
  },
  shapes: {
    GetRequestAuthorizationDetailsRequest: {
      type: 'structure',
      required: ['RequestId'],
      members: { RequestId: 'RequestId' },
    },
    ListDeniedRequestsRequest: { type: 'structure', members: { MaxItems: 'MaxItems' } },
    MaxItems: { type: 'number', min: 1, max: 100 },
    RequestId: { type: 'string', min: 1, max: 64, pattern: '[A-Za-z0-9-]+' },
  },
};
