import { join } from 'node:path';
import { Command } from 'commander';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import { type Explanation, renderExplanation } from '../policy/index.js';

interface WhyFlags {
  readonly endpoint: string;
  readonly profile?: string;
  readonly data?: string;
  readonly json?: boolean;
}

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
  return new Command('why')
    .description(
      'Print the whole reasoning of a denied request: every policy, every statement, what was missing. ' +
        'Without a request id, list the latest denied requests.',
    )
    .argument('[request-id]', "from the error (SDKs: $metadata.requestId), the server's log, or the list")
    .option('--endpoint <url>', 'the server', process.env['AWS_ENDPOINT_URL'] ?? 'http://127.0.0.1:9000')
    .option(
      '--profile <name>',
      'AWS profile to sign with (default: the usual chain of environment and files)',
    )
    .option(
      '--data <directory>',
      "sign as the root user whose credentials stand in a server's data directory",
    )
    .option('--json', 'the same as JSON')
    .action(async (requestId: string | undefined, flags: WhyFlags) => {
      if (flags.data !== undefined) useCredentialsOf(flags.data);
      const output = requestId === undefined ? await listed(flags) : await explained(flags, requestId);
      process.stdout.write(`${output}\n`);
    });
}

/** The explanations of a denied request, one for each check that was refused. */
export async function fetchExplanations(target: ApiTarget, requestId: string): Promise<Explanation[]> {
  const output = await callKarikagi(target, 'GetRequestAuthorizationDetails', { RequestId: requestId });
  return (output as { AuthorizationDetails: Explanation[] }).AuthorizationDetails;
}

async function explained(flags: WhyFlags, requestId: string): Promise<string> {
  const explanations = await fetchExplanations(flags, requestId);
  return flags.json
    ? JSON.stringify(explanations, null, 2)
    : explanations.map(explanation => renderExplanation(explanation)).join('\n\n');
}

async function listed(flags: WhyFlags): Promise<string> {
  const output = await callKarikagi(flags, 'ListDeniedRequests', {});
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

function useCredentialsOf(directory: string): void {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) {
    delete process.env[name];
  }
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(directory, 'credentials');
}
