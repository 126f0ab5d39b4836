/** The metadata endpoint of an instance and of containers: a client of the public API. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { ApiTarget } from '../clients/karikagi-api.js';
import { type Clock, systemClock } from '../core/clock.js';
import { assumeRole, type Credentials, type RenewingCredentials, renewing } from '../credentials/index.js';
import { containerAnswers, newAuthorizationToken } from './container-server.js';
import { createGuard } from './guard.js';
import { openIdentitySigner } from './identity-signer.js';
import { instanceApi, type Registration } from './instance.js';
import { KeyKeeper } from './key-keeper.js';
import { MetadataServer } from './metadata-server.js';
import { DEFAULT_MACHINE, type Machine } from './metadata-tree.js';
import { listenFor, readAddress } from './reply.js';

export interface ImdsOptions {
  /** The server, and whose keys register the instance or ask for its sessions. */
  readonly target: ApiTarget;
  /** Registers the instance; absent for an instance that is registered, whose key the target signs with. */
  readonly instanceProfile?: string | undefined;
  /** Default: one that follows from the profile and this machine's name. */
  readonly instanceId?: string | undefined;
  readonly registration?: Partial<Registration> | undefined;
  /** Default `127.0.0.1:9254`. */
  readonly listen?: string | undefined;
  /** A second address, as EC2's `[fd00:ec2::254]:80`. */
  readonly listenAlso?: string | undefined;
  readonly machine?: Partial<Machine> | undefined;
  readonly tokens?: 'required' | 'optional' | undefined;
  readonly disabled?: boolean | undefined;
  /** Networks of containers that may ask. */
  readonly peers?: readonly string[] | undefined;
  /** File of the key that signs identity documents. */
  readonly identityFile?: string | undefined;
  /** Of the container endpoint; default: a random one. */
  readonly authorizationToken?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Seconds between looks at the server; default 15. */
  readonly every?: number | undefined;
  readonly onTrouble?: ((message: string | undefined) => void) | undefined;
}

export interface RunningImds {
  /** `http://127.0.0.1:9254` */
  readonly endpoint: string;
  readonly instanceId: string;
  /** The role in the profile at this moment. */
  readonly role: string | undefined;
  /** PEM: verifies the signatures of the identity document. */
  readonly certificate: string;
  /** What the container endpoint asks for. */
  readonly authorizationToken: string;
  close(): Promise<void>;
}

/** Paths of ECS and of EKS Pod Identity, and of further roles. The rest is instance metadata. */
const CONTAINER_PATH = /^\/(v1\/credentials|v2\/credentials(\/[\w-]+)?|role-arn\/[^/].*)$/;
const ROLE_PATH = /^\/role-arn\/(arn:.+)$/;
/** Roles whose keys are held at the same time: more are refused, which bounds the memory. */
const MOST_ROLES = 100;

/** An id that is the same at each start: `i-0` and 16 hexadecimal digits. */
export function stableInstanceId(...of: readonly string[]): string {
  return `i-0${createHash('sha256').update(of.join('\0')).digest('hex').slice(0, 16)}`;
}

/**
 * Starts an endpoint; its keys are there when this resolves, if there are any to be had. Throws `RangeError` for an
 * address or network that is none, and what the operating system says of the address.
 */
export async function startImds(options: ImdsOptions): Promise<RunningImds> {
  const { clock = systemClock, instanceProfile, machine, onTrouble } = options;
  const { registration: details = {} } = options;
  const instanceId = options.instanceId ?? stableInstanceId(instanceProfile ?? '', hostname());
  const target = { ...options.target, clock, timeout: options.target.timeout ?? 10_000 };
  const registration = instanceProfile && {
    ...details,
    InstanceProfileName: instanceProfile,
    InstanceId: instanceId,
  };
  const tokens = options.tokens ?? 'required';
  const keeper = new KeyKeeper({
    api: instanceApi(target),
    clock,
    instanceId,
    registration: registration || undefined,
    deliveries: tokens === 'optional' ? ['2.0', '1.0'] : ['2.0'],
    every: options.every,
    onTrouble,
  });
  const signer = await openIdentitySigner(clock, options.identityFile);
  const metadata = new MetadataServer({
    keeper,
    signer,
    clock,
    machine: { ...DEFAULT_MACHINE, ...machine },
    tokens,
    disabled: options.disabled,
  });
  const authorizationToken = options.authorizationToken ?? newAuthorizationToken();
  const container = containerAnswers(authorizationToken, containerKeys(keeper, target), () => clock.now());
  await keeper.start();
  const listen = async (text: string) => {
    const address = readAddress(text);
    const guard = createGuard({ host: address.host, peers: options.peers });
    return await listenFor(address, async request => {
      const refused = guard(request);
      if (refused !== undefined)
        return { status: 403, body: `${refused}\n`, headers: { 'content-type': 'text/plain' } };
      const path = (request.url ?? '/').split('?')[0]!;
      return CONTAINER_PATH.test(path) ? await container(request) : await metadata.answer(request);
    });
  };
  const first = await listen(options.listen ?? '127.0.0.1:9254');
  const second = options.listenAlso === undefined ? undefined : await listen(options.listenAlso);
  return {
    endpoint: first.endpoint,
    instanceId,
    get role() {
      return keeper.state.instance?.RoleName;
    },
    certificate: signer.certificate,
    authorizationToken,
    async close() {
      await Promise.all([first.close(), second?.close(), keeper.close()]);
    },
  };
}

/** The instance's own keys, and those of roles that they may assume. */
function containerKeys(keeper: KeyKeeper, target: ApiTarget) {
  const own = async (): Promise<Credentials | undefined> => (await keeper.keysFor('2.0'))?.credentials;
  const roles = new Map<string, RenewingCredentials>();
  return async (path: string): Promise<Credentials | undefined> => {
    const arn = ROLE_PATH.exec(path)?.[1];
    if (arn === undefined) return await own();
    let keys = roles.get(arn);
    if (keys === undefined) {
      const source = async () => {
        const found = await own();
        if (found !== undefined) return found;
        throw new Error('the instance has no keys');
      };
      const { endpoint, region, clock } = target;
      keys = renewing(assumeRole({ roleArn: arn, source, endpoint, region }), { clock });
      if (roles.size >= MOST_ROLES) return undefined;
      roles.set(arn, keys);
    }
    return await keys.get();
  };
}

export { containerAnswers, type KeysByPath, newAuthorizationToken } from './container-server.js';
export { createGuard } from './guard.js';
export { instanceApi } from './instance.js';
export type { Machine } from './metadata-tree.js';
export { type Listening, listenFor, readAddress } from './reply.js';
