/** The options of `karikagi setup`, and the accounts that they stand for. */
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import {
  type Access,
  nothing,
  readerOf,
  type SetupOptions,
  type Site,
  type Sites,
  type Source,
} from '../clients/setup/index.js';
import {
  CHAINING_LIMIT,
  callerIdentity,
  defaultCredentials,
  partitionOf,
  regionFor,
  type StsTarget,
} from '../credentials/index.js';

export interface SetupFlags extends StsTarget {
  readonly name: string;
  readonly bucket: string;
  readonly prefix?: string;
  readonly access?: Access;
  readonly user?: string;
  readonly instanceProfile?: string;
  readonly principal?: string;
  readonly service?: string;
  readonly sourceArn?: string;
  readonly bucketProfile?: string;
  readonly bucketAccount?: string;
  readonly kms?: boolean;
  readonly externalId?: string;
  readonly duration?: string;
  readonly plan?: boolean;
  readonly emit?: readonly string[];
  /** `false` with `--no-proof`. */
  readonly proof?: boolean;
  readonly json?: boolean;
}

function sourceOf({ user, instanceProfile, principal, service }: SetupFlags): Source {
  const given: Source[] = [
    ...(user === undefined ? [] : [{ kind: 'user' as const, name: user }]),
    ...(instanceProfile === undefined ? [] : [{ kind: 'instance-profile' as const, name: instanceProfile }]),
    ...(principal === undefined ? [] : [{ kind: 'principal' as const, arn: principal }]),
    ...(service === undefined ? [] : [{ kind: 'service' as const, name: service }]),
  ];
  const [source, ...more] = given;
  if (source && more.length === 0) return source;
  throw new Error('one of --user, --instance-profile, --principal and --service says who assumes the role');
}

/** `staging`: the role always asks for an external ID; otherwise where who assumes it is of another account. */
export function optionsOf(flags: SetupFlags, sites: Sites, staging: boolean): SetupOptions {
  const { name, bucket, access = 'read-write', externalId, sourceArn, kms = false, duration } = flags;
  const source = sourceOf(flags);
  return {
    name,
    bucket,
    prefix: flags.prefix ?? `${name}/`,
    access,
    source,
    kms,
    externalId,
    demandsId: source.kind !== 'service' && (staging || sites.source !== sites.bucket),
    sourceArn,
    maximum: Number(duration ?? CHAINING_LIMIT),
  };
}

/** `seen`: whether what is there already counts. Throws `CredentialsError` for keys that are not accepted. */
export async function sitesOf(flags: SetupFlags, seen: boolean): Promise<Sites> {
  const { bucketProfile, bucketAccount, principal } = flags;
  if (bucketProfile !== undefined && bucketAccount !== undefined) {
    throw new Error('--bucket-profile has keys of the account, --bucket-account is for an account without');
  }
  const own = await siteOf(flags, flags.profile, seen);
  const bucket = bucketProfile === undefined ? own : await siteOf(flags, bucketProfile, seen);
  const away = (account: string): Site => ({ place: { ...own.place, account }, reader: nothing });
  const known = (account: string, or: Site) =>
    [own, bucket].find(({ place }) => place.account === account) ?? or;
  const ofBucket = bucketAccount === undefined ? bucket : known(bucketAccount, away(bucketAccount));
  const [, partition, , , account = ''] = principal?.split(':') ?? [];
  if (partition === undefined) return joined(own, ofBucket);
  const elsewhere = away(account);
  return joined(known(account, { ...elsewhere, place: { ...elsewhere.place, partition } }), ofBucket);
}

/** Two profiles may be of one account. */
function joined(source: Site, bucket: Site): Sites {
  return { source: source.place.account === bucket.place.account ? bucket : source, bucket };
}

async function siteOf(
  { endpoint, region: asked }: SetupFlags,
  profile: string | undefined,
  seen: boolean,
): Promise<Site> {
  const credentials = defaultCredentials({ profile });
  const { account, arn } = await callerIdentity(credentials, { profile, endpoint, region: asked });
  const region = await regionFor({ profile, region: asked }, arn);
  const config = { region, credentials, ...(endpoint !== undefined && { endpoint }) };
  const s3 = new S3Client({ ...config, forcePathStyle: ownEndpoint(endpoint) !== undefined });
  const clients = { iam: new IAMClient(config), kms: new KMSClient(config), s3 };
  const place = { partition: partitionOf(arn), account, region };
  return { place, clients, reader: seen ? readerOf(clients) : nothing };
}

/** Where there is an endpoint of one's own, buckets have no hosts. */
export const ownEndpoint = (endpoint: string | undefined) => endpoint ?? process.env['AWS_ENDPOINT_URL'];
