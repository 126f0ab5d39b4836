/** What of a request and its reply goes into the event: everything but secrets and bodies. */
import type { CloudTrailMap, CloudTrailValue } from '../core/cloudtrail.js';
import { type HttpRequest, headerText } from '../core/http-message.js';
import { kindOf, membersOf, type OperationSchema, type Schema, setOwn } from './schema.js';
import type { Recognised } from './types.js';

/** What CloudTrail writes in the place of a value that must not be in a log. */
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

type Shown = (value: unknown) => CloudTrailValue | undefined;

/**
 * Members that prove or open something and that AWS's models do not mark as sensitive. Names of pages (`NextToken`)
 * are not among them.
 */
const SECRET =
  /^(SessionToken|TokenCode|AuthenticationCode\d?|MFA|EncodedMessage|DecodedMessage|Grant(Tokens?)|SecretAccessKey|ServicePassword|.*Password|WebIdentityToken|SAMLAssertion|ContextAssertion|SignInToken|SigninToken)$/;

/** Writes values of schemas, in the names that one protocol's records have. A writer is made with its first event. */
class Writers {
  readonly #made = new WeakMap<object, Shown>();

  constructor(private readonly nameOf: (name: string) => string) {}

  /**
   * A value as CloudTrail shows it: times in its words, secrets hidden, bytes left out.
   */
  of(schema: Schema): Shown {
    const key = schema.getSchema();
    if (typeof key !== 'object' || key === null) return this.#make(schema);
    const known = this.#made.get(key);
    if (known) return known;
    // A shape may hold itself: what is inside asks again, once this one is known.
    let made: Shown | undefined;
    const write: Shown = value => (made ??= this.#make(schema))(value);
    this.#made.set(key, write);
    return write;
  }

  #make(schema: Schema): Shown {
    if (schema.getMergedTraits().sensitive) return () => HIDDEN;
    switch (kindOf(schema)) {
      case 'structure':
        return this.#structure(schema);
      case 'list': {
        const item = this.#member('', schema.getValueSchema());
        return value => (Array.isArray(value) ? value.map(one => item(one) ?? null) : undefined);
      }
      case 'map': {
        const item = this.#member('', schema.getValueSchema());
        return value => mapped(Object.entries(value as object), item);
      }
      case 'timestamp':
        return value => (value instanceof Date ? timeText(value) : undefined);
      case 'blob':
      case 'unit':
      case 'document':
        return () => undefined;
      default:
        return value => value as CloudTrailValue;
    }
  }

  #structure(schema: Schema): Shown {
    const members = membersOf(schema).map(
      ([name, member]) => [name, this.nameOf(name), this.#member(name, member)] as const,
    );
    return value => {
      const made: Record<string, CloudTrailValue> = {};
      for (const [name, recorded, write] of members) {
        const member = (value as Record<string, unknown>)[name];
        const shown = member === undefined || member === null ? undefined : write(member);
        if (shown !== undefined) made[recorded] = shown;
      }
      return made;
    };
  }

  /** The traits of a member may differ from those of its shape: secrecy is asked of both. */
  #member(name: string, member: Schema): Shown {
    if (!member.getMergedTraits().sensitive && !SECRET.test(name)) return this.of(member);
    return kindOf(member) === 'blob' ? () => undefined : () => HIDDEN;
  }
}

/** `RoleName` → `roleName`; `SSHPublicKeyId` → `sSHPublicKeyId`, as AWS writes it. */
const smallFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const writers = new Writers(smallFirst);
/** S3's documents have the names of their elements. */
const documents = new Writers(name => name);

function mapped(entries: readonly (readonly [string, unknown])[], write: Shown): CloudTrailMap {
  const made: Record<string, CloudTrailValue> = {};
  for (const [key, value] of entries) {
    const text = value === undefined || value === null ? undefined : write(value);
    if (text !== undefined) setOwn(made, key, text);
  }
  return made;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jan 31, 2026, 1:05:08 PM` */
function timeText(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const hours = time.getUTCHours();
  const clock = `${hours % 12 || 12}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
  const day = `${MONTHS[time.getUTCMonth()]} ${time.getUTCDate()}, ${time.getUTCFullYear()}`;
  return `${day}, ${clock} ${hours < 12 ? 'AM' : 'PM'}`;
}

