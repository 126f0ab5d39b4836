/** Continuation tokens: opaque to clients, they say behind which name to go on. */
import { invalidArgument } from '../../../core/s3-errors.js';

const VERSION = '1';

export function sealToken(name: string): string {
  return Buffer.from(VERSION + name).toString('base64url');
}

/** Throws InvalidArgument for what is no token of this server. */
export function openToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith(VERSION) && sealToken(text.slice(1)) === token) return text.slice(1);
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token');
}
