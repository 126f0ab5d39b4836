/** Records as CloudTrail writes them, for tests. */

export const bob = {
  type: 'IAMUser',
  principalId: 'AIDABOBBOBBOBBOBBOB1',
  arn: 'arn:aws:iam::111122223333:user/bob',
  accountId: '111122223333',
  accessKeyId: 'AKIAABCDEFGHIJKLMNOP',
  userName: 'bob',
};

/** A session `s1` of role `team/app`, on an EC2 instance. */
export const session = {
  type: 'AssumedRole',
  principalId: 'AROAAPPAPPAPPAPPAPP1:s1',
  arn: 'arn:aws:sts::111122223333:assumed-role/app/s1',
  accountId: '111122223333',
  accessKeyId: 'ASIAABCDEFGHIJKLMNOP',
  sessionContext: {
    sessionIssuer: {
      type: 'Role',
      principalId: 'AROAAPPAPPAPPAPPAPP1',
      arn: 'arn:aws:iam::111122223333:role/team/app',
      accountId: '111122223333',
      userName: 'app',
    },
    webIdFederationData: {},
    attributes: { creationDate: '2026-01-31T11:00:00Z', mfaAuthenticated: 'false' },
    sourceIdentity: 'alice',
    ec2RoleDelivery: '2.0',
  },
};

/** A record of `s3:GetObject` and the like; bob calls unless `more` says otherwise. */
export function recordOf(operation: string, requestParameters: object | null, more: object = {}): object {
  const [service, eventName] = operation.split(':');
  return {
    eventVersion: '1.11',
    userIdentity: bob,
    eventTime: '2026-01-31T12:00:00Z',
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: 'us-east-1',
    sourceIPAddress: '203.0.113.7',
    userAgent: '[aws-cli/2.17]',
    requestParameters,
    responseElements: null,
    requestID: '4442587FB7D0A2F9',
    eventID: 'cdc4b7ed-e171-4cef-975a-ad829d4123e8',
    readOnly: false,
    resources: [],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '111122223333',
    tlsDetails: { tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
    ...more,
  };
}

/** The names of a request of IAM or STS as records have them: `UserName` is `userName`. */
export function inCloudTrail(input: unknown): Record<string, unknown> {
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        name.charAt(0).toLowerCase() + name.slice(1),
        renamed(one),
      ]),
    );
  };
  return renamed(input) as Record<string, unknown>;
}