/**
 * CloudTrail's `requestParameters`. Of REST with XML those are the query and the headers `x-amz-…` under their own
 * names, the bucket, the key, the host and the document; of the other protocols the input. `undefined` without any.
 */
export function requestParameters(
  recognised: Recognised,
  request: HttpRequest,
  input: unknown,
): CloudTrailMap | undefined {
  const { schema } = recognised.operation;
  const made = recognised.headers
    ? headParameters(recognised, request, schema, input)
    : input === undefined
      ? {}
      : (writers.of(schema.input)(input) as CloudTrailMap | undefined);
  return made && Object.keys(made).length > 0 ? made : undefined;
}

/** Query parameters and headers of a signature, and those that give a key or a code away. */
const LEFT_OUT =
  /^(x-amz-(signature|credential|security-token|date|content-sha256|algorithm|user-agent|decoded-content-length|trailer|mfa|meta-.*|.*customer-key(-md5)?)|signature|awsaccesskeyid|x-id)$/i;

/** Characters: what a client says of itself may fill 32 KiB. */
const LONGEST = 2048;

function headParameters(
  { bucket, key, labels, headers, parameters }: Recognised,
  request: HttpRequest,
  schema: OperationSchema,
  input: unknown,
): CloudTrailMap {
  const made: Record<string, CloudTrailValue> = {};
  const set = (name: string, value: string) => setOwn(made, name, value.slice(0, LONGEST));
  if (bucket !== undefined) set('bucketName', bucket);
  const host = request.headers.get('host');
  if (host !== undefined) set('Host', headerText(host));
  for (const [name, value] of parameters ?? []) if (!LEFT_OUT.test(name)) set(name, value);
  for (const [name, value] of headers!) {
    if (name.startsWith('x-amz-') && !LEFT_OUT.test(name)) set(name, headerText(value));
  }
  for (const [name, value] of Object.entries(labels ?? {})) {
    if (value !== undefined && name !== 'Bucket' && name !== 'Key') set(smallFirst(name), value);
  }
  if (key !== undefined) set('key', key);
  if (input !== undefined && key === undefined) addDocument(made, schema, input as Record<string, unknown>);
  return made;
}

/** What an operation on a bucket has in its body; the keys of DeleteObjects stand among the event's resources. */
function addDocument(
  made: Record<string, CloudTrailValue>,
  { name: operation, input: schema }: OperationSchema,
  input: Readonly<Record<string, unknown>>,
): void {
  if (operation === 'DeleteObjects') return;
  for (const [name, member] of membersOf(schema)) {
    const { httpPayload, xmlName } = member.getMergedTraits();
    // The document of a request that its head refuses stays unread.
    if (!httpPayload || !Object.keys(input).includes(name) || input[name] === undefined) continue;
    if (name === 'Policy' && typeof input[name] === 'string') {
      made['bucketPolicy'] = parsed(input[name]);
    } else if (kindOf(member) === 'structure') {
      const document = documents.of(member)(input[name]);
      if (document !== undefined) made[typeof xmlName === 'string' ? xmlName : name] = document;
    }
  }
}

function parsed(json: string): CloudTrailValue {
  try {
    return JSON.parse(json) as CloudTrailValue;
  } catch {
    return json.slice(0, LONGEST);
  }
}

/**
 * CloudTrail's `responseElements`, of calls that change something: what the service answered, of REST with XML the
 * headers `x-amz-…`. `undefined` without any.
 */
export function responseElements(
  recognised: Recognised,
  output: unknown,
  replyHeaders: Readonly<Record<string, string>>,
): CloudTrailMap | undefined {
  const made = recognised.headers
    ? mapped(
        Object.entries(replyHeaders).filter(([name]) => /^x-amz-(?!request-id$|id-2$|meta-)/.test(name)),
        value => value as string,
      )
    : output === undefined
      ? {}
      : (writers.of(recognised.operation.schema.output)(output) as CloudTrailMap | undefined);
  return made && Object.keys(made).length > 0 ? made : undefined;
}
