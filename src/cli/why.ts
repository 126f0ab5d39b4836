import { Command } from 'commander';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import { type Explanation, renderExplanation } from '../policy/index.js';
import { type ApiFlags, apiTarget, withApiOptions } from './api-options.js';

interface DeniedRequest {
  readonly RequestId: string;
  /** Seconds since the epoch. */
  readonly EventTime: number;
  readonly Principal: string;
  readonly Action: string;
  readonly Resource: string;
  readonly Summary: string;
}

export function whyCommand(): Command {
  return withApiOptions(new Command('why'))
    .description(
      'Print the whole reasoning of a denied request: every policy, every statement, what was missing. ' +
        'Without a request id, list the latest denied requests.',
    )
    .argument('[request-id]', "from the error (SDKs: $metadata.requestId), the server's log, or the list")
    .action(async (requestId: string | undefined, flags: ApiFlags) => {
      const target = apiTarget(flags);
      const output =
        requestId === undefined ? await listed(target, flags) : await explained(target, flags, requestId);
      process.stdout.write(`${output}\n`);
    });
}

/** The explanations of a denied request, one for each check that was refused. */
export async function fetchExplanations(target: ApiTarget, requestId: string): Promise<Explanation[]> {
  const output = await callKarikagi(target, 'GetRequestAuthorizationDetails', { RequestId: requestId });
  return (output as { AuthorizationDetails: Explanation[] }).AuthorizationDetails;
}

async function explained(target: ApiTarget, flags: ApiFlags, requestId: string): Promise<string> {
  const explanations = await fetchExplanations(target, requestId);
  return flags.json
    ? JSON.stringify(explanations, null, 2)
    : explanations.map(explanation => renderExplanation(explanation)).join('\n\n');
}

async function listed(target: ApiTarget, flags: ApiFlags): Promise<string> {
  const output = await callKarikagi(target, 'ListDeniedRequests', {});
  const { DeniedRequests: denied } = output as { DeniedRequests: DeniedRequest[] };
  if (flags.json) return JSON.stringify(denied, null, 2);
  if (denied.length === 0) return 'No request was denied lately.';
  return denied
    .map(
      ({ RequestId, EventTime, Summary }) =>
        `${RequestId}  ${new Date(EventTime * 1000).toISOString()}\n    ${Summary}`,
    )
    .join('\n');
}
