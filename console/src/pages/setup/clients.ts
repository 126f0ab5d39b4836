/** The set-up library's clients and its proof, with the keys of the page. */
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import {
  type Check,
  nothing,
  prove,
  randomHex,
  readerOf,
  type SetupClients,
  type SetupOptions,
  type SetupReport,
  type Site,
  type Sites,
  type Step,
  simulateSetup,
  withNewKey,
} from '../../../../src/clients/setup/index.js';
import { currentPartition } from '../../api/arn.js';
import { type Asked, askedOf } from '../../api/asked.js';
import { cliLine } from '../../api/cli-line.js';
import { clientSettings } from '../../api/credentials.js';
import { karikagi } from '../../api/karikagi.js';
import { s3, s3Client } from '../../api/s3.js';
import { currentIdentity, session } from '../../session/store.js';

function clientsHere(): SetupClients {
  const settings = clientSettings();
  return { iam: new IAMClient(settings), kms: new KMSClient(settings), s3: s3Client() };
}

/** This account, and that of a principal of another, of which there are no keys. `seen`: what is there counts. */
export function sitesOf({ source }: SetupOptions, seen: boolean): Sites {
  const clients = clientsHere();
  const place = {
    partition: currentPartition(),
    account: currentIdentity()!.account,
    region: session().signedIn!.region,
  };
  const here: Site = { place, clients, reader: seen ? readerOf(clients) : nothing };
  const account = source.kind === 'principal' ? source.arn.split(':')[4] : undefined;
  if (account === undefined || account === place.account) return { source: here, bucket: here };
  return { source: { place: { ...place, account }, reader: nothing }, bucket: here };
}

/** The keys of who assumes the role. */
interface SourceKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
type ProveAs = (source: () => Promise<SourceKeys>) => Promise<readonly Check[]>;

/**
 * Tries a set-up that was made, with keys that are made for it and taken away after it; where only a machine or a
 * service has keys, by simulation. `seen` is called with each check. Throws what making the keys is answered.
 */
export async function proofOf(
  options: SetupOptions,
  report: SetupReport,
  sites: Sites,
  seen: (check: Check) => void,
): Promise<readonly Check[]> {
  const { iam, s3: keeper } = clientsHere();
  const { Buckets = [] } = await s3(new ListBucketsCommand({})).send();
  const otherBucket = Buckets.map(({ Name }) => Name).find(name => name !== options.bucket);
  const { region } = sites.bucket.place;
  const proveAs: ProveAs = source =>
    prove(options, report, {
      endpoint: location.origin,
      region,
      source,
      assume: (roleArn, externalId) => assume(source, roleArn, externalId),
      keeper,
      otherBucket,
      seen,
    });
  const { source } = options;
  if (source.kind === 'user')
    return await withNewKey({ iam }, source.name, keys => proveAs(async () => keys));
  if (source.kind === 'instance-profile') return await asInstance(source.name, proveAs);
  return await simulateSetup(options, report, iam);
}

async function assume(source: () => Promise<SourceKeys>, RoleArn: string, ExternalId: string | undefined) {
  const sts = new STSClient({ ...clientSettings(), credentials: source });
  const RoleSessionName = 'karikagi-proof';
  const input = { RoleArn, RoleSessionName, DurationSeconds: 900, ...(ExternalId && { ExternalId }) };
  return keysOf((await sts.send(new AssumeRoleCommand(input))).Credentials!);
}

interface Answered {
  readonly AccessKeyId?: string | undefined;
  readonly SecretAccessKey?: string | undefined;
  readonly SessionToken?: string | undefined;
}

function keysOf({ AccessKeyId, SecretAccessKey, SessionToken }: Answered) {
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken!,
  };
}

/** As a machine that is registered for the proof alone. */
async function asInstance(InstanceProfileName: string, proveAs: ProveAs): Promise<readonly Check[]> {
  const InstanceId = `i-0${randomHex(8)}`;
  await karikagi('RegisterInstance', { InstanceId, InstanceProfileName }).send();
  try {
    return await proveAs(async () => {
      const input = { InstanceId, RoleDelivery: '2.0' };
      const { Credentials } = await karikagi<{ Credentials: Answered }>('AssumeInstanceRole', input).send();
      return keysOf(Credentials);
    });
  } finally {
    await karikagi('DeregisterInstance', { InstanceId }).send();
  }
}

/** A call of a set-up: what it asks for, and its line of the AWS CLI. */
export function callOf({ call: { service, operation, input } }: Step): { asked: Asked; cli: string } {
  const room = service === 's3api' ? 's3' : service;
  const name = operation.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { asked: askedOf({ service: room, operation: name, input }), cli: cliLine(room, name, input) };
}
