/** What `karikagi setup` says. */
import type { Check, Connection, RemoveReport, SetupReport, Step } from '../clients/setup/index.js';
import { columns } from './api-options.js';

/** Calls as data, for `--json`. */
export function callsOf(steps: readonly Step[]) {
  return steps.map(({ what, site, call: { service, operation, input } }) => ({
    what,
    account: site.place.account,
    service,
    operation,
    input,
  }));
}

/** Every call with its policies, by account where there are several. */
export function planText({ steps, toMake }: SetupReport): string {
  const all = [...steps, ...toMake];
  if (all.length === 0) return 'Everything is there: nothing would be called.';
  const accounts = [...new Set(all.map(({ site }) => site.place.account))];
  return accounts
    .map(account => {
      const own = all.filter(({ site }) => site.place.account === account);
      return accounts.length === 1 ? callsText(own) : `# In account ${account}\n\n${callsText(own)}`;
    })
    .join('\n\n');
}

function callsText(steps: readonly Step[]): string {
  return steps
    .map(({ what, call }) => `# ${what}\naws ${call.service} ${call.operation}\n${inputText(call.input)}`)
    .join('\n\n');
}

/** A call's input with its policies as documents, not as strings in strings. */
function inputText(input: object): string {
  const open = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('{') ? JSON.parse(value) : value;
  return JSON.stringify(input, open, 2);
}

/** `checks`: a sentence where nothing was proved, and why. */
export function reportText(
  { steps, toMake }: SetupReport,
  connection: Connection,
  checks: readonly Check[] | string,
): string {
  const made =
    steps.length === 0
      ? ['Nothing to make: everything is there.']
      : ['Made:', ...steps.map(({ what }) => `  ${what}`)];
  const { roleArn, externalId, duration, bucket, prefix, region, kmsKey } = connection;
  const rows = [
    ['  role ARN', roleArn],
    ...(externalId === undefined ? [] : [['  external ID', externalId]]),
    ['  duration', `${duration} seconds at most`],
    ['  bucket', `${bucket}, prefix ${prefix}`],
    ['  region', region],
    ...(kmsKey === undefined ? [] : [['  KMS key', kmsKey]]),
  ];
  const proved = typeof checks === 'string' ? [checks] : ['Proof:', ...checks.map(lineOf)];
  const [first] = toMake;
  const missing = first
    ? [
        '',
        `To make in account ${first.site.place.account} (--emit cli DIR writes it as a script):`,
        '',
        callsText(toMake),
      ]
    : [];
  return [...made, '', ...proved, ...missing, '', 'For the connection:', columns(rows)].join('\n');
}

const lineOf = ({ what, good, answer }: Check) =>
  `  ${good ? 'ok  ' : 'FAIL'}  ${what}${answer === undefined ? '' : `: ${answer}`}`;

export function removalText({ removed, left }: RemoveReport): string {
  const lines = [...removed.map(what => `removed  ${what}`), ...left.map(what => `left     ${what}`)];
  return lines.length === 0 ? 'Nothing of this set-up is there.' : lines.join('\n');
}
