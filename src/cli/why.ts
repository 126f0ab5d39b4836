import { Command, InvalidArgumentError } from 'commander';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import type { RequestAuthorizationDetails } from '../clients/request-authorization-details.js';
import { renderExplanation } from '../policy/index.js';
import { type ApiFlags, apiTarget, withApiOptions } from './api-options.js';

interface DeniedRequest {
  readonly RequestId: string;
  /** Seconds since the epoch. */
  readonly EventTime: number;
  readonly Principal?: string;
  readonly Action?: string;
  readonly Resource?: string;
  readonly Summary: string;
}

interface WhyFlags extends ApiFlags {
  readonly document?: number;
}

export function whyCommand(): Command {
  return withApiOptions(new Command('why'))
    .description(
      'Print why a request was refused: every policy, every statement, what was missing, and the smallest change ' +
        'that would have allowed it. Without a request id, list the latest refused requests.',
    )
    .argument('[request-id]', "from the error (SDKs: $metadata.requestId), the server's log, or the list")
    .option('--document <n>', 'print the document of the n-th change alone, to put in place', readNumber)
    .action(async (requestId: string | undefined, flags: WhyFlags) => {
      const target = apiTarget(flags);
      const output =
        requestId === undefined ? await listed(target, flags) : await explained(target, flags, requestId);
      process.stdout.write(`${output}\n`);
    });
}

function readNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a number from 1');
  return number;
}

/** Why a request was refused. */
export async function fetchDetails(
  target: ApiTarget,
  requestId: string,
): Promise<RequestAuthorizationDetails> {
  const output = await callKarikagi(target, 'GetRequestAuthorizationDetails', { RequestId: requestId });
  return output as RequestAuthorizationDetails;
}

async function explained(target: ApiTarget, flags: WhyFlags, requestId: string): Promise<string> {
  const details = await fetchDetails(target, requestId);
  if (flags.document !== undefined) return documentOf(details, flags.document);
  if (flags.json) return JSON.stringify(details, null, 2);
  const parts = details.Refusal ? [renderRefusal(details)] : [];
  let before = 0;
  for (const explanation of details.AuthorizationDetails) {
    parts.push(renderExplanation(explanation, before));
    before += explanation.remedy?.changes.length ?? 0;
  }
  const documents = changesOf(details).filter(({ document }) => document !== undefined).length;
  const number = before === 1 ? 1 : 'N';
  if (documents > 0)
    parts.push(`policy.json, whole: karikagi why ${requestId} --document ${number} > policy.json`);
  return parts.map(part => part.trimEnd()).join('\n\n');
}

/** The changes of all checks, as they are numbered. */
function changesOf({ AuthorizationDetails: explanations }: RequestAuthorizationDetails) {
  return explanations.flatMap(({ remedy }) => remedy?.changes ?? []);
}

function documentOf(details: RequestAuthorizationDetails, number: number): string {
  const change = changesOf(details)[number - 1];
  if (change?.document === undefined) throw new Error(`There is no document of a change ${number}.`);
  return change.document.trimEnd();
}

/** A refusal that no policy decided. */
function renderRefusal({ Operation: operation, Refusal: refusal }: RequestAuthorizationDetails): string {
  const { Code, Status, Message, Principal, Advice, Reason } = refusal!;
  const lines = [
    `Refused: ${operation ?? 'the request'}. No policy decided this: ${Message}`,
    '',
    `  error      ${Code} (HTTP ${Status})`,
  ];
  if (Principal !== undefined) lines.push(`  principal  ${Principal}`);
  if (Reason !== undefined) lines.push(`  reason     ${Reason}`);
  if (Advice !== undefined) lines.push('', 'What to do', `  ${Advice}`);
  return lines.join('\n');
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
