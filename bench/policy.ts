/**
 * How long a policy decision takes: the engine with its reasons and with a whole explanation, beside
 * @cloud-copilot/iam-simulate and @cedar-policy/cedar-wasm on the same cases. `node dist/bench/policy.js` runs it
 * alone; the bench runner calls `measurePolicies`.
 */
import { fileURLToPath } from 'node:url';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate';
import { compilePolicy, evaluate, explain } from '../src/policy/index.js';
import type { Figure } from './figures.js';

interface Timing {
  /** Microseconds per decision. */
  readonly median: number;
  readonly p99: number;
}

const ACCOUNT = '111122223333';
const USER = `arn:aws:iam::${ACCOUNT}:user/alice`;
const SIZES = [10, 100, 1000] as const;
/** The aims: a decision with its reasons on ten statements, and how much faster than iam-simulate. */
const AIM_MICROSECONDS = 3;
const AIM_RATIO = 100;

const CONTEXT = {
  'aws:PrincipalArn': USER,
  'aws:PrincipalAccount': ACCOUNT,
  'aws:PrincipalType': 'User',
  'aws:userid': 'AIDAALICEALICEALICE1',
  'aws:username': 'alice',
  'aws:SourceIp': '10.1.2.3',
  'aws:SecureTransport': 'true',
  'aws:CurrentTime': '2026-06-01T12:00:00Z',
  'aws:EpochTime': '1780315200',
  'aws:UserAgent': 'aws-cli/2.31',
  'aws:RequestedRegion': 'us-east-1',
  's3:authType': 'REST-HEADER',
};
const ACTIONS = ['GetObject', 'PutObject', 'DeleteObject', 'ListBucket'];
const bucketOf = (index: number): string => `data-${index}`;

/**
 * `size` statements over four actions, each for a bucket of its own, every third under a condition; half of the
 * requests meet the last statement, half none. Ten statements to a policy, as people write them.
 */
function statements(size: number): object[] {
  return Array.from({ length: size }, (_, index) => ({
    Effect: index % 5 === 4 ? 'Deny' : 'Allow',
    Action: `s3:${ACTIONS[index % ACTIONS.length]}`,
    Resource: `arn:aws:s3:::${bucketOf(index)}/*`,
    ...(index % 3 === 0 && { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
  }));
}

function lastAllowed(size: number): number {
  let index = size - 1;
  while (index % 5 === 4) index--;
  return index;
}

function grouped<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, at * size + size),
  );
}

interface Case {
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

function casesOf(size: number): readonly [Case, Case] {
  const index = lastAllowed(size);
  const action = `s3:${ACTIONS[index % ACTIONS.length]}`;
  return [
    { action, resource: `arn:aws:s3:::${bucketOf(index)}/reports/2026.csv`, allowed: true },
    { action, resource: 'arn:aws:s3:::elsewhere/reports/2026.csv', allowed: false },
  ];
}

/** An engine under measurement: decides a case and answers whether it is allowed. */
type Decide = (one: Case) => boolean;

function ownEngine(size: number): { evaluate: Decide; explain: Decide } {
  const identity = grouped(statements(size), 10).map((group, index) => ({
    name: `policy-${index}`,
    policy: compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: group }), 'identity'),
  }));
  const principal = { type: 'user', arn: USER, account: ACCOUNT } as const;
  const request = ({ action, resource }: Case) => ({
    principal,
    action,
    resource,
    resourceAccount: ACCOUNT,
    context: CONTEXT,
  });
  return {
    evaluate: one => evaluate(request(one), { identity }).allowed,
    explain: one => explain(request(one), { identity }).evaluations[0].evaluatedEffect === 'ALLOW',
  };
}

