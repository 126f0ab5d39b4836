/** The ways in which a request names a key: key id, key ARN, alias name, alias ARN. */
import { parseArn } from '../policy/index.js';
import { errors } from './errors.js';

/** Where names without a place of their own belong: the caller's account and the request's region. */
export interface Home {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export interface KeyName {
  readonly kind: 'key' | 'alias';
  readonly account: string;
  /** The key's id, or the alias with its `alias/`. */
  readonly name: string;
}

const KEY_ID = /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

/**
 * Reads what a request calls a key. Throws `NotFoundException` for what is neither a key id nor an alias or is of
 * another region, `InvalidArnException` for ARNs of something else.
 */
export function readKeyName(text: string, home: Home): KeyName {
  if (!text.startsWith('arn:')) return readName(text, text, home.account);
  const arn = parseArn(text);
  if (arn?.service !== 'kms' || arn.partition !== home.partition || !/^\d{12}$/.test(arn.account)) {
    throw errors.InvalidArnException(`Invalid arn ${text}`);
  }
  if (arn.region !== home.region) throw errors.NotFoundException(`Invalid arn ${arn.region}`);
  if (arn.resource.startsWith('key/')) return readName(arn.resource.slice(4), text, arn.account);
  return readName(arn.resource, text, arn.account);
}

function readName(name: string, text: string, account: string): KeyName {
  if (KEY_ID.test(name)) return { kind: 'key', account, name };
  if (name.startsWith('alias/') && name.length > 6) return { kind: 'alias', account, name };
  throw errors.NotFoundException(`Invalid keyId '${text}'`);
}
