/**
 * A server with a trust anchor, a profile and a role, and a client that signs as AWS's documentation of CreateSession
 * has it.
 */
import assert from 'node:assert/strict';
import { createHash, type KeyObject, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import * as iam from '@aws-sdk/client-iam';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import { ManualClock } from '../../src/core/clock.js';
import {
  authority,
  certificate,
  type Made,
} from '../../src/identity/roles-anywhere/authority.test.support.js';
import { startServer } from '../../src/index.js';
import { type Keys, sendSigned } from './raw.js';

export const REGION = 'us-east-1';
export const BUCKET = 'from-outside';
const SERVICE = 'rolesanywhere.amazonaws.com';

export const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** A trust policy that lets certificates of the anchors in. */
export const trust = (Condition: object = {}, ...actions: string[]) =>
  policy({
    Effect: 'Allow',
    Principal: { Service: SERVICE },
    Action: actions.length > 0 ? actions : ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    Condition,
  });

/** What a request for a session is made of; what is absent is as it should be. */
export interface SessionWish {
  readonly as?: Made;
  /** In the place of the certificate's own. */
  readonly privateKey?: KeyObject;
  readonly chain?: readonly Made[];
  readonly profileArn?: string;
  readonly roleArn?: string;
  readonly trustAnchorArn?: string;
  readonly body?: object;
  /** Milliseconds since the epoch. */
  readonly time?: number;
  readonly region?: string;
  readonly algorithm?: string;
  readonly serial?: string;
  /** Names of headers that are not signed. */
  readonly unsigned?: readonly string[];
  /** Changes what is sent once it is signed. */
  readonly tamper?: (sent: { path: string; headers: Record<string, string>; body: string }) => void;
}

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly requestId: string;
  readonly json: Readonly<Record<string, never>>;
}

export interface Session {
  readonly assumedRoleUser: { readonly arn: string; readonly assumedRoleId: string };
  readonly credentials: Keys & { readonly expiration: string };
  readonly roleArn: string;
  readonly sourceIdentity?: string;
}

export type Outside = Awaited<ReturnType<typeof openOutside>>;

/** The server's clock stands at the machine's time until it is moved. */
export async function openOutside() {
  const clock = new ManualClock();
  const server = await startServer({ data: 'memory', port: 0, log: 'none', clock });
  const root: Keys = { accessKeyId: server.root!.accessKeyId, secretAccessKey: server.root!.secretAccessKey };
  const { endpoint } = server;
  const account = server.accountId;
  const config = ({ accessKeyId, secretAccessKey, sessionToken }: Keys) => ({
    endpoint,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    maxAttempts: 1,
    // Signatures are held against the server's clock.
    systemClockOffset: clock.now() - Date.now(),
  });

  /** Sends an operation that is signed with an access key. */
  const manage = async (method: string, path: string, body?: object, keys = root): Promise<Answer> => {
    const [bare = '', query = ''] = path.split('?');
    const reply = await sendSigned(endpoint, keys, {
      service: 'rolesanywhere',
      method,
      path: bare,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { 'content-type': 'application/json' },
      time: new Date(clock.now()),
      ...(body && { body: JSON.stringify(body) }),
    });
    return answerOf(reply.status, reply.headers, reply.body);
  };
  const done = async (...call: Parameters<typeof manage>) => {
    const answer = await manage(...call);
    assert.ok(answer.status < 300, `${call[0]} ${call[1]}: ${answer.message}`);
    return answer.json as Readonly<Record<string, Record<string, string>>>;
  };

  const addRole = async (RoleName: string, AssumeRolePolicyDocument: string) => {
    const client = new iam.IAMClient(config(root));
    const { Role } = await client.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const PolicyDocument = policy({
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject'],
      Resource: `arn:aws:s3:::${BUCKET}/\${aws:PrincipalTag/x509Subject/CN}/*`,
    });
    await client.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
    return Role!.Arn!;
  };

  const ca = authority();
  const agent = certificate({
    issuer: ca,
    subject: [
      ['O', 'Example'],
      ['CN', 'agent'],
    ],
  });
  await new s3.S3Client({ ...config(root), forcePathStyle: true }).send(
    new s3.CreateBucketCommand({ Bucket: BUCKET }),
  );
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
  const anchor = await done('POST', '/trustanchors', { name: 'own CA', source, enabled: true });
  const trustAnchorArn = anchor['trustAnchor']!['trustAnchorArn']!;
  const trustAnchorId = anchor['trustAnchor']!['trustAnchorId']!;
  const roleArn = await addRole('outside', trust({ ArnEquals: { 'aws:SourceArn': trustAnchorArn } }));
  const made = await done('POST', '/profiles', { name: 'agents', roleArns: [roleArn], enabled: true });
  const profileArn = made['profile']!['profileArn']!;
  const profileId = made['profile']!['profileId']!;

  const create = (wish: SessionWish = {}): Promise<Answer> =>
    sendSession(endpoint, { as: agent, trustAnchorArn, profileArn, roleArn, time: clock.now(), ...wish });

  return {
    server,
    clock,
    account,
    root,
    endpoint,
    config,
    manage,
    done,
    addRole,
    ca,
    agent,
    roleArn,
    trustAnchorArn,
    trustAnchorId,
    profileArn,
    profileId,
    create,
    /** The session of a request that must succeed. */
    async session(wish: SessionWish = {}): Promise<Session> {
      const { status, message, json } = await create(wish);
      assert.equal(status, 201, message);
      return (json as unknown as { credentialSet: Session[] }).credentialSet[0]!;
    },
    /** What an account's administrator reads of a refusal. */
    async why(RequestId: string, keys = root): Promise<string> {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Karikagi.GetRequestAuthorizationDetails',
      };
      const body = JSON.stringify({ RequestId });
      const time = new Date(clock.now());
      return (await sendSigned(endpoint, keys, { service: 'karikagi', headers, body, time })).body;
    },
    s3As: (keys: Keys) => new s3.S3Client({ ...config(keys), forcePathStyle: true }),
    stsAs: (keys: Keys) => new sts.STSClient(config(keys)),
    close: () => server.close(),
  };
}

