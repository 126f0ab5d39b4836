/**
 * The files that a copy of an account consists of: one small file a thing, so that people read them, and `diff`
 * and `git` show what changed. Pure: text by path.
 */

import { formatPolicy } from '../format.js';
import type {
  AccountCopy,
  BucketCopy,
  DocumentCopy,
  EntityCopy,
  KeyCopy,
  ManagedPolicyCopy,
  OrganizationCopy,
  RoleCopy,
  SamlProviderCopy,
} from './copy.js';

/** Text by path: `111122223333/roles/app/trust.json`. */
export type Files = ReadonlyMap<string, string>;

/** Names of entities as names of files: what may be no file is written as `%2E` and the like. */
function fileName(name: string): string {
  return name
    .replace(/[^\w+=,.@-]/g, character => encodeURIComponent(character).replace(/^[^%]$/, hex))
    .replace(/^\./, '%2E');
}

const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** Members in the order of their names, so that the same is written the same. */
const json = (value: object) => `${JSON.stringify(value, sorted, 2)}\n`;

const sorted = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** The files of the copies, sorted by path. */
export function filesOfCopies(copies: readonly AccountCopy[]): Files {
  const files = new Map<string, string>();
  for (const copy of copies) writeAccount(copy, (path, text) => files.set(`${copy.account}/${path}`, text));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Put = (path: string, text: string) => void;

function writeAccount(copy: AccountCopy, put: Put): void {
  const { account, partition, alias, publicAccessBlock } = copy;
  put('account.json', json({ account, partition, alias, publicAccessBlock }));
  for (const user of copy.users) writeEntity(`users/${fileName(user.name)}`, 'user.json', user, put);
  for (const group of copy.groups) writeEntity(`groups/${fileName(group.name)}`, 'group.json', group, put);
  for (const role of copy.roles) {
    const { trust, ...rest } = role;
    const path = `roles/${fileName(role.name)}`;
    writeEntity(path, 'role.json', rest, put);
    if (trust !== '') put(`${path}/trust.json`, formatPolicy(trust));
  }
  for (const { document, ...policy } of copy.policies) {
    const path = `${policy.arn.includes('::aws:') ? 'aws-policies' : 'policies'}/${fileName(policy.name)}`;
    put(`${path}/policy.json`, json(policy));
    put(`${path}/document.json`, formatPolicy(document));
  }
  for (const profile of copy.instanceProfiles)
    put(`instance-profiles/${fileName(profile.name)}.json`, json(profile));
  for (const { policy, ...bucket } of copy.buckets) {
    put(`buckets/${bucket.name}/bucket.json`, json(bucket));
    if (policy !== undefined) put(`buckets/${bucket.name}/policy.json`, formatPolicy(policy));
  }
  for (const { policy, ...key } of copy.keys) {
    const path = `keys/${key.region}/${key.id}`;
    put(`${path}/key.json`, json(key));
    if (policy !== undefined) put(`${path}/policy.json`, formatPolicy(policy));
  }
  for (const provider of copy.oidcProviders)
    put(`oidc-providers/${fileName(provider.url.replace(/^https:\/\//, ''))}.json`, json(provider));
  for (const { metadata, ...provider } of copy.samlProviders) {
    put(`saml-providers/${fileName(provider.name)}/provider.json`, json(provider));
    put(`saml-providers/${fileName(provider.name)}/metadata.xml`, metadata);
  }
  if (copy.organization) writeOrganization(copy.organization, put);
}

function writeEntity(path: string, file: string, { inline, ...rest }: EntityCopy, put: Put): void {
  put(`${path}/${file}`, json(rest));
  for (const { name, document } of inline)
    put(`${path}/policies/${fileName(name)}.json`, formatPolicy(document));
}

function writeOrganization({ policies, ...rest }: OrganizationCopy, put: Put): void {
  put('organization/organization.json', json(rest));
  for (const { document, ...policy } of policies) {
    put(`organization/policies/${policy.id}.json`, json(policy));
    put(`organization/policies/${policy.id}.document.json`, formatPolicy(document));
  }
}

/**
 * The copies that files hold. Only documents need to be there: what stands in the other files is made up from the
 * names, so that a directory may be written by hand. Throws `Error` naming the file that cannot be read.
 */
export function copiesOfFiles(files: Files): AccountCopy[] {
  const accounts = new Set([...files.keys()].flatMap(path => /^(\d{12})\//.exec(path)?.[1] ?? []));
  return [...accounts].map(account => {
    const own = new Map<string, string>();
    for (const [path, text] of files) if (path.startsWith(`${account}/`)) own.set(path.slice(13), text);
    return new AccountFiles(account, own).read();
  });
}

class AccountFiles {
  constructor(
    private readonly account: string,
    private readonly files: Files,
  ) {}

  read(): AccountCopy {
    const head = this.#object<AccountCopy>('account.json') ?? {};
    const partition = head.partition ?? 'aws';
    const iam = `arn:${partition}:iam::${this.account}`;
    const tagged = { tags: {} };
    return {
      account: this.account,
      partition,
      alias: head.alias,
      publicAccessBlock: head.publicAccessBlock,
      users: this.#under('users').map(name => ({
        ...{ groups: [], ...tagged },
        ...this.#entity(`users/${name}`, 'user.json', `${iam}:user`, name),
      })),
      groups: this.#under('groups').map(name =>
        this.#entity(`groups/${name}`, 'group.json', `${iam}:group`, name),
      ),
      roles: this.#under('roles').map(name => this.#role(name, `${iam}:role`)),
      policies: [
        ...this.#managed('policies', `${iam}:policy`),
        ...this.#managed('aws-policies', `arn:${partition}:iam::aws:policy`),
      ],
      instanceProfiles: this.#all('instance-profiles'),
      buckets: this.#under('buckets').map(name => this.#bucket(name)),
      keys: this.#under('keys').flatMap(region =>
        this.#under(`keys/${region}`).map(id => this.#key(region, id, partition)),
      ),
      oidcProviders: this.#all('oidc-providers'),
      samlProviders: this.#under('saml-providers').map(
        name =>
          ({
            ...this.#object<SamlProviderCopy>(`saml-providers/${name}/provider.json`),
            metadata: this.files.get(`saml-providers/${name}/metadata.xml`) ?? '',
          }) as SamlProviderCopy,
      ),
      organization: this.#organization(),
    };
  }

  /** Names of what stands right below a directory. */
  #under(directory: string): string[] {
    const names = new Set<string>();
    for (const path of this.files.keys()) {
      if (path.startsWith(`${directory}/`))
        names.add(path.slice(directory.length + 1).split('/', 1)[0] as string);
    }
    return [...names];
  }

  #object<T>(path: string): Partial<T> | undefined {
    const text = this.files.get(path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as Partial<T>;
    } catch (error) {
      throw new Error(`${this.account}/${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  #all<T>(directory: string): T[] {
    return this.#under(directory).map(name => this.#object<T>(`${directory}/${name}`) as T);
  }

  #documents(directory: string): DocumentCopy[] {
    return this.#under(directory).map(file => ({
      name: decodeURIComponent(file.replace(/\.json$/, '')),
      document: this.files.get(`${directory}/${file}`) as string,
    }));
  }

  #entity(directory: string, file: string, arn: string, name: string): EntityCopy {
    const real = decodeURIComponent(name);
    const made = { name: real, path: '/', id: '', attached: [] };
    const given = this.#object<EntityCopy>(`${directory}/${file}`);
    const path = given?.path ?? '/';
    return {
      ...made,
      arn: `${arn}${path}${real}`,
      ...given,
      inline: this.#documents(`${directory}/policies`),
    };
  }

  #role(name: string, arn: string): RoleCopy {
    const trust = this.files.get(`roles/${name}/trust.json`) ?? '';
    return { tags: {}, ...this.#entity(`roles/${name}`, 'role.json', arn, name), trust };
  }

  #managed(directory: string, arn: string): ManagedPolicyCopy[] {
    return this.#under(directory).map(name => {
      const given = this.#object<ManagedPolicyCopy>(`${directory}/${name}/policy.json`);
      const real = decodeURIComponent(name);
      const path = given?.path ?? '/';
      const document = this.files.get(`${directory}/${name}/document.json`);
      if (document === undefined)
        throw new Error(`${this.account}/${directory}/${name}: document.json is missing`);
      return { name: real, path, arn: `${arn}${path}${real}`, ...given, document };
    });
  }

  #bucket(name: string): BucketCopy {
    const given = this.#object<BucketCopy>(`buckets/${name}/bucket.json`);
    return { name, region: 'us-east-1', ...given, policy: this.files.get(`buckets/${name}/policy.json`) };
  }

  #key(region: string, id: string, partition: string): KeyCopy {
    const path = `keys/${region}/${id}`;
    const arn = `arn:${partition}:kms:${region}:${this.account}:key/${id}`;
    return {
      ...{ arn, id, region, aliases: [], grants: [] },
      ...{ spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS' },
      ...{ multiRegion: false, manager: 'CUSTOMER' },
      ...this.#object<KeyCopy>(`${path}/key.json`),
      policy: this.files.get(`${path}/policy.json`),
    };
  }

  #organization(): OrganizationCopy | undefined {
    const given = this.#object<OrganizationCopy>('organization/organization.json');
    if (!given) return undefined;
    const ids = this.#under('organization/policies').flatMap(
      file => /^(.+)\.document\.json$/.exec(file)?.[1] ?? [],
    );
    const policies = ids.map(id => ({
      ...{ id, name: id, type: 'SERVICE_CONTROL_POLICY' },
      ...this.#object<OrganizationCopy['policies'][number]>(`organization/policies/${id}.json`),
      document: this.files.get(`organization/policies/${id}.document.json`) as string,
    }));
    return { ...(given as OrganizationCopy), policies };
  }
}
