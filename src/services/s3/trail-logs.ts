/** Writes what CloudTrail delivers, in its name: "Amazon S3 bucket policy for CloudTrail", CloudTrail User Guide. */
import { createCall, Decisions } from '../../auth/index.js';
import type { Account, Caller } from '../../core/caller.js';
import { ApiError } from '../../core/errors.js';
import { bodyOf } from '../../core/http-message.js';
import type { Call } from '../../core/operation.js';
import { s3RequestId } from '../../core/random.js';
import { s3Errors } from '../../core/s3-errors.js';
import type { Bucket } from '../../objects/index.js';
import { type DeliveringTrail, LogRefused, type LogStore, type LogWrite } from '../../trails/log-store.js';
import { type Encrypting, encryptionFor } from './encryption/encryption.js';
import type { S3Ports, ServiceRoles } from './ports.js';
import {
  demandWritable,
  NoTarget,
  type ServiceKey,
  ServiceRefused,
  serviceContext,
  type WriteSource,
  writeAsService,
} from './service-writes.js';

const SERVICE = 'cloudtrail.amazonaws.com';

type TrailPorts = S3Ports & { readonly roles: ServiceRoles };

/** Where trails deliver to. A use of a key is an event; a write of an object is none, or each would make the next. */
export function trailLogs(ports: TrailPorts): LogStore {
  return {
    async put(write) {
      await refusing(async () => {
        await writeAsService(
          {
            ...addressOf(write),
            contentType: 'application/json',
            contentEncoding: 'gzip',
            metadata: write.metadata,
            body: bodyOf(write.body),
            encrypted: write.keyId === undefined ? 'SSE-S3' : keyOf(write, write.keyId, ports),
            grants: [],
          },
          ports,
        );
      });
    },
    async check(write) {
      return await refusing(async () => {
        const bucket = await demandWritable(addressOf(write), ports);
        if (write.keyId === undefined) return undefined;
        const { encryption, dataKey } = await keyOf(write, write.keyId, ports)(bucket);
        dataKey?.fill(0);
        return encryption?.kind === 'aws:kms' ? encryption.keyArn : undefined;
      });
    },
  };
}

type Addressed = Omit<LogWrite, 'body' | 'metadata'>;

/** The bucket may be another account's, and in another region. */
function addressOf({ trail, bucket, key }: Addressed) {
  return { service: SERVICE, source: sourceOf(trail), target: bucket, key };
}

function sourceOf({ arn, account }: DeliveringTrail): WriteSource {
  return { arn, owner: account };
}

/** "Encrypting CloudTrail log files with AWS KMS keys": the trail is in the encryption context. */
function keyOf({ trail, key }: Addressed, keyId: string, ports: TrailPorts): ServiceKey {
  const context = Buffer.from(JSON.stringify({ 'aws:cloudtrail:arn': trail.arn })).toString('base64');
  const input = {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: keyId,
    SSEKMSEncryptionContext: context,
  } as const;
  return async (bucket: Bucket): Promise<Encrypting> => {
    const account = (await ports.ownerOf(trail.account))?.account;
    if (!account) throw new LogRefused('AccessDenied', `there is no account ${trail.account}`);
    return await encryptionFor(input, bucket, key, callOf(trail, account, bucket, ports), ports).catch(
      error => refuseKey(keyId, error),
    );
  };
}

/** CloudTrail's request to S3, as the key service sees it. */
function callOf(trail: DeliveringTrail, account: Account, bucket: Bucket, ports: TrailPorts): Call {
  const body = bodyOf(Buffer.alloc(0));
  const arrived = ports.objects.clock.now();
  const requestId = s3RequestId();
  const { region } = bucket;
  const caller: Caller = {
    principal: { type: 'service', arn: SERVICE },
    account,
    userId: SERVICE,
    credentials: 'none',
    context: serviceContext(SERVICE, sourceOf(trail), account, arrived),
  };
  const facts = {
    requestId,
    service: 's3',
    operation: 'PutObject',
    request: { method: 'PUT', path: '/', query: '', headers: new Map<string, string>(), body },
    authenticated: { caller, region, body, context: {} },
    region,
    sourceIp: SERVICE,
    secure: true,
    arrived,
  };
  return createCall(facts, new Decisions(), {
    credentials: { owner: ports.ownerOf, policiesOf: async () => ({ identity: [] }) },
    clock: ports.objects.clock,
    accessDenied: message => s3Errors.AccessDenied(message),
    note: ({ errorCode, errorMessage, resource, owner, ...made }) =>
      ports.roles.record({
        ...made,
        arrived,
        requestId,
        region,
        sourceIp: SERVICE,
        userAgent: SERVICE,
        caller,
        resources: [{ arn: resource, owner }],
        ...(errorCode !== undefined && { error: { code: errorCode, message: errorMessage } }),
      }),
  });
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoTarget) throw new LogRefused('NoSuchBucket', error.message);
    if (error instanceof ServiceRefused) throw new LogRefused('AccessDenied', error.message);
    throw error;
  }
}

function refuseKey(keyId: string, error: unknown): never {
  if (!(error instanceof ApiError) || error.status >= 500) throw error;
  const why = `${keyId}: ${error.message}`;
  if (error.status === 403) throw new LogRefused('KeyAccessDenied', why);
  throw new LogRefused(/NotFound/.test(error.code) ? 'KeyNotFound' : 'KeyUnusable', why);
}
