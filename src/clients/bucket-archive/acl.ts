/** Access control lists of an archive, and how they are put where other accounts own what they are of. */
import { type AccessControlPolicy, GetBucketAclCommand, type S3Client } from '@aws-sdk/client-s3';

/** Canonical ids of who owns a bucket: in the archive, and where it is put. */
export interface Owners {
  readonly before: string;
  readonly now: string;
}

export async function bucketAcl(s3: S3Client, Bucket: string): Promise<AccessControlPolicy> {
  const { Owner, Grants } = await s3.send(new GetBucketAclCommand({ Bucket }));
  return { Owner, Grants };
}

/** Whether a list is the default one: full control to the owner of the bucket. */
export function isPlain({ Owner, Grants = [] }: AccessControlPolicy, bucketOwner: string): boolean {
  const [first, ...others] = Grants;
  const own = Owner?.ID === bucketOwner && first?.Grantee?.ID === bucketOwner;
  return own && first.Permission === 'FULL_CONTROL' && others.length === 0;
}

/** The list as the owner of the bucket gives it now: what was granted to the one before is granted to them. */
export function givenBy({ Grants = [] }: AccessControlPolicy, { before, now }: Owners): AccessControlPolicy {
  return {
    Owner: { ID: now },
    Grants: Grants.map(({ Grantee, Permission }) => ({
      Grantee: Grantee?.ID === before ? { Type: 'CanonicalUser', ID: now } : Grantee,
      Permission,
    })),
  };
}
