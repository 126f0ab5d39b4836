/**
 * The details of a denial, sealed: the refused caller carries them, and only callers with the right can decode them.
 */
import { Unsealable } from '../../crypto/sealing.js';
import type { Keyring } from '../keyring.js';

const ABOUT = 'authorization message';

interface Sealed {
  /** The account whose principals may decode it. */
  readonly account: string;
  readonly message: object;
}

export class AuthorizationMessages {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Seals the details for an account, in characters that a header and a form take as they are. */
  encode(account: string, message: object): string {
    const sealed: Sealed = { account, message };
    return this.#keyring.sealSecret(JSON.stringify(sealed), ABOUT).toString('base64url');
  }

  /** The details as JSON; `undefined` for what was not sealed here, or not for that account. */
  decode(account: string, encoded: string): string | undefined {
    if (!/^[\w-]+$/.test(encoded)) return undefined;
    try {
      const sealed = this.#keyring.openSecret(Buffer.from(encoded, 'base64url'), ABOUT);
      const { account: owner, message } = JSON.parse(sealed) as Sealed;
      return owner === account ? JSON.stringify(message) : undefined;
    } catch (error) {
      if (error instanceof Unsealable) return undefined;
      throw error;
    }
  }
}
