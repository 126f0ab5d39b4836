import type { ServiceConstraints } from './types.js';

/** What the product's own API demands of its input; written by hand, in the form of the generated files. */
export const karikagi: ServiceConstraints = {
  apiVersion: '2026-11-01',
  inputs: {
    GetRequestAuthorizationDetails: 'GetRequestAuthorizationDetailsRequest',
    ListDeniedRequests: 'ListDeniedRequestsRequest',
    CreateAccount: 'CreateAccountRequest',
    CreateConsoleSession: 'CreateConsoleSessionRequest',
    EnableRegion: 'RegionRequest',
    DisableRegion: 'RegionRequest',
    ActivateSTS: 'RegionRequest',
    DeactivateSTS: 'RegionRequest',
    ListSessions: 'ListSessionsRequest',
    SimulateOwnRequests: 'SimulateOwnRequestsRequest',
    RevokeSession: 'RevokeSessionRequest',
    RevokeRoleSessions: 'RevokeRoleSessionsRequest',
  },
  shapes: {
    GetRequestAuthorizationDetailsRequest: {
      type: 'structure',
      required: ['RequestId'],
      members: { RequestId: 'RequestId' },
    },
    ListDeniedRequestsRequest: { type: 'structure', members: { MaxItems: 'MaxItems' } },
    CreateAccountRequest: {
      type: 'structure',
      required: ['AccountName', 'Partition'],
      members: { AccountName: 'AccountName', Partition: 'Partition', AccountId: 'AccountId' },
    },
    CreateConsoleSessionRequest: {
      type: 'structure',
      members: { DurationSeconds: 'SessionSeconds', SerialNumber: 'SerialNumber', TokenCode: 'TokenCode' },
    },
    RegionRequest: { type: 'structure', required: ['RegionName'], members: { RegionName: 'RegionName' } },
    ListSessionsRequest: {
      type: 'structure',
      members: { RoleName: 'RoleName', MaxItems: 'SessionItems', NextToken: 'NextToken' },
    },
    RevokeSessionRequest: {
      type: 'structure',
      required: ['AccessKeyId'],
      members: { AccessKeyId: 'AccessKeyId' },
    },
    RevokeRoleSessionsRequest: {
      type: 'structure',
      required: ['RoleName'],
      members: { RoleName: 'RoleName' },
    },
    SimulateOwnRequestsRequest: {
      type: 'structure',
      required: ['Requests'],
      members: { Requests: 'OwnRequestList' },
    },
    OwnRequestList: { type: 'list', member: 'OwnRequest', min: 1, max: 100 },
    OwnRequest: {
      type: 'structure',
      required: ['Action', 'Resource'],
      members: { Action: 'ActionName', Resource: 'ResourceName' },
    },
    ActionName: { type: 'string', min: 3, max: 128, pattern: '[a-zA-Z0-9-]+:[a-zA-Z0-9]+' },
    ResourceName: { type: 'string', min: 1, max: 2048 },
    AccessKeyId: { type: 'string', min: 16, max: 128, pattern: '[\\w]+' },
    AccountId: { type: 'string', pattern: '[1-9]\\d{11}' },
    AccountName: { type: 'string', min: 1, max: 50, pattern: '[ -~]+' },
    MaxItems: { type: 'number', min: 1, max: 100 },
    NextToken: { type: 'string', min: 1, max: 1024 },
    Partition: { type: 'string', enum: ['aws', 'aws-cn', 'aws-us-gov'] },
    RegionName: { type: 'string', min: 1, max: 50 },
    RequestId: { type: 'string', min: 1, max: 64, pattern: '[A-Za-z0-9-]+' },
    RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
    SerialNumber: { type: 'string', min: 9, max: 256, pattern: '[\\w+=/:,.@-]*' },
    SessionItems: { type: 'number', min: 1, max: 1000 },
    SessionSeconds: { type: 'number', min: 900, max: 43200 },
    TokenCode: { type: 'string', min: 6, max: 6, pattern: '[\\d]*' },
  },
};
