/**
 * What of Amazon Redshift a client of COPY and UNLOAD meets: PostgreSQL's wire protocol, Redshift's own grammar of the two,
 * and its refusals of what it does not have. PostgreSQL executes the rest, and holds the tables. Written from Redshift's
 * documentation; Redshift itself was not at hand.
 */
import { connect, createServer, type Socket } from 'node:net';
import { type CopyCommand, parse, Refusal, type UnloadCommand } from './grammar.js';
import { type Cluster, Storage, type UnloadColumn } from './storage.js';

export interface RedshiftServer {
  readonly port: number;
  /** Every statement that came, as it came. */
  readonly statements: string[];
  close(): Promise<void>;
}

/** Functions of Redshift that PostgreSQL lacks, for the database behind. */
export const REDSHIFT_FUNCTIONS = `
  CREATE FUNCTION pg_last_copy_count() RETURNS bigint LANGUAGE sql AS
    $$ SELECT coalesce(nullif(current_setting('redshift.copied', true), ''), '0')::bigint $$;
  CREATE FUNCTION getdate() RETURNS timestamp LANGUAGE sql AS $$ SELECT now()::timestamp $$;`;

/**
 * Statements and functions that Redshift does not have ("Unsupported PostgreSQL features", "Unsupported PostgreSQL
 * functions", and the syntax of INSERT).
 */
const UNKNOWN =
  /\b(ON\s+CONFLICT|RETURNING|to_regclass|pg_current_xact_id|txid_current|SAVEPOINT|CREATE\s+(UNIQUE\s+)?INDEX|ON\s+COMMIT|FROM\s+STDIN|TO\s+STDOUT)\b/i;

/** Starts one on a free port of loopback, before a PostgreSQL on another. */
export async function startRedshift(postgresPort: number, cluster: Cluster): Promise<RedshiftServer> {
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const backend = connect(postgresPort, '127.0.0.1');
    for (const socket of [client, backend]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        backend.destroy();
        sockets.delete(socket);
      });
    }
    new Session(client, backend, cluster, statements);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    statements,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

interface Frame {
  /** One letter; empty for the first message, which has none. */
  readonly type: string;
  readonly body: Buffer;
}

const SSL_REQUEST = 80_877_103;

function frameOf({ type, body }: Frame): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), head, body]);
}

const textFrame = (type: string, text: string): Frame => ({ type, body: Buffer.from(`${text}\0`) });

/** Cuts what comes in into messages ("Message Formats", PostgreSQL). `first`: one without a letter comes first. */
class Messages {
  #waiting = Buffer.alloc(0);
  #first: boolean;

  constructor(first: boolean) {
    this.#first = first;
  }

