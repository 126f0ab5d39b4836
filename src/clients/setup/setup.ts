/** Makes a set-up, or says what it would make. */

import type { Sites, Step } from './sites.js';
import { type Made, setupSteps } from './steps.js';
import { type SetupClients, SetupError, type SetupOptions, type Source } from './types.js';

export interface SetupReport extends Made {
  /** What was made or would be made; empty where everything was there. */
  readonly steps: readonly Step[];
  /** Of an account without keys: what its administrator has to make. */
  readonly toMake: readonly Step[];
}

interface SetupRun {
  /** Makes nothing, and says what it would call. */
  readonly plan?: boolean;
  /** Called before each call that is made. */
  before?(step: Step): void;
}

/**
 * Makes what is missing of the set-up, call by call; with `plan` it makes nothing and says what it would call. Calls in
 * an account without keys are never made: they come back as `toMake`. A second run finds everything there. Throws
 * `SetupError`, and what the services answer: what was made until then is found by the next run.
 */
export async function setUp(
  options: SetupOptions,
  sites: Sites,
  { plan = false, before }: SetupRun = {},
): Promise<SetupReport> {
  checkOptions(options);
  checkSites(options, sites);
  const running = setupSteps(options, sites);
  const steps: Step[] = [];
  const toMake: Step[] = [];
  let answer: unknown;
  for (;;) {
    const next = await running.next(answer);
    if (next.done) return { ...next.value, steps, toMake };
    const { clients } = next.value.site;
    (clients ? steps : toMake).push(next.value);
    if (plan || !clients) {
      answer = undefined;
      continue;
    }
    before?.(next.value);
    answer = await settled(next.value, clients);
  }
}

/** How often, and how far apart in milliseconds, a call is tried that names what was made a moment ago. */
const TRIES = 10;
const PAUSE = 2_000;

/** AWS takes seconds until a new principal is known to policies ("Eventual consistency", IAM User Guide). */
async function settled({ call, what }: Step, clients: SetupClients): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await call.send(clients);
    } catch (error) {
      const { name, message } = error as Error;
      const young = /MalformedPolicyDocument/.test(name) && /principal/i.test(message);
      if (!young || tries === TRIES) {
        throw new SetupError(`${what}: ${call.operation}: ${name}: ${message}`, { cause: error });
      }
      await new Promise(done => setTimeout(done, PAUSE));
    }
  }
}

const PRINCIPAL = /^arn:aws[\w-]*:iam::\d{12}:(user|role)\/([\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/;

/** What each option has to be. */
const RULES = {
  name: '1 to 50 letters, digits and -',
  source: 'a name of up to 64 characters',
  bucket: "a bucket's name",
  prefix: 'not empty, and has no wildcards or spaces',
  duration: '3600 to 43200 seconds',
  'external-id': '2 to 1224 letters, digits and +=,.@:/-; for users and roles alone: services send none',
  'source-arn': 'an ARN, for --service alone',
} as const;

const SOURCE_RULES: Readonly<Record<Source['kind'], string>> = {
  user: RULES.source,
  'instance-profile': RULES.source,
  principal: 'the ARN of a user or a role',
  service: "a service's principal: lambda.amazonaws.com",
};

export type WrongOption = keyof typeof RULES;

/** The options that no set-up can be made of. */
export function wrongOptions(options: SetupOptions): WrongOption[] {
  const { name, prefix, bucket, maximum, externalId, source, sourceArn } = options;
  const service = source.kind === 'service';
  const right: Record<WrongOption, boolean> = {
    name: /^[A-Za-z][A-Za-z0-9-]{0,49}$/.test(name),
    source: isSource(source),
    bucket: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket),
    // `*`, `?` and `$` would be wildcards and variables in the policies.
    prefix: /^[\w!'().=+@:/-]{1,200}$/.test(prefix),
    duration: Number.isInteger(maximum) && maximum >= 3600 && maximum <= 43_200,
    'external-id': externalId === undefined || (!service && /^[\w+=,.@:/-]{2,1224}$/.test(externalId)),
    'source-arn':
      sourceArn === undefined ||
      (service && /^arn:aws[\w-]*:[\w*-]+:[\w*-]*:(\d{12}|\*)?:[\x21-\x7e]+$/.test(sourceArn)),
  };
  return (Object.keys(right) as WrongOption[]).filter(option => !right[option]);
}

function isSource(source: Source): boolean {
  if (source.kind === 'principal') return PRINCIPAL.test(source.arn);
  if (source.kind === 'service') {
    return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/.test(source.name);
  }
  return /^[\w+=,.@-]{1,64}$/.test(source.name);
}

function checkOptions(options: SetupOptions): void {
  const [wrong] = wrongOptions(options);
  if (wrong === undefined) return;
  const { kind } = options.source;
  throw new SetupError(
    wrong === 'source' ? `--${kind} is ${SOURCE_RULES[kind]}` : `--${wrong} is ${RULES[wrong]}`,
  );
}

function checkSites({ source, externalId, demandsId }: SetupOptions, sites: Sites): void {
  const [from, to] = [sites.source.place, sites.bucket.place];
  if (from.partition !== to.partition) {
    throw new SetupError(
      `${from.account} is in ${from.partition} and ${to.account} in ${to.partition}: no role is assumed across partitions`,
    );
  }
  if (!sites.bucket.clients && demandsId && externalId === undefined) {
    // The role is not there to read: each run would make up another one.
    throw new SetupError('--bucket-account needs the --external-id that was agreed on');
  }
  if (source.kind === 'service' && sites.source !== sites.bucket) {
    throw new SetupError('a service assumes a role of its own account: --service has no second account');
  }
}
