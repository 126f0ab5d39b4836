/** Instance metadata over HTTP, as EC2's endpoint answers. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.js';
import type { IdentitySigner, Signatures } from './identity-signer.js';
import type { Delivery, InstanceKeys, RegisteredInstance } from './instance.js';
import type { KeyKeeper, KeyState } from './key-keeper.js';
import {
  identityDocument,
  isoSecond,
  lookUp,
  type Machine,
  machineTree,
  type Tree,
} from './metadata-tree.js';
import type { Reply } from './reply.js';
import { readTtl, SessionTokens } from './session-tokens.js';

export interface MetadataOptions {
  readonly keeper: KeyKeeper;
  readonly signer: IdentitySigner;
  readonly clock: Clock;
  readonly machine: Machine;
  /** `optional` answers requests without a token as well (IMDSv1). */
  readonly tokens: 'required' | 'optional';
  /** Whether the endpoint is switched off ("HttpEndpoint: disabled"): everything is 403. */
  readonly disabled?: boolean | undefined;
}

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

/** Every version answers the same. */
const VERSION = /^(latest|1\.0|20\d\d-\d\d-\d\d)$/;
const VERSIONS = '1.0\n2007-01-19\n2016-09-02\n2021-07-15\nlatest';

const text = (status: number, body: string, headers: Record<string, string> = {}): Reply => ({
  status,
  body,
  headers: { 'content-type': 'text/plain', ...headers },
});

/** Source of the codes: EC2 User Guide, "Retrieve instance metadata", "Responses and error messages". */
const BAD_REQUEST = text(400, 'Bad Request');
const UNAUTHORIZED = text(401, 'Unauthorized');
const FORBIDDEN = text(403, 'Forbidden');
const NOT_FOUND = text(404, 'Not Found');
const NOT_ALLOWED = text(405, 'Method Not Allowed', { allow: 'OPTIONS, TRACE, GET, HEAD' });
const UNAVAILABLE = text(503, 'Service Unavailable');

export class MetadataServer {
  readonly #options: MetadataOptions;
  readonly #tokens: SessionTokens;
  #signed: { readonly document: string; readonly signatures: Signatures } | undefined;

  constructor(options: MetadataOptions) {
    this.#options = options;
    this.#tokens = new SessionTokens(options.clock);
  }

  /** Answers what has passed the guard. Never throws. */
  async answer(request: IncomingMessage): Promise<Reply> {
    if (this.#options.disabled) return FORBIDDEN;
    const [path = '/'] = (request.url ?? '/').split('?');
    const names = path.split('/').filter(name => name !== '');
    if (/^[^/]*\/api\/token$/.test(names.join('/'))) return this.#token(request);
    if (request.method !== 'GET' && request.method !== 'HEAD') return NOT_ALLOWED;
    const delivery = this.#delivery(request);
    if (delivery === undefined) return UNAUTHORIZED;
    if (names.length === 0) return text(200, VERSIONS);
    const decoded = decode(names.slice(1));
    if (!VERSION.test(names[0]!) || decoded === undefined) return NOT_FOUND;
    return await this.#item(decoded, delivery);
  }

  /** A token is asked for by PUT alone, and never through a proxy, which would carry it off the machine. */
  #token(request: IncomingMessage): Reply {
    if (request.method !== 'PUT') return text(405, 'Method Not Allowed', { allow: 'OPTIONS, PUT' });
    if (request.headers['x-forwarded-for'] !== undefined) return FORBIDDEN;
    const given = request.headers[TTL_HEADER];
    const ttl = readTtl(typeof given === 'string' ? given : undefined);
    if (ttl === undefined) return BAD_REQUEST;
    return text(200, this.#tokens.issue(ttl), { [TTL_HEADER]: String(ttl) });
  }

  /**
   * `undefined` where the request may not be answered. A token that is not good is refused also where none is needed.
   */
  #delivery({ headers }: IncomingMessage): Delivery | undefined {
    const token = headers[TOKEN_HEADER];
    if (token === undefined) return this.#options.tokens === 'optional' ? '1.0' : undefined;
    return typeof token === 'string' && this.#tokens.secondsLeft(token) > 0 ? '2.0' : undefined;
  }

