/** Makes a policy from recorded calls, and holds them against it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../core/clock.js';
import { type GeneratedPolicy, PolicyGenerator } from '../policy/generate/index.js';
import { isCall, readCall } from '../policy/recorded/index.js';
import { type AccountCopy, Replay, withChange, worldOf } from '../policy/replay/index.js';
import { readCopies, renderGenerated, sinceOf } from '../replay/index.js';
import type { ClientFlags } from './client-options.js';
import { replayEvents } from './replay.js';

export interface GenerateFlags extends ClientFlags {
  readonly principal: string;
  readonly events: string[];
  readonly policies?: string;
  readonly since?: string;
  readonly fold: number;
  readonly unusedFor?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** An input could not be read: calls may be missing in the policy. */
const NOT_READ = 3;

/** See `generateCommand`. */
export async function generate(flags: GenerateFlags): Promise<void> {
  const { principal, fold: foldAt, unusedFor, out } = flags;
  if (flags.events.includes('-')) throw new Error('the events are read twice: give files instead of "-"');
  const copies = flags.policies === undefined ? undefined : await readCopies(flags.policies);
  const world = copies && worldOf(copies);
  const unusedSince =
    unusedFor === undefined ? undefined : new Date(sinceOf(unusedFor, systemClock.now())).toISOString();
  const generator = new PolicyGenerator({ principal, foldAt, unusedSince }, world);
  let isWhole = await replayEvents(flags, record => {
    const read = readCall(record, world?.lookups);
    if (isCall(read)) generator.add(read);
  });
  const made = await generator.finish();
  const replay = replayOf(copies ?? [], made);
  isWhole &&= await replayEvents(flags, record => {
    const read = readCall(record, world?.lookups);
    if (
      isCall(read) &&
      (read.principal.roleArn ?? read.principal.arn) === principal &&
      read.outcome === 'allowed'
    )
      replay?.add(read);
  });
  const { counts, groups } = replay?.report() ?? new Replay(worldOf([])).report();
  const result: GeneratedPolicy = { ...made, verified: { counts, groups } };
  if (out !== undefined) await write(out, result);
  if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else {
    process.stderr.write(`${renderGenerated(result)}\n`);
    if (out === undefined) process.stdout.write(result.policy ?? result.trust ?? '');
  }
  process.exitCode = isWhole ? Number(counts['newly-denied'] > 0) : NOT_READ;
}

/** Holds calls against the account with the policy in the place of the present ones. */
function replayOf(
  copies: readonly AccountCopy[],
  { policy, principal }: Pick<GeneratedPolicy, 'policy' | 'principal'>,
): Replay | undefined {
  if (policy === undefined) return undefined;
  return new Replay(
    worldOf(withChange(copies, { name: 'the generated policy', document: policy, place: principal })),
  );
}

async function write(directory: string, { policy, trust }: GeneratedPolicy): Promise<void> {
  await mkdir(directory, { recursive: true });
  if (policy !== undefined) await writeFile(join(directory, 'policy.json'), policy);
  if (trust !== undefined) await writeFile(join(directory, 'trust.json'), trust);
}