function iamSimulate(size: number): Decide {
  const identityPolicies = grouped(statements(size), 10).map((group, index) => ({
    name: `policy-${index}`,
    policy: { Version: '2012-10-17', Statement: group },
  }));
  return ({ action, resource }) =>
    runUnsafeSimulation(
      {
        request: {
          principal: USER,
          action,
          resource: { resource, accountId: ACCOUNT },
          contextVariables: CONTEXT,
        },
        identityPolicies,
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      },
      {},
    ) === 'Allowed';
}

/** The same statements in Cedar, parsed beforehand like ours. */
function cedarEngine(size: number): Decide {
  const text = statements(size).map((_, index) => {
    const effect = index % 5 === 4 ? 'forbid' : 'permit';
    const condition = index % 3 === 0 ? ' when { context.ip.isInRange(ip("10.0.0.0/8")) }' : '';
    return `${effect}(principal, action == Action::"s3:${ACTIONS[index % ACTIONS.length]}", resource) when { context.resource like "arn:aws:s3:::${bucketOf(index)}/*" }${condition};`;
  });
  const preparsedPolicySetId = `bench-${size}`;
  cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies: text.join('\n') });
  return ({ action, resource }) => {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: 'User', id: 'alice' },
      action: { type: 'Action', id: action },
      resource: { type: 'Object', id: 'object' },
      context: { resource, ip: { __extn: { fn: 'ip', arg: CONTEXT['aws:SourceIp'] } } },
      preparsedPolicySetId,
      entities: [],
    });
    return answer.type === 'success' && answer.response.decision === 'allow';
  };
}

/**
 * Times a decision. A sample is a batch of about 10 µs or more, so that the clock's own cost does not show; the percentiles are
 * of batches.
 */
function time(decide: Decide, cases: readonly Case[]): Timing {
  for (const one of cases) {
    if (decide(one) !== one.allowed) throw new Error(`a wrong decision on ${one.resource}`);
  }
  const run = (times: number): number => {
    const begun = performance.now();
    for (let i = 0; i < times; i++) decide(cases[i % cases.length] as Case);
    return performance.now() - begun;
  };
  const deadline = performance.now() + 300;
  let rounds = 0;
  for (; performance.now() < deadline; rounds += 2) run(2);
  const batch = Math.max(2, 2 * Math.ceil((rounds / 300) * 0.01));
  const samples: number[] = [];
  const end = performance.now() + 500;
  while (performance.now() < end || samples.length < 100) samples.push((run(batch) / batch) * 1000);
  samples.sort((a, b) => a - b);
  return {
    median: samples[samples.length >> 1] as number,
    p99: samples[Math.floor(samples.length * 0.99)] as number,
  };
}

const micro = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** Measures every engine at every size: about twelve seconds. */
export function measurePolicies(): readonly Figure[] {
  return SIZES.flatMap(size => {
    const cases = casesOf(size);
    const own = ownEngine(size);
    const decision = time(own.evaluate, cases);
    const explanation = time(own.explain, cases);
    const simulate = time(iamSimulate(size), cases);
    const wasm = time(cedarEngine(size), cases);
    const line = (name: string, timing: Timing, against: string, met = true): Figure => ({
      name: `${name}, ${size} statements`,
      value: `${micro(timing.median)} µs`,
      against: `p99 ${micro(timing.p99)} µs; ${against}`,
      met,
    });
    const times = (other: Timing): string => `${micro(other.median / decision.median)} times a decision`;
    return [
      line(
        'decision',
        decision,
        size === 10 ? `aim under ${AIM_MICROSECONDS} µs` : 'with its reasons',
        size !== 10 || decision.median <= AIM_MICROSECONDS,
      ),
      line('explanation', explanation, times(explanation)),
      line(
        'iam-simulate',
        simulate,
        `${times(simulate)}; aim ${AIM_RATIO}`,
        simulate.median / decision.median >= AIM_RATIO,
      ),
      line('cedar-wasm', wasm, times(wasm)),
    ];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, value, against, met } of measurePolicies()) {
    process.stdout.write(`${met ? '✓' : '✗'} ${name.padEnd(34)} ${value.padStart(9)}   ${against}\n`);
  }
}
