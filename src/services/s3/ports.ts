import type { Account } from '../../identity/caller.js';
import type { Objects } from '../../objects/index.js';
import type { PolicyKind } from '../../policy/index.js';

/**
 * Bucket policies name users and roles by ARN and are stored with their unique ids, so that an entity of the
 * same name made later is not meant.
 */
export interface PrincipalMapper {
  /**
   * The policy with its principals as they are stored. Throws the policy engine's `PolicySyntaxError` for one
   * that does not exist.
   */
  toStored(policy: string, kind: PolicyKind, partition: string): Promise<string>;
  /** A stored policy as it is shown: orphaned ids stay ids. */
  toShown(policy: string, kind: PolicyKind): Promise<string>;
}

/** What S3's operations work on. */
export interface S3Ports {
  readonly objects: Objects;
  readonly principals: PrincipalMapper;
  /** The account of an id. */
  accountOf(id: string): Promise<Account | undefined>;
  /** The server's own region. */
  readonly region: string;
}
