/** What the metadata endpoint knows of its instance, and the client that asks the server for it. */
import { ApiCallError, type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import type { Credentials } from '../credentials/index.js';

/** With which version of the metadata service keys are handed out: sessions of their own each (`ec2:RoleDelivery`). */
export type Delivery = '1.0' | '2.0';

/** An instance as the server has it. Times are seconds since the epoch. */
export interface RegisteredInstance {
  readonly InstanceId: string;
  readonly Arn: string;
  readonly InstanceProfileName: string;
  /** Absent where the profile does not exist any more. */
  readonly InstanceProfileArn?: string;
  readonly InstanceProfileId?: string;
  /** Absent where the profile holds no role. */
  readonly RoleName?: string;
  readonly RoleId?: string;
  readonly SessionsRevokedBefore?: number;
  readonly Region: string;
  readonly VpcId?: string;
  readonly PrivateIpAddress?: string;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly RegisterTime: number;
}

/** What an instance is registered with. */
export interface Registration {
  readonly InstanceProfileName: string;
  readonly InstanceId: string;
  readonly Region?: string | undefined;
  readonly VpcId?: string | undefined;
  readonly PrivateIpAddress?: string | undefined;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] | undefined;
}

/** Keys of the instance's role, and when they were issued. */
export interface InstanceKeys {
  readonly credentials: Credentials & { readonly sessionToken: string; readonly expiration: Date };
  readonly role: string;
  /** Milliseconds since the epoch. */
  readonly issued: number;
}

/** The operations of the server that the endpoint lives on. All throw `ApiCallError`, or what `fetch` throws. */
export interface InstanceApi {
  register(registration: Registration): Promise<RegisteredInstance>;
  get(id: string): Promise<RegisteredInstance>;
  assume(id: string, delivery: Delivery): Promise<Pick<InstanceKeys, 'credentials' | 'role'>>;
}

interface Assumed {
  readonly RoleName: string;
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly Expiration: number;
  };
}

export function instanceApi(target: ApiTarget): InstanceApi {
  const ask = async <O>(operation: string, input: object) =>
    (await callKarikagi(target, operation, input)) as O;
  return {
    register: async input =>
      (await ask<{ Instance: RegisteredInstance }>('RegisterInstance', input)).Instance,
    get: async id =>
      (await ask<{ Instance: RegisteredInstance }>('GetInstance', { InstanceId: id })).Instance,
    async assume(id, delivery) {
      const input = { InstanceId: id, RoleDelivery: delivery };
      const { RoleName, Credentials: keys } = await ask<Assumed>('AssumeInstanceRole', input);
      return {
        role: RoleName,
        credentials: {
          accessKeyId: keys.AccessKeyId,
          secretAccessKey: keys.SecretAccessKey,
          sessionToken: keys.SessionToken,
          expiration: new Date(keys.Expiration * 1000),
        },
      };
    },
  };
}

/** Whether the server answered, with that code. */
export function isAnswer(error: unknown, ...codes: readonly string[]): error is ApiCallError {
  return error instanceof ApiCallError && (codes.length === 0 || codes.includes(error.code));
}