function answerOf(status: number, headers: Readonly<Record<string, unknown>>, body: string): Answer {
  const json = body === '' ? {} : JSON.parse(body);
  const code = headers['x-amzn-errortype'] as string | undefined;
  const requestId = headers['x-amzn-requestid'] as string;
  return { status, code, message: json.message, requestId, json };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * User Guide, "The IAM Roles Anywhere authentication signing process". The names stand in the query, as AWS's helper
 * has them.
 */
function sendSession(
  endpoint: string,
  wish: SessionWish & Required<Pick<SessionWish, 'as' | 'time'>>,
): Promise<Answer> {
  const { as, chain, time, region = REGION, tamper, unsigned = [] } = wish;
  const { host } = new URL(endpoint);
  const stamp = `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const body = JSON.stringify(wish.body ?? {});
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    host,
    'x-amz-date': stamp,
    'x-amz-x509': as.der.toString('base64'),
    ...(chain && { 'x-amz-x509-chain': chain.map(({ der }) => der.toString('base64')).join(',') }),
  };
  const query = (['profileArn', 'roleArn', 'trustAnchorArn'] as const)
    .filter(name => wish[name] !== undefined)
    .map(name => `${name}=${encodeURIComponent(wish[name]!)}`)
    .join('&');
  const names = Object.keys(headers).filter(name => !unsigned.includes(name));
  const canonical = [
    'POST',
    '/sessions',
    query,
    ...names.map(name => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const privateKey = wish.privateKey ?? as.privateKey;
  const kind = privateKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'ECDSA';
  const algorithm = wish.algorithm ?? `AWS4-X509-${kind}-SHA256`;
  const scope = `${stamp.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
  const text = [algorithm, stamp, scope, sha256(canonical)].join('\n');
  const signature = sign('sha256', Buffer.from(text), privateKey).toString('hex');
  const credential = `${wish.serial ?? as.serial}/${scope}`;
  headers['authorization'] =
    `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const sent = { path: `/sessions?${query}`, headers, body };
  tamper?.(sent);
  return post(endpoint, sent);
}

function post(
  endpoint: string,
  { path, headers, body }: { path: string; headers: Record<string, string>; body: string },
): Promise<Answer> {
  const url = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const options = { host: url.hostname, port: url.port, method: 'POST', path, headers, agent: false };
    const request = httpRequest(options, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => (text += chunk));
      response.on('end', () => resolve(answerOf(response.statusCode!, response.headers, text)));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
