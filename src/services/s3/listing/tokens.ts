/** Continuation tokens: opaque to clients, they say behind which name to go on. */
import { s3Errors } from '../errors.js';

const VERSION = '1';

export function sealToken(name: string): string {
  return Buffer.from(VERSION + name).toString('base64url');
}

/** Throws InvalidArgument for what is no token of this server. */
export function openToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith(VERSION) && sealToken(text.slice(1)) === token) return text.slice(1);
  throw s3Errors.InvalidArgument(['The continuation token provided is incorrect'], {
    members: { ArgumentName: 'continuation-token' },
  });
}
