/** Salted scrypt hashes of passwords. A hash costs 50 ms of a processor and 16 MiB: all wait in one queue for them. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { FairQueue, QueueFull } from '../../core/fair-queue.js';
import { errors } from '../errors.js';
import type { HashedPassword } from '../model.js';

const derive = promisify<Buffer | string, Uint8Array, number, Buffer>(scrypt);
const HASH_BYTES = 32;

/** One of the threads that read and write files too, so that these go on. */
const queue = new FairQueue({ width: 1, perOwner: 32, total: 1000 });

/** No password is known that has this hash. */
export const NO_PASSWORD: HashedPassword = { salt: randomBytes(16), hash: randomBytes(HASH_BYTES) };

/** `owner`: who has to wait behind others of the same name. Throws `Throttling` where too much waits. */
export async function hashPassword(owner: string, password: string): Promise<HashedPassword> {
  const salt = randomBytes(16);
  return { salt, hash: await derived(owner, password, salt) };
}

/** Whether a password is the one of a hash, in a time that does not depend on it. Throws as `hashPassword`. */
export async function isPassword(
  owner: string,
  password: string,
  { salt, hash }: HashedPassword,
): Promise<boolean> {
  return timingSafeEqual(await derived(owner, password, salt), hash);
}

async function derived(owner: string, password: string, salt: Uint8Array): Promise<Buffer> {
  try {
    return await queue.run(owner, () => derive(password, salt, HASH_BYTES));
  } catch (error) {
    if (error instanceof QueueFull) throw errors.Throttling();
    throw error;
  }
}
