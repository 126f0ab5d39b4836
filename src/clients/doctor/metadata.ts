/**
 * Whether the endpoint of instance metadata gives keys, and to whom.
 * Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" and its error codes;
 * "Configure the Instance Metadata Service options" for the hop limit.
 */
import type { Finding } from './finding.js';

/** Milliseconds: the endpoint is on the same machine, and where there is none, nothing answers. */
const TIMEOUT = 2_000;
const DEFAULT = 'http://169.254.169.254';
const ROLES = '/latest/meta-data/iam/security-credentials/';

type Said = readonly [code: string, what: string, fix: string, sure?: Finding['sure']];

const OPTIONS = 'aws ec2 modify-instance-metadata-options';

const UNREACHABLE: Said = [
  'imds-unreachable',
  'nothing answers: this is no EC2 instance, or a firewall or proxy stands before it',
  'run it on the instance, or set AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'likely',
];
const OFF: Said = [
  'imds-off',
  'instance metadata is switched off',
  `switch it on: ${OPTIONS} --http-endpoint enabled`,
];
const HOPS: Said = [
  'imds-hop-limit',
  'requests are answered, but no token comes: its answer may go one hop, and a container is one hop away',
  `raise the hop limit: ${OPTIONS} --http-put-response-hop-limit 2`,
  'likely',
];
const OPEN: Said = [
  'imds-v1',
  'version 1 is open: who can make the machine fetch an address gets its keys',
  `demand tokens: ${OPTIONS} --http-tokens required`,
];
const SWITCHED: Said = [
  'imds-disabled-here',
  'AWS_EC2_METADATA_DISABLED keeps clients from asking',
  'take the variable away',
];
const NO_ROLE: Said = [
  'imds-no-role',
  'the instance has no role',
  'associate an instance profile that holds one',
];

/** `environment`: of the process whose keys are missing. Never throws. */
export async function metadataFindings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  const { AWS_EC2_METADATA_DISABLED: disabled, AWS_EC2_METADATA_SERVICE_ENDPOINT: given } = environment;
  const endpoint = (given || DEFAULT).replace(/\/+$/, '');
  const found: Said[] = /^true$/i.test(disabled ?? '') ? [SWITCHED] : [];
  found.push(...(await askEndpoint(endpoint)));
  return found.map(([code, what, fix, sure = 'certain']) => ({ code, what, where: endpoint, fix, sure }));
}

async function askEndpoint(endpoint: string): Promise<Said[]> {
  const open = await request(`${endpoint}${ROLES}`);
  const token = await request(`${endpoint}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  if (open === undefined && token === undefined) return [UNREACHABLE];
  if (open?.status === 403 && (token === undefined || token.status === 403)) return [OFF];
  const found = open?.status === 200 ? [OPEN] : [];
  if (token === undefined) return [HOPS, ...found];
  return [...found, ...(await roleFindings(endpoint, token.body))];
}

async function roleFindings(endpoint: string, token: string): Promise<Said[]> {
  const headers = { 'x-aws-ec2-metadata-token': token };
  const names = await request(`${endpoint}${ROLES}`, { headers });
  const [role] = names?.status === 200 ? names.body.trim().split('\n') : [];
  if (!role) return [NO_ROLE];
  const keys = await request(`${endpoint}${ROLES}${role}`, { headers });
  const { Code, Message } = answerOf(keys?.body);
  if (Code === 'Success') return [];
  const what = `the role ${role} has no keys: ${Code ?? `status ${keys?.status}`}${Message ? `: ${Message}` : ''}`;
  return [['imds-role', what, 'let ec2.amazonaws.com assume the role in its trust policy', 'likely']];
}

function answerOf(body = ''): { readonly Code?: string; readonly Message?: string } {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

/** `undefined` where nothing answers in time. */
async function request(url: string, init: RequestInit = {}) {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT), redirect: 'manual' });
    return { status: response.status, body: await response.text() };
  } catch {
    return undefined;
  }
}
