import type {
  PolicyType,
  ValidatePolicyFinding,
  ValidatePolicyRequest,
  ValidatePolicyResponse,
} from '@aws-sdk/client-accessanalyzer';
import type { Operation } from '../../core/operation.js';
import { turns } from '../../core/slices.js';
import {
  bucketRules,
  type Finding,
  guessKind,
  type LintOptions,
  lint,
  type PolicyKind,
} from '../../policy/index.js';
import { pathsIn, positionOf } from './json-path.js';
import { type AccessAnalyzerPorts, analyzerErrors, onAll } from './ports.js';

/** Findings of one page, unless fewer are asked for. */
const MOST = 100;

/**
 * The linter's findings about a policy, in Access Analyzer's form; `karikagi policy lint` has the same. Source: Access
 * Analyzer API Reference, ValidatePolicy.
 */
export const ValidatePolicy: Operation<
  AccessAnalyzerPorts,
  ValidatePolicyRequest,
  ValidatePolicyResponse,
  undefined
> = {
  resolve: (_input, call) => onAll(call),
  async run(_subject, input, call) {
    const text = input.policyDocument!;
    demandLength(text);
    const { kind, options } = await meaningOf(input, text);
    const owner = call.caller.account!.id;
    const pause = () => (turns.hasTime() ? undefined : turns.next(owner));
    const found = await lint(text, kind, { ...options, pause });
    const from = offsetOf(input.nextToken);
    const count = pageSizeOf(input.maxResults);
    const path = pathsIn(text);
    const next = from + count;
    return {
      findings: found.slice(from, next).map(finding => shapeOf(finding, text, path)),
      ...(next < found.length && { nextToken: Buffer.from(`finding ${next}`).toString('base64url') }),
    };
  },
};

const KINDS: Readonly<Record<PolicyType, PolicyKind>> = {
  IDENTITY_POLICY: 'identity',
  RESOURCE_POLICY: 'resource',
  RESOURCE_CONTROL_POLICY: 'resource-control',
  SERVICE_CONTROL_POLICY: 'service-control',
};

/** What the policy is for. Throws `ValidationException` for types that there are not. */
async function meaningOf(
  { policyType, validatePolicyResourceType: resource }: ValidatePolicyRequest,
  text: string,
): Promise<{ kind: PolicyKind; options: LintOptions }> {
  if (!Object.hasOwn(KINDS, policyType!)) {
    throw analyzerErrors.ValidationException(
      `1 validation error detected: Value '${policyType}' at 'policyType' failed to satisfy constraint: Member must satisfy enum value set: [${Object.keys(KINDS).join(', ')}]`,
    );
  }
  const kind = KINDS[policyType!];
  if (resource === undefined) return { kind: kind === 'resource' ? resourceKind(text) : kind, options: {} };
  if (kind !== 'resource') {
    throw analyzerErrors.ValidationException('A resource type is for resource policies alone.');
  }
  if (resource === 'AWS::IAM::AssumeRolePolicyDocument') return { kind: 'trust', options: {} };
  if (resource === 'AWS::S3::Bucket') return { kind, options: { bucket: await bucketRules() } };
  return { kind, options: {} };
}

/** Of a policy of a resource that is not named: a trust or key policy, or that of another resource. */
function resourceKind(document: string): PolicyKind {
  const kind = guessKind(document);
  return kind === 'identity' ? 'resource' : kind;
}

/** Characters: more than any policy may have, with its white space. */
const LONGEST = 48 * 1024;

/** Throws `ValidationException` for a document that is longer than any policy. */
function demandLength(document: string): void {
  if (document.length <= LONGEST) return;
  throw analyzerErrors.ValidationException(
    `1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: Member must have length less than or equal to ${LONGEST}`,
  );
}

function pageSizeOf(asked: number | undefined): number {
  if (asked === undefined) return MOST;
  if (asked >= 1 && asked <= 1000) return asked;
  throw analyzerErrors.ValidationException('maxResults is between 1 and 1000.');
}

/** Where a page begins. Throws `ValidationException` for tokens that were not handed out. */
function offsetOf(token: string | undefined): number {
  if (token === undefined) return 0;
  const at = /^finding (\d{1,6})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))?.[1];
  if (at === undefined) throw analyzerErrors.ValidationException('The nextToken is not valid.');
  return Number(at);
}

const REFERENCE =
  'https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html';

function shapeOf(
  { code, severity, message, start, end }: Finding,
  text: string,
  path: ReturnType<typeof pathsIn>,
): ValidatePolicyFinding {
  const anchor = `access-analyzer-reference-policy-checks-${severity}-${code}`;
  return {
    findingDetails: message,
    findingType: severity,
    issueCode: code,
    learnMoreLink: `${REFERENCE}#${anchor.toLowerCase().replaceAll('_', '-')}`,
    locations: [
      { path: path(start, end), span: { start: positionOf(text, start), end: positionOf(text, end) } },
    ],
  };
}
