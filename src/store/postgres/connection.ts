import { setTimeout as pause } from 'node:timers/promises';
import pg, { type ClientConfig, type QueryConfig, type QueryResultRow } from 'pg';
import { StoreUnavailable } from '../kv.js';

/** Between two rounds over all hosts while none is the primary, milliseconds. */
const PAUSE_MS = 200;

/** For how long it is tried to reach a primary before what needs it is given up, milliseconds. */
export const PATIENCE_MS = 5_000;

/**
 * After how long without an answer it is looked whether the server is there at all, and how long that may take,
 * milliseconds: where packets are swallowed, a connection does not end.
 */
const SILENCE_MS = 2_000;
const SIGN_OF_LIFE_MS = 3_000;

/** How often a statement is tried again on a new connection, all in all. */
const ATTEMPTS = 3;

/** The connection went away, or the server with it: whether it did what it was sent is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/**
 * SQLSTATEs after which a connection is of no more use: of class 08 (connection), of 57P (the server stops, starts or
 * ends this session), and `read_only_sql_transaction`, which is what a primary says that was made a standby.
 */
const LOST = /^(08|57P|25006)/;

/**
 * One connection to the primary among several servers. It is made when it is first needed and again after it was
 * lost.
 */
export class Connection {
  readonly #servers: readonly ClientConfig[];
  readonly #session: string;
  #client: Promise<pg.Client> | undefined;
  /** To which the connection was made last. */
  #server: ClientConfig | undefined;
  /** Settles when the statement before has its answer: each is sent after it, as the client's library asks for. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  #watching: NodeJS.Timeout | undefined;
  /** When something was answered last, or the first of those that wait was sent; of the monotonic clock. */
  #heard = 0;
  /** Statements that wait for their answer. */
  waiting = 0;

  /** `session`: SQL that each new connection begins with. */
  constructor(servers: readonly ClientConfig[], session: string) {
    this.#servers = servers;
    this.#session = session;
  }

  /**
   * Connects where there is no connection, for at most `patience` milliseconds. Throws `StoreUnavailable`, with the
   * reason of the last server that was asked.
   */
  async open(patience: number): Promise<void> {
    const deadline = performance.now() + patience;
    for (;;) {
      const client = (this.#client ??= this.#begin());
      try {
        await client;
        return;
      } catch (error) {
        if (this.#client === client) this.#client = undefined;
        if (this.#closed || performance.now() + PAUSE_MS > deadline)
          throw new StoreUnavailable(`no primary of PostgreSQL answers: ${reasonOf(error)}`);
        await pause(PAUSE_MS);
      }
    }
  }

  /**
   * What a statement answers, on the connection that `open` made. Throws `ConnectionLost`, and PostgreSQL's own error
   * where the statement failed.
   */
  async query<R extends QueryResultRow>(statement: QueryConfig): Promise<R[]> {
    const client = this.#client;
    if (client === undefined) throw new ConnectionLost('there is no connection');
    if (this.waiting++ === 0) this.#watch();
    try {
      const answer = this.#last.then(async () => {
        if (this.#client !== client) throw new ConnectionLost('the connection to PostgreSQL was lost');
        return (await (await client).query<R>(statement)).rows;
      });
      this.#last = answer.catch(() => undefined);
      return await answer;
    } catch (error) {
      if (error instanceof pg.DatabaseError && !LOST.test(error.code ?? '')) throw error;
      this.#drop(client);
      throw new ConnectionLost('the connection to PostgreSQL was lost', { cause: error });
    } finally {
      this.#heard = performance.now();
      if (--this.waiting === 0) clearInterval(this.#watching);
    }
  }

  /**
   * As `query`, for statements that may run twice: connects first, and tries again where the connection was lost.
   * Throws `StoreUnavailable`.
   */
  async ask<R extends QueryResultRow>(statement: QueryConfig): Promise<R[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let attempt = 1; ; attempt++) {
      await this.open(PATIENCE_MS);
      try {
        return await this.query<R>(statement);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (attempt === ATTEMPTS || performance.now() > deadline)
          throw new StoreUnavailable('connections to PostgreSQL break off', { cause: error });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.then(
      connected => connected.end(),
      () => undefined,
    );
  }

  #watch(): void {
    this.#heard = performance.now();
    this.#watching = setInterval(() => void this.#look(), SILENCE_MS / 2);
  }

  /** Gives a connection up on which nothing comes, where its server does not answer on another one either. */
  async #look(): Promise<void> {
    const [client, server] = [this.#client, this.#server];
    const isSilent = () => performance.now() - this.#heard >= SILENCE_MS;
    if (client === undefined || server === undefined || !isSilent()) return;
    if (!(await answers(server)) && isSilent()) this.#drop(client);
  }

  #begin(): Promise<pg.Client> {
    const client = this.#connect();
    client.then(
      // One that ends while no statement waits leaves nothing in doubt.
      connected => connected.once('end', () => this.#drop(client)),
      () => undefined,
    );
    return client;
  }

  #drop(client: Promise<pg.Client>): void {
    if (this.#client === client) {
      this.#client = undefined;
      this.#last = Promise.resolve();
    }
    void client.then(
      // Not `end`: it waits for a server that may never answer.
      lost =>
        (lost as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy(),
      () => undefined,
    );
  }

  async #connect(): Promise<pg.Client> {
    let reason: unknown;
    for (const server of this.#servers) {
      const client = new pg.Client(server);
      // What comes while no statement waits; the next statement meets a connection that is gone.
      client.on('error', () => undefined);
      try {
        await client.connect();
        const { rows } = await client.query('SELECT pg_is_in_recovery() AS standby');
        if (rows[0]?.standby) throw new Error('it is a standby');
        await client.query(this.#session);
        this.#server = server;
        return client;
      } catch (error) {
        reason = error;
        void client.end().catch(() => undefined);
      }
    }
    throw reason;
  }
}

/** Servers that are asked at the moment. */
const asked = new Map<ClientConfig, Promise<boolean>>();

/** Whether a server answers at all, be it that it refuses; all who ask at the same time share one connection. */
async function answers(server: ClientConfig): Promise<boolean> {
  let answer = asked.get(server);
  if (answer === undefined) {
    answer = isThere(server).finally(() => asked.delete(server));
    asked.set(server, answer);
  }
  return await answer;
}

async function isThere(server: ClientConfig): Promise<boolean> {
  const client = new pg.Client({ ...server, connectionTimeoutMillis: SIGN_OF_LIFE_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    return error instanceof pg.DatabaseError;
  } finally {
    void client.end().catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
