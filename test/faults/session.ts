/** Temporary credentials with which a client works: of a role that may do everything with the buckets of the model. */
import assert from 'node:assert/strict';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ApiCallError, callKarikagi } from '../../src/clients/karikagi-api.js';
import { assumableRole } from './assumable-role.js';
import { type Access, codeOf, NoAnswer } from './s3-commands.js';
import type { ServerProcess } from './server-process.js';

const REGION = 'us-east-1';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Who may assume the role, and its ARN. */
export interface Cast {
  readonly user: Keys;
  readonly roleArn: string;
}

type Server = Pick<ServerProcess, 'endpoint' | 'credentials'>;

export const clientOf = ({ endpoint }: Server, credentials: Keys): S3Client =>
  new S3Client({ endpoint, credentials, region: REGION, forcePathStyle: true, maxAttempts: 1 });

/** Makes the role and a user who may do nothing but assume it. */
export async function openCast(server: Server): Promise<Cast> {
  const { endpoint, credentials } = server;
  const { user, roleName: RoleName, roleArn } = await assumableRole(server);
  const iam = new IAMClient({ endpoint, credentials, region: REGION });
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::model-*' },
  });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'model', PolicyDocument }));
  iam.destroy();
  return { user, roleArn };
}

/** One client's sessions, one after the other. What was ended stays so, whenever the server is killed. */
export class Session implements Access {
  s3!: S3Client;
  /** Hears of each answer to the client. */
  answered: () => void = () => undefined;
  #server!: Server;
  /** Absent where it is not known whether the session has ended. */
  #keys: Keys | undefined;
  readonly #ended: Keys[] = [];

  constructor(
    readonly cast: Cast,
    readonly bucket: string,
  ) {}

  /** Works with a server that has just started: in the session that there is, or in a new one. */
  async connect(server: Server): Promise<void> {
    this.#server = server;
    if (!this.#keys) await this.#begin();
    else this.#use(this.#keys);
  }

  async endSession(): Promise<void> {
    const keys = this.#keys!;
    this.#keys = undefined;
    const { endpoint, credentials } = this.#server;
    const target = { endpoint, credentials, region: REGION };
    await callKarikagi(target, 'RevokeSession', { AccessKeyId: keys.accessKeyId }).catch(refusedOnly);
    this.#ended.push(keys);
    await this.#demandEnded(keys);
    await this.#begin();
  }

  /** Every session that was ended is refused. */
  async compare(): Promise<void> {
    for (const keys of this.#ended) await this.#demandEnded(keys);
  }

  async #begin(): Promise<void> {
    const { endpoint } = this.#server;
    const sts = new STSClient({ endpoint, credentials: this.cast.user, region: REGION, maxAttempts: 1 });
    const assuming = new AssumeRoleCommand({ RoleArn: this.cast.roleArn, RoleSessionName: 'client' });
    const { Credentials } = await sts
      .send(assuming)
      .catch(error => assert.fail(`AssumeRole is refused: ${codeOf(error)}`));
    sts.destroy();
    this.#keys = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
    this.#use(this.#keys);
  }

  #use(keys: Keys): void {
    this.s3?.destroy();
    this.s3 = clientOf(this.#server, keys);
    this.s3.middlewareStack.add(
      next => async args => {
        const answer = await next(args);
        this.answered();
        return answer;
      },
      { step: 'deserialize', name: 'answered', priority: 'low' },
    );
  }

  async #demandEnded(keys: Keys): Promise<void> {
    const s3 = clientOf(this.#server, keys);
    const answer = await s3.send(new ListObjectsV2Command({ Bucket: this.bucket })).catch(codeOf);
    s3.destroy();
    assert.equal(answer, 'ExpiredToken');
  }
}

/** Throws `NoAnswer` where there was none. */
function refusedOnly(error: unknown): never {
  if (error instanceof ApiCallError && error.status !== 503) throw error;
  throw new NoAnswer('no answer', { cause: error });
}
