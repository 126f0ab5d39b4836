import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';

/**
 * Something between this process and PostgreSQL gives the transactions of one connection to several sessions. Commits
 * would then not run at SERIALIZABLE, which is set for a session.
 */
export class SessionsShared extends Error {
  override readonly name = 'SessionsShared';

  constructor() {
    super(
      'the connections to PostgreSQL do not keep their sessions: behind pgbouncer, pool_mode must be session',
    );
  }
}

/**
 * Looks whether a session is a connection's own, where two are open. A pool that hands sessions out for a transaction
 * gives the one that was free last. Throws `SessionsShared`.
 */
export async function demandOwnSessions(one: Connection, other: Connection): Promise<void> {
  const text = "SELECT set_config('karikagi.connection', $1, false) AS name";
  const name = randomUUID();
  await one.query({ text, values: [name] });
  await other.query({ text, values: [randomUUID()] });
  const [row] = await one.query<{ name: string }>({
    text: "SELECT current_setting('karikagi.connection', true) AS name",
  });
  if (row!.name !== name) throw new SessionsShared();
}
