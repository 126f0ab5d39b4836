/** The product's own API, in the form of the SDKs' schemas. */
import { defineOperation, types } from '../../wire/index.js';

const { string, number, boolean, timestamp, list, structure } = types;

const deniedRequest = structure('DeniedRequest', {
  RequestId: string,
  EventTime: timestamp,
  Principal: string,
  Action: string,
  Resource: string,
  Summary: string,
});

const account = structure('Account', {
  AccountId: string,
  AccountName: string,
  Partition: string,
  CreateDate: timestamp,
  OrganizationId: string,
  Status: string,
});

const rootAccessKey = structure('RootAccessKey', { AccessKeyId: string, SecretAccessKey: string });

const credentials = structure('Credentials', {
  AccessKeyId: string,
  SecretAccessKey: string,
  SessionToken: string,
  Expiration: timestamp,
});

const region = structure('Region', {
  RegionName: string,
  RegionOptStatus: string,
  STSStatus: string,
  STSSwitchable: boolean,
});

const link = structure('SessionLink', { Arn: string, AccessKeyId: string });

const lastUsed = structure('SessionLastUsed', { Time: timestamp, Service: string, Region: string });

const tags = list('TagList', structure('Tag', { Key: string, Value: string }));

const session = structure('Session', {
  AccessKeyId: string,
  SessionType: string,
  Arn: string,
  Issuer: link,
  Chain: list('SessionChain', link),
  SourceIp: string,
  IssueTime: timestamp,
  Expiration: timestamp,
  ExternalId: string,
  SourceIdentity: string,
  Tags: tags,
  PolicyArns: list('PolicyArnList', string),
  HasInlinePolicy: boolean,
  LastUsed: lastUsed,
  Status: string,
});

const ownRequestResult = structure('OwnRequestResult', {
  Action: string,
  Resource: string,
  Allowed: boolean,
  Message: string,
});

const instance = structure('Instance', {
  InstanceId: string,
  Arn: string,
  InstanceProfileName: string,
  InstanceProfileArn: string,
  InstanceProfileId: string,
  RoleName: string,
  RoleId: string,
  SessionsRevokedBefore: timestamp,
  Region: string,
  VpcId: string,
  PrivateIpAddress: string,
  Tags: tags,
  RegisterTime: timestamp,
});

const copiedNode = structure('CopiedNode', { Id: string, Name: string, ParentId: string });

const copiedPolicy = structure('CopiedPolicy', {
  PolicyId: string,
  PolicyType: string,
  Name: string,
  Description: string,
  Content: string,
});

const changedRegion = { Region: region };

export const karikagiOperations = {
  ListDeniedRequests$: defineOperation(
    'ListDeniedRequests',
    { MaxItems: number },
    { DeniedRequests: list('DeniedRequestList', deniedRequest) },
  ),
  GetRequestAuthorizationDetails$: defineOperation(
    'GetRequestAuthorizationDetails',
    { RequestId: string },
    {
      RequestId: string,
      EventTime: timestamp,
      Operation: string,
      Refusal: structure('Refusal', {
        Code: string,
        Status: number,
        Message: string,
        Principal: string,
        Advice: string,
        Reason: string,
      }),
      AuthorizationDetails: types.document,
    },
  ),
  SearchEvents$: defineOperation(
    'SearchEvents',
    {
      Principal: string,
      Action: string,
      RequestId: string,
      Resource: string,
      ErrorCode: string,
      StartTime: timestamp,
      EndTime: timestamp,
      MaxItems: number,
      NextToken: string,
    },
    { Events: types.document, NextToken: string },
  ),
  CreateAccount$: defineOperation(
    'CreateAccount',
    { AccountName: string, Partition: string, AccountId: string },
    { Account: account, RootAccessKey: rootAccessKey },
  ),
  CreateConsoleSession$: defineOperation(
    'CreateConsoleSession',
    { DurationSeconds: number, SerialNumber: string, TokenCode: string },
    { Credentials: credentials },
  ),
  CreateKeyCopy$: defineOperation(
    'CreateKeyCopy',
    {
      AccountId: string,
      RegionName: string,
      KeyId: string,
      KeySpec: string,
      KeyUsage: string,
      Origin: string,
      Description: string,
      KeyManager: string,
    },
    { KeyArn: string },
  ),
  CreateOrganizationCopy$: defineOperation(
    'CreateOrganizationCopy',
    {
      OrganizationId: string,
      RootId: string,
      ManagementAccountId: string,
      OrganizationalUnits: list('CopiedNodeList', copiedNode),
      Policies: list('CopiedPolicyList', copiedPolicy),
      Accounts: list('CopiedNodeList', copiedNode),
    },
    {},
  ),
  SetUniqueId$: defineOperation(
    'SetUniqueId',
    { AccountId: string, EntityType: string, Name: string, UniqueId: string },
    {},
  ),
  ListAccounts$: defineOperation('ListAccounts', {}, { Accounts: list('AccountList', account) }),
  ListRegions$: defineOperation('ListRegions', {}, { Regions: list('RegionList', region) }),
  EnableRegion$: defineOperation('EnableRegion', { RegionName: string }, changedRegion),
  DisableRegion$: defineOperation('DisableRegion', { RegionName: string }, changedRegion),
  ActivateSTS$: defineOperation('ActivateSTS', { RegionName: string }, changedRegion),
  DeactivateSTS$: defineOperation('DeactivateSTS', { RegionName: string }, changedRegion),
  ListSessions$: defineOperation(
    'ListSessions',
    { RoleName: string, MaxItems: number, NextToken: string },
    { Sessions: list('SessionList', session), NextToken: string },
  ),
  SimulateOwnRequests$: defineOperation(
    'SimulateOwnRequests',
    { Requests: list('OwnRequestList', structure('OwnRequest', { Action: string, Resource: string })) },
    { Results: list('OwnRequestResults', ownRequestResult) },
  ),
  GetCallerSession$: defineOperation('GetCallerSession', {}, { Session: session }),
  RevokeSession$: defineOperation('RevokeSession', { AccessKeyId: string }, {}),
  RegisterInstance$: defineOperation(
    'RegisterInstance',
    {
      InstanceProfileName: string,
      InstanceId: string,
      Region: string,
      VpcId: string,
      PrivateIpAddress: string,
      Tags: tags,
    },
    { Instance: instance },
  ),
  DeregisterInstance$: defineOperation('DeregisterInstance', { InstanceId: string }, {}),
  GetInstance$: defineOperation('GetInstance', { InstanceId: string }, { Instance: instance }),
  ListInstances$: defineOperation(
    'ListInstances',
    { MaxItems: number, NextToken: string },
    { Instances: list('InstanceList', instance), NextToken: string },
  ),
  AssumeInstanceRole$: defineOperation(
    'AssumeInstanceRole',
    { InstanceId: string, RoleDelivery: string },
    { RoleName: string, Credentials: credentials },
  ),
  RevokeRoleSessions$: defineOperation('RevokeRoleSessions', { RoleName: string }, {}),
};

/** The names of the operations. */
export type KarikagiOperation = {
  [K in keyof typeof karikagiOperations]: K extends `${infer Name}$` ? Name : never;
}[keyof typeof karikagiOperations];
