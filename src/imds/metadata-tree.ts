/** What instance metadata says, as EC2 has it. Source: EC2 User Guide, "Instance metadata categories". */
import type { RegisteredInstance } from './instance.js';

/** A directory by its names, or the text of an item. */
export type Tree = string | { readonly [name: string]: Tree | undefined };

/** What an instance says of itself beyond what the server knows. */
export interface Machine {
  readonly imageId: string;
  readonly instanceType: string;
  readonly architecture: string;
  /** Default: the region's first. */
  readonly availabilityZone?: string | undefined;
  /** `use1-az1`; absent where not given, as a region's name does not say it. */
  readonly availabilityZoneId?: string | undefined;
  readonly userData?: string | undefined;
  /** Whether the tags are to be read ("InstanceMetadataTags"). */
  readonly tags: boolean;
}

export const DEFAULT_MACHINE: Machine = {
  imageId: 'ami-0123456789abcdef0',
  instanceType: 'm7i.large',
  architecture: 'x86_64',
  tags: false,
};

/** `aws` of the instance's ARN. */
function partitionOfInstance({ Arn }: RegisteredInstance): string {
  return Arn.split(':')[1]!;
}

function zoneOf({ Region }: RegisteredInstance, { availabilityZone }: Machine): string {
  return availabilityZone ?? `${Region}a`;
}

/** Everything under `meta-data/` but `iam/`. */
export function machineTree(
  instance: RegisteredInstance,
  machine: Machine,
): Record<string, Tree | undefined> {
  const { InstanceId, Region, PrivateIpAddress, Tags } = instance;
  const partition = partitionOfInstance(instance);
  const host = PrivateIpAddress && hostName(PrivateIpAddress, Region);
  return {
    'ami-id': machine.imageId,
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    hostname: host,
    'instance-action': 'none',
    'instance-id': InstanceId,
    'instance-life-cycle': 'on-demand',
    'instance-type': machine.instanceType,
    'local-hostname': host,
    'local-ipv4': PrivateIpAddress,
    placement: {
      'availability-zone': zoneOf(instance, machine),
      'availability-zone-id': machine.availabilityZoneId,
      region: Region,
    },
    services: {
      domain: partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
      partition,
    },
    ...(machine.tags && {
      tags: { instance: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) },
    }),
  };
}

/** As EC2 names its machines from their address. */
function hostName(ip: string, region: string): string {
  return `ip-${ip.replaceAll('.', '-')}.${region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`}`;
}

/** What `dynamic/instance-identity/document` says, as text: it is signed as it stands. */
export function identityDocument(instance: RegisteredInstance, machine: Machine): string {
  const document = {
    accountId: instance.Arn.split(':')[4],
    architecture: machine.architecture,
    availabilityZone: zoneOf(instance, machine),
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: machine.imageId,
    instanceId: instance.InstanceId,
    instanceType: machine.instanceType,
    kernelId: null,
    pendingTime: isoSecond(instance.RegisterTime * 1000),
    privateIp: instance.PrivateIpAddress ?? null,
    ramdiskId: null,
    region: instance.Region,
    version: '2017-09-30',
  };
  return JSON.stringify(document, null, 2);
}

/** Milliseconds since the epoch as `2026-11-28T08:00:00Z`: SDKs read no fractions. */
export function isoSecond(time: number): string {
  return `${new Date(Math.floor(time / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** The item at a path, or the names in a directory, one a line; `undefined` where there is nothing. */
export function lookUp(tree: Tree, path: readonly string[]): string | undefined {
  let found: Tree | undefined = tree;
  for (const name of path) {
    if (typeof found === 'string' || found === undefined || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return typeof found === 'object' ? listing(found) : found;
}

function listing(directory: { readonly [name: string]: Tree | undefined }): string {
  return Object.entries(directory)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => (typeof child === 'object' ? `${name}/` : name))
    .join('\n');
}
