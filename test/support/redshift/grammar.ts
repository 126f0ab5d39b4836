/**
 * COPY and UNLOAD as Amazon Redshift's Developer Guide gives their syntax: "COPY", "COPY from Amazon S3", "Authorization
 * parameters", "Data format parameters", "Data conversion parameters", "Data load operations", "UNLOAD". What is not there
 * is a syntax error; what the guide says must not stand together is refused.
 */

export type Authorization =
  | { readonly roles: readonly string[] }
  | {
      readonly keys: {
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        readonly sessionToken?: string;
      };
    };

export interface CopyCommand {
  readonly kind: 'copy';
  /** As it stands in the text. */
  readonly table: string;
  readonly columns: readonly string[];
  readonly from: string;
  readonly authorization: Authorization;
  readonly options: Options;
}

export interface UnloadCommand {
  readonly kind: 'unload';
  readonly select: string;
  readonly to: string;
  readonly authorization: Authorization;
  readonly options: Options;
}

/** By the first word of an option; `true` for one without a value. */
export type Options = ReadonlyMap<string, string | true>;

/** A text that Redshift refuses, with the code that PostgreSQL has for it. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code = '42601',
  ) {
    super(message);
  }
}

interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'sign';
  readonly value: string;
  /** As it stands in the text. */
  readonly raw: string;
}

const TOKEN =
  /\s+|--[^\n]*|(?<word>[A-Za-z_][\w$]*)|"(?<name>(?:[^"]|"")*)"|'(?<text>(?:[^'\\]|\\[\s\S]|'')*)'|(?<number>\d+(?:\.\d+)?)|(?<sign>[(),.;])/y;

function tokens(sql: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(sql);
    if (!match) throw new Refusal(`syntax error at or near "${sql.slice(at, at + 10)}"`);
    for (const kind of ['word', 'name', 'text', 'number', 'sign'] as const) {
      const value = match.groups![kind];
      if (value !== undefined)
        found.push({ kind, value: kind === 'text' ? unescaped(value) : value, raw: match[0] });
    }
  }
  return found;
}

/** In a literal a backslash escapes the character after it, and two quotes are one. */
const unescaped = (text: string) =>
  text.replace(/\\([\s\S])|''/g, (_, escaped: string | undefined) => escaped ?? "'");

/** The command, or `undefined` where the text is another statement. Throws `Refusal`. */
export function parse(sql: string): CopyCommand | UnloadCommand | undefined {
  const [, verb] = /^\s*(copy|unload)\b/i.exec(sql) ?? [];
  if (verb === undefined) return undefined;
  const reader = new Reader(tokens(sql));
  reader.next();
  return verb.toLowerCase() === 'copy' ? copyOf(reader) : unloadOf(reader);
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all.at(-1)?.value === ';' ? all.slice(0, -1) : all;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  next(): Token {
    const token = this.#tokens[this.#at++];
    if (token) return token;
    throw new Refusal('syntax error at end of input');
  }

  /** Takes the word or sign where it is next. */
  take(value: string): boolean {
    const token = this.#tokens[this.#at];
    const is =
      token && (token.kind === 'word' || token.kind === 'sign') && token.value.toUpperCase() === value;
    if (is) this.#at++;
    return is ?? false;
  }

  expect(value: string): void {
    if (!this.take(value)) throw this.unexpected();
  }

  text(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'text') throw this.unexpected();
    this.#at++;
    return token.value;
  }

  unexpected(): Refusal {
    const token = this.#tokens[this.#at];
    return new Refusal(token ? `syntax error at or near "${token.raw}"` : 'syntax error at end of input');
  }
}

function nameOf(reader: Reader): string {
  const { kind, raw } = reader.next();
  if (kind === 'word' || kind === 'name') return raw;
  throw new Refusal(`syntax error at or near "${raw}"`);
}

function copyOf(reader: Reader): CopyCommand {
  let table = nameOf(reader);
  if (reader.take('.')) table += `.${nameOf(reader)}`;
  const columns: string[] = [];
  if (reader.take('(')) {
    do columns.push(nameOf(reader));
    while (reader.take(','));
    reader.expect(')');
  }
  reader.expect('FROM');
  const from = reader.text();
  if (!from.startsWith('s3://')) throw new Refusal('this server copies from S3 alone', '0A000');
  const { authorization, options } = clauses(reader, COPY_OPTIONS);
  return { kind: 'copy', table, columns, from, authorization, options };
}

function unloadOf(reader: Reader): UnloadCommand {
  reader.expect('(');
  const select = reader.text();
  reader.expect(')');
  reader.expect('TO');
  const to = reader.text();
  const { authorization, options } = clauses(reader, UNLOAD_OPTIONS);
  const is = (name: string) => options.has(name);
  // "UNLOAD", "Usage notes": LIMIT in the outer SELECT; "Parameters": what must not stand together.
  if (/\blimit\s+\d+\s*$/i.test(select)) throw new Refusal('Limit clause is not supported in UNLOAD');
  if (is('KMS_KEY_ID') && !is('ENCRYPTED')) throw new Refusal('KMS_KEY_ID requires ENCRYPTED');
  if (is('ENCRYPTED') && !is('KMS_KEY_ID') && options.get('ENCRYPTED') !== 'AUTO') {
    throw new Refusal('client-side encryption is no longer there for UNLOAD', '0A000');
  }
  if (is('CLEANPATH') && is('ALLOWOVERWRITE')) throw new Refusal('CLEANPATH and ALLOWOVERWRITE conflict');
  const size = options.get('MAXFILESIZE');
  if (typeof size === 'string' && (Number(size) < 5 || Number(size) > 6200)) {
    throw new Refusal('MAXFILESIZE must be between 5MB and 6.2GB');
  }
  return { kind: 'unload', select, to, authorization, options };
}

