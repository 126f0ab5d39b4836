/**
 * The regions of each partition. Sources: AWS Account Management, "Enable or disable AWS Regions"; AWS's partition
 * data.
 */

export interface RegionName {
  readonly name: string;
  /** Whether an account has it only once it was enabled. */
  readonly optIn: boolean;
}

const on = (names: string): RegionName[] => names.split(' ').map(name => ({ name, optIn: false }));
const optIn = (names: string): RegionName[] => names.split(' ').map(name => ({ name, optIn: true }));

/** The first of each partition is where its global endpoints are. */
const PARTITIONS: Readonly<Record<string, readonly RegionName[]>> = {
  aws: [
    ...on('us-east-1 us-east-2 us-west-1 us-west-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1'),
    ...on('ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3'),
    ...on('sa-east-1'),
    ...optIn('af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5'),
    ...optIn('ap-southeast-6 ap-southeast-7 ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1'),
    ...optIn('me-central-1 me-south-1 mx-central-1'),
  ],
  'aws-cn': on('cn-north-1 cn-northwest-1'),
  'aws-us-gov': on('us-gov-west-1 us-gov-east-1'),
};

const byName = new Map(
  Object.entries(PARTITIONS).flatMap(([partition, regions]) =>
    regions.map((region, index) => [region.name, { partition, ...region, global: index === 0 }] as const),
  ),
);

/** A region and where it belongs. */
export interface KnownRegion extends RegionName {
  readonly partition: string;
  /** Whether its partition's global endpoints are there. */
  readonly global: boolean;
}

/** In the order of their names. */
export function regionsOf(partition: string): readonly KnownRegion[] {
  const names = (PARTITIONS[partition] ?? []).map(({ name }) => name).sort();
  return names.map(name => byName.get(name)!);
}

/** `undefined` for a name that AWS has no region of: nothing is known of such a region, and nothing refused in it. */
export function knownRegion(name: string): KnownRegion | undefined {
  return byName.get(name);
}
