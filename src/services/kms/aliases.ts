import type {
  CreateAliasRequest,
  DeleteAliasRequest,
  ListAliasesRequest,
  ListAliasesResponse,
  UpdateAliasRequest,
} from '@aws-sdk/client-kms';
import type { Call, Requirement } from '../../core/operation.js';
import { errors } from '../../kms/errors.js';
import type { Home } from '../../kms/key-names.js';
import { demandState } from '../../kms/key-states.js';
import { homeOf, type Kms, type Target } from '../../kms/kms.js';
import { type AliasRecord, type KeyRecord, tables } from '../../kms/records.js';
import type { Row, Transaction } from '../../store/tables.js';
import { demandKey, keyRequirement, kmsOperation } from './access.js';
import { page, pageLimit, readMarker } from './pages.js';

/** Aliases per key (KMS Developer Guide, "Resource quotas"). */
const MAX_ALIASES = 50;

const aliasArn = ({ partition, region, account }: Home, name: string) =>
  `arn:${partition}:kms:${region}:${account}:${name}`;

/** Throws where the name is none that a customer may give. */
function demandName(name: string): string {
  if (!name.startsWith('alias/')) {
    throw errors.ValidationException(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) {
    throw errors.InvalidAliasNameException('Alias contains invalid characters.');
  }
  // Without words, as moto's test of AWS's own aliases has it.
  if (name.startsWith('alias/aws/')) throw errors.NotAuthorizedException();
  return name;
}

/**
 * Changing an alias takes the action for the alias too, by an IAM policy (KMS Developer Guide, "Controlling access to
 * aliases").
 */
function aliasRequirement(action: string, home: Home, name: string): Requirement {
  const context = { 'kms:CallerAccount': home.account };
  return { action, resource: aliasArn(home, name), context };
}

async function onKey(kms: Kms, call: Call, target: Target, action: string): Promise<Requirement> {
  return await keyRequirement(kms, call, target, { action, crossAccount: false });
}

/** Within a transaction: the key with one more alias. */
function withAlias(key: KeyRecord, name: string): KeyRecord {
  demandState(key, 'Enabled', 'Disabled', 'PendingImport');
  if (key.aliases.length >= MAX_ALIASES) {
    throw errors.LimitExceededException(`A key can have ${MAX_ALIASES} aliases.`);
  }
  return { ...key, aliases: [...key.aliases, name].sort() };
}

const withoutAlias = (key: KeyRecord, name: string): KeyRecord => ({
  ...key,
  aliases: key.aliases.filter(alias => alias !== name),
});

interface Named {
  readonly home: Home;
  readonly name: string;
}

export const CreateAlias = kmsOperation<CreateAliasRequest, object, Named & { target: Target }>({
  async resolve(input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const name = demandName(input.AliasName!);
    const target = await kms.target(input.TargetKeyId!, home, false);
    const requirements = [
      aliasRequirement('kms:CreateAlias', home, name),
      await onKey(kms, call, target, 'kms:CreateAlias'),
    ];
    return { requires: requirements, subject: { home, name, target } };
  },
  async run({ home, name, target }, _input, call, { kms }) {
    const { account, region } = home;
    await kms.keys.update(demandKey(target), async (key, transaction) => {
      const after = withAlias(key, name);
      if (await transaction.get(tables.aliases, account, region, name)) {
        throw errors.AlreadyExistsException(`An alias with the name ${aliasArn(home, name)} already exists`);
      }
      const now = call.clock.now();
      transaction.put(tables.aliases, [account, region, name], {
        target: key.id,
        created: now,
        updated: now,
      });
      return after;
    });
    return {};
  },
});

interface Moving extends Named {
  readonly from: Target;
  readonly to: Target;
}

/** Needs `kms:UpdateAlias` on the alias, its key and the new key, which must be of the same kind. */
export const UpdateAlias = kmsOperation<UpdateAliasRequest, object, Moving>({
  async resolve(input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const name = demandName(input.AliasName!);
    const from = await kms.target(name, home, true);
    const to = await kms.target(input.TargetKeyId!, home, false);
    const requirements = [
      aliasRequirement('kms:UpdateAlias', home, name),
      await onKey(kms, call, from, 'kms:UpdateAlias'),
      await onKey(kms, call, to, 'kms:UpdateAlias'),
    ];
    return { requires: requirements, subject: { home, name, from, to } };
  },
  async run({ home, name, from, to }, _input, call, { kms }) {
    const before = demandKey(from);
    await kms.keys.update(demandKey(to), async (key, transaction) => {
      const alias = await demandAlias(transaction, home, name, before.id);
      if (key.id === before.id) return key;
      const old = await kms.keys.demand(transaction, before);
      if (old.usage !== key.usage || isSymmetric(old) !== isSymmetric(key)) {
        throw errors.ValidationException(
          'The target key of an alias can be changed to one of the same type and key usage only.',
        );
      }
      kms.keys.save(transaction, old, withoutAlias(old, name));
      const { account, region } = home;
      const moved = { ...alias, target: key.id, updated: call.clock.now() };
      transaction.put(tables.aliases, [account, region, name], moved);
      return withAlias(key, name);
    });
    return {};
  },
});

const isSymmetric = ({ spec }: KeyRecord) => spec === 'SYMMETRIC_DEFAULT' || spec.startsWith('HMAC_');

export const DeleteAlias = kmsOperation<DeleteAliasRequest, object, Named & { target: Target }>({
  async resolve(input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const name = demandName(input.AliasName!);
    const target = await kms.target(name, home, true);
    const requirements = [
      aliasRequirement('kms:DeleteAlias', home, name),
      await onKey(kms, call, target, 'kms:DeleteAlias'),
    ];
    return { requires: requirements, subject: { home, name, target } };
  },
  async run({ home, name, target }, _input, _call, { kms }) {
    await kms.keys.update(demandKey(target), async (key, transaction) => {
      await demandAlias(transaction, home, name, key.id);
      transaction.delete(tables.aliases, home.account, home.region, name);
      return withoutAlias(key, name);
    });
    return {};
  },
});

/** The alias, if it still stands for the key that was authorised. */
async function demandAlias(
  transaction: Transaction,
  home: Home,
  name: string,
  keyId: string,
): Promise<AliasRecord> {
  const alias = await transaction.get(tables.aliases, home.account, home.region, name);
  if (alias?.target === keyId) return alias;
  throw errors.NotFoundException(`Alias ${aliasArn(home, name)} is not found.`);
}

interface Listing {
  readonly home: Home;
  readonly target: Target | undefined;
}

/** With a `KeyId`, that key's; without, all of the account and region. */
export const ListAliases = kmsOperation<ListAliasesRequest, ListAliasesResponse, Listing>({
  async resolve(input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const target = input.KeyId === undefined ? undefined : await kms.target(input.KeyId, home, false);
    const context = { 'kms:CallerAccount': home.account };
    return { requires: [{ action: call.action, resource: '*', context }], subject: { home, target } };
  },
  async run({ home, target }, input, _call, { kms }) {
    const limit = pageLimit(input, 50, 100);
    const [after] = readMarker(input) ?? [];
    const names = target && demandOwn(target, home).aliases;
    const prefix = [home.account, home.region];
    const rows: Row<AliasRecord>[] = names
      ? await readAliases(
          kms,
          home,
          names.filter(name => after === undefined || name > after).slice(0, limit),
        )
      : await kms.keys.store.list(tables.aliases, prefix, {
          limit,
          after: after === undefined ? undefined : [...prefix, after],
        });
    const { items, output } = page(rows, limit, ({ parts }) => [parts[2] as string]);
    return { ...output, Aliases: items.map(row => aliasEntry(home, row)) };
  },
});

/** Aliases are listed to their own account only. */
function demandOwn(target: Target, { account }: Home): KeyRecord {
  if (target.account !== account) throw errors.NotFoundException(`Key '${target.arn}' does not exist`);
  return demandKey(target);
}

async function readAliases(kms: Kms, { account, region }: Home, names: readonly string[]) {
  const rows: Row<AliasRecord>[] = [];
  for (const name of names) {
    const value = await kms.keys.store.get(tables.aliases, account, region, name);
    if (value) rows.push({ parts: [account, region, name], value });
  }
  return rows;
}

function aliasEntry(home: Home, { parts, value }: Row<AliasRecord>) {
  const name = parts[2] as string;
  return {
    AliasName: name,
    AliasArn: aliasArn(home, name),
    TargetKeyId: value.target,
    CreationDate: new Date(value.created),
    LastUpdatedDate: new Date(value.updated),
  };
}