type Take = (reader: Reader) => string | true;
const flag: Take = () => true;
const text: Take = reader => {
  reader.take('AS');
  return reader.text();
};
const onOff: Take = reader => {
  if (reader.take('OFF') || reader.take('FALSE')) return 'OFF';
  return reader.take('ON') || reader.take('TRUE') || reader.take('PRESET') ? 'ON' : true;
};
const format: Take = reader => {
  reader.take('AS');
  if (reader.take('CSV')) return 'CSV';
  throw reader.unexpected();
};
const megabytes: Take = reader => {
  reader.take('AS');
  const { kind, value } = reader.next();
  if (kind !== 'number') throw new Refusal(`syntax error at or near "${value}"`);
  if (reader.take('GB')) return String(Number(value) * 1000);
  reader.take('MB');
  return value;
};
const number: Take = reader => {
  reader.take('AS');
  return reader.next().value;
};

const COPY_OPTIONS: Readonly<Record<string, Take>> = {
  FORMAT: format,
  CSV: flag,
  DELIMITER: text,
  NULL: text,
  GZIP: flag,
  MANIFEST: flag,
  ENCRYPTED: () => {
    throw new Refusal('client-side encryption is no longer there for COPY', '0A000');
  },
  REGION: text,
  ACCEPTANYDATE: flag,
  ACCEPTINVCHARS: reader => (reader.take('AS') ? reader.text() : true),
  BLANKSASNULL: flag,
  EMPTYASNULL: flag,
  IGNOREBLANKLINES: flag,
  TRIMBLANKS: flag,
  TRUNCATECOLUMNS: flag,
  DATEFORMAT: text,
  TIMEFORMAT: text,
  COMPROWS: number,
  COMPUPDATE: onOff,
  STATUPDATE: onOff,
  MAXERROR: number,
};

const UNLOAD_OPTIONS: Readonly<Record<string, Take>> = {
  FORMAT: format,
  CSV: flag,
  DELIMITER: text,
  NULL: text,
  GZIP: flag,
  HEADER: flag,
  MANIFEST: reader => (reader.take('VERBOSE') ? 'VERBOSE' : true),
  ENCRYPTED: reader => (reader.take('AUTO') ? 'AUTO' : true),
  KMS_KEY_ID: text,
  PARALLEL: onOff,
  MAXFILESIZE: megabytes,
  REGION: text,
  ALLOWOVERWRITE: flag,
  CLEANPATH: flag,
};

const AUTHORIZATION = ['IAM_ROLE', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN', 'CREDENTIALS'];

/** Authorization and options in any order, each once. */
function clauses(reader: Reader, known: Readonly<Record<string, Take>>) {
  const options = new Map<string, string | true>();
  const rights = new Map<string, string>();
  while (!reader.done) {
    const name = [...AUTHORIZATION, ...Object.keys(known)].find(each => reader.take(each));
    if (name === undefined) throw reader.unexpected();
    if (options.has(name) || rights.has(name)) throw new Refusal(`conflicting or redundant options: ${name}`);
    if (!AUTHORIZATION.includes(name)) options.set(name, known[name]!(reader));
    else if (name === 'IAM_ROLE' && reader.take('DEFAULT')) rights.set(name, 'default');
    else {
      if (name === 'CREDENTIALS') reader.take('AS');
      rights.set(name, reader.text());
    }
  }
  return { authorization: authorizationOf(rights, options), options };
}

/** Exactly one of the three forms ("Authorization parameters"). */
function authorizationOf(rights: ReadonlyMap<string, string>, options: Options): Authorization {
  const role = rights.get('IAM_ROLE');
  const credentials = rights.get('CREDENTIALS');
  const byKeys =
    rights.has('ACCESS_KEY_ID') || rights.has('SECRET_ACCESS_KEY') || rights.has('SESSION_TOKEN');
  if ([role !== undefined, credentials !== undefined, byKeys].filter(Boolean).length !== 1) {
    throw new Refusal('exactly one of IAM_ROLE, ACCESS_KEY_ID and CREDENTIALS must be given');
  }
  if (role !== undefined) return { roles: role.split(',') };
  if (credentials !== undefined) {
    // "UNLOAD", KMS_KEY_ID: not together with CREDENTIALS.
    if (options.has('KMS_KEY_ID')) throw new Refusal('CREDENTIALS is not allowed with KMS_KEY_ID');
    return { keys: credentialsOf(credentials) };
  }
  const [accessKeyId, secretAccessKey] = [rights.get('ACCESS_KEY_ID'), rights.get('SECRET_ACCESS_KEY')];
  if (!accessKeyId || !secretAccessKey) throw new Refusal('ACCESS_KEY_ID and SECRET_ACCESS_KEY go together');
  const sessionToken = rights.get('SESSION_TOKEN');
  return { keys: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) } };
}

/** `aws_access_key_id=…;aws_secret_access_key=…;token=…`, without spaces. */
function credentialsOf(text: string) {
  const match = /^aws_access_key_id=([^;\s]+);aws_secret_access_key=([^;\s]+)(?:;token=([^;\s]+))?$/.exec(
    text,
  );
  if (!match) throw new Refusal('Invalid credentials');
  const [, accessKeyId = '', secretAccessKey = '', sessionToken] = match;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
