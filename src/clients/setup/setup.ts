/** Makes a set-up, or says what it would make. */
import { type Reader, readerOf } from './reader.js';
import { type Made, setupSteps } from './steps.js';
import { type Place, type SetupClients, SetupError, type SetupOptions, type Step } from './types.js';

export interface SetupReport extends Made {
  /** What was made or would be made; empty where everything was there. */
  readonly steps: readonly Step[];
}

/**
 * Makes what is missing of the set-up, call by call; with `plan` it makes nothing and says what it would call.
 * `before` runs ahead of each call. A second run finds everything there. Throws `SetupError`, and what the services
 * answer: what was made until then is found by the next run.
 */
export async function setUp(
  options: SetupOptions,
  place: Place,
  clients: SetupClients,
  { plan = false, reader = readerOf(clients), before }: SetupRun = {},
): Promise<SetupReport> {
  checkOptions(options);
  const running = setupSteps(options, place, reader, clients);
  const steps: Step[] = [];
  let answer: unknown;
  for (;;) {
    const next = await running.next(answer);
    if (next.done) return { ...next.value, steps };
    steps.push(next.value);
    before?.(next.value);
    answer = plan ? undefined : await settled(next.value);
  }
}

export interface SetupRun {
  readonly plan?: boolean;
  readonly reader?: Reader;
  readonly before?: (step: Step) => void;
}

/** How often, and how far apart in milliseconds, a call is tried that names what was made a moment ago. */
const TRIES = 10;
const PAUSE = 2_000;

/** AWS takes seconds until a new principal is known to policies ("Eventual consistency", IAM User Guide). */
async function settled({ call, what }: Step): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await call.send();
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

function checkOptions({ name, prefix, bucket, maximum, externalId, source }: SetupOptions): void {
  const wrong = (option: string, rule: string) => {
    throw new SetupError(`--${option} is ${rule}`);
  };
  if (!/^[A-Za-z][A-Za-z0-9-]{0,49}$/.test(name)) wrong('name', '1 to 50 letters, digits and -');
  if (!/^[\w+=,.@-]{1,64}$/.test(source.name)) wrong(source.kind, 'a name of up to 64 characters');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) wrong('bucket', "a bucket's name");
  // `*`, `?` and `$` would be wildcards and variables in the policies.
  if (!/^[\w!'().=+@:/-]{1,200}$/.test(prefix)) wrong('prefix', 'not empty, and has no wildcards or spaces');
  if (!Number.isInteger(maximum) || maximum < 3600 || maximum > 43_200) {
    wrong('duration', '3600 to 43200 seconds');
  }
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    wrong('external-id', '2 to 1224 letters, digits and +=,.@:/-');
  }
}
