/**
 * Identity providers that sign tokens for everyone under one address, and the key by which a trust policy must tell its
 * own tenant's from others' (IAM User Guide, "Identity-provider controls for shared OIDC providers").
 */

import { lowerGlob } from '../evaluate/glob.js';
import { readOperator } from '../evaluate/operators.js';
import type { ConditionElement, Statement } from '../parse/document.js';
import type { PolicyReader } from '../parse/reader.js';

const BY_SUBJECT = [
  'agent.buildkite.com',
  'app.terraform.io',
  'gitlab.com',
  'oidc-configuration.audit-log.githubusercontent.com',
  'oidc.codefresh.io',
  // IBM Turbonomic: one address for each version of its platform.
  'oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu',
  'oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb',
  'proidc.upbound.io',
  'rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7',
  'rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr',
  'rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg',
  'rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26',
  'scalr.io',
  'studio.datachain.ai/api',
  'token.actions.githubusercontent.com',
  'tokens.cloud.shisho.dev',
  'vstoken.actions.githubusercontent.com',
];
const BY_AUDIENCE = [
  'api.pulumi.com/oidc',
  'cognito-identity.amazonaws.com',
  'oidc.vercel.com',
  'sandboxes.cloud',
];
/** Azure Sentinel puts the workspace into the name of the session. */
const BY_SESSION_NAME = ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d'];

const REQUIRED_KEYS: ReadonlyMap<string, string> = new Map([
  ...BY_SUBJECT.map(host => [host, `${host}:sub`] as const),
  ...BY_AUDIENCE.map(host => [host, `${host}:aud`] as const),
  ...BY_SESSION_NAME.map(host => [host, 'sts:RoleSessionName'] as const),
]);

/**
 * The key that a trust policy must have a condition on, for a `Federated` principal; `undefined` where none is
 * demanded.
 */
export function requiredKey(federated: string): string | undefined {
  return REQUIRED_KEYS.get(federated.replace(/^arn:[^:]*:iam::\d*:oidc-provider\//, '').toLowerCase());
}

/**
 * Since June 2025 IAM refuses trust policies, when they are written, that let in every tenant of a shared provider;
 * those that stand already it leaves alone. Of Cognito's pools it has long done so ("A condition block must be present
 * …").
 */
export function checkSharedProviders(reader: PolicyReader, statement: Statement): void {
  const { effect, action, principal, conditions } = statement;
  const assumes = action.values.some(({ value }) =>
    lowerGlob(value).matches('sts:assumerolewithwebidentity'),
  );
  if (effect !== 'Allow' || !principal || action.not || !assumes) return;
  for (const { type, word } of principal.entries) {
    const key = type === 'Federated' ? requiredKey(word.value) : undefined;
    if (key === undefined || conditions.some(condition => tellsApart(condition, key))) continue;
    const message = `Every customer of ${word.value.replace(/^.*:oidc-provider\//, '')} may assume the role: IAM wants a condition on ${key} whose value is not all wildcards.`;
    const code = key.startsWith('token.actions.githubusercontent.com')
      ? 'MISSING_GITHUB_REPO_CONDITION_KEY'
      : 'MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL';
    const refusal =
      key.startsWith('cognito-identity') && conditions.length === 0 ? 'cognito' : 'sharedProvider';
    reader.refuse(refusal, code, message, word, key);
  }
}

/** Whether a condition limits the key to something: it is neither a negation nor open to any value. */
function tellsApart({ operator, key, values }: ConditionElement, wanted: string): boolean {
  if (key.value.toLowerCase() !== wanted.toLowerCase()) return false;
  const kind = readOperator(operator.value)?.operator;
  if (kind === undefined || kind.negated || kind.comparison === 'null') return false;
  return values.length > 0 && values.every(({ value }) => /[^*?]/.test(value));
}
