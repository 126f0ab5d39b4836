import { Command } from 'commander';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import { type Explanation, renderExplanation } from '../policy/index.js';

interface WhyFlags {
  readonly endpoint: string;
  readonly profile?: string;
  readonly json?: boolean;
}

export function whyCommand(): Command {
  return new Command('why')
    .description(
      'Print the whole reasoning of a denied request: every policy, every statement, what was missing.',
    )
    .argument(
      '<request-id>',
      'from the error (AWS CLI: --debug; SDKs: $metadata.requestId) or the server’s log',
    )
    .option('--endpoint <url>', 'the server', process.env['AWS_ENDPOINT_URL'] ?? 'http://127.0.0.1:9000')
    .option(
      '--profile <name>',
      'AWS profile to sign with (default: the usual chain of environment and files)',
    )
    .option('--json', 'the explanations as JSON')
    .action(async (requestId: string, flags: WhyFlags) => {
      const explanations = await fetchExplanations(flags, requestId);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(explanations, null, 2)}\n`
          : `${explanations.map(renderExplanation).join('\n\n')}\n`,
      );
    });
}

/** The explanations of a denied request, one for each check that was refused. */
export async function fetchExplanations(target: ApiTarget, requestId: string): Promise<Explanation[]> {
  const output = await callKarikagi(target, 'GetRequestAuthorizationDetails', { RequestId: requestId });
  return (output as { AuthorizationDetails: Explanation[] }).AuthorizationDetails;
}
