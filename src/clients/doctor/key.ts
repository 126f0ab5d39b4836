/** What a KMS key itself says against its use, where the caller may read it. */
import { DescribeKeyCommand, GetKeyPolicyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { Finding } from './finding.js';

interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Action?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A key that is not enabled; nothing where the caller may not describe it. */
export async function keyStateFindings(key: string, kms: KMSClient): Promise<Finding[]> {
  const { KeyMetadata } = await kms
    .send(new DescribeKeyCommand({ KeyId: key }))
    .catch(() => ({ KeyMetadata: undefined }));
  const state = KeyMetadata?.KeyState;
  if (state === undefined || state === 'Enabled') return [];
  const fix =
    state === 'Disabled' ? 'enable it: aws kms enable-key' : 'use another key, or cancel its deletion';
  return [{ code: 'key-state', what: `the key is ${state}`, where: key, fix, sure: 'certain' }];
}

/**
 * Why the role may not use the key, by the key's policy: whom it names, and through which service of which region.
 * `undefined` where the caller may not read it. Source: KMS Developer Guide, "Key policies" (what of an account's root
 * delegates to IAM) and `kms:ViaService`.
 */
export async function keyPolicyFinding(
  key: string,
  role: string,
  region: string,
  kms: KMSClient,
): Promise<Finding | undefined> {
  const input = { KeyId: key, PolicyName: 'default' };
  const { Policy } = await kms.send(new GetKeyPolicyCommand(input)).catch(() => ({ Policy: undefined }));
  if (Policy === undefined) return undefined;
  const statements = [(JSON.parse(Policy) as { Statement?: Statement | Statement[] }).Statement ?? []].flat();
  const allows = statements.filter(({ Effect, Action }) => Effect === 'Allow' && coversUse(Action));
  const root = `${role.split(':').slice(0, 5).join(':')}:root`;
  const account = role.split(':')[4]!;
  const named = allows.filter(({ Principal }) => names(Principal, [role, '*']));
  const delegates = allows.some(({ Principal }) => names(Principal, [root, account, '*']));
  if (named.length === 0 && !delegates) {
    return {
      code: 'key-policy',
      what: 'the key policy neither names the role nor leaves it to the policies of its account',
      where: `key policy of ${key}`,
      fix: `allow ${role} kms:GenerateDataKey and kms:Decrypt there`,
      sure: 'certain',
    };
  }
  const other = named.length > 0 && !delegates ? viaOther(named, region) : undefined;
  if (other !== undefined) {
    return {
      code: 'key-policy',
      what: `the key policy lets the role use the key through ${other} alone`,
      where: `key policy of ${key}`,
      fix: `add s3.${region}.amazonaws.com${role.startsWith('arn:aws-cn:') ? '.cn' : ''} to kms:ViaService`,
      sure: 'certain',
    };
  }
  return undefined;
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** Whether a statement can be about making data keys or decrypting. */
const coversUse = (action: Statement['Action']) =>
  listOf(action).some(one => /^(\*|kms:(\*|GenerateDataKey.*|Decrypt|De.*\*|Generate.*\*))$/i.test(one));

function names(principal: Statement['Principal'], arns: readonly string[]): boolean {
  const named = typeof principal === 'string' ? [principal] : listOf(principal?.['AWS']);
  return named.some(one => arns.includes(one));
}

/** The services that all the statements are limited to, where S3 of the region is not among them. */
function viaOther(statements: readonly Statement[], region: string): string | undefined {
  const services = statements.map(({ Condition }) => listOf(Condition?.['StringEquals']?.['kms:ViaService']));
  const here = new RegExp(`^s3\\.${region}\\.amazonaws\\.com(\\.cn)?$`);
  if (services.some(list => list.length === 0 || list.some(one => here.test(one)))) return undefined;
  return services.flat().join(', ');
}
