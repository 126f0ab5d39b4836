import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { errorTable } from '../../core/errors.js';
import { HOUR_MS, MINUTE_MS } from '../../core/time.js';
import { type Database, type Transaction, table } from '../../store/tables.js';
import { mergeTags, withoutTags } from '../entities/tags.js';
import { errors, overQuota } from '../errors.js';
import { mfaNameOf, mfaSerial } from '../federation/provider-arn.js';
import type { Keyring } from '../keyring.js';
import { type Tags, tables, type User } from '../model.js';
import { resealTable } from '../reseal.js';
import { base32, codeOf, stepOf } from './mfa-totp.js';

/** A virtual MFA device: a seed that an authenticator app shares. */
export interface MfaDevice {
  readonly name: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly created: number;
  /** The shared secret, sealed. */
  readonly seed: Uint8Array;
  readonly tags: Tags;
  /** Unique id of the user, or the account's id for the root user; absent until it is enabled. */
  readonly owner?: string | undefined;
  readonly enabled?: number | undefined;
  /** Steps by which the app's clock is ahead (or, negative, behind). */
  readonly drift: number;
  /** The newest step whose code was used: a code works once. */
  readonly lastStep: number;
  /** Wrong codes in a row, and until when no further one is looked at. */
  readonly failures: number;
  readonly blockedUntil: number;
}

interface NewMfaDevice {
  readonly device: MfaDevice;
  /** The seed in Base32: shown this one time. */
  readonly base32Seed: string;
  readonly qrCode: Buffer;
}

const mfaErrors = errorTable({
  InvalidAuthenticationCode: [403, 'Authentication code for device is not valid.'],
});

/** 320 bits: 64 characters of Base32, as AWS's seeds are. */
const SEED_BYTES = 40;
/** Steps to either side of the expected one whose codes are taken (RFC 6238, section 5.2 and 6). */
const WINDOW = 1;
/** Steps to either side that a resynchronisation looks through: an hour. */
const RESYNC_WINDOW = 120;
/**
 * Wrong codes in a row after which the device takes none for a minute, after as many more for two, and so on up to an
 * hour: guessing six digits is hopeless then.
 */
const MAX_FAILURES = 5;
const BLOCK = MINUTE_MS;
const LONGEST_BLOCK = HOUR_MS;
/** Source: IAM User Guide, "IAM and AWS STS quotas". */
const DEVICES_PER_OWNER = 8;

/** account, name in lower case */
const devices = table<MfaDevice>('mfa-device');
/** account, owner, name in lower case → when it was enabled */
const owned = table<number>('mfa-device-owner');

/**
 * Virtual MFA devices. Everything that takes a serial number throws `NoSuchEntity` where the account has no such
 * device.
 */
export class MfaDevices {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keyring: Keyring;

  constructor(db: Database, clock: Clock, keyring: Keyring) {
    this.#db = db;
    this.#clock = clock;
    this.#keyring = keyring;
  }

