import type { Operation } from '../../core/operation.js';
import type { Denial } from '../../events/denials.js';
import type { Account } from '../../identity/index.js';
import { explanationsOf } from './denied-request.js';
import { type KarikagiPorts, onAccount } from './ports.js';
import { type Readable, readableBy } from './readers.js';

interface Input {
  readonly MaxItems?: number;
}

interface DeniedRequest {
  readonly RequestId: string;
  readonly EventTime: Date;
  readonly Principal?: string | undefined;
  readonly Action?: string | undefined;
  readonly Resource?: string | undefined;
  /** One paragraph, as far as the caller's account may see it. */
  readonly Summary: string;
}

/** The latest refused requests of the caller's account, newest first; 20 unless asked for another number. */
export const ListDeniedRequests: Operation<
  KarikagiPorts,
  Input,
  { DeniedRequests: DeniedRequest[] },
  Account
> = {
  resolve: (_input, call) => onAccount(call, { uncontrolled: true }),
  async run(home, { MaxItems = 20 }, _call, ports) {
    const readable = readableBy(home, ports);
    const found = await ports.denials.recent(async denial => (await readable(denial)).length > 0, MaxItems);
    return { DeniedRequests: await Promise.all(found.map(denial => listed(denial, readable, ports))) };
  },
};

async function listed(
  denial: Denial,
  readable: Readable,
  { identity }: KarikagiPorts,
): Promise<DeniedRequest> {
  const { requestId, time, refusal, operation } = denial;
  const about = { RequestId: requestId, EventTime: new Date(time) };
  const accounts = await readable(denial);
  const [explanation] = await explanationsOf(denial, accounts, identity, false);
  if (refusal || !explanation) {
    const { principal, code, message, advice } = refusal ?? {};
    const Summary = `Refused: ${operation ?? 'the request'}. ${code}: ${message}${advice ? ` ${advice}` : ''}`;
    return { ...about, Principal: principal, Action: operation, Summary };
  }
  const { summary, principal, evaluations } = explanation;
  const [{ action, resource }] = evaluations;
  return { ...about, Principal: principal.arn, Action: action, Resource: resource, Summary: summary };
}
