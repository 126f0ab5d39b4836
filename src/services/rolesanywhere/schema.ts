/** The operations of IAM Roles Anywhere in the form of the SDK's schemas: those of its model, and CreateSession. */
import { rolesanywhere } from '../../models/rolesanywhere.js';
import { rolesanywhereShapes } from '../../models/rolesanywhere-shapes.js';
import type { ServiceConstraints } from '../../models/types.js';
import { defineOperation, operationsOfModel, types } from '../../wire/index.js';

const { string, number, dateTime, list, map, structure } = types;

const credentialResponse = structure('CredentialResponse', {
  assumedRoleUser: structure('AssumedRoleUser', { arn: string, assumedRoleId: string }),
  credentials: structure('Credentials', {
    accessKeyId: string,
    secretAccessKey: string,
    sessionToken: string,
    expiration: dateTime,
  }),
  packedPolicySize: number,
  roleArn: string,
  sourceIdentity: string,
});

/**
 * CreateSession is in no SDK. Source: User Guide, "IAM Roles Anywhere CreateSession API", and AWS's credential helper.
 * The ARNs may stand in the query as well, where the operation looks for them.
 */
const createSession = defineOperation(
  'CreateSession',
  {
    profileArn: string,
    roleArn: string,
    trustAnchorArn: string,
    durationSeconds: number,
    roleSessionName: string,
    sessionName: string,
    instanceProperties: map('InstancePropertyMap', string),
  },
  { credentialSet: list('CredentialSet', credentialResponse), subjectArn: string },
  ['POST', '/sessions', 201],
);

export const rolesAnywhereOperations = {
  ...operationsOfModel(rolesanywhereShapes),
  CreateSession$: createSession,
};

export type RolesAnywhereOperation = keyof typeof rolesanywhereShapes.operations | 'CreateSession';

export const rolesAnywhereConstraints: ServiceConstraints = {
  ...rolesanywhere,
  inputs: { ...rolesanywhere.inputs, CreateSession: 'CreateSessionRequest' },
  shapes: {
    ...rolesanywhere.shapes,
    CreateSessionRequest: {
      type: 'structure',
      members: {
        durationSeconds: 'CreateProfileRequestDurationSecondsInteger',
        roleSessionName: 'RoleSessionName',
        instanceProperties: 'InstancePropertyMap',
      },
    },
    RoleSessionName: { type: 'string', min: 2, max: 64, pattern: '[\\w+=,.@-]*' },
    InstancePropertyMap: { type: 'map', max: 50, key: 'InstancePropertyText', value: 'InstancePropertyText' },
    InstancePropertyText: { type: 'string', min: 1, max: 200 },
  },
};
