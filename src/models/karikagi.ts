import type { ServiceConstraints } from './types.js';

/** What the product's own API demands of its input; written by hand, in the form of the generated files. */
export const karikagi: ServiceConstraints = {
  apiVersion: '2026-11-01',
  inputs: { GetRequestAuthorizationDetails: 'GetRequestAuthorizationDetailsRequest' },
  shapes: {
    GetRequestAuthorizationDetailsRequest: {
      type: 'structure',
      required: ['RequestId'],
      members: { RequestId: 'RequestId' },
    },
    RequestId: { type: 'string', min: 1, max: 64, pattern: '[A-Za-z0-9-]+' },
  },
};
