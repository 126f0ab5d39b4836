/** An operation as a line of the AWS CLI, or of Karikagi's own. */
import type { ServiceName } from './act.js';

const KARIKAGI: Readonly<Record<string, (input: Record<string, unknown>) => string>> = {
  RevokeSession: ({ AccessKeyId }) => `karikagi sessions revoke ${quoted(AccessKeyId)}`,
  RevokeRoleSessions: ({ RoleName }) => `karikagi sessions revoke --role ${quoted(RoleName)}`,
  ListSessions: ({ RoleName }) => `karikagi sessions list${RoleName ? ` --role ${quoted(RoleName)}` : ''}`,
  EnableRegion: ({ RegionName }) => `karikagi regions enable ${quoted(RegionName)}`,
  DisableRegion: ({ RegionName }) => `karikagi regions disable ${quoted(RegionName)}`,
  ActivateSTS: ({ RegionName }) => `karikagi regions sts on ${quoted(RegionName)}`,
  DeactivateSTS: ({ RegionName }) => `karikagi regions sts off ${quoted(RegionName)}`,
  GetRequestAuthorizationDetails: ({ RequestId }) => `karikagi why ${quoted(RequestId)}`,
  ListDeniedRequests: () => 'karikagi why',
  SearchEvents: ({ RequestId }) => `karikagi events search --request ${quoted(RequestId)}`,
};

/** The CLI's own names of the services. */
const COMMANDS: Readonly<Record<ServiceName, string>> = {
  iam: 'iam',
  sts: 'sts',
  s3: 's3api',
  kms: 'kms',
  organizations: 'organizations',
  karikagi: 'karikagi',
};

export function cliLine(service: ServiceName, operation: string, input: object): string {
  const own = service === 'karikagi' ? KARIKAGI[operation] : undefined;
  if (own) return own(input as Record<string, unknown>);
  const options = Object.entries(input).flatMap(([name, value]) => option(name, value));
  const file = operation === 'GetObject' ? ['FILE'] : [];
  return ['aws', COMMANDS[service], kebab(operation), ...options, ...file].join(' ');
}

function option(name: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const flag = `--${kebab(name)}`;
  if (value === true) return [flag];
  if (value === false) return [`--no-${kebab(name)}`];
  if (value instanceof Date) return [flag, value.toISOString()];
  if (value instanceof Blob || value instanceof Uint8Array || value instanceof ReadableStream) {
    return [flag, 'FILE'];
  }
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) {
    return [flag, ...value.map(quoted)];
  }
  return [flag, typeof value === 'object' ? quoted(JSON.stringify(value)) : quoted(value)];
}

/** `DeleteMFADevice` → `delete-mfa-device`, as the CLI's own rule has it. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}

/** For a POSIX shell. */
export function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
