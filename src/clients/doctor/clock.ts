/** Whether this machine's clock is right, by the time in an answer of STS. */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Clock } from '../../core/clock.js';
import { type CredentialsProvider, type StsTarget, stsClient } from '../../credentials/index.js';
import type { Finding } from './finding.js';

/** Seconds beyond which signatures are refused ("Signature Version 4 request elements", IAM User Guide). */
const ACCEPTED = 300;

/** Asks even with keys that are not accepted: every answer has its time. Nothing where there is none. */
export async function clockFindings(
  target: StsTarget & { readonly credentials: CredentialsProvider },
  clock: Clock,
): Promise<Finding[]> {
  const theirs = await timeOf(target);
  const seconds = Math.round((clock.now() - theirs) / 1000);
  if (!(Math.abs(seconds) > ACCEPTED)) return [];
  const what = `the clock is ${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead' : 'behind'}: past ${ACCEPTED} signatures are refused by all clients but those that correct it`;
  const fix = 'set the clock, or let NTP do it';
  return [{ code: 'clock', what, where: 'this machine', fix, sure: 'certain' }];
}

/** Milliseconds since 1970 by the answer's `Date`; NaN without an answer. */
async function timeOf(target: StsTarget & { readonly credentials: CredentialsProvider }): Promise<number> {
  const client = stsClient(target, 'arn:aws:iam:::', target.credentials);
  let date: string | undefined;
  client.middlewareStack.add(
    next => async args => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.['date'];
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  await client.send(new GetCallerIdentityCommand({})).catch(() => undefined);
  client.destroy();
  return Date.parse(date ?? '');
}