  /** Throws `EntityAlreadyExists`. */
  async create(home: Account, name: string, path = '/', tags: Tags = []): Promise<NewMfaDevice> {
    const seed = randomBytes(SEED_BYTES);
    const base32Seed = base32(seed);
    const key = [home.id, name.toLowerCase()] as const;
    const device = await this.#db.transact(home.id, async transaction => {
      if ((await transaction.get(devices, ...key)) !== undefined) {
        throw errors.EntityAlreadyExists('MFADevice entity at the same path and name already exists.');
      }
      const made: MfaDevice = {
        name,
        path,
        created: this.#clock.now(),
        seed: this.#keyring.sealSecret(seed.toString('base64'), sealedFor(home, name)),
        tags: mergeTags([], tags, 'TagsPerVirtualMFADevice'),
        drift: 0,
        lastStep: 0,
        failures: 0,
        blockedUntil: 0,
      };
      transaction.put(devices, key, made);
      return made;
    });
    // Drawing is for the few who make a device: it is loaded with the first.
    const { otpauthUri, qrPng } = await import('./mfa-qr.js');
    const qrCode = qrPng(otpauthUri(`Karikagi:${name}@${home.id}`, base32Seed));
    return { device, base32Seed, qrCode };
  }

  async find(home: Account, serial: string): Promise<MfaDevice | undefined> {
    const name = mfaNameOf(home, serial);
    const device = name && (await this.#db.get(devices, home.id, name.toLowerCase()));
    return device && mfaSerial(home, device.path, device.name) === serial ? device : undefined;
  }

  async get(home: Account, serial: string): Promise<MfaDevice> {
    return this.demand(await this.find(home, serial), serial);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(device: MfaDevice | undefined, serial: string): MfaDevice {
    if (device === undefined) throw notFound(serial);
    return device;
  }

  /** All of the account's, in the order of their names. */
  async list(account: string): Promise<MfaDevice[]> {
    return (await this.#db.list(devices, [account])).map(row => row.value);
  }

  /** Those enabled for a user (by unique id) or the root user (by the account's id). */
  async ofOwner(account: string, owner: string): Promise<MfaDevice[]> {
    const rows = await this.#db.list(owned, [account, owner]);
    const found = await Promise.all(rows.map(({ parts }) => this.#db.get(devices, account, parts[2]!)));
    return found.filter(device => device !== undefined);
  }

  /** Seals every seed under the current root key; resolves with how many were not. Ends early on `signal`. */
  async reseal(signal: AbortSignal): Promise<number> {
    return await resealTable(this.#db, devices, signal, ({ parts, value }) => {
      const seed = this.#keyring.resealSecret(value.seed, sealedFor({ id: parts[0] as string }, value.name));
      return seed && { ...value, seed };
    });
  }

  /** The user who has it; `undefined` where it is the root user's or unassigned. */
  async userOf({ owner }: MfaDevice): Promise<User | undefined> {
    const holder = owner === undefined ? undefined : await this.#db.get(tables.ids, owner);
    return holder && (await this.#db.get(tables.users, holder.account, holder.name));
  }

  /** Throws `EntityAlreadyExists` where it is enabled for somebody, `InvalidAuthenticationCode`, `LimitExceeded`. */
  async enable(
    home: Account,
    serial: string,
    owner: string,
    codes: readonly [string, string],
  ): Promise<void> {
    await this.#change(home, serial, async (device, transaction) => {
      if (device.owner !== undefined) {
        throw errors.EntityAlreadyExists('MFA Device is already in use');
      }
      const held = await transaction.list(owned, [home.id, owner], DEVICES_PER_OWNER);
      if (held.length >= DEVICES_PER_OWNER) throw overQuota('MFADevicesPerUser', DEVICES_PER_OWNER);
      const enabled = this.#clock.now();
      transaction.put(owned, [home.id, owner, device.name.toLowerCase()], enabled);
      return { ...device, ...this.#synchronised(home, device, codes), owner, enabled };
    });
  }

  /** Throws `InvalidAuthenticationCode`; `NoSuchEntity` where it is not that owner's. */
  async resync(
    home: Account,
    serial: string,
    owner: string,
    codes: readonly [string, string],
  ): Promise<void> {
    await this.#change(home, serial, device => {
      if (device.owner !== owner) throw notFound(serial);
      return { ...device, ...this.#synchronised(home, device, codes) };
    });
  }

  async deactivate(home: Account, serial: string, owner: string): Promise<void> {
    await this.#change(home, serial, (device, transaction) => {
      if (device.owner !== owner) throw notFound(serial);
      transaction.delete(owned, home.id, owner, device.name.toLowerCase());
      return { ...device, owner: undefined, enabled: undefined };
    });
  }

  /** Throws `DeleteConflict` while it is enabled. */
  async delete(home: Account, serial: string): Promise<void> {
    await this.#change(home, serial, device => {
      if (device.owner !== undefined) {
        throw errors.DeleteConflict('Cannot delete entity, must detach device from user first.');
      }
      return undefined;
    });
  }

  async tag(home: Account, serial: string, tags: Tags): Promise<void> {
    await this.#change(home, serial, device => ({
      ...device,
      tags: mergeTags(device.tags, tags, 'TagsPerVirtualMFADevice'),
    }));
  }

  async untag(home: Account, serial: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, serial, device => ({ ...device, tags: withoutTags(device.tags, keys) }));
  }

  /**
   * Whether the owner's device shows that code now. A code is used up by this, right or wrong ones are counted:
   * after every five wrong codes in a row the device takes none for a while.
   */
  async authenticate(home: Account, serial: string, owner: string, code: string): Promise<boolean> {
    const found = await this.find(home, serial);
    if (found === undefined || found.owner !== owner) return false;
    let accepted = false;
    await this.#change(home, serial, device => {
      const now = this.#clock.now();
      accepted = false;
      if (device.owner !== owner || now < device.blockedUntil) return device;
      const step = this.#acceptedStep(home, device, code, now);
      accepted = step !== undefined;
      if (step !== undefined) return { ...device, lastStep: step, failures: 0 };
      const failures = device.failures + 1;
      if (failures % MAX_FAILURES !== 0) return { ...device, failures };
      const block = Math.min(BLOCK * 2 ** (failures / MAX_FAILURES - 1), LONGEST_BLOCK);
      return { ...device, failures, blockedUntil: now + block };
    });
    return accepted;
  }

  /**
   * Whether `authenticate` would take the code now, which is not used up by this; `undefined` where the owner has no
   * such device.
   */
  async shows(home: Account, serial: string, owner: string, code: string): Promise<boolean | undefined> {
    const device = await this.find(home, serial);
    if (device?.owner !== owner) return undefined;
    const now = this.#clock.now();
    return now >= device.blockedUntil && this.#acceptedStep(home, device, code, now) !== undefined;
  }

  #acceptedStep(home: Account, device: MfaDevice, code: string, now: number): number | undefined {
    return this.#stepShowing(home, device, code, stepOf(now) + device.drift, WINDOW);
  }

  /** What two consecutive codes tell of the device's clock. Throws `InvalidAuthenticationCode`. */
  #synchronised(home: Account, device: MfaDevice, [first, second]: readonly [string, string]) {
    const now = stepOf(this.#clock.now());
    const seed = this.#seedOf(home, device);
    for (let offset = 0; offset <= RESYNC_WINDOW; offset++) {
      for (const step of offset === 0 ? [now] : [now - offset, now + offset]) {
        if (same(codeOf(seed, step), first) && same(codeOf(seed, step + 1), second)) {
          // The second code is the one that the device shows as this is asked; a step more or less is the way here.
          const ahead = step + 1 - now;
          return {
            drift: Math.abs(ahead) <= WINDOW ? 0 : ahead,
            lastStep: step + 1,
            failures: 0,
            blockedUntil: 0,
          };
        }
      }
    }
    throw mfaErrors.InvalidAuthenticationCode({
      advice:
        'Send two codes that the device shows one after the other, as they appear; check that the clock of the device is right.',
    });
  }

  #stepShowing(home: Account, device: MfaDevice, code: string, around: number, window: number) {
    const seed = this.#seedOf(home, device);
    for (let step = around - window; step <= around + window; step++) {
      if (step > device.lastStep && same(codeOf(seed, step), code)) return step;
    }
    return undefined;
  }

  #seedOf(home: Account, device: MfaDevice): Buffer {
    return Buffer.from(this.#keyring.openSecret(device.seed, sealedFor(home, device.name)), 'base64');
  }

  async #change(
    home: Account,
    serial: string,
    change: (device: MfaDevice, transaction: Transaction) => MfaDevice | undefined | Promise<MfaDevice>,
  ): Promise<void> {
    const name = mfaNameOf(home, serial)?.toLowerCase();
    await this.#db.transact(home.id, async transaction => {
      const device = name === undefined ? undefined : await transaction.get(devices, home.id, name);
      if (device === undefined || mfaSerial(home, device.path, device.name) !== serial)
        throw notFound(serial);
      const changed = await change(device, transaction);
      if (changed === undefined) transaction.delete(devices, home.id, name!);
      else transaction.put(devices, [home.id, name!], changed);
    });
  }
}

/** Throws `DeleteConflict` where a user still has MFA devices. For the deletion of users. */
export async function demandNoDevices(
  transaction: Transaction,
  account: string,
  userId: string,
): Promise<void> {
  if ((await transaction.list(owned, [account, userId], 1)).length > 0) {
    throw errors.DeleteConflict('Cannot delete entity, must delete MFA device first.');
  }
}

function sealedFor(home: Pick<Account, 'id'>, name: string): string {
  return `mfa device ${home.id} ${name.toLowerCase()}`;
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function notFound(serial: string) {
  return errors.NoSuchEntity(`MFA Device with serial number ${serial} does not exist.`);
}