  *take(bytes: Buffer): Generator<Frame> {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    for (;;) {
      const letters = this.#first ? 0 : 1;
      if (this.#waiting.length < letters + 4) return;
      const end = letters + this.#waiting.readInt32BE(letters);
      if (this.#waiting.length < end) return;
      const type = this.#waiting.toString('latin1', 0, letters);
      const body = this.#waiting.subarray(letters + 4, end);
      this.#waiting = this.#waiting.subarray(end);
      const isSsl = this.#first && body.readInt32BE(0) === SSL_REQUEST;
      if (!isSsl) this.#first = false;
      yield { type: isSsl ? 'ssl' : type, body };
    }
  }
}

class Session {
  readonly #client: Socket;
  readonly #backend: Socket;
  readonly #cluster: Cluster;
  readonly #statements: string[];
  /** What PostgreSQL says while this server asks for itself; `undefined`: it goes to the client. */
  #own: Frame[] | undefined;
  #arrived: (() => void) | undefined;
  #work = Promise.resolve();

  constructor(client: Socket, backend: Socket, cluster: Cluster, statements: string[]) {
    this.#client = client;
    this.#backend = backend;
    this.#cluster = cluster;
    this.#statements = statements;
    const asked = new Messages(true);
    client.on('data', bytes => {
      for (const frame of asked.take(bytes)) this.#work = this.#work.then(() => this.#ask(frame));
    });
    const answers = new Messages(false);
    backend.on('data', bytes => {
      for (const frame of answers.take(bytes)) this.#answer(frame);
    });
  }

  #answer(frame: Frame): void {
    if (!this.#own) return void this.#client.write(frameOf(frame));
    this.#own.push(frame);
    this.#arrived?.();
  }

  async #next(): Promise<Frame> {
    while (this.#own!.length === 0) {
      await new Promise<void>(resolve => {
        this.#arrived = resolve;
      });
    }
    return this.#own!.shift()!;
  }

  async #ask(frame: Frame): Promise<void> {
    if (frame.type === 'ssl') return void this.#client.write('N');
    if (frame.type !== 'Q' && frame.type !== 'P') return void this.#backend.write(frameOf(frame));
    const [before, sql] = textOf(frame);
    this.#statements.push(sql);
    if (UNKNOWN.test(sql.replace(/'(?:[^']|'')*'/g, ''))) {
      const refused = raise(new Refusal(`syntax error: Redshift has no ${UNKNOWN.exec(sql)?.[0]}`));
      return this.#pass({
        ...frame,
        body: Buffer.concat([before, Buffer.from(`${refused}\0`), restOf(frame)]),
      });
    }
    // TRUNCATE commits its transaction ("TRUNCATE", usage notes).
    if (/^\s*truncate\b/i.test(sql)) return this.#pass(textFrame('Q', `${sql}; COMMIT`));
    try {
      const command = parse(sql);
      if (!command) return this.#pass(frame);
      if (frame.type === 'P') throw new Refusal('COPY and UNLOAD take no parameters');
      await (command.kind === 'copy' ? this.#copy(command) : this.#unload(command));
    } catch (error) {
      this.#own = undefined;
      const { name, message } = error as Error;
      const refusal =
        error instanceof Refusal ? error : new Refusal(`S3ServiceException: ${name}: ${message}`, 'XX000');
      this.#pass(textFrame('Q', raise(refusal)));
    }
  }

  #pass(frame: Frame): void {
    this.#backend.write(frameOf(frame));
  }

  async #copy(command: CopyCommand): Promise<void> {
    const storage = await Storage.open(this.#cluster, command);
    try {
      const files = storage.files(command);
      // The first file is fetched before PostgreSQL is asked: what S3 refuses at once needs no COPY.
      let file = await files.next();
      const columns = command.columns.length > 0 ? ` (${command.columns.join(', ')})` : '';
      this.#own = [];
      this.#pass(textFrame('Q', `COPY ${command.table}${columns} FROM STDIN WITH (${dialectOf(command)})`));
      const answer = await this.#next();
      if (answer.type !== 'G') return await this.#finish(answer);
      try {
        for (; !file.done; file = await files.next()) this.#pass({ type: 'd', body: file.value });
        this.#pass({ type: 'c', body: Buffer.alloc(0) });
      } catch (error) {
        const { name, message } = error as Error;
        this.#pass(textFrame('f', `S3ServiceException: ${name}: ${message}`));
      }
      const done = await this.#next();
      const [, rows] = /^COPY (\d+)/.exec(done.body.toString()) ?? [];
      if (done.type !== 'C' || rows === undefined) return await this.#finish(done);
      await this.#next();
      await this.#completed('COPY', `SELECT set_config('redshift.copied', '${rows}', false)`);
    } finally {
      storage.close();
    }
  }

  async #unload(command: UnloadCommand): Promise<void> {
    const storage = await Storage.open(this.#cluster, command);
    try {
      this.#own = [];
      this.#pass(textFrame('Q', `SELECT * FROM (${command.select}\n) AS answer LIMIT 0`));
      const described = await this.#next();
      if (described.type !== 'T') return await this.#finish(described);
      while ((await this.#next()).type !== 'Z');
      this.#pass(textFrame('Q', `COPY (${command.select}\n) TO STDOUT WITH (${dialectOf(command)})`));
      const answer = await this.#next();
      if (answer.type !== 'H') return await this.#finish(answer);
      await storage.unload(command, this.#rows(), columnsOf(described.body));
      await this.#completed('UNLOAD', 'SELECT 1');
    } finally {
      storage.close();
    }
  }

  /** The rows that PostgreSQL copies out, one message each. */
  async *#rows(): AsyncGenerator<Buffer> {
    for (let frame = await this.#next(); frame.type !== 'Z'; frame = await this.#next()) {
      if (frame.type === 'd') yield frame.body;
      if (frame.type === 'E') throw new Refusal('the SELECT of an UNLOAD failed', 'XX000');
    }
  }

  /** Says that the command is done, in the state in which a statement of its own leaves the transaction. */
  async #completed(tag: string, sql: string): Promise<void> {
    this.#pass(textFrame('Q', sql));
    let frame = await this.#next();
    while (frame.type !== 'Z') frame = await this.#next();
    this.#own = undefined;
    this.#client.write(Buffer.concat([frameOf(textFrame('C', tag)), frameOf(frame)]));
  }

  /** Hands PostgreSQL's answer to the client, to its end. */
  async #finish(first: Frame): Promise<void> {
    let frame = first;
    for (;;) {
      this.#client.write(frameOf(frame));
      if (frame.type === 'Z') break;
      frame = await this.#next();
    }
    this.#own = undefined;
  }
}

/** A statement that fails with a refusal, so that the transaction is what it is after one. */
function raise({ message, code }: Refusal): string {
  const text = `'${message.replaceAll("'", "''")}'`;
  return `DO $do$ BEGIN RAISE EXCEPTION USING MESSAGE = ${text}, ERRCODE = '${code}'; END $do$`;
}

function dialectOf({ options }: CopyCommand | UnloadCommand): string {
  if (options.get('FORMAT') !== 'CSV' && !options.has('CSV')) {
    throw new Refusal('this server knows CSV alone', '0A000');
  }
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const empty = options.get('NULL') ?? '\\N';
  return `FORMAT csv, DELIMITER ${quoted(String(options.get('DELIMITER') ?? ','))}, NULL ${quoted(String(empty))}`;
}

/** The text of a Query or a Parse, and what is before it: a Parse begins with the name of the statement. */
function textOf({ type, body }: Frame): readonly [Buffer, string] {
  const start = type === 'P' ? body.indexOf(0) + 1 : 0;
  return [body.subarray(0, start), body.toString('utf8', start, body.indexOf(0, start))];
}

/** The types of a Parse's parameters; nothing of a Query. */
function restOf({ type, body }: Frame): Buffer {
  return type === 'P' ? Buffer.alloc(2) : body.subarray(body.length);
}

/** Of a RowDescription: for each field its name, six numbers, and among them the type. */
function columnsOf(body: Buffer): UnloadColumn[] {
  const columns: UnloadColumn[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    columns.push({
      name: body.toString('utf8', at, end),
      type: TYPES[body.readInt32BE(end + 7)] ?? 'character varying',
    });
    at = end + 19;
  }
  return columns;
}

const TYPES: Readonly<Record<number, string>> = {
  16: 'boolean',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  700: 'real',
  701: 'double precision',
  1082: 'date',
  1114: 'timestamp without time zone',
  1700: 'numeric',
};