  async #item(path: readonly string[], delivery: Delivery): Promise<Reply> {
    const { keeper } = this.#options;
    const [top, second, kind, role, ...rest] = path;
    if (top === 'meta-data' && second === 'iam' && role !== undefined && CREDENTIALS.test(kind ?? '')) {
      return rest.length > 0 ? NOT_FOUND : await this.#credentials(role, delivery, kind === EXTENDED);
    }
    const { state } = keeper;
    if (state.instance === undefined) return UNAVAILABLE;
    const tree = this.#tree(state.instance, state);
    // The first level is listed without slashes, and the extended form of keys not at all.
    if (path.length === 0) return text(200, Object.keys(tree).join('\n'));
    const found = lookUp(
      tree,
      path.map(name => (name === EXTENDED ? 'security-credentials' : name)),
    );
    return found === undefined ? NOT_FOUND : text(200, found);
  }

  #tree(instance: RegisteredInstance, state: KeyState): Record<string, Tree> {
    const { machine } = this.#options;
    const iam = iamTree(instance, state, this.#options.clock.now());
    return {
      dynamic: { 'instance-identity': this.#identity(instance) },
      'meta-data': { ...machineTree(instance, machine), ...(iam && { iam }) },
      ...(machine.userData !== undefined && { 'user-data': machine.userData }),
    };
  }

  /** Signed once for all. */
  #identity(instance: RegisteredInstance): Tree {
    const document = identityDocument(instance, this.#options.machine);
    if (this.#signed?.document !== document) {
      this.#signed = { document, signatures: this.#options.signer.sign(document) };
    }
    return { document, ...this.#signed.signatures };
  }

  /** A role that EC2 may not assume is a success of HTTP that says so inside. */
  async #credentials(role: string, delivery: Delivery, extended: boolean): Promise<Reply> {
    const { keeper } = this.#options;
    const keys = await keeper.keysFor(delivery);
    const { instance, refused } = keeper.state;
    if (instance !== undefined && instance.RoleName !== role) return NOT_FOUND;
    if (keys?.role === role) return text(200, credentialsText(keys, extended ? instance : undefined));
    if (refused === undefined) return UNAVAILABLE;
    const { code, message, time } = refused;
    return text(200, json({ Code: code, Message: message, LastUpdated: isoSecond(time) }));
  }
}

const EXTENDED = 'security-credentials-extended';
const CREDENTIALS = /^security-credentials(-extended)?$/;

/** What a path means; `undefined` where it is not encoded as it must be. */
function decode(names: readonly string[]): string[] | undefined {
  try {
    return names.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** Nothing without a profile, as on an instance that has none. */
function iamTree(instance: RegisteredInstance, { keys }: KeyState, now: number): Tree | undefined {
  const { InstanceProfileArn, InstanceProfileId, InstanceProfileName, RoleName } = instance;
  const updated = [...keys.values()].map(({ issued }) => issued);
  const LastUpdated = isoSecond(updated.length > 0 ? Math.max(...updated) : now);
  if (InstanceProfileArn === undefined) {
    const Message = `The instance profile ${InstanceProfileName} cannot be found.`;
    return { info: json({ Code: 'InstanceProfileNotFound', Message, LastUpdated }) };
  }
  const roles = RoleName === undefined ? undefined : { [RoleName]: '' };
  return {
    info: json({ Code: 'Success', LastUpdated, InstanceProfileArn, InstanceProfileId }),
    'security-credentials': roles,
  };
}

function credentialsText(
  { credentials, issued }: InstanceKeys,
  extended: RegisteredInstance | undefined,
): string {
  return json({
    Code: 'Success',
    LastUpdated: isoSecond(issued),
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: isoSecond(credentials.expiration.getTime()),
    ...(extended && { AccountId: extended.Arn.split(':')[4] }),
  });
}

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
