/** Where PostgreSQL is: what a URL says, several hosts included. */
import type { ClientConfig } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

/** How long a connection may take to be made, and a statement to be answered; milliseconds. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;

/** A URL that does not say where PostgreSQL is. */
export class BadPostgresUrl extends Error {
  override readonly name = 'BadPostgresUrl';
}

/**
 * What to connect with, one for each host that the URL names, in its order:
 * `postgres://user:password@a:5432,b:5432/db`. Options such as `sslmode=verify-full&sslrootcert=FILE` are those of
 * libpq. What the URL leaves out comes from libpq's environment (`PGPASSWORD` and so on). Throws `BadPostgresUrl`,
 * which never quotes the URL: it may hold a password.
 */
export function serversOf(url: string): ClientConfig[] {
  const match = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]*)([/?#].*)?$/.exec(url);
  if (!match)
    throw new BadPostgresUrl('the URL of PostgreSQL is of the form postgres://USER@HOST[,HOST…]/DATABASE');
  const [, before = '', hosts = '', after = ''] = match;
  return hosts.split(',').map(host => {
    try {
      return {
        ...parseIntoClientConfig(`${before}${host}${after}`),
        application_name: 'karikagi',
        keepAlive: true,
        keepAliveInitialDelayMillis: 10_000,
        connectionTimeoutMillis: CONNECT_MS,
        query_timeout: ANSWER_MS,
      };
    } catch (error) {
      const what = error instanceof Error && 'code' in error ? `: ${String(error.code)}` : '';
      throw new BadPostgresUrl(`the URL of PostgreSQL cannot be read${what}`);
    }
  });
}
